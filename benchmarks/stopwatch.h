#ifndef WEIR_BENCHMARKS_STOPWATCH_H_
#define WEIR_BENCHMARKS_STOPWATCH_H_

#include <chrono>
#include <cstdint>
#include <thread>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

namespace weir {

// Times a single short call in ticks of the processor's time stamp counter, or
// of the steady clock where there is none. The timed code neither begins before
// `start()` nor ends after `stop()`, so it cannot overlap with the code around
// it. *thread-compatible*
class Stopwatch {
 public:
#ifdef __x86_64__
  void start() {
    _mm_lfence();
    started_ = __rdtsc();
    _mm_lfence();
  }
  uint64_t stop() const {
    unsigned processor;
    const uint64_t stopped = __rdtscp(&processor);
    _mm_lfence();
    return stopped - started_;
  }
#else
  void start() { started_ = steady_ns(); }
  uint64_t stop() const { return steady_ns() - started_; }
#endif

  // Measures the length of a tick, which takes 50 ms.
  static double nanoseconds_per_tick() {
    Stopwatch stopwatch;
    const uint64_t began = steady_ns();
    stopwatch.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const uint64_t ticks = stopwatch.stop();
    return static_cast<double>(steady_ns() - began) /
           static_cast<double>(ticks);
  }

 private:
  static uint64_t steady_ns() {
    return static_cast<uint64_t>(
        std::chrono::steady_clock::now().time_since_epoch() /
        std::chrono::nanoseconds(1));
  }

  uint64_t started_ = 0;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_STOPWATCH_H_
