#include "http/server.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enforcer/mutex.h"
#include "http/connection_table.h"
#include "http/error_response.h"
#include "http/grammar.h"
#include "http/headers.h"
#include "http/listen_socket.h"
#include "http/request_head.h"
#include "http/request_id.h"
#include "http/tls_certificate.h"
#include "json/text.h"
#include "store/descriptor.h"

namespace weir {
namespace {

using Phase = ConnectionTable::Phase;

// Connections that have been refused or ended, and are about to close.
constexpr int kSpareConnections = 32;
// Of a thread. What of it is never touched costs nothing.
constexpr size_t kStackBytes = 1 << 20;
constexpr char kTlsPriorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";

absl::Status check(const HttpServerOptions& options) {
  const auto invalid = [](std::string_view what) {
    return absl::InvalidArgumentError(to_absl(what));
  };
  if (options.max_connections < 1 || options.max_requests_in_progress < 1 ||
      options.max_header_bytes < 1 || options.max_header_bytes > (1 << 20)) {
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
  rlimit files = {};
  const rlim_t needed = options.max_connections + kSpareConnections;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && needed >= files.rlim_cur) {
    return invalid(absl::StrCat("max_connections: ", options.max_connections,
                                " cannot be, as the process may open only ",
                                files.rlim_cur, " files"));
  }
  return absl::OkStatus();
}

// For what the handler has no part in.
HttpResponse own_error(int status, std::string_view type,
                       std::string_view message) {
  HttpResponse response = error_response(status, type, message);
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

HttpResponse too_many_requests(std::string_view message) {
  return own_error(429, "TooManyRequestsException", message);
}

HttpResponse internal_error() {
  return own_error(500, "InternalFailure", "Internal server error");
}

// What a connection for which there is no room is told.
std::string no_room_text() {
  const HttpResponse response = too_many_requests("Too many connections");
  std::string text = "HTTP/1.1 429 Too Many Requests\r\n";
  for (const auto& [name, value] : response.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  absl::StrAppend(&text,
                  "connection: close\r\ncontent-length: ", response.body.size(),
                  "\r\n\r\n", response.body);
  return text;
}

// A part of `total`, given back at the end.
class Share {
 public:
  explicit Share(std::atomic<size_t>& total) : total_(total) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { end(); }

  // Returns the new total.
  size_t add(size_t size) {
    size_ += size;
    return total_ += size;
  }
  void end() { total_ -= std::exchange(size_, 0); }

 private:
  std::atomic<size_t>& total_;
  size_t size_ = 0;
};

// A body on its way to a peer.
struct Answer {
  Answer(std::string text, std::atomic<size_t>& body_bytes)
      : body(std::move(text)), bytes(body_bytes) {
    bytes.add(body.size());
  }

  std::string body;
  Share bytes;
};

// One request, from its request line to its answer.
struct Exchange {
  Exchange(const char* text, std::atomic<size_t>& body_bytes)
      : received_target(text), bytes(body_bytes) {}

  // Where it was received, and a copy: the parser decodes it in place.
  const char* const received_target;
  const std::string target = received_target;

  bool has_head = false;
  bool asks_for_head = false;
  HttpRequest request;
  Share bytes;  // of its body
  // Sent when the rest of the body has been thrown away: many clients read
  // nothing before they have sent everything.
  std::optional<HttpResponse> refusal;
  bool closes = false;
};

struct Peer {
  std::shared_ptr<const TlsCertificate> certificate;  // that it was shown
  ConnectionTable::Connection* connection = nullptr;
  std::string address;
  std::unique_ptr<Exchange> exchange;
};

// "" if the system does not know it any more.
std::string address_of(int socket) {
  sockaddr_storage address;
  socklen_t size = sizeof(address);
  char text[NI_MAXHOST];
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool known = getpeername(socket, generic, &size) == 0 &&
                     getnameinfo(generic, size, text, sizeof(text), nullptr, 0,
                                 NI_NUMERICHOST) == 0;
  return known ? text : "";
}

// Null for a connection that is not served.
Peer* peer_of(MHD_Connection* handle) {
  return static_cast<Peer*>(
      MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
          ->socket_context);
}

ReceivedHead head_of(const Exchange& exchange, MHD_Connection* handle,
                     std::string_view method, std::string_view version) {
  ReceivedHead head = {
      method, exchange.target, exchange.received_target, version, {}, 0};
  // So that nothing is thrown in the middle of the iteration.
  head.headers.reserve(
      MHD_get_connection_values_n(handle, MHD_HEADER_KIND, nullptr, nullptr));
  const auto add = [](void* headers, MHD_ValueKind, const char* name,
                      size_t name_size, const char* value, size_t value_size) {
    static_cast<decltype(head.headers)*>(headers)->emplace_back(
        std::string_view(name, name_size), std::string_view(value, value_size));
    return MHD_YES;
  };
  MHD_get_connection_values_n(handle, MHD_HEADER_KIND, add, &head.headers);
  head.bytes =
      MHD_get_connection_info(handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
          ->header_size;
  return head;
}

bool can_be_sent(const HttpResponse& response, size_t max_header_bytes) {
  size_t bytes = 0;
  for (const auto& [name, value] : response.headers) {
    bytes += name.size() + value.size() + 4;
  }
  return response.status >= 200 && response.status <= 599 &&
         bytes <= max_header_bytes;
}

bool is_servers_own(std::string_view name) {
  for (const char* own : {"connection", "content-length", "date", "keep-alive",
                          "transfer-encoding", "upgrade"}) {
    if (absl::EqualsIgnoreCase(to_absl(name), own)) return true;
  }
  return false;
}

MHD_Response* new_message(std::string body, std::atomic<size_t>& body_bytes) {
  auto answer = std::make_unique<Answer>(std::move(body), body_bytes);
  MHD_Response* const message =
      MHD_create_response_from_buffer_with_free_callback_cls(
          answer->body.size(), answer->body.data(),
          [](void* sent) { delete static_cast<Answer*>(sent); }, answer.get());
  if (message != nullptr) (void)answer.release();  // It is the message's now.
  return message;
}

// For an answer to HEAD, or a 304: says how long the body is that it does not
// have.
MHD_Response* new_message_without_body(const HttpHeaders& headers) {
  const auto length = parse_content_length(
      single_header(headers, "content-length").value_or(""));
  const uint64_t size = length.value_or(MHD_SIZE_UNKNOWN);
  const auto never_called = [](void*, uint64_t, char*, size_t) -> ssize_t {
    return MHD_CONTENT_READER_END_WITH_ERROR;
  };
  MHD_Response* const message = MHD_create_response_from_callback(
      size, /*block_size=*/1, never_called, nullptr, nullptr);
  if (message != nullptr && size == MHD_SIZE_UNKNOWN) {
    // Else it would announce chunks, and send the last of them.
    MHD_set_response_options(message, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT,
                             MHD_RO_END);
  }
  return message;
}

// Where this thread, while it starts a daemon, has the daemon's messages.
thread_local std::string* start_log = nullptr;

}  // namespace

// libmicrohttpd, with a thread for each connection, so that a handler that
// waits, for a disk or another server, holds up nobody else.
class HttpServer::Daemon {
 public:
  Daemon(const HttpServerOptions& options, HttpHandler handler)
      : options_(options),
        handler_(std::move(handler)),
        connections_({static_cast<size_t>(options.max_connections),
                      options.idle_timeout, options.request_timeout}) {}
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
  // What libmicrohttpd calls, with `self` the Daemon. Must not throw.
  static void log(void* self, const char* format, va_list values);
  static void notify_connection(void* self, MHD_Connection* handle,
                                void** context,
                                MHD_ConnectionNotificationCode code);
  static void* notify_target(void* self, const char* target,
                             MHD_Connection* handle);
  static MHD_Result notify_request(void* self, MHD_Connection* handle,
                                   const char* url, const char* method,
                                   const char* version, const char* data,
                                   size_t* size, void** context);
  static void notify_completed(void* self, MHD_Connection* handle,
                               void** context, MHD_RequestTerminationCode code);

  void stop_once();
  Peer* add_connection(MHD_Connection* handle);
  bool show_certificate(MHD_Connection* handle, Peer& peer);
  MHD_Result begin(Peer& peer, MHD_Connection* handle, std::string_view method,
                   std::string_view version);
  void take_body(Exchange& exchange, std::string_view data);
  MHD_Result finish(Peer& peer, MHD_Connection* handle);
  HttpResponse handle_request(const HttpRequest& request);
  void complete_refusal(const HttpRequest& request, HttpResponse& response) {
    if (options_.complete_refusal) options_.complete_refusal(request, response);
  }
  void refuse(Exchange& exchange, HttpResponse response);
  void refuse_body(Exchange& exchange);
  MHD_Result send(Peer& peer, MHD_Connection* handle, HttpResponse response);

  const HttpServerOptions options_;
  const HttpHandler handler_;
  ConnectionTable connections_;
  std::atomic<size_t> in_progress_{0};
  std::atomic<size_t> body_bytes_{0};
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> refused_{0};

  // Null: no TLS.
  Mutex certificate_mutex_;
  std::shared_ptr<const TlsCertificate> certificate_
      ABSL_GUARDED_BY(certificate_mutex_);

  int port_ = 0;
  MHD_Daemon* daemon_ = nullptr;
  std::once_flag stopped_;
};

// -- Start and stop --

absl::Status HttpServer::Daemon::start() {
  const bool tls = !options_.tls_key.empty();
  if (tls) {
    auto status =
        replace_certificate(options_.tls_certificate, options_.tls_key);
    if (!status.ok()) return status;
  }
  auto listener = listen_on(options_.address, options_.port);
  if (!listener.ok()) return listener.status();
  port_ = listener->port;

  const auto pointer = [](const char* text) { return const_cast<char*>(text); };
  // The certificate is for the daemon to start: each connection gets its own.
  const MHD_OptionItem tls_options[] = {
      {MHD_OPTION_HTTPS_PRIORITIES, 0, pointer(kTlsPriorities)},
      {MHD_OPTION_HTTPS_MEM_CERT, 0, pointer(options_.tls_certificate.c_str())},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, pointer(options_.tls_key.c_str())},
      {MHD_OPTION_END, 0, nullptr}};
  const MHD_OptionItem no_options[] = {{MHD_OPTION_END, 0, nullptr}};
  std::string messages;
  start_log = &messages;
  daemon_ = MHD_start_daemon(
      MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION |
          MHD_USE_ITC | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0),
      0, nullptr, nullptr, &notify_request, this, MHD_OPTION_EXTERNAL_LOGGER,
      &log, this, MHD_OPTION_LISTEN_SOCKET,
      // Its own, which it closes if it fails.
      fcntl(listener->descriptor.number(), F_DUPFD_CLOEXEC, 0),
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
      static_cast<unsigned>(options_.max_connections + kSpareConnections),
      // For the head, for what is noted of each header, and for the answer's.
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, 3 * options_.max_header_bytes + 4096,
      MHD_OPTION_THREAD_STACK_SIZE, kStackBytes,
      // No MHD_OPTION_CONNECTION_TIMEOUT: it would count the handler's time.
      MHD_OPTION_NOTIFY_CONNECTION, &notify_connection, this,
      MHD_OPTION_URI_LOG_CALLBACK, &notify_target, this,
      MHD_OPTION_NOTIFY_COMPLETED, &notify_completed, this, MHD_OPTION_ARRAY,
      tls ? tls_options : no_options, MHD_OPTION_END);
  start_log = nullptr;
  if (daemon_ != nullptr) return absl::OkStatus();
  messages = std::string(absl::StripAsciiWhitespace(messages));
  return absl::UnavailableError(
      absl::StrCat(options_.address, ": cannot be served: ", messages));
}

absl::Status HttpServer::Daemon::replace_certificate(
    const std::string& certificate, const std::string& key) {
  if (options_.tls_key.empty()) {
    return absl::FailedPreconditionError("the server is one without TLS");
  }
  auto made = TlsCertificate::from_pem(certificate, key);
  if (!made.ok()) return made.status();
  MutexLock lock(certificate_mutex_);
  certificate_ = *std::move(made);
  return absl::OkStatus();
}

void HttpServer::Daemon::stop_once() {
  if (daemon_ == nullptr) return;
  const Descriptor listener(MHD_quiesce_daemon(daemon_));
  // New connections are refused from now on, rather than left to wait.
  shutdown(listener.number(), SHUT_RDWR);
  connections_.drain(options_.drain_timeout);
  MHD_stop_daemon(daemon_);
}

HttpServerStatistics HttpServer::Daemon::statistics() const {
  const ConnectionTable::Statistics connections = connections_.statistics();
  HttpServerStatistics statistics;
  statistics.connections = static_cast<int64_t>(connections.connections);
  statistics.requests_in_progress = static_cast<int64_t>(in_progress_);
  statistics.body_bytes = static_cast<int64_t>(body_bytes_);
  statistics.connections_accepted = connections.accepted;
  statistics.connections_timed_out = connections.timed_out;
  statistics.connections_displaced = connections.displaced;
  statistics.connections_refused = connections.refused;
  statistics.requests = requests_;
  statistics.requests_refused = refused_;
  return statistics;
}

void HttpServer::Daemon::log(void* /*self*/, const char* format,
                             va_list values) {
  // What it says later is about single peers, and any can make it say much.
  if (start_log == nullptr) return;
  char text[512];
  std::vsnprintf(text, sizeof(text), format, values);
  start_log->append(text);
}

// -- Connections --

void HttpServer::Daemon::notify_connection(
    void* self, MHD_Connection* handle, void** context,
    MHD_ConnectionNotificationCode code) {
  auto* const daemon = static_cast<Daemon*>(self);
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    *context = daemon->add_connection(handle);
  } else if (*context != nullptr) {
    const std::unique_ptr<Peer> peer(static_cast<Peer*>(*context));
    daemon->connections_.remove(peer->connection);
  }
}

// Null if the connection is not to be served.
Peer* HttpServer::Daemon::add_connection(MHD_Connection* handle) {
  const int socket =
      MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)
          ->connect_fd;
  try {
    auto peer = std::make_unique<Peer>();
    peer->address = address_of(socket);
    if (show_certificate(handle, *peer)) {
      peer->connection = connections_.add(socket);
    }
    if (peer->connection != nullptr) return peer.release();
    if (options_.tls_key.empty()) {
      const std::string text = no_room_text();
      // A new socket's buffer has place for this.
      (void)::send(socket, text.data(), text.size(),
                   MSG_DONTWAIT | MSG_NOSIGNAL);
    }
  } catch (...) {
    // No memory is no room.
  }
  shutdown(socket, SHUT_RDWR);
  return nullptr;
}

bool HttpServer::Daemon::show_certificate(MHD_Connection* handle, Peer& peer) {
  {
    MutexLock lock(certificate_mutex_);
    peer.certificate = certificate_;
  }
  if (peer.certificate == nullptr) return true;
  const auto* const info =
      MHD_get_connection_info(handle, MHD_CONNECTION_INFO_GNUTLS_SESSION);
  return peer.certificate->show_in(
      static_cast<gnutls_session_t>(info->tls_session));
}

// -- Requests --

void* HttpServer::Daemon::notify_target(void* self, const char* target,
                                        MHD_Connection* handle) {
  auto* const daemon = static_cast<Daemon*>(self);
  Peer* const peer = peer_of(handle);
  if (peer == nullptr ||
      !daemon->connections_.enter(peer->connection, Phase::kReceiving)) {
    return nullptr;
  }
  try {
    peer->exchange = std::make_unique<Exchange>(target, daemon->body_bytes_);
  } catch (...) {
    // Without an exchange, the connection will be closed.
  }
  return nullptr;
}

// Called when the head is there, then with each piece of the body, and at the
// end without one. An answer to the first call ends the connection; with a
// piece of a body, none can be given.
MHD_Result HttpServer::Daemon::notify_request(
    void* self, MHD_Connection* handle, const char* /*url*/, const char* method,
    const char* version, const char* data, size_t* size, void** /*context*/) {
  auto* const daemon = static_cast<Daemon*>(self);
  Peer* const peer = peer_of(handle);
  if (peer == nullptr || peer->exchange == nullptr) return MHD_NO;
  try {
    if (!peer->exchange->has_head) {
      return daemon->begin(*peer, handle, method, version);
    }
    if (*size == 0) return daemon->finish(*peer, handle);
    daemon->take_body(*peer->exchange, {data, *size});
    *size = 0;
    return MHD_YES;
  } catch (...) {
    return MHD_NO;
  }
}

void HttpServer::Daemon::notify_completed(void* self, MHD_Connection* handle,
                                          void** /*context*/,
                                          MHD_RequestTerminationCode /*code*/) {
  Peer* const peer = peer_of(handle);
  if (peer == nullptr) return;
  peer->exchange.reset();
  static_cast<Daemon*>(self)->connections_.enter(peer->connection,
                                                 Phase::kWaiting);
}

MHD_Result HttpServer::Daemon::begin(Peer& peer, MHD_Connection* handle,
                                     std::string_view method,
                                     std::string_view version) {
  Exchange& exchange = *peer.exchange;
  exchange.has_head = true;
  const ReceivedHead received = head_of(exchange, handle, method, version);
  if (received.bytes > options_.max_header_bytes) {
    exchange.closes = true;
    refuse(exchange, own_error(431, "BadRequestException",
                               "Request header fields too large"));
    return finish(peer, handle);
  }
  auto head = read_head(received);
  if (!head.ok()) {
    exchange.closes = true;
    refuse(exchange, own_error(400, "BadRequestException",
                               std::string(head.status().message())));
    return finish(peer, handle);
  }
  exchange.request = std::move(head->request);
  exchange.asks_for_head = exchange.request.method == "HEAD";
  exchange.request.peer_address = peer.address;
  exchange.request.over_tls = !options_.tls_key.empty();
  if (head->content_length > options_.max_body_bytes) {
    refuse_body(exchange);
    // Its peer waits to hear whether to send the body.
    if (head->expects_continue) return finish(peer, handle);
  } else {
    exchange.request.body.reserve(head->content_length);
  }
  return MHD_YES;
}

void HttpServer::Daemon::take_body(Exchange& exchange, std::string_view data) {
  if (exchange.refusal.has_value()) return;
  std::string& body = exchange.request.body;
  if (data.size() > options_.max_body_bytes - body.size()) {
    refuse_body(exchange);
  } else if (exchange.bytes.add(data.size()) > options_.max_total_body_bytes) {
    refuse(exchange, too_many_requests("Too many request bodies at once"));
  } else {
    body.append(data);
  }
}

MHD_Result HttpServer::Daemon::finish(Peer& peer, MHD_Connection* handle) {
  Exchange& exchange = *peer.exchange;
  if (exchange.refusal.has_value()) {
    return send(peer, handle, *std::move(exchange.refusal));
  }
  if (!connections_.enter(peer.connection, Phase::kHandling)) return MHD_NO;
  HttpResponse response = handle_request(exchange.request);
  exchange.request = HttpRequest();
  exchange.bytes.end();
  return send(peer, handle, std::move(response));
}

HttpResponse HttpServer::Daemon::handle_request(const HttpRequest& request) {
  Share slot(in_progress_);
  if (slot.add(1) > static_cast<size_t>(options_.max_requests_in_progress) ||
      body_bytes_ > options_.max_total_body_bytes) {
    ++refused_;
    HttpResponse response = too_many_requests("Too many requests at once");
    complete_refusal(request, response);
    return response;
  }
  ++requests_;
  try {
    HttpResponse response = handler_(request);
    if (can_be_sent(response, options_.max_header_bytes)) return response;
  } catch (...) {
    // Handlers do not throw, but memory may be short.
  }
  return internal_error();
}

void HttpServer::Daemon::refuse(Exchange& exchange, HttpResponse response) {
  ++refused_;
  exchange.request.body.clear();
  complete_refusal(exchange.request, response);
  exchange.refusal = std::move(response);
  exchange.request = HttpRequest();
  exchange.bytes.end();
}

void HttpServer::Daemon::refuse_body(Exchange& exchange) {
  exchange.closes = true;
  refuse(exchange, own_error(413, "RequestEntityTooLargeException",
                             "Request body too large"));
}

MHD_Result HttpServer::Daemon::send(Peer& peer, MHD_Connection* handle,
                                    HttpResponse response) {
  if (!connections_.enter(peer.connection, Phase::kSending)) return MHD_NO;
  const bool leaves_body_out =
      peer.exchange->asks_for_head || response.status == MHD_HTTP_NOT_MODIFIED;
  MHD_Response* const message =
      leaves_body_out && response.body.empty()
          ? new_message_without_body(response.headers)
          : new_message(std::move(response.body), body_bytes_);
  if (message == nullptr) return MHD_NO;
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && is_header_value(value) && !is_servers_own(name)) {
      MHD_add_response_header(message, name.c_str(), value.c_str());
    }
  }
  if (peer.exchange->closes || connections_.is_draining()) {
    MHD_add_response_header(message, "connection", "close");
  }
  const MHD_Result result =
      MHD_queue_response(handle, response.status, message);
  MHD_destroy_response(message);
  return result;
}

// -- HttpServer --

HttpServer::HttpServer(std::unique_ptr<Daemon> daemon)
    : daemon_(std::move(daemon)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::start(
    const HttpServerOptions& options, HttpHandler handler) {
  if (absl::Status status = check(options); !status.ok()) return status;
  std::unique_ptr<Daemon> daemon;
  try {
    daemon = std::make_unique<Daemon>(options, std::move(handler));
  } catch (const std::system_error& error) {
    return absl::UnavailableError(
        absl::StrCat("HTTP server: no thread: ", error.what()));
  }
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
