#include "weir/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace weir {
namespace {

// How many bytes a lingering connection discards, so that its peer can finish
// sending and read the answer.
constexpr uint64_t kMaxLingeringBytes = 32 << 20;

// A body of up to this size is appended to the head: one buffer is cheaper to
// send than two.
constexpr size_t kSmallBody = 4 << 10;

}  // namespace

Connection::Connection(ServerLoop* loop, Socket socket,
                       std::string peer_address,
                       std::shared_ptr<asio::ssl::context> context)
    : loop_(*loop),
      stream_(std::move(socket), std::move(context)),
      peer_address_(std::move(peer_address)) {}

void Connection::start(bool is_spare) {
  if (stream_.is_shaking_hands()) {
    // TLS takes no memory until the peer begins.
    stream_.async_wait([self = shared_from_this()](ErrorCode error) {
      self->take([&] {
        if (!self->is_open()) return;
        if (error.failed() || !self->stream_.has_input()) return self->close();
        self->shake_hands();
      });
    });
  } else {
    receive();
  }
  loop_.table.add(*this, Clock::now(), is_spare);
  loop_.counters.connections.add(is_spare ? 0 : 1);
}

void Connection::shake_hands() {
  begin_receiving();
  stream_.async_shake_hands([self = shared_from_this()](ErrorCode error) {
    self->take([&] {
      if (!self->is_open()) return;
      if (error.failed()) {
        self->loop_.counters.count(HttpRefusal::kHandshake);
        return self->close();
      }
      self->enter(Phase::kIdle);
      self->receive();
    });
  });
}

void Connection::receive() {
  if (is_reading_ || is_continuing_ || is_waiting_its_turn_) return;
  is_reading_ = true;
  stream_.async_read(
      asio::buffer(loop_.received),
      [self = shared_from_this()](ErrorCode error, std::string_view bytes) {
        self->is_reading_ = false;
        self->take([&] { self->on_received(error, bytes); });
      });
}

void Connection::on_received(ErrorCode error, std::string_view bytes) {
  if (!is_open()) return;
  if (error == asio::error::would_block) return receive();
  if (phase == Phase::kLingering) return discard(error, bytes);
  if (error.failed()) return close();
  if (!reads()) {
    // The request was refused while this read was pending.
    input_.append(bytes);
    return;
  }
  read(bytes);
  if (reads()) receive();
}

void Connection::discard(ErrorCode error, std::string_view bytes) {
  if (stream_.speaks_tls()) return;  // TLS is still being ended.
  discarded_ += bytes.size();
  if (error.failed() || discarded_ > kMaxLingeringBytes) return close();
  receive();
}

// Parses the buffered input and `bytes`, and keeps the rest. Stops after the
// first request: other connections have their turns before the next.
void Connection::read(std::string_view bytes) {
  std::string kept;
  std::string_view rest = bytes;
  if (!input_.empty()) {
    kept.swap(input_);
    kept.append(bytes);
    rest = kept;
  }
  is_turn_over_ = false;
  while (reads() && !rest.empty() && !is_turn_over_ && read_some(rest)) {
  }
  if (!is_open() || phase == Phase::kLingering) return;
  if (is_turn_over_ && reads() && !rest.empty()) await_turn();
  if (!kept.empty() && rest.size() == kept.size()) {
    input_ = std::move(kept);
  } else {
    input_.assign(rest);
  }
}

void Connection::await_turn() {
  is_waiting_its_turn_ = true;
  begin_receiving();
  asio::post(loop_.io, [self = shared_from_this()] {
    self->is_waiting_its_turn_ = false;
    self->take([&] {
      if (!self->is_open()) return;
      if (self->phase == Phase::kLingering) return self->receive();
      self->read_on();
    });
  });
}

void Connection::read_on() {
  if (reads()) read({});
  if (reads()) receive();
}

// Reads nothing while it sends, so that no answer interleaves with it.
void Connection::send_continue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  ErrorCode error;
  const size_t sent = stream_.write_some(kContinue, {}, error);
  if (error.failed()) return close();
  if (sent == kContinue.size()) return;
  is_continuing_ = true;
  stream_.async_write(kContinue.substr(sent),
                      [self = shared_from_this()](ErrorCode failure, size_t) {
                        self->is_continuing_ = false;
                        self->take([&] {
                          if (!self->is_open()) return;
                          if (failure.failed()) return self->close();
                          self->receive();
                        });
                      });
}

void Connection::send(std::string& head, std::string body) {
  if (body.size() <= kSmallBody) {
    head.append(std::exchange(body, {}));
  }
  ErrorCode error;
  const size_t sent = stream_.write_some(head, body, error);
  if (error.failed()) return close();
  if (sent == head.size() + body.size()) return end_answer();
  size_t skipped = 0;
  if (sent >= head.size()) {
    skipped = sent - head.size();
    output_ = std::move(body);
  } else {
    output_ = head.substr(sent).append(body);
  }
  charged_ = output_.size();
  bytes().add(static_cast<int64_t>(charged_));
  enter(Phase::kSending);
  stream_.async_write(std::string_view(output_).substr(skipped),
                      [self = shared_from_this()](ErrorCode failure, size_t) {
                        self->take([&] {
                          if (!self->is_open()) return;
                          if (failure.failed()) return self->close();
                          self->on_sent();
                        });
                      });
}

void Connection::on_sent() {
  bytes().add(-static_cast<int64_t>(std::exchange(charged_, 0)));
  output_ = std::string();
  end_answer();
  read_on();
}

void Connection::end_answer() {
  if (closes_) return linger();
  enter(is_in_body() ? Phase::kReceiving : Phase::kIdle);
}

void Connection::linger() {
  if (!is_spare()) loop_.counters.connections.add(-1);
  enter(Phase::kLingering);
  discarded_ = 0;
  input_ = std::string();
  while (loop_.table.spare_size() > kSpareHttpConnections) {
    static_cast<Connection*>(loop_.table.next_spare_to_give_way())->close();
  }
  if (!is_open()) return;
  const auto end = [self = shared_from_this()] {
    self->stream_.end();
    self->receive();
  };
  if (!stream_.speaks_tls()) return end();
  stream_.async_end_tls([self = shared_from_this(), end](ErrorCode) {
    self->take([&] {
      if (self->is_open()) end();
    });
  });
}

void Connection::close(bool resets) {
  if (!is_open()) return;
  end_exchange();
  bytes().add(-static_cast<int64_t>(std::exchange(charged_, 0)));
  if (!is_spare()) loop_.counters.connections.add(-1);
  loop_.table.remove(*this);
  stream_.close(resets);
}

bool Connection::is_silent() const {
  return phase == Phase::kIdle && !stream_.has_input();
}

}  // namespace weir
