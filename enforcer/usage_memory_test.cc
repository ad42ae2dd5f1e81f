// A month's report on many keys, page by page: the memory that it needs does
// not grow with the number of keys.

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace {

// Bytes on the heap, and their maximum.
std::atomic<size_t> live{0};
std::atomic<size_t> peak{0};

}  // namespace

void* operator new(size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  const size_t now = live += malloc_usable_size(memory);
  peak = std::max(peak.load(), now);
  return memory;
}
void operator delete(void* memory) noexcept {
  live -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }

namespace weir {
namespace {

constexpr int kKeys = 10'000;
constexpr int kBatch = 2'500;
constexpr int kUsed = 97;              // One in this many is used.
constexpr size_t kMaxBytes = 2 << 20;  // All at once would be 15 MB.

TEST(UsageMemory, AMonthOfManyKeysTakesAPageAtATime) {
  const absl::Time begin =
      absl::FromCivil(absl::CivilDay(2025, 6, 1), absl::UTCTimeZone());
  Options options;
  options.clock = std::make_shared<ManualClock>(absl::ToUnixNanos(begin));
  const auto enforcer = *Enforcer::create(options);
  v1::UsagePlan plan;
  plan.set_id("plan");
  plan.set_name("plan");
  plan.mutable_quota()->set_limit(100);
  plan.mutable_quota()->set_period(v1::MONTH);
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  ASSERT_TRUE(enforcer->create_usage_plan(plan).ok());
  std::vector<v1::ApiKey> keys(kBatch);
  for (int first = 0; first < kKeys; first += kBatch) {
    for (int i = 0; i < kBatch; ++i) {
      keys[i].set_value(absl::StrCat("a-key-with-the-number-", first + i));
      keys[i].set_enabled(true);
    }
    ASSERT_TRUE(enforcer->import_api_keys(keys, "plan").ok());
  }
  const Route route = *enforcer->intern_route("api", "prod");
  for (int day = 0; day < 30; ++day) {
    const int64_t now = absl::ToUnixNanos(begin + day * absl::Hours(24));
    for (int i = day; i < kKeys; i += kUsed) {
      const std::string key = absl::StrCat("a-key-with-the-number-", i);
      ASSERT_TRUE(
          enforcer->admit({key, route, 3, Instant{now, now}}).admitted());
    }
  }

  const size_t before = live;
  peak = before;
  UsageRequest request{"plan", "2025-06-01", "2025-06-30", "", {"", 500}};
  int reported = 0;
  int64_t used = 0;
  do {
    const auto page = enforcer->get_usage(request);
    ASSERT_TRUE(page.ok()) << page.status();
    reported += page->items_size();
    for (const v1::KeyUsage& key : page->items()) {
      ASSERT_EQ(key.days_size(), 30);
      for (const v1::DailyUsage& day : key.days()) used += day.used();
    }
    request.page.position = page->position();
  } while (!request.page.position.empty());
  EXPECT_EQ(reported, kKeys);
  int64_t expected = 0;
  for (int day = 0; day < 30; ++day) {
    expected += 3 * ((kKeys - day + kUsed - 1) / kUsed);
  }
  EXPECT_EQ(used, expected);
  EXPECT_LT(peak - before, kMaxBytes);
}

}  // namespace
}  // namespace weir
