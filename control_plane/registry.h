#ifndef WEIR_CONTROL_PLANE_REGISTRY_H_
#define WEIR_CONTROL_PLANE_REGISTRY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "weir/base/random_id.h"
#include "weir/base/status_macros.h"
#include "weir/control_plane/creation_order.h"
#include "weir/control_plane/incremental_index.h"

namespace weir::internal {

// A collection of things by id, listed in pages with the newest first. Costs 36
// to 50 bytes a thing; no call waits for all things to be moved. What is erased
// leaves room for later insertions.
//
// T can be default-constructed and moved, and has an `id()` that does not
// change while the thing is in a registry. *thread-compatible*
template <class T>
class Registry {
 public:
  // Returns nullptr if there is none. Pointers stay valid until the thing is
  // erased.
  T* find(std::string_view id) const {
    const auto number = index_.find(
        hash(id), [&](uint32_t n) { return node(n).thing.id() == id; });
    return number.has_value() ? &node(*number).thing : nullptr;
  }

  // The `number`-th thing to be inserted, counted from 1; nullptr if it was
  // erased or has not been inserted yet.
  T* find_inserted(uint64_t number) const { return order_.find(number); }

  // Prefetches the memory for a `find()` or an `insert()` that follows soon.
  // Always inline: see IncrementalIndex.
  [[gnu::always_inline]] void prefetch(std::string_view id) const {
    index_.prefetch(hash(id));
  }

  // REQUIRES: there is none with this id, and fewer than
  // IncrementalIndex::kMaxNumbers in all.
  T& insert(T thing) {
    const uint32_t number = free_number();
    Node& node = this->node(number);
    node.thing = std::move(thing);
    node.place = order_.add(node.thing);
    index_.insert(hash(node.thing.id()), number);
    return node.thing;
  }

  // REQUIRES: there is one with this id.
  void erase(std::string_view id) {
    const uint32_t id_hash = hash(id);
    const uint32_t number = *index_.find(
        id_hash, [&](uint32_t n) { return node(n).thing.id() == id; });
    Node& node = this->node(number);
    index_.erase(id_hash, number);
    order_.remove(node.place);
    node.thing = T();
    node.place = first_free_;
    first_free_ = number;
  }

  size_t size() const { return order_.size(); }

  // See CreationOrder.
  template <class Visit>
  absl::StatusOr<std::string> page(std::string_view position, int limit,
                                   Visit visit, int most = 100'000) const {
    return order_.page(position, limit, visit, most);
  }
  template <class Visit>
  void for_each(Visit visit) const {
    order_.for_each(visit);
  }

 private:
  struct Node {
    T thing;
    uint64_t place;  // in the order; in a free node, the next free number
  };
  static constexpr size_t kChunk = std::max<size_t>(1, 16'384 / sizeof(Node));
  static constexpr uint32_t kNone = IncrementalIndex::kMaxNumbers;

  static uint32_t hash(std::string_view id) {
    return static_cast<uint32_t>(
        absl::HashOf(absl::string_view(id.data(), id.size())) >> 32);
  }

  Node& node(uint32_t number) const {
    return chunks_[number / kChunk][number % kChunk];
  }

  uint32_t free_number() {
    if (first_free_ != kNone) {
      return std::exchange(first_free_,
                           static_cast<uint32_t>(node(first_free_).place));
    }
    if (used_ % kChunk == 0)
      chunks_.push_back(std::make_unique<Node[]>(kChunk));
    return used_++;
  }

  std::vector<std::unique_ptr<Node[]>> chunks_;  // nodes do not move
  uint32_t used_ = 0;                            // nodes that were ever used
  uint32_t first_free_ = kNone;
  IncrementalIndex index_;
  CreationOrder<T> order_;
};

// Returns an id that is free in `registry`.
template <class T>
std::string new_id(const Registry<T>& registry, RandomText& random) {
  std::string id;
  do {
    id = random.id();
  } while (registry.find(id) != nullptr);
  return id;
}

inline absl::Status check_id(std::string_view id) {
  if (is_id(id)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "id: expected 1 to 64 characters of [A-Za-z0-9_-]");
}

inline absl::Status id_is_taken(std::string_view id) {
  return absl::AlreadyExistsError(absl::StrCat(
      "the id ", absl::string_view(id.data(), id.size()), " is taken"));
}

// Sets an empty `id` to one that is free in `registry`. Otherwise checks it:
// InvalidArgument if it is malformed, AlreadyExists if it is taken.
template <class T>
absl::Status choose_id(const Registry<T>& registry, RandomText& random,
                       std::string& id) {
  if (id.empty()) {
    id = new_id(registry, random);
    return absl::OkStatus();
  }
  WEIR_RETURN_IF_ERROR(check_id(id));
  return registry.find(id) == nullptr ? absl::OkStatus() : id_is_taken(id);
}

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_REGISTRY_H_
