#ifndef WEIR_ENFORCER_CYCLE_CLOCK_H_
#define WEIR_ENFORCER_CYCLE_CLOCK_H_

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>

namespace weir {

// CLOCK_MONOTONIC and CLOCK_REALTIME for little more than a reading of the
// processor's cycle counter.
//
// Time is a line through an anchor, which is a reading of the counter together
// with one of CLOCK_MONOTONIC:
//
//   monotonic = anchor + (cycles - anchor_cycles) * rate
//
// A line serves for kInterval, and a thousandth more by its own count. Whoever
// reads the clock after that takes the next anchor; the rate is that between
// the two. The new line is trusted if the one before had foretold its anchor to
// a thousandth: then at least kInterval has passed indeed. While there is no
// trusted line (in the first two intervals, after the counter did something
// odd, during a publication), callers read CLOCK_MONOTONIC itself.
//
//  1. Nobody waits: a line is published under a sequence number, and a reader
//     that meets an odd or a changed number does not try again.
//  2. One thread's readings never go back: it brings its latest one, and where
//     the line lies behind that, time stands still. So an anchor may set a line
//     right at once, in either direction, and nothing has to be slewed.
//  3. A line gives no times but those of its interval. A counter that jumps
//     leads no further astray than that, and is found out by the next anchor;
//     if it falls behind the anchor, leaps over the interval's end, or stops
//     (which a thread notices by reading one time twice), then at once. From
//     there on the system's time is taken; where it is behind, (2) waits for
//     it.
//  4. Of a counter that behaves, the error is at most
//       kWidest / 2: by so much an anchor may be off,
//       + kWidest: by so much two of them may turn a line in its time,
//       + kInterval * (what CLOCK_MONOTONIC changed its rate by),
//     and a thousandth of it all. The kernel steers that clock by no more than
//     500 ppm either way, which makes less than kErrorBound. On a quiet machine
//     it steers by less than 1 ppm and anchors are 100 ns wide, and so is the
//     error.
//
// `Machine` reads the clocks: `cycles()`, and in nanoseconds `monotonic()` and
// `wall()`; `has_counter()` says whether cycles are worth a look. *thread-safe*
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

  // The time by CLOCK_MONOTONIC. `latest` is what the calling thread was told
  // last by a clock of this type; updated.
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
    int64_t width;  // of the time in which both were read
  };

  // A thread that is interrupted between two readings would measure its own
  // absence, so the tightest of a few pairs counts.
  template <class Read>
  auto tightest(Read read) const noexcept -> Pair<decltype(read())>;

  // Anchors anew if that is due, or if the counter is not what it was. `line`
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
  // Acquire throughout: pairs with the releases in `publish()`. Whoever meets a
  // number of another line finds, last, that the sequence has changed.
  const uint32_t sequence = sequence_.load(std::memory_order_acquire);
  const Line line{cycles_.load(std::memory_order_acquire),
                  monotonic_.load(std::memory_order_acquire),
                  rate_.load(std::memory_order_acquire),
                  span_.load(std::memory_order_acquire)};
  const bool is_whole =
      sequence_.load(std::memory_order_relaxed) == (sequence & ~1u);
  if (is_whole && line.span != 0) {
    // Behind the anchor, this is huge.
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
  // The caller is ahead of the line, or on a processor a little behind.
  if (is_foretold && !is_due) return;

  Line next{anchor.value, anchor.monotonic, 0, 0};
  // No counter goes by less than a megahertz, or by a terahertz.
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
  // Of several threads that found `sequence`'s line wanting, one publishes.
  // Relaxed: `sequence` was acquired.
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
  // Relaxed throughout: each is one number that stands alone.
  if (monotonic >= measure_at_.load(std::memory_order_relaxed)) {
    int64_t seen = offset_.load(std::memory_order_relaxed);
    const Pair<int64_t> pair = tightest([this] { return machine_.wall(); });
    // Not if another thread has measured meanwhile, perhaps long ago.
    offset_.compare_exchange_strong(seen, pair.value - pair.monotonic,
                                    std::memory_order_relaxed);
    // Afterwards: should this thread be interrupted, the others measure.
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

}  // namespace weir

#endif  // WEIR_ENFORCER_CYCLE_CLOCK_H_
