// Handlers of fork(). Weir calls pthread_atfork() here alone.
//
// The order in a fork():
//   1. Before: the ForkGate closes, and fork() waits until no thread is inside.
//      It comes first and is the only lock that fork() takes: a second one
//      would need an order between the two that every thread keeps.
//   2. In the parent: the gate opens.
//   3. In the child: every AtFork runs, and then the gate opens. They see whole
//      what is only changed inside the gate. And a handler that locks a Mutex,
//      as none may, never returns from any fork(), rather than from few.
//
// Handlers run in an unspecified order, so none may rely on another.

#ifndef WEIR_BASE_AT_FORK_H_
#define WEIR_BASE_AT_FORK_H_

namespace weir::internal {

// Runs a function in each child that the process forks. For variables of static
// storage outside functions only, defined after what the function uses: they
// are registered when their code is loaded. Registered on first use, a handler
// could be missing in a child that has what it is to handle: while fork()
// copies the memory, other threads change it.
class AtFork {
 public:
  // `in_child` must not lock a Mutex, and runs in the child's only thread.
  explicit AtFork(void (*in_child)()) noexcept;
  AtFork(const AtFork&) = delete;
  AtFork& operator=(const AtFork&) = delete;

 private:
  static void run() noexcept;
  static const int registered_;

  void (*const in_child_)();
  AtFork* next_;
};

// Threads inside the gate are not interrupted by a fork() of another thread,
// which waits for them. A thread may enter several times; if it forks while it
// is inside, fork() does not wait, and the child is inside too, alone.
// *thread-safe*
class ForkGate {
 public:
  // Waits while another thread forks, unless this thread is inside already.
  static void enter();
  // Never waits. Returns whether the thread is inside.
  static bool try_enter();
  static void leave();
};

}  // namespace weir::internal

#endif  // WEIR_BASE_AT_FORK_H_
