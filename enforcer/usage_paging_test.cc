// The pages of a usage report while keys are added and removed between them.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

class UsagePaging : public ::testing::Test {
 protected:
  UsagePaging() {
    Options options;
    options.arena_bytes = size_t{1} << 24;
    enforcer_ = *Enforcer::create(options);
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
  }

  std::string add_key() {
    const auto key = enforcer_->create_api_key({});
    EXPECT_TRUE(key.ok()) << key.status();
    attach(key->id());
    return key->id();
  }
  void attach(const std::string& key_id) {
    EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", key_id).ok());
  }
  void detach(const std::string& key_id) {
    EXPECT_TRUE(enforcer_->delete_usage_plan_key("plan", key_id).ok());
  }

  absl::StatusOr<v1::Usage> ask(const std::string& position, int limit = 0,
                                const std::string& key_id = "") {
    return enforcer_->get_usage(
        {"plan", "2026-03-01", "2026-03-02", key_id, {position, limit}});
  }
  // Returns the keys of a page; sets `position` to that of the next.
  std::vector<std::string> page(std::string& position, int limit) {
    const auto usage = ask(position, limit);
    EXPECT_TRUE(usage.ok()) << usage.status();
    std::vector<std::string> ids;
    for (const v1::KeyUsage& key : usage->items()) ids.push_back(key.key_id());
    position = usage->position();
    return ids;
  }

  std::unique_ptr<Enforcer> enforcer_;
};

// A report lists keys in the order of their association, from the newest to the
// oldest; a key that is associated meanwhile is newer than all that are still
// to come.
TEST_F(UsagePaging, ShowsEachKeyThatStaysOnce) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed()));
  std::mt19937_64 random(seed());
  std::map<std::string, int> attached;  // and which association it was
  std::vector<std::string> detached;
  int associations = 0;
  const auto come = [&] {
    if (!detached.empty() && random() % 2 == 0) {
      attach(detached.back());
      attached[detached.back()] = ++associations;
      detached.pop_back();
    } else {
      attached[add_key()] = ++associations;
    }
  };
  const auto go = [&] {
    auto key = attached.begin();
    std::advance(key, random() % attached.size());
    if (random() % 2 == 0) {
      detach(key->first);
      detached.push_back(key->first);
    } else {
      EXPECT_TRUE(enforcer_->delete_api_key(key->first).ok());
    }
    attached.erase(key);
  };
  for (int i = 0; i < 200; ++i) come();

  for (int report = 0; report < 50; ++report) {
    const std::map<std::string, int> before = attached;
    std::set<std::string> seen;
    int last = associations + 1;
    std::string position;
    do {
      const int limit = 1 + static_cast<int>(random() % 40);
      const auto ids = page(position, limit);
      ASSERT_LE(ids.size(), static_cast<size_t>(limit));
      for (const std::string& id : ids) {
        ASSERT_EQ(attached.count(id), 1u) << id;
        ASSERT_LT(attached[id], last) << id;
        last = attached[id];
        seen.insert(id);
      }
      for (int i = static_cast<int>(random() % 6); i > 0; --i) come();
      for (int i = static_cast<int>(random() % 6); i > 0; --i) go();
    } while (!position.empty());
    for (const auto& [id, association] : before) {
      const auto now = attached.find(id);
      if (now == attached.end() || now->second != association) continue;
      EXPECT_EQ(seen.count(id), 1u) << id;
    }
  }
}

TEST_F(UsagePaging, GoesOnBehindAKeyThatIsGone) {
  const std::string first = add_key(), second = add_key(), third = add_key(),
                    fourth = add_key();
  std::string position;
  EXPECT_THAT(page(position, 2), ElementsAre(fourth, third));
  ASSERT_TRUE(enforcer_->delete_api_key(third).ok());
  detach(second);
  attach(second);
  EXPECT_THAT(page(position, 2), ElementsAre(first));
  EXPECT_EQ(position, "");
  EXPECT_THAT(page(position, 2), ElementsAre(second, fourth));
  EXPECT_TRUE(enforcer_->delete_api_key(first).ok());
  EXPECT_THAT(page(position, 2), IsEmpty());
}

TEST_F(UsagePaging, RefusesWhatIsNoPosition) {
  const std::string key_id = add_key();
  for (const char* position : {"nonsense", "-1", "1.5", "1x", " ", "0x1",
                               "99999999999999999999", "\n"}) {
    const auto status = ask(position).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << position;
    EXPECT_THAT(std::string(status.message()), HasSubstr("position: expected"));
  }
}

TEST_F(UsagePaging, ShowsOneKeyOnOnePage) {
  std::string key_id = add_key();
  add_key();
  add_key();
  const auto usage = ask("", 1, key_id);
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->position(), "");
  ASSERT_EQ(usage->items_size(), 1);
  EXPECT_EQ(usage->items(0).key_id(), key_id);
  EXPECT_EQ(usage->items(0).days_size(), 2);

  std::string position;
  page(position, 1);
  EXPECT_EQ(ask(position, 1, key_id).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ask("nonsense", 1, key_id).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ask("", 1, "nobody").status().code(), absl::StatusCode::kNotFound);
  detach(key_id);
  EXPECT_EQ(ask("", 1, key_id).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace weir
