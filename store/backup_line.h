#ifndef WEIR_STORE_BACKUP_LINE_H_
#define WEIR_STORE_BACKUP_LINE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/backup.pb.h"
#include "quota/words.h"

namespace weir {

// One line of an export, without a line end. Members are sorted by name, so
// that what is equal has equal lines. ResourceExhausted if the line would be
// too long to be read again.
absl::StatusOr<std::string> backup_line_to_json(const v1::BackupLine& line);

// Reads such a line, of at most kMaxJsonBytes. InvalidArgument, with the place,
// for anything but one member with what belongs there, and for names that are
// none of its.
absl::StatusOr<v1::BackupLine> backup_line_from_json(std::string_view json);

// What an association has counted: the words of its counter but for the
// extension, and the days that ended, in their order.
struct AssociationCounts {
  DayWord today;
  PeriodWord period;
  std::vector<DayWord> days;
};

v1::BackupUsage backup_usage(int64_t association,
                             const AssociationCounts& counts);

// InvalidArgument for what no key can have counted.
absl::StatusOr<AssociationCounts> counts_of(const v1::BackupUsage& usage);

}  // namespace weir

#endif  // WEIR_STORE_BACKUP_LINE_H_
