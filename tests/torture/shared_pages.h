// Memory that the parent and its children share: pages of a file that outlive a
// killed process. Only the mapping makes a system call.

#ifndef WEIR_TESTS_TORTURE_SHARED_PAGES_H_
#define WEIR_TESTS_TORTURE_SHARED_PAGES_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "weir/quota/calendar.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {

// The threads that make requests.
inline constexpr int kThreads = 2;
inline constexpr int kMaxOperations = 400;
// A round's associations, by slot; slot 0 is unused.
inline constexpr int kSlots = 256;
// The days that a round may last.
inline constexpr int kDays = 64;

using Counter = std::atomic<int64_t>;
static_assert(Counter::is_always_lock_free);

// What one slot's association was admitted to, by day of the round.
using TallyByDay = Counter[kDays];

// What a request of cost 0 was told: how the key stands with the plan.
struct Look {
  bool forbidden = true;
  bool disabled_key = false;
  bool unknown_key = false;
  int64_t limit = -1;
  int64_t remaining = -1;
  int32_t calendar = 0;
  Day day = 0;
};

// How a child is to go about it.
struct Settings {
  int64_t seed = 0;
  Day first_day = 0;  // of the round
  int lease_threads = 0;
  // How much threads may hold of one key that is counted and not admitted.
  int64_t leased = 0;
  int64_t sync_milliseconds = 0;
  // Usage is reported for this many days, the last one today.
  int days_observed = 90;
  // Syncs before it says that it is ready.
  bool sync_at_start = false;
  // Writes what it sees before it closes, as a checker does.
  bool observe_at_end = false;
  // Whoever looks tries which plans are shared, by sharing them for a moment.
  bool find_shared = true;
  // A checker that has seen everything does not close in order.
  bool die_at_end = false;
  // A checker finds the store as another boot of the machine would, and such
  // counts as the last sync left there.
  bool power_loss = false;
  bool read_only = false;
};

// What one thread notes of its requests: before each, and after.
struct alignas(64) Notes {
  // The request that it is inside of: see `InFlight`.
  std::atomic<uint64_t> in_flight{0};
  Counter admitted{0};
  Counter refused{0};
  // Admissions that returned, by the association that counted them.
  TallyByDay acknowledged[kSlots] = {};
  // The costs of those that overlapped with an operator's call that began or
  // ended an association, so it is unknown which one counted them, if any; or
  // with midnight, so the day is unknown.
  Counter unsettled[kKeys][kPlans] = {};
  // The costs of all that overlapped with midnight. If a patch came soon after,
  // they may have been counted on one day under the limits of the other.
  Counter at_midnight[kKeys][kPlans] = {};
};

// Which association a key has with a plan: its slot, and whether it has it for
// sure, or an operator's call is beginning or ending it.
class Standing {
 public:
  Standing() = default;
  static Standing of(int slot, bool settled) {
    return Standing(static_cast<uint32_t>(slot) << 1 | (settled ? 1 : 0));
  }

  explicit Standing(uint32_t bits) : bits_(bits) {}
  uint32_t bits() const { return bits_; }
  int slot() const { return static_cast<int>(bits_ >> 1); }
  bool settled() const { return (bits_ & 1) != 0; }

 private:
  uint32_t bits_ = 0;
};

// A request, in a word: its key, its plan and its cost; 0 is none.
struct InFlight {
  int key;
  int plan;
  int64_t cost;

  uint64_t bits() const {
    return static_cast<uint64_t>(cost) << 16 |
           static_cast<uint64_t>(key + 1) << 8 | static_cast<uint64_t>(plan);
  }
  static InFlight from(uint64_t bits) {
    return {static_cast<int>(bits >> 8 & 0xff) - 1,
            static_cast<int>(bits & 0xff), static_cast<int64_t>(bits >> 16)};
  }
};

// One round: the parent's orders, then what became of them.
struct Round {
  Settings settings;
  int operation_count = 0;
  Operation operations[kMaxOperations];
  // What was used on the first day before the round, by slot.
  int64_t used_before[kSlots] = {};

  // How far the operator is: operations begun, returned, and looked at.
  std::atomic<int> begun{0};
  std::atomic<int> returned{0};
  std::atomic<int> looked{0};
  // The key's standing with the plan before and after each.
  Look before[kMaxOperations];
  Look after[kMaxOperations];

  std::atomic<bool> ready{false};
  std::atomic<bool> stop{false};
  std::atomic<bool> observed{false};

  std::atomic<uint32_t> standings[kKeys][kPlans] = {};
  Notes notes[kThreads];

  // What had been admitted, by slot, when the last sync that is known to be
  // complete began: in one of the two, while the other is written.
  TallyByDay synced[2][kSlots] = {};
  std::atomic<int> last_synced{0};

  // The first thing that a child found wrong.
  std::atomic<bool> failing{false};
  std::atomic<bool> failed{false};
  char failure[2000] = {};

  void fail(const std::string& what);
};

struct SharedPages {
  // Simulated time in Unix nanoseconds. The operator advances it.
  std::atomic<int64_t> clock{0};
  Round round;
};

// Maps the file; creates it if it is not there. It stays mapped until the
// process ends.
absl::StatusOr<SharedPages*> map_shared_pages(const std::string& path);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_SHARED_PAGES_H_
