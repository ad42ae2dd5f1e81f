#ifndef WEIR_MEMORY_ARENA_H_
#define WEIR_MEMORY_ARENA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/memory/line_source.h"
#include "weir/memory/line_supply.h"
#include "weir/memory/retire_list.h"

namespace weir::internal {

// The memory that `admit()` uses: one reserved range of address space. The
// system provides its pages as they are first written, huge pages where it can.
//
// The control plane allocates and frees blocks, one caller at a time. The data
// plane takes single lines, from any thread, by an atomic addition: no lock, no
// system call.
//
// A block's size is rounded up to a size class: a whole number of pairs of
// lines and, beyond a kilobyte, one of four classes between consecutive powers
// of two. A freed block is reused for its class. Lines are aligned to 64 bytes,
// blocks to 128: the pair of lines that processors fetch together.
class Arena final : public LineSource {
 public:
  enum class Pages { kHuge, kSmall };

  // What a freed block may be reused for.
  enum class Use {
    kAny,
    // For clients only, and not zeroed between them: a caller that still has
    // the address of a client can check whether it is the same one.
    kClient,
  };

  static constexpr size_t kPairBytes = 128;
  // A block's address fits in 32 bits, as the number of a pair of lines. No
  // block has number 0.
  static constexpr size_t kMax = size_t{1} << 39;
  static constexpr size_t kMin = size_t{1} << 20;

  // Reserves `bytes` of address space, or as much of it as the process may
  // have. ResourceExhausted if that is less than kMin.
  static absl::StatusOr<std::unique_ptr<Arena>> create(
      size_t bytes, Pages pages = Pages::kHuge);
  // Makes an arena in the caller's memory, which must be zeroed and outlive it.
  // Only the bytes below `limit` may be touched until extend() is called. The
  // first pair of lines remains the caller's.
  static std::unique_ptr<Arena> over(void* memory, size_t bytes, size_t limit);
  ~Arena() override;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // -- Data plane. *thread-safe* --

  // Returns nullptr when the range is used up or its limit is reached.
  // REQUIRES: inside an EpochDomain::Guard, or serialized with the control
  // plane.
  void* take_line() noexcept override;
  void return_line(void* line) noexcept override;
  void lost_day() noexcept override;

  void* at(uint32_t pair) const noexcept {
    return base_ + size_t{pair} * kPairBytes;
  }
  uint32_t pair_of(const void* block) const noexcept {
    return static_cast<uint32_t>(
        static_cast<size_t>(static_cast<const char*>(block) - base_) /
        kPairBytes);
  }

  // -- Control plane. One caller at a time. --

  // Returns memory that is zeroed except for clients' (see Use); nullptr when
  // the range is used up or its limit is reached.
  void* allocate(size_t bytes, Use use = Use::kAny);
  // Frees a block that no reader ever reached.
  void free(void* block, size_t bytes, Use use = Use::kAny);
  // Frees a block that has been unlinked but that readers may still hold: after
  // the last of them has left, collect() calls `dispose` with it and frees it.
  // If `bytes` is 0, it only calls `dispose`.
  struct Dispose {
    void (*call)(void* owner, void* block);
    void* owner;
  };
  void retire(void* block, size_t bytes, Dispose dispose = {},
              Use use = Use::kAny);
  // Frees the retired blocks that no reader can hold any more, and populates
  // the pages that are handed out next. Never waits for readers.
  void collect();

  // Allows the bytes below `limit` to be touched. The limit never decreases.
  void extend(size_t limit) {
    // Release: pairs with the acquire in `bump()`.
    limit_.store(limit, std::memory_order_release);
  }
  // Resets the arena to its initial state, with another limit. The caller has
  // zeroed its memory, including all that was handed out. REQUIRES: the arena
  // is not in use.
  void start_over(size_t limit);
  // The offset of the memory that was never handed out.
  size_t end() const { return end_.load(std::memory_order_relaxed); }

  // Bytes in use, including retired blocks.
  size_t used() const;
  // The part of used() that waits until no reader can hold it any more.
  size_t retired() const { return retired_bytes_; }
  size_t reserved() const { return size_; }
  int64_t lost_days() const {
    return lost_days_.load(std::memory_order_relaxed);
  }

 private:
  struct Retired {
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
  // Sets `*gap` to the number of bytes skipped before the range for alignment.
  char* bump(size_t bytes, size_t alignment, size_t* gap) noexcept;
  void add_free_line(void* line);
  void supply_lines();
  void populate();

  char* const base_;
  const size_t size_;
  const bool is_owner_;                  // of the memory
  std::atomic<size_t> limit_;            // of what may be touched
  std::atomic<size_t> end_{kPairBytes};  // of what was ever handed out
  size_t populated_ = 0;                 // pages are populated up to here
  LineSupply supply_;                    // returned lines, for the data plane
  std::atomic<ReturnedLine*> returned_{nullptr};
  std::atomic<int64_t> lost_days_{0};  // a statistic: relaxed
  std::map<std::pair<Use, size_t>, std::vector<void*>> free_;  // by size class
  std::vector<void*> free_lines_;
  size_t free_bytes_ = 0;    // without what is in `supply_`
  size_t supply_bytes_ = 0;  // of its batch
  RetireList<Retired> retired_;
  size_t retired_bytes_ = 0;
};

}  // namespace weir::internal

#endif  // WEIR_MEMORY_ARENA_H_
