#ifndef WEIR_THROTTLE_TOKEN_CLOCK_H_
#define WEIR_THROTTLE_TOKEN_CLOCK_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "absl/base/optimization.h"
#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "weir/throttle/rate.h"

namespace weir {

// An instant on a clock's number line. The exact position is between `floor`
// and `ceil`, which are equal if it is a whole number of units.
struct TokenInstant {
  uint64_t floor;
  uint64_t ceil;
};

enum class TakeOutcome : uint8_t {
  kTaken,
  kRefused,
  // Refused because the word was written under a newer clock of this bucket:
  // get that clock and try again. If this is the newest clock, the word was
  // written more than a minute after the given instant: a plain refusal.
  kStale,
};

struct Take {
  TakeOutcome outcome;
  uint64_t word;  // The bucket's word: after the take, or unchanged.
};

// The limits of a throttle as a map from time to a number line, on which each
// bucket is one word: the position at which it will be full again. This is the
// generic cell rate algorithm (GCRA, ITU-T I.371) by virtual scheduling.
//
//   tokens available = burst - max(0, word - position(now)) / units_per_token
//
// All buckets of a throttle share the line, and `with_limits` continues it, so
// a change of limits visits no bucket and preserves what each one owes.
// docs/throttle.md has the numbers and the proofs.
//
// Times are nanoseconds of one monotonic clock with any origin. A time before
// the latest change of limits counts as the time of that change. Immutable;
// does not block or, except for error messages, allocate. *thread-safe*
class alignas(64) TokenClock {
 public:
  static constexpr int64_t kMaxBurst = 2147483647;
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // Returns a clock for buckets whose words are 0: they are full. `rate` is in
  // tokens per second; 0 never refills. A `burst` of 0 admits nothing.
  // InvalidArgument unless `Rate::from_double` accepts `rate` and `burst` is
  // within [0, kMaxBurst].
  static absl::StatusOr<TokenClock> create(double rate, int64_t burst,
                                           int64_t now_ns);

  // Returns the clock for the same buckets under other limits from `now_ns` on.
  // Every bucket keeps its debt in tokens, whatever the limits. Fails as
  // `create` does, or with ResourceExhausted when the line has no room for
  // another change, which takes more than 100,000 changes and more than ten
  // years.
  absl::StatusOr<TokenClock> with_limits(double rate, int64_t burst,
                                         int64_t now_ns) const;

  // Like `with_limits`, but every bucket is full at `now_ns`.
  absl::StatusOr<TokenClock> renewed(double rate, int64_t burst,
                                     int64_t now_ns) const;

  double rate() const noexcept { return rate_; }
  Rate exact_rate() const noexcept { return exact_rate_; }
  int64_t burst() const noexcept { return burst_; }
  uint64_t units_per_token() const noexcept { return token_; }

  // The position at `now_ns`. Compute it once for several calls.
  TokenInstant at(int64_t now_ns) const noexcept;

  // The result of taking `cost` tokens from a bucket with this word. `cost` is
  // not negative; 0 is admitted if the bucket owes at most `burst`. `reserve`
  // tokens of the burst belong to others: the bucket is that much smaller.
  Take take(TokenInstant instant, uint64_t word, int64_t cost,
            int64_t reserve = 0) const noexcept;

  // The word after `cost` tokens were taken, whether or not they were
  // available.
  uint64_t charge(TokenInstant instant, uint64_t word,
                  int64_t cost) const noexcept {
    const uint64_t full_at = present(word);
    return (full_at <= instant.floor ? instant.ceil : full_at) +
           std::min(static_cast<uint64_t>(cost), kMaxDebt / token_) * token_;
  }

  // The word after `cost` tokens taken earlier were given back. Tokens that
  // have been refilled since then are not added twice: a full bucket stays just
  // full.
  // REQUIRES: !is_stale(instant, word).
  uint64_t give_back(TokenInstant instant, uint64_t word,
                     int64_t cost) const noexcept;

  // No take at this instant leaves a greater word.
  uint64_t greatest(TokenInstant instant) const noexcept {
    return instant.floor + burst_units_;
  }

  // False if the debt of a bucket with this word was repaid before the present
  // scale began, or forgiven by `renewed`.
  bool owes(uint64_t word) const noexcept { return present(word) > begin_; }

  // True if the word is above any that this clock or a former one could write.
  bool is_stale(TokenInstant instant, uint64_t word) const noexcept {
    return word > std::max(ceiling_, instant.floor + burst_units_) + kSlack;
  }

  // Whole tokens, from 0 to `burst`.
  int64_t available(TokenInstant instant, uint64_t word) const noexcept {
    return static_cast<int64_t>(available_units(instant, word) / token_);
  }
  // The same in units, for callers that may not need the division by
  // `units_per_token`.
  uint64_t available_units(TokenInstant instant, uint64_t word,
                           int64_t reserve = 0) const noexcept;

  // The earliest time at which a take of `cost` would be admitted if no other
  // take comes first, exact to the nanosecond. At most the present time if it
  // would be admitted now; kNever if it never will be.
  int64_t ready_at(uint64_t word, int64_t cost) const noexcept;

 private:
  // A part of the line with units of another size: words from `begin` up to the
  // begin of the next scale. A word equal to `zero` owes nothing at the begin
  // of the present scale.
  struct FormerScale {
    uint64_t begin;
    uint64_t zero;
    uint64_t token;
  };

  struct Limits;
  struct Step;

  static constexpr int kMaxFormer = 8;
  // A bound on what any bucket can owe, in units.
  static constexpr uint64_t kMaxDebt = uint64_t{1} << 56;
  // The gap between two scales, at least 2.5 minutes of yield: calls that began
  // under a former clock may still write for a while. Half of it separates
  // words that are merely ahead from words of a newer scale.
  static constexpr uint64_t kMargin = uint64_t{1} << 43;
  static constexpr uint64_t kSlack = kMargin / 2;
  // Above this position units are coarse, so that the line outlasts further
  // changes.
  static constexpr uint64_t kFineLine = uint64_t{3} << 61;
  static constexpr uint64_t kCoarseToken = 8;
  // The clock stops here; words above it still do not overflow.
  static constexpr uint64_t kLineEnd = ~uint64_t{0} - (uint64_t{1} << 60);

  TokenClock() = default;

  static absl::StatusOr<Limits> validate(double rate, int64_t burst);
  static Step step_for(const Rate& rate, uint64_t token);
  static uint64_t best_token(const Rate& rate, uint64_t most);

  void set_limits(const Limits& limits, uint64_t token, int64_t start);
  absl::StatusOr<TokenClock> in_scale_after(uint64_t ceiling, uint64_t owed);
  void settle_former(uint64_t position);
  uint64_t former_ceiling(int64_t i) const noexcept;

  absl::uint128 advance(int64_t now_ns, uint64_t* fraction) const noexcept;

  // The reserve in units, capped at the burst.
  uint64_t reserved_units(int64_t reserve) const noexcept {
    if (reserve == 0) return 0;
    return static_cast<uint64_t>(std::min(reserve, burst_)) * token_;
  }

  // The word converted to the present scale; `begin_` if it owes nothing.
  uint64_t present(uint64_t word) const noexcept {
    return ABSL_PREDICT_TRUE(word >= begin_) ? word : translated(word);
  }
  uint64_t translated(uint64_t word) const noexcept;

  // position(t) = base_ + (base_fraction_ + (t - start_) * step) / 2^64, where
  // step = step_whole_ * 2^64 + step_fraction_ is in units per nanosecond.
  int64_t start_ = 0;
  uint64_t base_ = 0;
  uint64_t base_fraction_ = 0;
  uint64_t step_whole_ = 0;
  uint64_t step_fraction_ = 0;
  uint64_t token_ = 0;        // Units per token.
  uint64_t burst_units_ = 0;  // burst_ * token_, at most kMaxDebt.
  uint64_t begin_ = 0;        // Of the present scale; at most base_.

  // Before start_, only overlapping calls wrote words above this.
  uint64_t ceiling_ = 0;
  int64_t burst_ = 0;
  double rate_ = 0;
  Rate exact_rate_ = {};
  int64_t former_count_ = 0;
  std::array<FormerScale, kMaxFormer> former_ = {};  // Oldest first.
};

static_assert(std::is_trivially_copyable<TokenClock>::value,
              "a compiled plan is plain data");
static_assert(sizeof(TokenClock) <= 320, "one clock is five cache lines");

inline absl::uint128 TokenClock::advance(int64_t now_ns,
                                         uint64_t* fraction) const noexcept {
  const uint64_t elapsed = now_ns <= start_ ? 0
                                            : static_cast<uint64_t>(now_ns) -
                                                  static_cast<uint64_t>(start_);
  const absl::uint128 low =
      absl::uint128(elapsed) * step_fraction_ + base_fraction_;
  *fraction = absl::Uint128Low64(low);
  return absl::uint128(elapsed) * step_whole_ + absl::Uint128High64(low);
}

inline TokenInstant TokenClock::at(int64_t now_ns) const noexcept {
  uint64_t fraction;
  const absl::uint128 units = advance(now_ns, &fraction);
  if (ABSL_PREDICT_FALSE(units >= kLineEnd - base_)) {
    return {kLineEnd, kLineEnd};
  }
  const uint64_t floor = base_ + absl::Uint128Low64(units);
  return {floor, floor + (fraction != 0)};
}

inline Take TokenClock::take(TokenInstant instant, uint64_t word, int64_t cost,
                             int64_t reserve) const noexcept {
  const uint64_t full_at = present(word);
  const bool idle = full_at <= instant.floor;
  const uint64_t most = burst_units_ - reserved_units(reserve);
  const uint64_t room = instant.floor + most;
  // The yield is rounded down and the debt is rounded up, so that rounding
  // never creates a token.
  uint64_t units;
  if (ABSL_PREDICT_TRUE(!__builtin_mul_overflow(static_cast<uint64_t>(cost),
                                                token_, &units) &&
                        full_at <= room &&
                        units <= (idle ? most : room - full_at))) {
    if (cost == 0) return {TakeOutcome::kTaken, word};
    return {TakeOutcome::kTaken, (idle ? instant.ceil : full_at) + units};
  }
  return {is_stale(instant, word) ? TakeOutcome::kStale : TakeOutcome::kRefused,
          word};
}

inline uint64_t TokenClock::give_back(TokenInstant instant, uint64_t word,
                                      int64_t cost) const noexcept {
  const uint64_t full_at = present(word);
  if (full_at <= instant.floor) return word;
  uint64_t units;
  if (__builtin_mul_overflow(static_cast<uint64_t>(cost), token_, &units)) {
    return begin_;
  }
  // Never below begin_, where a word would belong to a former scale.
  return full_at - std::min(units, full_at - begin_);
}

inline uint64_t TokenClock::available_units(TokenInstant instant, uint64_t word,
                                            int64_t reserve) const noexcept {
  const uint64_t full_at = present(word);
  const uint64_t most = burst_units_ - reserved_units(reserve);
  if (full_at <= instant.floor) return most;
  return most - std::min(full_at - instant.floor, most);
}

}  // namespace weir

#endif  // WEIR_THROTTLE_TOKEN_CLOCK_H_
