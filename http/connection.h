#ifndef WEIR_HTTP_CONNECTION_H_
#define WEIR_HTTP_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/body_reader.h"
#include "http/connection_table.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/tls.h"
#include "store/descriptor.h"

namespace weir {

// A request whose body is read, or that is being handled.
struct Exchange {
  HttpRequest request;
  size_t charged = 0;  // of its body
};

// A peer of a server, and how far its present request has come. While nothing
// is going on, it has no buffers. *thread-compatible*
struct Connection : ConnectionTable::Entry {
  explicit Connection(int accepted) : socket(accepted) {}

  // Neither waits. `head` and `body` are sent together if that is possible.
  IoResult receive(char* bytes, size_t size);
  IoResult transmit(std::string_view head, std::string_view body);

  bool reads() const {
    return socket.is_open() && (phase == ConnectionTable::Phase::kIdle ||
                                phase == ConnectionTable::Phase::kReceiving);
  }
  bool is_shaking_hands() const {
    return tls != nullptr && !tls->is_established();
  }

  Descriptor socket;
  std::unique_ptr<TlsStream> tls;  // null: none
  std::string peer_address;
  uint32_t watched_events = 0;  // 0: none
  HttpRequestClass request_class = HttpRequestClass::kManagement;

  // What was received and not yet read.
  std::string input;
  bool skipped_empty_line = false;
  HeadScanner scanner;
  // Of the request in `exchange`; if there is none, the body is discarded.
  BodyReader body;
  uint64_t discarded = 0;
  std::unique_ptr<Exchange> exchange;

  // Of the answer.
  bool to_head = false;
  bool to_http_1_0 = false;
  bool closes = false;
  std::string output;  // from `sent` on, what is still to be sent
  size_t sent = 0;
  size_t charged = 0;
};

}  // namespace weir

#endif  // WEIR_HTTP_CONNECTION_H_
