#include "management/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "json/text.h"

namespace weir {
namespace {

// The value of a header that may be there once. nullptr if it is absent; an
// empty text, which no rule accepts, if it is there more than once.
const std::string* header(const HttpRequest& request, std::string_view name) {
  static const auto* const kTwice = new std::string;
  const std::string* found = nullptr;
  for (const auto& [own_name, value] : request.headers) {
    if (own_name == name) found = found == nullptr ? &value : kTwice;
  }
  return found;
}

bool only_reads(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

absl::Status check_local(const HttpRequest& request) {
  const std::string* host = header(request, "host");
  if (host == nullptr || !is_loopback_host(*host)) {
    return absl::PermissionDeniedError(
        "Without credentials, requests have to name the loopback interface as "
        "their Host, such as localhost");
  }
  const std::string* origin = header(request, "origin");
  const std::string* site = header(request, "sec-fetch-site");
  const bool from_here =
      (origin == nullptr || *origin == absl::StrCat("http://", *host) ||
       *origin == absl::StrCat("https://", *host)) &&
      (site == nullptr || *site == "same-origin" || *site == "none");
  if (!from_here) {
    return absl::PermissionDeniedError(
        "Without credentials, pages of other sites are not served");
  }
  return absl::OkStatus();
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const size_t port = host.rfind(':');
  if (port != host.npos && host.find(']', port) == host.npos) {
    if (host.find_first_not_of("0123456789", port + 1) != host.npos) {
      return false;
    }
    host = host.substr(0, port);
  }
  if (absl::EqualsIgnoreCase(to_absl(host), "localhost") || host == "[::1]") {
    return true;
  }
  in_addr address;
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == 127;
}

Access::Access(std::unique_ptr<const Authentication> authentication)
    : authentication_(std::move(authentication)) {}

absl::Status Access::check(const HttpRequest& request) const {
  if (authentication_ == nullptr) return check_local(request);
  const auto caller = authentication_->authenticate(request);
  if (!caller.ok()) return caller.status();
  if (caller->read_only && !only_reads(request)) {
    return absl::PermissionDeniedError(
        "These credentials are for reading alone");
  }
  return absl::OkStatus();
}

}  // namespace weir
