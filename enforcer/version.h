#ifndef WEIR_ENFORCER_VERSION_H_
#define WEIR_ENFORCER_VERSION_H_

namespace weir {

// The version of the library and of its programs (semver.org).
inline constexpr char kVersion[] = "0.1.0";

}  // namespace weir

#endif  // WEIR_ENFORCER_VERSION_H_
