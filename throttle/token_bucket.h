#ifndef WEIR_THROTTLE_TOKEN_BUCKET_H_
#define WEIR_THROTTLE_TOKEN_BUCKET_H_

#include <atomic>
#include <cstdint>

#include "throttle/token_clock.h"

namespace weir {

// A bucket of tokens: one word, which a `TokenClock` gives its meaning. All
// zeros is a full bucket, so it needs no initialisation beyond cleared memory.
//
//   const TokenInstant now = clock.at(now_ns);
//   if (bucket.take(clock, now, 1).outcome == TakeOutcome::kTaken) serve();
//
// Every member is lock-free, does not allocate and does not throw. `Atomic` is
// for tests. *thread-safe*.
//
// Invariants:
//
// (1) The tokens taken, less those given back, in any stretch of time are at
//     most the burst plus what the rate yields in it. The debt, word -
//     position, grows by what is taken, shrinks by what is given back and by
//     what the clock produces, and no take leaves it above the burst, less
//     the reserve. What was taken out of a reserve is charged before that ends.
// (2) The scale a word belongs to never goes back. A writer stores only words
//     of its own clock's scale, and one whose clock is older than the word
//     finds it stale and stores nothing.
// (3) A refusal stores nothing.
template <template <class> class Atomic = std::atomic>
class BasicTokenBucket {
 public:
  // What `take` would answer. Writes nothing.
  Take check(const TokenClock& clock, TokenInstant now, int64_t cost,
             int64_t reserve = 0) const noexcept {
    return clock.take(now, word(), cost, reserve);
  }

  // Takes `cost` tokens, all or none, and leaves `reserve` of the burst alone.
  Take take(const TokenClock& clock, TokenInstant now, int64_t cost,
            int64_t reserve = 0) noexcept {
    uint64_t seen = word();
    for (;;) {
      const Take take = clock.take(now, seen, cost, reserve);
      if (take.outcome != TakeOutcome::kTaken || cost == 0) return take;
      if (replace(seen, take.word)) return take;
    }
  }

  // Gives back `cost` tokens that were taken under `clock` or one before it.
  // Returns false, having done nothing, if the word was written under a newer
  // clock: get that one and try again. If this is the newest, `now` is more
  // than a minute behind another caller's.
  bool give_back(const TokenClock& clock, TokenInstant now,
                 int64_t cost) noexcept {
    uint64_t seen = word();
    for (;;) {
      if (clock.is_stale(now, seen)) return false;
      const uint64_t after = clock.give_back(now, seen, cost);
      if (after == seen || replace(seen, after)) return true;
    }
  }

  // Takes `cost` tokens, whether they are there or not: they were used before,
  // out of a reserve. Returns false, having done nothing, if the word is not
  // `seen` any more. REQUIRES: `clock` is the newest, as found after `seen`.
  bool charge(uint64_t seen, const TokenClock& clock, TokenInstant now,
              int64_t cost) noexcept {
    return replace(seen, clock.charge(now, seen, cost));
  }

  // Makes it a full bucket of any clock's. REQUIRES: nobody else uses it.
  void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

  // For `TokenClock::available` and `TokenClock::ready_at`.
  uint64_t word() const noexcept {
    // Pairs with the release in replace(): who finds a word stale also finds
    // the newer clock that its writer used.
    return word_.load(std::memory_order_acquire);
  }

 private:
  bool replace(uint64_t& seen, uint64_t after) noexcept {
    // Linearization point of take(), give_back() and charge(). Equal words mean
    // equal debts, so it does no harm if the word changed and changed back. The
    // release and the acquire pair as in word().
    return word_.compare_exchange_weak(seen, after, std::memory_order_acq_rel,
                                       std::memory_order_acquire);
  }

  Atomic<uint64_t> word_{0};
};

using TokenBucket = BasicTokenBucket<>;

static_assert(sizeof(TokenBucket) == sizeof(uint64_t), "a bucket is one word");

}  // namespace weir

#endif  // WEIR_THROTTLE_TOKEN_BUCKET_H_
