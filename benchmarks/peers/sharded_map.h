#ifndef WEIR_BENCHMARKS_PEERS_SHARDED_MAP_H_
#define WEIR_BENCHMARKS_PEERS_SHARDED_MAP_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "weir/benchmarks/peers/gcra.h"

namespace weir::peers {

// A limiter for each key, as in governor's keyed limiters: hash maps from
// string to the single word of a GCRA, each behind a reader-writer lock; the
// key's hash selects the map. A new key is added under the writer's lock.
// *thread-safe*
class ShardedMap {
 public:
  ShardedMap(double rate, double burst) : gcra_(rate, burst) {}

  void add_key(std::string_view key) { take(key, 0); }

  bool take(std::string_view key, int64_t now_ns) {
    const absl::string_view view(key.data(), key.size());
    const size_t hash = absl::Hash<absl::string_view>()(view);
    // The map itself goes by the low bits.
    Shard& shard = shards_[hash >> kShardShift];
    {
      std::shared_lock lock(shard.mutex);
      const auto it = shard.words.find(view, hash);
      if (it != shard.words.end()) return gcra_.take(it->second.due, now_ns);
    }
    std::unique_lock lock(shard.mutex);
    return gcra_.take(shard.words.try_emplace(view).first->second.due, now_ns);
  }

 private:
  static constexpr size_t kShards = 64;
  static constexpr int kShardShift = 58;

  struct Word {
    Word() = default;
    // For the map to move it, under the writer's lock.
    Word(Word&& other) noexcept
        : due(other.due.load(std::memory_order_relaxed)) {}
    std::atomic<int64_t> due{0};
  };

  struct alignas(128) Shard {
    std::shared_mutex mutex;
    absl::flat_hash_map<std::string, Word> words;
  };

  const Gcra gcra_;
  std::array<Shard, kShards> shards_;
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_SHARDED_MAP_H_
