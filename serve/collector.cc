#include "serve/collector.h"

#include <time.h>

#include <cerrno>

namespace weir {

void Wakener::wait(absl::Duration longest) {
  if (longest == absl::InfiniteDuration()) {
    while (sem_wait(&semaphore_) != 0 && errno == EINTR) {
    }
    return;
  }
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until = absl::ToTimespec(absl::DurationFromTimespec(until) + longest);
  while (sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) != 0 &&
         errno == EINTR) {
  }
}

}  // namespace weir
