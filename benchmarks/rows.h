#ifndef WEIR_BENCHMARKS_ROWS_H_
#define WEIR_BENCHMARKS_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "benchmark/benchmark.h"
#include "weir/benchmarks/draws.h"

namespace weir {

// Register rows that are measured once for each of these numbers of keys.
void register_floor_rows(const std::vector<int64_t>& key_counts);
void register_peer_rows(const std::vector<int64_t>& key_counts);
void register_admit_rows(const std::vector<int64_t>& key_counts);
void register_hot_key_rows();

// Popularity only matters if the keys do not all fit the caches.
inline std::vector<Popularity> popularities(int64_t keys) {
  if (keys < 1'000'000) return {Popularity::kUniform};
  return {Popularity::kUniform, Popularity::kZipf};
}

inline const char* suffix_of(Popularity popularity) {
  return popularity == Popularity::kZipf ? ", Zipf" : "";
}

// The single T made from these arguments, created on first use: what rows
// measure is built once and used by all of their repetitions.
template <class T, class... Args>
T& the(Args... args) {
  static std::mutex mutex;
  static auto& all = *new std::map<std::tuple<Args...>, std::unique_ptr<T>>;
  std::lock_guard lock(mutex);
  std::unique_ptr<T>& made = all[std::tuple(args...)];
  if (made == nullptr) made = std::make_unique<T>(args...);
  return *made;
}

// Times `decide(key)` on one draw after another. `decide` returns whether the
// outcome was the one that the row measures.
template <class Decide>
void time_decisions(benchmark::State& state, Draws& draws, Decide decide) {
  Draws::Walk walk(draws, state.thread_index());
  int64_t surprises = 0;
  for (auto _ : state) surprises += !decide(walk.next());
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
}

}  // namespace weir

#endif  // WEIR_BENCHMARKS_ROWS_H_
