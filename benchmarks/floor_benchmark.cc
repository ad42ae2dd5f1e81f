// Benchmarks the machine's cost of the parts that every limiter needs.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "weir/base/clock.h"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/rows.h"

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
  // Runs until the clock has calibrated the counter, if there is one.
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

void three_cas(benchmark::State& state) {
  static std::atomic<uint64_t> words[3];
  for (auto _ : state) {
    for (auto& word : words) add_one(word);
  }
}
BENCHMARK(three_cas)
    ->Name("floor/three loads and CASes")
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
struct Entries {
  struct alignas(128) Entry {
    uint64_t hash;
    char key[40];
    std::atomic<uint64_t> words[3];
  };

  explicit Entries(size_t keys) : all(absl::bit_ceil(keys)) {}
  std::vector<Entry> all;
};

void decision(benchmark::State& state, size_t keys, Popularity popularity) {
  std::vector<Entries::Entry>& entries = the<Entries>(keys).all;
  time_decisions(state, the<Draws>(keys, popularity),
                 [&](std::string_view key) {
                   const uint64_t hash = absl::Hash<absl::string_view>()(
                       absl::string_view(key.data(), key.size()));
                   Entries::Entry& entry = entries[hash & (entries.size() - 1)];
                   benchmark::DoNotOptimize(entry.hash == hash);
                   for (auto& word : entry.words) add_one(word);
                   return true;
                 });
}

}  // namespace

void register_floor_rows(const std::vector<int64_t>& key_counts) {
  for (const int64_t keys : key_counts) {
    for (const Popularity popularity : popularities(keys)) {
      benchmark::RegisterBenchmark(
          absl::StrCat("floor/hash, hit, three CASes", suffix_of(popularity),
                       "/", keys)
              .c_str(),
          [=](benchmark::State& state) {
            decision(state, static_cast<size_t>(keys), popularity);
          })
          ->UseRealTime()
          ->ThreadRange(1, 2);
    }
  }
}

}  // namespace weir
