#ifndef WEIR_THROTTLE_TOKEN_BUCKET_H_
#define WEIR_THROTTLE_TOKEN_BUCKET_H_

#include <atomic>
#include <cstdint>

#include "weir/throttle/token_clock.h"

namespace weir {

// A token bucket in one word, which a `TokenClock` interprets: the generic cell
// rate algorithm (GCRA, ITU-T I.371) by virtual scheduling. Zeroed memory is a
// full bucket and needs no further initialization.
//
//   const TokenInstant now = clock.at(now_ns);
//   if (bucket.take(clock, now, 1).outcome == TakeOutcome::kTaken) serve();
//
// Every member is lock-free, does not allocate and does not throw. `Atomic` is
// for tests. *thread-safe*
//
// Invariants:
//
// (1) Over any stretch of time, the tokens taken, less those given back, are at
//     most the burst plus what the rate yields. The debt, word - position,
//     grows by what is taken and shrinks by what is given back and by what the
//     clock produces, and no take leaves it above the burst less the reserve.
//     What was taken out of a reserve is charged before the reserve ends.
// (2) A word never returns to a former scale. A writer stores only words of its
//     own clock's scale. If its clock is older than the word, it finds the word
//     stale and stores nothing.
// (3) A refusal stores nothing.
template <template <class> class Atomic = std::atomic>
class BasicTokenBucket {
 public:
  // Returns what `take` would return. Writes nothing.
  Take check(const TokenClock& clock, TokenInstant now, int64_t cost,
             int64_t reserve = 0) const noexcept {
    return clock.take(now, word(), cost, reserve);
  }

  // Takes `cost` tokens, all or none, without using `reserve` of the burst.
  Take take(const TokenClock& clock, TokenInstant now, int64_t cost,
            int64_t reserve = 0) noexcept {
    uint64_t seen = word();
    for (;;) {
      const Take take = clock.take(now, seen, cost, reserve);
      if (take.outcome != TakeOutcome::kTaken || cost == 0) return take;
      if (replace(seen, take.word)) return take;
    }
  }

  // Gives back `cost` tokens that were taken under `clock` or an earlier clock.
  // Returns false, with no effect, if the word was written under a newer clock:
  // get that clock and try again. If `clock` is the newest, `now` is more than
  // a minute behind another caller's.
  bool give_back(const TokenClock& clock, TokenInstant now,
                 int64_t cost) noexcept {
    uint64_t seen = word();
    for (;;) {
      if (clock.is_stale(now, seen)) return false;
      const uint64_t after = clock.give_back(now, seen, cost);
      if (after == seen || replace(seen, after)) return true;
    }
  }

  // Takes `cost` tokens, whether or not they are available: they have been used
  // already, out of a reserve. Returns false, with no effect, if the word is no
  // longer `seen`.
  // REQUIRES: `clock` is the newest, and was obtained after `seen`.
  bool charge(uint64_t seen, const TokenClock& clock, TokenInstant now,
              int64_t cost) noexcept {
    return replace(seen, clock.charge(now, seen, cost));
  }

  // Makes this a full bucket of any clock. REQUIRES: no other thread uses it.
  void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

  // For `TokenClock::available` and `TokenClock::ready_at`.
  uint64_t word() const noexcept {
    // Acquire: pairs with the release in replace(). A thread that finds a word
    // stale also finds the newer clock that its writer used.
    return word_.load(std::memory_order_acquire);
  }

 private:
  bool replace(uint64_t& seen, uint64_t after) noexcept {
    // Linearization point of take(), give_back() and charge(). Equal words mean
    // equal debts, so ABA is harmless. The release and the acquire pair as in
    // word().
    return word_.compare_exchange_weak(seen, after, std::memory_order_acq_rel,
                                       std::memory_order_acquire);
  }

  Atomic<uint64_t> word_{0};
};

using TokenBucket = BasicTokenBucket<>;

static_assert(sizeof(TokenBucket) == sizeof(uint64_t), "a bucket is one word");

}  // namespace weir

#endif  // WEIR_THROTTLE_TOKEN_BUCKET_H_
