#include "weir/cli/serve/servers.h"

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/listen_socket.h"
#include "weir/http/message.h"

namespace weir::cli {
namespace {

std::string url_of(const HttpServerOptions& options, int port) {
  if (unix_path_of(options.address).has_value()) return options.address;
  const bool brackets = options.address.find(':') != std::string::npos;
  return absl::StrCat(options.tls_key.empty() ? "http://" : "https://",
                      brackets ? "[" : "", options.address, brackets ? "]" : "",
                      ":", port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Servers>> Servers::start(
    const Listeners& listeners, Enforcer* enforcer, ServiceOptions options) {
  std::unique_ptr<Servers> servers(new Servers());
  auto status = servers->start_all(listeners, enforcer, std::move(options));
  if (!status.ok()) return status;
  return servers;
}

Servers::~Servers() { stop(); }

absl::Status Servers::start_all(const Listeners& listeners, Enforcer* enforcer,
                                ServiceOptions options) {
  options.http = [this] { return statistics(); };
  auto service = Service::create(enforcer, std::move(options));
  if (!service.ok()) return service.status();
  service_ = *std::move(service);

  if (listeners.gateway.has_value()) {
    HttpServerOptions gateway_options = *listeners.gateway;
    gateway_options.treat = [this](const HttpRequest& head) {
      return service_->treat_gateway(head);
    };
    auto gateway =
        start_one(gateway_options, [this](const HttpRequest& request) {
          return service_->answer_gateway(request);
        });
    if (!gateway.ok()) {
      return internal::with_prefix(gateway.status(), "--gateway-listen: ");
    }
    gateway_ = *std::move(gateway);
  }
  HttpServerOptions management_options = listeners.management;
  management_options.treat = [this](const HttpRequest& head) {
    return service_->treat(head);
  };
  auto management = start_one(
      management_options,
      [this](const HttpRequest& request) { return service_->answer(request); });
  if (!management.ok())
    return internal::with_prefix(management.status(), "--listen: ");
  management_ = *std::move(management);
  // Pairs with the load in statistics().
  started_.store(true, std::memory_order_release);
  return absl::OkStatus();
}

absl::StatusOr<Servers::Server> Servers::start_one(HttpServerOptions options,
                                                   HttpHandler handler) {
  options.complete_refusal = [this](const HttpRequest& request,
                                    HttpResponse& response) {
    service_->complete_refusal(request, response);
  };
  auto server = HttpServer::start(options, std::move(handler));
  if (!server.ok()) return server.status();
  std::string url = url_of(options, (*server)->port());
  return Server{*std::move(server), std::move(url)};
}

std::optional<HttpServerStatistics> Servers::statistics() const {
  // Pairs with the store in start_all().
  if (!started_.load(std::memory_order_acquire)) return std::nullopt;
  HttpServerStatistics sum = management_.server->statistics();
  if (gateway_.server != nullptr) sum += gateway_.server->statistics();
  return sum;
}

absl::Status Servers::replace_certificate(const std::string& certificate,
                                          const std::string& key) {
  if (gateway_.server != nullptr) {
    auto status = gateway_.server->replace_certificate(certificate, key);
    if (!status.ok()) return status;
  }
  return management_.server->replace_certificate(certificate, key);
}

void Servers::announce(std::ostream& out) const {
  out << "weir: listening on " << management_.url << "\n";
  if (gateway_.server != nullptr) {
    out << "weir: the gateway is " << gateway_.url << "\n";
  }
}

void Servers::stop() {
  // Concurrently, because each may wait for its own requests; one after the
  // other if no thread can be created.
  std::future<void> gateway;
  if (gateway_.server != nullptr) {
    gateway = std::async([this] { gateway_.server->stop(); });
  }
  if (management_.server != nullptr) management_.server->stop();
  if (gateway.valid()) gateway.wait();
}

}  // namespace weir::cli
