#include "weir/base/clock.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "weir/base/cycle_clock.h"

namespace weir {
namespace {

int64_t read_clock(clockid_t id) {
  timespec t;
  clock_gettime(id, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

#if defined(__x86_64__)

uint64_t read_counter() { return __rdtsc(); }

// Whether the counter runs at one rate in all power states.
bool is_invariant() {
  unsigned a, b, c, d;
  return __get_cpuid(0x8000'0007, &a, &b, &c, &d) != 0 && (d & 1 << 8) != 0;
}

// Whether the kernel keeps time by the counter: then the kernel has found that
// it runs evenly and alike on all processors, and watches it. If a guest's
// kernel prefers the hypervisor's clock to an invariant counter, it has its
// reasons.
bool is_kernels_choice() {
  const int file =
      open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
           O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[8];
  const ssize_t size = read(file, text, sizeof(text));
  close(file);
  return size > 0 &&
         std::string_view(text, static_cast<size_t>(size)) == "tsc\n";
}

bool is_counter_trustworthy() { return is_invariant() && is_kernels_choice(); }

#else

// On many machines, 64-bit ARM's counter is too coarse to tell two readings
// apart.
uint64_t read_counter() { return 0; }
bool is_counter_trustworthy() { return false; }

#endif

class Machine {
 public:
  bool has_counter() const { return has_counter_; }
  uint64_t cycles() const { return read_counter(); }
  int64_t monotonic() const { return read_clock(CLOCK_MONOTONIC); }
  int64_t wall() const { return read_clock(CLOCK_REALTIME); }

 private:
  bool has_counter_ = is_counter_trustworthy();
};

using CycleClock = internal::BasicCycleClock<Machine>;
static_assert(SystemClock::kErrorBound == CycleClock::kErrorBound);

// The last time that this thread was given.
thread_local int64_t latest = 0;

}  // namespace

struct SystemClock::State {
  CycleClock clock;
};

SystemClock::SystemClock() : state_(std::make_unique<State>()) {}

SystemClock::~SystemClock() = default;

Instant SystemClock::now() noexcept {
  CycleClock& clock = state_->clock;
  const int64_t monotonic = clock.monotonic(latest);
  return {monotonic, monotonic + clock.wall_offset(monotonic)};
}

bool SystemClock::uses_counter() const noexcept {
  return state_->clock.uses_counter();
}

}  // namespace weir
