#ifndef WEIR_BENCHMARKS_MACHINE_H_
#define WEIR_BENCHMARKS_MACHINE_H_

#include "nlohmann/json.hpp"

namespace weir {

// Describes what the figures depend on: the processor's model, the number of
// cores that this process may use, and the compiler.
nlohmann::ordered_json machine();

}  // namespace weir

#endif  // WEIR_BENCHMARKS_MACHINE_H_
