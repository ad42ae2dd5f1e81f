#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

std::string value_of(size_t i) {
  return absl::StrCat("secret-of-a-key-with-the-number-", i);
}

std::vector<v1::ApiKey> some_keys(size_t count, size_t first = 0) {
  std::vector<v1::ApiKey> keys(count);
  for (size_t i = 0; i < count; ++i) {
    keys[i].set_id(absl::StrCat("key-", first + i));
    keys[i].set_value(value_of(first + i));
    keys[i].set_name(absl::StrCat("name of ", first + i));
    keys[i].set_enabled((first + i) % 2 == 0);
  }
  return keys;
}

class ImportTest : public ::testing::Test {
 protected:
  ImportTest() { start(Options()); }

  void start(const Options& options) {
    enforcer_ = *Enforcer::create(options);
    create_plan("plan", "prod");
    route_ = *enforcer_->intern_route("api", "prod");
  }
  void create_plan(const std::string& id, const std::string& stage) {
    v1::UsagePlan plan;
    plan.set_id(id);
    plan.set_name("plan");
    plan.add_api_stages()->set_api_id("api");
    plan.mutable_api_stages(0)->set_stage(stage);
    plan.mutable_throttle()->set_burst_limit(3);
    ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  }
  Decision admit(const std::string& value) {
    return enforcer_->admit({value, route_, 1, std::nullopt});
  }

  // The ids of all keys, in their order.
  std::vector<std::string> key_ids() {
    std::vector<std::string> ids;
    PageRequest request{"", 500};
    do {
      const auto page = enforcer_->list_api_keys(request);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const v1::ApiKey& key : page->items) ids.push_back(key.id());
      request.position = page->position;
    } while (!request.position.empty());
    return ids;
  }
  std::vector<std::string> plan_key_ids(const std::string& plan_id) {
    std::vector<std::string> ids;
    PageRequest request{"", 500};
    do {
      const auto page = enforcer_->list_usage_plan_keys(plan_id, request);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const v1::UsagePlanKey& key : page->items) ids.push_back(key.id());
      request.position = page->position;
    } while (!request.position.empty());
    return ids;
  }

  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
};

TEST_F(ImportTest, KeysAreThereAndAssociated) {
  const auto ids = enforcer_->import_api_keys(some_keys(3), "plan");
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_THAT(*ids, ElementsAre("key-0", "key-1", "key-2"));
  EXPECT_THAT(key_ids(), ElementsAre("key-2", "key-1", "key-0"));
  EXPECT_THAT(plan_key_ids("plan"), ElementsAre("key-2", "key-1", "key-0"));
  EXPECT_TRUE(admit(value_of(0)).admitted());
  EXPECT_EQ(admit(value_of(1)).forbidden, Forbidden::kDisabledKey);
  EXPECT_TRUE(admit(value_of(2)).admitted());
  const auto key = enforcer_->get_api_key("key-1", /*include_value=*/true);
  EXPECT_EQ(key->value(), value_of(1));
  EXPECT_EQ(key->name(), "name of 1");
  EXPECT_TRUE(key->has_created_date());
}

TEST_F(ImportTest, WithoutAPlanKeysHaveNone) {
  ASSERT_TRUE(enforcer_->import_api_keys(some_keys(1)).ok());
  EXPECT_EQ(admit(value_of(0)).forbidden, Forbidden::kNoPlan);
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
}

TEST_F(ImportTest, NoKeysAreNoWork) {
  EXPECT_THAT(*enforcer_->import_api_keys({}, "plan"), IsEmpty());
  EXPECT_EQ(enforcer_->import_api_keys({}, "other").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ImportTest, WhatAKeyDoesNotBringIsGenerated) {
  std::vector<v1::ApiKey> keys(100);
  for (v1::ApiKey& key : keys) key.set_enabled(true);
  keys[50].set_id("own");
  keys[51].set_value(value_of(51));
  const auto ids = enforcer_->import_api_keys(keys, "plan");
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ((*ids)[50], "own");
  EXPECT_EQ(std::set<std::string>(ids->begin(), ids->end()).size(), 100u);
  std::set<std::string> values;
  for (const std::string& id : *ids) {
    const auto key = enforcer_->get_api_key(id, /*include_value=*/true);
    ASSERT_TRUE(key.ok()) << key.status();
    values.insert(key->value());
    EXPECT_TRUE(admit(key->value()).admitted());
  }
  EXPECT_EQ(values.size(), 100u);
  EXPECT_EQ(values.count(value_of(51)), 1u);
}

// Whatever is wrong, and wherever in the batch: the error says where, does not
// repeat the secret, and nothing has changed.
TEST_F(ImportTest, AllOrNoneWhereverTheMistakeIs) {
  ASSERT_TRUE(enforcer_->import_api_keys(some_keys(2, 100), "plan").ok());
  const auto before = key_ids();
  const size_t used = enforcer_->statistics().arena_used_bytes;
  constexpr size_t kCount = 20;
  struct Mistake {
    std::function<void(v1::ApiKey&)> make;
    absl::StatusCode code;
    const char* text;
  };
  const std::vector<Mistake> mistakes = {
      {[](auto& key) { key.set_value("secret-and-short"); },
       absl::StatusCode::kInvalidArgument, "at least 20 characters"},
      {[](auto& key) { key.set_value(value_of(9) + " secret"); },
       absl::StatusCode::kInvalidArgument, "printable"},
      {[](auto& key) { key.set_name(std::string(1025, 'n')); },
       absl::StatusCode::kInvalidArgument, "API Key name"},
      {[](auto& key) { key.set_customer_id("\xff"); },
       absl::StatusCode::kInvalidArgument, "customer id"},
      {[](auto& key) { key.set_id("not/an/id"); },
       absl::StatusCode::kInvalidArgument, "id: expected"},
      // Like an existing key.
      {[](auto& key) { key.set_value(value_of(101)); },
       absl::StatusCode::kAlreadyExists, "API Key already exists"},
      {[](auto& key) { key.set_id("key-100"); },
       absl::StatusCode::kAlreadyExists, "the id key-100 is taken"},
  };
  for (const Mistake& mistake : mistakes) {
    for (size_t i = 0; i < kCount; ++i) {
      std::vector<v1::ApiKey> keys = some_keys(kCount);
      mistake.make(keys[i]);
      const absl::Status status =
          enforcer_->import_api_keys(keys, "plan").status();
      EXPECT_EQ(status.code(), mistake.code) << status;
      EXPECT_THAT(std::string(status.message()),
                  StartsWith(absl::StrCat("keys[", i, "]: ")));
      EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.text));
      EXPECT_THAT(status.ToString(), Not(HasSubstr("secret")));
      ASSERT_EQ(key_ids(), before);
      ASSERT_EQ(plan_key_ids("plan"), before);
      ASSERT_EQ(enforcer_->statistics().arena_used_bytes, used);
      EXPECT_EQ(admit(value_of(0)).forbidden, Forbidden::kUnknownKey);
    }
  }
  ASSERT_TRUE(enforcer_->import_api_keys(some_keys(kCount), "plan").ok());
}

// Like another key of the batch.
TEST_F(ImportTest, DuplicatesInOneBatchAreFoundWhereverTheyAre) {
  constexpr size_t kCount = 8;
  for (size_t first = 0; first < kCount; ++first) {
    for (size_t second = first + 1; second < kCount; ++second) {
      std::vector<v1::ApiKey> keys = some_keys(kCount);
      keys[second].set_value(keys[first].value());
      absl::Status status = enforcer_->import_api_keys(keys).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
      EXPECT_EQ(status.message(),
                absl::StrCat("keys[", second, "]: API Key already exists"));
      EXPECT_EQ(aws_message(status), "API Key already exists");

      keys = some_keys(kCount);
      keys[second].set_id(keys[first].id());
      status = enforcer_->import_api_keys(keys).status();
      EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists) << status;
      EXPECT_THAT(std::string(status.message()),
                  StartsWith(absl::StrCat("keys[", second, "]: the id ")));
      EXPECT_EQ(enforcer_->statistics().api_keys, 0u);
    }
  }
}

// Imports keys until the arena is full, then batches that fail at every later
// step.
TEST_F(ImportTest, WithoutMemoryWhatWasDoneIsTakenBack) {
  Options options;
  options.arena_bytes = size_t{1} << 20;
  for (size_t batch : {1, 2, 3, 7, 50, 800, 5000}) {
    SCOPED_TRACE(batch);
    start(options);
    size_t next = 0;
    absl::Status status;
    while (status.ok()) {
      status =
          enforcer_->import_api_keys(some_keys(batch, next), "plan").status();
      if (status.ok()) next += batch;
      ASSERT_LT(next, 100'000u);
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ(enforcer_->statistics().api_keys, next);
    EXPECT_EQ(plan_key_ids("plan"), key_ids());
    EXPECT_EQ(key_ids().size(), next);
    for (size_t i = 0; i < batch; ++i) {
      ASSERT_EQ(admit(value_of(next + i)).forbidden, Forbidden::kUnknownKey);
    }
    for (size_t i = 0; i < next; i += 2) {
      ASSERT_TRUE(admit(value_of(i)).admitted()) << i;
    }
    // Smaller batches of the same keys still find room for some of them.
    size_t more = 0;
    while (enforcer_->import_api_keys(some_keys(1, next + more), "plan").ok()) {
      ++more;
    }
    EXPECT_LT(more, batch);
    EXPECT_EQ(enforcer_->statistics().api_keys, next + more);
  }
}

// List and usage pages while keys are added, removed and associated, compared
// with a plain list.
TEST_F(ImportTest, PagesAreRightWhileKeysComeAndGo) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  create_plan("other", "test");
  const std::vector<std::string> plans = {"plan", "other"};
  // The newest first.
  std::vector<std::string> keys;
  std::map<std::string, std::vector<std::string>> associated;
  const auto drop = [](std::vector<std::string>& list, const std::string& id) {
    const auto it = std::find(list.begin(), list.end(), id);
    const bool there = it != list.end();
    if (there) list.erase(it);
    return there;
  };
  const auto front = [](std::vector<std::string>& list, const std::string& id) {
    list.insert(list.begin(), id);
  };
  size_t created = 0;
  for (int step = 0; step < 250; ++step) {
    const std::string& plan = plans[random() % 2];
    const std::string key = keys.empty() ? "" : keys[random() % keys.size()];
    switch (random() % 6) {
      case 0: {
        const size_t count = random() % 10;
        const bool with_plan = random() % 2 == 0;
        const auto ids = enforcer_->import_api_keys(some_keys(count, created),
                                                    with_plan ? plan : "");
        ASSERT_TRUE(ids.ok()) << ids.status();
        created += count;
        for (const std::string& id : *ids) {
          front(keys, id);
          if (with_plan) front(associated[plan], id);
        }
        break;
      }
      case 1:
        ASSERT_TRUE(enforcer_->create_api_key(some_keys(1, created)[0]).ok());
        front(keys, absl::StrCat("key-", created++));
        break;
      case 2:
        if (key.empty()) break;
        ASSERT_TRUE(enforcer_->delete_api_key(key).ok());
        drop(keys, key);
        for (const std::string& other : plans) drop(associated[other], key);
        break;
      case 3:
        ASSERT_EQ(enforcer_->delete_usage_plan_key(plan, key).ok(),
                  drop(associated[plan], key));
        break;
      default:
        if (key.empty()) break;
        if (enforcer_->create_usage_plan_key(plan, key).ok()) {
          front(associated[plan], key);
        } else {
          ASSERT_TRUE(drop(associated[plan], key));
          front(associated[plan], key);
          ASSERT_TRUE(enforcer_->delete_usage_plan_key(plan, key).ok());
          ASSERT_TRUE(enforcer_->create_usage_plan_key(plan, key).ok());
        }
    }
    ASSERT_EQ(key_ids(), keys);
    for (const std::string& id : plans) {
      ASSERT_EQ(plan_key_ids(id), associated[id]);
      UsageRequest request{id, "2026-01-01", "2026-01-01", "", {"", 7}};
      std::vector<std::string> seen;
      do {
        const auto usage = enforcer_->get_usage(request);
        ASSERT_TRUE(usage.ok()) << usage.status();
        for (const auto& item : usage->items()) seen.push_back(item.key_id());
        request.page.position = usage->position();
      } while (!request.page.position.empty());
      ASSERT_EQ(seen, associated[id]);
    }
  }
}

TEST_F(ImportTest, EachKeyHasPlansOfItsOwn) {
  create_plan("dev", "dev");
  const auto keys = some_keys(3);
  ASSERT_TRUE(
      enforcer_->import_api_keys(keys, {{"plan", "dev"}, {}, {"dev"}}).ok());
  const auto ids_of = [&](const std::string& plan) {
    std::vector<std::string> ids;
    const auto page = enforcer_->list_usage_plan_keys(plan);
    for (const auto& key : page->items) ids.push_back(key.id());
    return ids;
  };
  EXPECT_THAT(ids_of("plan"), ElementsAre("key-0"));
  EXPECT_THAT(ids_of("dev"), ElementsAre("key-2", "key-0"));
  EXPECT_TRUE(enforcer_->admit({value_of(0), route_}).admitted());
  EXPECT_FALSE(enforcer_->admit({value_of(2), route_}).admitted());
}

TEST_F(ImportTest, PlansOfOneKeyShareNoStage) {
  create_plan("dev", "dev");
  create_plan("rival", "prod");
  const auto keys = some_keys(2);
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{
           {"plan", "rival"}, {"dev", "dev"}, {"plan", "nobody"}}) {
    const auto status =
        enforcer_->import_api_keys(keys, {{"dev"}, wrong}).status();
    EXPECT_THAT(std::string(status.message()), StartsWith("keys[1]: "));
    EXPECT_EQ(enforcer_->statistics().api_keys, 0u) << "all or none";
  }
}

// A clock that stands still. Its first reading after meet() takes a while, so
// that others can begin calls that wait for the caller to let them in.
class MeetingClock final : public Clock {
 public:
  void meet(std::vector<std::function<void()>> others) {
    others_ = std::move(others);
  }
  void join() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  Instant now() noexcept override {
    const auto others = std::exchange(others_, {});
    for (const auto& other : others) threads_.emplace_back(other);
    if (!others.empty()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {1'800'000'000'000'000'000, 1'800'000'000'000'000'000};
  }

 private:
  std::vector<std::function<void()>> others_;
  std::vector<std::thread> threads_;
};

// Between the first check of the keys and their creation, others may create
// some of the same keys. Whichever comes first, each creates all of its own or
// nothing.
TEST_F(ImportTest, KeysThatOthersCreateMeanwhileAreNotTwice) {
  const auto clock = std::make_shared<MeetingClock>();
  Options options;
  options.clock = clock;
  enum class How { kSkip, kRefuse, kOverwrite };
  for (const How how : {How::kSkip, How::kRefuse, How::kOverwrite}) {
    start(options);
    auto keys = some_keys(300);
    if (how == How::kOverwrite) {
      for (v1::ApiKey& key : keys) key.clear_id();
    }
    v1::ApiKey same_value, same_id;
    same_value.set_id("of-another");
    same_value.set_value(value_of(200));
    same_id.set_id("key-201");
    same_id.set_value("a-value-of-another-key");
    absl::Status by_value, by_id;
    clock->meet(
        {[&] { by_value = enforcer_->create_api_key(same_value).status(); },
         [&] { by_id = enforcer_->create_api_key(same_id).status(); }});
    std::vector<absl::Status> skipped;
    const std::vector<std::vector<std::string>> plans(300, {"plan"});
    const auto ids = enforcer_->import_api_keys(
        keys, plans, how == How::kSkip ? &skipped : nullptr,
        how == How::kOverwrite ? ExistingKeys::kOverwrite
                               : ExistingKeys::kRefuse);
    clock->join();
    const bool is_by_value = by_value.ok();
    const bool is_by_id = by_id.ok() && how != How::kOverwrite;
    EXPECT_TRUE(by_value.ok() || absl::IsAlreadyExists(by_value)) << by_value;
    EXPECT_TRUE(by_id.ok() || absl::IsAlreadyExists(by_id)) << by_id;
    const size_t created = by_value.ok() + by_id.ok();
    size_t imported = 300;
    if (how == How::kSkip) {
      ASSERT_TRUE(ids.ok()) << ids.status();
      imported -= is_by_value + is_by_id;
      for (size_t i = 0; i < 300; ++i) {
        const bool is_left_out =
            (i == 200 && is_by_value) || (i == 201 && is_by_id);
        EXPECT_EQ(absl::IsAlreadyExists(skipped[i]), is_left_out) << i;
        EXPECT_EQ((*ids)[i], is_left_out ? "" : absl::StrCat("key-", i));
      }
    } else if (is_by_value || is_by_id) {
      EXPECT_EQ(ids.status().code(), how == How::kOverwrite
                                         ? absl::StatusCode::kAborted
                                         : absl::StatusCode::kAlreadyExists)
          << ids.status();
      EXPECT_THAT(std::string(ids.status().message()),
                  StartsWith(is_by_value ? "keys[200]: " : "keys[201]: "));
      imported = 0;
    } else {
      ASSERT_TRUE(ids.ok()) << ids.status();
    }
    EXPECT_EQ(plan_key_ids("plan").size(), imported);
    EXPECT_EQ(key_ids().size(), imported + created);
    EXPECT_EQ(enforcer_->statistics().api_keys, imported + created);
    EXPECT_EQ(admit(value_of(200)).forbidden,
              is_by_value     ? Forbidden::kDisabledKey
              : imported == 0 ? Forbidden::kUnknownKey
                              : Forbidden::kNo);
  }
}

TEST_F(ImportTest, KeysThatAreWrongCanBeSkipped) {
  auto keys = some_keys(6);
  keys[1].set_value("short");
  keys[3].set_value(value_of(2));
  keys[4].set_id("key-0");
  std::vector<absl::Status> skipped;
  const auto ids = enforcer_->import_api_keys(
      keys, {{"plan"}, {"plan"}, {"plan"}, {"plan"}, {"plan"}, {"nobody"}},
      &skipped);
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_THAT(*ids, ElementsAre("key-0", "", "key-2", "", "", ""));
  ASSERT_EQ(skipped.size(), 6u);
  EXPECT_TRUE(skipped[0].ok());
  EXPECT_TRUE(absl::IsInvalidArgument(skipped[1]));
  EXPECT_TRUE(skipped[2].ok());
  EXPECT_TRUE(absl::IsAlreadyExists(skipped[3]));
  EXPECT_TRUE(absl::IsAlreadyExists(skipped[4]));
  EXPECT_TRUE(absl::IsNotFound(skipped[5]));
  EXPECT_EQ(enforcer_->list_usage_plan_keys("plan")->items.size(), 2u);
  EXPECT_TRUE(enforcer_->admit({value_of(2), route_}).admitted());
}

// After a key with an unknown plan, one without plans has none.
TEST_F(ImportTest, PlansOfAKeyThatIsSkippedAreNobodys) {
  std::vector<absl::Status> skipped;
  ASSERT_TRUE(
      enforcer_
          ->import_api_keys(some_keys(2), {{}, {"plan", "nobody"}}, &skipped)
          .ok());
  EXPECT_TRUE(absl::IsNotFound(skipped[1]));
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
}

// -- Overwriting --

class OverwriteTest : public ImportTest {
 protected:
  OverwriteTest() { create_plan("dev", "dev"); }

  static v1::ApiKey key_of(size_t value, const std::string& name,
                           bool enabled = true) {
    v1::ApiKey key;
    key.set_value(value_of(value));
    key.set_name(name);
    key.set_enabled(enabled);
    return key;
  }
  absl::StatusOr<std::vector<std::string>> import(
      const std::vector<v1::ApiKey>& keys,
      const std::vector<std::vector<std::string>>& plan_ids,
      std::vector<absl::Status>* skipped = nullptr) {
    return enforcer_->import_api_keys(keys, plan_ids, skipped,
                                      ExistingKeys::kOverwrite);
  }
  Decision admit(const std::string& value, const std::string& stage = "prod") {
    return enforcer_->admit({value, *enforcer_->intern_route("api", stage)});
  }
};

TEST_F(OverwriteTest, TheRowsTextsAndPlansTakeThePlaceOfTheOldOnes) {
  v1::ApiKey key = key_of(0, "old", /*enabled=*/false);
  key.set_id("k");
  key.set_description("old");
  key.set_customer_id("customer");
  key.add_stage_keys("api/prod");
  (*key.mutable_tags())["team"] = "pets";
  ASSERT_TRUE(enforcer_->import_api_keys({key}, "plan").ok());
  const v1::ApiKey before = *enforcer_->get_api_key("k");

  const auto ids =
      import({key_of(1, "other"), key_of(0, "new")}, {{}, {"dev"}});
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ((*ids)[1], "k");
  const v1::ApiKey after = *enforcer_->get_api_key("k", true);
  EXPECT_EQ(after.value(), value_of(0));
  EXPECT_EQ(after.name(), "new");
  EXPECT_EQ(after.description(), "");
  EXPECT_TRUE(after.enabled());
  EXPECT_EQ(after.customer_id(), "customer");
  EXPECT_THAT(after.stage_keys(), ElementsAre("api/prod"));
  EXPECT_EQ(after.tags().at("team"), "pets");
  EXPECT_EQ(after.created_date().nanos(), before.created_date().nanos());
  EXPECT_EQ(after.created_date().seconds(), before.created_date().seconds());
  EXPECT_EQ(key_ids().size(), 2u);
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
  EXPECT_THAT(plan_key_ids("dev"), ElementsAre("k"));
  EXPECT_EQ(admit(value_of(0)).forbidden, Forbidden::kNoPlan);
  EXPECT_TRUE(admit(value_of(0), "dev").admitted());

  ASSERT_TRUE(import({key_of(0, "new", false)}, {{"dev"}}).ok());
  EXPECT_EQ(admit(value_of(0), "dev").forbidden, Forbidden::kDisabledKey);
}

TEST_F(OverwriteTest, WhatWasUsedStaysWithThePlansThatStay) {
  ASSERT_TRUE(import({key_of(0, "a")}, {{"plan", "dev"}}).ok());
  for (const char* stage : {"prod", "dev"}) {
    EXPECT_TRUE(admit(value_of(0), stage).admitted());
  }
  ASSERT_TRUE(import({key_of(0, "b")}, {{"dev"}}).ok());
  EXPECT_EQ(admit(value_of(0), "dev").tokens_remaining(), 1);
  ASSERT_TRUE(import({key_of(0, "c")}, {{"dev", "plan"}}).ok());
  EXPECT_EQ(admit(value_of(0), "dev").tokens_remaining(), 0);
  EXPECT_EQ(admit(value_of(0)).tokens_remaining(), 2)
      << "which begins anew, as for every association that ended";
}

TEST_F(OverwriteTest, OfOneCallTheLastGoodKeyCounts) {
  std::vector<absl::Status> skipped;
  const auto ids =
      import({key_of(0, "first"), key_of(1, "one"), key_of(0, "second"),
              key_of(0, "no such plan"), key_of(0, std::string(1025, 'x'))},
             {{"plan"}, {}, {"dev"}, {"nobody"}, {}}, &skipped);
  ASSERT_TRUE(ids.ok()) << ids.status();
  EXPECT_EQ((*ids)[0], "");
  EXPECT_NE((*ids)[2], "");
  EXPECT_EQ((*ids)[3], "");
  EXPECT_TRUE(skipped[0].ok());
  EXPECT_TRUE(absl::IsNotFound(skipped[3]));
  EXPECT_TRUE(absl::IsInvalidArgument(skipped[4]));
  EXPECT_EQ(enforcer_->get_api_key((*ids)[2])->name(), "second");
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
  EXPECT_THAT(plan_key_ids("dev"), ElementsAre((*ids)[2]));
  EXPECT_EQ(enforcer_->statistics().api_keys, 2u);

  // The same for an existing key.
  const auto again =
      import({key_of(0, "third"), key_of(0, "fourth")}, {{"plan"}, {}});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(*again, ElementsAre("", (*ids)[2]));
  EXPECT_EQ(enforcer_->get_api_key((*ids)[2])->name(), "fourth");
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
  EXPECT_THAT(plan_key_ids("dev"), IsEmpty());
}

// Not even for a moment, whatever else about it changes.
TEST_F(OverwriteTest, KeyThatIsDisabledBeforeAndAfterIsNeverAdmitted) {
  ASSERT_TRUE(import({key_of(0, "old", /*enabled=*/false)}, {{"plan"}}).ok());
  std::atomic<bool> over{false};
  int64_t calls = 0, admitted = 0;
  std::thread caller([&] {
    const std::string value = value_of(0);
    for (; !over; ++calls) {
      admitted += enforcer_->admit({value, route_}).admitted();
    }
  });
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(import({key_of(0, std::string(500, 'n'), /*enabled=*/false)},
                       {{i % 2 == 0 ? "dev" : "plan"}})
                    .ok());
  }
  over = true;
  caller.join();
  EXPECT_GT(calls, 0);
  EXPECT_EQ(admitted, 0);
}

TEST_F(OverwriteTest, PlansAreJudgedByWhatTheKeyWillHave) {
  create_plan("rival", "prod");
  ASSERT_TRUE(import({key_of(0, "a")}, {{"plan"}}).ok());
  ASSERT_TRUE(import({key_of(0, "b")}, {{"rival"}}).ok())
      << "in the place of the plan of the same stage";
  EXPECT_THAT(plan_key_ids("plan"), IsEmpty());
  const auto both = import({key_of(0, "c")}, {{"rival", "plan"}});
  EXPECT_TRUE(absl::IsAlreadyExists(both.status())) << both.status();
  EXPECT_EQ(plan_key_ids("rival").size(), 1u);
}

TEST_F(OverwriteTest, AllOrNoneWithoutSkipping) {
  ASSERT_TRUE(import({key_of(0, "a"), key_of(1, "a")}, {{"plan"}, {}}).ok());
  const auto before = key_ids();
  const auto status = import({key_of(0, "b"), key_of(2, "b"), key_of(1, "b")},
                             {{}, {}, {"nobody"}})
                          .status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), StartsWith("keys[2]: "));
  EXPECT_EQ(key_ids(), before);
  for (const std::string& id : before) {
    EXPECT_EQ(enforcer_->get_api_key(id)->name(), "a");
  }
  EXPECT_EQ(plan_key_ids("plan").size(), 1u);
  v1::ApiKey with_id = key_of(3, "b");
  with_id.set_id("own");
  EXPECT_TRUE(absl::IsInvalidArgument(import({with_id}, {{}}).status()));
}

TEST_F(OverwriteTest, WithoutMemoryWhatWasDoneIsTakenBack) {
  Options options;
  options.arena_bytes = size_t{1} << 20;
  start(options);
  create_plan("dev", "dev");
  constexpr size_t kOld = 1000;
  std::vector<v1::ApiKey> keys;
  for (size_t i = 0; i < kOld; ++i) keys.push_back(key_of(i, "old"));
  std::vector<std::vector<std::string>> plans(kOld, {"plan"});
  ASSERT_TRUE(import(keys, plans).ok());
  for (auto& key : keys) key.set_name("new");
  for (size_t i = kOld; i < 20 * kOld; ++i) keys.push_back(key_of(i, "new"));
  plans.assign(keys.size(), {"plan", "dev"});
  const auto status = import(keys, plans).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(enforcer_->statistics().api_keys, kOld);
  EXPECT_EQ(plan_key_ids("plan").size(), kOld);
  EXPECT_THAT(plan_key_ids("dev"), IsEmpty());
  const auto page = *enforcer_->list_api_keys();
  for (const v1::ApiKey& key : page.items) EXPECT_EQ(key.name(), "old");
  EXPECT_TRUE(admit(value_of(1)).admitted());
}

// Random imports, compared with what they should result in.
TEST_F(OverwriteTest, AsAPlainMapOfValuesWouldHaveIt) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  struct Expected {
    std::string id;
    std::string name;
    bool enabled;
    std::set<std::string> plans;
  };
  std::map<std::string, Expected> model;
  create_plan("rival", "prod");
  const std::vector<std::vector<std::string>> choices = {
      {},        {"plan"},         {"dev"},           {"plan", "dev"},
      {"rival"}, {"dev", "rival"}, {"plan", "rival"}, {"nobody"}};
  for (int step = 0; step < 200; ++step) {
    std::vector<v1::ApiKey> keys;
    std::vector<std::vector<std::string>> plans;
    for (size_t count = random() % 6; count > 0; --count) {
      keys.push_back(key_of(random() % 12, absl::StrCat("name ", step, count),
                            random() % 2 == 0));
      plans.push_back(choices[random() % choices.size()]);
    }
    std::vector<absl::Status> skipped;
    const auto ids = import(keys, plans, &skipped);
    ASSERT_TRUE(ids.ok()) << ids.status();
    std::map<std::string, std::string> given;  // by value
    for (size_t i = 0; i < keys.size(); ++i) {
      const bool bad = plans[i] == choices[6] || plans[i] == choices[7];
      ASSERT_EQ(skipped[i].ok(), !bad) << skipped[i];
      if (bad) {
        EXPECT_EQ((*ids)[i], "");
        continue;
      }
      Expected& expected = model[keys[i].value()];
      expected.name = keys[i].name();
      expected.enabled = keys[i].enabled();
      expected.plans = {plans[i].begin(), plans[i].end()};
      if (!(*ids)[i].empty()) {
        EXPECT_TRUE(given.emplace(keys[i].value(), (*ids)[i]).second) << "once";
        if (expected.id.empty()) expected.id = (*ids)[i];
        EXPECT_EQ((*ids)[i], expected.id);
      }
    }
    ASSERT_EQ(enforcer_->statistics().api_keys, model.size());
    std::map<std::string, std::set<std::string>> plan_keys;
    for (const char* plan : {"plan", "dev", "rival"}) {
      for (const auto& id : plan_key_ids(plan)) plan_keys[id].insert(plan);
    }
    for (const auto& [value, expected] : model) {
      ASSERT_NE(expected.id, "");
      const auto key = enforcer_->get_api_key(expected.id, true);
      ASSERT_TRUE(key.ok()) << key.status();
      EXPECT_EQ(key->value(), value);
      EXPECT_EQ(key->name(), expected.name);
      EXPECT_EQ(key->enabled(), expected.enabled);
      EXPECT_EQ(plan_keys[expected.id], expected.plans);
      const Forbidden forbidden = admit(value, "dev").forbidden;
      EXPECT_EQ(forbidden, !expected.enabled ? Forbidden::kDisabledKey
                           : expected.plans.count("dev") == 0
                               ? Forbidden::kNoPlan
                               : Forbidden::kNo);
    }
  }
}

}  // namespace
}  // namespace weir
