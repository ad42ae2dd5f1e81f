#ifndef WEIR_DATA_PLANE_LEASE_H_
#define WEIR_DATA_PLANE_LEASE_H_

#include <atomic>
#include <cstdint>

#include "absl/base/optimization.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"

namespace weir::internal {

// A lease: tokens of one key's limits that threads hold in slots of their own,
// so that they need not contend for the bucket on every request.
//
// A slot's capacity is taken out of the bucket's burst: takes from the bucket
// leave `reserve()` tokens alone. A slot does not refill with time. When it is
// empty, its owner pays for what was spent by an ordinary take; a thread that
// closes it charges the bucket. So there are never more tokens than the burst.
// docs/leases.md has the proof.
//
// A slot's states are closed -> announced -> ready -> open -> closed. Between
// announced and ready, every thread that does not know of the reserve has left
// (an epoch's grace period). Any thread may close a slot.
//
// Lock-free; does not allocate. `Atomic` is for tests. *thread-safe*, for the
// callers that each function names.
//
// Invariants:
//  1. `reserve()` is at least the capacity of the slots that are not closed,
//     and of closed ones whose debt is not charged yet.
//  2. Only the owner takes tokens out of a slot or puts them in; an open slot's
//     tokens only decrease until there are none.
//  3. The owner writes a slot's plain members only while it has no tokens, and
//     others read them only after they have closed a slot that had some.
template <template <class> class Atomic = std::atomic>
class BasicLease {
 public:
  // A pair of cache lines, which processors fetch together.
  class alignas(128) Slot {
   private:
    friend class BasicLease;

    Atomic<uint64_t> word{0};
    Atomic<int64_t> last{0};  // monotonic: no token was spent later
    Atomic<uint64_t> fills{0};
    Decision decision;  // as of when all tokens are spent
  };

  // A lease for requests of one route until `until_unix`. Each slot holds at
  // most `tokens`. The slots must outlive the lease.
  BasicLease(Slot* slots, int count, int64_t tokens, uint32_t route,
             int64_t until_unix)
      : slots_(slots),
        count_(count),
        route_(route),
        tokens_(tokens),
        until_unix_(until_unix) {}

  int count() const noexcept { return count_; }
  int64_t tokens() const noexcept { return tokens_; }
  bool is_over(Instant now) const noexcept {
    return now.unix_ns >= until_unix_;
  }

  // -- All callers that take from the bucket --

  // How much of the burst a take has to leave alone. Read it before the bucket.
  int64_t reserve() const noexcept {
    // Acquire: pairs with the release in `close()`: a caller that finds the
    // reserve gone also finds the debt that it left.
    return reserve_.load(std::memory_order_acquire);
  }

  // -- The slot's owner, one thread. `slot` may be beyond `count()`. --

  // Spends a token and fills in `decision`. False if the slot has none for such
  // a request.
  bool spend(int slot, uint32_t route, Instant now,
             Decision& decision) noexcept {
    if (static_cast<unsigned>(slot) >= static_cast<unsigned>(count_) ||
        route != route_ || is_over(now)) {
      return false;
    }
    Slot& mine = slots_[slot];
    // Acquire: pairs with `make_ready()`.
    uint64_t word = mine.word.load(std::memory_order_acquire);
    // If time went back, the bucket decides.
    if (word <= kOpen ||
        now.monotonic < mine.last.load(std::memory_order_relaxed)) {
      return false;
    }
    // Stored before the token is spent, so that a closer sees it.
    mine.last.store(now.monotonic, std::memory_order_relaxed);
    // Linearization point. Release: pairs with the acquire in `close()`.
    if (!mine.word.compare_exchange_strong(word, word - 1,
                                           std::memory_order_acq_rel,
                                           std::memory_order_relaxed)) {
      return false;
    }
    decision = mine.decision;
    const auto left = static_cast<int64_t>(word - 1 - kOpen);
    decision.made_at_unix_ns = now.unix_ns;
    decision.units_remaining +=
        static_cast<uint64_t>(left) * decision.units_per_token;
    if (decision.quota_limit >= 0) decision.quota_remaining += left;
    return true;
  }

  enum class Wants {
    kNothing,
    kFirst,  // its first tokens: they cost only the quota
    kMore,   // tokens() of them, to pay for as many that were spent
  };
  Wants wants(int slot, uint32_t route, Instant now) const noexcept {
    if (static_cast<unsigned>(slot) >= static_cast<unsigned>(count_) ||
        route != route_ || is_over(now)) {
      return Wants::kNothing;
    }
    const Slot& mine = slots_[slot];
    // Acquire: pairs with `make_ready()`.
    switch (mine.word.load(std::memory_order_acquire)) {
      case kReady:
        return Wants::kFirst;
      case kOpen:
        return now.monotonic < mine.last.load(std::memory_order_relaxed)
                   ? Wants::kNothing
                   : Wants::kMore;
      default:
        return Wants::kNothing;
    }
  }

  // Puts tokens into a slot that wants some. `decision` is the answer to a
  // request that spends the last of them. False if the slot was closed in the
  // meantime.
  bool fill(int slot, int64_t tokens, Instant now,
            const Decision& decision) noexcept {
    Slot& mine = slots_[slot];
    uint64_t word = mine.word.load(std::memory_order_relaxed);
    if (word != kReady && word != kOpen) return false;
    mine.decision = decision;
    mine.last.store(now.monotonic, std::memory_order_relaxed);
    mine.fills.store(mine.fills.load(std::memory_order_relaxed) + 1,
                     std::memory_order_relaxed);
    // Linearization point. Release: pairs with the acquire in `close()`.
    return mine.word.compare_exchange_strong(
        word, kOpen + static_cast<uint64_t>(tokens), std::memory_order_release,
        std::memory_order_relaxed);
  }

  // -- Any thread --

  // Closes a slot, and then ends its part of the reserve. If the slot was open,
  // calls `settle(spent, unspent, last)` between the two, which must charge the
  // bucket for the spent tokens, dated `last`, and uncount the unspent ones.
  // False if the slot was closed already.
  template <class Settle>
  bool close(int slot, Settle settle) noexcept {
    Slot& it = slots_[slot];
    if (it.word.load(std::memory_order_relaxed) == kClosed) return false;
    // Linearization point. Acquire: pairs with the owner's releases.
    const uint64_t word = it.word.exchange(kClosed, std::memory_order_acq_rel);
    if (word == kClosed) return false;
    if (word >= kOpen) {
      const auto unspent = static_cast<int64_t>(word - kOpen);
      settle(tokens_ - unspent, unspent,
             it.last.load(std::memory_order_relaxed));
    }
    // Release: pairs with `reserve()`.
    reserve_.fetch_sub(tokens_, std::memory_order_release);
    return true;
  }

  // -- The control plane, one caller at a time --

  // Announces a closed slot and adds it to the reserve. False if it is not
  // closed.
  bool announce(int slot) noexcept {
    Slot& it = slots_[slot];
    if (it.word.load(std::memory_order_relaxed) != kClosed) return false;
    reserve_.fetch_add(tokens_, std::memory_order_relaxed);
    it.word.store(kAnnounced, std::memory_order_relaxed);
    return true;
  }
  // Makes an announced slot ready. False if it is no longer announced.
  // REQUIRES: every thread that was inside a take when the slot was announced
  // has left it.
  bool make_ready(int slot) noexcept {
    uint64_t word = kAnnounced;
    return slots_[slot].word.compare_exchange_strong(
        word, kReady, std::memory_order_release, std::memory_order_relaxed);
  }
  bool is_open(int slot) const noexcept {
    return slots_[slot].word.load(std::memory_order_relaxed) >= kOpen;
  }
  // How often the slot was filled.
  uint64_t fills(int slot) const noexcept {
    return slots_[slot].fills.load(std::memory_order_relaxed);
  }
  // Ends what is left of the reserve when all slots are closed: after fork(),
  // the part of threads that the child does not have.
  void drop_reserve() noexcept { reserve_.store(0, std::memory_order_release); }

 private:
  // Values of a slot's word. kOpen + n: open, with n tokens.
  static constexpr uint64_t kClosed = 0;
  static constexpr uint64_t kAnnounced = 1;
  static constexpr uint64_t kReady = 2;
  static constexpr uint64_t kOpen = 3;

  Slot* const slots_;
  const int count_;
  const uint32_t route_;
  const int64_t tokens_;
  const int64_t until_unix_;
  // Read by all takes from the bucket; on a line that requests under the lease
  // do not read.
  alignas(64) Atomic<int64_t> reserve_{0};
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_LEASE_H_
