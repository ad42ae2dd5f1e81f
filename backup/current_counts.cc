#include "weir/backup/current_counts.h"

#include <string_view>

#include "weir/counts/counts_block.h"
#include "weir/counts/counts_reader.h"
#include "weir/quota/counts.h"

namespace weir {

absl::StatusOr<PresentCounts> PresentCounts::read(
    Store& store, const v1::StoredCounts& state) {
  PresentCounts counts;
  if (internal::are_in_files(state)) {
    const auto files = internal::read_counts_files(
        store.folder(), state.generation(),
        [&](int64_t association, const CountsCopy& copy) {
          counts.records_[association] = {copy.words.today, copy.words.period,
                                          counts.days_.size(),
                                          copy.days.size()};
          counts.days_.insert(counts.days_.end(), copy.days.begin(),
                              copy.days.end());
          return absl::OkStatus();
        });
    if (!files.ok()) return files.status();
    counts.are_complete_ = true;
    return counts;
  }
  if (state.synced_generation() == 0) return counts;
  const absl::Status status =
      store.read_counts(state.synced_generation(), [&](std::string_view block) {
        return internal::read_counts_block(
            block, [&](const internal::SyncedCounts& synced) {
              counts.records_[synced.association] = {synced.today,
                                                     synced.period, 0, 0};
            });
      });
  if (!status.ok()) return status;
  return counts;
}

std::optional<PresentCounts::Entry> PresentCounts::find(
    int64_t association) const {
  const auto it = records_.find(association);
  if (it == records_.end()) return std::nullopt;
  const Record& record = it->second;
  return Entry{record.today, record.period,
               absl::MakeConstSpan(days_).subspan(record.begin, record.size)};
}

}  // namespace weir
