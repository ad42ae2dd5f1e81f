#include "weir/serve/collector.h"

#include <time.h>

#include <cerrno>

namespace weir {

bool Wakener::wait(absl::Duration longest) {
  int result;
  if (longest == absl::InfiniteDuration()) {
    do {
      result = sem_wait(&semaphore_);
    } while (result != 0 && errno == EINTR);
    return result == 0;
  }
  timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until = absl::ToTimespec(absl::DurationFromTimespec(until) + longest);
  do {
    result = sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

}  // namespace weir
