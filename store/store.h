#ifndef WEIR_STORE_STORE_H_
#define WEIR_STORE_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/store.pb.h"
#include "quota/calendar.h"

namespace weir {

// What was used on one day that has ended, or by now.
struct DailyCount {
  int64_t association;
  Day day;
  int64_t used;
};

// What some associations' counts were when they were last written. What is in
// `counts` is the writer's matter.
struct CountsBlock {
  uint64_t generation;
  uint32_t number;
  std::string counts;
};

// Where plans, keys, associations and usage outlive the process.
//
// Each function that writes writes everything or nothing, and has it on disk
// when it returns OK. One that fails has changed nothing; the store goes on,
// and a later call may succeed (when there is room on the disk again, say).
//
// Errors: Unavailable for what may pass (a full disk, an I/O error);
// FailedPrecondition for a store that was opened to be read; DataLoss for what
// is damaged. Messages name the file. Calls block for as long as the disk
// takes. *thread-safe*
class Store {
 public:
  virtual ~Store() = default;

  // -- Plans, keys, associations --

  // Other calls may be done while this writes very many.
  virtual absl::Status commit(absl::Span<const v1::StoreChange> changes) = 0;

  // Calls `visit` with what there is: the counts first, then plans, keys and
  // associations, each as the change that puts it and in the order in which
  // they came. Stops at an error of `visit`, and returns it. What other
  // processes commit meanwhile is not seen.
  virtual absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) = 0;

  // -- Usage --

  // Puts these days, and these blocks in place of those of the same generation
  // and number.
  virtual absl::Status write_usage(absl::Span<const DailyCount> days,
                                   absl::Span<const CountsBlock> blocks) = 0;
  // The blocks of a generation, in the order of their numbers.
  virtual absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view counts)> visit) = 0;
  // The days from `first` to `last`, both included, of one association or, if
  // it is 0, of all; in their order.
  virtual absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) = 0;
  // Forgets days before `day`, the earliest ones first and `most` at most.
  // Returns how many it forgot.
  virtual absl::StatusOr<int64_t> prune_days(Day day, int64_t most) = 0;

  // -- The store itself --

  // Where the files are that requests count in.
  virtual std::string folder() const = 0;
  // Whether it was opened to be read only.
  virtual bool is_read_only() const = 0;
};

}  // namespace weir

#endif  // WEIR_STORE_STORE_H_
