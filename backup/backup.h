#ifndef WEIR_BACKUP_BACKUP_H_
#define WEIR_BACKUP_BACKUP_H_

#include <cstdint>
#include <istream>
#include <ostream>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/plan/validation.h"
#include "weir/proto/backup.pb.h"
#include "weir/store/store.h"

namespace weir {

// Export and import of all that a store holds, as JSON lines: plans, keys with
// their values (which are secrets), associations, and the usage of each by day
// up to now. proto/backup.proto and docs/cli.md describe the format. Lines end
// with "\n". The same content gives the same bytes.

// Called from time to time with the number of lines written or read so far.
using BackupProgress = absl::FunctionRef<void(int64_t lines)>;

// Writes the contents of `store`. Another process may use it at the same time:
// plans, keys and associations are from one moment, and the counts of each key
// are from one moment after that. Holds in memory the present counts of all
// associations, and the days of 2^18 of them at a time.
//
// Errors: those of the store; ResourceExhausted, naming the item, for one that
// does not fit in a line: a plan of more than kMaxJsonBytes. Some lines may
// have been written then, but not the last one. The caller must check the state
// of `out`.
absl::Status export_store(Store& store, std::ostream& out,
                          BackupProgress progress);

// Imports the lines of an export, in order, into `store`, which must be new and
// not in use. `next` sets a line and returns true, or returns false after the
// last one. Holds all ids and values in memory.
//
// Errors: FailedPrecondition, with nothing changed, if the store has been used.
// InvalidArgument for a misplaced line, a plan that is not valid under `rules`,
// an id or value that is duplicate or missing, and a missing end. Those of
// `next` and of the store. After an error the store may hold a part of the
// export: discard it.
absl::Status import_lines(
    absl::FunctionRef<absl::StatusOr<bool>(v1::BackupLine*)> next,
    const PlanRules& rules, Store& store);

// Imports an export from `in` into `store`, which must be new and not in use.
// Returns the number of lines. A line has at most kMaxJsonBytes. Holds one
// line, and all ids and values, in memory.
//
// Errors: FailedPrecondition, with nothing changed, if the store has been used.
// InvalidArgument that begins with "line 17: " or "line 17, column 3: " for a
// misplaced line, a plan that is not valid under `rules`, an id or value that
// is duplicate or missing, and text that ends early. Those of the store, and
// Unavailable if `in` cannot be read. After an error the store may hold a part
// of the export: discard it. So import into a store in a temporary folder, and
// rename the folder on success.
absl::StatusOr<int64_t> import_store(std::istream& in, const PlanRules& rules,
                                     Store& store, BackupProgress progress);

}  // namespace weir

#endif  // WEIR_BACKUP_BACKUP_H_
