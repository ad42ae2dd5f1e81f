#ifndef WEIR_CLI_GATEWAY_FLAGS_H_
#define WEIR_CLI_GATEWAY_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "gateway/gateway.h"

namespace weir::cli {

// The flags that say what the gateway tells its clients. *thread-compatible*
class GatewayFlags {
 public:
  // REQUIRES: this object outlives `line`.
  void add_to(CommandLine& line);

  // InvalidArgument, with the flag's name.
  absl::StatusOr<GatewayOptions> options() const;

 private:
  std::string rate_limit_headers_;
  std::string max_retry_after_;
  std::string spread_retries_;
  std::vector<std::string> cors_;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_GATEWAY_FLAGS_H_
