#include "weir/cli/usage/usage_report.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/patch_operations.h"

namespace weir::cli {
namespace {

constexpr absl::CivilDay kMonday(2026, 3, 2);

v1::KeyUsage key_usage(
    const std::string& key_id,
    const std::vector<std::pair<std::int64_t, std::int64_t>>& days) {
  v1::KeyUsage usage;
  usage.set_key_id(key_id);
  for (const auto& [used, remaining] : days) {
    v1::DailyUsage* day = usage.add_days();
    day->set_used(used);
    day->set_remaining(remaining);
  }
  return usage;
}

UsageReport report_of(const v1::KeyUsage& usage, QuotaCalendar calendar) {
  return {"p1", usage.key_id(), 1,
          usage_days(usage, kMonday, kMonday, calendar)};
}

UsageReport report_of_all(int days) {
  UsageReport report;
  report.plan_id = "p1";
  for (int i = 0; i < days; ++i) {
    report.days.push_back({kMonday + i, 0, 0, std::nullopt});
  }
  return report;
}

TEST(UsageDays, CountWhatThePeriodUsedBefore) {
  // Weeks begin on Sunday, the fourth of these days but one.
  const auto days = usage_days(key_usage("k1", {{10, 90},
                                                {20, 70},
                                                {0, 70},
                                                {5, 65},
                                                {1, 64},
                                                {0, 64},
                                                {7, 93},
                                                {3, 90}}),
                               kMonday, kMonday + 1, QuotaCalendar::weekly());
  ASSERT_EQ(days.size(), 7u);
  EXPECT_EQ(days[0].date, kMonday + 1);
  const std::int64_t kBefore[] = {10, 30, 30, 35, 36, 0, 7};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(days[i].used_before, kBefore[i]) << i;
    EXPECT_EQ(days[i].limit(), 100) << i;
  }
}

TEST(UsageDays, HaveNoLimitWithoutAQuota) {
  const auto days = usage_days(key_usage("k1", {{10, -1}, {20, -1}}), kMonday,
                               kMonday, QuotaCalendar::none());
  EXPECT_EQ(days[1].remaining, std::nullopt);
  EXPECT_EQ(days[1].limit(), std::nullopt);
  EXPECT_EQ(days[1].used_before, 0);
}

// What the enforcer answers, and nothing but that, tells what the limit was.
TEST(UsageDays, TellTheLimitThatHeld) {
  auto clock = std::make_shared<ManualClock>(
      absl::ToUnixNanos(absl::FromCivil(kMonday, absl::UTCTimeZone())));
  Options options;
  options.clock = clock;
  options.arena_bytes = 1 << 24;
  options.huge_pages = false;
  auto enforcer = *Enforcer::create(std::move(options));
  v1::UsagePlan plan;
  plan.set_id("p1");
  plan.set_name("basic");
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("a");
  stage->set_stage("s");
  plan.mutable_quota()->set_limit(100);
  plan.mutable_quota()->set_period(v1::MONTH);
  ASSERT_TRUE(enforcer->create_usage_plan(plan).ok());
  v1::ApiKey key;
  key.set_id("k1");
  key.set_value("a-value-of-twenty-bytes");
  key.set_enabled(true);
  ASSERT_TRUE(enforcer->create_api_key(key).ok());
  ASSERT_TRUE(enforcer->create_usage_plan_key("p1", "k1").ok());
  const Route route = *enforcer->intern_route("a", "s");
  const auto use = [&](std::uint32_t cost) {
    Call call;
    call.api_key = key.value();
    call.route = route;
    call.cost = cost;
    ASSERT_TRUE(enforcer->admit(call).admitted());
  };
  use(10);
  clock->advance(kNanosPerDay);
  use(20);
  ASSERT_TRUE(
      enforcer->update_usage("p1", "k1", {replace("/remaining", 95)}).ok());
  clock->advance(kNanosPerDay);
  use(95);
  clock->advance(28 * kNanosPerDay);  // April 1
  use(1);
  const auto usage = enforcer->get_usage(
      {"p1", absl::FormatCivilTime(kMonday - 1), "2026-04-01", "k1", {}});
  ASSERT_TRUE(usage.ok()) << usage.status();
  const auto days = usage_days(usage->items(0), kMonday - 1, kMonday,
                               QuotaCalendar::monthly());
  ASSERT_EQ(days.size(), 31u);
  EXPECT_EQ(days[0].limit(), 100);
  EXPECT_EQ(days[1].limit(), 125);
  EXPECT_EQ(days[2].limit(), 125);
  EXPECT_EQ(days[2].used_before, 30);
  EXPECT_EQ(days[29].limit(), 125);
  EXPECT_EQ(days[30].limit(), 100);
  EXPECT_EQ(days[30].used_before, 0);
}

TEST(UsageTable, ShowsOneKeyByDay) {
  EXPECT_EQ(usage_table(report_of(
                key_usage("k1", {{1200, 98800}, {0, 98800}, {98800, 0}}),
                QuotaCalendar::monthly())),
            "date                     used          remaining              "
            "limit\n"
            "2026-03-02              1,200             98,800            "
            "100,000\n"
            "2026-03-03                  0             98,800            "
            "100,000\n"
            "2026-03-04             98,800                  0            "
            "100,000\n"
            "total                 100,000\n");
  EXPECT_EQ(
      usage_table(report_of(key_usage("k1", {{3, -1}}), QuotaCalendar::none())),
      "date                     used          remaining              "
      "limit\n"
      "2026-03-02                  3                  -                "
      "  -\n"
      "total                       3\n");
}

TEST(UsageTable, ShowsAllKeysAndTheirSum) {
  UsageReport report = report_of_all(2);
  std::string text = usage_table_head();
  for (const v1::KeyUsage& usage :
       {key_usage("k1", {{1, 9}, {1234567, 0}}),
        key_usage("k\x1b[2J", {{2, -1}, {0, -1}})}) {
    text += usage_table_row(usage);
    add_key(usage, &report);
  }
  text += usage_table_end(report);
  EXPECT_EQ(text,
            "               used          remaining  key\n"
            "          1,234,568                  0  k1\n"
            "                  2                  -  k\\x1B[2J\n"
            "\n"
            "               used  date\n"
            "                  3  2026-03-02\n"
            "          1,234,567  2026-03-03\n"
            "          1,234,570  by 2 keys\n");
}

TEST(UsageReport, SumsDoNotOverflow) {
  constexpr std::int64_t kMax = 1'000'000'000'000'000'000;
  UsageReport report = report_of_all(2);
  for (int i = 0; i < 20; ++i) {
    add_key(key_usage("k", {{kMax - 1, 0}, {1, 0}}), &report);
  }
  EXPECT_EQ(report.days[0].used, kMax);
  EXPECT_EQ(report.days[1].used, 20);
  EXPECT_EQ(report.used(), kMax);
  EXPECT_EQ(report.keys, 20);
}

TEST(UsageCsv, HasALineForEachDay) {
  EXPECT_EQ(usage_csv_head() +
                usage_csv_rows(key_usage("k1", {{1200, 8}, {0, -1}}), kMonday) +
                usage_csv_rows(key_usage("a,\"b\"", {{1, 2}}), kMonday),
            "key_id,date,used,remaining\n"
            "k1,2026-03-02,1200,8\n"
            "k1,2026-03-03,0,-1\n"
            "\"a,\"\"b\"\"\",2026-03-02,1,2\n");
}

TEST(UsageJson, IsThatOfTheMessage) {
  v1::Usage usage;
  usage.set_usage_plan_id("p\"1");
  usage.set_start_date("2026-03-02");
  usage.set_end_date("2026-03-03");
  for (const bool some : {false, true}) {
    std::string text = usage_json_head(usage);
    if (some) {
      *usage.add_items() = key_usage("k1", {{1200, 8}, {0, -1}});
      *usage.add_items() =
          key_usage("k<2>", {{std::int64_t{1} << 48, 0}, {3, 4}});
      text += usage_json_item(usage.items(0), true);
      text += usage_json_item(usage.items(1), false);
    }
    text += usage_json_end();
    v1::Usage read;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(text, &read).ok())
        << text;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read, usage))
        << text;
  }
}

TEST(UsageJson, HasAKeyALine) {
  v1::Usage usage;
  usage.set_usage_plan_id("p1");
  usage.set_start_date("2026-03-02");
  usage.set_end_date("2026-03-02");
  EXPECT_EQ(
      usage_json_head(usage) +
          usage_json_item(key_usage("k1", {{12, 8}}), true) +
          usage_json_item(key_usage("k2", {{0, -1}}), false) + usage_json_end(),
      R"({"usagePlanId":"p1","startDate":"2026-03-02","endDate":"2026-03-02","items":[
{"keyId":"k1","days":[{"used":"12","remaining":"8"}]},
{"keyId":"k2","days":[{"used":"0","remaining":"-1"}]}
]}
)");
}

}  // namespace
}  // namespace weir::cli
