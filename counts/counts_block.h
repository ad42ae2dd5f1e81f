#ifndef WEIR_COUNTS_COUNTS_BLOCK_H_
#define WEIR_COUNTS_COUNTS_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "weir/quota/packed_words.h"

namespace weir::internal {

// The counts of an association at the last sync. Its extension is stored with
// the association, and the days before `today` are stored separately.
struct SyncedCounts {
  int64_t association = 0;
  DayWord today;
  PeriodWord period;

  static constexpr size_t kBytes = 24;
};

// Appends to a CountsBlock::counts, little-endian.
void append_counts(const SyncedCounts& counts, std::string& block);

// Calls `visit` with the counts in a CountsBlock::counts. DataLoss for what
// append_counts() cannot have written.
absl::Status read_counts_block(
    std::string_view block, absl::FunctionRef<void(const SyncedCounts&)> visit);

}  // namespace weir::internal

#endif  // WEIR_COUNTS_COUNTS_BLOCK_H_
