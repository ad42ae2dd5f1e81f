#include "http/connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace weir {
namespace {

IoResult result_of(ssize_t size, IoResult::State blocked) {
  if (size > 0) return {IoResult::State::kDone, static_cast<size_t>(size)};
  if (size == 0) return {IoResult::State::kEnded};
  const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  return {again ? blocked : IoResult::State::kFailed};
}

iovec piece_of(std::string_view text) {
  // It is only read.
  return {const_cast<char*>(text.data()), text.size()};
}

}  // namespace

IoResult Connection::receive(char* bytes, size_t size) {
  if (tls != nullptr) return tls->read(bytes, size);
  return result_of(recv(socket.number(), bytes, size, 0),
                   IoResult::State::kWantsRead);
}

IoResult Connection::transmit(std::string_view head, std::string_view body) {
  if (tls != nullptr) return tls->write(head.empty() ? body : head);
  iovec pieces[] = {piece_of(head), piece_of(body)};
  msghdr message = {};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  return result_of(sendmsg(socket.number(), &message, MSG_NOSIGNAL),
                   IoResult::State::kWantsWrite);
}

}  // namespace weir
