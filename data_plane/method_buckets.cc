#include "weir/data_plane/method_buckets.h"

#include <cstring>

namespace weir::internal {
namespace {

void* take_zeroed_line(LineSource& lines) {
  void* line = lines.take_line();
  if (line != nullptr) std::memset(line, 0, LineSource::kLineBytes);
  return line;
}

}  // namespace

uint64_t MethodBuckets::grow(uint32_t slot, LineSource& lines) noexcept {
  // Acquire: pairs with the release below.
  uint64_t root = root_.load(std::memory_order_acquire);
  while (root == 0 || slot >> (3 * (root & kHeightMask)) >= kFanout) {
    auto* line = static_cast<Node*>(take_zeroed_line(lines));
    if (line == nullptr) return 0;
    uint64_t grown = reinterpret_cast<uint64_t>(line);
    if (root != 0) {
      line->children[0].store(reinterpret_cast<Node*>(root & ~kHeightMask),
                              std::memory_order_relaxed);
      grown |= (root & kHeightMask) + 1;
    }
    // Release: pairs with the acquire of every reader of the root.
    if (root_.compare_exchange_strong(root, grown, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      root = grown;
    } else {
      lines.return_line(line);
    }
  }
  return root;
}

TokenBucket* MethodBuckets::find_or_add_in_tree(uint32_t slot,
                                                LineSource& lines) noexcept {
  const uint64_t root = grow(slot, lines);
  if (root == 0) return nullptr;
  auto* node = reinterpret_cast<Node*>(root & ~kHeightMask);
  for (uint64_t height = root & kHeightMask; height > 0; --height) {
    std::atomic<Node*>& link =
        node->children[slot >> (3 * height) & (kFanout - 1)];
    // Acquire: pairs with the release below.
    node = link.load(std::memory_order_acquire);
    if (node != nullptr) continue;
    auto* line = static_cast<Node*>(take_zeroed_line(lines));
    if (line == nullptr) return nullptr;
    // Release: pairs with the acquire above; on failure, `node` is what another
    // thread linked.
    if (link.compare_exchange_strong(node, line, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      node = line;
    } else {
      lines.return_line(line);
    }
  }
  return &reinterpret_cast<Leaf*>(node)->buckets[slot & (kFanout - 1)];
}

void MethodBuckets::release(LineSource& lines) noexcept {
  first_.reset();
  const uint64_t root = root_.exchange(0);
  if (root == 0) return;
  release(reinterpret_cast<Node*>(root & ~kHeightMask),
          static_cast<int>(root & kHeightMask), lines);
}

void MethodBuckets::release(Node* node, int height,
                            LineSource& lines) noexcept {
  for (uint32_t i = 0; height > 0 && i < kFanout; ++i) {
    Node* child = node->children[i].load(std::memory_order_relaxed);
    if (child != nullptr) release(child, height - 1, lines);
  }
  lines.return_line(node);
}

}  // namespace weir::internal
