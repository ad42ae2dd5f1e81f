#ifndef WEIR_CONTROL_PLANE_CREATION_ORDER_H_
#define WEIR_CONTROL_PLANE_CREATION_ORDER_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weir::internal {

// How many things a page with this limit has: `limit`, but at most 500; 25 if
// it is 0 or less.
inline int page_size(int limit) {
  constexpr int kDefault = 25, kMax = 500;
  return limit <= 0 ? kDefault : std::min(limit, kMax);
}

// A list of things in the order of insertion, read in pages with the newest
// first. A page continues after the last thing of the page before, whatever was
// added or removed in the meantime. Owns nothing. Takes 17 bytes a thing, up to
// 35 after many were removed; every call takes logarithmic time.
// *thread-compatible*
template <class T>
class CreationOrder {
 public:
  // Returns the thing's place: a number, greater than all before.
  uint64_t add(T& thing) {
    // At the end, where the tree leaves its nodes full.
    by_place_.emplace_hint(by_place_.end(), ++last_place_, &thing);
    return last_place_;
  }

  // REQUIRES: a thing has this place.
  void remove(uint64_t place) { by_place_.erase(place); }

  size_t size() const { return by_place_.size(); }

  // The thing at this place; nullptr if there is none.
  T* find(uint64_t place) const {
    const auto found = by_place_.find(place);
    return found == by_place_.end() ? nullptr : found->second;
  }

  // REQUIRES: the list is not empty.
  T& newest() const { return *std::prev(by_place_.end())->second; }

  // Calls `visit(thing)`, which returns whether the thing counts, until
  // page_size(limit) have counted or `most` were visited. Returns the position
  // of the next page, "" at the end. `position` must be "" or what an earlier
  // page returned; otherwise InvalidArgument.
  template <class Visit>
  absl::StatusOr<std::string> page(std::string_view position, int limit,
                                   Visit visit, int most = 100'000) const {
    auto end = by_place_.end();
    if (!position.empty()) {
      uint64_t place;
      if (!absl::SimpleAtoi(absl::string_view(position.data(), position.size()),
                            &place)) {
        return absl::InvalidArgumentError(
            "position: expected the position that an earlier page returned");
      }
      end = by_place_.lower_bound(place);
    }
    limit = page_size(limit);
    int visited = 0;
    for (int counted = 0; end != by_place_.begin(); ++visited) {
      if (counted == limit || visited == most) {
        return absl::StrCat(end->first);
      }
      --end;
      if (visit(*end->second)) ++counted;
    }
    return std::string();
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (auto it = by_place_.rbegin(); it != by_place_.rend(); ++it) {
      visit(*it->second);
    }
  }

 private:
  absl::btree_map<uint64_t, T*> by_place_;
  uint64_t last_place_ = 0;
};

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_CREATION_ORDER_H_
