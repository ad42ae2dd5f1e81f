#include "examples/gateway/gateway.h"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "http/message.h"
#include "json/text.h"
#include "plan/plan_error.h"

namespace weir {
namespace {

constexpr char kHost[] = "127.0.0.1";
constexpr char kJson[] = "application/json";
constexpr char kBackendAnswer[] = R"({"message":"Hello from the backend"})";

constexpr size_t kMaxBodyBytes = 1 << 20;
constexpr int kMaxConnections = 256;
constexpr auto kPatience = std::chrono::seconds(5);  // with a silent client
// A connection holds a thread: after this many requests it is another's turn,
// so that an operator gets through however busy the clients are.
constexpr size_t kRequestsPerConnection = 1000;

// httplib's thread pool, for so many connections at a time and no more: others
// wait in the system's backlog.
class ConnectionPool : public httplib::ThreadPool {
 public:
  using ThreadPool::ThreadPool;

  void enqueue(std::function<void()> serve) override {
    std::unique_lock<std::mutex> lock(mutex_);
    room_.wait(lock, [this] { return connections_ < kMaxConnections; });
    ++connections_;
    lock.unlock();
    ThreadPool::enqueue([this, serve = std::move(serve)] {
      serve();
      std::lock_guard<std::mutex> done(mutex_);
      --connections_;
      room_.notify_one();
    });
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  int connections_ = 0;
};

// Reads the body, if there is one. False if that fails or it is too large; the
// response's status says which.
bool read_body(const httplib::Request& request,
               const httplib::ContentReader& reader, std::string& body,
               httplib::Response& response) {
  // httplib would wait for the end of the connection.
  if (!request.has_header("Content-Length") &&
      !request.has_header("Transfer-Encoding")) {
    return true;
  }
  const auto receive = [&](const char* data, size_t size) {
    body.append(data, size);
    return body.size() <= kMaxBodyBytes;
  };
  const auto any_part = [](const httplib::MultipartFormData&) { return true; };
  const bool complete = request.is_multipart_form_data()
                            ? reader(any_part, receive)
                            : reader(receive);
  if (body.size() > kMaxBodyBytes) response.status = 413;
  return complete;
}

void set_error(const std::string& type, httplib::Response& response) {
  if (!type.empty()) response.set_header("x-amzn-ErrorType", type);
}

// The routes go with the plans.
ManagementOptions keep_up(LiveRoutes& routes) {
  ManagementOptions options;
  options.before_plan_change = [&routes](const v1::UsagePlan& plan) {
    return routes.prepare(plan);
  };
  options.after_plan_change = [&routes](std::string_view plan_id) {
    (void)routes.refresh(plan_id);
  };
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SmallGateway>> SmallGateway::start(
    const v1::UsagePlan& plan, absl::Span<const v1::ApiKey> keys,
    const SmallGatewayOptions& options) {
  Options enforcer_options;
  enforcer_options.clock = options.clock;
  auto enforcer = Enforcer::create(std::move(enforcer_options));
  if (!enforcer.ok()) return enforcer.status();

  const auto created = (*enforcer)->create_usage_plan(plan);
  if (!created.ok()) return with_prefix(created.status(), "usage plan: ");
  for (const v1::ApiKey& key : keys) {
    absl::Status status = (*enforcer)->create_api_key(key).status();
    if (status.ok()) {
      status =
          (*enforcer)->create_usage_plan_key(created->id(), key.id()).status();
    }
    if (!status.ok()) {
      return with_prefix(status, absl::StrCat("API key ", key.name(), ": "));
    }
  }

  std::unique_ptr<SmallGateway> gateway(
      new SmallGateway(*std::move(enforcer), *created, keys, options.headers));
  if (auto status = gateway->routes_.load_all(); !status.ok()) {
    return with_prefix(status, "usage plan: ");
  }
  if (auto status = gateway->listen(options); !status.ok()) return status;
  return gateway;
}

SmallGateway::SmallGateway(std::unique_ptr<Enforcer> enforcer,
                           const v1::UsagePlan& plan,
                           absl::Span<const v1::ApiKey> keys,
                           HeaderFormat headers)
    : enforcer_(std::move(enforcer)),
      plan_id_(plan.id()),
      headers_(headers),
      routes_(enforcer_.get()),
      management_(enforcer_.get(), keep_up(routes_)),
      counters_(keys) {}

SmallGateway::~SmallGateway() {
  server_.stop();
  if (acceptor_.joinable()) acceptor_.join();
}

absl::Status SmallGateway::listen(const SmallGatewayOptions& options) {
  const httplib::Server::Handler without_body =
      [this](const httplib::Request& request, httplib::Response& response) {
        answer(request, "", response);
      };
  const httplib::Server::HandlerWithContentReader with_body =
      [this](const httplib::Request& request, httplib::Response& response,
             const httplib::ContentReader& reader) {
        std::string body;
        if (read_body(request, reader, body, response)) {
          answer(request, body, response);
        }
      };
  constexpr char kEverything[] = R"([\s\S]*)";
  server_.Get(kEverything, without_body);  // and HEAD
  server_.Options(kEverything, without_body);
  server_.Post(kEverything, with_body);
  server_.Put(kEverything, with_body);
  server_.Patch(kEverything, with_body);
  server_.Delete(kEverything, with_body);

  server_.set_payload_max_length(kMaxBodyBytes);
  server_.set_read_timeout(kPatience);
  server_.set_write_timeout(kPatience);
  server_.set_keep_alive_timeout(kPatience.count());
  server_.set_keep_alive_max_count(kRequestsPerConnection);
  server_.set_tcp_nodelay(true);
  // httplib's own would let a second gateway share the port.
  server_.set_socket_options([](socket_t socket) {
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server_.new_task_queue = [threads = options.threads] {
    return new ConnectionPool(threads);
  };

  port_ = options.port;
  const bool bound = port_ == 0 ? (port_ = server_.bind_to_any_port(kHost)) > 0
                                : server_.bind_to_port(kHost, port_);
  if (!bound) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", kHost, ":", options.port));
  }
  serving_ = true;
  acceptor_ = std::thread([this] {
    server_.listen_after_bind();
    serving_ = false;
  });
  // stop() has no effect on a server that is not running yet.
  while (serving_ && !server_.is_running()) std::this_thread::yield();
  return absl::OkStatus();
}

void SmallGateway::answer(const httplib::Request& request,
                          std::string_view body, httplib::Response& response) {
  if (Management::serves(request.target)) {
    const HttpResponse reply =
        management_
            .answer({request.method, request.target, {}, std::string(body)})
            .response;
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) {
      response.set_header(name, value);
    }
    response.body = reply.body;
  } else if (request.path == "/-/metrics") {
    response.set_content(counters_.to_prometheus(),
                         "text/plain; version=0.0.4");
  } else {
    answer_call(request, response);
  }
}

void SmallGateway::answer_call(const httplib::Request& request,
                               httplib::Response& response) {
  const std::string api_key = request.get_header_value("x-api-key");
  Call call;
  call.api_key = api_key;
  call.route = routes_.find(request.target, request.method);
  const Decision decision = enforcer_->admit(call);
  counters_.count(api_key, decision.outcome);

  const HttpAnswer answer = http_answer(decision);
  response.status = answer.status;
  set_error(std::string(answer.error_type), response);
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const size_t count = rate_limit_headers(
      decision, headers_, absl::MakeSpan(storage), absl::MakeSpan(headers));
  for (size_t i = 0; i < count; ++i) {
    response.set_header(std::string(headers[i].name),
                        std::string(headers[i].value));
  }
  response.set_content(
      decision.admitted() ? kBackendAnswer : std::string(answer.body), kJson);
}

}  // namespace weir
