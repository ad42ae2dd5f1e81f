// That the model finds what is wrong: right histories pass, and deliberately
// wrong ones do not.

#include "weir/tests/torture/model.h"

#include <algorithm>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/torture/calls.h"
#include "weir/tests/torture/observation.pb.h"
#include "weir/tests/torture/observer.h"
#include "weir/tests/torture/scenario.h"
#include "weir/tests/torture/shared_pages.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {
namespace {

using ::testing::HasSubstr;

constexpr Day kToday = 9'500;  // a Monday
constexpr int64_t kLimit = 10;
constexpr int kWindow = 90;

// What one would see who looks at a plan with a quota of 10 a day and three
// keys under it, of which the first has used 4 today, as `tallies` say.
class ModelTest : public ::testing::Test {
 protected:
  ModelTest() : model_(start_of(kToday)) {
    do_now(Deed::kCreatePlan);
    Operation import = operation(Deed::kImportKeys);
    import.keys = 0b111;
    import.slot = 1;
    EXPECT_EQ(model_.apply(import), absl::StatusCode::kOk);
    for (int key = 2; key >= 0; --key) see_key(key);
    *seen_.add_plans() = new_plan(operation(Deed::kCreatePlan));
    seen_.set_today(kToday);
    seen_.set_shared_plans_known(true);
    use(0, 4);
    tallies_[1].at_least[kToday] = tallies_[1].returned[kToday] = 4;
  }

  static Operation operation(Deed deed) {
    Operation operation;
    operation.deed = deed;
    operation.plan = 0;
    operation.number = kLimit;
    return operation;
  }

  absl::StatusCode do_now(Deed deed) { return model_.apply(operation(deed)); }

  void see_key(int key) {
    v1::ApiKey& document = *seen_.add_keys();
    document = new_key(key);
    const int64_t seconds = start_of(kToday) / 1'000'000'000;
    document.mutable_created_date()->set_seconds(seconds);
    document.mutable_last_updated_date()->set_seconds(seconds);
    Observation::Standing& standing = *seen_.add_standings();
    standing.set_plan_id(plan_id(0));
    standing.set_key_id(key_id(key));
    for (int day = 0; day < kWindow; ++day) {
      standing.add_used(0);
      standing.add_remaining(kLimit);
    }
    standing.set_limit(kLimit);
    standing.set_remaining_now(kLimit);
  }

  Observation::Standing& standing(int key) {
    return *seen_.mutable_standings(2 - key);
  }

  // Has `used` be what is seen for today.
  void use(int key, int64_t used, int64_t limit = kLimit) {
    const int64_t left = std::max<int64_t>(limit - used, 0);
    standing(key).set_used(kWindow - 1, used);
    standing(key).set_remaining(kWindow - 1, left);
    standing(key).set_limit(limit);
    standing(key).set_remaining_now(left);
  }

  // The same, a day later.
  void pass_a_day() {
    Operation advance = operation(Deed::kAdvance);
    advance.number = kNanosPerDay;
    EXPECT_EQ(model_.apply(advance), absl::StatusCode::kOk);
    seen_.set_today(seen_.today() + 1);
    for (Observation::Standing& standing : *seen_.mutable_standings()) {
      standing.mutable_used()->erase(standing.used().begin());
      standing.mutable_remaining()->erase(standing.remaining().begin());
      standing.add_used(0);
      standing.add_remaining(standing.limit());
      standing.set_remaining_now(standing.limit());
    }
  }

  // What is wrong; "" if nothing is.
  std::string verdict() {
    auto status = model_.check_documents(seen_);
    if (status.ok()) status = model_.check_usage(seen_, tallies_);
    return std::string(status.message());
  }

  // Goes on with another round.
  void accept() {
    ASSERT_EQ(verdict(), "");
    model_.accept(seen_);
    tallies_.clear();
  }

  Model model_;
  Observation seen_;
  Tallies tallies_;
};

TEST_F(ModelTest, FindsNothingWrongWithWhatIsRight) {
  EXPECT_EQ(verdict(), "");
}

TEST_F(ModelTest, MissesAnAdmission) {
  use(0, 3);
  EXPECT_THAT(verdict(), HasSubstr("admitted and lost"));
}

TEST_F(ModelTest, MissesAnAdmissionOfADayThatEnded) {
  pass_a_day();
  accept();
  EXPECT_EQ(verdict(), "");
  standing(0).set_used(kWindow - 2, 3);
  EXPECT_THAT(verdict(), HasSubstr("had ended with 4 used; now it is 3"));
}

TEST_F(ModelTest, CountsWhatNobodyWasAdmittedTo) {
  use(0, 6);
  EXPECT_THAT(verdict(), HasSubstr("2 counted that nobody was admitted to"));
  tallies_[1].possible = 2;
  EXPECT_EQ(verdict(), "");
  tallies_[1].possible = 1;
  EXPECT_THAT(verdict(), HasSubstr("1 may have been"));
}

TEST_F(ModelTest, AllowsAfterALossOfPowerWhatNoSyncWrote) {
  tallies_[1].at_least[kToday] = 3;
  use(0, 3);
  EXPECT_EQ(verdict(), "");
  use(0, 2);
  EXPECT_THAT(verdict(), HasSubstr("admitted and lost"));
}

TEST_F(ModelTest, KnowsTheCap) {
  tallies_[1].possible = 100;
  use(0, kLimit);
  EXPECT_EQ(verdict(), "");
  use(0, kLimit + 1);
  EXPECT_THAT(verdict(), HasSubstr("the cap was never above 10"));
  tallies_[1].at_midnight = 1;
  EXPECT_EQ(verdict(), "");
}

TEST_F(ModelTest, KnowsTheLargestCapOfThePeriod) {
  tallies_[1].possible = 100;
  Operation patch = operation(Deed::kPatchPlan);
  for (const int64_t limit : {20, 10}) {
    patch.number = limit;
    ASSERT_EQ(model_.apply(patch), absl::StatusCode::kOk);
  }
  use(0, 20);
  EXPECT_EQ(verdict(), "");
  use(0, 21);
  EXPECT_THAT(verdict(), HasSubstr("the cap was never above 20"));
  // That was the last one.
  use(0, 20);
  accept();
  pass_a_day();
  use(0, 11);
  model_.for_each_association(
      [&](int, int, int slot) { tallies_[slot].possible = 100; });
  EXPECT_THAT(verdict(), HasSubstr("the cap was never above 10"));
}

TEST_F(ModelTest, HoldsWhatRemainsAgainstWhatWasUsed) {
  standing(0).set_remaining_now(7);
  EXPECT_THAT(verdict(), HasSubstr("a request is told that 7 of 10 remain"));
  use(0, 4);
  standing(0).set_remaining(kWindow - 1, 7);
  EXPECT_THAT(verdict(), HasSubstr("reported are 7 remaining"));
  use(0, 4, /*limit=*/11);
  EXPECT_NE(verdict(), "");
}

TEST_F(ModelTest, LearnsAnExtension) {
  Operation extend = operation(Deed::kExtend);
  extend.number = 50;
  ASSERT_EQ(model_.apply(extend), absl::StatusCode::kOk);
  Look before;
  before.forbidden = false;
  before.day = kToday;
  before.calendar = QuotaCalendar::daily().id();
  before.limit = kLimit;
  before.remaining = kLimit - 4;
  Look after = before;
  // A request came between.
  after.limit = 54;
  after.remaining = 49;
  Model forgetful = model_;
  EXPECT_TRUE(model_.learn(extend, before, after, 0).ok());
  tallies_[1].at_least[kToday] = tallies_[1].returned[kToday] = 5;
  use(0, 5, 54);
  EXPECT_EQ(verdict(), "");
  use(0, 5, 55);
  EXPECT_NE(verdict(), "");
  // It forgot 4, or never heard of it.
  after.limit = 50;
  EXPECT_FALSE(forgetful.learn(extend, before, after, 0).ok());
  after.limit = kLimit;
  after.remaining = kLimit - 4;
  EXPECT_FALSE(forgetful.learn(extend, before, after, 0).ok());
}

TEST_F(ModelTest, LearnsAnExtensionThatNobodySawTheEffectOf) {
  Operation extend = operation(Deed::kExtend);
  extend.number = 50;
  ASSERT_EQ(model_.apply(extend), absl::StatusCode::kOk);
  use(0, 4, 54);
  EXPECT_EQ(verdict(), "");
  use(0, 4, 55);
  EXPECT_NE(verdict(), "");
}

TEST_F(ModelTest, DoesNotTakeAnExtensionThatNeverWas) {
  use(0, 4, 54);
  EXPECT_NE(verdict(), "");
}

TEST_F(ModelTest, SeesHalfAnImport) {
  Operation import = operation(Deed::kImportFlock);
  import.number = 100;
  Model after = model_;
  ASSERT_EQ(after.apply(import), absl::StatusCode::kOk);
  // None of them, or all.
  EXPECT_TRUE(model_.check_documents(seen_).ok());
  EXPECT_FALSE(after.check_documents(seen_).ok());
  Observation half = seen_;
  v1::ApiKey key = new_idle_key(0, 0);
  *key.mutable_created_date() = seen_.keys(0).created_date();
  *key.mutable_last_updated_date() = seen_.keys(0).created_date();
  *half.add_keys() = key;
  EXPECT_FALSE(model_.check_documents(half).ok());
  EXPECT_FALSE(after.check_documents(half).ok());
}

TEST_F(ModelTest, SeesWhatIsMissingOrChanged) {
  const Observation right = seen_;
  seen_.mutable_keys(1)->set_enabled(false);
  EXPECT_THAT(verdict(), HasSubstr("key 1 of 3"));
  seen_ = right;
  seen_.mutable_keys()->SwapElements(0, 1);
  EXPECT_THAT(verdict(), HasSubstr("key 0 of 3"));
  seen_ = right;
  seen_.mutable_keys(2)->mutable_created_date()->set_nanos(1);
  EXPECT_THAT(verdict(), HasSubstr("key 2 of 3"));
  seen_ = right;
  seen_.mutable_standings()->RemoveLast();
  EXPECT_THAT(verdict(), HasSubstr("associated key: expected 3"));
  seen_ = right;
  seen_.mutable_plans(0)->mutable_quota()->set_limit(11);
  EXPECT_THAT(verdict(), HasSubstr("plan 0 of 1"));
  seen_ = right;
  seen_.add_shared_plans(plan_id(0));
  EXPECT_THAT(verdict(), HasSubstr("shared plan"));
  seen_ = right;
  seen_.clear_plans();
  EXPECT_THAT(verdict(), HasSubstr("plan: expected 1"));
}

TEST_F(ModelTest, RemembersWhatHadRemained) {
  pass_a_day();
  accept();
  standing(0).set_remaining(kWindow - 2, 5);
  EXPECT_THAT(verdict(), HasSubstr("had ended with 6 remaining"));
}

TEST_F(ModelTest, KnowsWhatCallsAnswer) {
  EXPECT_EQ(do_now(Deed::kCreatePlan), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(do_now(Deed::kDeletePlan), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(do_now(Deed::kAttach), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(do_now(Deed::kDetach), absl::StatusCode::kOk);
  EXPECT_EQ(do_now(Deed::kDetach), absl::StatusCode::kNotFound);
  EXPECT_EQ(do_now(Deed::kUnsharePlan), absl::StatusCode::kNotFound);
}

// An enforcer answers as the model says, whatever is done to it.
TEST(Model, IsWhatAnEnforcerDoes) {
  Random random(1);
  const auto clock = std::make_shared<ManualClock>(start_of(kToday));
  Options options;
  options.clock = clock;
  const auto enforcer = *Enforcer::create(options);
  const Routes routes = *routes_of(*enforcer);
  Model model(start_of(kToday));
  for (const Operation& operation : think_up(model, 400, random)) {
    SCOPED_TRACE(to_string(operation));
    const Look before =
        look_at(*enforcer, routes, operation.key, std::max(operation.plan, 0));
    clock->advance(operation.deed == Deed::kAdvance ? operation.number : 0);
    ASSERT_EQ(call(*enforcer, operation).code(), operation.expected);
    ASSERT_EQ(model.apply(operation), operation.expected);
    const Look after =
        look_at(*enforcer, routes, operation.key, std::max(operation.plan, 0));
    const auto status = model.learn(operation, before, after, 0);
    ASSERT_TRUE(status.ok()) << status;
  }
  const auto seen = observe(*enforcer, routes, day_of(clock->now().unix_ns),
                            kWindow, /*find_shared=*/true);
  ASSERT_TRUE(seen.ok()) << seen.status();
  const auto documents = model.check_documents(*seen);
  EXPECT_TRUE(documents.ok()) << documents;
  const auto usage = model.check_usage(*seen, {});
  EXPECT_TRUE(usage.ok()) << usage;
}

}  // namespace
}  // namespace weir::torture
