// A gateway that forks while its threads admit, patch and churn: the child has
// one thread, and an enforcer that works.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr int64_t kCommonBurst = 30'000;

std::unique_ptr<Enforcer> make_enforcer() {
  Options options;
  options.clock = std::make_shared<ManualClock>(20'500 * kDay);
  options.arena_bytes = size_t{1} << 24;
  return *Enforcer::create(options);
}

v1::UsagePlan make_plan(const std::string& id, int64_t burst, int64_t quota) {
  v1::UsagePlan plan;
  plan.set_id(id);
  plan.set_name(id);
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  plan.mutable_throttle()->set_rate_limit(1);
  plan.mutable_throttle()->set_burst_limit(burst);
  plan.mutable_quota()->set_limit(quota);
  plan.mutable_quota()->set_period(v1::DAY);
  return plan;
}

bool add_key(Enforcer& enforcer, const std::string& plan,
             const std::string& name) {
  v1::ApiKey key;
  key.set_id(name);
  key.set_value(absl::StrCat("the-value-of-the-key-", name));
  key.set_enabled(true);
  return enforcer.create_api_key(key).ok() &&
         enforcer.create_usage_plan_key(plan, name).ok();
}

// How many requests of the key are admitted before one is not.
int64_t drain(Enforcer& enforcer, const std::string& name) {
  const std::string value = absl::StrCat("the-value-of-the-key-", name);
  const Route route = *enforcer.intern_route("api", "prod");
  int64_t admitted = 0;
  while (enforcer.admit({value, route, 1, std::nullopt}).admitted()) ++admitted;
  return admitted;
}

// Control plane and data plane, both new and as inherited. Returns what went
// wrong first, 0 for nothing.
int work_in_child(Enforcer& enforcer) {
  if (!enforcer.create_usage_plan(make_plan("child", 70, 1'000)).ok()) return 1;
  if (!add_key(enforcer, "child", "child")) return 2;
  if (drain(enforcer, "child") != 70) return 3;
  if (!enforcer.apply_patch("child", {replace("/throttle/burstLimit", 100)})
           .ok()) {
    return 4;
  }
  if (drain(enforcer, "child") != 30) return 5;
  // Nobody has used this one: it has all of its limits.
  if (drain(enforcer, "spare") != 50) return 6;
  // Memory is reused: a thread that is gone does not prevent it.
  const auto churn = [&] {
    for (int i = 0; i < 20; ++i) {
      if (!add_key(enforcer, "child", "passing")) return false;
      if (drain(enforcer, "passing") != 100) return false;
      if (!enforcer.delete_api_key("passing").ok()) return false;
      if (!enforcer.apply_patch("plan", {replace("/throttle/rateLimit", i)})
               .ok()) {
        return false;
      }
    }
    return true;
  };
  if (!churn()) return 7;
  const size_t used = enforcer.statistics().arena_used_bytes;
  if (!churn()) return 8;
  if (enforcer.statistics().arena_used_bytes > used) return 9;
  // What others did to the common key, they did whole.
  if (drain(enforcer, "common") > kCommonBurst) return 10;
  if (!enforcer.delete_usage_plan_key("plan", "common").ok()) return 11;
  // And enforcers can still be made.
  const auto other = make_enforcer();
  if (!other->create_usage_plan(make_plan("plan", 7, 5)).ok()) return 12;
  if (!add_key(*other, "plan", "key")) return 13;
  if (drain(*other, "key") != 5) return 14;
  return 0;
}

TEST(Fork, ChildEnforcesWhileThreadsOfTheParentWereAtWork) {
  const auto enforcer = make_enforcer();
  ASSERT_TRUE(
      enforcer
          ->create_usage_plan(make_plan("plan", kCommonBurst, 1'000'000'000))
          .ok());
  ASSERT_TRUE(
      enforcer->create_usage_plan(make_plan("spare", 50, 1'000'000)).ok());
  ASSERT_TRUE(add_key(*enforcer, "plan", "common"));
  ASSERT_TRUE(add_key(*enforcer, "spare", "spare"));
  const Route route = *enforcer->intern_route("api", "prod");

  std::atomic<bool> stop{false};
  std::atomic<int64_t> admitted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        admitted +=
            enforcer
                ->admit({"the-value-of-the-key-common", route, 1, std::nullopt})
                .admitted();
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      ASSERT_TRUE(
          enforcer->apply_patch("plan", {replace("/throttle/rateLimit", i % 9)})
              .ok());
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      ASSERT_TRUE(add_key(*enforcer, "plan", "churn"));
      ASSERT_TRUE(enforcer->delete_api_key("churn").ok());
      make_enforcer();
    }
  });

  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);  // rather than hang
      _exit(work_in_child(*enforcer));
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    ASSERT_EQ(WEXITSTATUS(status), 0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  // The children's requests were their own.
  EXPECT_EQ(admitted + drain(*enforcer, "common"), kCommonBurst);
  EXPECT_EQ(drain(*enforcer, "spare"), 50);
}

}  // namespace
}  // namespace weir
