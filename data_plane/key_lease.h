#ifndef WEIR_DATA_PLANE_KEY_LEASE_H_
#define WEIR_DATA_PLANE_KEY_LEASE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "weir/data_plane/client.h"
#include "weir/data_plane/current_clock.h"
#include "weir/data_plane/lease.h"
#include "weir/data_plane/subscription.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {

// A lease for one key, one route, one version of the plan and one day. A token
// of it stands for one token of each bucket that governs the route, and for one
// request of the quota, which is counted when the slot is filled. Each thread
// with a ThreadNumber below `count()` has a slot. Lives in the arena, with its
// slots behind it.
class KeyLease : public BasicLease<> {
 public:
  // LeaseManager expire this long before midnight UTC, in nanoseconds, so that
  // fills and closings under way are done before a request counts on the next
  // day.
  static constexpr int64_t kDayMargin = 1'000'000'000;

  struct Terms {
    const Client* client;
    Subscription* subscription;
    Counts* counts;  // the subscription's
    const PlanCell* cell;
    uint32_t route;
    Day day;
    int64_t tokens;
  };
  struct Gate {
    TokenBucket* bucket;
    ThrottlePlace place;
    std::optional<TokenClock> clock;  // of the plan's version
  };

  static constexpr size_t bytes(int count);
  // Makes a lease in `bytes(count)` zeroed bytes of the arena.
  static KeyLease* make(void* memory, int count, const Terms& terms);

  void add_gate(const Gate& gate) { gates_[gate_count_++] = gate; }

  const Client* client() const noexcept { return terms_.client; }
  Subscription* subscription() const noexcept { return terms_.subscription; }
  const PlanCell* cell() const noexcept { return terms_.cell; }
  uint32_t route() const noexcept { return terms_.route; }
  Day day() const noexcept { return terms_.day; }

  // Whether its tokens come from this bucket.
  bool holds(const TokenBucket* bucket) const noexcept {
    return gates_[0].bucket == bucket || gates_[1].bucket == bucket;
  }

  // Closes a slot, charges what was spent and uncounts what was not. False if
  // it was closed already. REQUIRES: inside an EpochDomain::Guard, or in the
  // control plane.
  bool close(int slot) noexcept;
  // The same for all slots. False if all were closed already.
  bool close_all() noexcept;
  // For a child process after fork(): closes all slots. What threads that are
  // gone had closed but not yet charged counts as spent.
  void close_for_the_gone(Instant now) noexcept;

 private:
  KeyLease(Slot* slots, int count, const Terms& terms);

  void charge(int64_t tokens, int64_t monotonic) noexcept;

  const Terms terms_;
  int gate_count_ = 0;
  std::array<Gate, 2> gates_ = {};
};

constexpr size_t KeyLease::bytes(int count) {
  constexpr size_t kPair = alignof(Slot);
  return (sizeof(KeyLease) + kPair - 1) / kPair * kPair +
         static_cast<size_t>(count) * sizeof(Slot);
}

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_KEY_LEASE_H_
