#include "weir/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/base/mutex.h"
#include "weir/http/asio.h"
#include "weir/http/connection.h"
#include "weir/http/connection_table.h"
#include "weir/http/listen_socket.h"
#include "weir/http/server_loop.h"
#include "weir/http/tls.h"
#include "weir/http/worker_pool.h"

namespace weir {
namespace {

using Phase = ConnectionTable::Phase;
using Clock = ConnectionTable::Clock;
using std::chrono::milliseconds;
using TlsContext = std::shared_ptr<asio::ssl::context>;

// How long a lingering connection lets its peer finish sending.
constexpr milliseconds kLinger(5000);
constexpr milliseconds kLingerAtTheEnd(250);
// How long a spare connection has for its first request.
constexpr milliseconds kSparePatience(250);
constexpr milliseconds kSpareTlsPatience(1000);
constexpr milliseconds kPauseWithoutDescriptors(100);
constexpr int kMaxAcceptedAtOnce = 64;
// How often timeouts are checked: an expired one is noticed after at most this
// long.
constexpr milliseconds kCheckPeriod(1000);
constexpr milliseconds kSpareCheckPeriod(50);
constexpr milliseconds kDrainCheckPeriod(10);

Clock::duration to_clock(absl::Duration duration) {
  return absl::ToChronoNanoseconds(duration);
}

// "" for a peer without a network address.
std::string address_of(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  if (peer.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(peer).sin_addr,
              text, sizeof(text));
  } else if (peer.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr,
              text, sizeof(text));
  }
  return text;
}

}  // namespace

// The implementation: accepts connections, ends overdue ones, and drains.
// Members that are neither atomic nor guarded by a mutex belong to the loop's
// thread while it runs.
class HttpServer::Daemon {
 public:
  Daemon(const HttpServerOptions& options, HttpHandler handler)
      : loop_(options, std::move(handler)),
        idle_timeout_(to_clock(options.idle_timeout)),
        request_timeout_(to_clock(options.request_timeout)),
        drain_timeout_(to_clock(options.drain_timeout)),
        acceptor_(loop_.io),
        timer_(loop_.io),
        work_(loop_.io.get_executor()) {}
  ~Daemon() { stop(); }

  absl::Status start();
  void stop() {
    std::call_once(stopped_, [this] { stop_once(); });
  }
  int port() const { return port_; }
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);
  HttpServerStatistics statistics() const {
    return loop_.counters.statistics();
  }

 private:
  bool has_tls() const { return !loop_.options.tls_key.empty(); }
  void run();
  void stop_once();

  void listen();
  void accept_connections();
  void pause_accepting();
  void add_connection(int socket, const sockaddr_storage& peer);
  bool make_room(bool& is_spare);

  void check_within(Clock::duration period);
  void check_times();
  void end_overdue();
  void begin_drain();
  void end_undrained();
  void end_silent(bool is_spare);
  template <typename End>
  void end_older(Phase phase, bool is_spare, Clock::duration age, End end);

  ServerLoop loop_;
  const Clock::duration idle_timeout_;
  const Clock::duration request_timeout_;
  const Clock::duration drain_timeout_;

  internal::Mutex certificate_mutex_;
  TlsContext certificate_ ABSL_GUARDED_BY(certificate_mutex_);  // null: no TLS

  int port_ = 0;
  ListenSocket listener_;
  Acceptor acceptor_;  // the same socket, for waiting
  std::optional<Clock::time_point> accepts_again_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>,
                             asio::io_context::executor_type>
      timer_;
  std::optional<Clock::time_point> next_check_;
  Clock::time_point now_;
  Clock::time_point drain_since_;
  // Keeps the loop running until the drain is over.
  asio::executor_work_guard<asio::io_context::executor_type> work_;

  std::thread thread_;
  std::once_flag stopped_;
};

// -- Start and stop --

absl::Status HttpServer::Daemon::start() {
  const HttpServerOptions& options = loop_.options;
  if (has_tls()) {
    auto status = replace_certificate(options.tls_certificate, options.tls_key);
    if (!status.ok()) return status;
  }
  auto listener = ListenSocket::listen(options.address, options.port,
                                       static_cast<mode_t>(options.unix_mode));
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  port_ = listener_.port();
  ErrorCode error;
  acceptor_.assign(StreamProtocol(listener_.family(), 0), listener_.number(),
                   error);
  if (error.failed()) {
    return absl::UnavailableError(
        absl::StrCat(options.address, ": cannot be served: ", error.message()));
  }
  try {
    loop_.workers = std::make_unique<WorkerPool>(options.worker_threads);
    listen();
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failure) {
    return absl::UnavailableError(
        absl::StrCat("HTTP server: no thread: ", failure.what()));
  }
  return absl::OkStatus();
}

absl::Status HttpServer::Daemon::replace_certificate(
    const std::string& certificate, const std::string& key) {
  if (!has_tls()) {
    return absl::FailedPreconditionError("the server is one without TLS");
  }
  auto made = make_tls_context(certificate, key);
  if (!made.ok()) return made.status();
  internal::MutexLock lock(certificate_mutex_);
  certificate_ = *std::move(made);
  return absl::OkStatus();
}

void HttpServer::Daemon::run() {
  while (!loop_.io.stopped()) {
    try {
      loop_.io.run();
    } catch (const std::bad_alloc&) {
      // One handler had no memory; the others go on.
    }
  }
}

void HttpServer::Daemon::stop_once() {
  if (thread_.joinable()) {
    asio::post(loop_.io, [this] { begin_drain(); });
    thread_.join();
  }
  // The listener owns the socket.
  ErrorCode ignored;
  if (acceptor_.is_open()) acceptor_.release(ignored);
  loop_.workers.reset();
}

// -- Accepting --

void HttpServer::Daemon::listen() {
  acceptor_.async_wait(Acceptor::wait_read, [this](ErrorCode error) {
    if (error.failed() || loop_.is_draining) return;
    accept_connections();
    if (!accepts_again_.has_value()) listen();
  });
}

// Calls accept4() itself: sockets from Asio's accept() are inherited by
// programs that this process may start.
void HttpServer::Daemon::accept_connections() {
  now_ = Clock::now();
  for (int i = 0; i < kMaxAcceptedAtOnce; ++i) {
    sockaddr_storage peer = {};
    socklen_t size = sizeof(peer);
    const int socket =
        accept4(listener_.number(), reinterpret_cast<sockaddr*>(&peer), &size,
                SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      try {
        add_connection(socket, peer);
      } catch (...) {
        // Out of memory counts as no room; the socket is closed.
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    const bool has_no_room = errno == EMFILE || errno == ENFILE ||
                             errno == ENOBUFS || errno == ENOMEM;
    if (has_no_room) return pause_accepting();
  }
}

// Waits until there may be descriptors again; connections wait in the kernel.
void HttpServer::Daemon::pause_accepting() {
  if (loop_.is_draining) return;
  if (auto* const idle = loop_.table.next_to_give_way(now_)) {
    loop_.counters.displaced.add();
    static_cast<Connection*>(idle)->close();
    return;  // The listener is still readable.
  }
  accepts_again_ = now_ + kPauseWithoutDescriptors;
  check_within(kPauseWithoutDescriptors);
}

void HttpServer::Daemon::add_connection(int number,
                                        const sockaddr_storage& peer) {
  ServerCounters& counters = loop_.counters;
  counters.accepted.add();
  Socket socket(loop_.io);
  ErrorCode error;
  socket.assign(StreamProtocol(peer.ss_family, 0), number, error);
  if (error.failed()) ::close(number);
  bool is_spare = false;
  if (error.failed() || !make_room(is_spare)) {
    counters.connections_refused.add();
    counters.count(HttpRefusal::kConnections);
    return;
  }
  if (!loop_.is_unix) {
    socket.set_option(asio::ip::tcp::no_delay(true), error);
  }
  TlsContext certificate;
  if (has_tls()) {
    internal::MutexLock lock(certificate_mutex_);
    certificate = certificate_;
  }
  std::make_shared<Connection>(&loop_, std::move(socket), address_of(peer),
                               std::move(certificate))
      ->start(is_spare);
  check_within(kSpareCheckPeriod);  // the check schedules the next one
}

// Returns false if there is no room, not even for a spare connection.
bool HttpServer::Daemon::make_room(bool& is_spare) {
  ConnectionTable& table = loop_.table;
  if (!table.is_full()) return true;
  if (auto* const entry = table.next_to_give_way(now_)) {
    loop_.counters.displaced.add();
    static_cast<Connection*>(entry)->close();
    return true;
  }
  is_spare = true;
  if (table.spare_size() < kSpareHttpConnections) return true;
  auto* const entry = table.next_spare_to_give_way();
  if (entry == nullptr) return false;
  static_cast<Connection*>(entry)->close();
  return true;
}

// -- Times --

void HttpServer::Daemon::check_within(Clock::duration period) {
  period = std::min({period, idle_timeout_ / 4, request_timeout_ / 4});
  const auto at = Clock::now() + period;
  if (next_check_.has_value() && *next_check_ <= at) return;
  timer_.expires_at(at);
  timer_.async_wait([this](ErrorCode error) {
    if (!error.failed()) check_times();
  });
  next_check_ = at;
}

void HttpServer::Daemon::check_times() {
  now_ = Clock::now();
  next_check_.reset();
  if (accepts_again_.has_value() && now_ >= *accepts_again_) {
    accepts_again_.reset();
    listen();
  }
  end_overdue();
  if (loop_.is_draining) end_undrained();
  ConnectionTable& table = loop_.table;
  if (loop_.is_draining) {
    if (table.total() == 0 && loop_.counters.in_progress.value() == 0) {
      return work_.reset();
    }
    check_within(kDrainCheckPeriod);
  } else if (table.spare_size() > 0 || accepts_again_.has_value()) {
    check_within(kSpareCheckPeriod);
  } else if (table.total() > 0) {
    check_within(kCheckPeriod);
  }
}

template <typename End>
void HttpServer::Daemon::end_older(Phase phase, bool is_spare,
                                   Clock::duration age, End end) {
  while (auto* const entry = loop_.table.oldest(phase, is_spare)) {
    if (now_ - entry->since < age) return;
    end(*static_cast<Connection*>(entry));
  }
}

void HttpServer::Daemon::end_overdue() {
  const auto time_out = [this](Connection& connection) {
    loop_.counters.timed_out.add();
    connection.close(/*resets=*/connection.phase == Phase::kSending);
  };
  const auto time_out_request = [this](Connection& connection) {
    loop_.counters.timed_out.add();
    connection.time_out();
  };
  const auto refuse_connection = [](Connection& connection) {
    connection.refuse_connection();
  };
  end_older(Phase::kIdle, false, idle_timeout_, time_out);
  end_older(Phase::kReceiving, false, request_timeout_, time_out_request);
  const Clock::duration patience =
      has_tls() ? kSpareTlsPatience : kSparePatience;
  end_older(Phase::kIdle, true, patience, refuse_connection);
  end_older(Phase::kReceiving, true, patience, refuse_connection);
  for (const bool is_spare : {false, true}) {
    end_older(Phase::kSending, is_spare, request_timeout_, time_out);
  }
  end_older(Phase::kLingering, true, kLinger,
            [](Connection& connection) { connection.close(); });
}

// Ends idle connections only a moment later, so that requests already sent are
// answered.
void HttpServer::Daemon::begin_drain() {
  loop_.is_draining = true;
  accept_connections();
  ErrorCode ignored;
  acceptor_.release(ignored);
  // Other processes may hold the socket, too.
  shutdown(listener_.number(), SHUT_RDWR);
  listener_ = ListenSocket();
  accepts_again_.reset();
  drain_since_ = Clock::now();
  check_within(kDrainCheckPeriod);
}

void HttpServer::Daemon::end_undrained() {
  const auto end = [](Connection& connection) { connection.close(); };
  const bool is_over = now_ - drain_since_ >= drain_timeout_;
  for (const bool is_spare : {false, true}) {
    // Counted from when the handler was done.
    end_older(Phase::kSending, is_spare, drain_timeout_, end);
    end_silent(is_spare);
    if (is_over) {
      end_older(Phase::kIdle, is_spare, Clock::duration::zero(), end);
      end_older(Phase::kReceiving, is_spare, Clock::duration::zero(), end);
    }
  }
  end_older(Phase::kLingering, true,
            std::min<Clock::duration>(drain_timeout_, kLingerAtTheEnd), end);
}

// Stops at the first connection that has unread input: the loop reads it next.
void HttpServer::Daemon::end_silent(bool is_spare) {
  while (auto* const entry = loop_.table.oldest(Phase::kIdle, is_spare)) {
    auto& connection = *static_cast<Connection*>(entry);
    if (!connection.is_silent()) return;
    connection.close();
  }
}

// -- HttpServer --

HttpServer::HttpServer(std::unique_ptr<Daemon> daemon)
    : daemon_(std::move(daemon)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::start(
    const HttpServerOptions& options, HttpHandler handler) {
  absl::Status status = check_http_server_options(options);
  if (!status.ok()) return status;
  auto daemon = std::make_unique<Daemon>(options, std::move(handler));
  status = daemon->start();
  if (!status.ok()) return status;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(daemon)));
}

int HttpServer::port() const { return daemon_->port(); }

absl::Status HttpServer::replace_certificate(const std::string& certificate,
                                             const std::string& key) {
  return daemon_->replace_certificate(certificate, key);
}

void HttpServer::stop() { daemon_->stop(); }

HttpServerStatistics HttpServer::statistics() const {
  return daemon_->statistics();
}

}  // namespace weir
