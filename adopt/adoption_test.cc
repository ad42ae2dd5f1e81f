#include "weir/adopt/adoption.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/adopt/aws_dump.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_json.h"
#include "weir/quota/calendar.h"
#include "weir/store/sqlite_store.h"

namespace weir {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr char kSecret1[] = "secret-of-key-one-0001";
constexpr char kSecret2[] = "secret-of-key-two-0002";

// As the AWS CLI prints them. The usage is that of the last three days of a
// month that has begun with 100 requests.
constexpr char kPlans[] = R"({"items": [
  {"id": "gold1", "name": "gold", "description": "d",
   "apiStages": [{"apiId": "shop", "stage": "prod",
                  "throttle": {"/pets/GET": {"burstLimit": 5, "rateLimit": 1.5}}}],
   "throttle": {"burstLimit": 20, "rateLimit": 10.0},
   "quota": {"limit": 1000, "offset": 0, "period": "MONTH"},
   "productCode": "pc", "tags": {"team": "a", "aws:cloudformation:x": "y"}},
  {"id": "free2", "name": "free",
   "apiStages": [{"apiId": "shop", "stage": "test"}],
   "quota": {"limit": 10, "offset": 2, "period": "WEEK"}}]})";
constexpr char kKeys[] = R"({"items": [
  {"id": "k2", "value": "secret-of-key-two-0002", "name": "two",
   "enabled": false, "createdDate": "2026-10-31T23:00:00+00:00",
   "lastUpdatedDate": "2026-11-02T10:00:00.5+01:00", "stageKeys": ["shop/prod"],
   "customerId": "c"},
  {"id": "k1", "value": "secret-of-key-one-0001", "name": "one",
   "description": "first", "enabled": true, "createdDate": 1764547200,
   "lastUpdatedDate": 1764547200.25, "stageKeys": [], "tags": {"t": "u"}},
  {"id": "k0", "value": "secret-of-key-nil-0000", "enabled": true,
   "createdDate": 1764547200, "stageKeys": []}]})";
constexpr char kGoldKeys[] = R"({"items": [
  {"id": "k2", "type": "API_KEY", "name": "two"},
  {"id": "k1", "type": "API_KEY", "name": "one"}]})";
constexpr char kFreeKeys[] =
    R"({"items": [{"id": "k1", "type": "API_KEY", "name": "one"}]})";
constexpr char kGoldUsage[] = R"({"usagePlanId": "gold1",
  "startDate": "2026-11-01", "endDate": "2026-11-04", "items": {
  "k1": [[100, 900], [0, 900], [30, 370], [5, 365]],
  "gone": [[1, 2]]}})";
constexpr char kFreeUsage[] = R"({"usagePlanId": "free2",
  "startDate": "2026-11-01", "endDate": "2026-11-04", "items": {
  "k1": [[1, 8], [2, 6], [6, 4], [4, 0]]}})";

const Day kToday =
    static_cast<Day>(absl::CivilDay(2026, 11, 4) - absl::CivilDay(2000, 1, 1));

PlanRules start_days() {
  PlanRules rules;
  rules.quota_offset = PlanRules::QuotaOffset::kStartDay;
  return rules;
}

using Files = std::vector<std::pair<std::string, std::string>>;

Files all_files() {
  return {{"get-api-keys.json", kKeys},
          {"get-usage-plans.json", kPlans},
          {"usage-free2.json", kFreeUsage},
          {"usage-gold1.json", kGoldUsage},
          {"usage-plan-keys-free2.json", kFreeKeys},
          {"usage-plan-keys-gold1.json", kGoldKeys}};
}

Files without(const std::string& name) {
  Files files = all_files();
  for (auto it = files.begin(); it != files.end(); ++it) {
    if (it->first == name) {
      files.erase(it);
      break;
    }
  }
  return files;
}

Files with(const std::string& name, const std::string& text) {
  Files files = without(name);
  files.emplace_back(name, text);
  return files;
}

AwsDump dump_of(const Files& files) {
  AwsDump dump;
  for (const auto& [name, text] : files) dump.add(name, text);
  dump.finish();
  return dump;
}

// "file:line: message" of each.
std::vector<std::string> problems(const Files& files,
                                  const PlanRules& rules = start_days(),
                                  Day today = kToday) {
  std::vector<std::string> all;
  Adoption adoption(rules, today);
  for (const DumpProblem& problem : adoption.take(dump_of(files))) {
    all.push_back(
        absl::StrCat(problem.file, ":", problem.line, ": ", problem.message));
    EXPECT_THAT(all.back(), Not(HasSubstr("secret-")));
  }
  return all;
}

class TestClock : public Clock {
 public:
  explicit TestClock(absl::CivilSecond time)
      : unix_ns_(
            absl::ToUnixNanos(absl::FromCivil(time, absl::UTCTimeZone()))) {}
  Instant now() noexcept override { return {unix_ns_, unix_ns_}; }

 private:
  const int64_t unix_ns_;
};

// An enforcer that begins with what was adopted.
std::unique_ptr<Enforcer> adopted(const Files& files, const std::string& name,
                                  absl::CivilSecond now,
                                  const PlanRules& rules = start_days()) {
  Adoption adoption(rules, kToday);
  const auto found = adoption.take(dump_of(files));
  EXPECT_THAT(found, IsEmpty()) << found[0].message;
  const std::string folder = testing::TempDir() + "/" + name;
  {
    auto store = SqliteStore::open(folder);
    EXPECT_TRUE(store.ok()) << store.status();
    const auto status = adoption.write(**store, [](int64_t) {});
    EXPECT_TRUE(status.ok()) << status;
  }
  Options options;
  options.clock = std::make_shared<TestClock>(now);
  options.quota_offset = rules.quota_offset;
  options.store = *SqliteStore::open(folder);
  auto enforcer = Enforcer::create(std::move(options));
  EXPECT_TRUE(enforcer.ok()) << enforcer.status();
  return enforcer.ok() ? *std::move(enforcer) : nullptr;
}

std::string usage(Enforcer& enforcer, const std::string& plan,
                  const std::string& first, const std::string& last) {
  UsageRequest request;
  request.usage_plan_id = plan;
  request.start_date = first;
  request.end_date = last;
  const auto usage = enforcer.get_usage(request);
  EXPECT_TRUE(usage.ok()) << usage.status();
  const std::string json = usage_to_json(*usage);
  return json.substr(json.find("\"values\""));
}

TEST(Adoption, KeepsPlansKeysAndAssociations) {
  const auto enforcer =
      adopted(all_files(), "things", absl::CivilSecond(2026, 11, 4, 12));
  const auto plans = enforcer->list_usage_plans();
  ASSERT_EQ(plans->items.size(), 2u);
  EXPECT_EQ(usage_plan_to_json(plans->items[0]),
            R"({"id":"gold1","name":"gold","description":"d","apiStages":[)"
            R"({"apiId":"shop","stage":"prod","throttle":{"/pets/GET":)"
            R"({"burstLimit":5,"rateLimit":1.5}}}],"throttle":)"
            R"({"burstLimit":20,"rateLimit":10.0},"quota":)"
            R"({"limit":1000,"offset":0,"period":"MONTH"},)"
            R"("productCode":"pc","tags":{"team":"a"}})");
  EXPECT_EQ(plans->items[1].id(), "free2");
  const auto keys = enforcer->list_api_keys({}, /*include_values=*/true);
  ASSERT_EQ(keys->items.size(), 3u);
  EXPECT_EQ(api_key_to_json(keys->items[0], true),
            R"({"id":"k2","value":"secret-of-key-two-0002","name":"two",)"
            R"("enabled":false,"customerId":"c","createdDate":1793487600,)"
            R"("lastUpdatedDate":1793610000,"stageKeys":["shop/prod"],)"
            R"("tags":{}})");
  EXPECT_EQ(api_key_to_json(keys->items[1], true),
            R"({"id":"k1","value":"secret-of-key-one-0001","name":"one",)"
            R"("description":"first","enabled":true,"createdDate":1764547200,)"
            R"("lastUpdatedDate":1764547200,"stageKeys":[],"tags":{"t":"u"}})");
  const auto gold = enforcer->list_usage_plan_keys("gold1");
  ASSERT_EQ(gold->items.size(), 2u);
  EXPECT_EQ(gold->items[0].id(), "k2");
  EXPECT_EQ(gold->items[1].id(), "k1");
  EXPECT_EQ(enforcer->list_usage_plan_keys("free2")->items.size(), 1u);
}

TEST(Adoption, KeepsUsageAndWhatRemains) {
  const auto enforcer =
      adopted(all_files(), "usage", absl::CivilSecond(2026, 11, 4, 12));
  // What the dump says, day by day: on the 3rd, 500 requests were taken away.
  EXPECT_EQ(usage(*enforcer, "gold1", "2026-11-01", "2026-11-04"),
            R"("values":{"k2":[[0,1000],[0,1000],[0,1000],[0,1000]],)"
            R"("k1":[[100,900],[0,900],[30,370],[5,365]]}})");
  // Weeks from Tuesday on: the 3rd begins one.
  EXPECT_EQ(usage(*enforcer, "free2", "2026-11-01", "2026-11-04"),
            R"("values":{"k1":[[1,8],[2,6],[6,4],[4,0]]}})");
  const Route prod = *enforcer->intern_route("shop", "prod", "/x/GET");
  const Route test = *enforcer->intern_route("shop", "test", "/x/GET");
  Call call{kSecret1, prod};
  call.cost = 20;
  EXPECT_TRUE(enforcer->admit(call).admitted());
  EXPECT_EQ(usage(*enforcer, "gold1", "2026-11-04", "2026-11-04"),
            R"("values":{"k2":[[0,1000]],"k1":[[25,345]]}})");
  EXPECT_FALSE(enforcer->admit({kSecret1, test}).admitted());
  EXPECT_FALSE(enforcer->admit({kSecret2, prod}).admitted());  // disabled
}

TEST(Adoption, GoesOnInTheNextDayAndPeriod) {
  const auto next_day =
      adopted(all_files(), "next_day", absl::CivilSecond(2026, 11, 5, 12));
  EXPECT_EQ(usage(*next_day, "gold1", "2026-11-04", "2026-11-05"),
            R"("values":{"k2":[[0,1000],[0,1000]],)"
            R"("k1":[[5,365],[0,365]]}})");
  const auto next_month =
      adopted(all_files(), "next_month", absl::CivilSecond(2026, 12, 1, 12));
  EXPECT_EQ(usage(*next_month, "gold1", "2026-12-01", "2026-12-01"),
            R"("values":{"k2":[[0,1000]],"k1":[[0,1000]]}})");
}

TEST(Adoption, CountsOnTodayWhateverTheEndDate) {
  Files files = with("usage-gold1.json",
                     R"({"usagePlanId": "gold1", "startDate": "2026-11-01",
      "endDate": "2026-11-07", "items": {"k1": [[100, 900], [0, 900],
      [30, 870], [5, 865], [0, 865], [0, 865], [0, 865]]}})");
  const auto enforcer =
      adopted(files, "end_date", absl::CivilSecond(2026, 11, 4, 12));
  const Route prod = *enforcer->intern_route("shop", "prod", "/x/GET");
  EXPECT_TRUE(enforcer->admit({kSecret1, prod}).admitted());
  EXPECT_EQ(usage(*enforcer, "gold1", "2026-11-03", "2026-11-05"),
            R"("values":{"k2":[[0,1000],[0,1000],[0,1000]],)"
            R"("k1":[[30,870],[6,864],[0,864]]}})");
}

TEST(Adoption, FindsThePlanThatAFileNames) {
  Files files;
  for (const auto& [name, text] : all_files()) {
    files.emplace_back(absl::StrReplaceAll(name, {{"free2", "gold1-b"}}),
                       absl::StrReplaceAll(text, {{"free2", "gold1-b"}}));
  }
  const auto enforcer =
      adopted(files, "names", absl::CivilSecond(2026, 11, 4, 12));
  EXPECT_EQ(enforcer->list_usage_plan_keys("gold1")->items.size(), 2u);
  EXPECT_EQ(enforcer->list_usage_plan_keys("gold1-b")->items.size(), 1u);
}

TEST(Adoption, ShowsNoValueThatStandsForAnId) {
  Adoption adoption(start_days(), kToday);
  ASSERT_THAT(adoption.take(dump_of(
                  with("usage-gold1.json",
                       absl::StrReplaceAll(
                           kGoldUsage, {{"gone", "secret-of-a-key-gone"}})))),
              IsEmpty());
  EXPECT_THAT(adoption.report().notes,
              Contains(Pair("usage of keys that the plan does not have, which "
                            "is left out",
                            ElementsAre("\"secr\"... of gold1"))));
  EXPECT_THAT(
      problems(with("usage-gold1.json",
                    absl::StrReplaceAll(kGoldUsage, {{"\"gone\": [[1",
                                                      "\"secret-of-a-key-"
                                                      "gone\": [[\"x\""}}))),
      ElementsAre(HasSubstr("key \"secr\"...: expected [used, remaining]")));
}

TEST(Adoption, ReadsPagesAndYaml) {
  Files files = without("usage-plan-keys-gold1.json");
  files.emplace_back(
      "usage-plan-keys-gold1-1.json",
      R"({"position": "p", "items": [{"id": "k2", "type": "API_KEY"}]})");
  files.emplace_back("usage-plan-keys-gold1-2.yaml",
                     "items:\n- id: k1\n  type: API_KEY\n  name: one\n");
  for (auto& [name, text] : files) {
    if (name == "usage-gold1.json") {
      text = absl::StrReplaceAll(
          text, {{"\"gone\"", "\"k2\""}, {"[[1, 2]]", "[[7, 993]]"}});
    }
  }
  // The same days of another key, on a page of their own; other days, too.
  files.emplace_back("more.json",
                     R"({"usagePlanId": "gold1", "startDate": "2026-10-30",
                         "endDate": "2026-10-31",
                         "values": {"k1": [[1, 999], [2, 997]]}})");
  const auto enforcer =
      adopted(files, "pages", absl::CivilSecond(2026, 11, 4, 12));
  EXPECT_EQ(usage(*enforcer, "gold1", "2026-10-30", "2026-11-04"),
            R"("values":{"k2":[[0,1000],[0,1000],)"
            R"([7,993],[0,993],[0,993],[0,993]],)"
            R"("k1":[[1,999],[2,997],[100,900],[0,900],[30,370],[5,365]]}})");
}

TEST(Adoption, ReadsOffsetsAsTheRulesSay) {
  // Two requests less in the first week, which the 1st begins: 10 - 2 = 8.
  const PlanRules requests;
  Files files = with("usage-free2.json", R"({"usagePlanId": "free2",
      "startDate": "2026-11-01", "endDate": "2026-11-04", "items": {
      "k1": [[1, 7], [2, 5], [0, 5], [4, 1]]}})");
  for (auto& [name, text] : files) {
    // Created on the 1st.
    if (name == "get-api-keys.json") {
      text = absl::StrReplaceAll(text, {{"1764547200,", "1793491200,"}});
    }
  }
  const auto enforcer =
      adopted(files, "requests", absl::CivilSecond(2026, 11, 4, 12), requests);
  EXPECT_EQ(usage(*enforcer, "free2", "2026-11-01", "2026-11-08"),
            R"("values":{"k1":[[1,7],[2,5],[0,5],[4,1],[0,1],[0,1],[0,1],)"
            R"([0,10]]}})");
  // As start days, an offset of requests may be none.
  EXPECT_THAT(
      problems(with(
          "get-usage-plans.json",
          absl::StrReplaceAll(kPlans, {{"\"offset\": 2", "\"offset\": 7"}}))),
      Contains(AllOf(HasSubstr("get-usage-plans.json:8: plan \"free2\": "),
                     HasSubstr("/quota/offset: expected 0 to 6, got 7"))));
}

TEST(Adoption, ReportsWhatHasNoPlaceOrEffect) {
  Files files = all_files();
  files.emplace_back("get-account.json", R"({"throttleSettings": {}})");
  files.emplace_back("other-plan.json", R"({"usagePlanId": "none",
      "startDate": "2026-11-01", "endDate": "2026-11-04", "items": {}})");
  for (auto& [name, text] : files) {
    if (name == "get-api-keys.json") {
      text = absl::StrReplaceAll(
          text, {{"\"enabled\": false", "\"enabled\": false, \"colour\": 1"}});
    }
  }
  Adoption adoption(start_days(), kToday);
  ASSERT_THAT(adoption.take(dump_of(files)), IsEmpty());
  const AdoptionReport& report = adoption.report();
  EXPECT_EQ(report.plans, 2u);
  EXPECT_EQ(report.keys, 3u);
  EXPECT_EQ(report.associations, 3u);
  EXPECT_EQ(report.used_associations, 2u);
  EXPECT_EQ(report.last_day, kToday);
  EXPECT_EQ(report.first_day, kToday - 3);
  EXPECT_TRUE(report.has_offsets);
  EXPECT_THAT(
      report.notes,
      ElementsAre(
          Pair("files that are not among the answers",
               ElementsAre("get-account.json")),
          Pair("keys that are disabled", ElementsAre("k2")),
          Pair("keys whose remaining quota is not the limit minus the usage, "
               "kept as an extension",
               ElementsAre("k1 of gold1")),
          Pair("keys with a customerId, which is kept and has no effect",
               ElementsAre("k2")),
          Pair("keys with a member \"colour\", which is left out",
               ElementsAre("k2")),
          Pair("keys with stageKeys, which are kept and have no effect",
               ElementsAre("k2")),
          Pair("keys without a plan, which admit nothing", ElementsAre("k0")),
          Pair("plans with a productCode, which is kept and has no effect",
               ElementsAre("gold1")),
          Pair("plans with tags of AWS's own (aws:...), which are left out",
               ElementsAre("gold1")),
          Pair("usage of keys that the plan does not have, which is left out",
               ElementsAre("\"gone\" of gold1")),
          Pair("usage of plans that are not there, which is left out",
               ElementsAre("none"))));
}

TEST(Adoption, WarnsOfUsageThatMayBeCutShort) {
  // 26 keys, of which the usage is of 25; and it begins in the month.
  std::string keys = "{\"items\": [", plan_keys = keys, usage;
  for (int i = 0; i < 26; ++i) {
    absl::StrAppend(&keys, i > 0 ? "," : "", "{\"id\":\"k", i,
                    "\",\"enabled\":true,\"value\":\"secret-", 1000 + i,
                    "-0123456789\"}");
    absl::StrAppend(&plan_keys, i > 0 ? "," : "", "{\"id\":\"k", i,
                    "\",\"type\":\"API_KEY\"}");
    if (i < 25) {
      absl::StrAppend(&usage, i > 0 ? "," : "", "\"k", i, "\":[[1,900]]");
    }
  }
  const Files files = {
      {"plans.json", R"({"id":"p","name":"n","apiStages":[],)"
                     R"("quota":{"limit":1000,"period":"MONTH"}})"},
      {"keys.json", keys + "]}"},
      {"plan-keys.json", plan_keys + "]}"},
      {"usage.json", R"({"usagePlanId":"p","startDate":"2026-11-04",)"
                     R"("endDate":"2026-11-04","items":{)" +
                         usage + "}}"}};
  Adoption adoption(start_days(), kToday);
  ASSERT_THAT(adoption.take(dump_of(files)), IsEmpty());
  std::vector<std::string> notes;
  for (const auto& [what, of] : adoption.report().notes) notes.push_back(what);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("kept as an extension"),
                                 HasSubstr("not from the start of the period"),
                                 HasSubstr("is a page missing?"),
                                 HasSubstr("plans without stages")));
}

TEST(Adoption, RefusesWhatIsNotWhole) {
  EXPECT_THAT(problems({}), ElementsAre(":0: contains no usage plans: "
                                        "get-usage-plans"));
  EXPECT_THAT(problems(without("usage-plan-keys-gold1.json")),
              ElementsAre("get-usage-plans.json:2: the keys of plan gold1 are "
                          "missing: get-usage-plan-keys"));
  EXPECT_THAT(problems(without("usage-free2.json")),
              ElementsAre("get-usage-plans.json:8: the usage of plan free2 is "
                          "missing: get-usage"));
  EXPECT_THAT(problems(without("get-api-keys.json")),
              Contains("usage-plan-keys-free2.json:1: plan free2 has a key "
                       "\"k1\" that get-api-keys does not have"));
  EXPECT_THAT(
      problems(
          with("get-api-keys.json",
               absl::StrReplaceAll(
                   kKeys, {{"\"value\": \"secret-of-key-one-0001\",", ""}}))),
      ElementsAre("get-api-keys.json:6: key k1 has no value: get-api-keys "
                  "needs --include-values"));
  EXPECT_THAT(
      problems(with("usage-plan-keys-gold1.json",
                    R"({"NextToken": "x", "items":
                        [{"id": "k1", "type": "API_KEY"}]})")),
      ElementsAre("get-usage-plans.json:2: the list of the keys of plan gold1 "
                  "says that another page follows, which is missing"));
  EXPECT_THAT(
      problems(with("usage-gold1.json",
                    absl::StrReplaceAll(kGoldUsage, {{"\"usagePlanId\"",
                                                      "\"position\": \"x\", "
                                                      "\"usagePlanId\""}}))),
      ElementsAre("usage-gold1.json:0: says that another page follows, "
                  "which is missing (get-usage of plan gold1 from "
                  "2026-11-01 to 2026-11-04)"));
  EXPECT_THAT(
      problems(with("get-api-keys.json",
                    absl::StrReplaceAll(kKeys, {{"{\"items\"",
                                                 "{\"position\": "
                                                 "\"x\", \"items\""}}))),
      ElementsAre("get-api-keys.json:0: says that another page "
                  "follows, which is missing (get-api-keys)"));
}

TEST(Adoption, RefusesWhatIsWrong) {
  const auto keys_with = [](std::string_view from, std::string_view to) {
    return problems(with(
        "get-api-keys.json",
        absl::StrReplaceAll(kKeys, {{std::string(from), std::string(to)}})));
  };
  EXPECT_THAT(keys_with("\"k2\"", "\"k1\""),
              Contains("get-api-keys.json:2: key k1 is there twice"));
  EXPECT_THAT(keys_with("two-0002", "one-0001"),
              Contains("get-api-keys.json:2: key k2 has the value of k1"));
  EXPECT_THAT(keys_with("\"k0\"", "\"k 0\""),
              ElementsAre("get-api-keys.json:9: key \"\": expected an id of 1 "
                          "to 64 letters, digits, '_' and '-', got \"k 0\""));
  EXPECT_THAT(keys_with("secret-of-key-nil-0000", "secret-short"),
              ElementsAre(HasSubstr("get-api-keys.json:9: key k0: ")));
  EXPECT_THAT(keys_with("\"enabled\": false", "\"enabled\": \"no\""),
              ElementsAre("get-api-keys.json:2: key \"k2\": /enabled: expected "
                          "true or false"));
  EXPECT_THAT(keys_with("2026-10-31T", "yesterday "),
              ElementsAre(HasSubstr("/createdDate: expected a date")));
  EXPECT_THAT(keys_with("\"value\": \"secret-of-key-one-0001\"",
                        "\"value\": [\"secret-of-key-one-0001\"]"),
              Contains(HasSubstr("/value: expected a string")));
  EXPECT_THAT(keys_with("{\"items\"", "{\"items\"\""),
              Contains(HasSubstr("get-api-keys.json:0: line 1, column 9: ")));

  const auto plans_with = [](std::string_view from, std::string_view to) {
    return problems(with(
        "get-usage-plans.json",
        absl::StrReplaceAll(kPlans, {{std::string(from), std::string(to)}})));
  };
  EXPECT_THAT(plans_with("\"free2\"", "\"gold1\""),
              Contains("get-usage-plans.json:2: plan gold1 is there twice"));
  EXPECT_THAT(plans_with("1000", "\"many\""),
              Contains(HasSubstr("get-usage-plans.json:2: /quota/limit: "
                                 "expected a whole number from 0 to")));
  EXPECT_THAT(
      plans_with("1000", "-1"),
      ElementsAre(HasSubstr("get-usage-plans.json:2: plan \"gold1\": ")));
  // One key under two plans for one stage.
  EXPECT_THAT(plans_with("\"test\"", "\"prod\""),
              ElementsAre(HasSubstr("get-api-keys.json:6: key k1: ")));

  const auto usage_with = [](std::string_view from, std::string_view to,
                             Day today = kToday) {
    return problems(with("usage-gold1.json",
                         absl::StrReplaceAll(kGoldUsage, {{std::string(from),
                                                           std::string(to)}})),
                    start_days(), today);
  };
  EXPECT_THAT(usage_with("2026-11-04", "2026-02-30"),
              Contains(HasSubstr("usage-gold1.json:1: expected a startDate")));
  EXPECT_THAT(usage_with("[5, 365]", "[5]"),
              ElementsAre("usage-gold1.json:3: key \"k1\": expected [used, "
                          "remaining], two numbers"));
  EXPECT_THAT(usage_with("[5, 365]", "[-5, 365]"),
              ElementsAre(HasSubstr("expected [used, remaining]")));
  EXPECT_THAT(usage_with("[5, 365]", "[5, 365], [1, 1]"),
              ElementsAre(HasSubstr("expected a list of 4 days")));
  EXPECT_THAT(usage_with("[5, 365]", "[99999999999999, 365]"),
              ElementsAre(HasSubstr("day 4: expected less than 2^43")));
  EXPECT_THAT(usage_with("", "", kToday - 1),
              Contains(HasSubstr("key k1 of plan gold1, day 4: requests on a "
                                 "day that is still to come")));
  Files files = all_files();
  files.emplace_back("again.json", R"({"usagePlanId": "gold1",
      "startDate": "2026-11-03", "endDate": "2026-11-03",
      "items": {"k1": [[31, 370]]}})");
  EXPECT_THAT(problems(files),
              ElementsAre("again.json:3: key k1 of plan gold1, day 1: another "
                          "file says otherwise of this day"));

  EXPECT_THAT(
      problems(with("usage-plan-keys-gold1.json",
                    R"([{"id": "k1", "type": "API_KEY"},
                        {"id": "k1", "type": "API_KEY"}])")),
      ElementsAre("get-usage-plans.json:2: plan gold1 has the key k1 twice"));
  Files unnamed = without("usage-plan-keys-gold1.json");
  unnamed.emplace_back("keys-of-a-plan.json", kGoldKeys);
  EXPECT_THAT(problems(unnamed),
              Contains("keys-of-a-plan.json:1: lists the keys of a plan that "
                       "its name does not tell: call it "
                       "usage-plan-keys-PLAN_ID.json"));
}

}  // namespace
}  // namespace weir
