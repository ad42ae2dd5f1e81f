#ifndef WEIR_BASE_CYCLE_CLOCK_H_
#define WEIR_BASE_CYCLE_CLOCK_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace weir::internal {

// CLOCK_MONOTONIC and CLOCK_REALTIME at little more than the cost of reading
// the processor's cycle counter.
//
// Time is a line through an anchor, which is a reading of the counter together
// with one of CLOCK_MONOTONIC:
//
//   monotonic = anchor + (cycles - anchor_cycles) * rate
//
// A line serves for kInterval, and a thousandth more by its own count. A call
// after that takes the next anchor; the rate is that between the two anchors.
// The new line is trusted if the one before had predicted its anchor to within
// a thousandth: then at least kInterval has really passed. While there is no
// trusted line (in the first two intervals, after the counter misbehaved,
// during a publication), callers read CLOCK_MONOTONIC itself.
//
//  1. No call waits: a line is published under a sequence number, and a reader
//     that finds the number odd or changed does not try again.
//  2. One thread's readings never go back: it passes its latest one, and where
//     the line lies behind that, time stands still. So an anchor may correct a
//     line at once, in either direction, and nothing has to be slewed.
//  3. A line gives no times outside its interval. So a counter that jumps leads
//     no further astray than that, and the next anchor finds it out. If it
//     falls behind the anchor, leaps over the end of the interval, or stops (a
//     thread then reads one time twice), it is found out at once. From then on
//     the system's time is taken; while that is behind, time stands still (2).
//  4. With a counter that behaves, the error is at most the sum of
//       kWidest / 2, by which an anchor may be off,
//       kWidest, by which two anchors may turn a line in its interval, and
//       kInterval * (the change in the rate of CLOCK_MONOTONIC),
//     and a thousandth of it all. The kernel steers that clock by no more than
//     500 ppm either way, which makes less than kErrorBound. On a quiet machine
//     it steers by less than 1 ppm and anchors are 100 ns wide, and so is the
//     error.
//
// `Machine` reads the clocks: `cycles()`, and in nanoseconds `monotonic()` and
// `wall()`; `has_counter()` says whether cycles can be used. *thread-safe*
template <class Machine, template <class> class Atomic = std::atomic>
class BasicCycleClock {
 public:
  static constexpr int64_t kInterval = 100'000'000;
  static constexpr int64_t kWidest = 1'000;
  static constexpr int64_t kTolerance = kInterval / 1'000;
  static constexpr int64_t kErrorBound = 2 * kWidest + kTolerance;

  explicit BasicCycleClock(Machine machine = Machine()) : machine_(machine) {
    if (!machine_.has_counter()) return;
    const Pair<uint64_t> anchor =
        tightest([this] { return machine_.cycles(); });
    publish(0, {anchor.value, anchor.monotonic, 0, 0});
  }

  // The time of CLOCK_MONOTONIC, in nanoseconds. `latest` is the last time that
  // the calling thread was given by a clock of this type; it is updated.
  int64_t monotonic(int64_t& latest) noexcept;

  // CLOCK_REALTIME - CLOCK_MONOTONIC, measured less than kInterval before
  // `monotonic`.
  int64_t wall_offset(int64_t monotonic) noexcept;

  // Whether there is a trusted line.
  bool uses_counter() const noexcept {
    return span_.load(std::memory_order_relaxed) != 0;
  }

 private:
  static constexpr double kRateUnit = 4294967296.0;  // 2^32

  struct Line {
    uint64_t cycles;
    int64_t monotonic;
    uint64_t rate;  // nanoseconds in 2^32 cycles; 0: not known
    uint64_t span;  // in cycles; 0: not trusted
  };
  template <class Value>
  struct Pair {
    Value value;
    int64_t monotonic;
    int64_t width;  // of the time span in which both were read
  };

  // Returns the tightest of a few pairs of readings: a thread that is
  // interrupted between two readings would measure its own absence.
  template <class Read>
  auto tightest(Read read) const noexcept -> Pair<decltype(read())>;

  // Takes a new anchor if that is due, or if the counter has misbehaved. `line`
  // is whole under `sequence` and did not serve at `now`.
  void check(const Line& line, uint32_t sequence, int64_t now) noexcept;
  void publish(uint32_t sequence, const Line& line) noexcept;

  const Machine machine_;

  Atomic<uint32_t> sequence_{0};  // odd: the line is being written
  Atomic<uint64_t> cycles_{0};
  Atomic<int64_t> monotonic_{0};
  Atomic<uint64_t> rate_{0};
  Atomic<uint64_t> span_{0};

  Atomic<int64_t> offset_{0};
  Atomic<int64_t> measure_at_{INT64_MIN};
};

// Implementation.

template <class Machine, template <class> class Atomic>
inline int64_t BasicCycleClock<Machine, Atomic>::monotonic(
    int64_t& latest) noexcept {
  // Acquire throughout: pairs with the releases in `publish()`. A reader that
  // meets a number of another line finds, at the end, that the sequence has
  // changed.
  const uint32_t sequence = sequence_.load(std::memory_order_acquire);
  const Line line{cycles_.load(std::memory_order_acquire),
                  monotonic_.load(std::memory_order_acquire),
                  rate_.load(std::memory_order_acquire),
                  span_.load(std::memory_order_acquire)};
  const bool is_whole =
      sequence_.load(std::memory_order_relaxed) == (sequence & ~1u);
  if (is_whole && line.span != 0) {
    // This is huge if the counter is behind the anchor.
    const uint64_t elapsed = machine_.cycles() - line.cycles;
    if (elapsed < line.span) {
      const int64_t now =
          line.monotonic + static_cast<int64_t>(elapsed * line.rate >> 32);
      if (now > latest) return latest = now;
    }
  }
  const int64_t now = machine_.monotonic();
  if (is_whole && machine_.has_counter()) check(line, sequence, now);
  return latest = std::max(latest, now);
}

template <class Machine, template <class> class Atomic>
void BasicCycleClock<Machine, Atomic>::check(const Line& line,
                                             uint32_t sequence,
                                             int64_t now) noexcept {
  if (line.span == 0 && now - line.monotonic < kInterval) return;
  const Pair<uint64_t> anchor = tightest([this] { return machine_.cycles(); });
  const int64_t passed = anchor.monotonic - line.monotonic;
  const auto elapsed =
      static_cast<double>(static_cast<int64_t>(anchor.value - line.cycles));
  const double error =
      elapsed * static_cast<double>(line.rate) / kRateUnit - passed;
  const bool is_due = passed >= kInterval;
  const bool is_foretold =
      std::abs(error) <= std::max(passed / 1'000, kTolerance);
  // The caller is ahead of the line, or on a processor whose counter is a
  // little behind.
  if (is_foretold && !is_due) return;

  Line next{anchor.value, anchor.monotonic, 0, 0};
  // No counter runs at less than a megahertz, or at more than a terahertz.
  if (is_due && anchor.width <= kWidest && passed < elapsed * 1'000 &&
      elapsed < passed * 1e3) {
    next.rate = static_cast<uint64_t>(passed / elapsed * kRateUnit);
    if (is_foretold) {
      next.span =
          static_cast<uint64_t>((kInterval + kTolerance) * elapsed / passed);
    }
  }
  publish(sequence, next);
}

template <class Machine, template <class> class Atomic>
void BasicCycleClock<Machine, Atomic>::publish(uint32_t sequence,
                                               const Line& line) noexcept {
  // Of several threads that found the line of `sequence` unusable, one
  // publishes. Relaxed: `sequence` was acquired.
  if (!sequence_.compare_exchange_strong(sequence, sequence + 1,
                                         std::memory_order_relaxed)) {
    return;
  }
  // Release throughout: pairs with the acquires in `monotonic()`.
  cycles_.store(line.cycles, std::memory_order_release);
  monotonic_.store(line.monotonic, std::memory_order_release);
  rate_.store(line.rate, std::memory_order_release);
  span_.store(line.span, std::memory_order_release);
  // Linearization point.
  sequence_.store(sequence + 2, std::memory_order_release);
}

template <class Machine, template <class> class Atomic>
int64_t BasicCycleClock<Machine, Atomic>::wall_offset(
    int64_t monotonic) noexcept {
  // Relaxed throughout: each number stands alone.
  if (monotonic >= measure_at_.load(std::memory_order_relaxed)) {
    int64_t seen = offset_.load(std::memory_order_relaxed);
    const Pair<int64_t> pair = tightest([this] { return machine_.wall(); });
    // Fails if another thread has measured in the meantime, perhaps long ago.
    offset_.compare_exchange_strong(seen, pair.value - pair.monotonic,
                                    std::memory_order_relaxed);
    // Stored afterwards: if this thread is interrupted, the others measure.
    measure_at_.store(monotonic + kInterval, std::memory_order_relaxed);
  }
  return offset_.load(std::memory_order_relaxed);
}

template <class Machine, template <class> class Atomic>
template <class Read>
auto BasicCycleClock<Machine, Atomic>::tightest(Read read) const noexcept
    -> Pair<decltype(read())> {
  Pair<decltype(read())> best{};
  best.width = INT64_MAX;
  int64_t before = machine_.monotonic();
  for (int i = 0; i < 3; ++i) {
    const auto value = read();
    const int64_t after = machine_.monotonic();
    if (after - before < best.width) {
      best = {value, before + (after - before) / 2, after - before};
    }
    before = after;
  }
  return best;
}

}  // namespace weir::internal

#endif  // WEIR_BASE_CYCLE_CLOCK_H_
