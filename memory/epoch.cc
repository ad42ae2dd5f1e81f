#include "weir/memory/epoch.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "weir/base/at_fork.h"

namespace weir::internal {
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

int64_t monotonic_now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

bool Membarrier::enlist() {
  return kMembarrierUnderstood &&
         membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

bool Membarrier::issue() const {
  return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

// Makes a thread's record vacant when the thread exits.
struct EpochDomain::Place {
  Epochs::Reader* reader = nullptr;
  ~Place() {
    if (reader == nullptr) return;
    this_reader_ = nullptr;
    Epochs::part(*reader);
  }
};

EpochDomain& EpochDomain::instance() {
  // Never destroyed: threads may outlive static objects.
  static EpochDomain& domain = *new EpochDomain;
  return domain;
}

EpochDomain& EpochDomain::loaded_ = instance();
const AtFork EpochDomain::at_fork_(after_fork_in_child);

EpochDomain::Epochs::Reader* EpochDomain::join() {
  thread_local Place place;
  place.reader = instance().epochs_.join();
  return this_reader_ = place.reader;
}

void EpochDomain::after_fork_in_child() {
  // Linux lets a child inherit the registration, but does not promise it.
  Membarrier::enlist();
  instance().epochs_.forget_others(this_reader_);
}

uint64_t EpochDomain::reclaimable() {
  const auto attempt = epochs_.advance();
  // Relaxed throughout: if writers race here, a statistic starts over.
  if (attempt.is_held_back &&
      held_epoch_.load(std::memory_order_relaxed) != attempt.epoch) {
    held_since_.store(monotonic_now(), std::memory_order_relaxed);
    held_epoch_.store(attempt.epoch, std::memory_order_relaxed);
  }
  return attempt.reclaimable;
}

EpochDomain::Statistics EpochDomain::statistics() const {
  const auto counts = epochs_.counts();
  // A reader that holds back this epoch has done so since the epoch began: any
  // later reader has announced this epoch.
  const bool is_held =
      counts.holding > 0 &&
      held_epoch_.load(std::memory_order_relaxed) == counts.epoch;
  return {counts.threads, counts.places, counts.inside, counts.holding,
          is_held
              ? monotonic_now() - held_since_.load(std::memory_order_relaxed)
              : 0};
}

}  // namespace weir::internal
