#ifndef WEIR_CLI_SERVERS_H_
#define WEIR_CLI_SERVERS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "enforcer/enforcer.h"
#include "http/server.h"
#include "http/server_statistics.h"
#include "serve/service.h"

namespace weir::cli {

// Where clients reach a service.
struct Listeners {
  HttpServerOptions management;
  // None: the gateway is beside the management.
  std::optional<HttpServerOptions> gateway;
};

// A service, and the one or two HTTP servers that it answers through.
// *thread-compatible*
class Servers {
 public:
  // Answers from now on. Sets `options.http`. The errors are those of
  // Service::create(), and of HttpServer::start() with the name of the flag
  // before them. REQUIRES: as Service::create().
  static absl::StatusOr<std::unique_ptr<Servers>> start(
      const Listeners& listeners, Enforcer* enforcer, ServiceOptions options);

  // stop().
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

  // HttpServer::replace_certificate() of both.
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);

  const Service& service() const { return *service_; }

  // Writes a line for each, with its URL.
  void announce(std::ostream& out) const;

  // HttpServer::stop() of both at once.
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

  // In this order, as the servers call the service until they have stopped.
  std::unique_ptr<Service> service_;
  Server management_;
  Server gateway_;  // may be none
  // Until both are in their places, statistics() leaves them alone: requests
  // come as soon as there is one.
  std::atomic<bool> started_{false};
};

}  // namespace weir::cli

#endif  // WEIR_CLI_SERVERS_H_
