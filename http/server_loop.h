#ifndef WEIR_HTTP_SERVER_LOOP_H_
#define WEIR_HTTP_SERVER_LOOP_H_

#include <array>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/http/connection_table.h"
#include "weir/http/listen_socket.h"
#include "weir/http/message.h"
#include "weir/http/request_head.h"
#include "weir/http/response_head.h"
#include "weir/http/server_counters.h"
#include "weir/http/server_options.h"
#include "weir/http/worker_pool.h"

namespace weir {

// The state that a server's connections share. Only the thread that runs `io`
// uses it, except `handler`, `counters` and posting to `io`.
struct ServerLoop {
  using Clock = ConnectionTable::Clock;

  ServerLoop(const HttpServerOptions& server_options,
             HttpHandler server_handler)
      : options(server_options),
        handler(std::move(server_handler)),
        table(static_cast<size_t>(options.max_connections)) {}

  // The value of the Date header; formatted once a second.
  std::string_view date() {
    if (const time_t now = time(nullptr); now != date_seconds_) {
      date_seconds_ = now;
      date_ = http_date(now);
    }
    return date_;
  }

  const HttpServerOptions options;
  const HttpHandler handler;
  const bool is_unix = unix_path_of(options.address).has_value();
  // Only this thread uses sockets, so asio need not lock for them.
  boost::asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  std::unique_ptr<WorkerPool> workers;
  ConnectionTable table;
  ServerCounters counters;
  bool is_draining = false;

  // Scratch space, used only within one handler: received bytes, a complete
  // head, and the head of an answer.
  std::array<char, 16 << 10> received;
  RequestHead head;
  std::string answer_head;

 private:
  time_t date_seconds_ = 0;
  std::string date_;
};

}  // namespace weir

#endif  // WEIR_HTTP_SERVER_LOOP_H_
