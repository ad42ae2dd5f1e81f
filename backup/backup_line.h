#ifndef WEIR_BACKUP_BACKUP_LINE_H_
#define WEIR_BACKUP_BACKUP_LINE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/proto/backup.pb.h"
#include "weir/quota/packed_words.h"

namespace weir {

// Returns one line of an export, without a line end. Members are sorted by
// name, so that equal content has equal lines. ResourceExhausted if the line
// would be too long to be imported.
absl::StatusOr<std::string> backup_line_to_json(const v1::BackupLine& line);

// Parses such a line, of at most kMaxJsonBytes. InvalidArgument, with the
// location, for anything but one known member with a valid value, and for
// unknown names in it.
absl::StatusOr<v1::BackupLine> backup_line_from_json(std::string_view json);

// The counts of an association: the words of its counter except the extension,
// and the past days in ascending order.
struct AssociationCounts {
  DayWord today;
  PeriodWord period;
  std::vector<DayWord> days;
};

v1::BackupUsage backup_usage(int64_t association,
                             const AssociationCounts& counts);

// InvalidArgument for counts that are not possible.
absl::StatusOr<AssociationCounts> counts_of(const v1::BackupUsage& usage);

}  // namespace weir

#endif  // WEIR_BACKUP_BACKUP_LINE_H_
