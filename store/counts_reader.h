#ifndef WEIR_STORE_COUNTS_READER_H_
#define WEIR_STORE_COUNTS_READER_H_

#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/store.pb.h"
#include "quota/counts.h"

namespace weir {

// Whether the files of counts are what a store's counts are: they were closed
// in order, or the machine is still in the boot in which they were written. If
// not, and there are any, the last sync is.
bool are_in_files(const v1::StoredCounts& counts);

struct CountsFileInfo {
  // Of when the files were created; to_string() of a BootId.
  std::string boot_id;
};

// Reads what a CountsFile of the past, or of another process that goes on
// counting, holds: calls `visit` for each record that is an association's, in
// the order of their numbers, with counts as of one moment each; of those that
// begin or end meanwhile, some. `counts.days` lives until `visit` returns.
// Stops at an error of `visit`, and returns it.
//
// Everything is checked. DataLoss, naming the file, the offset and what is
// wrong, if anything cannot be what a CountsFile wrote; some records may have
// been visited then. What is not noticed is a record that is missing, all
// zeros: who knows what associations there are should find each once.
// Else file_error()s: NotFound if there is no such file.
absl::StatusOr<CountsFileInfo> read_counts_files(
    const std::string& folder, uint64_t generation,
    absl::FunctionRef<absl::Status(int64_t association,
                                   const CountsCopy& counts)>
        visit);

// The header alone, with the same checks.
absl::StatusOr<CountsFileInfo> inspect_counts_files(const std::string& folder,
                                                    uint64_t generation);

}  // namespace weir

#endif  // WEIR_STORE_COUNTS_READER_H_
