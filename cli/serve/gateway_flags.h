#ifndef WEIR_CLI_SERVE_GATEWAY_FLAGS_H_
#define WEIR_CLI_SERVE_GATEWAY_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/cli/command_line.h"
#include "weir/gateway/gateway.h"
#include "weir/gateway/trusted_peers.h"

namespace weir::cli {

// The flags that set what the gateway tells its clients, and which peers may
// ask it. *thread-compatible*
class GatewayFlags {
 public:
  // REQUIRES: this object outlives `line`.
  void add_to(CommandLine& line);

  // InvalidArgument, with the flag's name.
  absl::StatusOr<GatewayOptions> options() const;

  // Likewise; the loopback interface if the flag is not given.
  absl::StatusOr<TrustedPeers> trusted_peers() const;

 private:
  std::string rate_limit_headers_;
  std::string max_retry_after_;
  std::string spread_retries_;
  std::vector<std::string> cors_;
  std::vector<std::string> trust_;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_SERVE_GATEWAY_FLAGS_H_
