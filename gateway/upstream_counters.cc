#include "gateway/upstream_counters.h"

#include <algorithm>

namespace weir {
namespace {

// Relaxed, here and below: counters that stand alone.
template <size_t kSize>
std::array<int64_t, kSize> values_of(
    const std::array<std::atomic<int64_t>, kSize>& counters) {
  std::array<int64_t, kSize> values;
  std::transform(counters.begin(), counters.end(), values.begin(),
                 [](const std::atomic<int64_t>& counter) {
                   return counter.load(std::memory_order_relaxed);
                 });
  return values;
}

}  // namespace

void UpstreamCounters::count_answer(int status) noexcept {
  answers_[status / 100 - 2].fetch_add(1, std::memory_order_relaxed);
}

void UpstreamCounters::count_failure(Failure failure) noexcept {
  failures_[static_cast<size_t>(failure)].fetch_add(1,
                                                    std::memory_order_relaxed);
}

std::array<int64_t, UpstreamCounters::kClasses> UpstreamCounters::answers()
    const noexcept {
  return values_of(answers_);
}

std::array<int64_t, UpstreamCounters::kFailures> UpstreamCounters::failures()
    const noexcept {
  return values_of(failures_);
}

}  // namespace weir
