#ifndef WEIR_MEMORY_LINE_SUPPLY_H_
#define WEIR_MEMORY_LINE_SUPPLY_H_

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace weir::internal {

// A supply of lines of memory, which one caller lays out in batches for others
// to take.
//
// Invariants:
//  1. A batch's lines and their count do not change while it is laid out.
//  2. `taken` only increases, by one for each caller that looks for a line: a
//     caller that finds it below the count has that line alone.
//
// `take()` and `left()` are *thread-safe*; `lay_out()` needs one caller at a
// time. `Atomic` is for tests.
template <template <class> class Atomic = std::atomic>
class BasicLineSupply {
 public:
  // A block of memory, followed by its lines.
  struct Batch {
    static constexpr size_t kMax = 510;  // 4096 bytes

    static constexpr size_t bytes(size_t count) {
      return sizeof(Batch) + count * sizeof(void*);
    }
    void** lines() { return reinterpret_cast<void**>(this + 1); }

    Atomic<size_t> taken{0};
    size_t count;
  };

  // Returns nullptr if there is none left.
  void* take() noexcept {
    // Acquire: pairs with the release in `lay_out()`.
    Batch* batch = batch_.load(std::memory_order_acquire);
    if (batch == nullptr ||
        // So that callers that find nothing write nothing.
        batch->taken.load(std::memory_order_relaxed) >= batch->count) {
      return nullptr;
    }
    // Linearization point. Relaxed: the addition alone reserves the line for
    // the caller.
    const size_t i = batch->taken.fetch_add(1, std::memory_order_relaxed);
    return i < batch->count ? batch->lines()[i] : nullptr;
  }

  // How many lines there are to take.
  size_t left() const noexcept {
    const Batch* batch = batch_.load(std::memory_order_relaxed);
    if (batch == nullptr) return 0;
    return batch->count -
           std::min(batch->taken.load(std::memory_order_relaxed), batch->count);
  }

  // Replaces the batch, and returns the previous one, which others may still be
  // reading; or nullptr. A `batch` of nullptr has no lines. REQUIRES: `left()`
  // was 0, or what was left is to be forgotten.
  Batch* lay_out(Batch* batch) noexcept {
    Batch* before = batch_.load(std::memory_order_relaxed);
    // Release: pairs with the acquire in `take()`.
    batch_.store(batch, std::memory_order_release);
    return before;
  }

 private:
  Atomic<Batch*> batch_{nullptr};
};

using LineSupply = BasicLineSupply<>;

}  // namespace weir::internal

#endif  // WEIR_MEMORY_LINE_SUPPLY_H_
