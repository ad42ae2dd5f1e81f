#include <boost/asio/post.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "weir/http/connection.h"
#include "weir/http/refusal_answer.h"
#include "weir/http/response_head.h"

namespace weir {
namespace {

// How much of an unwanted body is discarded; for a longer one the connection is
// closed.
constexpr uint64_t kMaxDiscarded = 64 << 10;

bool can_be_sent(const HttpResponse& response, size_t max_header_bytes) {
  size_t bytes = 0;
  for (const auto& [name, value] : response.headers) {
    bytes += name.size() + value.size() + 4;
  }
  return response.status >= 200 && response.status <= 599 &&
         bytes <= max_header_bytes;
}

}  // namespace

// -- Reading --

bool Connection::read_some(std::string_view& input) {
  if (is_in_body()) return read_body(input);
  if (!skipped_empty_line_ && input.front() == '\r') {
    // An empty line before a request: some clients send one after a body.
    if (input.size() == 1) {
      begin_receiving();
      return false;
    }
    if (input[1] == '\n') {
      input.remove_prefix(2);
      skipped_empty_line_ = true;
      return true;
    }
  }
  return read_head(input);
}

bool Connection::read_head(std::string_view& input) {
  const auto end = scanner_.find_empty_line(input);
  if (!end.ok()) {
    refuse_malformed(std::string_view(end.status().message().data(),
                                      end.status().message().size()));
    return true;
  }
  const size_t max_bytes = loop_.options.max_header_bytes;
  if (end->value_or(input.size()) > max_bytes) {
    const bool is_target = input.substr(0, max_bytes).find('\n') == input.npos;
    refuse_unread(HttpRefusal::kHeadTooLarge,
                  is_target ? target_too_long_answer()
                            : refusal_answer(HttpRefusal::kHeadTooLarge));
    return true;
  }
  if (!end->has_value()) {
    begin_receiving();
    return false;
  }
  RequestParser parser(max_bytes);
  const absl::Status status =
      parser.read_head(input.substr(0, **end), loop_.head);
  input.remove_prefix(**end);
  scanner_ = LineScanner();
  skipped_empty_line_ = false;
  if (!status.ok()) {
    refuse_malformed(
        std::string_view(status.message().data(), status.message().size()));
    return true;
  }
  begin_request(parser, !input.empty());
  return true;
}

bool Connection::read_body(std::string_view& input) {
  std::string_view data;
  const size_t before = input.size();
  const auto state = parser_->read_body(input, data);
  const bool is_wanted = exchange_ != nullptr;
  if (state == RequestParser::State::kMalformed) {
    if (is_wanted) {
      refuse_malformed("malformed request: chunks");
    } else {
      linger();
    }
    return true;
  }
  if (is_wanted) {
    keep_body(data);
  } else {
    discard_body(data);
  }
  return input.size() < before;
}

void Connection::keep_body(std::string_view data) {
  std::string& body = exchange_->request.body;
  if (data.size() > loop_.options.max_body_bytes - body.size()) {
    return refuse_begun(HttpRefusal::kBodyTooLarge, /*closes=*/true);
  }
  if (bytes().value() + static_cast<int64_t>(data.size()) >
      static_cast<int64_t>(loop_.options.max_total_body_bytes)) {
    return refuse_begun(HttpRefusal::kMemory,
                        parser_->remaining() > kMaxDiscarded);
  }
  bytes().add(static_cast<int64_t>(data.size()));
  exchange_->charged += data.size();
  body.append(data);
  if (is_in_body()) return;
  parser_.reset();
  hand_over();
}

void Connection::discard_body(std::string_view data) {
  discarded_ += data.size();
  if (discarded_ > kMaxDiscarded) return linger();
  if (is_in_body()) return;
  parser_.reset();
  enter(Phase::kIdle);
}

// -- Requests --

// `parser` has read the head. It is moved from if there is a body to read.
void Connection::begin_request(RequestParser& parser, bool has_more) {
  HttpRequest& request = loop_.head.request;
  request.peer_address = peer_address_;
  request.over_tls = stream_.speaks_tls();
  request.over_unix_socket = loop_.is_unix;
  to_head_ = request.method == "HEAD";
  to_http_1_0_ = loop_.head.is_http_1_0;
  closes_ = !loop_.head.keeps_alive;
  discarded_ = 0;
  is_turn_over_ = true;
  const HttpTreatment treatment =
      loop_.options.treat ? loop_.options.treat(request) : HttpTreatment();
  request_class_ = treatment.request_class;
  loop_.table.set_class(*this, request_class_);
  const bool has_long_body = has_long_unread_body(parser);
  parser_.reset();
  if (parser.state() == RequestParser::State::kMore) {
    parser_ = std::make_unique<RequestParser>(std::move(parser));
  }
  if (is_spare() && request_class_ != HttpRequestClass::kHealth) {
    refuse_begun(HttpRefusal::kConnections, /*closes=*/true);
  } else if (bytes().value() >
             static_cast<int64_t>(loop_.options.max_total_body_bytes)) {
    refuse_begun(HttpRefusal::kMemory, has_long_body);
  } else if (treatment.from_head) {
    closes_ |= has_long_body;
    respond(handle(request));
  } else {
    expect_body(has_more);
  }
}

// Whether the rest of a body is too long to discard, or may never arrive: the
// peer may be waiting for 100 Continue.
bool Connection::has_long_unread_body(const RequestParser& parser) const {
  return parser.state() == RequestParser::State::kMore &&
         (parser.remaining() > kMaxDiscarded || loop_.head.expects_continue);
}

void Connection::expect_body(bool has_more) {
  const RequestHead& head = loop_.head;
  if (head.content_length > loop_.options.max_body_bytes) {
    return refuse_begun(HttpRefusal::kBodyTooLarge, /*closes=*/true);
  }
  exchange_ = std::make_unique<Exchange>();
  exchange_->request = std::move(loop_.head.request);
  loop_.head.request = HttpRequest();
  if (!is_in_body()) return hand_over();
  exchange_->request.body.reserve(head.content_length);
  begin_receiving();
  if (!head.expects_continue || has_more || head.is_http_1_0) return;
  send_continue();
}

void Connection::hand_over() {
  Counter& in_progress = loop_.counters.in_progress;
  if (in_progress.value() >= loop_.options.max_requests_in_progress) {
    return refuse_begun(HttpRefusal::kRequests, /*closes=*/false);
  }
  auto work = [self = shared_from_this(), &io = loop_.io]() mutable {
    HttpResponse response = self->handle(self->exchange_->request);
    self->exchange_->request = HttpRequest();
    // Moved, so that the loop's thread releases the last reference.
    asio::post(
        io, [self = std::move(self), answer = std::move(response)]() mutable {
          self->take([&] { self->complete(std::move(answer)); });
        });
  };
  in_progress.add();
  try {
    loop_.workers->add(std::move(work));
  } catch (...) {
    in_progress.add(-1);
    throw;
  }
  enter(Phase::kHandling);
}

HttpResponse Connection::handle(const HttpRequest& request) {
  loop_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  try {
    HttpResponse response = loop_.handler(request);
    if (can_be_sent(response, loop_.options.max_header_bytes)) return response;
  } catch (...) {
    // Handlers do not throw, but an allocation may fail.
  }
  return internal_error_answer();
}

void Connection::complete(HttpResponse response) {
  loop_.counters.in_progress.add(-1);
  end_exchange();
  respond(std::move(response));
  read_on();
}

void Connection::end_exchange() {
  if (exchange_ == nullptr) return;
  bytes().add(-static_cast<int64_t>(exchange_->charged));
  exchange_.reset();
}

// -- Answers --

void Connection::refuse(HttpRefusal reason, HttpResponse answer,
                        const HttpRequest& request, bool closes) {
  ServerCounters& counters = loop_.counters;
  counters.count(reason);
  (reason == HttpRefusal::kConnections ? counters.connections_refused
                                       : counters.requests_refused)
      .add();
  if (loop_.options.complete_refusal) {
    loop_.options.complete_refusal(request, answer);
  }
  end_exchange();
  closes_ |= closes;
  respond(std::move(answer));
}

// Refuses the request of the exchange, or else that of the head just read.
void Connection::refuse_begun(HttpRefusal reason, bool closes) {
  if (exchange_ != nullptr) {
    loop_.head.request = std::move(exchange_->request);
    loop_.head.request.body = std::string();
  }
  refuse(reason, refusal_answer(reason), loop_.head.request, closes);
}

// Refuses a request whose head could not be parsed.
void Connection::refuse_unread(HttpRefusal reason, HttpResponse answer) {
  to_head_ = to_http_1_0_ = false;
  refuse(reason, std::move(answer), HttpRequest(), /*closes=*/true);
}

void Connection::refuse_malformed(std::string_view message) {
  HttpResponse answer = malformed_answer(message);
  if (exchange_ == nullptr) {
    return refuse_unread(HttpRefusal::kMalformed, std::move(answer));
  }
  HttpRequest request = std::move(exchange_->request);
  request.body = std::string();
  refuse(HttpRefusal::kMalformed, std::move(answer), request, /*closes=*/true);
}

void Connection::refuse_overdue() {
  if (stream_.is_shaking_hands()) {
    loop_.counters.count(HttpRefusal::kHandshake);
    close(/*resets=*/true);
  } else if (is_continuing_) {
    close(/*resets=*/true);
  } else if (exchange_ != nullptr) {
    refuse_begun(HttpRefusal::kTimeout, /*closes=*/true);
  } else if (is_in_body()) {
    close(/*resets=*/true);  // The request is already answered.
  } else {
    refuse_unread(HttpRefusal::kTimeout, refusal_answer(HttpRefusal::kTimeout));
  }
}

void Connection::time_out() {
  take([this] { refuse_overdue(); });
}

void Connection::refuse_connection() {
  take([this] {
    if (stream_.is_shaking_hands()) return refuse_overdue();
    refuse_unread(HttpRefusal::kConnections,
                  refusal_answer(HttpRefusal::kConnections));
  });
}

void Connection::respond(HttpResponse response) {
  ResponseContext context;
  context.to_head = to_head_;
  context.to_http_1_0 = to_http_1_0_;
  context.date = loop_.date();
  closes_ |= loop_.is_draining || is_spare();
  context.closes = closes_;
  loop_.answer_head.clear();
  append_response_head(response, context, loop_.answer_head);
  if (!sends_body(response, context)) response.body.clear();
  send(loop_.answer_head, std::move(response.body));
}

}  // namespace weir
