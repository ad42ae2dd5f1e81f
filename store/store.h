#ifndef WEIR_STORE_STORE_H_
#define WEIR_STORE_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"

namespace weir {

// The usage of one association on one day; for today, so far.
struct DailyCount {
  int64_t association;
  Day day;
  int64_t used;
};

// The counts of some associations when they were last written. Only the writer
// interprets `counts`.
struct CountsBlock {
  uint64_t generation;
  uint32_t number;
  std::string counts;
};

// Keeps plans, keys, associations and usage across processes.
//
// Each function that writes does so atomically, and the data is on disk when it
// returns OK. A failed write changes nothing. The store remains usable, and a
// later call may succeed (once the disk has room again, for example).
//
// Errors: Unavailable for possibly transient problems (a full disk, an I/O
// error); FailedPrecondition for a write to a store that was opened read-only;
// DataLoss for damaged data. Messages name the file. Calls block for as long as
// the disk takes. *thread-safe*
class Store {
 public:
  virtual ~Store() = default;

  // -- Plans, keys, associations --

  // Writes `changes`. Other calls may run while this writes very many changes.
  virtual absl::Status commit(absl::Span<const v1::StoreChange> changes) = 0;

  // Calls `visit` with the store's contents: first the counts, then plans, keys
  // and associations, each as the change that puts it, in the order of
  // creation. Stops at the first error of `visit`, and returns it. Does not see
  // what other processes commit during the call.
  virtual absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) = 0;

  // -- Usage --

  // Writes these days and blocks. A block replaces the one with the same
  // generation and number.
  virtual absl::Status write_usage(absl::Span<const DailyCount> days,
                                   absl::Span<const CountsBlock> blocks) = 0;
  // Calls `visit` with the blocks of a generation, in the order of their
  // numbers.
  virtual absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view counts)> visit) = 0;
  // Calls `visit` with the days from `first` to `last`, both inclusive, of one
  // association or, if `association` is 0, of all associations; in order.
  virtual absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) = 0;
  // Deletes at most `most` days before `day`, the earliest ones first. Returns
  // how many it deleted.
  virtual absl::StatusOr<int64_t> prune_days(Day day, int64_t most) = 0;

  // -- The store itself --

  // The folder of the count files, which requests count in.
  virtual std::string folder() const = 0;
  // Whether the store was opened read-only.
  virtual bool is_read_only() const = 0;
};

}  // namespace weir

#endif  // WEIR_STORE_STORE_H_
