// Batches, client handles and shared plans.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/memory/epoch.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr int64_t kStart = int64_t{20'500} * 86'400 * kSecond;  // 2026-02-16

std::string value(int i) {
  return absl::StrCat("a-key-with-the-number-", 1000 + i);
}

class DataPlaneTest : public ::testing::Test {
 protected:
  explicit DataPlaneTest(MethodThrottle method_throttle = {}) {
    enforcer_ = make(method_throttle);
  }
  std::unique_ptr<Enforcer> make(MethodThrottle method_throttle = {}) {
    Options options;
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 28;
    options.method_throttle = method_throttle;
    return *Enforcer::create(options);
  }
  static void add_plan(Enforcer& enforcer, const std::string& json) {
    const auto plan = usage_plan_from_json(json);
    ASSERT_TRUE(plan.ok()) << plan.status();
    const auto created = enforcer.create_usage_plan(*plan);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  // With the id "id-<i>".
  static void add_key(Enforcer& enforcer, int i, const std::string& plan_id) {
    v1::ApiKey key;
    key.set_id(absl::StrCat("id-", i));
    key.set_value(value(i));
    key.set_enabled(true);
    ASSERT_TRUE(enforcer.create_api_key(key).ok());
    ASSERT_TRUE(enforcer.create_usage_plan_key(plan_id, key.id()).ok());
  }
  void patch(const std::string& plan_id, const char* op, const char* path,
             const char* value) {
    const auto patched =
        enforcer_->apply_patch(plan_id, {operation(op, path, value)});
    ASSERT_TRUE(patched.ok()) << patched.status();
  }
  Route route(const std::string& method_key = "",
              const std::string& stage = "prod") {
    return *enforcer_->intern_route("api", stage, method_key);
  }
  Decision admit(int key, Route route, uint32_t cost = 1) {
    return enforcer_->admit({value(key), route, cost});
  }
  int admit_all(int key, Route route) {
    int admitted = 0;
    while (admit(key, route).admitted()) ++admitted;
    return admitted;
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kStart);
  std::unique_ptr<Enforcer> enforcer_;
};

constexpr char kWide[] = R"({"id": "wide", "name": "wide",
    "apiStages": [{"apiId": "api", "stage": "prod"},
                  {"apiId": "api", "stage": "test"}]})";
constexpr char kNarrow[] = R"({"id": "narrow", "name": "narrow",
    "apiStages": [{"apiId": "api", "stage": "prod",
                   "throttle": {"/pets/GET": {"rateLimit": 1,
                                              "burstLimit": 3}}}],
    "throttle": {"rateLimit": 2, "burstLimit": 5},
    "quota": {"limit": 12, "period": "DAY"}})";

// -- Handles --

TEST_F(DataPlaneTest, HandleDecidesAsItsKeyDoes) {
  add_plan(*enforcer_, kNarrow);
  add_key(*enforcer_, 1, "narrow");
  const ClientHandle client = enforcer_->resolve(value(1));
  ASSERT_TRUE(client);
  Call by_handle;
  by_handle.client = client;
  by_handle.route = route();
  for (int i = 0; i < 2; ++i) {
    const Decision d = enforcer_->admit(by_handle);
    EXPECT_TRUE(d.admitted());
    EXPECT_EQ(d.tokens_remaining(), 4 - 2 * i);
    EXPECT_EQ(admit(1, route()).tokens_remaining(), 3 - 2 * i);
  }
  by_handle.cost = 2;
  EXPECT_EQ(enforcer_->admit(by_handle).outcome, Outcome::kThrottled);
  // The key is not looked at.
  by_handle.cost = 1;
  by_handle.api_key = "nobody's";
  EXPECT_TRUE(enforcer_->admit(by_handle).admitted());
}

TEST_F(DataPlaneTest, HandleTellsTheIdOfItsKey) {
  add_plan(*enforcer_, kNarrow);
  std::vector<std::pair<ClientHandle, std::string>> named;
  const auto add = [&](int i) {
    v1::ApiKey key;
    key.set_value(value(i));
    const auto created = enforcer_->create_api_key(key);
    ASSERT_TRUE(created.ok());
    named.emplace_back(enforcer_->resolve(value(i)), created->id());
  };
  const auto check = [&] {
    for (const auto& [client, id] : named) {
      ASSERT_EQ(*enforcer_->api_key_id(client), id);
    }
  };
  for (int i = 0; i < 100; ++i) add(i);
  check();
  // Also of keys that are deleted, whose places others take.
  for (int i = 0; i < 100; i += 3) {
    ASSERT_TRUE(enforcer_->delete_api_key(named[i].second).ok());
  }
  // Imports as well, including those that are taken back.
  std::vector<v1::ApiKey> keys(20);
  for (int i = 0; i < 20; ++i) keys[i].set_value(value(200 + i));
  keys[19].set_value(value(1));
  ASSERT_FALSE(enforcer_->import_api_keys(keys).ok());
  keys.pop_back();
  const auto ids = enforcer_->import_api_keys(keys);
  ASSERT_TRUE(ids.ok()) << ids.status();
  for (int i = 0; i < 19; ++i) {
    named.emplace_back(enforcer_->resolve(value(200 + i)), (*ids)[i]);
  }
  for (int i = 300; i < 350; ++i) add(i);
  check();

  EXPECT_TRUE(absl::IsNotFound(enforcer_->api_key_id(ClientHandle()).status()));
  // Keys that were deleted before the last 1024 are forgotten.
  const auto deleted = [&] {
    const auto created = enforcer_->create_api_key({});
    const ClientHandle client = enforcer_->resolve(created->value());
    EXPECT_TRUE(enforcer_->delete_api_key(created->id()).ok());
    return std::pair(client, created->id());
  };
  const auto [client, id] = deleted();
  for (int i = 1; i < 1024; ++i) deleted();
  EXPECT_EQ(*enforcer_->api_key_id(client), id);
  deleted();
  EXPECT_TRUE(absl::IsNotFound(enforcer_->api_key_id(client).status()));
  EXPECT_TRUE(absl::IsNotFound(enforcer_->api_key_id(named[0].first).status()));
  EXPECT_EQ(*enforcer_->api_key_id(named[1].first), named[1].second);
}

TEST_F(DataPlaneTest, NobodyHasNoHandle) {
  EXPECT_FALSE(enforcer_->resolve(value(1)));
  EXPECT_FALSE(enforcer_->resolve(""));
  EXPECT_FALSE(enforcer_->resolve(std::string(1000, 'x')));
  EXPECT_FALSE(ClientHandle());
}

TEST_F(DataPlaneTest, HandleOfADisabledKeyIsForbiddenUntilItIsEnabled) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 1, "wide");
  Call call;
  call.client = enforcer_->resolve(value(1));
  call.route = route();
  const auto set_enabled = [&](const char* value) {
    ASSERT_TRUE(
        enforcer_->update_api_key("id-1", {replace("/enabled", value)}).ok());
  };
  set_enabled("false");
  EXPECT_EQ(enforcer_->admit(call).forbidden, Forbidden::kDisabledKey);
  set_enabled("true");
  EXPECT_TRUE(enforcer_->admit(call).admitted());
}

// Other keys take the memory of the deleted one, again and again.
TEST_F(DataPlaneTest, HandleOfADeletedKeyIsSafeForEver) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 0, "wide");
  std::vector<Call> calls(1);
  calls[0].client = enforcer_->resolve(value(0));
  calls[0].route = route();
  EXPECT_TRUE(enforcer_->admit(calls[0]).admitted());
  std::vector<Decision> decisions(1);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(enforcer_->delete_api_key(absl::StrCat("id-", i)).ok());
    EXPECT_EQ(enforcer_->admit(calls[0]).forbidden, Forbidden::kUnknownKey);
    add_key(*enforcer_, i + 1, "wide");
    EXPECT_EQ(enforcer_->admit(calls[0]).forbidden, Forbidden::kUnknownKey);
    enforcer_->admit(calls, absl::MakeSpan(decisions));
    EXPECT_EQ(decisions[0].forbidden, Forbidden::kUnknownKey);
    EXPECT_TRUE(admit(i + 1, route()).admitted());
  }
  // Even if a key with the same value comes back.
  add_key(*enforcer_, 0, "wide");
  EXPECT_EQ(enforcer_->admit(calls[0]).forbidden, Forbidden::kUnknownKey);
}

TEST_F(DataPlaneTest, HandlesAreUsedWhileTheirKeysComeAndGo) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 0, "wide");
  const Route everywhere = route();
  Call stays;
  stays.client = enforcer_->resolve(value(0));
  stays.route = everywhere;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      std::vector<Call> calls;
      while (!stop) {
        ASSERT_TRUE(enforcer_->admit(stays).admitted());
        for (int i = 1; i < 20; ++i) {
          Call call;
          call.client = enforcer_->resolve(value(i));
          call.route = everywhere;
          if (call.client) calls.push_back(call);
        }
        if (calls.size() > 200) calls.clear();
        for (const Call& call : calls) {
          const Decision d = enforcer_->admit(call);
          ASSERT_TRUE(d.admitted() || d.forbidden != Forbidden::kDisabledKey);
        }
      }
    });
  }
  std::mt19937 random(4);
  std::vector<bool> present(20);
  for (int i = 0; i < 60'000; ++i) {
    const int n = 1 + static_cast<int>(random() % 19);
    if (present[n]) {
      ASSERT_TRUE(enforcer_->delete_api_key(absl::StrCat("id-", n)).ok());
    } else {
      add_key(*enforcer_, n, "wide");
    }
    present[n] = !present[n];
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// A key's place in its pair of lines is reused, but not while a reader may
// still be reading it.
TEST_F(DataPlaneTest, KeyIsAssociatedAgainAndAgain) {
  add_plan(*enforcer_, kNarrow);
  add_key(*enforcer_, 1, "narrow");
  const Route pets = route("/pets/GET");
  admit(1, route(), 0);
  const size_t used = enforcer_->statistics().arena_used_bytes -
                      enforcer_->statistics().arena_retired_bytes;
  for (int i = 0; i < 20; ++i) {
    {
      std::optional<internal::EpochDomain::Guard> guard;
      if (i % 2 == 0) guard.emplace();
      EXPECT_EQ(admit_all(1, route()), 5);
      EXPECT_EQ(admit_all(1, pets), 3);
      ASSERT_TRUE(enforcer_->delete_usage_plan_key("narrow", "id-1").ok());
      EXPECT_EQ(admit(1, route()).forbidden, Forbidden::kNoPlan);
      ASSERT_TRUE(enforcer_->create_usage_plan_key("narrow", "id-1").ok());
    }
    EXPECT_EQ(admit_all(1, route()), 5);
    ASSERT_TRUE(enforcer_->delete_usage_plan_key("narrow", "id-1").ok());
    // Each one frees what can be reused.
    patch("narrow", "replace", "/throttle/burstLimit", "6");
    patch("narrow", "replace", "/throttle/burstLimit", "5");
    ASSERT_TRUE(enforcer_->create_usage_plan_key("narrow", "id-1").ok());
    ASSERT_EQ(enforcer_->statistics().arena_used_bytes -
                  enforcer_->statistics().arena_retired_bytes,
              used)
        << i;
  }
}

// -- Batches --

std::string shown(const Decision& d) {
  return absl::StrCat(
      static_cast<int>(d.outcome), " ", static_cast<int>(d.forbidden), " ",
      static_cast<int>(d.limit), " ", d.retry_after_ns, " ",
      d.tokens_remaining(), " ", d.quota_remaining, " ", d.made_at_unix_ns);
}

TEST_F(DataPlaneTest, BatchDecidesAsItsCallsOneByOne) {
  constexpr int kKeys = 12;
  const auto other = make();
  for (Enforcer* enforcer : {enforcer_.get(), other.get()}) {
    add_plan(*enforcer, kWide);
    add_plan(*enforcer, kNarrow);
    for (int i = 0; i < kKeys; ++i) {
      add_key(*enforcer, i, i < 3 ? "wide" : "narrow");
    }
  }
  std::mt19937 random(5);
  for (int round = 0; round < 400; ++round) {
    clock_->advance(random() % kSecond);
    std::vector<Call> calls(random() % 70);
    std::vector<Call> others(calls.size());
    std::vector<std::string> keys;
    keys.reserve(calls.size());
    for (size_t i = 0; i < calls.size(); ++i) {
      // Few keys, so that most come several times; some are unknown.
      keys.push_back(random() % 20 == 0
                         ? std::string(random() % 300, 'x')
                         : value(static_cast<int>(random() % (kKeys + 2))));
      const char* method = random() % 2 == 0 ? "" : "/pets/GET";
      const char* stage = random() % 4 == 0 ? "test" : "prod";
      Call& call = calls[i];
      call.cost = random() % 4;
      if (random() % 3 == 0) call.now = clock_->now() + random() % 1000;
      others[i] = call;
      call.route = *enforcer_->intern_route("api", stage, method);
      others[i].route = *other->intern_route("api", stage, method);
      if (random() % 3 == 0) {
        call.client = enforcer_->resolve(keys[i]);
        others[i].client = other->resolve(keys[i]);
      }
      call.api_key = keys[i];
      others[i].api_key = keys[i];
    }
    std::vector<Decision> decisions(calls.size());
    enforcer_->admit(calls, absl::MakeSpan(decisions));
    for (size_t i = 0; i < calls.size(); ++i) {
      ASSERT_EQ(shown(decisions[i]), shown(other->admit(others[i])))
          << "round " << round << ", call " << i;
    }
  }
}

// A caller's time that is far behind another's looks like a word of a newer
// version of the plan. There is none: the call is refused, and returns.
TEST_F(DataPlaneTest, CallFromLongAgoIsRefused) {
  add_plan(*enforcer_, kNarrow);
  add_key(*enforcer_, 0, "narrow");
  add_plan(*enforcer_, R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 1, "burstLimit": 7}})");
  const Instant early = clock_->now();
  for (const bool is_shared : {false, true}) {
    if (is_shared) {
      ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
    }
    clock_->advance(3'600 * kSecond);
    EXPECT_TRUE(admit(0, route()).admitted());
    Call call;
    const std::string key = value(0);
    call.api_key = key;
    call.route = route();
    call.now = early;
    const Decision d = enforcer_->admit(call);
    EXPECT_EQ(d.outcome, Outcome::kThrottled);
    EXPECT_GT(d.retry_after_ns, 0);
    EXPECT_TRUE(admit(0, route()).admitted());
  }
}

// Calls with a time of their own read no clock, and the others of a batch one.
TEST_F(DataPlaneTest, ClockIsReadOnceOrNotAtAll) {
  class CountingClock final : public Clock {
   public:
    Instant now() noexcept override {
      ++readings;
      return {7, 7};
    }
    int readings = 0;
  };
  const auto clock = std::make_shared<CountingClock>();
  Options options;
  options.clock = clock;
  const auto enforcer = *Enforcer::create(options);
  const auto readings_of = [&](size_t calls, size_t with_time) {
    std::vector<Call> batch(calls);
    std::vector<Decision> decisions(calls);
    for (size_t i = 0; i < calls; ++i) {
      batch[i].api_key = "a-key";
      if (i < with_time) batch[i].now = Instant{5, 5};
    }
    clock->readings = 0;
    enforcer->admit(batch, absl::MakeSpan(decisions));
    return clock->readings;
  };
  for (const size_t calls : {1, 3, 40}) {
    EXPECT_EQ(readings_of(calls, calls), 0);
    EXPECT_EQ(readings_of(calls, calls - 1), 1);
    EXPECT_EQ(readings_of(calls, 0), 1);
  }
  clock->readings = 0;
  Call call;
  call.api_key = "a-key";
  enforcer->admit(call);
  EXPECT_EQ(clock->readings, 1);
  call.now = Instant{5, 5};
  enforcer->admit(call);
  EXPECT_EQ(clock->readings, 1);
}

// -- A thread that stalls --

// Memory is held back, no thread waits, and statistics show it.
TEST_F(DataPlaneTest, StalledThreadHoldsMemoryAndIsSeen) {
  add_plan(*enforcer_, kNarrow);
  std::atomic<bool> inside{false};
  std::atomic<bool> go_on{false};
  std::thread stalled([&] {
    internal::EpochDomain::Guard guard;  // as `admit()` holds one
    inside = true;
    while (!go_on) std::this_thread::yield();
  });
  while (!inside) std::this_thread::yield();
  const auto churn = [&] {
    for (int i = 0; i < 20; ++i) {
      add_key(*enforcer_, i, "narrow");
      admit(i, route());
      ASSERT_TRUE(enforcer_->delete_api_key(absl::StrCat("id-", i)).ok());
    }
    patch("narrow", "replace", "/throttle/burstLimit", "6");
    patch("narrow", "replace", "/throttle/burstLimit", "5");
  };
  for (int i = 0; i < 20; ++i) churn();
  const Enforcer::Statistics held = enforcer_->statistics();
  EXPECT_GT(held.arena_retired_bytes, 400u * 128);
  EXPECT_GE(held.threads, 2u);
  EXPECT_GE(held.stalled_threads, 1u);
  EXPECT_GT(held.stalled_ns, 0);
  go_on = true;
  stalled.join();
  for (int i = 0; i < 3; ++i) churn();
  const Enforcer::Statistics free = enforcer_->statistics();
  EXPECT_LT(free.arena_retired_bytes, held.arena_retired_bytes / 4);
  EXPECT_EQ(free.stalled_threads, 0u);
  EXPECT_LT(free.arena_used_bytes, held.arena_used_bytes);
}

// -- Shared plans --

TEST_F(DataPlaneTest, SharedPlanIsOneLimitForAllKeys) {
  add_plan(*enforcer_, kWide);
  for (int i = 0; i < 3; ++i) add_key(*enforcer_, i, "wide");
  add_plan(*enforcer_, R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 1, "burstLimit": 10}})");
  ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
  for (int i = 0; i < 10; ++i) {
    const Route r = route("", i % 2 == 0 ? "prod" : "test");
    EXPECT_TRUE(admit(i % 3, r).admitted()) << i;
  }
  const Decision d = admit(0, route());
  EXPECT_EQ(d.outcome, Outcome::kThrottled);
  EXPECT_EQ(d.limit, Limit::kSharedThrottle);
  EXPECT_EQ(d.retry_after_ns, kSecond);
  clock_->advance(kSecond);
  EXPECT_TRUE(admit(2, route()).admitted());
  EXPECT_FALSE(admit(1, route()).admitted());
  ASSERT_TRUE(enforcer_->unshare_usage_plan("all").ok());
  EXPECT_TRUE(admit(1, route()).admitted());
}

TEST_F(DataPlaneTest, SharedPlanWithStagesLimitsThemAndTheirMethods) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 0, "wide");
  add_key(*enforcer_, 1, "wide");
  add_plan(*enforcer_, R"({"id": "prod", "name": "prod",
      "apiStages": [{"apiId": "api", "stage": "prod", "throttle":
          {"/pets/GET": {"rateLimit": 0, "burstLimit": 3}}}],
      "throttle": {"rateLimit": 0, "burstLimit": 5}})");
  ASSERT_TRUE(enforcer_->share_usage_plan("prod").ok());
  EXPECT_EQ(admit_all(0, route("/pets/GET")), 3);
  const Decision d = admit(1, route("/pets/GET"));
  EXPECT_EQ(d.limit, Limit::kSharedMethodThrottle);
  EXPECT_EQ(d.retry_after_ns, Decision::kNever);
  EXPECT_EQ(admit_all(1, route()), 5);
  EXPECT_FALSE(admit(0, route("/dogs/GET")).admitted());
  // Another stage does not concern it.
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(admit(i % 2, route("", "test")).admitted());
  }
}

class AddedThrottlesTest : public DataPlaneTest {
 protected:
  AddedThrottlesTest() : DataPlaneTest(MethodThrottle::kAddsToPlan) {}
};

TEST_F(AddedThrottlesTest, SharedMethodsTakeFromTheirStageToo) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 0, "wide");
  add_plan(*enforcer_, R"({"id": "prod", "name": "prod",
      "apiStages": [{"apiId": "api", "stage": "prod", "throttle":
          {"/pets/GET": {"rateLimit": 0, "burstLimit": 3}}}],
      "throttle": {"rateLimit": 0, "burstLimit": 5}})");
  ASSERT_TRUE(enforcer_->share_usage_plan("prod").ok());
  EXPECT_EQ(admit_all(0, route("/pets/GET")), 3);
  EXPECT_EQ(admit_all(0, route()), 2);
}

// What a check of all limits has found is dropped if one of them has moved on
// to a newer version of the plan; the request then passes.
TEST_F(AddedThrottlesTest, DecisionsAreOfOneVersion) {
  add_plan(*enforcer_, R"({"id": "p", "name": "p",
      "apiStages": [{"apiId": "api", "stage": "prod", "throttle":
          {"/pets/GET": {"rateLimit": 1, "burstLimit": 0}}}],
      "throttle": {"rateLimit": 1, "burstLimit": 1000000000}})");
  add_key(*enforcer_, 0, "p");
  const Route pets = route("/pets/GET");
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        const Decision d = admit(0, pets);
        ASSERT_EQ(d.admitted(), d.limit == Limit::kNone);
        ASSERT_EQ(d.forbidden, Forbidden::kNo);
      }
    });
  }
  // Rates so far apart that words are written in different scales.
  const char* const rates[] = {"1", "1000000000"};
  for (int i = 0; i < 4000; ++i) {
    std::vector<v1::PatchOperation> operations(2);
    operations[0].set_path(
        "/apiStages/api:prod/throttle/~1pets~1GET/burstLimit");
    operations[0].mutable_value()->set_string_value(i % 2 == 0 ? "1000000000"
                                                               : "0");
    operations[1].set_path("/throttle/rateLimit");
    operations[1].mutable_value()->set_string_value(rates[i % 2]);
    for (v1::PatchOperation& operation : operations)
      operation.set_op("replace");
    const auto patched = enforcer_->apply_patch("p", operations);
    ASSERT_TRUE(patched.ok()) << patched.status();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// Four shared plans, each with a limit for all and one for a method, and the
// key's own plan: each of these in turn is the one that refuses, and takes
// nothing from the others.
TEST_F(AddedThrottlesTest, EachOfAllLimitsRefusesAndTakesFromNoOther) {
  const std::string kMethodBurst =
      "/apiStages/api:prod/throttle/~1pets~1GET/burstLimit";
  const auto plan = [](const std::string& id) {
    return absl::StrCat(R"({"id": ")", id, R"(", "name": "p", "apiStages": [
        {"apiId": "api", "stage": "prod", "throttle":
            {"/pets/GET": {"rateLimit": 0, "burstLimit": 10}}}],
        "throttle": {"rateLimit": 0, "burstLimit": 10}})");
  };
  const std::vector<std::string> plans = {"own", "s1", "s2", "s3", "s4"};
  struct Tight {
    std::string plan;
    bool is_method;
  };
  std::vector<Tight> all;
  for (const std::string& id : plans) {
    all.push_back({id, false});
    all.push_back({id, true});
  }
  for (const Tight& tight : all) {
    SCOPED_TRACE(absl::StrCat(tight.plan, tight.is_method ? " method" : ""));
    enforcer_ = make(MethodThrottle::kAddsToPlan);
    for (const std::string& id : plans) {
      add_plan(*enforcer_, plan(id));
      if (id != "own") {
        ASSERT_TRUE(enforcer_->share_usage_plan(id).ok());
      }
    }
    add_key(*enforcer_, 0, "own");
    const Route pets = route("/pets/GET");
    const std::string burst =
        tight.is_method ? kMethodBurst : "/throttle/burstLimit";
    patch(tight.plan, "replace", burst.c_str(), "3");
    EXPECT_EQ(admit_all(0, pets), 3);
    const bool is_own = tight.plan == "own";
    for (int i = 0; i < 20; ++i) {
      const Decision d = admit(0, pets);
      EXPECT_EQ(d.outcome, Outcome::kThrottled);
      EXPECT_EQ(
          d.limit,
          tight.is_method
              ? (is_own ? Limit::kMethodThrottle : Limit::kSharedMethodThrottle)
              : (is_own ? Limit::kPlanThrottle : Limit::kSharedThrottle));
    }
    patch(tight.plan, "replace", burst.c_str(), "10");
    EXPECT_EQ(admit_all(0, pets), 7);
  }
}

// All limits or none: a request that a shared plan refuses takes nothing from
// the key's own, and the other way round.
TEST_F(DataPlaneTest, RefusalTakesFromNoLimitWhoever) {
  add_plan(*enforcer_, kNarrow);
  add_key(*enforcer_, 0, "narrow");
  add_key(*enforcer_, 1, "narrow");
  add_plan(*enforcer_, R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 0, "burstLimit": 7}})");
  ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
  EXPECT_EQ(admit_all(0, route()), 5);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(admit(0, route()).limit, Limit::kPlanThrottle);
  }
  EXPECT_EQ(admit_all(1, route()), 2);
  for (int i = 0; i < 10; ++i) {
    const Decision d = admit(1, route());
    EXPECT_EQ(d.limit, Limit::kSharedThrottle);
    EXPECT_EQ(d.quota_remaining, 10);
  }
  ASSERT_TRUE(enforcer_->unshare_usage_plan("all").ok());
  EXPECT_EQ(admit_all(1, route()), 3);
}

TEST_F(DataPlaneTest, SharedPlanIsPatchedLikeAnyOther) {
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 0, "wide");
  add_plan(*enforcer_, R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 1, "burstLimit": 4}})");
  ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
  EXPECT_EQ(admit_all(0, route()), 4);
  patch("all", "replace", "/throttle/burstLimit", "6");
  EXPECT_EQ(admit_all(0, route()), 2);
  // So far apart that its words are written in different scales.
  patch("all", "replace", "/throttle/rateLimit", "1000000");
  EXPECT_FALSE(admit(0, route()).admitted());
  clock_->advance(kSecond / 1'000'000);
  EXPECT_EQ(admit_all(0, route()), 1);
  patch("all", "remove", "/throttle", "");
  EXPECT_TRUE(admit(0, route()).admitted());
}

TEST_F(DataPlaneTest, SharingHasItsErrors) {
  const auto code = [](const absl::Status& status) { return status.code(); };
  EXPECT_EQ(code(enforcer_->share_usage_plan("none")),
            absl::StatusCode::kNotFound);
  for (int i = 0; i < 5; ++i) {
    add_plan(*enforcer_, absl::StrCat(R"({"name": "p", "id": "p)", i, "\"}"));
  }
  EXPECT_EQ(code(enforcer_->unshare_usage_plan("p0")),
            absl::StatusCode::kNotFound);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(enforcer_->share_usage_plan(absl::StrCat("p", i)).ok());
  }
  EXPECT_EQ(code(enforcer_->share_usage_plan("p0")),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(code(enforcer_->share_usage_plan("p4")),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(code(enforcer_->delete_usage_plan("p0")),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(enforcer_->unshare_usage_plan("p0").ok());
  EXPECT_TRUE(enforcer_->delete_usage_plan("p0").ok());
  EXPECT_TRUE(enforcer_->share_usage_plan("p4").ok());
}

TEST_F(DataPlaneTest, SharingAgainAndAgainUsesNoMoreMemory) {
  add_plan(*enforcer_, R"({"name": "p", "id": "p"})");
  const auto share = [&] {
    ASSERT_TRUE(enforcer_->share_usage_plan("p").ok());
    ASSERT_TRUE(enforcer_->unshare_usage_plan("p").ok());
  };
  for (int i = 0; i < 10; ++i) share();
  const size_t used = enforcer_->statistics().arena_used_bytes;
  for (int i = 0; i < 1000; ++i) share();
  EXPECT_LE(enforcer_->statistics().arena_used_bytes, used + 4096);
}

// Time stands still: exactly the burst passes, whichever threads ask, while an
// operator changes the rate.
TEST_F(DataPlaneTest, SharedBucketIsExactUnderThreadsAndPatches) {
  constexpr int kBurst = 5000;
  add_plan(*enforcer_, kWide);
  for (int i = 0; i < 3; ++i) add_key(*enforcer_, i, "wide");
  add_plan(*enforcer_, absl::StrCat(R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 1, "burstLimit": )",
                                    kBurst, "}}"));
  ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
  const Route everywhere = route();
  std::atomic<bool> stop{false};
  std::thread patcher([&] {
    const char* const rates[] = {"1", "1000000", "3", "10"};
    for (int i = 0; !stop; ++i) {
      patch("all", "replace", "/throttle/rateLimit", rates[i % 4]);
    }
  });
  std::atomic<int> admitted{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kBurst; ++i) {
        admitted += admit(t, everywhere).admitted();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  stop = true;
  patcher.join();
  EXPECT_EQ(admitted, kBurst);
}

// Tokens that a shared bucket gave to requests that the quota refused come
// back.
TEST_F(DataPlaneTest, SharedBucketLosesNothingToRefusalsByQuota) {
  constexpr int kBurst = 1'000'000;
  constexpr int kQuota = 12;  // of kNarrow
  add_plan(*enforcer_, R"({"id": "narrow", "name": "narrow",
      "apiStages": [{"apiId": "api", "stage": "prod"}],
      "throttle": {"rateLimit": 0, "burstLimit": 1000000},
      "quota": {"limit": 12, "period": "DAY"}})");
  add_plan(*enforcer_, absl::StrCat(R"({"id": "all", "name": "all",
      "throttle": {"rateLimit": 0, "burstLimit": )",
                                    kBurst, "}}"));
  ASSERT_TRUE(enforcer_->share_usage_plan("all").ok());
  const Route everywhere = route();
  for (int key = 0; key < 300; ++key) {
    add_key(*enforcer_, key, "narrow");
    std::atomic<int> waiting{3};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        --waiting;
        while (waiting > 0) {
        }
        for (int i = 0; i < kQuota; ++i) admit(key, everywhere);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  // A key without a throttle of its own reports the shared one.
  add_plan(*enforcer_, kWide);
  add_key(*enforcer_, 1000, "wide");
  EXPECT_EQ(admit(1000, everywhere, 0).tokens_remaining(),
            kBurst - 300 * kQuota);
  ASSERT_TRUE(enforcer_->unshare_usage_plan("all").ok());
  const Decision d = admit(0, everywhere, 0);
  EXPECT_EQ(d.tokens_remaining(), kBurst - kQuota);
  EXPECT_EQ(d.quota_remaining, 0);
}

}  // namespace
}  // namespace weir
