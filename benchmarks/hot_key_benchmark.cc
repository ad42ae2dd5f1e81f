// Benchmarks one key for all requests, whose callers pass the time: strict, and
// with leases.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "benchmark/benchmark.h"
#include "weir/base/clock.h"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/benchmarks/rows.h"
#include "weir/benchmarks/subject.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"

namespace weir {
namespace {

// By how much a caller's time advances from one call to the next, in ns.
constexpr int64_t kStep = 20;

enum class Named { kByKey, kByHandle };

// One key, and a timer that calls `maintain()` as an embedder's would.
struct HotKey {
  HotKey(Plan plan, int lease_threads)
      : subject(1, plan, lease_threads), timer([this] {
          while (!is_over) {
            subject.enforcer->maintain();
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
          }
        }) {}
  ~HotKey() {
    is_over = true;
    timer.join();
  }

  Subject subject;
  std::atomic<bool> is_over{false};
  std::thread timer;
};

void hot_key(benchmark::State& state, Plan plan, int lease_threads, Named named,
             Outcome expected) {
  Subject& subject = the<HotKey>(plan, lease_threads).subject;
  const KeyBytes key = key_bytes(0);
  const ClientHandle handle = named == Named::kByHandle
                                  ? subject.enforcer->resolve(key.view())
                                  : ClientHandle();
  Instant now = SystemClock().now();
  int64_t surprises = 0;
  for (auto _ : state) {
    now = now + kStep;
    const Call call{key.view(), subject.route, 1, now, handle};
    surprises += subject.enforcer->admit(call).outcome != expected;
  }
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
  state.SetLabel(compared_with({"floor/three loads and CASes"}));
}

void add_row(const char* name, Plan plan, int lease_threads, Named named,
             Outcome expected) {
  benchmark::RegisterBenchmark(name,
                               [=](benchmark::State& state) {
                                 hot_key(state, plan, lease_threads, named,
                                         expected);
                               })
      ->UseRealTime()
      ->ThreadRange(1, 2);
}

}  // namespace

void register_hot_key_rows() {
  constexpr int kLeaseThreads = 8;
  add_row("hot key/strict, by key", Plan::kAdmits, 0, Named::kByKey,
          Outcome::kAdmitted);
  add_row("hot key/leased, by key", Plan::kAdmits, kLeaseThreads, Named::kByKey,
          Outcome::kAdmitted);
  add_row("hot key/strict, by handle", Plan::kAdmits, 0, Named::kByHandle,
          Outcome::kAdmitted);
  add_row("hot key/leased, by handle", Plan::kAdmits, kLeaseThreads,
          Named::kByHandle, Outcome::kAdmitted);
  add_row("hot key/strict, throttled, by handle", Plan::kThrottles, 0,
          Named::kByHandle, Outcome::kThrottled);
  add_row("hot key/leased, throttled, by handle", Plan::kThrottles,
          kLeaseThreads, Named::kByHandle, Outcome::kThrottled);
}

}  // namespace weir
