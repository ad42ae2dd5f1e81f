#ifndef WEIR_CLI_SERVE_SERVERS_H_
#define WEIR_CLI_SERVE_SERVERS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/enforcer/enforcer.h"
#include "weir/http/server.h"
#include "weir/http/server_statistics.h"
#include "weir/serve/service.h"

namespace weir::cli {

// The addresses at which clients reach a service.
struct Listeners {
  HttpServerOptions management;
  // nullopt: the gateway shares management's address.
  std::optional<HttpServerOptions> gateway;
};

// A service with its one or two HTTP servers.
// *thread-compatible*
class Servers {
 public:
  // Starts answering. Sets `options.http`. The errors are those of
  // Service::create(), and of HttpServer::start() prefixed by the name of the
  // flag. REQUIRES: as Service::create().
  static absl::StatusOr<std::unique_ptr<Servers>> start(
      const Listeners& listeners, Enforcer* enforcer, ServiceOptions options);

  // Calls stop().
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  // Calls HttpServer::replace_certificate() on both servers.
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);

  const Service& service() const { return *service_; }

  // Writes a line with the URL of each server.
  void announce(std::ostream& out) const;

  // Calls HttpServer::stop() on both servers concurrently.
  void stop();

 private:
  struct Server {
    std::unique_ptr<HttpServer> server;
    std::string url;
  };

  Servers() = default;

  absl::Status start_all(const Listeners& listeners, Enforcer* enforcer,
                         ServiceOptions options);
  absl::StatusOr<Server> start_one(HttpServerOptions options,
                                   HttpHandler handler);
  std::optional<HttpServerStatistics> statistics() const;

  // In this order, because the servers call the service until they have
  // stopped.
  std::unique_ptr<Service> service_;
  Server management_;
  Server gateway_;  // may be empty
  // Set once both servers are in place. Requests arrive as soon as one is
  // running; until then, statistics() must not use them.
  std::atomic<bool> started_{false};
};

}  // namespace weir::cli

#endif  // WEIR_CLI_SERVE_SERVERS_H_
