#include "enforcer/epoch.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir {
namespace {

// ThreadSanitizer does not know what membarrier orders.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMembarrierUnderstood = false;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kMembarrierUnderstood = false;
#else
constexpr bool kMembarrierUnderstood = true;
#endif
#else
constexpr bool kMembarrierUnderstood = true;
#endif

bool membarrier(int command) {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

}  // namespace

// Hands the record on when the thread exits.
struct EpochDomain::Registration {
  Reader* reader = nullptr;
  ~Registration() {
    if (reader == nullptr) return;
    this_reader_ = nullptr;
    // Release: pairs with the acquire of the thread that takes the record over.
    reader->owned.store(false, std::memory_order_release);
  }
};

EpochDomain::EpochDomain()
    : has_membarrier_(kMembarrierUnderstood &&
                      membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)) {}

EpochDomain& EpochDomain::instance() {
  // Never destroyed: threads may outlive static objects.
  static EpochDomain& domain = *new EpochDomain;
  return domain;
}

EpochDomain::Reader* EpochDomain::join() {
  thread_local Registration registration;
  EpochDomain& domain = instance();
  // Acquire: pairs with the release that published each record.
  Reader* reader = domain.readers_.load(std::memory_order_acquire);
  for (; reader != nullptr; reader = reader->next) {
    bool owned = false;
    // Acquire: pairs with the release of the thread that left.
    if (reader->owned.compare_exchange_strong(owned, true,
                                              std::memory_order_acquire)) {
      break;
    }
  }
  if (reader == nullptr) {
    reader = new Reader;
    reader->epoch = &domain.epoch_;
    reader->fences = !domain.has_membarrier_;
    reader->next = domain.readers_.load(std::memory_order_relaxed);
    // Release: pairs with the acquire of scans and of later joins.
    while (!domain.readers_.compare_exchange_weak(reader->next, reader,
                                                  std::memory_order_release,
                                                  std::memory_order_relaxed)) {
    }
  }
  registration.reader = reader;
  this_reader_ = reader;
  return reader;
}

// A write, though it changes nothing: it stands in the epoch's release
// sequence, so whoever reads a later epoch sees what was unlinked before.
uint64_t EpochDomain::stamp() { return epoch_.fetch_add(0); }

uint64_t EpochDomain::reclaimable() {
  if (has_membarrier_) membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
  uint64_t epoch = epoch_.load();
  // Acquire: pairs with the release that published each record.
  for (const Reader* reader = readers_.load(std::memory_order_acquire);
       reader != nullptr; reader = reader->next) {
    // Pairs with the release of a reader that left, and where readers fence,
    // with the exchange of one that enters.
    const uint64_t announced = reader->announced.load();
    if (announced != 0 && announced != epoch) return epoch - 2;
  }
  // Should another writer have advanced it meanwhile, that serves as well.
  epoch_.compare_exchange_strong(epoch, epoch + 1);
  return epoch_.load() - 2;
}

}  // namespace weir
