#include "weir/cli/serve/gateway_flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/enforcer/http_response.h"
#include "weir/gateway/cors.h"

namespace weir::cli {
namespace {

absl::Status set_whole_seconds(const std::string& text, int64_t least,
                               int64_t most, int64_t& seconds) {
  int64_t number;
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a whole number of seconds, ", least, " to ",
                     most, ", got ", internal::excerpt(text)));
  }
  seconds = number;
  return absl::OkStatus();
}

absl::StatusOr<HeaderFormat> header_format_of(const std::string& name) {
  constexpr std::pair<std::string_view, HeaderFormat> kFormats[] = {
      {"ietf-11", HeaderFormat::kIetfDraft11},
      {"ietf-10", HeaderFormat::kIetfDraft10},
      {"x-delta", HeaderFormat::kXRateLimitDelta},
      {"x-epoch", HeaderFormat::kXRateLimitEpoch},
      {"off", HeaderFormat::kOff}};
  for (const auto& [known, format] : kFormats) {
    if (name == known) return format;
  }
  return absl::InternalError(
      absl::StrCat("no format: ", internal::excerpt(name)));
}

// "API=ORIGIN".
absl::Status add_cors(const std::string& text, CorsRules& rules) {
  const size_t equals = text.find('=');
  if (equals == text.npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected API=ORIGIN, such as shop=https://www.example.com, got ",
        internal::excerpt(text)));
  }
  return rules.allow(text.substr(0, equals), text.substr(equals + 1));
}

}  // namespace

void GatewayFlags::add_to(CommandLine& line) {
  line.add_flag(
      "rate-limit-headers", "ietf-11|ietf-10|x-delta|x-epoch|off",
      "the headers that report what remains: RateLimit of the IETF's\n"
      "draft -11 or -10, or X-RateLimit-* with the reset in seconds\n"
      "from now or in Unix seconds. Default: ietf-11",
      &rate_limit_headers_);
  line.add_flag(
      "max-retry-after", "SECONDS",
      "the longest Retry-After of a 429, up to 1789569. A client whose\n"
      "quota renews later gets another 429 then. Default: 86400",
      &max_retry_after_);
  line.add_flag("spread-retries", "SECONDS",
                "adds up to this many, at random, when a quota is used up, so\n"
                "that clients do not all return at midnight. Default: 0",
                &spread_retries_);
  line.add_flag("cors", "API=ORIGIN",
                "lets pages of this origin use the API: an origin such as\n"
                "https://www.example.com, or *. May be repeated. Default: none",
                &cors_);
  line.add_flag(
      "trust", "ADDRESS/BITS",
      "proxies that may ask /-/authorize/{apiId}/{stage} about their\n"
      "clients' requests; those on a unix socket always may. May be\n"
      "repeated. Default: 127.0.0.0/8 and ::1",
      &trust_);
}

absl::StatusOr<GatewayOptions> GatewayFlags::options() const {
  GatewayOptions options;
  if (!rate_limit_headers_.empty()) {
    const auto format = header_format_of(rate_limit_headers_);
    if (!format.ok()) return format.status();
    options.headers.format = *format;
  }
  if (!max_retry_after_.empty()) {
    constexpr int64_t kMax = RateLimitHeaderOptions::kMaxRetryAfter;
    auto status = set_whole_seconds(max_retry_after_, 1, kMax,
                                    options.headers.max_retry_after);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--max-retry-after: ", status.message(),
          "; more overflows clients' 32-bit millisecond timers, and they "
          "retry at once"));
    }
  }
  if (!spread_retries_.empty()) {
    auto status =
        set_whole_seconds(spread_retries_, 0, 86'400, options.spread_retries);
    if (!status.ok())
      return internal::with_prefix(status, "--spread-retries: ");
  }
  for (const std::string& rule : cors_) {
    if (auto status = add_cors(rule, options.cors); !status.ok()) {
      return internal::with_prefix(status, "--cors: ");
    }
  }
  return options;
}

absl::StatusOr<TrustedPeers> GatewayFlags::trusted_peers() const {
  if (trust_.empty()) return TrustedPeers::loopback();
  TrustedPeers peers;
  for (const std::string& range : trust_) {
    if (auto status = peers.add(range); !status.ok()) {
      return internal::with_prefix(status, "--trust: ");
    }
  }
  return peers;
}

}  // namespace weir::cli
