#ifndef WEIR_SERVE_SPACE_SAVING_H_
#define WEIR_SERVE_SPACE_SAVING_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace weir {

// Counts which keys come most often, in memory for `capacity` of them, however
// many there are: the Space-Saving algorithm of Metwally, Agrawal and El
// Abbadi. A key that has no counter when all are in use takes over the one
// whose number is the least.
//
// With n keys counted altogether, of any key that came m times:
//   - if m > n / capacity, it has a counter; without one, m <= least();
//   - of one that has a counter, seen <= m <= seen + taken_over, and taken_over
//     <= n / capacity. While there were at most `capacity` different keys,
//     taken_over is 0: all numbers are exact.
//
// Key can be hashed by Abseil; Value is what else is kept with a counter, new
// for each key. *thread-compatible*
template <class Key, class Value>
class SpaceSaving {
 public:
  struct Counter {
    Key key;
    int64_t seen = 0;        // since the key has the counter
    int64_t taken_over = 0;  // what the counter had counted before
    Value value;
  };

  explicit SpaceSaving(size_t capacity) : capacity_(capacity) {}

  // Counts the key once, and returns what is kept with it.
  Value& count(const Key& key) {
    const auto found = places_.find(key);
    const size_t place = found != places_.end() ? found->second : take(key);
    ++numbers_[place];
    ++counters_[place].seen;
    return counters_[place].value;
  }

  // In no order.
  const std::vector<Counter>& counters() const { return counters_; }

  // How often a key without a counter may have come.
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
  // seen + taken_over of each, together, as the least is looked for.
  std::vector<int64_t> numbers_;
  absl::flat_hash_map<Key, size_t> places_;
};

}  // namespace weir

#endif  // WEIR_SERVE_SPACE_SAVING_H_
