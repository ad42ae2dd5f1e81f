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
#include "benchmarks/draws.h"

namespace weir {

// Rows that are measured once for each of these numbers of keys.
void register_floor_rows(const std::vector<int64_t>& key_counts);
void register_peer_rows(const std::vector<int64_t>& key_counts);
void register_admit_rows(const std::vector<int64_t>& key_counts);
void register_hot_key_rows();

// Popularity matters where not all keys fit the caches.
inline std::vector<Popularity> popularities(int64_t keys) {
  if (keys < 1'000'000) return {Popularity::kUniform};
  return {Popularity::kUniform, Popularity::kZipf};
}

inline const char* suffix_of(Popularity popularity) {
  return popularity == Popularity::kZipf ? ", Zipf" : "";
}

// The one T made from these arguments, made when first asked for: what rows
// measure is built once and serves all of their repetitions.
template <class T, class... Args>
T& the(Args... args) {
  static std::mutex mutex;
  static auto& all = *new std::map<std::tuple<Args...>, std::unique_ptr<T>>;
  std::lock_guard lock(mutex);
  std::unique_ptr<T>& made = all[std::tuple(args...)];
  if (made == nullptr) made = std::make_unique<T>(args...);
  return *made;
}

// Times `decide(key)` on one draw after another. It says whether the outcome
// was the one that the row is about.
template <class Decide>
void time_decisions(benchmark::State& state, Draws& draws, Decide decide) {
  Draws::Walk walk(draws, state.thread_index());
  int64_t surprises = 0;
  for (auto _ : state) surprises += !decide(walk.next());
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
}

}  // namespace weir

#endif  // WEIR_BENCHMARKS_ROWS_H_
