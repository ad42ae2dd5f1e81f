#include "gateway/upstream.h"

#include <curl/curl.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enforcer/mutex.h"
#include "gateway/end_to_end.h"
#include "http/error_response.h"
#include "http/grammar.h"
#include "http/headers.h"
#include "json/text.h"

namespace weir {
namespace {

constexpr char kThisHop[] = "1.1 weir";

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct CloseConnection {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using UrlPointer = std::unique_ptr<CURLU, FreeUrl>;
using CurlPointer = std::unique_ptr<CURL, CloseConnection>;

// "" if the URL has no such part.
std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  return std::unique_ptr<char, FreeText>(text).get();
}

// A whole list of headers as libcurl takes it.
class HeaderList {
 public:
  void add(std::string_view name, std::string_view value) {
    // "name:" would be the wish not to send it.
    add(value.empty() ? absl::StrCat(to_absl(name), ";")
                      : absl::StrCat(to_absl(name), ": ", to_absl(value)));
  }
  // Keeps libcurl from adding a header of its own.
  void suppress(const char* name) { add(absl::StrCat(name, ":")); }

  curl_slist* get() const { return list_.get(); }

 private:
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(list_.get(), line.c_str());
    if (longer == nullptr) return;  // no memory
    list_.release();
    list_.reset(longer);
  }

  std::unique_ptr<curl_slist, FreeList> list_;
};

// What the headers become on their way to the upstream.
HttpHeaders forwarded_headers(const HttpRequest& request) {
  const HttpHeaders& headers = request.headers;
  constexpr std::string_view kKeptHere[] = {"expect",
                                            "forwarded",
                                            "host",
                                            "via",
                                            "x-api-key",
                                            "x-forwarded-for",
                                            "x-forwarded-host",
                                            "x-forwarded-proto"};
  HttpHeaders result = end_to_end_headers(headers);
  result.erase(std::remove_if(result.begin(), result.end(),
                              [&](const auto& header) {
                                return std::find(std::begin(kKeptHere),
                                                 std::end(kKeptHere),
                                                 header.first) !=
                                       std::end(kKeptHere);
                              }),
               result.end());
  const auto append = [&](const char* name, std::string_view own) {
    const std::string others = joined_values(headers, name);
    result.emplace_back(
        name, absl::StrCat(others, others.empty() ? "" : ", ", to_absl(own)));
  };
  if (!request.peer_address.empty()) {
    append("x-forwarded-for", request.peer_address);
  }
  append("via", kThisHop);
  result.emplace_back("x-forwarded-proto", request.over_tls ? "https" : "http");
  if (first_header(headers, "host").has_value()) {
    result.emplace_back("x-forwarded-host", joined_values(headers, "host"));
  }
  // What was joined has not been looked at yet.
  return end_to_end_headers(result);
}

// Whether it is the connection that these credentials are for: then nobody
// else's requests may use it.
bool authenticates_connection(const HttpHeaders& headers) {
  const std::string credentials = joined_values(headers, "authorization");
  return absl::StartsWithIgnoreCase(credentials, "NTLM") ||
         absl::StartsWithIgnoreCase(credentials, "Negotiate");
}

}  // namespace

// Connections that wait for a request: a handle of libcurl has one of its own.
class Upstream::Connections {
 public:
  explicit Connections(int max_idle) : max_idle_(max_idle) {}

  // The one used last, or a new one. Null if there is no memory.
  CurlPointer take() {
    MutexLock lock(mutex_);
    if (idle_.empty()) return CurlPointer(curl_easy_init());
    CurlPointer connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void give_back(CurlPointer connection) {
    // One request's options are not for the next, whoever sends it.
    curl_easy_reset(connection.get());
    MutexLock lock(mutex_);
    if (idle_.size() < max_idle_) idle_.push_back(std::move(connection));
  }

 private:
  const size_t max_idle_;
  Mutex mutex_;
  std::vector<CurlPointer> idle_ ABSL_GUARDED_BY(mutex_);
};

// One request and its answer.
class Upstream::Transfer {
 public:
  Transfer(CURL* curl, const UpstreamOptions& options)
      : curl_(curl), options_(options) {}

  // DeadlineExceeded after the timeout; Unavailable if what came is no answer.
  absl::StatusOr<HttpResponse> perform(const std::string& url,
                                       const HttpRequest& request);

 private:
  static size_t receive_header(char* data, size_t, size_t size, void* self);
  static size_t receive_body(char* data, size_t, size_t size, void* self);

  void set_limits();
  void set_method(const HttpRequest& request);
  void add_header(std::string_view line);

  CURL* const curl_;
  const UpstreamOptions& options_;
  HttpResponse response_;
  size_t header_bytes_ = 0;
  bool has_head_ = false;  // whole; what looks like a header then is a trailer
};

absl::StatusOr<HttpResponse> Upstream::Transfer::perform(
    const std::string& url, const HttpRequest& request) {
  const HttpHeaders headers = forwarded_headers(request);
  HeaderList list;
  for (const auto& [name, value] : headers) list.add(name, value);
  for (const char* name : {"accept", "content-type", "expect"}) {
    if (!first_header(headers, name).has_value()) list.suppress(name);
  }

  set_limits();
  set_method(request);
  curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl_, CURLOPT_FORBID_REUSE,
                   authenticates_connection(headers) ? 1L : 0L);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, receive_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, receive_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, this);

  const CURLcode result = curl_easy_perform(curl_);
  if (result == CURLE_OPERATION_TIMEDOUT) {
    return absl::DeadlineExceededError("upstream");
  }
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  if (result != CURLE_OK || !has_head_ || status < 200 || status > 599) {
    return absl::UnavailableError("upstream");
  }
  response_.status = static_cast<int>(status);
  const std::string length(
      single_header(response_.headers, "content-length").value_or(""));
  response_.headers = end_to_end_headers(response_.headers);
  // Without a body, nothing else says how long it is (RFC 9110 section 9.3.2).
  if ((request.method == "HEAD" || status == 304) &&
      parse_content_length(length).has_value()) {
    response_.headers.emplace_back("content-length", length);
  }
  response_.headers.emplace_back("via", kThisHop);
  return std::move(response_);
}

void Upstream::Transfer::set_limits() {
  const auto milliseconds = [](absl::Duration duration) {
    return static_cast<long>(absl::ToInt64Milliseconds(duration));
  };
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS,
                   milliseconds(options_.connect_timeout));
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, milliseconds(options_.timeout));
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl_, CURLOPT_FOLLOWLOCATION, 0L);
  // Not even one that the environment names.
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");
  curl_easy_setopt(curl_, CURLOPT_PATH_AS_IS, 1L);
  // Small answers at once.
  curl_easy_setopt(curl_, CURLOPT_TCP_NODELAY, 1L);
}

void Upstream::Transfer::set_method(const HttpRequest& request) {
  const std::string& method = request.method;
  if (method == "HEAD") {
    curl_easy_setopt(curl_, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool has_body = !request.body.empty() || method == "POST" ||
                        method == "PUT" || method == "PATCH";
  if (has_body) {
    curl_easy_setopt(curl_, CURLOPT_POST, 1L);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, method.c_str());
}

size_t Upstream::Transfer::receive_header(char* data, size_t, size_t size,
                                          void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ > transfer.options_.max_header_bytes) return 0;
  transfer.add_header(std::string_view(data, size));
  return size;
}

// A line with its end.
void Upstream::Transfer::add_header(std::string_view line) {
  if (line.rfind("HTTP/", 0) == 0) {
    // Of the first answer, or the next: then this was a 100 Continue, or alike.
    response_.headers.clear();
    has_head_ = false;
    return;
  }
  if (has_head_) return;
  const size_t colon = line.find(':');
  if (colon == line.npos) {
    // The empty line: libcurl accepts no other without a colon.
    has_head_ = true;
    return;
  }
  std::string name = absl::AsciiStrToLower(to_absl(line.substr(0, colon)));
  if (name == "date") return;
  response_.headers.emplace_back(
      std::move(name),
      absl::StripAsciiWhitespace(to_absl(line.substr(colon + 1))));
}

size_t Upstream::Transfer::receive_body(char* data, size_t, size_t size,
                                        void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  std::string& body = transfer.response_.body;
  if (size > transfer.options_.max_body_bytes - body.size()) return 0;
  body.append(data, size);
  return size;
}

absl::StatusOr<std::unique_ptr<Upstream>> Upstream::create(
    std::string_view url, const UpstreamOptions& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) {
    return absl::UnavailableError("libcurl cannot be used");
  }
  const UrlPointer parsed(curl_url());
  const std::string text(url);
  if (parsed == nullptr ||
      curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK ||
      text.find('\0') != text.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("upstream: ", excerpt(url), " is no URL"));
  }
  const std::string scheme = url_part(parsed.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError(
        absl::StrCat("upstream: ", excerpt(url),
                     " does not begin with http:// or https://"));
  }
  for (const CURLUPart part : {CURLUPART_USER, CURLUPART_PASSWORD,
                               CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    // Not quoted: it may hold a password.
    if (!url_part(parsed.get(), part).empty()) {
      return absl::InvalidArgumentError(
          "upstream: expected a URL without user, query and fragment");
    }
  }
  std::string base = url_part(parsed.get(), CURLUPART_URL);
  while (!base.empty() && base.back() == '/') base.pop_back();
  return std::unique_ptr<Upstream>(new Upstream(std::move(base), options));
}

Upstream::Upstream(std::string base, const UpstreamOptions& options)
    : base_(std::move(base)),
      options_(options),
      connections_(
          std::make_unique<Connections>(options.max_idle_connections)) {}

Upstream::~Upstream() = default;

HttpResponse Upstream::forward(const HttpRequest& request,
                               const StageTarget& target) {
  CurlPointer connection = connections_->take();
  if (connection == nullptr) return failed(Failure::kError);
  std::string url = absl::StrCat(base_, to_absl(target.path));
  if (!target.query.empty()) {
    absl::StrAppend(&url, "?", to_absl(target.query));
  }
  absl::StatusOr<HttpResponse> answer =
      Transfer(connection.get(), options_).perform(url, request);
  connections_->give_back(std::move(connection));
  if (!answer.ok()) {
    return failed(absl::IsDeadlineExceeded(answer.status()) ? Failure::kTimeout
                                                            : Failure::kError);
  }
  counters_.count_answer(answer->status);
  return *std::move(answer);
}

HttpResponse Upstream::failed(Failure failure) {
  counters_.count_failure(failure);
  constexpr char kType[] = "InternalServerErrorException";
  return failure == Failure::kTimeout
             ? error_response(504, kType, "Endpoint request timed out")
             : error_response(502, kType, "Internal server error");
}

}  // namespace weir
