#include "weir/data_plane/key_lease.h"

#include <new>

#include "weir/throttle/token_clock.h"

namespace weir::internal {

KeyLease::KeyLease(Slot* slots, int count, const Terms& terms)
    : BasicLease(slots, count, terms.tokens, terms.route,
                 start_of(terms.day + 1) - kDayMargin),
      terms_(terms) {}

KeyLease* KeyLease::make(void* memory, int count, const Terms& terms) {
  char* const behind = static_cast<char*>(memory) + bytes(0);
  auto* const slots = reinterpret_cast<Slot*>(behind);
  for (int i = 0; i < count; ++i) new (slots + i) Slot;
  return new (memory) KeyLease(slots, count, terms);
}

void KeyLease::charge(int64_t tokens, int64_t monotonic) noexcept {
  for (int i = 0; i < gate_count_; ++i) {
    const Gate& gate = gates_[i];
    TokenBucket& bucket = *gate.bucket;
    const uint64_t greatest = gate.clock->greatest(gate.clock->at(monotonic));
    for (;;) {
      const uint64_t seen = bucket.word();
      const TokenClock* clock =
          current_clock(*terms_.cell, terms_.route, gate.place, greatest);
      if (clock == nullptr ||
          bucket.charge(seen, *clock, clock->at(monotonic), tokens)) {
        break;
      }
    }
  }
}

bool KeyLease::close(int slot) noexcept {
  return BasicLease::close(
      slot, [this](int64_t spent, int64_t unspent, int64_t last) {
        if (spent > 0) charge(spent, last);
        if (unspent > 0) terms_.counts->quota.give_back(day(), unspent);
      });
}

bool KeyLease::close_all() noexcept {
  bool closed = false;
  for (int i = 0; i < count(); ++i) closed |= close(i);
  return closed;
}

void KeyLease::close_for_the_gone(Instant now) noexcept {
  close_all();
  if (const int64_t left = reserve(); left > 0) {
    charge(left, now.monotonic);
    drop_reserve();
  }
}

}  // namespace weir::internal
