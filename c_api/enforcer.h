// The implementation of weir_enforcer.

#ifndef WEIR_C_API_ENFORCER_H_
#define WEIR_C_API_ENFORCER_H_

#include "weir/enforcer/enforcer.h"
#include "weir/weir.h"

namespace weir::c_api {

// A weir_enforcer pointer is an Enforcer pointer.
inline Enforcer& enforcer_of(weir_enforcer* enforcer) {
  return *reinterpret_cast<Enforcer*>(enforcer);
}
inline const Enforcer& enforcer_of(const weir_enforcer* enforcer) {
  return *reinterpret_cast<const Enforcer*>(enforcer);
}

}  // namespace weir::c_api

#endif  // WEIR_C_API_ENFORCER_H_
