#include "enforcer/http_response.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace weir {
namespace {

// The largest integer that a structured field may hold (RFC 9651, 3.3.1).
constexpr int64_t kMaxInteger = 999'999'999'999'999;

// One limit, as a client sees it.
struct Item {
  std::string_view name;
  int64_t limit;
  int64_t window_seconds;  // 0: none to speak of
  int64_t remaining;
  absl::Time reset;  // when more is to be had
};

bool is_refused(const Decision& decision) {
  return decision.outcome == Outcome::kThrottled ||
         decision.outcome == Outcome::kQuotaExceeded;
}

absl::Time made_at(const Decision& decision) {
  return absl::FromUnixNanos(decision.made_at_unix_ns);
}

absl::Time retry_at(const Decision& decision) {
  return made_at(decision) + decision.retry_after();
}

// When the bucket will hold what was asked for; after any other outcome, one
// token more than it holds.
absl::Time next_tokens(const Decision& decision) {
  if (decision.outcome == Outcome::kThrottled) return retry_at(decision);
  if (decision.burst == 0 || decision.burst_window_seconds == 0) {
    return absl::InfiniteFuture();
  }
  if (decision.tokens_remaining() >= decision.burst) return made_at(decision);
  return made_at(decision) +
         absl::Seconds(decision.burst_window_seconds) / decision.burst;
}

// A client that comes back at a reset must not be refused for it.
absl::Time no_earlier_than_retry(const Decision& decision, absl::Time reset) {
  return is_refused(decision) ? std::max(reset, retry_at(decision)) : reset;
}

std::optional<Item> burst_item(const Decision& decision) {
  if (decision.burst < 0) return std::nullopt;
  return Item{"burst", decision.burst, decision.burst_window_seconds,
              decision.tokens_remaining(),
              no_earlier_than_retry(decision, next_tokens(decision))};
}

std::optional<Item> quota_item(const Decision& decision) {
  if (decision.quota_limit < 0) return std::nullopt;
  return Item{"quota", decision.quota_limit, decision.period_seconds(),
              decision.quota_remaining,
              no_earlier_than_retry(decision, decision.period_reset())};
}

int64_t whole_seconds(absl::Duration duration) {
  return absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)));
}

// Headers in the caller's memory: whole ones, for as long as there is room.
class HeaderWriter {
 public:
  HeaderWriter(absl::Span<char> storage, absl::Span<HttpHeader> headers)
      : storage_(storage), headers_(headers) {}

  HeaderWriter& append(std::string_view text) {
    if (text.size() > storage_.size() - used_) {
      full_ = true;
    } else {
      text.copy(storage_.data() + used_, text.size());
      used_ += text.size();
    }
    return *this;
  }

  HeaderWriter& append(int64_t number) {
    char digits[15];
    const auto end = std::to_chars(digits, digits + sizeof(digits),
                                   std::clamp(number, int64_t{0}, kMaxInteger));
    return append(std::string_view(digits, end.ptr - digits));
  }

  // Ends the value that was appended since the last header.
  void finish_header(std::string_view name) {
    if (full_ || count_ == headers_.size()) {
      full_ = true;
      return;
    }
    headers_[count_++] = {
        name, std::string_view(storage_.data() + start_, used_ - start_)};
    start_ = used_;
  }

  size_t count() const { return count_; }

 private:
  const absl::Span<char> storage_;
  const absl::Span<HttpHeader> headers_;
  size_t start_ = 0;  // of the value being written
  size_t used_ = 0;
  size_t count_ = 0;
  bool full_ = false;  // something was left out; so is all that follows
};

void write_ietf(const Decision& decision, HeaderWriter& out) {
  const std::optional<Item> items[] = {burst_item(decision),
                                       quota_item(decision)};
  const char* separator = "";
  for (const auto& item : items) {
    if (!item) continue;
    out.append(separator).append("\"").append(item->name).append("\";q=");
    out.append(item->limit);
    if (item->window_seconds > 0) {
      out.append(";w=").append(item->window_seconds);
    }
    separator = ", ";
  }
  out.finish_header("RateLimit-Policy");

  separator = "";
  for (const auto& item : items) {
    if (!item) continue;
    out.append(separator).append("\"").append(item->name).append("\";r=");
    out.append(item->remaining);
    if (item->reset != absl::InfiniteFuture()) {
      out.append(";t=").append(whole_seconds(item->reset - made_at(decision)));
    }
    separator = ", ";
  }
  out.finish_header("RateLimit");
}

void write_x_rate_limit(const Decision& decision, HeaderFormat format,
                        HeaderWriter& out) {
  const std::optional<Item> burst = burst_item(decision);
  const std::optional<Item> quota = quota_item(decision);
  // Of two that are level, the one that refused; else the quota, which takes
  // longer to come back.
  const bool quota_is_least =
      !burst || (quota && (quota->remaining < burst->remaining ||
                           (quota->remaining == burst->remaining &&
                            decision.outcome != Outcome::kThrottled)));
  const Item& least = quota_is_least ? *quota : *burst;

  out.append(least.limit).finish_header("X-RateLimit-Limit");
  out.append(least.remaining).finish_header("X-RateLimit-Remaining");
  if (least.reset == absl::InfiniteFuture()) return;
  out.append(whole_seconds(format == HeaderFormat::kXRateLimitEpoch
                               ? least.reset - absl::UnixEpoch()
                               : least.reset - made_at(decision)))
      .finish_header("X-RateLimit-Reset");
}

}  // namespace

HttpAnswer http_answer(const Decision& decision) noexcept {
  switch (decision.outcome) {
    case Outcome::kAdmitted:
      return {};
    case Outcome::kThrottled:
      return {429, R"({"message":"Too Many Requests"})",
              "TooManyRequestsException"};
    case Outcome::kQuotaExceeded:
      return {429, R"({"message":"Limit Exceeded"})", "LimitExceededException"};
    case Outcome::kForbidden:
      break;
  }
  return {403, R"({"message":"Forbidden"})", "ForbiddenException"};
}

size_t rate_limit_headers(const Decision& decision, HeaderFormat format,
                          absl::Span<char> storage,
                          absl::Span<HttpHeader> headers) noexcept {
  if (format == HeaderFormat::kOff || decision.outcome == Outcome::kForbidden) {
    return 0;
  }
  HeaderWriter out(storage, headers);
  if (is_refused(decision) &&
      decision.retry_after() != absl::InfiniteDuration()) {
    out.append(whole_seconds(decision.retry_after()))
        .finish_header("Retry-After");
  }
  if (decision.burst < 0 && decision.quota_limit < 0) return out.count();
  if (format == HeaderFormat::kIetfDraft10) {
    write_ietf(decision, out);
  } else {
    write_x_rate_limit(decision, format, out);
  }
  return out.count();
}

}  // namespace weir
