#include "weir/cli/usage/usage_query.h"

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::cli {
namespace {

constexpr absl::CivilDay kMonday(2026, 3, 2);
constexpr int kKeys = 1203;

std::string key_id(int key) { return absl::StrCat("key-", key); }

// A plan of 1,000 requests a month with many keys, of which key i uses i on
// Monday and 1 on Tuesday.
class UsageQueryTest : public testing::Test {
 protected:
  UsageQueryTest() {
    auto clock = std::make_shared<ManualClock>(
        absl::ToUnixNanos(absl::FromCivil(kMonday, absl::UTCTimeZone())));
    Options options;
    options.clock = clock;
    options.arena_bytes = 1 << 26;
    options.huge_pages = false;
    enforcer_ = *Enforcer::create(std::move(options));
    v1::UsagePlan plan;
    plan.set_id("p1");
    plan.set_name("basic");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("a");
    stage->set_stage("s");
    plan.mutable_quota()->set_limit(2000);
    plan.mutable_quota()->set_period(v1::MONTH);
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
    plan.set_id("empty");
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
    std::vector<v1::ApiKey> keys(kKeys);
    for (int i = 0; i < kKeys; ++i) {
      keys[i].set_id(key_id(i));
      keys[i].set_value(absl::StrCat("a-value-of-many-bytes-", i));
      keys[i].set_enabled(true);
    }
    EXPECT_TRUE(enforcer_->import_api_keys(keys, "p1").ok());
    const Route route = *enforcer_->intern_route("a", "s");
    for (const bool is_monday : {true, false}) {
      for (int i = 0; i < kKeys; ++i) {
        Call call;
        call.api_key = keys[i].value();
        call.route = route;
        call.cost = is_monday ? static_cast<std::uint32_t>(i) : 1;
        EXPECT_TRUE(enforcer_->admit(call).admitted());
      }
      if (is_monday) clock->advance(kNanosPerDay);
    }
    query_.plan_id = "p1";
    query_.first = kMonday;
    query_.last = kMonday + 1;
  }

  std::string answer(UsageFormat format) {
    query_.format = format;
    std::ostringstream out;
    const absl::Status status = write_usage(*enforcer_, query_, out);
    EXPECT_TRUE(status.ok()) << status;
    return out.str();
  }

  static constexpr std::int64_t kNanosPerDay = 86'400'000'000'000;

  std::unique_ptr<Enforcer> enforcer_;
  UsageQuery query_;
};

TEST_F(UsageQueryTest, JsonHasTheKeysOfAllPages) {
  v1::Usage usage;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(
                  answer(UsageFormat::kJson), &usage)
                  .ok());
  EXPECT_EQ(usage.usage_plan_id(), "p1");
  EXPECT_EQ(usage.start_date(), "2026-03-02");
  EXPECT_EQ(usage.end_date(), "2026-03-03");
  EXPECT_EQ(usage.position(), "");
  ASSERT_EQ(usage.items_size(), kKeys);
  for (int i = 0; i < kKeys; ++i) {
    const v1::KeyUsage& item = usage.items(kKeys - 1 - i);
    ASSERT_EQ(item.key_id(), key_id(i));
    ASSERT_EQ(item.days_size(), 2);
    EXPECT_EQ(item.days(0).used(), i);
    EXPECT_EQ(item.days(1).remaining(), 2000 - i - 1);
  }
}

TEST_F(UsageQueryTest, CsvHasTheKeysOfAllPages) {
  const std::vector<std::string> lines =
      absl::StrSplit(answer(UsageFormat::kCsv), '\n');
  ASSERT_EQ(lines.size(), 1u + 2 * kKeys + 1);
  EXPECT_EQ(lines[0], "key_id,date,used,remaining");
  EXPECT_EQ(lines[1], "key-1202,2026-03-02,1202,798");
  EXPECT_EQ(lines[2], "key-1202,2026-03-03,1,797");
  EXPECT_EQ(lines[2 * kKeys], "key-0,2026-03-03,1,1999");
}

TEST_F(UsageQueryTest, TableHasTheKeysOfAllPagesAndTheirSum) {
  const std::vector<std::string> lines =
      absl::StrSplit(answer(UsageFormat::kTable), '\n');
  ASSERT_EQ(lines.size(), 1u + kKeys + 6);
  EXPECT_EQ(lines[1], "              1,203                797  key-1202");
  EXPECT_EQ(lines[kKeys], "                  1              1,999  key-0");
  EXPECT_EQ(lines[kKeys + 3], "            723,003  2026-03-02");
  EXPECT_EQ(lines[kKeys + 5], "            724,206  by 1,203 keys");
}

TEST_F(UsageQueryTest, ChartsShowTheSum) {
  query_.utf8 = false;
  query_.width = 40;
  EXPECT_EQ(answer(UsageFormat::kChart),
            "All 1,203 keys, plan p1\n"
            "2026-03-02 to 2026-03-03, UTC: 724,206 used\n"
            "\n"
            "                                    used\n"
            "2026-03-02  ###################  723,003\n"
            "2026-03-03  #                      1,203\n");
  EXPECT_NE(answer(UsageFormat::kSvg).find(">All 1,203 keys<"),
            std::string::npos);
}

TEST_F(UsageQueryTest, OneKeyHasALimit) {
  query_.key_id = "key-7";
  // What the period used before counts also where it is not shown.
  query_.first = kMonday + 1;
  EXPECT_EQ(answer(UsageFormat::kTable),
            "date                     used          remaining              "
            "limit\n"
            "2026-03-03                  1              1,992              "
            "2,000\n"
            "total                       1\n");
  EXPECT_NE(answer(UsageFormat::kSvg).find("8 of the period&#39;s 2,000"),
            std::string::npos);
  EXPECT_EQ(answer(UsageFormat::kCsv),
            "key_id,date,used,remaining\nkey-7,2026-03-03,1,1992\n");
}

TEST_F(UsageQueryTest, APlanWithoutKeysUsesNothing) {
  query_.plan_id = "empty";
  EXPECT_EQ(answer(UsageFormat::kJson),
            R"({"usagePlanId":"empty","startDate":"2026-03-02",)"
            R"("endDate":"2026-03-03","items":[)"
            "\n]}\n");
  EXPECT_EQ(answer(UsageFormat::kCsv), "key_id,date,used,remaining\n");
  EXPECT_NE(answer(UsageFormat::kTable).find("  0  by 0 keys\n"),
            std::string::npos);
  EXPECT_NE(answer(UsageFormat::kSvg).find(">All 0 keys<"), std::string::npos);
}

TEST_F(UsageQueryTest, WritesNothingAboutWhatIsNotThere) {
  for (const UsageFormat format :
       {UsageFormat::kTable, UsageFormat::kJson, UsageFormat::kCsv,
        UsageFormat::kChart, UsageFormat::kSvg}) {
    for (const bool no_plan : {true, false}) {
      query_.plan_id = no_plan ? "nobody's" : "p1";
      query_.key_id = no_plan ? "" : "nobody";
      query_.format = format;
      std::ostringstream out;
      EXPECT_TRUE(absl::IsNotFound(write_usage(*enforcer_, query_, out)));
      EXPECT_EQ(out.str(), "");
    }
  }
}

}  // namespace
}  // namespace weir::cli
