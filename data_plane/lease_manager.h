#ifndef WEIR_DATA_PLANE_LEASE_MANAGER_H_
#define WEIR_DATA_PLANE_LEASE_MANAGER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "weir/base/clock.h"
#include "weir/base/thread_number.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/counts_locator.h"
#include "weir/data_plane/key_lease.h"
#include "weir/data_plane/subscription.h"
#include "weir/memory/arena.h"

namespace weir::internal {

// The leases of an enforcer. Gives leases to keys on which threads collide, and
// takes them back.
//
// `find()` and `note_collision()` serve the data plane; the rest is for the
// control plane, one caller at a time.
class LeaseManager {
 public:
  static constexpr int kMaxLeases = 64;

  // LeaseManager for the threads with a ThreadNumber below `threads`, of at
  // most `tokens` for each. `arena` must outlive it; the keys' counts are in
  // `counts`.
  LeaseManager(Arena& arena, const CountsLocator& counts, int threads,
               int64_t tokens, bool both_throttles);

  // -- Data plane. REQUIRES: inside an EpochDomain::Guard. --

  // nullptr if the client has no lease.
  KeyLease* find(const Client& client) const noexcept {
    // Acquire: pairs with the release in `begin()`.
    KeyLease* lease = table_[place_of(client)].load(std::memory_order_acquire);
    return lease != nullptr && lease->client() == &client ? lease : nullptr;
  }

  // Notes that this thread and another have counted a request at the same time.
  void note_collision(const Client& client, const Subscription& subscription,
                      uint32_t route) noexcept;

  // -- Control plane --

  // Closes slots that are no longer filled, ends leases that are no longer
  // used, and begins leases for keys on which threads have collided.
  void maintain(Instant now);

  // Ends the leases under this plan, or of this subscription, and closes all
  // their slots. Then the bucket and the counter account for everything.
  void end(const PlanCell& cell) noexcept;
  void end(const Subscription& subscription) noexcept;

  // How many leases there are of which threads hold tokens.
  size_t open_leases() const;

 private:
  // A thread that collides this often between two calls of `maintain()` gets a
  // slot.
  static constexpr uint64_t kCollisions = 8;
  // A slot is closed after this many calls of `maintain()` without a fill.
  static constexpr int kIdleCalls = 2;
  static constexpr size_t kPlaces = 256;
  static constexpr size_t kNotes = 4;

  // A thread's note of collisions on a key. `maintain()` may read it while the
  // thread writes, and so verifies what it reads.
  struct alignas(64) Note {
    std::atomic<const Client*> client;
    std::atomic<uint64_t> serial;
    std::atomic<const Subscription*> subscription;
    std::atomic<uint32_t> route;
    std::atomic<uint64_t> collisions;
  };

  // What the control plane knows of a slot.
  struct SlotRecord {
    uint64_t announced = 0;  // the stamp, until the slot is ready; or 0
    uint64_t fills = 0;      // as of the last `maintain()`
    int idle_calls = 0;      // of `maintain()`, without a fill in between
  };
  struct LeaseRecord {
    KeyLease* lease;
    bool is_ended;  // its terms no longer hold
    std::vector<SlotRecord> slots;
  };

  static size_t place_of(const Client& client) noexcept {
    return (reinterpret_cast<uintptr_t>(&client) >> 7) * 0x9E3779B97F4A7C15 >>
           56;
  }

  void review(LeaseRecord& record, Instant now);
  void make_ready();
  void answer(Note& note, int thread, Instant now);
  LeaseRecord* begin(const Client& client, Subscription& subscription,
                     uint32_t route, Instant now);

  Arena& arena_;
  const CountsLocator counts_;
  const int threads_;
  const int64_t tokens_;
  const bool both_throttles_;
  std::array<std::atomic<KeyLease*>, kPlaces> table_ = {};
  const std::unique_ptr<Note[]> notes_;  // kNotes for each thread
  std::vector<LeaseRecord> leases_;
  uint64_t forks_ = ThreadNumber::forks();
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_LEASE_MANAGER_H_
