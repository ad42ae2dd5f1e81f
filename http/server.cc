#include "http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "enforcer/mutex.h"
#include "http/connection.h"
#include "http/connection_table.h"
#include "http/epoll.h"
#include "http/error_response.h"
#include "http/listen_socket.h"
#include "http/request_head.h"
#include "http/request_id.h"
#include "http/response_head.h"
#include "http/tls.h"
#include "http/worker_pool.h"
#include "json/text.h"

namespace weir {
namespace {

using Phase = ConnectionTable::Phase;
using Clock = ConnectionTable::Clock;
using std::chrono::milliseconds;

// Beyond max_connections: see ConnectionTable.
constexpr size_t kSpareConnections = 64;
// The listener, the loop's own, and one for a moment.
constexpr int kOwnDescriptors = 4;
// Of a body that nobody asked for, before the connection is closed instead.
constexpr uint64_t kMostDiscarded = 64 << 10;
// How long, and for how many bytes, a connection that is about to close lets
// its peer finish what it is sending, and so read the answer.
constexpr milliseconds kLinger(5000);
constexpr milliseconds kLingerAtTheEnd(250);
constexpr uint64_t kMostLingeringBytes = 32 << 20;
// For the first request on a spare connection.
constexpr milliseconds kSparePatience(250);
constexpr milliseconds kSpareTlsPatience(1000);
constexpr milliseconds kPauseWithoutDescriptors(100);
constexpr int kMostAcceptedAtOnce = 64;
// The largest record of TLS. So many pipelined requests are answered before the
// next connection has its turn.
constexpr size_t kReadBytes = 16 << 10;
constexpr int kMostReadsAtOnce = 4;

absl::Status check_descriptors(const HttpServerOptions& options) {
  rlimit files = {};
  const rlim_t needed = static_cast<rlim_t>(options.max_connections) +
                        kSpareConnections + kOwnDescriptors +
                        std::max(options.other_descriptors, 0);
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || needed < files.rlim_cur) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "max_connections: ", options.max_connections,
      " cannot be, as the process may open only ", files.rlim_cur, " files"));
}

absl::Status check(const HttpServerOptions& options) {
  const auto invalid = [](std::string_view what) {
    return absl::InvalidArgumentError(to_absl(what));
  };
  if (options.max_connections < 1 || options.max_requests_in_progress < 1 ||
      options.worker_threads < 1 || options.max_header_bytes < 1 ||
      options.max_header_bytes > (1 << 20)) {
    return invalid(
        "HTTP server: bounds must be 1 at least, headers' 1 MiB at "
        "most");
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

// For what the handler has no part in.
HttpResponse own_error(int status, std::string_view type,
                       std::string_view message) {
  HttpResponse response = error_response(status, type, message);
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

HttpResponse internal_error() {
  return own_error(500, "InternalFailure", "Internal server error");
}

// What a refused request is told.
HttpResponse refusal_answer(HttpRefusal reason) {
  const auto unavailable = [](std::string_view message) {
    return own_error(503, "ServiceUnavailableException", message);
  };
  switch (reason) {
    case HttpRefusal::kBodyTooLarge:
      return own_error(413, "RequestEntityTooLargeException",
                       "Request body too large");
    case HttpRefusal::kTimeout:
      return own_error(408, "RequestTimeoutException",
                       "The request was not there in time");
    case HttpRefusal::kConnections:
      return unavailable("Too many connections");
    case HttpRefusal::kRequests:
      return unavailable("Too many requests at once");
    case HttpRefusal::kMemory:
      return unavailable("Too many request bodies and answers at once");
    case HttpRefusal::kHeadTooLarge:
      return own_error(431, "BadRequestException",
                       "Request header fields too large");
    case HttpRefusal::kMalformed:
    case HttpRefusal::kHandshake:
      break;
  }
  return own_error(400, "BadRequestException", "malformed request");
}

bool can_be_sent(const HttpResponse& response, size_t max_header_bytes) {
  size_t bytes = 0;
  for (const auto& [name, value] : response.headers) {
    bytes += name.size() + value.size() + 4;
  }
  return response.status >= 200 && response.status <= 599 &&
         bytes <= max_header_bytes;
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

// Counts from one thread, read by any.
class Counter {
 public:
  void add(int64_t count = 1) {
    value_.store(value() + count, std::memory_order_relaxed);
  }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

}  // namespace

// An event loop, in a thread of its own, and workers. What has no mutex and is
// not atomic is the loop's, once that runs.
class HttpServer::Daemon {
 public:
  Daemon(const HttpServerOptions& options, HttpHandler handler)
      : options_(options),
        handler_(std::move(handler)),
        idle_timeout_(absl::ToChronoNanoseconds(options.idle_timeout)),
        request_timeout_(absl::ToChronoNanoseconds(options.request_timeout)),
        drain_timeout_(absl::ToChronoNanoseconds(options.drain_timeout)),
        table_(static_cast<size_t>(options.max_connections)) {}
  ~Daemon() { stop(); }

  absl::Status start();
  void stop() {
    std::call_once(stopped_, [this] { stop_once(); });
  }
  int port() const { return port_; }
  absl::Status replace_certificate(const std::string& certificate,
                                   const std::string& key);
  HttpServerStatistics statistics() const;

 private:
  struct Completion {
    Connection* connection;
    HttpResponse response;
  };

  void stop_once();

  // The loop.
  void run();
  bool is_finished() const {
    return draining_ && table_.total() == 0 && in_progress_.value() == 0;
  }
  int wait_ms() const;
  void serve(const epoll_event& event);
  void serve_connection(Connection& connection);
  void complete_requests();
  void begin_drain();
  void check_times();
  void end_overdue();
  void end_undrained();
  void end_overdue_request(Connection& connection);
  template <typename End>
  void end_older(Phase phase, bool is_spare, Clock::duration age, End end);

  // Connections.
  void accept_connections();
  void pause_accepting();
  void add_connection(int socket, const sockaddr_storage& peer);
  bool make_room(bool& is_spare);
  void watch(Connection& connection, uint32_t events);
  void close(Connection& connection, bool reset = false);
  void linger(Connection& connection);
  void discard_input(Connection& connection);

  // Requests.
  void receive(Connection& connection);
  void read(Connection& connection, std::string_view received);
  bool read_some(Connection& connection, std::string_view& input);
  bool read_head(Connection& connection, std::string_view& input);
  void read_body(Connection& connection, std::string_view& input);
  void keep_body(Connection& connection, std::string_view data);
  void discard_body(Connection& connection, std::string_view data);
  // From when the request's time counts.
  void begin_receiving(Connection& connection) {
    if (connection.phase != Phase::kIdle) return;
    table_.enter(connection, Phase::kReceiving, now_);
  }
  void begin_request(Connection& connection, bool has_more);
  void answer_from_head(Connection& connection);
  void expect_body(Connection& connection, bool has_more);
  void hand_over(Connection& connection);
  HttpResponse handle(const HttpRequest& request);

  // Answers.
  void refuse(Connection& connection, HttpRefusal reason, HttpResponse answer,
              const HttpRequest& request, bool closes);
  void refuse_begun(Connection& connection, HttpRefusal reason, bool closes);
  void refuse_unread(Connection& connection, HttpRefusal reason,
                     HttpResponse answer);
  void refuse_malformed(Connection& connection, std::string_view message);
  bool has_long_unread_body(const Connection& connection) const;
  void respond(Connection& connection, HttpResponse response);
  void send_output(Connection& connection);
  void end_answer(Connection& connection);
  void end_exchange(Connection& connection);

  void count(HttpRefusal reason) {
    refused_[static_cast<size_t>(reason)].add();
  }
  Counter& bytes_of(const Connection& connection) {
    return bytes_[static_cast<size_t>(connection.request_class)];
  }

  const HttpServerOptions options_;
  const HttpHandler handler_;
  const Clock::duration idle_timeout_;
  const Clock::duration request_timeout_;
  const Clock::duration drain_timeout_;

  // Null: no TLS.
  Mutex certificate_mutex_;
  std::shared_ptr<const TlsContext> certificate_
      ABSL_GUARDED_BY(certificate_mutex_);

  Mutex completed_mutex_;
  std::vector<Completion> completed_ ABSL_GUARDED_BY(completed_mutex_);

  const bool is_unix_ = unix_path_of(options_.address).has_value();
  int port_ = 0;
  ListenSocket listener_;
  Epoll epoll_;
  ConnectionTable table_;
  Clock::time_point now_;
  Clock::time_point next_check_;
  Clock::time_point accepts_again_;  // while is_paused_
  bool is_paused_ = false;
  bool draining_ = false;
  Clock::time_point drain_since_;
  time_t date_seconds_ = 0;
  std::string date_;
  std::array<char, kReadBytes> received_;
  RequestHead head_;
  std::string head_text_;
  // Freed when no event of this turn can be theirs any more.
  std::vector<std::unique_ptr<Connection>> closed_;

  std::array<Counter, 3> bytes_;  // by HttpRequestClass
  std::array<Counter, kHttpRefusals> refused_;
  Counter connections_, accepted_, timed_out_, displaced_;
  Counter connections_refused_, requests_refused_, in_progress_;
  std::atomic<int64_t> requests_{0};

  std::atomic<bool> stopping_{false};
  std::unique_ptr<WorkerPool> workers_;
  std::thread loop_;
  std::once_flag stopped_;
};

// -- Start and stop --

absl::Status HttpServer::Daemon::start() {
  if (!options_.tls_key.empty()) {
    auto status =
        replace_certificate(options_.tls_certificate, options_.tls_key);
    if (!status.ok()) return status;
  }
  auto listener = ListenSocket::listen(options_.address, options_.port,
                                       static_cast<mode_t>(options_.unix_mode));
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  port_ = listener_.port();
  if (!epoll_.is_open() ||
      !epoll_.add(listener_.number(), EPOLLIN, &listener_)) {
    return absl::UnavailableError(absl::StrCat(
        options_.address,
        ": cannot be served: ", std::generic_category().message(errno)));
  }
  try {
    workers_ = std::make_unique<WorkerPool>(options_.worker_threads);
    loop_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return absl::UnavailableError(
        absl::StrCat("HTTP server: no thread: ", error.what()));
  }
  return absl::OkStatus();
}

absl::Status HttpServer::Daemon::replace_certificate(
    const std::string& certificate, const std::string& key) {
  if (options_.tls_key.empty()) {
    return absl::FailedPreconditionError("the server is one without TLS");
  }
  auto made = TlsContext::from_pem(certificate, key);
  if (!made.ok()) return made.status();
  MutexLock lock(certificate_mutex_);
  certificate_ = *std::move(made);
  return absl::OkStatus();
}

void HttpServer::Daemon::stop_once() {
  if (!loop_.joinable()) return;
  stopping_ = true;
  epoll_.wake();
  loop_.join();
  workers_.reset();
}

HttpServerStatistics HttpServer::Daemon::statistics() const {
  HttpServerStatistics statistics;
  statistics.connections = connections_.value();
  statistics.requests_in_progress = in_progress_.value();
  for (const Counter& bytes : bytes_) statistics.body_bytes += bytes.value();
  statistics.connections_accepted = accepted_.value();
  statistics.connections_timed_out = timed_out_.value();
  statistics.connections_displaced = displaced_.value();
  statistics.connections_refused = connections_refused_.value();
  statistics.requests = requests_;
  statistics.requests_refused = requests_refused_.value();
  for (size_t i = 0; i < kHttpRefusals; ++i) {
    statistics.refused[i] = refused_[i].value();
  }
  return statistics;
}

// -- The loop --

void HttpServer::Daemon::run() {
  std::array<epoll_event, 64> events;
  now_ = next_check_ = Clock::now();
  while (!is_finished()) {
    const int count = epoll_.wait(absl::MakeSpan(events), wait_ms());
    now_ = Clock::now();
    if (const time_t seconds = time(nullptr); seconds != date_seconds_) {
      date_seconds_ = seconds;
      date_ = http_date(seconds);
    }
    for (int i = 0; i < count; ++i) serve(events[i]);
    complete_requests();
    if (stopping_ && !draining_) begin_drain();
    if (now_ >= next_check_) check_times();
    closed_.clear();
  }
}

int HttpServer::Daemon::wait_ms() const {
  if (table_.total() == 0 && !is_paused_ && !draining_) return -1;
  const auto left =
      std::chrono::duration_cast<milliseconds>(next_check_ - now_);
  return static_cast<int>(std::max<int64_t>(left.count() + 1, 0));
}

void HttpServer::Daemon::serve(const epoll_event& event) {
  if (event.data.ptr == nullptr) return epoll_.end_wake();
  if (event.data.ptr == &listener_) return accept_connections();
  auto& connection = *static_cast<Connection*>(event.data.ptr);
  if (!connection.socket.is_open()) return;
  try {
    serve_connection(connection);
  } catch (...) {
    // No memory for it.
    close(connection);
  }
}

void HttpServer::Daemon::serve_connection(Connection& connection) {
  switch (connection.phase) {
    case Phase::kIdle:
    case Phase::kReceiving:
      return receive(connection);
    case Phase::kHandling:
      // What comes, be it the connection's end, has to wait.
      return watch(connection, 0);
    case Phase::kSending:
      send_output(connection);
      if (connection.reads()) read(connection, {});
      return;
    case Phase::kLingering:
      return discard_input(connection);
  }
}

void HttpServer::Daemon::complete_requests() {
  std::vector<Completion> completed;
  {
    MutexLock lock(completed_mutex_);
    completed.swap(completed_);
  }
  for (Completion& completion : completed) {
    Connection& connection = *completion.connection;
    in_progress_.add(-1);
    try {
      end_exchange(connection);
      respond(connection, std::move(completion.response));
      if (connection.reads()) read(connection, {});
    } catch (...) {
      close(connection);
    }
  }
}

// Connections whose requests have been sent already may have them answered.
void HttpServer::Daemon::begin_drain() {
  draining_ = true;
  drain_since_ = next_check_ = now_;
  accept_connections();
  epoll_.remove(listener_.number());
  // Other processes may have it, too.
  shutdown(listener_.number(), SHUT_RDWR);
  listener_ = ListenSocket();
  is_paused_ = false;
  for (const bool is_spare : {false, true}) {
    while (auto* const entry = table_.oldest(Phase::kIdle, is_spare)) {
      auto& connection = static_cast<Connection&>(*entry);
      serve_connection(connection);
      // A handshake is no request yet.
      if (connection.phase == Phase::kIdle || connection.is_shaking_hands()) {
        close(connection);
      }
    }
  }
}

void HttpServer::Daemon::check_times() {
  if (is_paused_ && now_ >= accepts_again_) {
    is_paused_ = false;
    epoll_.change(listener_.number(), EPOLLIN, &listener_);
  }
  end_overdue();
  if (draining_) end_undrained();
  auto period = std::min(idle_timeout_, request_timeout_) / 4;
  period = std::min<Clock::duration>(period, milliseconds(1000));
  if (table_.spare_size() > 0 || is_paused_) {
    period = std::min<Clock::duration>(period, milliseconds(50));
  }
  if (draining_) period = std::min<Clock::duration>(period, milliseconds(10));
  next_check_ = now_ + period;
}

template <typename End>
void HttpServer::Daemon::end_older(Phase phase, bool is_spare,
                                   Clock::duration age, End end) {
  while (auto* const entry = table_.oldest(phase, is_spare)) {
    if (now_ - entry->since < age) return;
    end(static_cast<Connection&>(*entry));
  }
}

void HttpServer::Daemon::end_overdue() {
  const auto time_out = [this](Connection& connection) {
    timed_out_.add();
    close(connection, /*reset=*/connection.phase == Phase::kSending);
  };
  const auto time_out_request = [this](Connection& connection) {
    timed_out_.add();
    end_overdue_request(connection);
  };
  const auto refuse_connection = [this](Connection& connection) {
    if (connection.is_shaking_hands()) return end_overdue_request(connection);
    refuse_unread(connection, HttpRefusal::kConnections,
                  refusal_answer(HttpRefusal::kConnections));
  };
  end_older(Phase::kIdle, false, idle_timeout_, time_out);
  end_older(Phase::kReceiving, false, request_timeout_, time_out_request);
  const Clock::duration patience =
      options_.tls_key.empty() ? kSparePatience : kSpareTlsPatience;
  end_older(Phase::kIdle, true, patience, refuse_connection);
  end_older(Phase::kReceiving, true, patience, refuse_connection);
  for (const bool is_spare : {false, true}) {
    end_older(Phase::kSending, is_spare, request_timeout_, time_out);
  }
  end_older(Phase::kLingering, true, kLinger,
            [this](Connection& connection) { close(connection); });
}

void HttpServer::Daemon::end_overdue_request(Connection& connection) {
  const bool was_answered = connection.exchange == nullptr &&
                            connection.body.state() == BodyReader::State::kMore;
  if (connection.is_shaking_hands()) {
    count(HttpRefusal::kHandshake);
    close(connection, /*reset=*/true);
  } else if (was_answered) {
    close(connection, /*reset=*/true);
  } else if (connection.exchange != nullptr) {
    refuse_begun(connection, HttpRefusal::kTimeout, /*closes=*/true);
  } else {
    refuse_unread(connection, HttpRefusal::kTimeout,
                  refusal_answer(HttpRefusal::kTimeout));
  }
}

void HttpServer::Daemon::end_undrained() {
  const auto end = [this](Connection& connection) { close(connection); };
  const bool is_over = now_ - drain_since_ >= drain_timeout_;
  for (const bool is_spare : {false, true}) {
    // From when the handler was done.
    end_older(Phase::kSending, is_spare, drain_timeout_, end);
    end_older(Phase::kIdle, is_spare, Clock::duration::zero(), end);
    if (is_over) {
      end_older(Phase::kReceiving, is_spare, Clock::duration::zero(), end);
    }
  }
  end_older(Phase::kLingering, true,
            std::min<Clock::duration>(drain_timeout_, kLingerAtTheEnd), end);
}

// -- Connections --

void HttpServer::Daemon::accept_connections() {
  for (int i = 0; i < kMostAcceptedAtOnce; ++i) {
    sockaddr_storage peer = {};
    socklen_t size = sizeof(peer);
    const int socket =
        accept4(listener_.number(), reinterpret_cast<sockaddr*>(&peer), &size,
                SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      try {
        add_connection(socket, peer);
      } catch (...) {
        // No memory is no room; the socket is closed.
      }
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    const bool has_no_room = errno == EMFILE || errno == ENFILE ||
                             errno == ENOBUFS || errno == ENOMEM;
    if (has_no_room) return pause_accepting();
  }
}

// Until there may be descriptors again: the connections wait in the kernel.
void HttpServer::Daemon::pause_accepting() {
  if (draining_) return;
  if (auto* const idle = table_.next_to_give_way(now_)) {
    displaced_.add();
    close(static_cast<Connection&>(*idle));
    return;  // The listener is still readable.
  }
  is_paused_ = true;
  accepts_again_ = now_ + kPauseWithoutDescriptors;
  next_check_ = std::min(next_check_, accepts_again_);
  epoll_.change(listener_.number(), 0, &listener_);
}

void HttpServer::Daemon::add_connection(int socket,
                                        const sockaddr_storage& peer) {
  auto connection = std::make_unique<Connection>(socket);
  accepted_.add();
  connection->peer_address = address_of(peer);
  if (!is_unix_) {
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  }
  if (!options_.tls_key.empty()) {
    std::shared_ptr<const TlsContext> certificate;
    {
      MutexLock lock(certificate_mutex_);
      certificate = certificate_;
    }
    connection->tls = TlsStream::create(std::move(certificate), socket);
    if (connection->tls == nullptr) return;
  }
  bool is_spare = false;
  if (!make_room(is_spare) || !epoll_.add(socket, EPOLLIN, connection.get())) {
    connections_refused_.add();
    count(HttpRefusal::kConnections);
    return;
  }
  connection->watched_events = EPOLLIN;
  table_.add(*connection, now_, is_spare);
  if (is_spare) next_check_ = std::min(next_check_, now_ + milliseconds(50));
  if (table_.total() == 1) next_check_ = now_;
  (void)connection.release();  // The table's, until close().
  connections_.add(is_spare ? 0 : 1);
}

// False if there is none, not even as a spare one.
bool HttpServer::Daemon::make_room(bool& is_spare) {
  if (!table_.is_full()) return true;
  if (auto* const entry = table_.next_to_give_way(now_)) {
    displaced_.add();
    close(static_cast<Connection&>(*entry));
    return true;
  }
  is_spare = true;
  if (table_.spare_size() < kSpareConnections) return true;
  auto* const entry = table_.next_spare_to_give_way();
  if (entry == nullptr) return false;
  close(static_cast<Connection&>(*entry));
  return true;
}

void HttpServer::Daemon::watch(Connection& connection, uint32_t events) {
  if (connection.watched_events == events) return;
  const int socket = connection.socket.number();
  if (events == 0) {
    epoll_.remove(socket);
  } else if (connection.watched_events == 0) {
    epoll_.add(socket, events, &connection);
  } else {
    epoll_.change(socket, events, &connection);
  }
  connection.watched_events = events;
}

void HttpServer::Daemon::close(Connection& connection, bool reset) {
  if (!connection.socket.is_open()) return;
  end_exchange(connection);
  bytes_of(connection).add(-static_cast<int64_t>(connection.charged));
  if (!connection.is_spare()) connections_.add(-1);
  table_.remove(connection);
  watch(connection, 0);
  const int socket = connection.socket.number();
  if (reset) {
    // Or the kernel would keep what was not read.
    const ::linger none = {1, 0};
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  } else {
    // A child of this process may have it, too.
    shutdown(socket, SHUT_RDWR);
  }
  connection.tls.reset();
  connection.socket = Descriptor();
  closed_.emplace_back(&connection);
}

void HttpServer::Daemon::linger(Connection& connection) {
  if (connection.tls != nullptr) connection.tls->end();
  shutdown(connection.socket.number(), SHUT_WR);
  if (!connection.is_spare()) connections_.add(-1);
  table_.enter(connection, Phase::kLingering, now_);
  connection.discarded = 0;
  connection.input = std::string();
  watch(connection, EPOLLIN);
  while (table_.spare_size() > kSpareConnections) {
    close(static_cast<Connection&>(*table_.next_spare_to_give_way()));
  }
}

void HttpServer::Daemon::discard_input(Connection& connection) {
  // What comes is no longer of interest, TLS or not.
  const ssize_t size =
      recv(connection.socket.number(), received_.data(), received_.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size > 0) connection.discarded += static_cast<uint64_t>(size);
  if (size <= 0 || connection.discarded > kMostLingeringBytes) {
    close(connection);
  }
}

// -- Requests --

void HttpServer::Daemon::receive(Connection& connection) {
  for (int i = 0; i < kMostReadsAtOnce && connection.reads(); ++i) {
    const bool was_shaking_hands = connection.is_shaking_hands();
    const IoResult result =
        connection.receive(received_.data(), received_.size());
    if (was_shaking_hands && connection.is_shaking_hands() &&
        result.state == IoResult::State::kFailed) {
      count(HttpRefusal::kHandshake);
    }
    switch (result.state) {
      case IoResult::State::kDone:
        if (connection.watched_events != EPOLLIN) watch(connection, EPOLLIN);
        read(connection, {received_.data(), result.size});
        // There is no more at present.
        if (connection.tls == nullptr && result.size < received_.size()) return;
        continue;
      case IoResult::State::kWantsRead:
      case IoResult::State::kWantsWrite:
        watch(connection,
              result.state == IoResult::State::kWantsRead ? EPOLLIN : EPOLLOUT);
        if (connection.is_shaking_hands()) {
          begin_receiving(connection);
        } else if (was_shaking_hands) {
          table_.enter(connection, Phase::kIdle, now_);
        }
        return;
      case IoResult::State::kEnded:
      case IoResult::State::kFailed:
        return close(connection);
    }
  }
}

// Reads what was left before and what was received now; keeps what is left.
void HttpServer::Daemon::read(Connection& connection,
                              std::string_view received) {
  std::string kept;
  std::string_view rest = received;
  if (!connection.input.empty()) {
    kept.swap(connection.input);
    kept.append(received);
    rest = kept;
  }
  while (connection.reads() && !rest.empty() && read_some(connection, rest)) {
  }
  if (!connection.socket.is_open() || connection.phase == Phase::kLingering) {
    return;
  }
  if (!kept.empty() && rest.size() == kept.size()) {
    connection.input = std::move(kept);
  } else {
    connection.input.assign(rest);
  }
}

// False if it needs more.
bool HttpServer::Daemon::read_some(Connection& connection,
                                   std::string_view& input) {
  if (connection.body.state() == BodyReader::State::kMore) {
    read_body(connection, input);
    return true;
  }
  if (!connection.skipped_empty_line && input.front() == '\r') {
    // One before a request is from a client that ends bodies with it.
    if (input.size() > 1 && input[1] == '\n') {
      input.remove_prefix(2);
      connection.skipped_empty_line = true;
      return true;
    }
    if (input.size() == 1) {
      begin_receiving(connection);
      return false;
    }
  }
  return read_head(connection, input);
}

bool HttpServer::Daemon::read_head(Connection& connection,
                                   std::string_view& input) {
  const auto end = connection.scanner.find_end(input);
  if (!end.ok()) {
    refuse_malformed(connection, std::string(end.status().message()));
    return true;
  }
  const size_t max_bytes = options_.max_header_bytes;
  if (end->value_or(input.size()) > max_bytes) {
    const bool is_target = input.substr(0, max_bytes).find('\n') == input.npos;
    refuse_unread(connection, HttpRefusal::kHeadTooLarge,
                  is_target ? own_error(414, "BadRequestException",
                                        "Request target too long")
                            : refusal_answer(HttpRefusal::kHeadTooLarge));
    return true;
  }
  if (!end->has_value()) {
    begin_receiving(connection);
    return false;
  }
  const absl::Status status = weir::read_head(input.substr(0, **end), head_);
  input.remove_prefix(**end);
  connection.scanner = HeadScanner();
  connection.skipped_empty_line = false;
  if (!status.ok()) {
    refuse_malformed(connection, std::string(status.message()));
    return true;
  }
  begin_request(connection, !input.empty());
  return true;
}

void HttpServer::Daemon::begin_request(Connection& connection, bool has_more) {
  HttpRequest& request = head_.request;
  request.peer_address = connection.peer_address;
  request.over_tls = connection.tls != nullptr;
  request.over_unix_socket = is_unix_;
  connection.to_head = request.method == "HEAD";
  connection.to_http_1_0 = head_.is_http_1_0;
  connection.closes = !head_.keeps_alive;
  connection.body = BodyReader(head_, options_.max_header_bytes);
  connection.discarded = 0;
  const HttpTreatment treatment =
      options_.treat ? options_.treat(request) : HttpTreatment();
  connection.request_class = treatment.request_class;
  table_.set_class(connection, treatment.request_class);
  if (connection.is_spare() &&
      treatment.request_class != HttpRequestClass::kHealth) {
    refuse_begun(connection, HttpRefusal::kConnections, /*closes=*/true);
  } else if (bytes_of(connection).value() >
             static_cast<int64_t>(options_.max_total_body_bytes)) {
    refuse_begun(connection, HttpRefusal::kMemory,
                 has_long_unread_body(connection));
  } else if (treatment.from_head) {
    answer_from_head(connection);
  } else {
    expect_body(connection, has_more);
  }
}

// Whether the rest of a body is too long to be discarded, or need not come:
// its peer may wait to hear whether to send it.
bool HttpServer::Daemon::has_long_unread_body(
    const Connection& connection) const {
  return connection.body.state() == BodyReader::State::kMore &&
         (connection.body.remaining() > kMostDiscarded ||
          head_.expects_continue);
}

void HttpServer::Daemon::answer_from_head(Connection& connection) {
  connection.closes |= has_long_unread_body(connection);
  respond(connection, handle(head_.request));
}

void HttpServer::Daemon::expect_body(Connection& connection, bool has_more) {
  if (head_.content_length > options_.max_body_bytes) {
    return refuse_begun(connection, HttpRefusal::kBodyTooLarge,
                        /*closes=*/true);
  }
  connection.exchange = std::make_unique<Exchange>();
  connection.exchange->request = std::move(head_.request);
  head_.request = HttpRequest();
  if (connection.body.state() == BodyReader::State::kDone) {
    return hand_over(connection);
  }
  connection.exchange->request.body.reserve(head_.content_length);
  begin_receiving(connection);
  if (!head_.expects_continue || has_more || head_.is_http_1_0) return;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const IoResult result = connection.transmit(kContinue, {});
  if (result.state != IoResult::State::kDone ||
      result.size != kContinue.size()) {
    close(connection);
  }
}

void HttpServer::Daemon::read_body(Connection& connection,
                                   std::string_view& input) {
  std::string_view data;
  const auto state = connection.body.read(input, data);
  const bool is_wanted = connection.exchange != nullptr;
  if (state == BodyReader::State::kMalformed) {
    if (!is_wanted) return linger(connection);
    return refuse_malformed(connection, "malformed request: chunks");
  }
  if (is_wanted) {
    keep_body(connection, data);
  } else {
    discard_body(connection, data);
  }
}

void HttpServer::Daemon::keep_body(Connection& connection,
                                   std::string_view data) {
  Exchange& exchange = *connection.exchange;
  std::string& body = exchange.request.body;
  if (data.size() > options_.max_body_bytes - body.size()) {
    return refuse_begun(connection, HttpRefusal::kBodyTooLarge,
                        /*closes=*/true);
  }
  Counter& bytes = bytes_of(connection);
  if (bytes.value() + static_cast<int64_t>(data.size()) >
      static_cast<int64_t>(options_.max_total_body_bytes)) {
    return refuse_begun(connection, HttpRefusal::kMemory,
                        connection.body.remaining() > kMostDiscarded);
  }
  bytes.add(static_cast<int64_t>(data.size()));
  exchange.charged += data.size();
  body.append(data);
  if (connection.body.state() == BodyReader::State::kDone) {
    hand_over(connection);
  }
}

void HttpServer::Daemon::discard_body(Connection& connection,
                                      std::string_view data) {
  connection.discarded += data.size();
  if (connection.discarded > kMostDiscarded) return linger(connection);
  if (connection.body.state() == BodyReader::State::kDone) {
    table_.enter(connection, Phase::kIdle, now_);
  }
}

void HttpServer::Daemon::hand_over(Connection& connection) {
  if (in_progress_.value() >= options_.max_requests_in_progress) {
    return refuse_begun(connection, HttpRefusal::kRequests, /*closes=*/false);
  }
  const auto work = [this, &connection] {
    Completion completion = {&connection, handle(connection.exchange->request)};
    connection.exchange->request = HttpRequest();
    {
      MutexLock lock(completed_mutex_);
      completed_.push_back(std::move(completion));
    }
    epoll_.wake();
  };
  in_progress_.add();
  try {
    workers_->add(work);
  } catch (...) {
    in_progress_.add(-1);
    throw;
  }
  table_.enter(connection, Phase::kHandling, now_);
}

HttpResponse HttpServer::Daemon::handle(const HttpRequest& request) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  try {
    HttpResponse response = handler_(request);
    if (can_be_sent(response, options_.max_header_bytes)) return response;
  } catch (...) {
    // Handlers do not throw, but memory may be short.
  }
  return internal_error();
}

void HttpServer::Daemon::end_exchange(Connection& connection) {
  if (connection.exchange == nullptr) return;
  bytes_of(connection).add(-static_cast<int64_t>(connection.exchange->charged));
  connection.exchange.reset();
}

// -- Answers --

void HttpServer::Daemon::refuse(Connection& connection, HttpRefusal reason,
                                HttpResponse answer, const HttpRequest& request,
                                bool closes) {
  count(reason);
  (reason == HttpRefusal::kConnections ? connections_refused_
                                       : requests_refused_)
      .add();
  if (options_.complete_refusal) options_.complete_refusal(request, answer);
  end_exchange(connection);
  connection.closes |= closes;
  respond(connection, std::move(answer));
}

// The request of the exchange; or else that of the head that was just read.
void HttpServer::Daemon::refuse_begun(Connection& connection,
                                      HttpRefusal reason, bool closes) {
  if (connection.exchange != nullptr) {
    head_.request = std::move(connection.exchange->request);
    head_.request.body = std::string();
  }
  refuse(connection, reason, refusal_answer(reason), head_.request, closes);
}

// A request of which not even the head was understood.
void HttpServer::Daemon::refuse_unread(Connection& connection,
                                       HttpRefusal reason,
                                       HttpResponse answer) {
  connection.to_head = connection.to_http_1_0 = false;
  refuse(connection, reason, std::move(answer), HttpRequest(), /*closes=*/true);
}

void HttpServer::Daemon::refuse_malformed(Connection& connection,
                                          std::string_view message) {
  HttpResponse answer = own_error(400, "BadRequestException", message);
  if (connection.exchange == nullptr) {
    return refuse_unread(connection, HttpRefusal::kMalformed,
                         std::move(answer));
  }
  const HttpRequest request = std::move(connection.exchange->request);
  refuse(connection, HttpRefusal::kMalformed, std::move(answer),
         HttpRequest{request.method, request.target, request.headers, ""},
         /*closes=*/true);
}

void HttpServer::Daemon::respond(Connection& connection,
                                 HttpResponse response) {
  ResponseContext context;
  context.to_head = connection.to_head;
  context.to_http_1_0 = connection.to_http_1_0;
  context.date = date_;
  connection.closes |= draining_ || connection.is_spare() ||
                       !has_known_length(response, context);
  context.closes = connection.closes;
  head_text_.clear();
  append_response_head(response, context, head_text_);
  if (!sends_body(response, context)) response.body.clear();
  connection.sent = 0;
  if (connection.tls != nullptr) {
    connection.output = absl::StrCat(head_text_, response.body);
    return send_output(connection);
  }
  const IoResult result = connection.transmit(head_text_, response.body);
  if (result.state == IoResult::State::kFailed) return close(connection);
  if (result.size == head_text_.size() + response.body.size()) {
    return end_answer(connection);
  }
  if (result.size >= head_text_.size()) {
    connection.sent = result.size - head_text_.size();
    connection.output = std::move(response.body);
  } else {
    connection.sent = result.size;
    connection.output = absl::StrCat(head_text_, response.body);
  }
  send_output(connection);
}

void HttpServer::Daemon::send_output(Connection& connection) {
  while (connection.sent < connection.output.size()) {
    const IoResult result = connection.transmit(
        {}, std::string_view(connection.output).substr(connection.sent));
    if (result.state == IoResult::State::kDone) {
      connection.sent += result.size;
      continue;
    }
    if (result.state == IoResult::State::kEnded ||
        result.state == IoResult::State::kFailed) {
      return close(connection);
    }
    watch(connection,
          result.state == IoResult::State::kWantsRead ? EPOLLIN : EPOLLOUT);
    if (connection.phase != Phase::kSending) {
      connection.charged = connection.output.size();
      bytes_of(connection).add(static_cast<int64_t>(connection.charged));
      table_.enter(connection, Phase::kSending, now_);
    }
    return;
  }
  bytes_of(connection)
      .add(-static_cast<int64_t>(std::exchange(connection.charged, 0)));
  connection.output = std::string();
  end_answer(connection);
}

void HttpServer::Daemon::end_answer(Connection& connection) {
  if (connection.closes) return linger(connection);
  watch(connection, EPOLLIN);
  const bool discards = connection.body.state() == BodyReader::State::kMore;
  table_.enter(connection, discards ? Phase::kReceiving : Phase::kIdle, now_);
}

// -- HttpServer --

HttpServer::HttpServer(std::unique_ptr<Daemon> daemon)
    : daemon_(std::move(daemon)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::start(
    const HttpServerOptions& options, HttpHandler handler) {
  if (absl::Status status = check(options); !status.ok()) return status;
  auto daemon = std::make_unique<Daemon>(options, std::move(handler));
  if (absl::Status status = daemon->start(); !status.ok()) return status;
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
