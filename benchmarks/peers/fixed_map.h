#ifndef WEIR_BENCHMARKS_PEERS_FIXED_MAP_H_
#define WEIR_BENCHMARKS_PEERS_FIXED_MAP_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "weir/benchmarks/peers/time_bucket.h"

namespace weir::peers {

// A time bucket for each of a set of keys that the configuration names, as
// Envoy's local rate limit has one for each static descriptor: the map never
// changes while it serves, so finding needs no lock. *thread-safe*, except
// `add_key`.
class FixedMap {
 public:
  FixedMap(double rate, double burst) : rate_(rate), burst_(burst) {}

  void add_key(std::string_view key) {
    buckets_.try_emplace(std::string(key), rate_, burst_);
  }

  bool take(std::string_view key, int64_t now_ns) {
    const auto it = buckets_.find(absl::string_view(key.data(), key.size()));
    return it != buckets_.end() && it->second.take(now_ns);
  }

 private:
  const double rate_;
  const double burst_;
  absl::flat_hash_map<std::string, TimeBucket> buckets_;
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_FIXED_MAP_H_
