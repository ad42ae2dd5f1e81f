// A fuzz target for authentication. An input is a request as text: see
// request_from_text().

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/authentication.h"
#include "weir/management/caller.h"
#include "weir/management/credentials.h"
#include "weir/management/testing/sign_request.h"
#include "weir/management/testing/sigv4_samples.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir {
namespace {

constexpr int64_t kNow = 1440938160;

const Credential& credential() {
  static const auto* const result =
      new Credential{kSampleId, kSampleSecret, "", false};
  return *result;
}

absl::StatusOr<Caller> authenticated(const HttpRequest& request,
                                     absl::Time now) {
  ManualClock clock(absl::ToUnixNanos(now));
  Credentials credentials;
  require(credentials.add(credential()).ok(), "the sample is a credential");
  const auto caller = Authentication(credentials, &clock).authenticate(request);
  require_readable(caller.status());
  require(!absl::StrContains(caller.status().message(), kSampleSecret) ||
              absl::StrContains(request.target, kSampleSecret),
          "errors repeat no secret but what a client put in its target");
  return caller;
}

// Checks the request as received, at the time that it states.
void check_received(HttpRequest request) {
  absl::Time now;
  if (!absl::ParseTime("%E4Y%m%dT%H%M%SZ",
                       std::string(header_of(request, "x-amz-date")), &now,
                       nullptr)) {
    now = absl::FromUnixSeconds(kNow);
  }
  if (!authenticated(request, now).ok()) return;
  request.body.push_back('x');
  require(!authenticated(request, now).ok(), "the body is signed");
}

// Checks the same target, values and body with a valid signature.
void check_signed(HttpRequest request) {
  if (request.headers.size() > 16) request.headers.resize(16);
  for (size_t i = 0; i < request.headers.size(); ++i) {
    request.headers[i].first = absl::StrCat("header-", i);
  }
  request.headers.emplace_back("host", "localhost");
  const auto target = parse_target(request.target);
  auto result = signed_request(request, credential(), "us-east-1", kNow);
  require(result.ok() == target.ok(), "what is a target can be signed");
  if (!result.ok()) return;
  bool is_presigned = false;
  for (const auto& [name, value] : target->parameters) {
    is_presigned |= absl::StartsWithIgnoreCase(name, "x-amz-");
  }
  const absl::Time now = absl::FromUnixSeconds(kNow);
  require(authenticated(*result, now).ok() == !is_presigned,
          "what is signed is believed");
  result->target.push_back('x');
  require(!authenticated(*result, now).ok(), "the target is signed");
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const weir::HttpRequest request = weir::request_from_text(
      std::string_view(reinterpret_cast<const char*>(data), size));
  weir::check_received(request);
  weir::check_signed(request);
  return 0;
}
