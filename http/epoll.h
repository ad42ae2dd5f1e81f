#ifndef WEIR_HTTP_EPOLL_H_
#define WEIR_HTTP_EPOLL_H_

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "absl/types/span.h"
#include "store/descriptor.h"

namespace weir {

// Waits for sockets, and for other threads. Events carry what their socket was
// added with; those of wake() carry null. wake() is *thread-safe*, the rest
// *thread-compatible*.
class Epoll {
 public:
  Epoll()
      : epoll_(epoll_create1(EPOLL_CLOEXEC)),
        wakes_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (is_open()) set(EPOLL_CTL_ADD, wakes_.number(), EPOLLIN, nullptr);
  }

  // False if the system had no descriptors left.
  bool is_open() const { return epoll_.is_open() && wakes_.is_open(); }

  bool add(int socket, uint32_t events, void* owner) {
    return set(EPOLL_CTL_ADD, socket, events, owner);
  }
  void change(int socket, uint32_t events, void* owner) {
    set(EPOLL_CTL_MOD, socket, events, owner);
  }
  // Before the socket is closed: a child of this process may still have it.
  void remove(int socket) { set(EPOLL_CTL_DEL, socket, 0, nullptr); }

  // Returns how many of `events` were filled. A negative timeout is none.
  int wait(absl::Span<epoll_event> events, int timeout_ms) {
    const int count = epoll_wait(epoll_.number(), events.data(),
                                 static_cast<int>(events.size()), timeout_ms);
    return count < 0 ? 0 : count;
  }

  void wake() {
    const uint64_t one = 1;
    // It fails if it would wake 2^64 times.
    (void)!write(wakes_.number(), &one, sizeof(one));
  }
  void end_wake() {
    uint64_t count;
    (void)!read(wakes_.number(), &count, sizeof(count));
  }

 private:
  bool set(int operation, int socket, uint32_t events, void* owner) {
    epoll_event event = {};
    event.events = events;
    event.data.ptr = owner;
    return epoll_ctl(epoll_.number(), operation, socket, &event) == 0;
  }

  const Descriptor epoll_;
  const Descriptor wakes_;
};

}  // namespace weir

#endif  // WEIR_HTTP_EPOLL_H_
