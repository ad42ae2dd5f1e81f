#ifndef WEIR_ENFORCER_REGISTRY_H_
#define WEIR_ENFORCER_REGISTRY_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "enforcer/random_id.h"

namespace weir {

// Things by id, listed in pages with the newest first. A page goes on behind
// the last thing of the page before, whatever was added or removed meanwhile.
// *thread-compatible*
template <class T>
class Registry {
 public:
  // nullptr if there is none. Pointers stay valid until the thing is erased.
  T* find(std::string_view id) const {
    const auto it = by_id_.find(absl::string_view(id.data(), id.size()));
    return it == by_id_.end() ? nullptr : it->second->second.get();
  }

  // REQUIRES: there is none with this id.
  T& insert(std::string id, std::unique_ptr<T> thing) {
    const auto it =
        newest_first_.emplace(++last_sequence_, std::move(thing)).first;
    by_id_.emplace(std::move(id), it);
    return *it->second;
  }

  // REQUIRES: there is one with this id.
  void erase(std::string_view id) {
    const auto it = by_id_.find(absl::string_view(id.data(), id.size()));
    newest_first_.erase(it->second);
    by_id_.erase(it);
  }

  size_t size() const { return by_id_.size(); }

  // Calls `visit(thing)`, which says whether the thing counts, until `limit`
  // have counted; returns the position of the next page, "" at the end.
  // `position` is "" or what an earlier page returned, else InvalidArgument.
  template <class Visit>
  absl::StatusOr<std::string> page(std::string_view position, int limit,
                                   Visit visit) const {
    auto it = newest_first_.begin();
    if (!position.empty()) {
      uint64_t sequence;
      if (!absl::SimpleAtoi(absl::string_view(position.data(), position.size()),
                            &sequence)) {
        return absl::InvalidArgumentError(
            "position: expected the position that an earlier page returned");
      }
      it = newest_first_.upper_bound(sequence);
    }
    limit = limit <= 0 ? kDefaultPage : std::min(limit, kLargestPage);
    for (int counted = 0; it != newest_first_.end(); ++it) {
      if (counted == limit) return absl::StrCat(std::prev(it)->first);
      if (visit(*it->second)) ++counted;
    }
    return std::string();
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [sequence, thing] : newest_first_) visit(*thing);
  }

 private:
  static constexpr int kDefaultPage = 25;
  static constexpr int kLargestPage = 500;

  using BySequence =
      std::map<uint64_t, std::unique_ptr<T>, std::greater<uint64_t>>;

  BySequence newest_first_;
  absl::flat_hash_map<std::string, typename BySequence::iterator> by_id_;
  uint64_t last_sequence_ = 0;
};

// Gives the thing an id that is free in `registry`, unless it brings one:
// InvalidArgument for one that is malformed, AlreadyExists for one that is
// taken.
template <class T>
absl::Status choose_id(const Registry<T>& registry, std::string& id) {
  if (id.empty()) {
    do {
      id = random_id();
    } while (registry.find(id) != nullptr);
    return absl::OkStatus();
  }
  if (!is_id(id)) {
    return absl::InvalidArgumentError(
        "id: expected 1 to 64 characters of [A-Za-z0-9_-]");
  }
  if (registry.find(id) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("the id ", id, " is taken"));
  }
  return absl::OkStatus();
}

}  // namespace weir

#endif  // WEIR_ENFORCER_REGISTRY_H_
