#ifndef WEIR_STORE_BACKUP_H_
#define WEIR_STORE_BACKUP_H_

#include <cstdint>
#include <istream>
#include <ostream>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plan/validation.h"
#include "proto/backup.pb.h"
#include "store/store.h"

namespace weir {

// All that a store keeps, as JSON lines: plans, keys with their values (which
// are secrets), associations, and what each has used by day up to now. The
// format is in proto/backup.proto and docs/cli.md. A line ends with "\n"; the
// same content gives the same bytes.

// Told how many lines were written or read so far, now and then.
using BackupProgress = absl::FunctionRef<void(int64_t lines)>;

// Writes what `store` holds. A process that uses it may go on: plans, keys and
// associations are of one moment, and the counts of each key are of one moment
// after that. Holds in memory the present counts of all associations, and the
// days of 2^18 of them at a time.
//
// Errors: the store's; ResourceExhausted, naming it, for what a line cannot
// hold: a plan of more than kMaxJsonBytes. Some lines may have been written
// then, but not the last one. Whether `out` could write is for the caller to
// ask it.
absl::Status export_store(Store& store, std::ostream& out,
                          BackupProgress progress);

// Makes of `store`, which nobody has used yet nor uses now, what the lines of
// an export say, in their order: `next` sets one and returns true, or returns
// false behind the last. Holds in memory all ids and values.
//
// Errors: FailedPrecondition, and nothing has changed, if the store has been
// used. InvalidArgument for a line that does not belong there, a plan that is
// not valid under `rules`, an id or a value that is there already or is
// missing, and lines that end early. Those of `next` and of the store. After an
// error the store may hold a part: it is to be thrown away.
absl::Status import_lines(
    absl::FunctionRef<absl::StatusOr<bool>(v1::BackupLine*)> next,
    const PlanRules& rules, Store& store);

// Reads an export into `store`, which nobody has used yet nor uses now. Returns
// the number of lines. Lines may have kMaxJsonBytes. Holds in memory one line,
// and all ids and values.
//
// Errors: FailedPrecondition, and nothing has changed, if the store has been
// used. InvalidArgument that begins with "line 17: " or "line 17, column 3: "
// for a line that does not belong there, a plan that is not valid under
// `rules`, an id or a value that is there already or is missing, and text that
// ends early. The store's errors, and Unavailable if `in` cannot be read. After
// an error the store may hold a part: it is to be thrown away. So import into a
// store in a folder of its own, and give the folder its name when all went
// well.
absl::StatusOr<int64_t> import_store(std::istream& in, const PlanRules& rules,
                                     Store& store, BackupProgress progress);

}  // namespace weir

#endif  // WEIR_STORE_BACKUP_H_
