// Objects that wait until no reader can hold them.

#ifndef WEIR_MEMORY_RETIRE_LIST_H_
#define WEIR_MEMORY_RETIRE_LIST_H_

#include <cstdint>
#include <deque>
#include <utility>

#include "weir/memory/epoch.h"

namespace weir::internal {

// The readers are those inside an EpochDomain::Guard. *thread-compatible*
template <class T>
class RetireList {
 public:
  // `object` stands for what the caller has just made unreachable.
  void add(T object) {
    retired_.push_back({EpochDomain::instance().stamp(), std::move(object)});
  }

  // Takes out the objects that no reader can hold any more, oldest first, and
  // calls `dispose` with each, which may add others. Never waits for readers.
  template <class Dispose>
  void reclaim(Dispose dispose) {
    // Without objects, the writer's barrier would be for nothing.
    if (retired_.empty()) return;
    const uint64_t reclaimable = EpochDomain::instance().reclaimable();
    while (!retired_.empty() && retired_.front().stamp <= reclaimable) {
      T oldest = std::move(retired_.front().object);
      retired_.pop_front();
      dispose(std::move(oldest));
    }
  }

  // Forgets the objects. REQUIRES: there are no readers.
  void clear() { retired_.clear(); }

 private:
  struct Entry {
    uint64_t stamp;  // stamps of later entries are no less
    T object;
  };

  std::deque<Entry> retired_;
};

}  // namespace weir::internal

#endif  // WEIR_MEMORY_RETIRE_LIST_H_
