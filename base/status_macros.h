#ifndef WEIR_BASE_STATUS_MACROS_H_
#define WEIR_BASE_STATUS_MACROS_H_

#include "absl/base/optimization.h"
#include "absl/status/status.h"

// Returns the status that the expression gives from the enclosing function,
// unless it is OK.
#define WEIR_RETURN_IF_ERROR(...)                                  \
  do {                                                             \
    absl::Status weir_status = (__VA_ARGS__);                      \
    if (ABSL_PREDICT_FALSE(!weir_status.ok())) return weir_status; \
  } while (false)

#endif  // WEIR_BASE_STATUS_MACROS_H_
