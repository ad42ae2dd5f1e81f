#ifndef WEIR_SERVE_SPACE_SAVING_H_
#define WEIR_SERVE_SPACE_SAVING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace weir {

// Finds the most frequent keys with memory for only `capacity` counters: the
// Space-Saving algorithm of Metwally, Agrawal and El Abbadi. When all counters
// are in use, a key without one takes over the counter with the lowest count.
//
// After n calls of count(), for any key that was counted m times:
//   - if m > n / capacity, it has a counter; without one, m <= least();
//   - with a counter, seen <= m <= seen + taken_over, and taken_over <= n /
//     capacity. With at most `capacity` different keys, taken_over is 0: all
//     counts are exact.
//
// Key must be hashable by Abseil. Value is further data kept with a counter,
// default-constructed for each key. *thread-compatible*
template <class Key, class Value>
class SpaceSaving {
 public:
  struct Counter {
    Key key;
    int64_t seen = 0;        // since the key got the counter
    int64_t taken_over = 0;  // the counter's value before that
    Value value;
  };

  explicit SpaceSaving(size_t capacity) : capacity_(capacity) {}

  // Counts the key once, and returns the value kept with it.
  Value& count(const Key& key) {
    const auto found = places_.find(key);
    const size_t place = found != places_.end() ? found->second : take(key);
    ++numbers_[place];
    ++counters_[place].seen;
    return counters_[place].value;
  }

  // In no order.
  const std::vector<Counter>& counters() const { return counters_; }

  // An upper bound of how often a key without a counter was counted.
  int64_t least() const {
    return counters_.size() < capacity_
               ? 0
               : *std::min_element(numbers_.begin(), numbers_.end());
  }

  void clear() {
    counters_.clear();
    numbers_.clear();
    places_.clear();
  }

 private:
  size_t take(const Key& key) {
    if (counters_.size() < capacity_) {
      counters_.push_back({key, 0, 0, Value()});
      numbers_.push_back(0);
      return places_[key] = counters_.size() - 1;
    }
    const auto least = std::min_element(numbers_.begin(), numbers_.end());
    const auto place = static_cast<size_t>(least - numbers_.begin());
    places_.erase(counters_[place].key);
    counters_[place] = {key, 0, *least, Value()};
    return places_[key] = place;
  }

  const size_t capacity_;
  std::vector<Counter> counters_;
  // seen + taken_over of each counter, contiguous for the minimum search.
  std::vector<int64_t> numbers_;
  absl::flat_hash_map<Key, size_t> places_;
};

}  // namespace weir

#endif  // WEIR_SERVE_SPACE_SAVING_H_
