#ifndef WEIR_TESTS_IN_CHILD_H_
#define WEIR_TESTS_IN_CHILD_H_

#include <functional>

#include "absl/base/config.h"

namespace weir {

// Whether a child may allocate although other threads did when it was forked.
// AddressSanitizer's allocator, unlike the system's, is not made ready for
// fork(): the child may find it locked, for ever.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
constexpr bool kChildMayAllocate = false;
#else
constexpr bool kChildMayAllocate = true;
#endif

// Whether a child may start threads, which allocates. ThreadSanitizer ends a
// child that does, if it was forked while other threads ran.
#ifdef ABSL_HAVE_THREAD_SANITIZER
constexpr bool kChildMayStartThreads = false;
#else
constexpr bool kChildMayStartThreads = kChildMayAllocate;
#endif

// Runs `body` in a fork of this process, and returns how that ended: minus the
// signal, SIGALRM after a minute, or the exit status, which is 1 if an
// expectation has failed there, or before, and else 0.
int in_child(const std::function<void()>& body);

}  // namespace weir

#endif  // WEIR_TESTS_IN_CHILD_H_
