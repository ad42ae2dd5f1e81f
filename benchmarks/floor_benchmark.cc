// What the machine charges for the parts that no limiter can do without.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "enforcer/clock.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace weir {
namespace {

void add_one(std::atomic<uint64_t>& word) {
  uint64_t seen = word.load(std::memory_order_relaxed);
  while (!word.compare_exchange_weak(seen, seen + 1)) {
  }
}

void steady_clock(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(std::chrono::steady_clock::now());
  }
}
BENCHMARK(steady_clock)->Name("floor/steady_clock::now()")->UseRealTime();

#if defined(__x86_64__)
void cycle_counter(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(__rdtsc());
}
BENCHMARK(cycle_counter)->Name("floor/rdtsc")->UseRealTime();
#endif

void system_clock(benchmark::State& state) {
  static SystemClock clock;
  // Until it has the measure of the counter, if there is one.
  const int64_t end = clock.now().monotonic + 250'000'000;
  while (!clock.uses_counter() && clock.now().monotonic < end) {
  }
  for (auto _ : state) benchmark::DoNotOptimize(clock.now());
}
BENCHMARK(system_clock)->Name("floor/SystemClock::now()")->UseRealTime();

void one_cas(benchmark::State& state) {
  static std::atomic<uint64_t> word;
  for (auto _ : state) add_one(word);
}
BENCHMARK(one_cas)
    ->Name("floor/one load and CAS")
    ->UseRealTime()
    ->ThreadRange(1, 2);

void two_cas(benchmark::State& state) {
  static std::atomic<uint64_t> words[2];
  for (auto _ : state) {
    add_one(words[0]);
    add_one(words[1]);
  }
}
BENCHMARK(two_cas)
    ->Name("floor/two loads and CASes")
    ->UseRealTime()
    ->ThreadRange(1, 2);

void hash(benchmark::State& state) {
  std::string key(40, 'k');
  for (auto _ : state) {
    benchmark::DoNotOptimize(key.data());
    benchmark::DoNotOptimize(
        absl::Hash<absl::string_view>()(absl::string_view(key)));
  }
}
BENCHMARK(hash)->Name("floor/hash of 40 bytes")->UseRealTime();

// A hash, a hit in an array of two-line entries, and one compare-and-swap for
// each limit (the method's bucket, the plan's, the quota): the least that a
// decision with three limits costs.
void decision(benchmark::State& state) {
  struct alignas(128) Entry {
    uint64_t hash;
    char key[40];
    std::atomic<uint64_t> words[3];
  };
  const auto count = static_cast<size_t>(state.range(0));
  static std::vector<Entry> entries;
  static std::vector<std::string> calls;
  if (state.thread_index() == 0) {
    entries = std::vector<Entry>(count);
    calls.clear();
    std::mt19937_64 random(1);
    for (size_t i = 0; i < (size_t{1} << 16); ++i) {
      calls.push_back(absl::StrCat("a-key-of-forty-characters-",
                                   10'000'000'000'000 + random() % count));
    }
  }
  size_t i = static_cast<size_t>(state.thread_index()) * 7919;
  for (auto _ : state) {
    const std::string& key = calls[i++ % calls.size()];
    const uint64_t hash =
        absl::Hash<absl::string_view>()(absl::string_view(key));
    Entry& entry = entries[hash % count];
    benchmark::DoNotOptimize(entry.hash == hash);
    for (auto& word : entry.words) add_one(word);
  }
}
BENCHMARK(decision)
    ->Name("floor/hash, hit, three CASes")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->UseRealTime()
    ->ThreadRange(1, 2);

}  // namespace
}  // namespace weir
