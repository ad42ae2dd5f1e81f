#ifndef WEIR_STORE_COUNTS_VIEW_H_
#define WEIR_STORE_COUNTS_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "quota/counts.h"
#include "quota/words.h"
#include "store/boot_id.h"
#include "store/counts_record.h"
#include "store/file_view.h"

namespace weir {

// The files of a CountsFile, as one who does not write to them sees them: they
// may be damaged, and the process that has them may go on. Nothing that they
// say is trusted. *thread-compatible*
class CountsView {
 public:
  // Opens the files and checks their headers. Errors as of read_counts_files().
  static absl::StatusOr<CountsView> open(const std::string& folder,
                                         uint64_t generation);
  // The same for files that are open.
  static absl::StatusOr<CountsView> of(uint64_t generation,
                                       std::unique_ptr<FileView> counts,
                                       std::unique_ptr<FileView> lines);

  // Record numbers are below this.
  uint32_t end() const;
  const BootId& boot_id() const { return boot_id_; }

  struct Entry {
    int64_t association;
    CountsCopy counts;  // its days, until the next read()
  };
  // nullopt if the record is nobody's. DataLoss if it is not what can be.
  absl::StatusOr<std::optional<Entry>> read(uint32_t number);

 private:
  CountsView(uint64_t generation, std::unique_ptr<FileView> counts,
             std::unique_ptr<FileView> lines)
      : generation_(generation),
        counts_(std::move(counts)),
        lines_(std::move(lines)) {}

  absl::Status check_headers();
  absl::Status check_header(FileView& file, CountsHeader::Kind kind);

  // What a look at a record found: an entry, nobody's, or what is wrong.
  struct Look;
  Look look(uint32_t number);

  uint64_t generation_;
  std::unique_ptr<FileView> counts_;
  std::unique_ptr<FileView> lines_;
  uint64_t lines_address_ = 0;
  BootId boot_id_ = {};
  std::vector<DayWord> days_;
};

}  // namespace weir

#endif  // WEIR_STORE_COUNTS_VIEW_H_
