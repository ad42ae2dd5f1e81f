#ifndef WEIR_STORE_PRESENT_COUNTS_H_
#define WEIR_STORE_PRESENT_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/store.pb.h"
#include "quota/words.h"
#include "store/store.h"

namespace weir {

// What the associations of a store have counted by now: a copy, each of one
// moment. *thread-compatible*
class PresentCounts {
 public:
  struct Entry {
    DayWord today;
    PeriodWord period;
    // That ended and are not in the store yet, or are there as well; in no
    // order.
    absl::Span<const DayWord> days;
  };

  // Reads them where an enforcer would: in the files of counts or, if the
  // machine has lost its power since, as they were last synced. `state` is what
  // the store says of them. Other processes may go on counting.
  //
  // Errors: the store's. DataLoss for files that are damaged. NotFound if the
  // process that uses the store has made new ones since `state` was read.
  static absl::StatusOr<PresentCounts> read(Store& store,
                                            const v1::StoredCounts& state);

  // Nothing for an association that is not there.
  std::optional<Entry> find(int64_t association) const;

  // Whether every association is there that was in the store when they were
  // read. Otherwise those are that the last sync found.
  bool are_complete() const { return are_complete_; }

 private:
  struct Record {
    DayWord today;
    PeriodWord period;
    size_t begin;  // in `days_`
    size_t size;
  };

  absl::flat_hash_map<int64_t, Record> records_;
  std::vector<DayWord> days_;
  bool are_complete_ = false;
};

}  // namespace weir

#endif  // WEIR_STORE_PRESENT_COUNTS_H_
