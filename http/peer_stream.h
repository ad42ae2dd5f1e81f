#ifndef WEIR_HTTP_PEER_STREAM_H_
#define WEIR_HTTP_PEER_STREAM_H_

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include "weir/http/asio.h"

namespace weir {

// A byte stream to and from a peer, over TLS or plain. Raises no signals. Never
// calls a handler before the call that it was passed to has returned. Handlers
// must keep the stream alive. *thread-compatible*
class PeerStream {
 public:
  // A null `context` means no TLS. Throws if there is no memory.
  PeerStream(Socket socket, std::shared_ptr<asio::ssl::context> context)
      : socket_(std::move(socket)), context_(std::move(context)) {
    ErrorCode ignored;
    socket_.non_blocking(true, ignored);
  }

  bool is_open() const { return socket_.is_open(); }
  // Whether the TLS handshake is still to be completed.
  bool is_shaking_hands() const {
    return context_ != nullptr && !is_established_;
  }
  // Whether the socket has unread bytes, of TLS or not.
  bool has_input() const {
    ErrorCode ignored;
    return socket_.available(ignored) > 0;
  }

  // handler(ErrorCode): the stream is readable, or has ended.
  template <typename Handler>
  void async_wait(Handler handler) {
    socket_.async_wait(Socket::wait_read, std::move(handler));
  }

  // handler(ErrorCode)
  template <typename Handler>
  void async_shake_hands(Handler handler) {
    tls_ = std::make_unique<Tls>(socket_, *context_);
    tls_->stream.async_handshake(
        asio::ssl::stream_base::server,
        [this, handler = std::move(handler)](ErrorCode error) mutable {
          is_established_ = !error.failed();
          handler(error);
        });
  }

  // handler(ErrorCode, std::string_view): some bytes, in memory that is reused
  // once the handler returns. A plain stream holds no memory while it waits:
  // many streams may share `scratch`, which is used only within the handler.
  template <typename Handler>
  void async_read(asio::mutable_buffer scratch, Handler handler) {
    if (speaks_tls()) {
      tls_->stream.async_read_some(
          asio::buffer(tls_->received),
          [this, handler = std::move(handler)](ErrorCode error,
                                               size_t size) mutable {
            handler(error, std::string_view(tls_->received.data(), size));
          });
      return;
    }
    async_wait(
        [this, scratch, handler = std::move(handler)](ErrorCode error) mutable {
          size_t size = 0;
          if (!error.failed()) size = socket_.read_some(scratch, error);
          handler(error,
                  std::string_view(static_cast<char*>(scratch.data()), size));
        });
  }

  // Sends what is possible without blocking, and returns how many bytes of
  // `head` and `body` together that is, maybe 0.
  size_t write_some(std::string_view head, std::string_view body,
                    ErrorCode& error) {
    error = {};
    if (speaks_tls()) return 0;
    const auto first = asio::buffer(head.data(), head.size());
    const std::array<asio::const_buffer, 2> both = {
        first, asio::buffer(body.data(), body.size())};
    const size_t size = body.empty() ? socket_.write_some(first, error)
                                     : socket_.write_some(both, error);
    if (error == asio::error::would_block) error = {};
    return size;
  }

  // handler(ErrorCode, size_t): all is sent. `bytes` must be valid until then.
  template <typename Handler>
  void async_write(std::string_view bytes, Handler handler) {
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    if (speaks_tls()) {
      asio::async_write(tls_->stream, buffer, std::move(handler));
    } else {
      asio::async_write(socket_, buffer, std::move(handler));
    }
  }

  // Whether reads and writes go through TLS.
  bool speaks_tls() const { return tls_ != nullptr && !is_ended_; }

  // Sends the peer TLS's close_notify. handler(ErrorCode): the peer has
  // answered it, or there is an error.
  template <typename Handler>
  void async_end_tls(Handler handler) {
    tls_->stream.async_shutdown(std::move(handler));
  }

  // Shuts down sending. From now on, input is read without TLS.
  void end() {
    is_ended_ = true;
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }

  // Closes the socket. Pending handlers are called with an error. `resets`
  // drops unsent data.
  void close(bool resets) {
    ErrorCode ignored;
    if (resets) {
      socket_.set_option(Socket::linger(true, 0), ignored);
    } else {
      // A child process may hold the socket, too.
      socket_.shutdown(Socket::shutdown_both, ignored);
    }
    socket_.close(ignored);
  }

 private:
  struct Tls {
    Tls(Socket& socket, asio::ssl::context& context)
        : stream(socket, context) {}

    asio::ssl::stream<Socket&> stream;
    std::array<char, 4096> received;
  };

  Socket socket_;
  std::shared_ptr<asio::ssl::context> context_;
  std::unique_ptr<Tls> tls_;
  bool is_established_ = false;
  bool is_ended_ = false;
};

}  // namespace weir

#endif  // WEIR_HTTP_PEER_STREAM_H_
