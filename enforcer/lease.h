#ifndef WEIR_ENFORCER_LEASE_H_
#define WEIR_ENFORCER_LEASE_H_

#include <atomic>
#include <cstdint>

#include "absl/base/optimization.h"
#include "enforcer/clock.h"
#include "enforcer/decision.h"

namespace weir {

// Tokens of one key's limits that threads hold for themselves, each in a slot
// of its own, so that they need not meet at the bucket for every request.
//
// A slot's capacity is taken out of the bucket's burst: `reserve()` is what
// takers leave alone. A slot does not fill by time. Its owner pays for what was
// spent, by an ordinary take, when it is empty; and whoever closes it charges
// the bucket. So there are never more tokens than the burst. docs/leases.md has
// the proof.
//
// A slot goes round: closed -> announced -> ready -> open -> closed. Between
// announced and ready, everybody who does not know of the reserve has left (an
// epoch's grace period). Closing is anybody's.
//
// Lock-free; does not allocate. `Atomic` is for tests. *thread-safe*, as far as
// each function says who calls it.
//
// Invariants:
//  1. `reserve()` is at least the capacity of the slots that are not closed,
//     and of those closed whose debt is not charged yet.
//  2. Only the owner takes tokens out of a slot or puts them in; an open slot's
//     tokens only decrease until there are none.
//  3. The owner writes a slot's plain members only while it has no tokens, and
//     others read them only after they have closed one that had some.
template <template <class> class Atomic = std::atomic>
class BasicLease {
 public:
  // A pair of lines, which processors fetch together.
  class alignas(128) Slot {
   private:
    friend class BasicLease;

    Atomic<uint64_t> word{0};
    Atomic<int64_t> last{0};  // monotonic: no token was spent later
    Atomic<uint64_t> fills{0};
    Decision decision;  // once all tokens are spent
  };

  // For requests of one route until `until_unix`. Each of the slots, which must
  // outlive it, holds at most `tokens`.
  BasicLease(Slot* slots, int count, int64_t tokens, uint32_t route,
             int64_t until_unix)
      : slots_(slots),
        count_(count),
        route_(route),
        tokens_(tokens),
        until_unix_(until_unix) {}

  int count() const noexcept { return count_; }
  int64_t tokens() const noexcept { return tokens_; }
  bool is_over(Instant now) const noexcept { return now.unix >= until_unix_; }

  // -- Everybody who takes from the bucket --

  // How much of the burst a take has to leave alone. Read it before the bucket.
  int64_t reserve() const noexcept {
    // Acquire: pairs with the release in `close()`: who finds the reserve gone
    // also finds what it left owing.
    return reserve_.load(std::memory_order_acquire);
  }

  // -- The slot's owner, one thread. `slot` may be beyond `count()`. --

  // Spends a token, and says so in `decision`. False if there is none for such
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
    // Time that went back is for the bucket to judge.
    if (word <= kOpen ||
        now.monotonic < mine.last.load(std::memory_order_relaxed)) {
      return false;
    }
    // Before the token is gone, so that a closer knows.
    mine.last.store(now.monotonic, std::memory_order_relaxed);
    // Linearization point. Release: pairs with the acquire in `close()`.
    if (!mine.word.compare_exchange_strong(word, word - 1,
                                           std::memory_order_acq_rel,
                                           std::memory_order_relaxed)) {
      return false;
    }
    decision = mine.decision;
    const auto left = static_cast<int64_t>(word - 1 - kOpen);
    decision.made_at_unix_ns = now.unix;
    decision.units_remaining +=
        static_cast<uint64_t>(left) * decision.units_per_token;
    if (decision.quota_limit >= 0) decision.quota_remaining += left;
    return true;
  }

  enum class Wants {
    kNothing,
    kFirst,  // tokens that nobody has to pay for but the quota
    kMore,   // tokens() of them, for as many that were spent
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

  // Puts tokens into a slot that wanted some. `decision` is what to say of a
  // request once all of them are spent. False if it has been closed meanwhile.
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

  // -- Anybody --

  // Closes a slot, and ends its part of the reserve. If it was open,
  // `settle(spent, unspent, last)` is called between: it has to charge the
  // bucket with what was spent, at `last`, and to uncount what was not. False
  // if the slot was closed.
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

  // False if the slot is not closed.
  bool announce(int slot) noexcept {
    Slot& it = slots_[slot];
    if (it.word.load(std::memory_order_relaxed) != kClosed) return false;
    reserve_.fetch_add(tokens_, std::memory_order_relaxed);
    it.word.store(kAnnounced, std::memory_order_relaxed);
    return true;
  }
  // REQUIRES: whoever was inside of a take when the slot was announced has left
  // it. False if it is not announced any more.
  bool make_ready(int slot) noexcept {
    uint64_t word = kAnnounced;
    return slots_[slot].word.compare_exchange_strong(
        word, kReady, std::memory_order_release, std::memory_order_relaxed);
  }
  bool is_open(int slot) const noexcept {
    return slots_[slot].word.load(std::memory_order_relaxed) >= kOpen;
  }
  // Counts how often it was filled.
  uint64_t fills(int slot) const noexcept {
    return slots_[slot].fills.load(std::memory_order_relaxed);
  }
  // Ends what is left of the reserve when all slots are closed: of threads that
  // are gone with the process that this one was forked from.
  void drop_reserve() noexcept { reserve_.store(0, std::memory_order_release); }

 private:
  // A slot's word. Beyond kOpen: open, with so many tokens.
  static constexpr uint64_t kClosed = 0;
  static constexpr uint64_t kAnnounced = 1;
  static constexpr uint64_t kReady = 2;
  static constexpr uint64_t kOpen = 3;

  Slot* const slots_;
  const int count_;
  const uint32_t route_;
  const int64_t tokens_;
  const int64_t until_unix_;
  // Of all that take from the bucket, on a line that requests under the lease
  // do not read.
  alignas(64) Atomic<int64_t> reserve_{0};
};

}  // namespace weir

#endif  // WEIR_ENFORCER_LEASE_H_
