#ifndef WEIR_BACKUP_CURRENT_COUNTS_H_
#define WEIR_BACKUP_CURRENT_COUNTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/packed_words.h"
#include "weir/store/store.h"

namespace weir {

// A copy of the current counts of a store's associations, each from one moment.
// *thread-compatible*
class PresentCounts {
 public:
  struct Entry {
    DayWord today;
    PeriodWord period;
    // Past days, in no particular order. They may or may not be in the store
    // too.
    absl::Span<const DayWord> days;
  };

  // Reads the counts where an enforcer would: from the files of counts or, if
  // the machine has lost power since, from the last sync. `state` is what the
  // store holds about them. Other processes may continue to count.
  //
  // Errors: those of the store. DataLoss for damaged files. NotFound if the
  // process that uses the store has created new files since `state` was read.
  static absl::StatusOr<PresentCounts> read(Store& store,
                                            const v1::StoredCounts& state);

  // nullopt if there are no counts for the association.
  std::optional<Entry> find(int64_t association) const;

  // Whether this has all associations that were in the store when the counts
  // were read. If not, it has those that the last sync found.
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

#endif  // WEIR_BACKUP_CURRENT_COUNTS_H_
