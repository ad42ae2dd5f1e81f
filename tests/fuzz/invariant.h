// What a fuzz target says of every input.

#ifndef WEIR_TESTS_FUZZ_INVARIANT_H_
#define WEIR_TESTS_FUZZ_INVARIANT_H_

#include <string_view>

#include "absl/status/status.h"

namespace weir {

// Ends the process with `what` if `holds` is false: a find for the fuzzer.
void require(bool holds, std::string_view what);

// The same if `status` is an error that does not fit into a log: longer than a
// few lines, or with anything but printable ASCII.
void require_readable(const absl::Status& status);

}  // namespace weir

#endif  // WEIR_TESTS_FUZZ_INVARIANT_H_
