#include "weir/enforcer/http_response.h"

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
  int64_t window_seconds;  // 0: none
  int64_t remaining;
  absl::Duration until_more;  // until more than `remaining` is available
};

// What a response asks of its client.
struct Wait {
  bool is_refused;
  absl::Duration time;  // until the retry; zero if admitted
  absl::Duration longest;
};

absl::Time made_at(const Decision& decision) {
  return absl::FromUnixNanos(decision.made_at_unix_ns);
}

bool waits_for_period(const Decision& decision) {
  return made_at(decision) + decision.retry_after() == decision.period_reset();
}

Wait wait_of(const Decision& decision, const RateLimitHeaderOptions& options) {
  Wait wait;
  wait.is_refused = decision.outcome == Outcome::kThrottled ||
                    decision.outcome == Outcome::kQuotaExceeded;
  wait.longest = absl::Seconds(std::clamp<int64_t>(
      options.max_retry_after, 1, RateLimitHeaderOptions::kMaxRetryAfter));
  wait.time = wait.is_refused ? decision.retry_after() : absl::ZeroDuration();
  if (wait.time == absl::InfiniteDuration()) return wait;
  if (wait.is_refused && waits_for_period(decision)) {
    wait.time += absl::Seconds(std::max<int64_t>(options.added_wait, 0));
  }
  wait.time = std::min(wait.time, wait.longest);
  return wait;
}

// The time until the bucket holds one more whole token.
absl::Duration until_next_token(const Decision& decision) {
  if (decision.burst == 0 || decision.burst_window_seconds == 0 ||
      decision.units_per_token == 0) {
    return absl::InfiniteDuration();
  }
  const uint64_t part = decision.units_remaining % decision.units_per_token;
  return absl::Seconds(decision.burst_window_seconds) / decision.burst *
         (static_cast<double>(decision.units_per_token - part) /
          static_cast<double>(decision.units_per_token));
}

absl::Duration until_more_tokens(const Decision& decision,
                                 HeaderFormat format) {
  if (format != HeaderFormat::kIetfDraft11) {
    // Until there are as many as were asked for.
    if (decision.outcome == Outcome::kThrottled) return decision.retry_after();
    // The bucket is full: there will never be more.
    if (decision.burst > 0 && decision.tokens_remaining() >= decision.burst &&
        decision.burst_window_seconds > 0) {
      return absl::ZeroDuration();
    }
  }
  return until_next_token(decision);
}

std::optional<Item> burst_item(const Decision& decision, HeaderFormat format) {
  if (decision.burst < 0) return std::nullopt;
  return Item{"burst", decision.burst, decision.burst_window_seconds,
              decision.tokens_remaining(), until_more_tokens(decision, format)};
}

std::optional<Item> quota_item(const Decision& decision) {
  if (decision.quota_limit < 0) return std::nullopt;
  return Item{"quota", decision.quota_limit, decision.period_seconds(),
              decision.quota_remaining,
              decision.period_reset() - made_at(decision)};
}

// What `t` or a reset reports for the item; InfiniteDuration: nothing.
absl::Duration time_of(const Item& item, const Wait& wait,
                       HeaderFormat format) {
  // No request passes before the retry, whichever item refused: this is the
  // window in which no more than `r` can be used.
  if (wait.time == absl::InfiniteDuration() ||
      (wait.is_refused && format == HeaderFormat::kIetfDraft11)) {
    return wait.time;
  }
  const absl::Duration time = std::max(item.until_more, wait.time);
  const bool asks_to_wait = wait.is_refused || item.remaining <= 0;
  return asks_to_wait && time != absl::InfiniteDuration()
             ? std::min(time, wait.longest)
             : time;
}

int64_t whole_seconds(absl::Duration duration) {
  return absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)));
}

// Writes headers into the caller's memory: only whole ones, while there is
// room.
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
  bool full_ = false;  // something was left out, and so is all that follows
};

void write_ietf(const Decision& decision, const Wait& wait, HeaderFormat format,
                HeaderWriter& out) {
  const std::optional<Item> items[] = {burst_item(decision, format),
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
    const absl::Duration time = time_of(*item, wait, format);
    if (time != absl::InfiniteDuration()) {
      out.append(";t=").append(whole_seconds(time));
    }
    separator = ", ";
  }
  out.finish_header("RateLimit");
}

void write_x_rate_limit(const Decision& decision, const Wait& wait,
                        HeaderFormat format, HeaderWriter& out) {
  const std::optional<Item> burst = burst_item(decision, format);
  const std::optional<Item> quota = quota_item(decision);
  // If both have the same left, the one that refused; else the quota, which
  // takes longer to come back.
  const bool quota_is_least =
      !burst || (quota && (quota->remaining < burst->remaining ||
                           (quota->remaining == burst->remaining &&
                            decision.outcome != Outcome::kThrottled)));
  const Item& least = quota_is_least ? *quota : *burst;

  out.append(least.limit).finish_header("X-RateLimit-Limit");
  out.append(least.remaining).finish_header("X-RateLimit-Remaining");
  const absl::Duration time = time_of(least, wait, format);
  if (time == absl::InfiniteDuration()) return;
  out.append(whole_seconds(format == HeaderFormat::kXRateLimitEpoch
                               ? made_at(decision) + time - absl::UnixEpoch()
                               : time))
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

size_t rate_limit_headers(const Decision& decision,
                          const RateLimitHeaderOptions& options,
                          absl::Span<char> storage,
                          absl::Span<HttpHeader> headers) noexcept {
  const HeaderFormat format = options.format;
  if (format == HeaderFormat::kOff || decision.outcome == Outcome::kForbidden) {
    return 0;
  }
  HeaderWriter out(storage, headers);
  const Wait wait = wait_of(decision, options);
  if (wait.is_refused && wait.time != absl::InfiniteDuration()) {
    out.append(whole_seconds(wait.time)).finish_header("Retry-After");
  }
  if (decision.burst < 0 && decision.quota_limit < 0) return out.count();
  if (format == HeaderFormat::kIetfDraft10 ||
      format == HeaderFormat::kIetfDraft11) {
    write_ietf(decision, wait, format, out);
  } else {
    write_x_rate_limit(decision, wait, format, out);
  }
  return out.count();
}

}  // namespace weir
