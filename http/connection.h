#ifndef WEIR_HTTP_CONNECTION_H_
#define WEIR_HTTP_CONNECTION_H_

#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "weir/http/asio.h"
#include "weir/http/connection_table.h"
#include "weir/http/line_scanner.h"
#include "weir/http/message.h"
#include "weir/http/peer_stream.h"
#include "weir/http/refusal.h"
#include "weir/http/request_parser.h"
#include "weir/http/server_loop.h"

namespace weir {

// A server's connection to one peer: reads requests one after the other, has
// them handled, and sends the answers. An idle connection holds no buffers.
//
// Pending asio operations keep it alive; close() ends them. Only the loop's
// thread uses a connection, except that a worker uses the request that it
// handles.
class Connection : public ConnectionTable::Entry,
                   public std::enable_shared_from_this<Connection> {
 public:
  // A null `context` means no TLS.
  Connection(ServerLoop* loop, Socket socket, std::string peer_address,
             std::shared_ptr<asio::ssl::context> context);

  // Adds the connection to the table and serves it. Does neither, and throws,
  // if there is no memory.
  void start(bool is_spare);

  // Removes the connection from the table. `resets` drops unsent data.
  void close(bool resets = false);

  // The request did not arrive in time.
  void time_out();
  // The table was full, and the time to send a health request is over.
  void refuse_connection();
  // Whether the connection is idle and has no unread input.
  bool is_silent() const;

 private:
  using Phase = ConnectionTable::Phase;
  using Clock = ConnectionTable::Clock;

  // A request whose body is being read, or that a worker handles.
  struct Exchange {
    HttpRequest request;
    size_t charged = 0;  // bytes of the body that are charged
  };

  // -- connection.cc: bytes in and out --

  bool is_open() const { return stream_.is_open(); }
  bool reads() const {
    return is_open() && (phase == Phase::kIdle || phase == Phase::kReceiving);
  }
  // Closes the connection if there is no memory for `step`.
  template <typename Step>
  void take(Step step) {
    try {
      step();
    } catch (...) {
      close();
    }
  }
  void enter(Phase next) { loop_.table.enter(*this, next, Clock::now()); }
  // Starts the request's timeout.
  void begin_receiving() {
    if (phase == Phase::kIdle) enter(Phase::kReceiving);
  }

  void shake_hands();
  void receive();
  void on_received(ErrorCode error, std::string_view bytes);
  void discard(ErrorCode error, std::string_view bytes);
  void read(std::string_view bytes);
  void await_turn();
  // Processes buffered input, then receives more.
  void read_on();
  void send_continue();
  // May append to `head`.
  void send(std::string& head, std::string body);
  void on_sent();
  void end_answer();
  void linger();

  // -- connection_requests.cc: requests and answers --

  // Returns false if more input is needed.
  bool read_some(std::string_view& input);
  bool read_head(std::string_view& input);
  bool read_body(std::string_view& input);
  void keep_body(std::string_view data);
  void discard_body(std::string_view data);
  bool is_in_body() const {
    return parser_ != nullptr &&
           parser_->state() == RequestParser::State::kMore;
  }
  bool has_long_unread_body(const RequestParser& parser) const;
  void begin_request(RequestParser& parser, bool has_more);
  void expect_body(bool has_more);
  void hand_over();
  HttpResponse handle(const HttpRequest& request);
  void complete(HttpResponse response);
  void refuse(HttpRefusal reason, HttpResponse answer,
              const HttpRequest& request, bool closes);
  void refuse_begun(HttpRefusal reason, bool closes);
  void refuse_unread(HttpRefusal reason, HttpResponse answer);
  void refuse_malformed(std::string_view message);
  void refuse_overdue();
  void respond(HttpResponse response);
  void end_exchange();
  Counter& bytes() { return loop_.counters.bytes_of(request_class_); }

  ServerLoop& loop_;
  PeerStream stream_;
  const std::string peer_address_;
  HttpRequestClass request_class_ = HttpRequestClass::kManagement;
  bool is_reading_ = false;     // on_received() will be called
  bool is_continuing_ = false;  // 100 Continue is being sent
  bool is_turn_over_ = false;   // a request has begun
  bool is_waiting_its_turn_ = false;

  // Received, not yet parsed.
  std::string input_;
  bool skipped_empty_line_ = false;
  LineScanner scanner_;
  // Parses the body of the request in `exchange_`; without an exchange, the
  // body is discarded. Null while no body is read.
  std::unique_ptr<RequestParser> parser_;
  uint64_t discarded_ = 0;
  std::unique_ptr<Exchange> exchange_;

  // Properties of the answer.
  bool to_head_ = false;
  bool to_http_1_0_ = false;
  bool closes_ = false;
  std::string output_;
  size_t charged_ = 0;
};

}  // namespace weir

#endif  // WEIR_HTTP_CONNECTION_H_
