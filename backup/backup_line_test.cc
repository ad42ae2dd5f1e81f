#include "weir/backup/backup_line.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "weir/proto/backup.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"

namespace weir {
namespace {

constexpr Day kDay = 9558;  // 2026-03-03
constexpr QuotaCalendar kMonthly = QuotaCalendar::monthly();

unsigned first_seed() {
  const char* const seed = std::getenv("WEIR_TEST_SEED");
  return seed == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed));
}

TEST(BackupLine, IsJson) {
  v1::BackupLine line;
  line.mutable_weir_export()->set_version(1);
  line.mutable_weir_export()->set_last_association_id(17);
  EXPECT_EQ(*backup_line_to_json(line),
            R"({"weirExport":{"lastAssociationId":"17","version":1}})");

  v1::UsagePlan& plan = *line.mutable_usage_plan()->mutable_plan();
  plan.set_id("p1");
  plan.set_name("b\xC3\xA4sic \"<1>\"\n");
  v1::ApiStage& stage = *plan.add_api_stages();
  stage.set_api_id("a");
  stage.set_stage("s");
  v1::ThrottleSettings throttle;
  throttle.set_burst_limit(9'007'199'254'740'993);
  throttle.set_rate_limit(0.1);
  for (const char* method : {"/c/GET", "/a/GET", "/b/GET"}) {
    (*stage.mutable_throttle())[method] = throttle;
  }
  v1::StoredTerms& terms = *line.mutable_usage_plan()->add_terms();
  terms.set_unix_ns(1'772'000'000'123'456'789);
  terms.set_calendar(1);
  line.mutable_usage_plan()->set_shared(true);
  const std::string json = *backup_line_to_json(line);
  EXPECT_EQ(json.find('\n'), json.npos);
  EXPECT_NE(json.find(R"("/a/GET":{"burstLimit":"9007199254740993",)"
                      R"("rateLimit":0.1},"/b/GET":)"),
            json.npos)
      << json;
  EXPECT_NE(json.find(R"("shared":true,"terms":[{"calendar":1,)"
                      R"("unixNs":"1772000000123456789"}])"),
            json.npos)
      << json;
  const auto read = backup_line_from_json(json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*read, line));
}

TEST(BackupLine, TellsWhatItDoesNotTake) {
  const struct {
    const char* json;
    const char* message;
  } kCases[] = {
      {"", "expected a value"},
      {"{", "line 1, column 2: "},
      {"[]", "expected an object"},
      {"{}", "with one member"},
      {"null", "expected an object"},
      {R"({"end":null})", "with one member"},
      {R"({"end":{},"apiKey":{}})", "another value already"},
      {R"({"apiKey":{"id":"a","id":"b"}})", "\"id\""},
      {R"({"apiKey":{"id":"a","colour":1}})",
       "/apiKey/colour: there is no such member: expected id, value, name, "},
      {R"({"apiKeys":{}})", "apiKeys"},
      {R"({"apiKey":{"id":1}})", "/apiKey/id: expected a string"},
      {R"({"end":{"lines":"1.5"}})", "/end/lines: expected an integer"},
      {"{\"apiKey\":{\"id\":\"\xFF\"}}", "UTF-8"},
      {R"({"apiKey":{"createdDate":"yesterday"}})",
       "/apiKey/createdDate: expected"},
      {R"({"end":{}} x)", "column"},
  };
  for (const auto& c : kCases) {
    const auto line = backup_line_from_json(c.json);
    EXPECT_TRUE(absl::IsInvalidArgument(line.status()))
        << c.json << line.status();
    EXPECT_NE(line.status().message().find(c.message), absl::string_view::npos)
        << c.json << line.status();
  }
}

TEST(BackupLine, MayBeTooMuch) {
  const std::string deep = std::string(100, '[') + std::string(100, ']');
  EXPECT_TRUE(absl::IsInvalidArgument(backup_line_from_json(deep).status()));
}

TEST(BackupLine, IsNoLongerThanCanBeRead) {
  v1::BackupLine line;
  line.mutable_api_key()->set_description(std::string(6 << 20, 'x'));
  EXPECT_TRUE(absl::IsResourceExhausted(backup_line_to_json(line).status()));
}

TEST(BackupUsage, HasADateForEachDay) {
  const AssociationCounts counts = {
      DayWord(kDay, 4),
      PeriodWord(kMonthly, kDay, 21),
      {DayWord(kDay - 8, 100), DayWord(kDay - 1, 17)}};
  v1::BackupLine line;
  *line.mutable_usage() = backup_usage(5, counts);
  EXPECT_EQ(*backup_line_to_json(line),
            R"({"usage":{"association":"5",)"
            R"("days":[["2026-02-23",100],["2026-03-02",17]],)"
            R"("period":{"calendar":9,"date":"2026-03-03","usedBefore":"21"},)"
            R"("today":{"date":"2026-03-03","used":"4"}}})");
}

TEST(BackupUsage, TakesTheFirstAndTheLastDayThatThereIs) {
  const auto usage = [](const char* date) {
    return backup_line_from_json(absl::StrCat(
        R"({"usage":{"association":"5","period":{"calendar":9,)", R"("date":")",
        date, R"("},"today":{"date":")", date, R"("}}})"));
  };
  for (const auto& [date, day] :
       {std::pair("2000-01-01", Day{0}), std::pair("2089-09-17", kLastDay)}) {
    const auto line = usage(date);
    ASSERT_TRUE(line.ok()) << line.status();
    const auto counts = counts_of(line->usage());
    ASSERT_TRUE(counts.ok()) << counts.status();
    EXPECT_EQ(counts->today.day(), day);
    EXPECT_EQ(counts->period.day(), day);
  }
  for (const char* const date : {"1999-12-31", "2089-09-18"}) {
    const auto line = usage(date);
    ASSERT_TRUE(line.ok()) << line.status();
    EXPECT_TRUE(absl::IsInvalidArgument(counts_of(line->usage()).status()));
  }
}

TEST(BackupUsage, KeepsEveryWord) {
  for (unsigned seed = first_seed(); seed < first_seed() + 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto number = [&](int64_t most) {
      return static_cast<int64_t>(random() >> random() % 64) & most;
    };
    AssociationCounts counts;
    const auto day = static_cast<Day>(random() % (kLastDay + 1));
    counts.today = DayWord(day, number(DayWord::kMaxCount));
    Day period_day = day;
    if (random() % 2 == 0) {
      counts.today = counts.today.as_closed();
      period_day = static_cast<Day>(day + random() % (kLastDay + 1 - day));
    }
    counts.period = PeriodWord(QuotaCalendar::from_id(static_cast<int>(
                                   random() % QuotaCalendar::kIds)),
                               period_day, number(PeriodWord::kMaxCount));
    for (Day d = std::max(day - 400, 0); d < day; ++d) {
      if (random() % 8 == 0) {
        counts.days.emplace_back(d, 1 + number(DayWord::kMaxCount - 1));
      }
    }
    v1::BackupLine line;
    *line.mutable_usage() = backup_usage(7, counts);
    const auto read = backup_line_from_json(*backup_line_to_json(line));
    ASSERT_TRUE(read.ok()) << read.status();
    const auto again = counts_of(read->usage());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->today.bits(), counts.today.bits());
    EXPECT_EQ(again->period.bits(), counts.period.bits());
    ASSERT_EQ(again->days.size(), counts.days.size());
    for (size_t i = 0; i < counts.days.size(); ++i) {
      EXPECT_EQ(again->days[i].bits(), counts.days[i].bits());
    }
  }
}

TEST(BackupUsage, TellsWhatNoKeyCanHaveCounted) {
  const char kToday[] = R"("today":{"date":"2026-03-03","used":4})";
  const char kPeriod[] =
      R"("period":{"calendar":9,"date":"2026-03-03","usedBefore":21})";
  const struct {
    std::string members;
    const char* message;
  } kCases[] = {
      {kPeriod, "/usage/today: expected a date"},
      {absl::StrCat(kPeriod, R"(,"today":{"date":"2026-02-30"})"),
       "/usage/today: expected a date"},
      {absl::StrCat(kPeriod, R"(,"today":{"date":"1999-12-31"})"),
       "/usage/today: expected a date"},
      {absl::StrCat(kPeriod, R"(,"today":{"date":"2026-03-03","used":-1})"),
       "/usage/today: 2026-03-03: expected a whole number"},
      {absl::StrCat(
           kPeriod,
           R"(,"today":{"date":"2026-03-03","used":"281474976710656"})"),
       "/usage/today: 2026-03-03: expected a whole number"},
      {kToday, "/usage/period: expected a date"},
      {absl::StrCat(kToday, R"(,"period":{"calendar":37,"date":"2026-03-03"})"),
       "/usage/period: expected a calendar"},
      {absl::StrCat(kToday, R"(,"period":{"calendar":9,"date":"2026-03-03",)"
                            R"("usedBefore":"8796093022208"})"),
       "/usage/period: expected a calendar"},
      {absl::StrCat(kToday, R"(,"period":{"calendar":9,"date":"2026-03-04"})"),
       "/usage/period/date"},
      {absl::StrCat(R"("today":{"date":"2026-03-03","closed":true},)",
                    R"("period":{"calendar":9,"date":"2026-03-02"})"),
       "/usage/period/date"},
      {absl::StrCat(kToday, ",", kPeriod, R"(,"days":[["2026-03-03",1]])"),
       "/usage/days/0: expected a day with requests"},
      {absl::StrCat(kToday, ",", kPeriod, R"(,"days":[["2026-03-02",0]])"),
       "/usage/days/0: expected a day with requests"},
      {absl::StrCat(kToday, ",", kPeriod,
                    R"(,"days":[["2026-03-01",1],["2026-03-01",1]])"),
       "/usage/days/1: expected a day with requests"},
      {absl::StrCat(kToday, ",", kPeriod, R"(,"days":[["2026-03-01",1.5]])"),
       "/usage/days/0: 2026-03-01: expected a whole number"},
      {absl::StrCat(kToday, ",", kPeriod, R"(,"days":[["2026-03-01"]])"),
       "/usage/days/0: expected [\"yyyy-mm-dd\", number]"},
      {absl::StrCat(kToday, ",", kPeriod, R"(,"days":[["2026-03-01","1"]])"),
       "/usage/days/0: expected [\"yyyy-mm-dd\", number]"},
  };
  for (const auto& c : kCases) {
    const auto line = backup_line_from_json(
        absl::StrCat("{\"usage\":{\"association\":5,", c.members, "}}"));
    ASSERT_TRUE(line.ok()) << c.members << line.status();
    const auto counts = counts_of(line->usage());
    EXPECT_TRUE(absl::IsInvalidArgument(counts.status())) << c.members;
    EXPECT_EQ(counts.status().message().find(c.message), 0u)
        << c.members << counts.status();
  }
}

}  // namespace
}  // namespace weir
