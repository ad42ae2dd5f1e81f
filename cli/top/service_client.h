// A client of a running `weir serve`.

#ifndef WEIR_CLI_TOP_SERVICE_CLIENT_H_
#define WEIR_CLI_TOP_SERVICE_CLIENT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/management/credentials.h"

namespace weir::cli {

struct ServiceClientOptions {
  std::string endpoint;  // "http://127.0.0.1:8080"
  // Signs requests by AWS Signature Version 4, for the region. nullopt: does
  // not sign.
  std::optional<Credential> credential;
  std::string region = "us-east-1";
  // A PEM file of the authorities to trust. "": the system's.
  std::string ca_file;
};

// A client with one connection, which is kept between requests. Follows no
// redirects, and ignores proxies in the environment. *thread-compatible*
class ServiceClient {
 public:
  // InvalidArgument if the endpoint is not an HTTP or HTTPS URL, or has a user,
  // a query or a fragment.
  static absl::StatusOr<std::unique_ptr<ServiceClient>> create(
      ServiceClientOptions options);
  ~ServiceClient();

  // The body of the answer to `GET target`. The target may have at most one
  // parameter, because libcurl 7.88 signs the query without sorting it.
  //
  // PermissionDenied for a 401 or 403, NotFound for a 404, Unknown for other
  // statuses than 200, each with the server's message; Unavailable if there is
  // no complete answer within ten seconds; ResourceExhausted if it has more
  // than 4 MiB.
  absl::StatusOr<std::string> get(const std::string& target);

 private:
  struct Handle;

  ServiceClient(ServiceClientOptions options, std::unique_ptr<Handle> handle);

  const ServiceClientOptions options_;
  const std::unique_ptr<Handle> handle_;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_TOP_SERVICE_CLIENT_H_
