#include "weir/enforcer/plan_observer.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/store.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/testing/forwarding_store.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kKey[] = "0123456789abcdefghij";

std::string text_of(const std::set<StageName>& stages) {
  std::string text;
  for (const auto& [api_id, stage] : stages) {
    absl::StrAppend(&text, " ", api_id, ":", stage);
  }
  return text;
}

// Records its calls. Has no lock: the enforcer calls it once at a time.
class Recorder : public PlanObserver {
 public:
  explicit Recorder(std::string name = "") : name_(std::move(name)) {}

  void observe_existing(absl::Span<const v1::UsagePlan* const> plans,
                        InternRoutes) override {
    for (const v1::UsagePlan* plan : plans) {
      record(absl::StrCat("existing ", plan->id(), " ", plan->name()));
    }
  }
  absl::Status check_change(const v1::UsagePlan& wanted,
                            const PlanChanges& changes,
                            InternRoutes intern_routes) override {
    record(absl::StrCat("check ", wanted.id(), " ", wanted.name(),
                        text_of(changes.stages),
                        changes.added_stages.empty() ? "" : " +",
                        text_of(changes.added_stages)));
    return on_check == nullptr ? absl::OkStatus() : on_check(intern_routes);
  }
  void observe_change(const v1::UsagePlan& plan, const PlanChanges& changes,
                      InternRoutes) override {
    record(absl::StrCat("changed ", plan.id(), " ", plan.name(),
                        text_of(changes.stages)));
    if (on_change != nullptr) on_change(plan);
  }
  void observe_deletion(std::string_view plan_id) override {
    record(absl::StrCat("deleted ", std::string(plan_id)));
  }

  // The calls since the last take().
  std::vector<std::string> take() { return std::exchange(*calls, {}); }

  std::function<absl::Status(InternRoutes)> on_check;
  std::function<void(const v1::UsagePlan&)> on_change;
  std::vector<std::string> own_calls;
  std::vector<std::string>* calls = &own_calls;

 private:
  void record(const std::string& call) {
    calls->push_back(absl::StrCat(name_, call));
  }
  const std::string name_;
};

class PlanObserverTest : public testing::Test {
 protected:
  void SetUp() override { enforcer_->add_plan_observer(&recorder_); }
  void TearDown() override { enforcer_->remove_plan_observer(&recorder_); }

  static v1::UsagePlan gold() {
    return *usage_plan_from_json(R"({
        "id": "gold", "name": "one",
        "apiStages": [{"apiId": "a1", "stage": "prod"},
                      {"apiId": "a1", "stage": "test"}],
        "throttle": {"burstLimit": 2, "rateLimit": 0}})");
  }
  void create_gold() {
    ASSERT_TRUE(enforcer_->create_usage_plan(gold()).ok());
    v1::ApiKey key;
    key.set_id("k1");
    key.set_value(kKey);
    key.set_enabled(true);
    ASSERT_TRUE(enforcer_->create_api_key(key).ok());
    ASSERT_TRUE(enforcer_->create_usage_plan_key("gold", "k1").ok());
    recorder_.take();
  }
  absl::Status patch(const std::string& json) {
    return enforcer_->apply_patch("gold", *patch_operations_from_json(json))
        .status();
  }
  absl::Status rename(const std::string& name) {
    return patch(absl::StrCat(R"([{"op":"replace","path":"/name","value":")",
                              name, R"("}])"));
  }

  Recorder recorder_;
  std::unique_ptr<Enforcer> enforcer_ = *Enforcer::create();
};

TEST_F(PlanObserverTest, EveryChangeIsTold) {
  EXPECT_THAT(recorder_.take(), IsEmpty());
  ASSERT_TRUE(enforcer_->create_usage_plan(gold()).ok());
  EXPECT_THAT(recorder_.take(),
              ElementsAre("check gold one a1:prod a1:test + a1:prod a1:test",
                          "changed gold one a1:prod a1:test"));
  ASSERT_TRUE(rename("two").ok());
  EXPECT_THAT(recorder_.take(),
              ElementsAre("check gold two", "changed gold two"));
  ASSERT_TRUE(patch(R"([
      {"op":"add","path":"/apiStages/a1:prod/throttle/x/GET/rateLimit",
       "value":"1"},
      {"op":"add","path":"/apiStages","value":"a1:new"}])")
                  .ok());
  EXPECT_THAT(recorder_.take(),
              ElementsAre("check gold two a1:new a1:prod + a1:new",
                          "changed gold two a1:new a1:prod"));
  ASSERT_TRUE(enforcer_->tag_usage_plan("gold", {{{"a", "b"}}, {}}).ok());
  EXPECT_THAT(recorder_.take(),
              ElementsAre("check gold two", "changed gold two"));
  ASSERT_TRUE(patch(R"([
      {"op":"remove","path":"/apiStages","value":"a1:new"},
      {"op":"remove","path":"/apiStages","value":"a1:prod"},
      {"op":"remove","path":"/apiStages","value":"a1:test"}])")
                  .ok());
  recorder_.take();
  ASSERT_TRUE(enforcer_->delete_usage_plan("gold").ok());
  EXPECT_THAT(recorder_.take(), ElementsAre("deleted gold"));
}

TEST_F(PlanObserverTest, CallsThatChangeNoDocumentAreNotTold) {
  create_gold();
  v1::ApiKey key;
  key.set_value("another-value-of-twenty");
  ASSERT_TRUE(enforcer_->import_api_keys({key}, "gold").ok());
  ASSERT_TRUE(enforcer_->share_usage_plan("gold").ok());
  ASSERT_TRUE(enforcer_->unshare_usage_plan("gold").ok());
  ASSERT_TRUE(enforcer_->intern_route("a1", "prod", "/x/GET").ok());
  ASSERT_TRUE(enforcer_->delete_usage_plan_key("gold", "k1").ok());
  ASSERT_TRUE(enforcer_->delete_api_key("k1").ok());
  EXPECT_THAT(recorder_.take(), IsEmpty());
}

TEST_F(PlanObserverTest, ExistingPlansAreTold) {
  create_gold();
  v1::UsagePlan other;
  other.set_id("other");
  other.set_name("x");
  ASSERT_TRUE(enforcer_->create_usage_plan(other).ok());
  Recorder later;
  enforcer_->add_plan_observer(&later);
  EXPECT_THAT(later.take(), testing::UnorderedElementsAre("existing gold one",
                                                          "existing other x"));
  enforcer_->remove_plan_observer(&later);
  ASSERT_TRUE(rename("two").ok());
  EXPECT_THAT(later.take(), IsEmpty());
}

// A store that fails on demand.
class FailingStore : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    return fails ? absl::UnavailableError("no disk")
                 : ForwardingStore::commit(changes);
  }
  bool fails = false;
};

TEST_F(PlanObserverTest, FailedChangesAreNotTold) {
  const std::string folder = absl::StrCat(testing::TempDir(), "/observed");
  auto store = std::make_shared<FailingStore>(*SqliteStore::open(folder));
  Options options;
  options.store = store;
  Recorder recorder;
  const auto enforcer = *Enforcer::create(options);
  enforcer->add_plan_observer(&recorder);
  ASSERT_TRUE(enforcer->create_usage_plan(gold()).ok());
  recorder.take();
  const auto patch = [&](const char* id, const char* json) {
    return enforcer->apply_patch(id, *patch_operations_from_json(json)).ok();
  };
  EXPECT_FALSE(patch("other", "[]"));
  EXPECT_FALSE(patch("gold", R"([
      {"op":"replace","path":"/name","value":"two"},
      {"op":"replace","path":"/nonsense","value":"two"}])"));
  EXPECT_FALSE(patch("gold", R"([{"op":"remove","path":"/throttle"},
      {"op":"replace","path":"/name","value":""}])"));
  EXPECT_FALSE(enforcer->create_usage_plan(gold()).ok());
  EXPECT_FALSE(enforcer->delete_usage_plan("gold").ok());
  EXPECT_FALSE(enforcer->tag_usage_plan("gold", {{{"aws:a", "b"}}, {}}).ok());
  EXPECT_THAT(recorder.take(), IsEmpty());

  store->fails = true;
  v1::UsagePlan other;
  other.set_id("other");
  other.set_name("x");
  EXPECT_FALSE(enforcer->create_usage_plan(other).ok());
  EXPECT_FALSE(
      patch("gold", R"([{"op":"replace","path":"/name","value":"two"}])"));
  EXPECT_FALSE(enforcer->tag_usage_plan("gold", {{{"a", "b"}}, {}}).ok());
  EXPECT_THAT(recorder.take(),
              ElementsAre("check other x", "check gold two", "check gold one"));
  store->fails = false;
  ASSERT_TRUE(enforcer->create_usage_plan(other).ok());
  store->fails = true;
  recorder.take();
  EXPECT_FALSE(enforcer->delete_usage_plan("other").ok());
  EXPECT_THAT(recorder.take(), IsEmpty());
  enforcer->remove_plan_observer(&recorder);
}

// A refusal changes nothing, and is the error of the call.
TEST_F(PlanObserverTest, AChangeCanBeRefused) {
  create_gold();
  Recorder later;
  enforcer_->add_plan_observer(&later);
  later.take();
  recorder_.on_check = [](auto) { return absl::OutOfRangeError("not now"); };
  const absl::Status refused = rename("two");
  EXPECT_EQ(refused, absl::OutOfRangeError("not now"));
  EXPECT_EQ(enforcer_->tag_usage_plan("gold", {{{"a", "b"}}, {}}).status(),
            refused);
  v1::UsagePlan other;
  other.set_name("x");
  EXPECT_EQ(enforcer_->create_usage_plan(other).status(), refused);
  EXPECT_EQ(enforcer_->get_usage_plan("gold")->name(), "one");
  EXPECT_TRUE(enforcer_->get_usage_plan("gold")->tags().empty());
  EXPECT_EQ(enforcer_->statistics().usage_plans, 1u);
  EXPECT_THAT(later.take(), IsEmpty());
  // The patch that was refused has left no trace.
  recorder_.on_check = nullptr;
  ASSERT_TRUE(patch(R"([{"op":"replace","path":"/description",
                         "value":"new"}])")
                  .ok());
  EXPECT_EQ(enforcer_->get_usage_plan("gold")->name(), "one");
  enforcer_->remove_plan_observer(&later);
}

TEST_F(PlanObserverTest, ObserversAreCalledInTheOrderOfAdding) {
  create_gold();
  Recorder second("second ");
  second.calls = recorder_.calls;
  enforcer_->add_plan_observer(&second);
  recorder_.take();
  ASSERT_TRUE(rename("two").ok());
  EXPECT_THAT(recorder_.take(),
              ElementsAre("check gold two", "second check gold two",
                          "changed gold two", "second changed gold two"));
  enforcer_->remove_plan_observer(&second);
}

// Requests follow the old plan when a change is checked, and the new one when
// it is told.
TEST_F(PlanObserverTest, ToldChangesHold) {
  create_gold();
  const Route route = *enforcer_->intern_route("a1", "prod");
  std::vector<bool> admitted;
  const auto admit = [&] {
    admitted.push_back(enforcer_->admit({kKey, route}).admitted());
  };
  recorder_.on_check = [&](auto) {
    admit();
    return absl::OkStatus();
  };
  recorder_.on_change = [&](const v1::UsagePlan&) { admit(); };
  ASSERT_TRUE(patch(R"([
      {"op":"replace","path":"/throttle/burstLimit","value":"0"}])")
                  .ok());
  EXPECT_THAT(admitted, ElementsAre(true, false));
}

// Routes that a check interns are those of the version that it checks.
TEST_F(PlanObserverTest, ACheckInternsRoutes) {
  create_gold();
  std::vector<Route> routes;
  recorder_.on_check = [&](PlanObserver::InternRoutes intern_routes) {
    routes = *intern_routes({{"a1", "prod", "/closed/GET"}, {"a1", "new", ""}});
    EXPECT_TRUE(absl::IsInvalidArgument(
        intern_routes({{"a1", "prod", "/x/FETCH"}}).status()));
    return absl::OkStatus();
  };
  ASSERT_TRUE(patch(R"([
      {"op":"add","path":"/apiStages/a1:prod/throttle/closed/GET/burstLimit",
       "value":"0"},
      {"op":"add","path":"/apiStages","value":"a1:new"}])")
                  .ok());
  EXPECT_EQ(routes[0], *enforcer_->intern_route("a1", "prod", "/closed/GET"));
  EXPECT_EQ(enforcer_->admit({kKey, routes[0]}).outcome, Outcome::kThrottled);
  EXPECT_TRUE(enforcer_->admit({kKey, routes[1]}).admitted());
}

// Calls come one at a time, in the order of the changes, and before the call
// that makes a change returns.
TEST_F(PlanObserverTest, Concurrency_ChangesAreToldInOrder) {
  create_gold();
  constexpr int kThreads = 4;
  constexpr int kPatches = 100;
  std::array<std::atomic<int>, kThreads> told{};
  recorder_.on_change = [&](const v1::UsagePlan& plan) {
    if (plan.id() != "gold") return;
    const int number = std::stoi(plan.name());
    told[number / 1000] = number % 1000;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      v1::UsagePlan own;
      own.set_id(absl::StrCat("own", i));
      own.set_name("x");
      EXPECT_TRUE(enforcer_->create_usage_plan(own).ok());
      for (int j = 1; j <= kPatches; ++j) {
        EXPECT_TRUE(rename(absl::StrCat(1000 * i + j)).ok());
        EXPECT_EQ(told[i], j);
      }
      EXPECT_TRUE(enforcer_->delete_usage_plan(own.id()).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<std::string> calls = recorder_.take();
  ASSERT_EQ(calls.size(), kThreads * (2u * kPatches + 3));
  EXPECT_THAT(calls, testing::IsSupersetOf({"deleted own0", "deleted own3"}));
  std::array<int, kThreads> last{};
  std::string name;
  for (size_t i = 0; i < calls.size(); ++i) {
    constexpr std::string_view kCheck = "check gold ";
    if (calls[i].rfind(kCheck, 0) != 0) continue;
    name = calls[i].substr(kCheck.size());
    EXPECT_EQ(calls[i + 1], "changed gold " + name);
    const int number = std::stoi(name);
    EXPECT_EQ(number % 1000, ++last[number / 1000]);
  }
  EXPECT_EQ(enforcer_->get_usage_plan("gold")->name(), name);
}

}  // namespace
}  // namespace weir
