#include "weir/throttle/token_clock.h"

#include <numeric>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"

namespace weir {
namespace {

constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;
// Units per nanosecond: at least 8, so that rounding costs less than a
// nanosecond, and at most 29, so that the line lasts for 20 years.
constexpr uint64_t kMinStep = 8;
constexpr uint64_t kMaxStep = 29;

// A rate as tokens / nanoseconds in lowest terms. Since a rate is at most 10^9,
// tokens <= nanoseconds. Since it is a simplest fraction, tokens < 2^54 and
// nanoseconds < 2^84. So the products below fit in 128 bits.
struct PerNanosecond {
  explicit PerNanosecond(const Rate& rate) {
    const uint64_t common = std::gcd(rate.tokens, kNanosecondsPerSecond);
    tokens = rate.tokens / common;
    nanoseconds =
        absl::uint128(rate.seconds) * (kNanosecondsPerSecond / common);
  }
  absl::uint128 tokens;
  absl::uint128 nanoseconds;
};

uint64_t divide_up(absl::uint128 a, uint64_t b) {
  a += b - 1;
  // 64 bits usually suffice: a 128-bit division is a slow function call.
  if (absl::Uint128High64(a) == 0) return absl::Uint128Low64(a) / b;
  return absl::Uint128Low64(a / b);
}

// True if a step that is short of `exact` by `lost` is close enough: a clock
// may be slow by 2^-21, half a part in a million.
bool negligible(absl::uint128 lost, absl::uint128 exact) {
  return (lost << 21) <= exact;
}

}  // namespace

struct TokenClock::Limits {
  double rate;
  Rate exact_rate;
  int64_t burst;
};

// How far the position advances in a nanosecond.
struct TokenClock::Step {
  enum Quality {
    kFractional,  // Positions lie between units; accurate to 2^-64 units.
    kWhole,       // A whole number of units, slow by a negligible part.
    kExact,       // A whole number of units, exactly.
  };
  uint64_t whole;
  uint64_t fraction;
  Quality quality;
};

absl::StatusOr<TokenClock::Limits> TokenClock::validate(double rate,
                                                        int64_t burst) {
  absl::StatusOr<Rate> exact = Rate::from_double(rate);
  if (!exact.ok()) return exact.status();
  if (burst < 0 || burst > kMaxBurst) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "a burst must be from 0 to %d tokens, not %d", kMaxBurst, burst));
  }
  return Limits{rate, *exact, burst};
}

TokenClock::Step TokenClock::step_for(const Rate& rate, uint64_t token) {
  const PerNanosecond per_ns(rate);
  const absl::uint128 units = per_ns.tokens * token;
  const uint64_t whole = absl::Uint128Low64(units / per_ns.nanoseconds);
  absl::uint128 rest = units % per_ns.nanoseconds;
  if (rest == 0) return {whole, 0, Step::kExact};
  if (whole > 0 && negligible(rest, units)) return {whole, 0, Step::kWhole};
  uint64_t fraction = 0;  // floor(rest * 2^64 / nanoseconds), bit by bit.
  for (int bit = 0; bit < 64; ++bit) {
    rest <<= 1;
    fraction <<= 1;
    if (rest >= per_ns.nanoseconds) {
      rest -= per_ns.nanoseconds;
      fraction |= 1;
    }
  }
  return {whole, fraction, Step::kFractional};
}

// The best number of units per token, at most `most`: one for which the
// position advances by a whole number of units each nanosecond and loses least.
uint64_t TokenClock::best_token(const Rate& rate, uint64_t most) {
  if (rate.tokens == 0) return kCoarseToken;
  const PerNanosecond per_ns(rate);
  uint64_t best = 0;
  absl::uint128 least_lost = 0;
  const auto try_step = [&](uint64_t step) {
    const absl::uint128 units = per_ns.nanoseconds * step;
    const absl::uint128 token = (units + per_ns.tokens - 1) / per_ns.tokens;
    if (token > most) return;
    const absl::uint128 lost = token * per_ns.tokens - units;
    // Compares lost / token, the relative loss, by cross-multiplication.
    if (best == 0 || lost * best < least_lost * token) {
      best = absl::Uint128Low64(token);
      least_lost = lost;
    }
  };
  for (uint64_t step = kMinStep; step <= kMaxStep; ++step) try_step(step);
  // The burst is so large that a unit must be longer than it should be.
  if (best == 0) {
    for (uint64_t step = kMinStep - 1; step >= 1; --step) try_step(step);
  }
  if (best != 0 && negligible(least_lost, per_ns.tokens * best)) return best;
  const absl::uint128 finest = per_ns.nanoseconds * kMinStep / per_ns.tokens;
  return finest < most ? absl::Uint128Low64(finest) : most;
}

void TokenClock::set_limits(const Limits& limits, uint64_t token,
                            int64_t start) {
  const Step step = step_for(limits.exact_rate, token);
  start_ = start;
  step_whole_ = step.whole;
  step_fraction_ = step.fraction;
  token_ = token;
  burst_ = limits.burst;
  burst_units_ = static_cast<uint64_t>(limits.burst) * token;
  rate_ = limits.rate;
  exact_rate_ = limits.exact_rate;
}

absl::StatusOr<TokenClock> TokenClock::create(double rate, int64_t burst,
                                              int64_t now_ns) {
  const absl::StatusOr<Limits> limits = validate(rate, burst);
  if (!limits.ok()) return limits.status();
  const uint64_t held = std::max<int64_t>(burst, 1);
  TokenClock clock;
  clock.set_limits(*limits, best_token(limits->exact_rate, kMaxDebt / held),
                   now_ns);
  return clock;
}

absl::StatusOr<TokenClock> TokenClock::with_limits(double rate, int64_t burst,
                                                   int64_t now_ns) const {
  const absl::StatusOr<Limits> limits = validate(rate, burst);
  if (!limits.ok()) return limits.status();
  const int64_t start = std::max(now_ns, start_);
  const uint64_t position = at(start).floor;
  const uint64_t ceiling = std::max(ceiling_, position + burst_units_);
  const uint64_t owed = ceiling - position;

  // Compares the best scale and the present one for the new limits. The tokens
  // that a bucket may owe must fit, and so must the burst.
  const uint64_t most = std::max(
      {static_cast<uint64_t>(burst), divide_up(owed, token_), uint64_t{1}});
  const bool fine = ceiling <= kFineLine;
  const uint64_t best =
      fine ? best_token(limits->exact_rate, kMaxDebt / most) : kCoarseToken;
  const Step best_step = step_for(limits->exact_rate, best);
  const Step step = step_for(limits->exact_rate, token_);
  const bool possible = step.whole <= kMaxStep &&
                        static_cast<uint64_t>(burst) <= kMaxDebt / token_;
  const bool as_good =
      step.whole >= 1 ? step.quality >= best_step.quality : best <= token_;

  TokenClock next = *this;
  next.settle_former(position);
  // The last slot is reserved for the coarse scale, in which all limits are
  // possible: so there is always a slot, or none is needed.
  const bool crowded = next.former_count_ >= kMaxFormer - 1;
  if (possible && (fine ? as_good || crowded : token_ == kCoarseToken)) {
    next = *this;
    next.set_limits(*limits, token_, start);
    // Drops the fraction if positions are whole from now on. Otherwise keeps
    // it, since frequent changes would lose a fraction each.
    if (next.step_fraction_ == 0) {
      next.base_fraction_ = 0;
    } else {
      advance(start, &next.base_fraction_);
    }
    next.base_ = position;
    next.ceiling_ = ceiling;
    return next;
  }
  next.former_[next.former_count_++] = {begin_, position, token_};
  next.set_limits(*limits, crowded ? kCoarseToken : best, start);
  return next.in_scale_after(
      ceiling, divide_up(absl::uint128(owed) * next.token_, token_));
}

absl::StatusOr<TokenClock> TokenClock::renewed(double rate, int64_t burst,
                                               int64_t now_ns) const {
  const absl::StatusOr<Limits> limits = validate(rate, burst);
  if (!limits.ok()) return limits.status();
  const int64_t start = std::max(now_ns, start_);
  const uint64_t ceiling = std::max(ceiling_, at(start).floor + burst_units_);
  TokenClock next;
  next.set_limits(*limits,
                  ceiling <= kFineLine
                      ? best_token(limits->exact_rate,
                                   kMaxDebt / std::max<int64_t>(burst, 1))
                      : kCoarseToken,
                  start);
  return next.in_scale_after(ceiling, 0);
}

// Returns this clock with its scale beginning above `ceiling`, where a bucket
// may owe `owed` units.
absl::StatusOr<TokenClock> TokenClock::in_scale_after(uint64_t ceiling,
                                                      uint64_t owed) {
  begin_ = ceiling + kMargin;
  if (begin_ >= kLineEnd) {
    return absl::ResourceExhaustedError(
        "the throttle was changed too often; make it anew");
  }
  base_ = begin_;
  base_fraction_ = 0;
  ceiling_ = begin_ + owed;
  return *this;
}

// Adjusts the zeros of the former scales to a scale that begins when this one
// is at `position`, and drops the oldest scales in which all debt is repaid.
void TokenClock::settle_former(uint64_t position) {
  int64_t kept = 0;
  for (int64_t i = 0; i < former_count_; ++i) {
    FormerScale scale = former_[i];
    const uint64_t ceiling = former_ceiling(i);
    // Rounded down: debt that may not be repaid yet is still owed.
    const absl::uint128 zero =
        scale.zero + absl::uint128(position - begin_) * scale.token / token_;
    if (kept == 0 && zero >= ceiling) continue;
    scale.zero = absl::Uint128Low64(std::min<absl::uint128>(zero, ceiling));
    former_[kept++] = scale;
  }
  former_count_ = kept;
}

// The largest word of former scale `i` when the next scale began. What
// overlapping calls wrote above that was produced before they wrote.
uint64_t TokenClock::former_ceiling(int64_t i) const noexcept {
  return (i + 1 < former_count_ ? former_[i + 1].begin : begin_) - kMargin;
}

uint64_t TokenClock::translated(uint64_t word) const noexcept {
  for (int64_t i = former_count_ - 1; i >= 0; --i) {
    const FormerScale& scale = former_[i];
    if (word < scale.begin) continue;
    const uint64_t full_at = std::min(word, former_ceiling(i));
    if (full_at <= scale.zero) return begin_;
    return begin_ +
           divide_up(absl::uint128(full_at - scale.zero) * token_, scale.token);
  }
  return begin_;  // All debt of its scale is repaid, or it was never used.
}

int64_t TokenClock::ready_at(uint64_t word, int64_t cost) const noexcept {
  if (cost > burst_) return kNever;
  const uint64_t full_at = present(word);
  const uint64_t room = burst_units_ - static_cast<uint64_t>(cost) * token_;
  if (full_at <= base_ + room) return start_;
  // take() admits the cost as soon as the position is `goal` or more.
  const uint64_t goal = full_at - room;
  if (goal >= kLineEnd) return kNever;
  uint64_t elapsed;
  if (step_fraction_ == 0) {
    if (step_whole_ == 0) return kNever;
    elapsed = divide_up(goal - base_, step_whole_);
  } else {
    const absl::uint128 step = absl::MakeUint128(step_whole_, step_fraction_);
    const absl::uint128 missing =
        absl::MakeUint128(goal - base_, 0) - base_fraction_;
    const absl::uint128 wait = (missing - 1) / step + 1;
    if (wait >= static_cast<uint64_t>(kNever)) return kNever;
    elapsed = absl::Uint128Low64(wait);
  }
  const uint64_t left =
      static_cast<uint64_t>(kNever) - static_cast<uint64_t>(start_);
  if (elapsed >= left) return kNever;
  return static_cast<int64_t>(static_cast<uint64_t>(start_) + elapsed);
}

}  // namespace weir
