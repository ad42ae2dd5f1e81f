#include "weir/base/thread_number.h"

#include <atomic>

#include "weir/base/at_fork.h"

namespace weir::internal {
namespace {

std::atomic<uint64_t> taken{0};  // one bit for each number
std::atomic<uint64_t> fork_count{0};

}  // namespace

struct ThreadNumber::Place {
  ~Place() {
    if (mine_ < 0) return;
    const uint64_t bit = uint64_t{1} << mine_;
    mine_ = kNone;
    // Release: pairs with the acquire of the thread that has it next.
    taken.fetch_and(~bit, std::memory_order_release);
  }
};

const AtFork ThreadNumber::at_fork_(after_fork_in_child);

int ThreadNumber::take() noexcept {
  thread_local Place place;
  static_cast<void>(place);
  uint64_t seen = taken.load(std::memory_order_relaxed);
  for (;;) {
    if (seen == ~uint64_t{0}) return kNone;
    const uint64_t bit = ~seen & (seen + 1);
    // Acquire: pairs with the release of the thread that had it before.
    if (taken.compare_exchange_weak(seen, seen | bit, std::memory_order_acquire,
                                    std::memory_order_relaxed)) {
      return mine_ = __builtin_ctzll(bit);
    }
  }
}

uint64_t ThreadNumber::forks() noexcept {
  return fork_count.load(std::memory_order_relaxed);
}

void ThreadNumber::after_fork_in_child() noexcept {
  taken.store(mine_ < 0 ? 0 : uint64_t{1} << mine_, std::memory_order_relaxed);
  fork_count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace weir::internal
