#ifndef WEIR_ENFORCER_ARENA_H_
#define WEIR_ENFORCER_ARENA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "quota/line_source.h"

namespace weir {

// The memory that `admit()` touches: one reserved range of address space,
// handed out in 64-byte lines and given pages by the system as they are first
// written.
//
// The control plane allocates and frees blocks, one caller at a time. The data
// plane takes single lines, from any thread: an addition, no lock, no system
// call.
//
// Everything is aligned to 64 bytes.
class Arena final : public LineSource {
 public:
  // Reserves `bytes` of address space, or as much of it as the process may
  // have. ResourceExhausted if that is less than a megabyte.
  static absl::StatusOr<std::unique_ptr<Arena>> create(size_t bytes);
  ~Arena() override;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // -- Data plane. *thread-safe* --

  // nullptr when the range is used up.
  void* take_line() noexcept override;
  void return_line(void* line) noexcept override;
  void lost_day(Day day) noexcept override;

  // -- Control plane. One caller at a time. --

  // Zeroed memory; nullptr when the range is used up.
  void* allocate(size_t bytes);
  // For a block that no reader ever reached.
  void free(void* block, size_t bytes);
  // For a block that has been unlinked, but that readers may still hold: when
  // the last of them has left, `dispose` is called with it, and it is freed.
  using Dispose = void (*)(Arena& arena, void* block);
  void retire(void* block, size_t bytes, Dispose dispose = nullptr);
  // Frees what can be freed by now. Never waits.
  void collect();

  // Bytes in use, retired blocks included.
  size_t used() const;
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
  };
  struct ReturnedLine {
    ReturnedLine* next;
  };

  Arena(char* base, size_t size) : base_(base), size_(size) {}

  void* bump(size_t bytes) noexcept;

  char* const base_;
  const size_t size_;
  std::atomic<size_t> end_{0};  // of what was ever handed out
  std::atomic<ReturnedLine*> returned_{nullptr};
  std::atomic<int64_t> lost_days_{0};          // a statistic: relaxed
  std::map<size_t, std::vector<void*>> free_;  // by size in bytes
  size_t free_bytes_ = 0;
  std::deque<Retired> retired_;  // oldest first
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ARENA_H_
