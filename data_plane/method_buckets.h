#ifndef WEIR_DATA_PLANE_METHOD_BUCKETS_H_
#define WEIR_DATA_PLANE_METHOD_BUCKETS_H_

#include <atomic>
#include <cstdint>

#include "weir/memory/line_source.h"
#include "weir/throttle/token_bucket.h"

namespace weir::internal {

// One key's buckets for the methods that have a throttle of their own, by slot
// number. Slot 0 is in the object. The others are in a radix tree of 64-byte
// lines, with eight children or eight buckets each, which grows as slots are
// first used: a key pays for what it calls, and up to eight method throttles
// are one line and one step.
//
// Invariants:
//  1. The root is 0, or the address of a line with the tree's height in its low
//     bits, which alignment leaves free. A tree of height h holds 8^(h+1)
//     slots.
//  2. A line is zeroed before it is linked and never unlinked before
//     `release()`, so a bucket's address may be used as long as the tree lives.
//  3. Growth makes the old root the first child of the new one, so no slot
//     moves.
//
// `find_or_add()` is *thread-safe*, does not block, and allocates only from
// `lines`.
class MethodBuckets {
 public:
  MethodBuckets() = default;
  MethodBuckets(const MethodBuckets&) = delete;
  MethodBuckets& operator=(const MethodBuckets&) = delete;

  // Returns nullptr if `lines` has no more.
  TokenBucket* find_or_add(uint32_t slot, LineSource& lines) noexcept {
    return slot == 0 ? &first_ : find_or_add_in_tree(slot, lines);
  }

  // Returns all lines, and makes all buckets full. REQUIRES: no other thread
  // uses them.
  void release(LineSource& lines) noexcept;

 private:
  static constexpr uint32_t kFanout = 8;
  static constexpr uint64_t kHeightMask = 63;

  struct Node {
    std::atomic<Node*> children[kFanout];
  };
  struct Leaf {
    TokenBucket buckets[kFanout];
  };
  static_assert(sizeof(Node) == LineSource::kLineBytes);
  static_assert(sizeof(Leaf) == LineSource::kLineBytes);

  TokenBucket* find_or_add_in_tree(uint32_t slot, LineSource& lines) noexcept;
  // Returns the root, after growing the tree to hold `slot`; 0 if that is not
  // possible.
  uint64_t grow(uint32_t slot, LineSource& lines) noexcept;
  static void release(Node* node, int height, LineSource& lines) noexcept;

  std::atomic<uint64_t> root_{0};
  TokenBucket first_;
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_METHOD_BUCKETS_H_
