// The memory that the control plane needs for a key, according to the
// allocator.

#include <malloc.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/enforcer/enforcer.h"

namespace weir {
namespace {

constexpr size_t kKeys = 10'000;
constexpr size_t kBatch = 2'500;

size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::unique_ptr<Enforcer> enforcer_with_a_plan() {
  auto enforcer = *Enforcer::create();
  v1::UsagePlan plan;
  plan.set_id("plan");
  plan.set_name("plan");
  EXPECT_TRUE(enforcer->create_usage_plan(plan).ok());
  return enforcer;
}

// Keys of the plan, either all with a name or all without.
void load(Enforcer& enforcer, size_t count, const std::string& name) {
  std::vector<v1::ApiKey> keys(kBatch);
  for (size_t i = 0; i < count; i += kBatch) {
    for (size_t k = 0; k < kBatch; ++k) {
      keys[k].set_value(absl::StrCat("a-key-with-the-number-", i + k));
      if (!name.empty()) keys[k].set_name(absl::StrCat(name, i + k));
    }
    ASSERT_TRUE(enforcer.import_api_keys(keys, "plan").ok());
  }
}

TEST(KeyMemory, AKeyTakesLessThan180Bytes) {
  const auto enforcer = enforcer_with_a_plan();
  const size_t before = allocated();
  load(*enforcer, kKeys, "");
  EXPECT_LT(allocated() - before, kKeys * 180);
}

TEST(KeyMemory, ANameAddsLittleMoreThanItself) {
  const auto enforcer = enforcer_with_a_plan();
  const size_t before = allocated();
  load(*enforcer, kKeys, "the customer ");
  EXPECT_LT(allocated() - before, kKeys * 240);
}

TEST(KeyMemory, ChurnTakesNoMore) {
  const auto enforcer = enforcer_with_a_plan();
  load(*enforcer, kKeys, "");
  const auto churn = [&] {
    // Nine keys in ten are deleted, and as many are created.
    size_t deleted = 0;
    PageRequest request{"", 500};
    do {
      const auto page = enforcer->list_api_keys(request);
      ASSERT_TRUE(page.ok());
      for (size_t i = 0; i < page->items.size(); ++i) {
        if (i % 10 == 0) continue;
        ASSERT_TRUE(enforcer->delete_api_key(page->items[i].id()).ok());
        ++deleted;
      }
      request.position = page->position;
    } while (!request.position.empty());
    const std::vector<v1::ApiKey> keys(deleted);
    ASSERT_TRUE(enforcer->import_api_keys(keys, "plan").ok());
  };
  churn();
  const size_t before = allocated();
  for (int i = 0; i < 2; ++i) churn();
  // Nodes of trees may be half full.
  EXPECT_LT(allocated(), before + kKeys * 40);
}

}  // namespace
}  // namespace weir
