// What fuzz targets read, and what they say of every input.

#ifndef WEIR_TESTS_FUZZ_INVARIANT_H_
#define WEIR_TESTS_FUZZ_INVARIANT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace weir {

// Ends the process with `what` if `holds` is false: a find for the fuzzer.
void require(bool holds, std::string_view what);

// The same if `status` is an error that does not fit into a log: longer than a
// few lines, or with anything but printable ASCII.
void require_readable(const absl::Status& status);

// The parts of an input that holds two texts: a line, and what follows its end.
std::pair<std::string_view, std::string_view> first_line_and_rest(
    const std::uint8_t* data, std::size_t size);

}  // namespace weir

#endif  // WEIR_TESTS_FUZZ_INVARIANT_H_
