#ifndef WEIR_ENFORCER_ARENA_H_
#define WEIR_ENFORCER_ARENA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "enforcer/line_supply.h"
#include "quota/line_source.h"

namespace weir {

// The memory that `admit()` touches: one reserved range of address space, given
// pages by the system as they are first written, huge ones where it can.
//
// The control plane allocates and frees blocks, one caller at a time. The data
// plane takes single lines, from any thread: an addition, no lock, no system
// call.
//
// A block's size is rounded up to a size class: whole pairs of lines, and
// beyond a kilobyte four classes between one power of two and the next. A freed
// block serves later ones of its class. Lines are aligned to 64 bytes, blocks
// to 128: the pair of lines that processors fetch together.
class Arena final : public LineSource {
 public:
  enum class Pages { kHuge, kSmall };

  // What a block may be used for again.
  enum class Use {
    kAny,
    // For clients alone, and not zeroed between them: whoever still knows the
    // address of one can ask whether it is the same.
    kClient,
  };

  static constexpr size_t kPairBytes = 128;
  // Addresses of blocks fit in 32 bits as numbers of pairs. 0 is no block's.
  static constexpr size_t kLargest = size_t{1} << 39;
  static constexpr size_t kLeast = size_t{1} << 20;

  // Reserves `bytes` of address space, or as much of it as the process may
  // have. ResourceExhausted if that is less than kLeast.
  static absl::StatusOr<std::unique_ptr<Arena>> create(
      size_t bytes, Pages pages = Pages::kHuge);
  // An arena in memory of the caller's, zeroed, that outlives it. Only what is
  // before `limit` may be touched yet: see extend(). The first pair of lines
  // stays the caller's.
  static std::unique_ptr<Arena> over(void* memory, size_t bytes, size_t limit);
  ~Arena() override;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // -- Data plane. *thread-safe* --

  // nullptr when the range is used up, or its limit reached. REQUIRES: inside
  // an EpochDomain::Guard, or one caller at a time with the control plane.
  void* take_line() noexcept override;
  void return_line(void* line) noexcept override;
  void lost_day(Day day) noexcept override;

  void* at(uint32_t pair) const noexcept {
    return base_ + size_t{pair} * kPairBytes;
  }
  uint32_t pair_of(const void* block) const noexcept {
    return static_cast<uint32_t>(
        static_cast<size_t>(static_cast<const char*>(block) - base_) /
        kPairBytes);
  }

  // -- Control plane. One caller at a time. --

  // Zeroed memory, but for clients' (see Use); nullptr when the range is used
  // up, or its limit reached.
  void* allocate(size_t bytes, Use use = Use::kAny);
  // For a block that no reader ever reached.
  void free(void* block, size_t bytes, Use use = Use::kAny);
  // For a block that has been unlinked, but that readers may still hold: when
  // the last of them has left, `dispose` is called with it, and it is freed.
  // Without `bytes`, only the former.
  struct Dispose {
    void (*call)(void* owner, void* block);
    void* owner;
  };
  void retire(void* block, size_t bytes, Dispose dispose = {},
              Use use = Use::kAny);
  // Frees what can be freed by now, and gives pages to what is handed out next.
  // Never waits for readers.
  void collect();

  // What is before `limit` may be touched from now on. It never comes down.
  void extend(size_t limit) {
    // Release: pairs with the acquire in `bump()`.
    limit_.store(limit, std::memory_order_release);
  }
  // As it was at first, with another limit: for memory of the caller's that
  // has been zeroed, with all that was handed out. REQUIRES: nobody uses it.
  void start_over(size_t limit);
  // Where the memory begins that was never handed out.
  size_t end() const { return end_.load(std::memory_order_relaxed); }

  // Bytes in others' use, retired blocks included.
  size_t used() const;
  // Of these, what waits until no reader can hold it any more.
  size_t retired() const { return retired_bytes_; }
  size_t reserved() const { return size_; }
  int64_t lost_days() const {
    return lost_days_.load(std::memory_order_relaxed);
  }

 private:
  struct Retired {
    uint64_t stamp;
    void* block;
    size_t bytes;
    Dispose dispose;
    Use use;
  };
  struct ReturnedLine {
    ReturnedLine* next;
  };
  Arena(char* base, size_t size, size_t limit, bool is_owner)
      : base_(base), size_(size), is_owner_(is_owner), limit_(limit) {}

  static size_t size_class(size_t bytes);
  bool gives_pages_back(size_t size) const;
  // `gap` is what was left out before the range, for alignment's sake.
  char* bump(size_t bytes, size_t alignment, size_t* gap) noexcept;
  void add_free_line(void* line);
  void supply_lines();
  void populate();

  char* const base_;
  const size_t size_;
  const bool is_owner_;                  // of the memory
  std::atomic<size_t> limit_;            // of what may be touched
  std::atomic<size_t> end_{kPairBytes};  // of what was ever handed out
  size_t populated_ = 0;                 // where pages are given ahead up to
  LineSupply supply_;                    // returned lines, for the data plane
  std::atomic<ReturnedLine*> returned_{nullptr};
  std::atomic<int64_t> lost_days_{0};  // a statistic: relaxed
  std::map<std::pair<Use, size_t>, std::vector<void*>> free_;  // by size class
  std::vector<void*> free_lines_;
  size_t free_bytes_ = 0;        // but for what is in `supply_`
  size_t supply_bytes_ = 0;      // its own
  std::deque<Retired> retired_;  // oldest first
  size_t retired_bytes_ = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ARENA_H_
