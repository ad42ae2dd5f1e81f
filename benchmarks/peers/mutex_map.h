#ifndef WEIR_BENCHMARKS_PEERS_MUTEX_MAP_H_
#define WEIR_BENCHMARKS_PEERS_MUTEX_MAP_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "weir/benchmarks/peers/mutex_bucket.h"

namespace weir::peers {

// The textbook design: a map from key to limiter under one mutex, and a mutex
// in each limiter, as services that limit each visitor with Go's x/time/rate
// usually have it. A new key is added. *thread-safe*
class MutexMap {
 public:
  MutexMap(double rate, double burst) : rate_(rate), burst_(burst) {}

  void add_key(std::string_view key) { find(key); }

  bool take(std::string_view key, int64_t now_ns) {
    return find(key).take(now_ns);
  }

 private:
  MutexBucket& find(std::string_view key) {
    std::lock_guard lock(mutex_);
    std::unique_ptr<MutexBucket>& bucket =
        buckets_[absl::string_view(key.data(), key.size())];
    if (bucket == nullptr) {
      bucket = std::make_unique<MutexBucket>(rate_, burst_);
    }
    return *bucket;
  }

  const double rate_;
  const double burst_;
  std::mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<MutexBucket>> buckets_;
};

}  // namespace weir::peers

#endif  // WEIR_BENCHMARKS_PEERS_MUTEX_MAP_H_
