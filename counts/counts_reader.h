#ifndef WEIR_COUNTS_COUNTS_READER_H_
#define WEIR_COUNTS_COUNTS_READER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/counts.h"

namespace weir::internal {

// Whether the current counts of a store are in its files of counts: they were
// closed properly, or the machine has not rebooted since they were written. If
// not, the last sync has the counts, if there are any.
bool are_in_files(const v1::StoredCounts& counts);

struct CountsFileInfo {
  // The boot in which the files were created; to_string() of a BootId.
  std::string boot_id;
};

// Reads the files of an earlier CountsFile, or of one in another process that
// may still count. Calls `visit` for each record in use, in the order of their
// numbers, with counts from one moment each; may miss records that begin or end
// during the call. `counts.days` is valid until `visit` returns. Stops at an
// error of `visit`, and returns it.
//
// Checks everything. DataLoss, naming the file, the offset and the problem, if
// a CountsFile cannot have written what is there; some records may have been
// visited by then. A missing record (all zeros) is not detected: a caller that
// knows the associations should check that it finds each of them once.
// Otherwise file_error()s: NotFound if there is no such file.
absl::StatusOr<CountsFileInfo> read_counts_files(
    const std::string& folder, uint64_t generation,
    absl::FunctionRef<absl::Status(int64_t association,
                                   const CountsCopy& counts)>
        visit);

// Reads only the headers, with the same checks.
absl::StatusOr<CountsFileInfo> inspect_counts_files(const std::string& folder,
                                                    uint64_t generation);

}  // namespace weir::internal

#endif  // WEIR_COUNTS_COUNTS_READER_H_
