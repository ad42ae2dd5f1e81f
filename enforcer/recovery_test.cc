// An enforcer with a store: what it holds when it is created again, and what it
// does when the store cannot write.

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/log_severity.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/backup/backup.h"
#include "weir/base/clock.h"
#include "weir/control_plane/store_changes.h"
#include "weir/counts/counts_block.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/testing/forwarding_store.h"
#include "weir/tests/in_child.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

using Counts = Enforcer::Statistics::Counts;

// 2026-03-10, a Tuesday, at noon.
constexpr int64_t kBegin = int64_t{20'522} * kNanosPerDay + 12 * kHour;

constexpr char kPlan[] = R"({"id": "gold", "name": "gold",
    "apiStages": [{"apiId": "api", "stage": "prod",
                   "throttle": {"/pets/GET": {"rateLimit": 5, "burstLimit": 9}}}],
    "throttle": {"rateLimit": 1000, "burstLimit": 100000},
    "quota": {"limit": 1000, "offset": 10, "period": "MONTH"},
    "tags": {"team": "blue"}})";

std::string value_of(int key) {
  return absl::StrCat("a-key-of-20-or-more-", key);
}

// A store that answers so many calls, and then no more.
class StoreThatStops : public ForwardingStore {
 public:
  StoreThatStops(std::shared_ptr<Store> store, int calls)
      : ForwardingStore(std::move(store)), calls_(calls) {}

  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    return stops() ? kStopped : ForwardingStore::commit(changes);
  }
  absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) override {
    return stops() ? kStopped : ForwardingStore::load(visit);
  }
  absl::Status write_usage(absl::Span<const DailyCount> days,
                           absl::Span<const CountsBlock> blocks) override {
    return stops() ? kStopped : ForwardingStore::write_usage(days, blocks);
  }
  absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view)> visit) override {
    return stops() ? kStopped : ForwardingStore::read_counts(generation, visit);
  }
  absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) override {
    return stops()
               ? kStopped
               : ForwardingStore::read_days(association, first, last, visit);
  }
  absl::StatusOr<int64_t> prune_days(Day day, int64_t most) override {
    if (stops()) return kStopped;
    return ForwardingStore::prune_days(day, most);
  }

  // From now on it answers so many calls.
  void set_calls(int calls) { calls_ = calls; }

 private:
  bool stops() { return calls_.fetch_sub(1) <= 0; }

  const absl::Status kStopped = absl::UnavailableError("stopped");
  std::atomic<int> calls_;
};

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest()
      : folder_(absl::StrCat(
            ::testing::TempDir(), "/recovery_",
            ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
  }
  ~RecoveryTest() override {
    enforcer_.reset();
    fs::remove_all(folder_);
  }

  absl::StatusOr<std::unique_ptr<Enforcer>> try_open(
      bool read_only = false, bool restore_counts = false) {
    SqliteStore::Options store_options;
    store_options.read_only = read_only;
    auto store = SqliteStore::open(folder_, store_options);
    if (!store.ok()) return store.status();
    Options options;
    options.clock = clock_;
    options.store = *std::move(store);
    options.sync_interval = absl::ZeroDuration();
    options.restore_counts = restore_counts;
    options.arena_bytes = size_t{1} << 30;
    return Enforcer::create(options);
  }
  void open() {
    auto enforcer = try_open();
    ASSERT_TRUE(enforcer.ok()) << enforcer.status();
    enforcer_ = *std::move(enforcer);
    // Routes are the gateway's, not the store's.
    route_ = *enforcer_->intern_route("api", "prod");
    pets_ = *enforcer_->intern_route("api", "prod", "/pets/GET");
  }
  void close() { enforcer_.reset(); }

  void add_plan(const std::string& json = kPlan) {
    const auto plan = enforcer_->create_usage_plan(*usage_plan_from_json(json));
    ASSERT_TRUE(plan.ok()) << plan.status();
  }
  void add_key(int n, const std::string& plan = "gold") {
    v1::ApiKey key;
    key.set_id(absl::StrCat("k", n));
    key.set_value(value_of(n));
    key.set_name(absl::StrCat("key ", n));
    key.set_enabled(true);
    ASSERT_TRUE(enforcer_->create_api_key(key).ok());
    if (!plan.empty()) {
      const auto made = enforcer_->create_usage_plan_key(plan, key.id());
      ASSERT_TRUE(made.ok()) << made.status();
    }
  }
  int64_t use(int key, int64_t n) {
    int64_t admitted = 0;
    for (int64_t i = 0; i < n; ++i) {
      const std::string value = value_of(key);
      admitted += enforcer_->admit({value, route_}).admitted() ? 1 : 0;
    }
    return admitted;
  }
  int64_t remaining(int key) {
    const std::string value = value_of(key);
    return enforcer_->admit({value, route_, 0}).quota_remaining;
  }
  void next_days(int n) { clock_->advance(n * kNanosPerDay); }

  // Everything that the enforcer reports about what it holds.
  std::string dump() { return dump(*enforcer_); }
  std::string dump(Enforcer& enforcer) {
    std::string text;
    const auto today = absl::ToCivilDay(
        absl::FromUnixNanos(clock_->now().unix_ns), absl::UTCTimeZone());
    const PageRequest all{"", 500};
    const auto plans = *enforcer.list_usage_plans(all);
    for (const v1::UsagePlan& plan : plans.items) {
      absl::StrAppend(&text, plan.DebugString());
      const auto plan_keys = *enforcer.list_usage_plan_keys(plan.id(), all);
      for (const v1::UsagePlanKey& key : plan_keys.items) {
        absl::StrAppend(&text, key.DebugString());
      }
      const auto usage =
          enforcer.get_usage({plan.id(), absl::FormatCivilTime(today - 60),
                              absl::FormatCivilTime(today + 3), "", all});
      EXPECT_TRUE(usage.ok()) << usage.status();
      absl::StrAppend(&text, usage->ShortDebugString(), "\n");
    }
    const auto keys = *enforcer.list_api_keys(all, true);
    for (const v1::ApiKey& key : keys.items) {
      absl::StrAppend(&text, key.DebugString());
    }
    return text;
  }

  // A life with a bit of everything in it.
  void live() {
    add_plan();
    add_plan(R"({"id": "free", "name": "free",
                 "apiStages": [{"apiId": "other", "stage": "test"}]})");
    for (int key = 0; key < 4; ++key) add_key(key);
    EXPECT_EQ(use(0, 30), 30);
    EXPECT_EQ(use(1, 20), 20);
    next_days(1);
    EXPECT_EQ(use(0, 5), 5);
    ASSERT_TRUE(enforcer_->create_usage_plan_key("free", "k0").ok());
    ASSERT_TRUE(enforcer_
                    ->apply_patch("gold", {replace("/quota/limit", "900"),
                                           replace("/name", "golden")})
                    .ok());
    ASSERT_TRUE(
        enforcer_->update_usage("gold", "k1", {replace("/remaining", "77")})
            .ok());
    ASSERT_TRUE(
        enforcer_->update_api_key("k2", {replace("/enabled", "false")}).ok());
    ASSERT_TRUE(enforcer_->delete_usage_plan_key("gold", "k3").ok());
    next_days(8);
    EXPECT_EQ(use(1, 6), 6);
    add_key(4, "");
    std::vector<v1::ApiKey> more(40);
    for (size_t i = 0; i < more.size(); ++i) {
      more[i].set_id(absl::StrCat("more", i));
      more[i].set_enabled(true);
    }
    ASSERT_TRUE(enforcer_->import_api_keys(more, "gold").ok());
    ASSERT_TRUE(enforcer_->delete_api_key("more7").ok());
    ASSERT_TRUE(overwrite().ok());
  }
  // k0 loses a plan and keeps another; k4 gets its first one; one key is new.
  absl::Status overwrite() {
    std::vector<v1::ApiKey> keys(3);
    keys[0].set_value(value_of(0));
    keys[0].set_enabled(true);
    keys[1].set_value(value_of(4));
    keys[1].set_name("overwritten");
    return enforcer_
        ->import_api_keys(keys, {{"gold"}, {"free"}, {"gold"}},
                          /*skipped=*/nullptr, ExistingKeys::kOverwrite)
        .status();
  }

  const std::string folder_;
  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kBegin);
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
  Route pets_;
};

TEST_F(RecoveryTest, GoesOnAfterAnOrderlyEnd) {
  open();
  EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kNew);
  live();
  const std::string before = dump();
  for (int i = 0; i < 3; ++i) {
    close();
    open();
    EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kExact);
    EXPECT_EQ(dump(), before);
  }
  EXPECT_EQ(remaining(0), 900 - 10 - 35);
  EXPECT_EQ(use(0, 1000), 900 - 10 - 35);
}

TEST_F(RecoveryTest, GoesOnAfterAKill) {
  const std::string expected = folder_ + ".dump";
  EXPECT_EQ(in_child([&] {
              open();
              live();
              std::ofstream(expected) << dump();
              raise(SIGKILL);
            }),
            -SIGKILL);
  next_days(9);  // as the child did
  open();
  EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kExact);
  std::ifstream file(expected);
  EXPECT_EQ(dump(), std::string(std::istreambuf_iterator<char>(file), {}));
  fs::remove(expected);
}

// Nothing is synced except by explicit calls of sync().
TEST_F(RecoveryTest, BeginsWithTheLastSyncAfterALossOfPower) {
  EXPECT_EQ(
      in_child([&] {
        open();
        add_plan();
        add_key(0);
        EXPECT_EQ(use(0, 30), 30);
        next_days(1);
        EXPECT_EQ(use(0, 4), 4);
        ASSERT_TRUE(enforcer_->sync().ok());
        EXPECT_EQ(use(0, 10), 10);
        ASSERT_TRUE(
            enforcer_
                ->update_usage("gold", "k0", {replace("/remaining", "100")})
                .ok());
        // As after a loss of power: the files are from another boot.
        for (const auto& entry : fs::directory_iterator(folder_)) {
          if (absl::StartsWith(entry.path().filename().string(), "counts-")) {
            std::ofstream(entry.path(), std::ios::trunc);
          }
        }
        raise(SIGKILL);
      }),
      -SIGKILL);
  next_days(1);
  const auto refused = try_open();
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "/counts-"))
      << refused.status();
  EXPECT_TRUE(absl::StrContains(refused.status().message(), "restore_counts"))
      << refused.status();

  auto restored = try_open(/*read_only=*/false, /*restore_counts=*/true);
  ASSERT_TRUE(restored.ok()) << restored.status();
  enforcer_ = *std::move(restored);
  route_ = *enforcer_->intern_route("api", "prod");
  EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kSynced);
  // 44 of 990 were used, and 100 were to remain. 34 are known.
  EXPECT_EQ(remaining(0), 110);
  const auto usage =
      enforcer_->get_usage({"gold", "2026-03-10", "2026-03-11", "k0", {}});
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->items(0).days(0).used(), 30);
  EXPECT_EQ(usage->items(0).days(1).used(), 4);
}

// Days older than those in memory.
TEST_F(RecoveryTest, ReportsDaysFromTheStore) {
  open();
  add_plan();
  add_key(0);
  for (int day = 0; day < 150; ++day) {
    EXPECT_EQ(use(0, 1 + day % 3), 1 + day % 3);
    if (day % 7 == 0) {
      ASSERT_TRUE(enforcer_->sync().ok());
    }
    if (day % 40 == 30) {
      close();
      open();
    }
    next_days(1);
  }
  ASSERT_TRUE(enforcer_->sync().ok());
  const auto usage =
      enforcer_->get_usage({"gold", "2026-03-01", "2026-08-20", "k0", {}});
  ASSERT_TRUE(usage.ok()) << usage.status();
  int64_t in_month = 0;
  for (int i = 0; i < usage->items(0).days_size(); ++i) {
    const auto day = absl::CivilDay(2026, 3, 1) + i;
    const int since = static_cast<int>(day - absl::CivilDay(2026, 3, 10));
    const int64_t used = since < 0 || since >= 150 ? 0 : 1 + since % 3;
    in_month = day.day() == 1 ? used : in_month + used;
    EXPECT_EQ(usage->items(0).days(i).used(), used) << day;
    if (day < absl::CivilDay(2026, 8, 7)) {
      const int64_t cap = since >= 0 && day.month() == 3 ? 990 : 1000;
      EXPECT_EQ(usage->items(0).days(i).remaining(), cap - in_month) << day;
    }
  }
}

// A report may begin in the middle of a period, and before the days in memory:
// what remained then is reduced by what was used before the report's first
// day.
TEST_F(RecoveryTest, ReportsFromAnyDayOnSayTheSame) {
  constexpr int kDays = 250;
  constexpr Day kFirst = day_of(kBegin);
  const std::pair<const char*, QuotaCalendar> periods[] = {
      {"DAY", QuotaCalendar::daily()},
      {"WEEK", QuotaCalendar::weekly()},
      {"MONTH", QuotaCalendar::monthly()}};
  open();
  for (int key = 0; key < 3; ++key) {
    const std::string plan = periods[key].first;
    add_plan(absl::StrCat(R"({"id": ")", plan, R"(", "name": "p", "apiStages":
        [{"apiId": "api", "stage": "prod"}],
        "quota": {"limit": 1000, "period": ")",
                          plan, "\"}}"));
    add_key(key, plan);
  }
  const auto used_on = [](Day day) {
    return day < kFirst || day >= kFirst + kDays ? 0 : day % 4;
  };
  for (Day day = kFirst; day < kFirst + kDays; ++day) {
    for (int key = 0; key < 3; ++key) {
      ASSERT_EQ(use(key, used_on(day)), used_on(day));
    }
    if (day % 50 == 0) {
      ASSERT_TRUE(enforcer_->sync().ok());
    }
    next_days(1);
  }
  ASSERT_TRUE(enforcer_->sync().ok());
  for (int key = 0; key < 3; ++key) {
    const std::string plan = periods[key].first;
    const QuotaCalendar calendar = periods[key].second;
    const auto expect_report = [&](Day first, int days) {
      const auto date = [](Day day) {
        return absl::FormatCivilTime(absl::CivilDay(2000, 1, 1) + day);
      };
      const auto usage = enforcer_->get_usage({plan,
                                               date(first),
                                               date(first + days - 1),
                                               absl::StrCat("k", key),
                                               {}});
      ASSERT_TRUE(usage.ok()) << usage.status();
      ASSERT_EQ(usage->items(0).days_size(), days);
      for (int i = 0; i < days; ++i) {
        int64_t used = 0;
        for (Day day = calendar.period_start(first + i); day <= first + i;
             ++day) {
          used += used_on(day);
        }
        const v1::DailyUsage& told = usage->items(0).days(i);
        ASSERT_EQ(told.used(), used_on(first + i)) << date(first + i);
        ASSERT_EQ(told.remaining(), 1000 - used)
            << plan << " " << date(first + i) << ", from " << date(first);
      }
    };
    for (Day first = kFirst; first <= kFirst + kDays; ++first) {
      expect_report(first, 1);
    }
    expect_report(kFirst + 9, kDays - 9);
  }
}

TEST_F(RecoveryTest, ForgetsDaysThatAreTooOld) {
  open();
  add_plan();
  add_key(0);
  EXPECT_EQ(use(0, 3), 3);
  next_days(1);
  EXPECT_EQ(use(0, 4), 4);
  next_days(399);
  EXPECT_EQ(use(0, 5), 5);
  ASSERT_TRUE(enforcer_->sync().ok());
  const auto used_on = [&](const std::string& date) {
    return enforcer_->get_usage({"gold", date, date, "k0", {}})
        ->items(0)
        .days(0)
        .used();
  };
  EXPECT_EQ(used_on("2026-03-10"), 0);
  EXPECT_EQ(used_on("2026-03-11"), 4);
  // The period of the first reported day is kept as well.
  next_days(31);
  ASSERT_TRUE(enforcer_->sync().ok());
  close();
  const auto store = *SqliteStore::open(folder_);
  std::vector<int64_t> kept;
  ASSERT_TRUE(
      store
          ->read_days(0, 0, kLastDay,
                      [&](const DailyCount& day) { kept.push_back(day.used); })
          .ok());
  EXPECT_EQ(kept, std::vector<int64_t>{4});
}

// Terms that no version has written: no plan begins with another's numbers.
TEST_F(RecoveryTest, TellsOfTermsThatNoPlanCanHaveHad) {
  v1::StoredTerms good;
  good.set_calendar(QuotaCalendar::monthly().id());
  good.set_limit(5);
  v1::StoredTerms no_calendar = good, no_limit = good, no_discount = good;
  no_calendar.set_calendar(QuotaCalendar::kIds);
  v1::StoredTerms below = good, least = good, last = good;
  below.set_calendar(-1);
  least.set_calendar(0);
  least.set_limit(0);
  last.set_calendar(QuotaCalendar::kIds - 1);
  no_limit.set_limit(-1);
  no_discount.set_initial_discount(-1);
  const auto opened_with = [&](const v1::StoredTerms& terms) {
    v1::StoreChange change;
    v1::StoredPlan& plan = *change.mutable_put_usage_plan();
    *plan.mutable_plan() = *usage_plan_from_json(kPlan);
    *plan.add_terms() = terms;
    EXPECT_TRUE((*SqliteStore::open(folder_))->commit({change}).ok());
    return try_open().status();
  };
  for (const auto& terms : {no_calendar, below, no_limit, no_discount}) {
    EXPECT_EQ(
        opened_with(terms),
        absl::DataLossError("usage plan gold: its quota's history is damaged"));
  }
  for (const auto& terms : {good, least, last}) {
    EXPECT_EQ(opened_with(terms), absl::OkStatus());
  }
}

// Each of these alone is reported, together with what is damaged.
TEST_F(RecoveryTest, TellsOfWhatNoStoreCanHold) {
  const auto plan = *usage_plan_from_json(kPlan);
  const auto store = [&](std::vector<v1::StoreChange> changes) {
    const auto status = (*SqliteStore::open(folder_))->commit(changes);
    EXPECT_TRUE(status.ok()) << status;
  };
  v1::ApiKey good;
  good.set_id("k0");
  good.set_value(value_of(0));
  store({internal::put_usage_plan(plan, {}, false), internal::put_api_key(good),
         internal::put_association(1, "gold", "k0", 9000)});
  const auto opened_with = [&](const v1::StoreChange& bad,
                               const v1::StoreChange& undo) {
    store({bad});
    const absl::Status status = try_open().status();
    store({undo});
    return status;
  };

  const auto with_key = [&](auto change) {
    v1::ApiKey key = good;
    key.set_id("k1");
    key.set_value(value_of(1));
    change(key);
    return opened_with(internal::put_api_key(key),
                       internal::delete_api_key(key.id()));
  };
  const auto of_key = [](const std::string& id) {
    return absl::DataLossError("API key " + id + " is damaged");
  };
  EXPECT_EQ(with_key([](v1::ApiKey&) {}), absl::OkStatus());
  EXPECT_EQ(with_key([](v1::ApiKey& key) { key.set_id("a b"); }),
            of_key("a b"));
  EXPECT_EQ(with_key([](v1::ApiKey& key) { key.set_value("short"); }),
            of_key("k1"));
  EXPECT_EQ(with_key([](v1::ApiKey& key) { key.set_value(value_of(0)); }),
            of_key("k1"));
  EXPECT_EQ(
      with_key([](v1::ApiKey& key) { key.set_name(std::string(1025, 'n')); }),
      of_key("k1"));

  const auto with_plan = [&](auto change) {
    v1::UsagePlan other = plan;
    other.set_id("other");
    other.clear_api_stages();
    change(other);
    return opened_with(internal::put_usage_plan(other, {}, false),
                       internal::delete_usage_plan(other.id()));
  };
  EXPECT_EQ(with_plan([](v1::UsagePlan&) {}), absl::OkStatus());
  EXPECT_EQ(with_plan([](v1::UsagePlan& plan) { plan.set_id("a b"); }),
            absl::DataLossError("usage plan a b: its id is damaged"));
  const absl::Status invalid = with_plan(
      [](v1::UsagePlan& plan) { plan.mutable_quota()->set_limit(-1); });
  EXPECT_TRUE(absl::IsFailedPrecondition(invalid)) << invalid;
  EXPECT_TRUE(absl::StartsWith(
      invalid.message(), "usage plan other is not valid under these options: "))
      << invalid;

  const auto with_association = [&](auto change) {
    v1::StoreChange bad = internal::put_association(1, "gold", "k0", 9000);
    v1::StoredExtension& extension =
        *bad.mutable_put_association()->add_extensions();
    extension.set_calendar(QuotaCalendar::monthly().id());
    extension.set_day(9000);
    extension.set_amount(1);
    change(*bad.mutable_put_association(), extension);
    return opened_with(bad, internal::put_association(1, "gold", "k0", 9000));
  };
  using A = v1::StoredAssociation;
  using E = v1::StoredExtension;
  for (const Day day : {-1, kLastDay + 1}) {
    EXPECT_EQ(
        with_association([&](A& a, E&) { a.set_first_day(day); }),
        absl::DataLossError("API key k0 under usage plan gold is damaged"));
    EXPECT_EQ(with_association([&](A&, E& e) { e.set_day(day); }),
              absl::DataLossError("API key k0 of usage plan gold: its "
                                  "extensions are damaged"));
  }
  for (const int calendar : {-1, QuotaCalendar::kIds}) {
    EXPECT_EQ(with_association([&](A&, E& e) { e.set_calendar(calendar); }),
              absl::DataLossError("API key k0 of usage plan gold: its "
                                  "extensions are damaged"));
  }
  constexpr int64_t kMax = PeriodWord::kMaxSigned;
  for (const int64_t amount : {-kMax - 1, kMax + 1}) {
    EXPECT_EQ(with_association([&](A&, E& e) { e.set_amount(amount); }),
              absl::DataLossError("API key k0 of usage plan gold: its "
                                  "extensions are damaged"));
  }
  // The extremes of what is possible.
  EXPECT_EQ(with_association([&](A& a, E& e) {
              a.set_first_day(0);
              e.set_day(0);
              e.set_amount(-kMax);
              e.set_calendar(0);
            }),
            absl::OkStatus());
  EXPECT_EQ(with_association([&](A& a, E& e) {
              a.set_first_day(kLastDay);
              e.set_day(kLastDay);
              e.set_amount(kMax);
              e.set_calendar(QuotaCalendar::kIds - 1);
            }),
            absl::OkStatus());
}

// Two records of one key under one plan.
TEST_F(RecoveryTest, TellsOfAnAssociationThatIsThereTwice) {
  // No SQLite store holds that: another may.
  class Doubling final : public ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    absl::Status load(absl::FunctionRef<absl::Status(const v1::StoreChange&)>
                          visit) override {
      return ForwardingStore::load([&](const v1::StoreChange& change) {
        auto status = visit(change);
        if (!status.ok() || !change.has_put_association()) return status;
        v1::StoreChange again = change;
        again.mutable_put_association()->set_id(99);
        return visit(again);
      });
    }
  };
  open();
  add_plan();
  add_key(0);
  close();
  Options options;
  options.store = std::make_shared<Doubling>(*SqliteStore::open(folder_));
  EXPECT_EQ(Enforcer::create(std::move(options)).status(),
            absl::DataLossError("API key k0 under usage plan gold is damaged"));
}

TEST_F(RecoveryTest, KnowsWhichPlansAreShared) {
  open();
  add_plan();
  ASSERT_TRUE(enforcer_->share_usage_plan("gold").ok());
  const auto expect_shared = [&] {
    close();
    open();
    const absl::Status status = enforcer_->share_usage_plan("gold");
    EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  };
  expect_shared();
  // Changes of other kinds leave it shared.
  ASSERT_TRUE(enforcer_->tag_usage_plan("gold", {{{"team", "red"}}, {}}).ok());
  expect_shared();
  ASSERT_TRUE(
      enforcer_->apply_patch("gold", {replace("/quota/limit", "50")}).ok());
  expect_shared();
  ASSERT_TRUE(enforcer_->unshare_usage_plan("gold").ok());
  close();
  open();
  EXPECT_TRUE(absl::IsNotFound(enforcer_->unshare_usage_plan("gold")));
}

// Nothing tells what was used: that is damage too.
TEST_F(RecoveryTest, TellsOfFilesThatAreMissing) {
  open();
  live();
  close();
  for (const char* kind : {"counts-", "days-"}) {
    fs::path file;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (absl::StartsWith(entry.path().filename().string(), kind)) {
        file = entry.path();
      }
    }
    fs::rename(file, folder_ + "/hidden");
    const absl::Status status = try_open().status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_TRUE(absl::EndsWith(
        status.message(),
        "; with Options::restore_counts an enforcer begins with the counts of "
        "the last sync"))
        << status;
    fs::rename(folder_ + "/hidden", file);
  }
  open();
}

// A store as an import leaves it.
TEST_F(RecoveryTest, TellsOfDamagedCountsOfASync) {
  v1::ApiKey key;
  key.set_id("k0");
  key.set_value(value_of(0));
  v1::StoreChange counts;
  counts.mutable_put_counts()->set_synced_generation(1);
  const Day today = day_of(kBegin);
  const internal::SyncedCounts one{
      1, DayWord(today, 7), PeriodWord(QuotaCalendar::monthly(), today, 0)};
  const auto opened_with = [&](const std::string& block) {
    fs::remove_all(folder_);
    {
      const auto store = *SqliteStore::open(folder_);
      EXPECT_TRUE(
          store
              ->commit({internal::put_usage_plan(*usage_plan_from_json(kPlan),
                                                 {}, false),
                        internal::put_api_key(key),
                        internal::put_association(1, "gold", "k0", 0), counts})
              .ok());
      EXPECT_TRUE(store->write_usage({}, {{1, 0, block}}).ok());
    }
    return try_open().status();
  };
  std::string good;
  internal::append_counts(one, good);
  EXPECT_EQ(opened_with(good), absl::OkStatus());
  EXPECT_EQ(opened_with(good.substr(1)),
            absl::DataLossError("a block of counts is damaged: its size"));
  for (const int64_t association : {0, -1}) {
    internal::SyncedCounts bad = one;
    bad.association = association;
    std::string block = good;
    internal::append_counts(bad, block);
    EXPECT_EQ(opened_with(block),
              absl::DataLossError("a block of counts is damaged: its words"));
  }
  const absl::Status twice = opened_with(good + good);
  EXPECT_TRUE(absl::IsDataLoss(twice)) << twice;
  EXPECT_TRUE(absl::EndsWith(twice.message(),
                             ": the counts of the last sync are damaged"))
      << twice;
}

TEST_F(RecoveryTest, IsReadWhileItsOwnerGoesOn) {
  open();
  live();
  const auto reader = try_open(/*read_only=*/true);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(dump(**reader), dump());
  EXPECT_EQ((*reader)->delete_usage_plan_key("gold", "k0").code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(dump(**reader), dump());
  EXPECT_EQ(use(0, 3), 3);
}

TEST_F(RecoveryTest, HasOneOwner) {
  open();
  const auto second = try_open();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition)
      << second.status();
}

// A store that was made from an export has counts of a sync, in several blocks
// that differ from this enforcer's. It opens again whenever and however its
// user ends, and its counts are those of the export plus those since.
class ImportedStoreTest : public RecoveryTest {
 protected:
  static constexpr int kKeys = 600;

  // Each step uses keys of its own, side by side, so that a sync writes some
  // blocks and not others.
  static constexpr int kSteps = 4;
  static int step_of(int key) { return 1 + key * kSteps / kKeys; }

  ImportedStoreTest() {
    open();
    add_plan();
    std::vector<v1::ApiKey> keys(kKeys);
    for (int i = 0; i < kKeys; ++i) {
      keys[i].set_id(absl::StrCat("k", i));
      keys[i].set_value(value_of(i));
      keys[i].set_enabled(true);
    }
    EXPECT_TRUE(enforcer_->import_api_keys(keys, "gold").ok());
    for (int i = 0; i < kKeys; ++i) EXPECT_EQ(use(i, i % 3), i % 3);
    next_days(1);
    for (int i = 0; i < kKeys; i += 2) EXPECT_EQ(use(i, 1), 1);
    close();
    std::stringstream text;
    EXPECT_TRUE(
        export_store(**SqliteStore::open(folder_), text, [](int64_t) {}).ok());
    fs::remove_all(imported_);
    const auto lines =
        import_store(text, {}, **SqliteStore::open(imported_), [](int64_t) {});
    EXPECT_TRUE(lines.ok()) << lines.status();
  }
  ~ImportedStoreTest() override { fs::remove_all(imported_); }

  void import() {
    fs::remove_all(folder_);
    fs::copy(imported_, folder_, fs::copy_options::recursive);
  }

  // Every second step syncs.
  void take_steps(int first, int last) {
    for (int step = first; step <= last; ++step) {
      for (int i = 0; i < kKeys; ++i) {
        if (step_of(i) == step) {
          ASSERT_EQ(use(i, 1), 1);
        }
      }
      if (step % 2 == 0) {
        enforcer_->sync().IgnoreError();
      }
    }
  }
  // In a separate process.
  void be_killed_after(int steps) {
    EXPECT_EQ(in_child([&] {
                open();
                take_steps(1, steps);
                raise(SIGKILL);
              }),
              -SIGKILL);
  }
  void expect_used_after(int steps) {
    for (int i = 0; i < kKeys; ++i) {
      const int since = step_of(i) <= steps ? 1 : 0;
      ASSERT_EQ(remaining(i), 990 - i % 3 - (i % 2 == 0 ? 1 : 0) - since)
          << "key " << i << " after " << steps << " steps";
    }
  }

  const std::string imported_ = absl::StrCat(folder_, "-imported");
};

TEST_F(ImportedStoreTest, OpensAgainAfterOrderlyEnds) {
  for (const int at_once : {1, kSteps}) {
    import();
    for (int step = 0; step < kSteps; step += at_once) {
      open();
      expect_used_after(step);
      take_steps(step + 1, std::min(step + at_once, kSteps));
      close();
    }
    open();
    EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kExact);
    expect_used_after(kSteps);
    close();
  }
}

TEST_F(ImportedStoreTest, OpensAgainWhereverItIsKilled) {
  for (int steps = 0; steps <= kSteps; ++steps) {
    import();
    be_killed_after(steps);
    open();
    EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kExact);
    expect_used_after(steps);
    close();
  }
}

// The files are lost before a sync, during the first one that counts, or after
// it.
TEST_F(ImportedStoreTest, BeginsWithTheLastSyncWhereItsFilesAreLost) {
  for (int steps = 0; steps <= kSteps; ++steps) {
    import();
    be_killed_after(steps);
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (absl::StartsWith(entry.path().filename().string(), "counts-")) {
        std::ofstream(entry.path(), std::ios::trunc);
      }
    }
    auto restored = try_open(/*read_only=*/false, /*restore_counts=*/true);
    ASSERT_TRUE(restored.ok()) << restored.status();
    enforcer_ = *std::move(restored);
    route_ = *enforcer_->intern_route("api", "prod");
    EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kSynced);
    expect_used_after(steps / 2 * 2);
    close();
    open();
    expect_used_after(steps / 2 * 2);
    close();
  }
}

// A store that counts what it is given.
class CountingStore final : public StoreThatStops {
 public:
  explicit CountingStore(std::shared_ptr<Store> store)
      : StoreThatStops(std::move(store), 1'000'000) {}

  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    ++commits;
    return StoreThatStops::commit(changes);
  }
  absl::Status write_usage(absl::Span<const DailyCount> days,
                           absl::Span<const CountsBlock> blocks) override {
    EXPECT_LE(blocks.size(), 64u);
    for (const DailyCount& day : days) written.push_back(day);
    this->blocks += blocks.size();
    return StoreThatStops::write_usage(days, blocks);
  }

  int commits = 0;
  size_t blocks = 0;
  std::vector<DailyCount> written;
};

// Of many keys, a sync writes those used since the last one, with those next to
// them, and writes nothing where none was used.
TEST_F(ImportedStoreTest, SyncsWriteWhatHasChanged) {
  constexpr int kLast = kKeys - 2;  // was used on the export's last day
  import();
  Options options;
  options.clock = clock_;
  const auto store =
      std::make_shared<CountingStore>(*SqliteStore::open(folder_));
  options.store = store;
  options.sync_interval = absl::ZeroDuration();
  options.arena_bytes = size_t{1} << 30;
  enforcer_ = *Enforcer::create(options);
  route_ = *enforcer_->intern_route("api", "prod");
  const auto sync = [&] {
    store->commits = 0;
    store->blocks = 0;
    store->written.clear();
    EXPECT_TRUE(enforcer_->sync().ok());
  };
  sync();
  // The records differ from those of the export.
  const size_t all = store->blocks;
  EXPECT_GT(all, 1u);
  EXPECT_LT(all, 20u);
  EXPECT_EQ(store->commits, 1);
  for (int i = 0; i < 2; ++i) {
    sync();
    EXPECT_EQ(store->blocks, 0u);
    EXPECT_EQ(store->commits, 0);
    EXPECT_EQ(store->written.size(), 0u);
  }
  EXPECT_EQ(use(kLast, 4), 4);
  sync();
  EXPECT_EQ(store->blocks, 1u);
  EXPECT_EQ(store->commits, 1);
  EXPECT_EQ(store->written.size(), 0u) << "the day is not over";
  next_days(3);
  EXPECT_EQ(use(kLast, 2), 2);
  EXPECT_EQ(use(0, 1), 1);
  sync();
  EXPECT_EQ(store->blocks, 2u);
  EXPECT_EQ(store->commits, 1);
  int64_t written = 0;
  for (const DailyCount& day : store->written) {
    EXPECT_EQ(day.day, day_of(clock_->now().unix_ns) - 3);
    written += day.used;
  }
  EXPECT_EQ(store->written.size(), 2u);
  EXPECT_EQ(written, (1 + 4) + 1);
  sync();
  EXPECT_EQ(store->commits, 0);
  // A deleted key has no counts.
  ASSERT_TRUE(enforcer_->delete_api_key("k0").ok());
  for (int i = 0; i < 3; ++i) enforcer_->maintain();
  sync();
  EXPECT_EQ(store->blocks, 1u);
  EXPECT_EQ(store->written.size(), 0u);
}

// One enforcer is killed before it has synced. The next one stops at a call of
// the store, while it begins or while it ends. The third finds everything.
TEST_F(ImportedStoreTest, OpensAgainWhereverAnotherStopped) {
  import();
  int used = 0;
  for (int calls = 0; calls < 9; ++calls) {
    EXPECT_EQ(in_child([&] {
                open();
                raise(SIGKILL);
              }),
              -SIGKILL);
    Options options;
    options.clock = clock_;
    options.store =
        std::make_unique<StoreThatStops>(*SqliteStore::open(folder_), calls);
    options.sync_interval = absl::ZeroDuration();
    options.arena_bytes = size_t{1} << 30;
    auto enforcer = Enforcer::create(std::move(options));
    if (enforcer.ok()) {
      enforcer_ = *std::move(enforcer);
      route_ = *enforcer_->intern_route("api", "prod");
      expect_used_after(used);
      if (used < kSteps) {
        ++used;
        take_steps(used, used);
      }
      close();
    }
    open();
    EXPECT_EQ(enforcer_->statistics().counts_from, Counts::kExact);
    expect_used_after(used);
    close();
  }
  EXPECT_EQ(used, kSteps);
}

// Wherever a process is killed between two imports that reverse everything, the
// store has either the one or the other, whole.
TEST_F(RecoveryTest, AnImportThatOverwritesIsThereWholeOrNotAtAll) {
  constexpr int kKeys = 20;
  const auto import = [&](bool even) {
    std::vector<v1::ApiKey> keys(kKeys);
    std::vector<std::vector<std::string>> plans;
    for (int i = 0; i < kKeys; ++i) {
      const bool golden = even == (i % 2 == 0);
      keys[i].set_value(value_of(i));
      keys[i].set_name(even ? "even" : "odd");
      keys[i].set_enabled(golden);
      plans.push_back({golden ? "gold" : "free"});
    }
    ASSERT_TRUE(enforcer_
                    ->import_api_keys(keys, plans, /*skipped=*/nullptr,
                                      ExistingKeys::kOverwrite)
                    .ok());
  };
  open();
  add_plan();
  add_plan(R"({"id": "free", "name": "free",
               "apiStages": [{"apiId": "other", "stage": "test"}]})");
  import(true);
  close();
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE(round);
    EXPECT_EQ(in_child([&] {
                open();
                std::atomic<int> imports{0};
                std::thread killer([&] {
                  while (imports < round) std::this_thread::yield();
                  absl::SleepFor(absl::Microseconds(300 * round));
                  raise(SIGKILL);
                });
                for (bool even = false;; even = !even) {
                  import(even);
                  ++imports;
                }
              }),
              -SIGKILL);
    open();
    const auto keys = *enforcer_->list_api_keys({"", 500}, true);
    ASSERT_EQ(keys.items.size(), size_t{kKeys});
    const std::string name = keys.items[0].name();
    for (const v1::ApiKey& key : keys.items) {
      EXPECT_EQ(key.name(), name);
      const int i = std::stoi(key.value().substr(key.value().rfind('-') + 1));
      const bool golden = (name == "even") == (i % 2 == 0);
      EXPECT_EQ(key.enabled(), golden);
      EXPECT_EQ(enforcer_->get_usage_plan_key("gold", key.id()).ok(), golden);
      EXPECT_EQ(enforcer_->get_usage_plan_key("free", key.id()).ok(), !golden);
    }
    close();
  }
}

TEST_F(RecoveryTest, SyncsByItselfAndCountsItsFailures) {
  Options options;
  options.clock = clock_;
  options.arena_bytes = size_t{1} << 26;
  options.store = *SqliteStore::open(folder_);
  options.sync_interval = absl::Milliseconds(1);
  enforcer_ = *Enforcer::create(options);
  const auto is_synced = [&] {
    const auto statistics = enforcer_->statistics();
    EXPECT_EQ(statistics.sync_failures, 0);
    return statistics.synced_unix_ns == clock_->now().unix_ns &&
           statistics.synced_monotonic_ns == clock_->now().monotonic;
  };
  for (int i = 0; i < 3; ++i) {
    clock_->advance(kHour);
    clock_->step_wall_clock(kHour);
    while (!is_synced()) std::this_thread::yield();
  }
  close();
  options.store.reset();

  // A thread that waits for long ends as soon as its enforcer does.
  options.store = *SqliteStore::open(folder_);
  options.sync_interval = absl::Hours(24);
  enforcer_ = *Enforcer::create(options);
  close();
  options.store.reset();

  constexpr int kCalls = 30;
  options.store =
      std::make_shared<StoreThatStops>(*SqliteStore::open(folder_), kCalls);
  options.sync_interval = absl::ZeroDuration();
  enforcer_ = *Enforcer::create(options);
  absl::Status status;
  int64_t before = 0;
  for (int i = 0; i < kCalls && status.ok(); ++i) {
    before = enforcer_->statistics().synced_unix_ns;
    EXPECT_EQ(enforcer_->statistics().sync_failures, 0);
    clock_->advance(kHour);
    status = enforcer_->sync();
  }
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(enforcer_->statistics().sync_failures, i);
    status = enforcer_->sync();
  }
  EXPECT_GE(enforcer_->statistics().synced_unix_ns, before);
}

// Every call that changes something, on a full disk.
TEST_F(RecoveryTest, RefusesChangesThatCannotBeWritten) {
  EXPECT_EQ(
      in_child([&] {
        open();
        live();
        const std::string before = dump();
        signal(SIGXFSZ, SIG_IGN);
        rlimit limit;
        getrlimit(RLIMIT_FSIZE, &limit);
        const rlim_t most = limit.rlim_cur;
        limit.rlim_cur = 1;
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);

        v1::ApiKey key;
        key.set_enabled(true);
        const auto plan = usage_plan_from_json(R"({"name": "one more"})");
        const std::vector<absl::Status> refused = {
            enforcer_->create_usage_plan(*plan).status(),
            enforcer_->apply_patch("gold", {replace("/quota/limit", "50")})
                .status(),
            enforcer_->share_usage_plan("free"),
            enforcer_->create_api_key(key).status(),
            enforcer_->import_api_keys({key, key}, "gold").status(),
            overwrite(),
            enforcer_->update_api_key("k0", {replace("/enabled", "false")})
                .status(),
            enforcer_->update_api_key("k0", {replace("/name", "other")})
                .status(),
            enforcer_->tag_api_key("k0", {{{"team", "red"}}, {}}).status(),
            enforcer_->tag_usage_plan("gold", {{{"team", "red"}}, {}}).status(),
            enforcer_->delete_api_key("k0"),
            enforcer_->create_usage_plan_key("gold", "k4").status(),
            enforcer_->delete_usage_plan_key("gold", "k0"),
            enforcer_->update_usage("gold", "k0", {replace("/remaining", "1")})
                .status(),
        };
        for (size_t i = 0; i < refused.size(); ++i) {
          EXPECT_EQ(refused[i].code(), absl::StatusCode::kUnavailable)
              << i << ": " << refused[i];
        }
        EXPECT_EQ(dump(), before);
        EXPECT_EQ(use(0, 2), 2);
        // A failed call leaks no memory, either.
        const auto fail = [&] {
          EXPECT_FALSE(enforcer_->create_usage_plan(*plan).ok());
          EXPECT_FALSE(
              enforcer_->apply_patch("gold", {replace("/quota/limit", "50")})
                  .ok());
          EXPECT_FALSE(enforcer_->create_api_key(key).ok());
          EXPECT_FALSE(enforcer_->import_api_keys({key, key}, "gold").ok());
          EXPECT_FALSE(overwrite().ok());
          EXPECT_FALSE(enforcer_->create_usage_plan_key("gold", "k4").ok());
          EXPECT_FALSE(enforcer_->create_usage_plan_key("free", "k1").ok());
          for (int i = 0; i < 3; ++i) enforcer_->maintain();
          return enforcer_->statistics().arena_used_bytes;
        };
        const size_t used = fail();
        for (int i = 0; i < 3; ++i) EXPECT_EQ(fail(), used);

        limit.rlim_cur = most;
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
        EXPECT_TRUE(enforcer_->create_api_key(key).ok());
        EXPECT_TRUE(
            enforcer_->apply_patch("gold", {replace("/quota/limit", "50")})
                .ok());
        const std::string after = dump();
        close();
        open();
        EXPECT_EQ(dump(), after);
      }),
      0);
}

// A plan that could not be deleted is as it was, and can be changed.
TEST_F(RecoveryTest, APlanThatCouldNotBeDeletedCanBeChanged) {
  const auto store =
      std::make_shared<StoreThatStops>(*SqliteStore::open(folder_), 1 << 30);
  Options options;
  options.clock = clock_;
  options.store = store;
  options.sync_interval = absl::ZeroDuration();
  options.arena_bytes = size_t{1} << 30;
  enforcer_ = *Enforcer::create(options);
  add_plan(R"({"id": "bare", "name": "bare",
               "quota": {"limit": 100, "period": "DAY"}})");
  add_key(0, "bare");
  add_key(1, "");
  store->set_calls(0);
  const absl::Status status = enforcer_->delete_usage_plan("bare");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  store->set_calls(1 << 30);
  EXPECT_EQ(enforcer_->list_usage_plan_keys("bare")->items.size(), 1u);
  // Changes of a plan that is being deleted would wait.
  const auto patched =
      enforcer_->apply_patch("bare", {replace("/quota/limit", "50")});
  EXPECT_TRUE(patched.ok()) << patched.status();
  EXPECT_TRUE(enforcer_->create_usage_plan_key("bare", "k1").ok());
  EXPECT_TRUE(enforcer_->delete_usage_plan("bare").ok());
}

// What Options::log was told.
class Log {
 public:
  struct Entry {
    absl::LogSeverity severity;
    std::string message;
  };

  auto receiver() {
    return [this](absl::LogSeverity severity, std::string_view message) {
      const std::lock_guard<std::mutex> lock(mutex_);
      entries_.push_back({severity, std::string(message)});
      changed_.notify_all();
    };
  }
  // Waits for the entry with this number.
  Entry entry(size_t number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return entries_.size() > number; });
    return entries_[number];
  }
  size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return entries_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Entry> entries_;
};

TEST_F(RecoveryTest, TellsTheLogOfSyncsThatFailOnceAndOfTheFirstThatDoesNot) {
  constexpr int kAlways = 1 << 30;
  Log log;
  const auto store =
      std::make_shared<StoreThatStops>(*SqliteStore::open(folder_), kAlways);
  Options options;
  options.clock = clock_;
  options.store = store;
  options.sync_interval = absl::Milliseconds(1);
  options.arena_bytes = size_t{1} << 30;
  options.log = log.receiver();
  enforcer_ = *Enforcer::create(options);
  add_plan();
  add_key(1);
  route_ = *enforcer_->intern_route("api", "prod");
  EXPECT_EQ(log.size(), 0);

  // Until three syncs have failed: one entry.
  store->set_calls(0);
  const int64_t failures = enforcer_->statistics().sync_failures;
  while (enforcer_->statistics().sync_failures < failures + 3) use(1, 1);
  EXPECT_EQ(log.entry(0).severity, absl::LogSeverity::kError);
  EXPECT_EQ(log.entry(0).message,
            "counts cannot be written to the store: UNAVAILABLE: stopped");
  EXPECT_EQ(log.size(), 1);
  store->set_calls(kAlways);
  EXPECT_EQ(log.entry(1).severity, absl::LogSeverity::kInfo);
  EXPECT_EQ(log.entry(1).message, "counts are in the store again");
  store->set_calls(0);
  (void)log.entry(2);
  store->set_calls(kAlways);
  (void)log.entry(3);
  options.store.reset();
  close();
  EXPECT_EQ(log.size(), 4);
}

TEST_F(RecoveryTest, TellsTheLogOfALastSyncThatFails) {
  Log log;
  const auto store =
      std::make_shared<StoreThatStops>(*SqliteStore::open(folder_), 1 << 30);
  Options options;
  options.clock = clock_;
  options.store = store;
  options.sync_interval = absl::ZeroDuration();
  options.log = log.receiver();
  enforcer_ = *Enforcer::create(std::move(options));
  add_plan();
  store->set_calls(0);
  close();
  ASSERT_EQ(log.size(), 1);
  EXPECT_EQ(log.entry(0).severity, absl::LogSeverity::kError);
}

TEST_F(RecoveryTest, TellsTheLogThatCountsBeginWithTheLastSync) {
  open();
  add_plan();
  add_key(1);
  use(1, 5);
  ASSERT_TRUE(enforcer_->sync().ok());
  close();
  for (const auto& file : fs::directory_iterator(folder_)) {
    if (file.path().filename().string().rfind("weir.sqlite", 0) != 0 &&
        file.path().filename() != "lock") {
      fs::resize_file(file.path(), 0);
    }
  }
  Log log;
  Options options;
  options.clock = clock_;
  options.store = *SqliteStore::open(folder_);
  options.sync_interval = absl::ZeroDuration();
  options.restore_counts = true;
  options.log = log.receiver();
  auto enforcer = Enforcer::create(std::move(options));
  ASSERT_TRUE(enforcer.ok()) << enforcer.status();
  ASSERT_EQ(log.size(), 1);
  EXPECT_EQ(log.entry(0).severity, absl::LogSeverity::kWarning);
  EXPECT_EQ(log.entry(0).message,
            "counts begin with those of the sync at 2026-03-10T12:00:00+00:00");
}

// What the arena has no room for is not stored, either.
TEST_F(RecoveryTest, StoresNothingThatTheArenaHasNoRoomFor) {
  SqliteStore::Options store_options;
  Options options;
  options.clock = clock_;
  options.store = *SqliteStore::open(folder_, store_options);
  options.sync_interval = absl::ZeroDuration();
  options.arena_bytes = size_t{1} << 20;
  enforcer_ = *Enforcer::create(options);
  add_plan();
  options.store.reset();
  std::vector<v1::ApiKey> keys(1000);
  int64_t imported = 0;
  absl::Status status;
  while (status.ok()) {
    status = enforcer_->import_api_keys(keys, "gold").status();
    if (status.ok()) imported += 1000;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(enforcer_->statistics().api_keys, imported);
  close();
  open();
  EXPECT_EQ(enforcer_->statistics().api_keys, imported);
}

}  // namespace
}  // namespace weir
