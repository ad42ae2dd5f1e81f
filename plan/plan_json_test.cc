#include "weir/plan/plan_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/testing/plan_samples.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using ::google::protobuf::Value;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

v1::UsagePlan loaded(std::string_view json) {
  const auto plan = usage_plan_from_json(json);
  EXPECT_TRUE(plan.ok()) << json << ": " << plan.status();
  return plan.ok() ? *plan : v1::UsagePlan();
}

absl::Status load_error(std::string_view json) {
  const auto plan = usage_plan_from_json(json);
  EXPECT_FALSE(plan.ok()) << json;
  return plan.status();
}

// The output of `aws apigateway get-usage-plan`.
constexpr char kCliSample[] = R"({
    "id": "a1b2c3",
    "name": "Basic",
    "description": "For \"everybody\"",
    "apiStages": [
        {
            "apiId": "o81lxisefl",
            "stage": "prod",
            "throttle": {
                "/pets/GET": {
                    "burstLimit": 1,
                    "rateLimit": 1.0
                },
                "//GET": {
                    "burstLimit": 3,
                    "rateLimit": 0.5
                }
            }
        },
        {
            "apiId": "o81lxisefl",
            "stage": "dev"
        }
    ],
    "throttle": {
        "burstLimit": 20,
        "rateLimit": 10.0
    },
    "quota": {
        "limit": 500,
        "offset": 0,
        "period": "MONTH"
    },
    "productCode": "p-1",
    "tags": {
        "team": "blue"
    }
})";

TEST(UsagePlanFromJson, LoadsWhatTheCliPrints) {
  const v1::UsagePlan plan = loaded(kCliSample);
  EXPECT_EQ(plan.id(), "a1b2c3");
  EXPECT_EQ(plan.name(), "Basic");
  EXPECT_EQ(plan.description(), "For \"everybody\"");
  ASSERT_EQ(plan.api_stages_size(), 2);
  EXPECT_EQ(plan.api_stages(0).api_id(), "o81lxisefl");
  EXPECT_EQ(plan.api_stages(0).stage(), "prod");
  EXPECT_EQ(plan.api_stages(0).throttle().size(), 2u);
  EXPECT_EQ(plan.api_stages(0).throttle().at("/pets/GET").burst_limit(), 1);
  EXPECT_EQ(plan.api_stages(0).throttle().at("//GET").rate_limit(), 0.5);
  EXPECT_EQ(plan.throttle().burst_limit(), 20);
  EXPECT_EQ(plan.throttle().rate_limit(), 10);
  EXPECT_EQ(plan.quota().limit(), 500);
  EXPECT_EQ(plan.quota().period(), v1::MONTH);
  EXPECT_EQ(plan.product_code(), "p-1");
  EXPECT_EQ(plan.tags().at("team"), "blue");
  EXPECT_THAT(validate_usage_plan(plan), IsEmpty());
}

TEST(UsagePlanFromJson, TakesNumbersAsStrings) {
  const v1::UsagePlan plan =
      loaded(R"({"name":"n","throttle":{"rateLimit":"0.1","burstLimit":"7"},)"
             R"("quota":{"limit":"8796093022207","period":"DAY"}})");
  EXPECT_EQ(plan.throttle().rate_limit(), 0.1);
  EXPECT_EQ(plan.throttle().burst_limit(), 7);
  EXPECT_EQ(plan.quota().limit(), 8796093022207);
}

TEST(UsagePlanFromJson, RoundsNoInteger) {
  EXPECT_EQ(load_error("{\"name\":\"n\",\n"
                       " \"quota\":{\"limit\":9007199254740993}}")
                .message(),
            "line 2, column 19: integer \"9007199254740993\" has more digits "
            "than a double keeps: expected a string that holds it");
  EXPECT_EQ(loaded(R"({"quota":{"limit":"9007199254740993"}})").quota().limit(),
            9007199254740993);
}

TEST(UsagePlanFromJson, TakesZeroInAllItsForms) {
  for (const char* zero : {"0", "-0", "-0.0", "\"-0\"", "\"+0\"", "\"-0.0\""}) {
    const v1::UsagePlan plan = loaded(
        absl::StrCat(R"({"throttle":{"rateLimit":)", zero,
                     R"(},"apiStages":[{"throttle":{"/a/GET":{"rate_limit":)",
                     zero, R"(}}}]})"));
    EXPECT_FALSE(std::signbit(plan.throttle().rate_limit())) << zero;
    EXPECT_FALSE(
        std::signbit(plan.api_stages(0).throttle().at("/a/GET").rate_limit()));
  }
  for (const char* zero : {"0", "-0", "\"-0\"", "\"+0\""}) {
    const v1::UsagePlan plan =
        loaded(absl::StrCat(R"({"quota":{"limit":)", zero,
                            R"(},"throttle":{"burstLimit":)", zero, "}}"));
    EXPECT_TRUE(plan.quota().has_limit()) << zero;
    EXPECT_EQ(plan.quota().limit(), 0);
    EXPECT_EQ(plan.throttle().burst_limit(), 0);
  }
  for (const char* none : {R"({"quota":{"period":"DAY"}})",
                           R"({"quota":{"limit":null,"period":"DAY"}})"}) {
    EXPECT_FALSE(loaded(none).quota().has_limit());
  }
}

TEST(UsagePlanFromJson, NamesTheRangesThatNumbersHave) {
  for (const char* name : {"burstLimit", "burst_limit"}) {
    EXPECT_EQ(load_error(absl::StrCat(R"({"throttle":{")", name,
                                      R"(":"9223372036854775808"}})"))
                  .message(),
              absl::StrCat("/throttle/", name,
                           ": expected a whole number from 0 to 2147483647, "
                           "got string \"9223372036854775808\""));
  }
  EXPECT_EQ(load_error(R"({"throttle":{"rateLimit":true}})").message(),
            "/throttle/rateLimit: expected 0, or 0.000001 to 1000000000, got "
            "true");
  EXPECT_EQ(load_error(R"({"quota":{"limit":1e300}})").message(),
            "/quota/limit: expected a whole number from 0 to 8796093022207, "
            "got number 1e+300");
  EXPECT_EQ(load_error(R"({"quota":{"offset":[]}})").message(),
            "/quota/offset: expected a whole number from 0 to 8796093022207, "
            "got an array");
  EXPECT_EQ(load_error(R"({"apiStages":[{},{"throttle":{"/a/GET":)"
                       R"({"burstLimit":0.5}}}]})")
                .message(),
            "/apiStages/1/throttle/~1a~1GET/burstLimit: expected a whole "
            "number from 0 to 2147483647, got number 0.5");
}

TEST(UsagePlanFromJson, TakesNullForAbsent) {
  const v1::UsagePlan plan =
      loaded(R"({"name":"n","description":null,"throttle":null,"quota":null,)"
             R"("apiStages":null,"tags":null})");
  EXPECT_FALSE(plan.has_throttle());
  EXPECT_FALSE(plan.has_quota());
  EXPECT_EQ(plan_bytes(plan), plan_bytes(loaded(R"({"name":"n"})")));
}

TEST(UsagePlanFromJson, MakesMethodKeysCanonical) {
  const v1::UsagePlan plan =
      loaded(R"({"apiStages":[{"throttle":{"pets/GET":{},"~1/PUT":{}}}]})");
  EXPECT_EQ(plan.api_stages(0).throttle().count("/pets/GET"), 1u);
  EXPECT_EQ(plan.api_stages(0).throttle().count("//PUT"), 1u);

  const absl::Status twice = load_error(
      R"({"apiStages":[{},{"throttle":{"pets/GET":{},"/pets/GET":{}}}]})");
  EXPECT_THAT(
      std::string(twice.message()),
      AllOf(StartsWith("/apiStages/1/throttle: "), HasSubstr("\"/pets/GET\"")));
  const absl::Status bad =
      load_error(R"({"apiStages":[{"throttle":{"*/*":{}}}]})");
  EXPECT_EQ(aws_message(bad),
            "Invalid method {resourcePath: *,method: *} specified");
}

TEST(UsagePlanFromJson, RefusesUnknownMembersByName) {
  struct Case {
    const char* json;
    const char* name;
  };
  for (const Case& c :
       {Case{R"({"nmae":"x"})", "nmae"},
        Case{R"({"quota":{"limits":1}})", "limits"},
        Case{R"({"apiStages":[{},{"apiID":"x"}]})", "apiID"},
        Case{R"({"apiStages":[{"throttle":{"/a/GET":{"rate":1}}}]})", "rate"},
        Case{R"({"_links":{}})", "_links"}}) {
    const absl::Status status = load_error(c.json);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.json;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.name));
  }
  EXPECT_THAT(
      std::string(load_error(R"({"apiStages":[{},{"apiID":"x"}]})").message()),
      StartsWith("/apiStages/1/apiID: there is no such member: expected apiId, "
                 "stage or throttle"));
}

TEST(UsagePlanFromJson, RefusesWrongTypes) {
  for (const char* json : {"[]",
                           "null",
                           "1",
                           "\"{}\"",
                           R"({"name":1})",
                           R"({"name":{}})",
                           R"({"apiStages":{}})",
                           R"({"apiStages":["a:b"]})",
                           R"({"apiStages":[null]})",
                           R"({"apiStages":[{"throttle":5}]})",
                           R"({"apiStages":[{"throttle":"{}"}]})",
                           R"({"apiStages":[{"throttle":[]}]})",
                           R"({"throttle":[]})",
                           R"({"throttle":5})",
                           R"({"throttle":{"rateLimit":"fast"}})",
                           R"({"throttle":{"rateLimit":true}})",
                           R"({"throttle":{"rateLimit":"NaN"}})",
                           R"({"throttle":{"rateLimit":"Infinity"}})",
                           R"({"throttle":{"burstLimit":1.5}})",
                           R"({"throttle":{"burstLimit":""}})",
                           R"({"quota":{"limit":"9223372036854775808"}})",
                           R"({"quota":{"limit":1e300}})",
                           R"({"tags":[]})",
                           R"({"tags":{"a":1}})",
                           R"({"tags":{"a":null}})"}) {
    EXPECT_EQ(load_error(json).code(), absl::StatusCode::kInvalidArgument)
        << json;
  }
}

TEST(UsagePlanFromJson, RefusesUnknownPeriodsWithAwsText) {
  for (const char* period : {"\"YEAR\"", "\"day\"", "\"\"", "2", "\"2\"", "{}",
                             "\"QUOTA_PERIOD_UNSPECIFIED\""}) {
    const absl::Status status = load_error(
        std::string(R"({"quota":{"limit":1,"period":)") + period + "}}");
    EXPECT_EQ(aws_message(status),
              "Invalid Usage Plan quota period specified. Must be one of [DAY, "
              "WEEK, MONTH]");
    EXPECT_THAT(std::string(status.message()), StartsWith("/quota/period: "));
  }
  // Validation reports a missing period.
  EXPECT_EQ(loaded(R"({"quota":{"limit":1,"period":null}})").quota().period(),
            v1::QUOTA_PERIOD_UNSPECIFIED);
}

TEST(UsagePlanFromJson, RefusesHostileText) {
  EXPECT_EQ(load_error("{\"name\":\"a\",\n\"name\":\"b\"}").message(),
            "line 2, column 1: member \"name\" is there twice");
  EXPECT_EQ(load_error("{\"name\":\"\xFF\"}").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(load_error(std::string(100000, '[')).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(load_error(std::string((6 << 20) + 1, ' ')).code(),
            absl::StatusCode::kResourceExhausted);
  const absl::Status status =
      load_error("{\"" + std::string(100000, 'x') + "\":1}");
  EXPECT_LT(status.message().size(), 300u);
}

TEST(UsagePlanToJson, WritesWhatApiGatewayWrites) {
  EXPECT_EQ(
      usage_plan_to_json(loaded(kCliSample)),
      R"({"id":"a1b2c3","name":"Basic","description":"For \"everybody\"",)"
      R"("apiStages":[{"apiId":"o81lxisefl","stage":"prod","throttle":{)"
      R"("//GET":{"burstLimit":3,"rateLimit":0.5},)"
      R"("/pets/GET":{"burstLimit":1,"rateLimit":1.0}}},)"
      R"({"apiId":"o81lxisefl","stage":"dev"}],)"
      R"("throttle":{"burstLimit":20,"rateLimit":10.0},)"
      R"("quota":{"limit":500,"offset":0,"period":"MONTH"},)"
      R"("productCode":"p-1","tags":{"team":"blue"}})");
}

TEST(UsagePlanToJson, LeavesOutWhatIsNotSet) {
  EXPECT_EQ(usage_plan_to_json(loaded(R"({"name":"n"})")),
            R"({"name":"n","apiStages":[],"tags":{}})");
  EXPECT_EQ(usage_plan_to_json(loaded(R"({"name":"n","throttle":{}})")),
            R"({"name":"n","apiStages":[],)"
            R"("throttle":{"burstLimit":0,"rateLimit":0.0},"tags":{}})");
}

TEST(UsagePlanToJson, WritesPrettyText) {
  EXPECT_EQ(usage_plan_to_json(loaded(R"({"id":"p","name":"n"})"),
                               JsonStyle::kPretty),
            "{\n  \"id\": \"p\",\n  \"name\": \"n\",\n  \"apiStages\": [],\n"
            "  \"tags\": {}\n}");
}

TEST(UsagePlanToJson, WritesLimitsOf64BitsAsNumbers) {
  v1::UsagePlan plan;
  plan.mutable_quota()->set_limit((std::int64_t{1} << 43) - 1);
  EXPECT_THAT(usage_plan_to_json(plan), HasSubstr("\"limit\":8796093022207,"));
  plan.mutable_quota()->set_limit(INT64_MAX);
  EXPECT_THAT(usage_plan_to_json(plan),
              HasSubstr("\"limit\":9223372036854775807,"));
}

TEST(UsagePlanToJson, ReadsBackTheSame) {
  const std::uint64_t seed = test_seed(1);
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200; ++i) {
    const v1::UsagePlan plan = random_plan(&random);
    ASSERT_THAT(validate_usage_plan(plan), IsEmpty());
    for (const JsonStyle style : {JsonStyle::kCompact, JsonStyle::kPretty}) {
      const std::string json = usage_plan_to_json(plan, style);
      const auto read = usage_plan_from_json(json);
      ASSERT_TRUE(read.ok()) << read.status() << "\n" << json;
      ASSERT_EQ(plan_bytes(*read), plan_bytes(plan)) << json;
      ASSERT_EQ(usage_plan_to_json(*read, style), json);
    }
  }
}

TEST(UsagePlanFromJson, SurvivesDamagedText) {
  const std::uint64_t seed = test_seed(2);
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string pieces = "{}[]\",:0123456789.eE+-truefalsnl\\u~/ \xC3\xA4";
  for (int i = 0; i < 400; ++i) {
    std::string json = kCliSample;
    for (int edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % json.size();
      switch (random() % 3) {
        case 0:
          json.erase(at, 1 + random() % 20);
          break;
        case 1:
          json.insert(at, 1, pieces[random() % pieces.size()]);
          break;
        default:
          json[at] = static_cast<char>(random());
      }
    }
    const auto plan = usage_plan_from_json(json);
    if (plan.ok()) {
      EXPECT_TRUE(usage_plan_from_json(usage_plan_to_json(*plan)).ok());
    } else {
      EXPECT_FALSE(plan.status().message().empty());
    }
  }
}

std::vector<v1::PatchOperation> operations(std::string_view json) {
  const auto list = patch_operations_from_json(json);
  EXPECT_TRUE(list.ok()) << json << ": " << list.status();
  return list.ok() ? *list : std::vector<v1::PatchOperation>();
}

TEST(PatchOperationsFromJson, TakesBothForms) {
  const std::string list = R"([{"op":"replace","path":"/name","value":"x"},)"
                           R"({"op":"copy","from":"/a","path":"/b"}])";
  for (const std::string& json :
       {list, "{\"patchOperations\": " + list + "}"}) {
    const auto read = operations(json);
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].op(), "replace");
    EXPECT_EQ(read[0].path(), "/name");
    EXPECT_EQ(read[0].value().string_value(), "x");
    EXPECT_EQ(read[1].op(), "copy");
    EXPECT_EQ(read[1].from(), "/a");
    EXPECT_FALSE(read[1].has_value());
  }
  EXPECT_THAT(operations("[]"), IsEmpty());
  EXPECT_THAT(operations(R"({"patchOperations":[]})"), IsEmpty());
}

TEST(PatchOperationsFromJson, KeepsAnyValueAndItsAbsence) {
  const auto read = operations(
      R"([{"op":"add","path":""},{"op":"add","path":"","value":null},)"
      R"({"op":"add","path":"","value":1.5},)"
      R"({"op":"add","path":"","value":{"a":[true]}}])");
  ASSERT_EQ(read.size(), 4u);
  EXPECT_FALSE(read[0].has_value());
  EXPECT_TRUE(read[1].has_value());
  EXPECT_EQ(read[1].value().kind_case(), Value::kNullValue);
  EXPECT_EQ(read[2].value().number_value(), 1.5);
  EXPECT_TRUE(read[3]
                  .value()
                  .struct_value()
                  .fields()
                  .at("a")
                  .list_value()
                  .values(0)
                  .bool_value());
}

TEST(PatchOperationsFromJson, IgnoresOtherMembersOfAnOperation) {
  EXPECT_EQ(operations(R"([{"op":"add","path":"/a","xyz":123}])").size(), 1u);
}

TEST(PatchOperationsFromJson, RefusesWhatIsNoPatch) {
  for (const char* json :
       {"", "{}", "1", "\"\"", R"({"patchOperation":[]})",
        R"({"patchOperations":{}})", R"({"patchOperations":null})", "[1]",
        "[null]", "[[]]", R"([{"path":"/a"}])", R"([{"op":"add"}])",
        R"([{"op":1,"path":"/a"}])", R"([{"op":"add","path":null}])",
        R"([{"op":"copy","path":"/a","from":1}])",
        R"([{"op":"add","op":"remove","path":"/a"}])"}) {
    const auto list = patch_operations_from_json(json);
    EXPECT_EQ(list.status().code(), absl::StatusCode::kInvalidArgument) << json;
  }
  EXPECT_EQ(
      patch_operations_from_json(R"([{"op":"add","path":"/a"},{"op":"add"}])")
          .status()
          .message(),
      "operations[1]: expected a member \"path\" that is a string");
}

TEST(PatchOperationsToJson, WritesTheBodyOfUpdateUsagePlan) {
  const auto list = operations(
      R"([{"op":"remove","path":"/quota"},)"
      R"({"op":"replace","path":"/throttle/rateLimit","value":"2.5"}])");
  EXPECT_EQ(patch_operations_to_json(list),
            R"({"patchOperations":[{"op":"remove","path":"/quota"},)"
            R"({"op":"replace","path":"/throttle/rateLimit","value":"2.5"}]})");
  EXPECT_EQ(patch_operations_to_json(list, JsonStyle::kPretty),
            R"({"patchOperations": [
  {"op":"remove","path":"/quota"},
  {"op":"replace","path":"/throttle/rateLimit","value":"2.5"}
]})");
  EXPECT_EQ(patch_operations_to_json({}), R"({"patchOperations":[]})");
}

TEST(UsageToJson, WritesWhatApiGatewayWrites) {
  v1::Usage usage;
  usage.set_usage_plan_id("p1");
  usage.set_start_date("2026-09-01");
  usage.set_end_date("2026-09-02");
  v1::KeyUsage* item = usage.add_items();
  item->set_key_id("k1");
  v1::DailyUsage* day = item->add_days();
  day->set_used(137);
  day->set_remaining(999863);
  day = item->add_days();
  day->set_remaining(INT64_MAX);
  usage.add_items()->set_key_id("k2");
  EXPECT_EQ(usage_to_json(usage),
            R"({"usagePlanId":"p1","startDate":"2026-09-01",)"
            R"("endDate":"2026-09-02","values":{)"
            R"("k1":[[137,999863],[0,9223372036854775807]],"k2":[]}})");
  usage.clear_items();
  usage.set_position("a/b==");
  EXPECT_EQ(usage_to_json(usage),
            R"({"usagePlanId":"p1","startDate":"2026-09-01",)"
            R"("endDate":"2026-09-02","position":"a/b==","values":{}})");
}

TEST(ApiKeyToJson, WritesTheSecretOnlyIfAsked) {
  v1::ApiKey key;
  key.set_id("k1");
  key.set_value("secret-secret-secret");
  EXPECT_EQ(api_key_to_json(key, false),
            R"({"id":"k1","enabled":false,"stageKeys":[],"tags":{}})");
  EXPECT_EQ(api_key_to_json(key, true),
            R"({"id":"k1","value":"secret-secret-secret","enabled":false,)"
            R"("stageKeys":[],"tags":{}})");
  key.set_name("n");
  key.set_description("d");
  key.set_enabled(true);
  key.set_customer_id("c");
  key.mutable_created_date()->set_seconds(1700000000);
  key.mutable_created_date()->set_nanos(999999999);
  key.mutable_last_updated_date()->set_seconds(1700000001);
  key.add_stage_keys("a1/prod");
  (*key.mutable_tags())["team"] = "blue";
  EXPECT_EQ(api_key_to_json(key, false),
            R"({"id":"k1","name":"n","description":"d","enabled":true,)"
            R"("customerId":"c","createdDate":1700000000,)"
            R"("lastUpdatedDate":1700000001,"stageKeys":["a1/prod"],)"
            R"("tags":{"team":"blue"}})");
}

}  // namespace
}  // namespace weir
