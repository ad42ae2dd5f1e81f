#ifndef WEIR_BENCHMARKS_MACHINE_H_
#define WEIR_BENCHMARKS_MACHINE_H_

#include "nlohmann/json.hpp"

namespace weir {

// What figures depend on: the processor's model, the number of cores this
// process may use, and the compiler.
nlohmann::ordered_json machine();

}  // namespace weir

#endif  // WEIR_BENCHMARKS_MACHINE_H_
