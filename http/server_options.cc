#include "weir/http/server_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir {
namespace {

// The listener, the event loop's, and one for a connection being accepted.
constexpr int kOwnDescriptors = 6;

absl::Status check_descriptors(const HttpServerOptions& options) {
  rlimit files = {};
  const rlim_t needed = static_cast<rlim_t>(options.max_connections) +
                        kSpareHttpConnections + kOwnDescriptors +
                        std::max(options.other_descriptors, 0);
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || needed < files.rlim_cur) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "max_connections: ", options.max_connections,
      " cannot be, as the process may open only ", files.rlim_cur, " files"));
}

}  // namespace

absl::Status check_http_server_options(const HttpServerOptions& options) {
  const auto invalid = [](std::string_view what) {
    return absl::InvalidArgumentError(internal::to_absl(what));
  };
  if (options.max_connections < 1 || options.max_requests_in_progress < 1 ||
      options.worker_threads < 1 || options.max_header_bytes < 1 ||
      options.max_header_bytes > (1 << 20)) {
    return invalid(
        "HTTP server: bounds must be 1 at least, headers' 1 MiB at most");
  }
  if (options.max_total_body_bytes < options.max_body_bytes) {
    return invalid("HTTP server: there must be room for one body at least");
  }
  if (options.idle_timeout <= absl::ZeroDuration() ||
      options.request_timeout <= absl::ZeroDuration()) {
    return invalid("HTTP server: timeouts must be above 0");
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return invalid("TLS needs both a certificate and a key");
  }
  return check_descriptors(options);
}

}  // namespace weir
