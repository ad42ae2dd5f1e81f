#include "weir/counts/counts_reader.h"

#include "weir/counts/boot_id.h"
#include "weir/counts/counts_view.h"

namespace weir::internal {

bool are_in_files(const v1::StoredCounts& counts) {
  return counts.generation() != 0 &&
         (counts.closed() || counts.boot_id() == to_string(current_boot_id()));
}

absl::StatusOr<CountsFileInfo> read_counts_files(
    const std::string& folder, uint64_t generation,
    absl::FunctionRef<absl::Status(int64_t association,
                                   const CountsCopy& counts)>
        visit) {
  auto view = CountsView::open(folder, generation);
  if (!view.ok()) return view.status();
  const uint32_t end = view->end();
  for (uint32_t number = 1; number < end; ++number) {
    const auto entry = view->read(number);
    if (!entry.ok()) return entry.status();
    if (!entry->has_value()) continue;
    const auto status = visit((*entry)->association, (*entry)->counts);
    if (!status.ok()) return status;
  }
  return CountsFileInfo{to_string(view->boot_id())};
}

absl::StatusOr<CountsFileInfo> inspect_counts_files(const std::string& folder,
                                                    uint64_t generation) {
  const auto view = CountsView::open(folder, generation);
  if (!view.ok()) return view.status();
  return CountsFileInfo{to_string(view->boot_id())};
}

}  // namespace weir::internal
