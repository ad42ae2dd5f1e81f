#ifndef WEIR_CLI_VERSION_H_
#define WEIR_CLI_VERSION_H_

namespace weir::cli {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace weir::cli

#endif  // WEIR_CLI_VERSION_H_
