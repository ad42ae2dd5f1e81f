// Benchmarks the algorithms of other limiters on the same work. Like the
// subject's, their buckets never refuse here.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/peers/fixed_map.h"
#include "weir/benchmarks/peers/gcra.h"
#include "weir/benchmarks/peers/mutex_bucket.h"
#include "weir/benchmarks/peers/mutex_map.h"
#include "weir/benchmarks/peers/sharded_map.h"
#include "weir/benchmarks/peers/time_bucket.h"
#include "weir/benchmarks/rows.h"

namespace weir {
namespace {

constexpr double kRate = 1e9;
constexpr double kBurst = 2e9;

// By how much a caller's time advances from one call to the next, in ns.
constexpr int64_t kStep = 20;

struct OwnClock {
  static constexpr char kName[] = "own clock";
  int64_t operator()() const {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
};

struct CallersNow {
  static constexpr char kName[] = "caller's now";
  int64_t operator()() { return now += kStep; }
  int64_t now = OwnClock()();
};

template <class Bucket, class Clock>
void one_bucket(benchmark::State& state) {
  static auto& bucket = *new Bucket(kRate, kBurst);
  Clock clock;
  for (auto _ : state) benchmark::DoNotOptimize(bucket.take(clock()));
}

template <class Map>
struct Filled {
  explicit Filled(size_t keys) : map(kRate, kBurst) {
    for (size_t i = 0; i < keys; ++i) map.add_key(key_bytes(i).view());
  }
  Map map;
};

template <class Map, class Clock>
void keyed(benchmark::State& state, size_t keys, Popularity popularity) {
  Map& map = the<Filled<Map>>(keys).map;
  Clock clock;
  time_decisions(state, the<Draws>(keys, popularity),
                 [&](std::string_view key) { return map.take(key, clock()); });
}

template <class Bucket, class Clock>
void add_bucket(const char* name) {
  benchmark::RegisterBenchmark(absl::StrCat(name, ", ", Clock::kName).c_str(),
                               one_bucket<Bucket, Clock>)
      ->UseRealTime()
      ->ThreadRange(1, 2);
}

template <class Map, class Clock>
void add_keyed(const char* name, int64_t keys) {
  for (const Popularity popularity : popularities(keys)) {
    benchmark::RegisterBenchmark(
        absl::StrCat(name, ", ", Clock::kName, suffix_of(popularity), "/", keys)
            .c_str(),
        [=](benchmark::State& state) {
          keyed<Map, Clock>(state, static_cast<size_t>(keys), popularity);
        })
        ->UseRealTime()
        ->ThreadRange(1, 2);
  }
}

template <class Clock>
void add_rows(const std::vector<int64_t>& key_counts) {
  add_bucket<peers::TimeBucket, Clock>("peer/time bucket (folly)");
  add_bucket<peers::GcraBucket, Clock>("peer/GCRA (governor)");
  add_bucket<peers::MutexBucket, Clock>("peer/mutex bucket (x/time/rate)");
  for (const int64_t keys : key_counts) {
    add_keyed<peers::FixedMap, Clock>("peer/fixed map (Envoy)", keys);
    add_keyed<peers::ShardedMap, Clock>("peer/sharded map (governor)", keys);
    add_keyed<peers::MutexMap, Clock>("peer/mutex map (x/time/rate)", keys);
  }
}

}  // namespace

void register_peer_rows(const std::vector<int64_t>& key_counts) {
  add_rows<OwnClock>(key_counts);
  add_rows<CallersNow>(key_counts);
}

}  // namespace weir
