// The parent process: starts children, kills them, and checks the remaining
// state against the model.

#ifndef WEIR_TESTS_TORTURE_PARENT_H_
#define WEIR_TESTS_TORTURE_PARENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/tests/torture/model.h"
#include "weir/tests/torture/observation.pb.h"
#include "weir/tests/torture/process.h"
#include "weir/tests/torture/shared_pages.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {

struct ParentOptions {
  int64_t seconds = 20;
  int64_t seed = 20'260'101;
  std::string folder;   // is there, and empty
  bool memory = false;  // no store, and no process is killed
};

// *thread-compatible*
class Parent {
 public:
  explicit Parent(const ParentOptions& options);

  // Rounds until the time is up, with a line on standard output every few
  // seconds, and a summary. DataLoss when something is wrong, with the round.
  absl::Status run();

 private:
  // How a round ends.
  enum class Ending {
    kInOrder,
    kAtStart,    // killed while it opens
    kAnyTime,    // killed later
    kAtStep,     // killed just after an operation began
    kInSync,     // the same, with a sync
    kClosing,    // killed as it closes
    kPowerLoss,  // killed, and what was not synced is gone
  };
  static constexpr int kEndings = 7;

  absl::Status play_round();
  void start_store();
  Ending choose_ending();
  void prepare(Ending ending);
  absl::Status let_work(Ending ending);
  absl::Status kill_at_step(Process& child, bool sync);
  absl::Status wait_for_start(Process& child);
  // What a fresh process sees.
  absl::StatusOr<Observation> look(bool read_only, bool die);
  // Whether the store can be opened to be read only: not before it was open
  // once; and SQLite has to write to make sense of a log that consists of its
  // header alone, as one leaves it who is killed in the first write.
  bool can_be_read() const;
  absl::StatusOr<Observation> read_observation();
  absl::StatusOr<Process> start_child(const char* what);
  absl::Status failure_of(const Process& child) const;

  // Takes the operator's calls over into the model. The one that had begun and
  // not returned is left in `pending_`.
  absl::Status replay();
  Tallies tallies(const Model& model) const;
  absl::Status accept(const Observation& observation);
  void count();
  // What the operator did in this round, for diagnosis.
  void write_history() const;
  void report(const char* prefix) const;

  int64_t below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(n));
  }

  const ParentOptions options_;
  Random random_;
  SharedPages* pages_ = nullptr;
  std::string store_;
  std::unique_ptr<Model> model_;
  std::optional<Operation> pending_;
  bool lost_power_ = false;
  // Whether the store's previous owner closed it in order.
  bool closed_in_order_ = true;
  // How long it takes to open, as a rule.
  absl::Duration start_time_ = absl::Milliseconds(50);

  int64_t rounds_ = 0;
  int64_t stores_ = 0;
  int64_t endings_[kEndings] = {};
  int64_t pending_calls_ = 0;
  int64_t calls_ = 0;
  int64_t patches_ = 0;
  int64_t admitted_ = 0;
  int64_t refused_ = 0;
};

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_PARENT_H_
