// Asks a running `weir serve`.

#ifndef WEIR_CLI_SERVICE_CLIENT_H_
#define WEIR_CLI_SERVICE_CLIENT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "management/credentials.h"

namespace weir::cli {

struct ServiceClientOptions {
  std::string endpoint;  // "http://127.0.0.1:8080"
  // Signs by AWS Signature Version 4, for the region. None: does not sign.
  std::optional<Credential> credential;
  std::string region = "us-east-1";
  // PEM: whom to trust instead of the system's authorities. "": these.
  std::string ca_file;
};

// One connection, which is kept between requests. Redirects are not followed,
// and proxies of the environment not used. *thread-compatible*
class ServiceClient {
 public:
  // InvalidArgument if the endpoint is no URL of HTTP or HTTPS, or has a user,
  // a query or a fragment.
  static absl::StatusOr<std::unique_ptr<ServiceClient>> create(
      ServiceClientOptions options);
  ~ServiceClient();

  // The body of the answer to `GET target`. The target has one parameter at
  // most, for libcurl 7.88 signs a query as it is, not sorted as it has to be.
  //
  // PermissionDenied for a 401 or 403, NotFound for a 404, Unknown for other
  // statuses than 200, each with the server's message; Unavailable if there is
  // no whole answer within ten seconds; ResourceExhausted if it has more than 4
  // MiB.
  absl::StatusOr<std::string> get(const std::string& target);

 private:
  struct Handle;

  ServiceClient(ServiceClientOptions options, std::unique_ptr<Handle> handle);

  const ServiceClientOptions options_;
  const std::unique_ptr<Handle> handle_;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_SERVICE_CLIENT_H_
