// Calls that take long, and a store that does not respond: how other calls
// fare.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/control_plane/calls_in_progress.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/testing/forwarding_store.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using ::testing::IsEmpty;
using ::testing::StrEq;

// A store whose commits of `least` changes or more block while it is closed, as
// on a disk that does not respond; then they fail, if told to.
class Gate final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void close(size_t least) {
    const std::lock_guard<std::mutex> lock(mutex_);
    least_ = least;
    arrived_ = false;
  }
  void await_arrival() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return arrived_; });
  }
  void open(absl::Status result = absl::OkStatus()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    least_ = SIZE_MAX;
    result_ = std::move(result);
    changed_.notify_all();
  }

  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (changes.size() >= least_) {
        arrived_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return least_ == SIZE_MAX; });
        if (!result_.ok()) return result_;
      }
    }
    return ForwardingStore::commit(changes);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t least_ = SIZE_MAX;
  bool arrived_ = false;
  absl::Status result_;
};

std::vector<v1::ApiKey> some_keys(size_t count, const std::string& name) {
  std::vector<v1::ApiKey> keys(count);
  for (size_t i = 0; i < count; ++i) {
    keys[i].set_value(absl::StrCat("a-secret-of-twenty-", name, "-", i));
    keys[i].set_name(name);
    keys[i].set_enabled(true);
  }
  return keys;
}

std::vector<v1::PatchOperation> operations(const std::string& json) {
  return *patch_operations_from_json(
      absl::StrCat("{\"patchOperations\":", json, "}"));
}

class LongCalls : public ::testing::Test {
 protected:
  LongCalls() {
    const char* folder = std::getenv("TEST_TMPDIR");
    path_ = absl::StrCat(folder == nullptr ? "/tmp" : folder, "/long_calls.",
                         getpid());
    std::filesystem::remove_all(path_);
    start();
    create_plan("gold", "prod");
    create_plan("silver", "beta");
  }
  ~LongCalls() override {
    enforcer_.reset();
    gate_.reset();
    std::filesystem::remove_all(path_);
  }

  void start() {
    enforcer_.reset();
    gate_.reset();
    gate_ = std::make_shared<Gate>(*SqliteStore::open(path_));
    Options options;
    options.store = gate_;
    options.sync_interval = absl::ZeroDuration();
    options.arena_bytes = size_t{1} << 28;
    enforcer_ = *Enforcer::create(options);
  }
  void create_plan(const std::string& id, const std::string& stage) {
    v1::UsagePlan plan;
    plan.set_id(id);
    plan.set_name(id);
    plan.add_api_stages()->set_api_id("api");
    plan.mutable_api_stages(0)->set_stage(stage);
    plan.mutable_throttle()->set_burst_limit(1000);
    ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  }
  std::string create_key(const std::string& value) {
    v1::ApiKey key;
    key.set_value(value);
    key.set_enabled(true);
    const auto created = enforcer_->create_api_key(key);
    return created.ok() ? created->id() : created.status().ToString();
  }
  absl::StatusOr<std::vector<std::string>> import(
      const std::vector<v1::ApiKey>& keys, const std::string& plan) {
    const std::vector<std::vector<std::string>> plans(keys.size(), {plan});
    return enforcer_->import_api_keys(keys, plans, nullptr,
                                      ExistingKeys::kOverwrite);
  }
  // The ids of the plan's keys; "": of all keys.
  std::set<std::string> key_ids(const std::string& plan = "") {
    std::set<std::string> ids;
    PageRequest request{"", 500};
    const auto take = [&](const auto& page) {
      EXPECT_TRUE(page.ok()) << page.status();
      for (const auto& key : page->items) ids.insert(key.id());
      request.position = page->position;
    };
    do {
      if (plan.empty()) {
        take(enforcer_->list_api_keys(request));
      } else {
        take(enforcer_->list_usage_plan_keys(plan, request));
      }
    } while (!request.position.empty());
    return ids;
  }

  std::string path_;
  std::shared_ptr<Gate> gate_;
  std::unique_ptr<Enforcer> enforcer_;
};

TEST(CallsInProgress, ShowTheOneThatStandsStillForLongest) {
  internal::CallsInProgress calls;
  EXPECT_THAT(calls.stalled().name, StrEq(""));
  EXPECT_EQ(calls.stalled().ns, 0);
  const auto stalled = [&] {
    usleep(1'000);
    return std::string(calls.stalled().name);
  };
  {
    internal::CallsInProgress::Call first(calls, "first");
    EXPECT_EQ(stalled(), "first");
    EXPECT_GE(calls.stalled().ns, 1'000'000);
    {
      internal::CallsInProgress::Call second(calls, "second");
      EXPECT_EQ(stalled(), "first");
      first.made_progress();
      EXPECT_EQ(stalled(), "second");
      // A step that is allowed to take long is not stalled.
      second.made_progress(kHour);
      EXPECT_EQ(stalled(), "first");
      first.made_progress(kHour);
      EXPECT_EQ(stalled(), "");
      EXPECT_EQ(calls.stalled().ns, 0);
      first.made_progress();
      EXPECT_EQ(stalled(), "first");
    }
    // More calls than there are slots.
    first.made_progress(0);
    std::deque<internal::CallsInProgress::Call> many;
    for (int i = 0; i < 127; ++i) many.emplace_back(calls, "another");
    internal::CallsInProgress::Call unseen(calls, "unseen");
    for (auto& call : many) call.made_progress(1'000'000'000'000);
    first.made_progress(1'000'000'000'000);
    unseen.made_progress();
    EXPECT_EQ(stalled(), "");
    many.pop_back();
    internal::CallsInProgress::Call seen(calls, "seen");
    EXPECT_EQ(stalled(), "seen");
  }
  EXPECT_EQ(stalled(), "");
}

TEST_F(LongCalls, StatisticsDoNotWaitForAStoreThatIsStuck) {
  create_key("a-key-that-was-there-before");
  gate_->close(1);
  std::thread stuck([&] { create_plan("stuck", "other"); });
  gate_->await_arrival();
  std::thread waiting([&] { (void)enforcer_->get_usage_plan("gold"); });
  usleep(20'000);
  const Enforcer::Statistics statistics = enforcer_->statistics();
  EXPECT_EQ(statistics.usage_plans, 2u);
  EXPECT_EQ(statistics.api_keys, 1u);
  EXPECT_GT(statistics.arena_used_bytes, 0u);
  // The call that holds the mutex, rather than one that waits for it.
  EXPECT_THAT(statistics.stalled_call, StrEq("create_usage_plan"));
  EXPECT_GE(statistics.stalled_call_ns, 20'000'000);
  gate_->open();
  stuck.join();
  waiting.join();
  EXPECT_THAT(enforcer_->statistics().stalled_call, StrEq(""));
  EXPECT_EQ(enforcer_->statistics().stalled_call_ns, 0);
  EXPECT_EQ(enforcer_->statistics().usage_plans, 3u);
}

TEST_F(LongCalls, AnImportOnItsWayToTheStoreHoldsNobodyUp) {
  const std::string other = create_key("a-key-that-was-there-before");
  const auto keys = some_keys(50, "new");
  gate_->close(50);
  absl::StatusOr<std::vector<std::string>> imported;
  std::thread importer([&] { imported = import(keys, "gold"); });
  gate_->await_arrival();
  // No key of the import is visible.
  EXPECT_EQ(key_ids(), std::set<std::string>{other});
  EXPECT_THAT(key_ids("gold"), IsEmpty());
  EXPECT_EQ(enforcer_->statistics().api_keys, 1u);
  EXPECT_EQ(enforcer_->admit({keys[0].value()}).admitted(), false);
  // Other calls go on.
  EXPECT_TRUE(
      enforcer_
          ->apply_patch("gold", operations(R"([{"op":"replace","path":"/name",)"
                                           R"("value":"patched"}])"))
          .ok());
  const std::string another = create_key("a-key-that-came-meanwhile");
  EXPECT_TRUE(enforcer_->create_usage_plan_key("gold", another).ok());
  EXPECT_TRUE(enforcer_->delete_api_key(other).ok());
  EXPECT_TRUE(
      enforcer_
          ->get_usage({"gold", "2026-01-01", "2026-01-02", "", PageRequest()})
          .ok());
  // But the values are taken.
  v1::ApiKey same = keys[7];
  EXPECT_TRUE(absl::IsAlreadyExists(enforcer_->create_api_key(same).status()));
  gate_->open();
  importer.join();
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(key_ids().size(), 51u);
  EXPECT_EQ(key_ids("gold").size(), 51u);
  EXPECT_EQ(enforcer_->statistics().api_keys, 51u);
  start();
  EXPECT_EQ(key_ids("gold").size(), 51u);
}

TEST_F(LongCalls, AnImportThatTheStoreRefusesLeavesNothing) {
  const std::string old = create_key(some_keys(1, "new")[0].value());
  const auto before = *enforcer_->get_api_key(old, true);
  gate_->close(50);
  absl::StatusOr<std::vector<std::string>> imported;
  const auto keys = some_keys(50, "new");
  std::thread importer([&] { imported = import(keys, "gold"); });
  gate_->await_arrival();
  gate_->open(absl::UnavailableError("full"));
  importer.join();
  EXPECT_TRUE(absl::IsUnavailable(imported.status()));
  EXPECT_EQ(key_ids(), std::set<std::string>{old});
  EXPECT_THAT(key_ids("gold"), IsEmpty());
  EXPECT_EQ(enforcer_->statistics().api_keys, 1u);
  EXPECT_EQ(enforcer_->get_api_key(old, true)->SerializeAsString(),
            before.SerializeAsString());
  gate_->open();
  EXPECT_EQ(import(keys, "gold")->size(), 50u);
  EXPECT_EQ(key_ids("gold").size(), 50u);
}

// Each of these would be lost, or wrong, in the middle of an import.
TEST_F(LongCalls, WhatWouldGetInTheWayOfAnImportWaits) {
  const auto keys = some_keys(50, "new");
  const std::string old = create_key(keys[0].value());
  ASSERT_TRUE(enforcer_->create_usage_plan_key("gold", old).ok());
  create_plan("other", "other");
  ASSERT_TRUE(
      enforcer_
          ->apply_patch(
              "silver",
              operations(
                  R"([{"op":"replace","path":"/quota/limit","value":"5"},)"
                  R"({"op":"replace","path":"/quota/period","value":"DAY"}])"))
          .ok());
  create_plan("bare", "bare");
  ASSERT_TRUE(enforcer_
                  ->apply_patch("bare", operations(R"([{"op":"remove","path":)"
                                                   R"("/apiStages","value":)"
                                                   R"("api:bare"}])"))
                  .ok());
  gate_->close(50);
  std::thread importer([&] { EXPECT_TRUE(import(keys, "silver").ok()); });
  gate_->await_arrival();
  std::atomic<int> done{0};
  std::vector<std::thread> threads;
  const auto wait = [&](std::function<absl::Status()> call) {
    threads.emplace_back([&done, call] {
      const absl::Status status = call();
      EXPECT_TRUE(status.ok()) << status;
      ++done;
    });
  };
  wait([&] {
    return enforcer_
        ->update_api_key(old, operations(R"([{"op":"replace","path":"/name",)"
                                         R"("value":"by a patch"}])"))
        .status();
  });
  wait([&] {
    return enforcer_->tag_api_key(old, {{{"a", "b"}}, {}}).status();
  });
  wait([&] { return enforcer_->delete_usage_plan("bare"); });
  wait([&] {
    return enforcer_
        ->apply_patch("gold", operations(R"([{"op":"add","path":"/apiStages",)"
                                         R"("value":"api:third"}])"))
        .status();
  });
  wait([&] { return enforcer_->create_usage_plan_key("other", old).status(); });
  wait([&] {
    return enforcer_
        ->update_usage("silver", old,
                       operations(R"([{"op":"replace","path":"/remaining",)"
                                  R"("value":"7"}])"))
        .status();
  });
  // Another import too, while other calls wait.
  usleep(10'000);
  wait([&] { return import(some_keys(7, "other"), "silver").status(); });
  usleep(30'000);
  EXPECT_EQ(done, 0);
  gate_->open();
  importer.join();
  for (std::thread& thread : threads) thread.join();
  const auto key = *enforcer_->get_api_key(old, true);
  EXPECT_EQ(key.name(), "by a patch");
  EXPECT_EQ(key.tags().at("a"), "b");
  EXPECT_EQ(key_ids("silver").size(), 57u);
  EXPECT_THAT(key_ids("gold"), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(enforcer_->get_usage_plan("bare").status()));
  start();
  EXPECT_EQ(enforcer_->get_api_key(old, true)->SerializeAsString(),
            key.SerializeAsString());
}

// A stage that a patch adds conflicts with the keys of an import.
TEST_F(LongCalls, StagesThatAreAddedMeanwhileAreChecked) {
  const auto keys = some_keys(50, "new");
  const std::vector<std::vector<std::string>> plans(50, {"gold", "silver"});
  gate_->close(50);
  std::thread importer(
      [&] { EXPECT_TRUE(enforcer_->import_api_keys(keys, plans).ok()); });
  gate_->await_arrival();
  absl::Status patched;
  std::thread patcher([&] {
    patched = enforcer_
                  ->apply_patch("gold", operations(R"([{"op":"add","path":)"
                                                   R"("/apiStages","value":)"
                                                   R"("api:beta"}])"))
                  .status();
  });
  usleep(10'000);
  gate_->open();
  importer.join();
  patcher.join();
  EXPECT_TRUE(absl::IsAlreadyExists(patched)) << patched;
}

TEST_F(LongCalls, APlanThatIsBeingDeletedIsThereUntilItIsNot) {
  const std::string key = create_key("a-key-that-was-there-before");
  create_plan("bare", "bare");
  ASSERT_TRUE(import(some_keys(50, "new"), "bare").ok());
  ASSERT_TRUE(enforcer_
                  ->apply_patch("bare", operations(R"([{"op":"remove","path":)"
                                                   R"("/apiStages","value":)"
                                                   R"("api:bare"}])"))
                  .ok());
  for (const bool fails : {true, false}) {
    gate_->close(1);
    absl::Status deleted;
    std::thread deleter(
        [&] { deleted = enforcer_->delete_usage_plan("bare"); });
    gate_->await_arrival();
    EXPECT_EQ(key_ids("bare").size(), 50u);
    EXPECT_TRUE(enforcer_->get_usage_plan("bare").ok());
    // Changes wait, and see the result.
    std::vector<std::function<absl::Status()>> calls = {
        [&] {
          return enforcer_->tag_usage_plan("bare", {{{"a", "b"}}, {}}).status();
        },
        [&] { return enforcer_->share_usage_plan("bare"); },
        [&] {
          return enforcer_
              ->apply_patch("bare",
                            operations(R"([{"op":"replace","path":"/name",)"
                                       R"("value":"n"}])"))
              .status();
        },
        [&] { return enforcer_->create_usage_plan_key("bare", key).status(); },
        [&] {
          const auto keys = key_ids("bare");
          if (keys.empty()) return absl::NotFoundError("");
          return enforcer_->delete_usage_plan_key("bare", *keys.rbegin());
        },
    };
    std::vector<absl::Status> results(calls.size());
    std::atomic<size_t> done{0};
    std::vector<std::thread> threads;
    for (size_t i = 0; i < calls.size(); ++i) {
      threads.emplace_back([&, i] {
        results[i] = calls[i]();
        ++done;
      });
    }
    usleep(20'000);
    EXPECT_EQ(done, 0u);
    gate_->open(fails ? absl::UnavailableError("full") : absl::OkStatus());
    deleter.join();
    for (std::thread& thread : threads) thread.join();
    gate_->open();
    EXPECT_EQ(deleted.ok(), !fails);
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i].code(),
                fails ? absl::StatusCode::kOk : absl::StatusCode::kNotFound)
          << i << ": " << results[i];
    }
    if (!fails) break;
    ASSERT_TRUE(enforcer_->unshare_usage_plan("bare").ok());
    ASSERT_TRUE(enforcer_->delete_usage_plan_key("bare", key).ok());
    ASSERT_TRUE(import(some_keys(50, "new"), "bare").ok());
  }
  EXPECT_TRUE(absl::IsNotFound(enforcer_->get_usage_plan("bare").status()));
  EXPECT_EQ(key_ids().size(), 51u);
  EXPECT_EQ(enforcer_->statistics().usage_plans, 2u);
  start();
  EXPECT_EQ(key_ids().size(), 51u);
}

// While its keys are being taken from it, a plan that is deleted is gone for
// every call alike.
TEST_F(LongCalls, APlanThatNoListHasIsNotFoundEither) {
  create_plan("bare", "bare");
  ASSERT_TRUE(import(some_keys(2000, "new"), "bare").ok());
  ASSERT_TRUE(enforcer_
                  ->apply_patch("bare", operations(R"([{"op":"remove","path":)"
                                                   R"("/apiStages","value":)"
                                                   R"("api:bare"}])"))
                  .ok());
  std::atomic<bool> deleted{false};
  std::thread deleter([&] {
    EXPECT_TRUE(enforcer_->delete_usage_plan("bare").ok());
    deleted = true;
  });
  while (!deleted) {
    const auto plans = enforcer_->list_usage_plans();
    ASSERT_TRUE(plans.ok());
    const bool is_listed = std::any_of(
        plans->items.begin(), plans->items.end(),
        [](const v1::UsagePlan& plan) { return plan.id() == "bare"; });
    if (is_listed) continue;
    EXPECT_TRUE(absl::IsNotFound(enforcer_->get_usage_plan("bare").status()));
    EXPECT_TRUE(absl::IsNotFound(
        enforcer_->tag_usage_plan("bare", {{{"a", "b"}}, {}}).status()));
  }
  deleter.join();
  EXPECT_EQ(key_ids().size(), 2000u);
}

// Mainly for ThreadSanitizer: imports and everything else at once.
TEST_F(LongCalls, EverythingAtOnce) {
  constexpr int kImports = 3;
  constexpr size_t kKeys = 700;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  std::atomic<int> created{0};
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      const std::string id = create_key(absl::StrCat("a-single-key-of-20-", i));
      EXPECT_TRUE(enforcer_->create_usage_plan_key("silver", id).ok());
      if (i % 2 == 0) {
        EXPECT_TRUE(enforcer_->delete_api_key(id).ok());
      } else {
        ++created;
      }
      EXPECT_TRUE(
          enforcer_
              ->apply_patch("gold", operations(absl::StrCat(
                                        R"([{"op":"replace","path":"/throttle/)"
                                        R"(burstLimit","value":")",
                                        1000 + i, R"("}])")))
              .ok());
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      // A key that has appeared has its plan.
      const auto all = key_ids();
      const auto gold = key_ids("gold"), silver = key_ids("silver");
      EXPECT_LE(gold.size() + silver.size(), all.size() + kKeys * kImports);
      const auto usage = enforcer_->get_usage(
          {"gold", "2026-01-01", "2026-02-02", "", PageRequest()});
      EXPECT_TRUE(usage.ok()) << usage.status();
      EXPECT_EQ(enforcer_->statistics().usage_plans, 2u);
    }
  });
  threads.emplace_back([&] {
    const auto keys = some_keys(100, "of-0");
    const Route route = *enforcer_->intern_route("api", "prod");
    while (!stop) {
      for (const v1::ApiKey& key : keys)
        (void)enforcer_->admit({key.value(), route});
    }
  });
  for (int i = 0; i < kImports; ++i) {
    const auto ids = import(some_keys(kKeys, absl::StrCat("of-", i)), "gold");
    ASSERT_TRUE(ids.ok()) << ids.status();
    EXPECT_EQ(ids->size(), kKeys);
  }
  // Overwrites those of the first import.
  const auto again = import(some_keys(kKeys, "of-0"), "silver");
  EXPECT_TRUE(again.ok()) << again.status();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(key_ids("gold").size(), kKeys * (kImports - 1));
  EXPECT_EQ(key_ids("silver").size(), kKeys + static_cast<size_t>(created));
  EXPECT_TRUE(enforcer_->sync().ok());
  const auto ids = key_ids();
  start();
  EXPECT_EQ(key_ids(), ids);
}

}  // namespace
}  // namespace weir
