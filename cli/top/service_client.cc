#include "weir/cli/top/service_client.h"

#include <curl/curl.h>

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"

namespace weir::cli {
namespace {

constexpr size_t kMaxBody = 4 << 20;
constexpr long kConnectSeconds = 5;  // NOLINT(google-runtime-int): libcurl's
constexpr long kSeconds = 10;        // NOLINT(google-runtime-int)

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  return std::unique_ptr<char, FreeText>(text).get();
}

// The validated endpoint without a trailing slash.
absl::StatusOr<std::string> checked(const std::string& endpoint) {
  const auto bad = [&](const char* what) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ", got ", internal::excerpt(endpoint)));
  };
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, endpoint.c_str(), 0) !=
      CURLUE_OK) {
    return bad("expected a URL such as http://127.0.0.1:8080");
  }
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return bad("expected a URL that begins with http:// or https://");
  }
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD,
                               CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    // Does not show the endpoint: it may hold a password.
    if (!part_of(url.get(), part).empty()) {
      return absl::InvalidArgumentError(
          "expected a URL without user, query and fragment");
    }
  }
  std::string base = part_of(url.get(), CURLUPART_URL);
  while (!base.empty() && base.back() == '/') base.pop_back();
  return base;
}

size_t append(char* data, size_t size, size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kMaxBody) return 0;
  text.append(data, size * count);
  return size * count;
}

// The server's error message, or else the status.
std::string message_in(const std::string& body, long status) {  // NOLINT
  const auto json = parse_json(body);
  if (json.ok()) {
    const auto& members = json->struct_value().fields();
    const auto message = members.find("message");
    if (message != members.end() && !message->second.string_value().empty()) {
      return message->second.string_value();
    }
  }
  return absl::StrCat("HTTP status ", status);
}

}  // namespace

struct ServiceClient::Handle {
  struct Close {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  };
  std::unique_ptr<CURL, Close> curl{curl_easy_init()};
  std::unique_ptr<curl_slist, FreeList> headers;
};

absl::StatusOr<std::unique_ptr<ServiceClient>> ServiceClient::create(
    ServiceClientOptions options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  auto handle = std::make_unique<Handle>();
  if (initialized != CURLE_OK || handle->curl == nullptr) {
    return absl::UnavailableError("libcurl cannot be used");
  }
  auto endpoint = checked(options.endpoint);
  if (!endpoint.ok()) return endpoint.status();
  options.endpoint = *std::move(endpoint);
  return std::unique_ptr<ServiceClient>(
      new ServiceClient(std::move(options), std::move(handle)));
}

ServiceClient::ServiceClient(ServiceClientOptions options,
                             std::unique_ptr<Handle> handle)
    : options_(std::move(options)), handle_(std::move(handle)) {
  CURL* const curl = handle_->curl.get();
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kSeconds);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  if (!options_.credential.has_value()) return;
  const Credential& credential = *options_.credential;
  curl_easy_setopt(
      curl, CURLOPT_AWS_SIGV4,
      absl::StrCat("aws:amz:", options_.region, ":apigateway").c_str());
  curl_easy_setopt(curl, CURLOPT_USERNAME, credential.access_key_id.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD,
                   credential.secret_access_key.c_str());
  if (credential.session_token.empty()) return;
  handle_->headers.reset(curl_slist_append(
      nullptr, absl::StrCat("x-amz-security-token: ", credential.session_token)
                   .c_str()));
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, handle_->headers.get());
}

ServiceClient::~ServiceClient() = default;

absl::StatusOr<std::string> ServiceClient::get(const std::string& target) {
  CURL* const curl = handle_->curl.get();
  std::string body;
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL,
                   absl::StrCat(options_.endpoint, target).c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  const CURLcode result = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (result == CURLE_WRITE_ERROR) {
    return absl::ResourceExhaustedError(
        absl::StrCat(options_.endpoint, ": the answer is too long"));
  }
  if (result != CURLE_OK) {
    return absl::UnavailableError(
        absl::StrCat(options_.endpoint, ": ",
                     *error != '\0' ? error : curl_easy_strerror(result)));
  }
  long status = 0;  // NOLINT(google-runtime-int): libcurl's
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200) return body;
  const std::string message =
      absl::StrCat(options_.endpoint, ": ", message_in(body, status));
  if (status == 401 || status == 403) {
    return absl::PermissionDeniedError(message);
  }
  return status == 404 ? absl::NotFoundError(message)
                       : absl::UnknownError(message);
}

}  // namespace weir::cli
