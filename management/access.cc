#include "weir/management/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/headers.h"

namespace weir {
namespace {

absl::Status check_local(const HttpRequest& request) {
  const auto host = single_header(request.headers, "host");
  if (!host.has_value() || !is_loopback_host(*host)) {
    return absl::PermissionDeniedError(
        "Without credentials, requests have to name the loopback interface as "
        "their Host, such as localhost");
  }
  const auto origin = single_header(request.headers, "origin");
  const auto site = single_header(request.headers, "sec-fetch-site");
  const bool from_here =
      (!origin.has_value() ||
       *origin == absl::StrCat("http://", internal::to_absl(*host)) ||
       *origin == absl::StrCat("https://", internal::to_absl(*host))) &&
      (!site.has_value() || *site == "same-origin" || *site == "none");
  if (!from_here) {
    return absl::PermissionDeniedError(
        "Without credentials, pages of other sites are not served");
  }
  return absl::OkStatus();
}

// Whether the target has either spelling. Every operation ignores the one that
// it does not use.
bool asks_for_values(const absl::StatusOr<Target>& target) {
  return target.ok() && (target->parameter("includeValue") == "true" ||
                         target->parameter("includeValues") == "true");
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
  if (absl::EqualsIgnoreCase(internal::to_absl(host), "localhost") ||
      host == "[::1]") {
    return true;
  }
  in_addr address;
  return inet_pton(AF_INET, std::string(host).c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> 24 == 127;
}

Access::Access(std::shared_ptr<const Authentication> authentication)
    : authentication_(std::move(authentication)) {}

absl::StatusOr<Caller> Access::check(
    const HttpRequest& request, const absl::StatusOr<Target>& target) const {
  if (authentication_ == nullptr) {
    const absl::Status status = check_local(request);
    if (!status.ok()) return status;
    return Caller();
  }
  auto caller = authentication_->authenticate(request, target);
  if (!caller.ok()) return caller.status();
  if (caller->read_only && !only_reads(request)) {
    return absl::PermissionDeniedError(
        "These credentials are for reading alone");
  }
  if (caller->no_values && asks_for_values(target)) {
    return absl::PermissionDeniedError(
        "These credentials may not see the values of API keys");
  }
  return caller;
}

absl::Status Access::check_head(const HttpRequest& head) const {
  return authentication_ == nullptr ? check_local(head)
                                    : authentication_->check_head(head);
}

}  // namespace weir
