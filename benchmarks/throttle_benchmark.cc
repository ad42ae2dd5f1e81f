// Benchmarks a token bucket by itself.

#include <chrono>
#include <cstdint>

#include "benchmark/benchmark.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/throttle/token_bucket.h"
#include "weir/throttle/token_clock.h"

namespace weir {
namespace {

constexpr char kFloor[] = "floor/one load and CAS";

int64_t steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// A bucket that no run empties.
const TokenClock& endless() {
  static const TokenClock clock = *TokenClock::create(1e9, 2'000'000'000, 0);
  return clock;
}

void admitted(benchmark::State& state) {
  static TokenBucket bucket;
  int64_t now = 0;
  for (auto _ : state) {
    now += 100;
    benchmark::DoNotOptimize(
        bucket.take(endless(), endless().at(now), 1).outcome);
  }
  state.SetLabel(
      compared_with({kFloor, "peer/time bucket (folly), caller's now"}));
}
BENCHMARK(admitted)
    ->Name("bucket/admitted, caller's now")
    ->UseRealTime()
    ->ThreadRange(1, 2);

void admitted_own_clock(benchmark::State& state) {
  static TokenBucket bucket;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        bucket.take(endless(), endless().at(steady_now()), 1).outcome);
  }
  state.SetLabel(
      compared_with({kFloor, "peer/time bucket (folly), own clock"}));
}
BENCHMARK(admitted_own_clock)
    ->Name("bucket/admitted, own clock")
    ->UseRealTime()
    ->ThreadRange(1, 2);

void refused(benchmark::State& state) {
  static const TokenClock clock = *TokenClock::create(1, 1, 0);
  static TokenBucket bucket;
  bucket.take(clock, clock.at(0), 1);
  int64_t now = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(now);
    benchmark::DoNotOptimize(bucket.take(clock, clock.at(now), 1).outcome);
  }
  state.SetLabel(compared_with({kFloor}));
}
BENCHMARK(refused)
    ->Name("bucket/refused, caller's now")
    ->UseRealTime()
    ->ThreadRange(1, 2);

}  // namespace
}  // namespace weir
