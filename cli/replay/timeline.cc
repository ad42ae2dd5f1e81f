#include "weir/cli/replay/timeline.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kWeek = 7 * kDay;

// Each length divides the next one, so that whole buckets are merged.
constexpr std::int64_t kLengths[] = {
    1,          5,           10,           30,
    kMinute,    5 * kMinute, 10 * kMinute, 30 * kMinute,
    kHour,      3 * kHour,   6 * kHour,    12 * kHour,
    kDay,       kWeek,       4 * kWeek,    52 * kWeek,
    416 * kWeek};

// The origin of all buckets, a Sunday before 1970: 1969-12-28.
constexpr std::int64_t kOrigin = -4 * kDay;

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

}  // namespace

void Timeline::add(std::int64_t unix_ns, Outcome outcome) {
  const std::int64_t seconds = unix_ns / kNanosPerSecond - kOrigin;
  if (buckets_.empty()) first_ = seconds / bucket_seconds();
  while (seconds / bucket_seconds() - first_ >=
         static_cast<std::int64_t>(kMaxBuckets)) {
    coarsen();
  }
  const auto index =
      static_cast<std::size_t>(seconds / bucket_seconds() - first_);
  if (index >= buckets_.size()) buckets_.resize(index + 1);
  buckets_[index].add(outcome);
}

// The longest length covers 1970 to 2089 in 15 buckets, so there is a next one
// whenever one is needed.
void Timeline::coarsen() {
  const std::int64_t ratio = kLengths[length_ + 1] / kLengths[length_];
  const std::int64_t first = first_ / ratio;
  std::vector<Tally> merged;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const auto index = static_cast<std::size_t>(
        (first_ + static_cast<std::int64_t>(i)) / ratio - first);
    if (index >= merged.size()) merged.resize(index + 1);
    merged[index] += buckets_[i];
  }
  buckets_ = std::move(merged);
  first_ = first;
  ++length_;
}

std::int64_t Timeline::bucket_seconds() const { return kLengths[length_]; }

std::int64_t Timeline::bucket_start(std::size_t index) const {
  return kOrigin +
         (first_ + static_cast<std::int64_t>(index)) * bucket_seconds();
}

std::string Timeline::unit() const {
  static constexpr std::pair<std::int64_t, const char*> kUnits[] = {
      {kWeek, "week"},
      {kDay, "day"},
      {kHour, "hour"},
      {kMinute, "minute"},
      {1, "second"}};
  const std::int64_t length = bucket_seconds();
  const auto* unit = std::begin(kUnits);
  while (length % unit->first != 0) ++unit;
  const std::int64_t count = length / unit->first;
  return count == 1 ? unit->second
                    : absl::StrCat(count, " ", unit->second, "s");
}

}  // namespace weir::cli
