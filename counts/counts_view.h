#ifndef WEIR_COUNTS_COUNTS_VIEW_H_
#define WEIR_COUNTS_COUNTS_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/counts/boot_id.h"
#include "weir/counts/counts_record.h"
#include "weir/counts/file_view.h"
#include "weir/quota/counts.h"
#include "weir/quota/packed_words.h"

namespace weir::internal {

// A read-only view of the files of a CountsFile. They may be damaged, and
// another process may be writing to them, so none of their content is trusted.
// *thread-compatible*
class CountsView {
 public:
  // Opens the files and checks their headers. Fails as read_counts_files()
  // does.
  static absl::StatusOr<CountsView> open(const std::string& folder,
                                         uint64_t generation);
  // The same for files that are open already.
  static absl::StatusOr<CountsView> of(uint64_t generation,
                                       std::unique_ptr<FileView> counts,
                                       std::unique_ptr<FileView> lines);

  // Record numbers are below this.
  uint32_t end() const;
  const BootId& boot_id() const { return boot_id_; }

  struct Entry {
    int64_t association;
    CountsCopy counts;  // Its days are valid until the next read().
  };
  // nullopt if the record is unused. DataLoss if it is not possible.
  absl::StatusOr<std::optional<Entry>> read(uint32_t number);

 private:
  CountsView(uint64_t generation, std::unique_ptr<FileView> counts,
             std::unique_ptr<FileView> lines)
      : generation_(generation),
        counts_(std::move(counts)),
        lines_(std::move(lines)) {}

  absl::Status check_headers();
  absl::Status check_header(FileView& file, CountsHeader::Kind kind);

  // The result of one attempt to read a record: an entry, that the record is
  // unused, or a problem.
  struct Look;
  Look look(uint32_t number);

  uint64_t generation_;
  std::unique_ptr<FileView> counts_;
  std::unique_ptr<FileView> lines_;
  uint64_t lines_address_ = 0;
  BootId boot_id_ = {};
  std::vector<DayWord> days_;
};

}  // namespace weir::internal

#endif  // WEIR_COUNTS_COUNTS_VIEW_H_
