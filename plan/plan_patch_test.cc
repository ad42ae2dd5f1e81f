#include "weir/plan/plan_patch.h"

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/testing/plan_samples.h"
#include "weir/plan/validation.h"
#include "weir/tests/patch_operations.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr PlanRules kStartDay = {PlanRules::QuotaOffset::kStartDay};

// The initial plan of most tests.
constexpr char kPlan[] = R"({
  "id": "p1", "name": "basic", "description": "d", "productCode": "c",
  "apiStages": [
    {"apiId": "a", "stage": "dev"},
    {"apiId": "a", "stage": "prod", "throttle": {
      "/pets/GET": {"rateLimit": 1, "burstLimit": 2},
      "//GET": {"rateLimit": 3, "burstLimit": 4}}}],
  "throttle": {"rateLimit": 10, "burstLimit": 20},
  "quota": {"limit": 500, "offset": 6, "period": "WEEK"},
  "tags": {"k": "v"}})";

v1::UsagePlan plan_of(std::string_view json) {
  const auto plan = usage_plan_from_json(json);
  EXPECT_TRUE(plan.ok()) << json << ": " << plan.status();
  return plan.ok() ? *plan : v1::UsagePlan();
}

using Patch = std::vector<v1::PatchOperation>;

v1::UsagePlan patched(const v1::UsagePlan& plan, const Patch& patch,
                      const PlanRules& rules = {}) {
  const auto result = patch_usage_plan(plan, patch, rules);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : v1::UsagePlan();
}

v1::UsagePlan patched(const Patch& patch, const PlanRules& rules = {}) {
  return patched(plan_of(kPlan), patch, rules);
}

// The error of a patch that must fail and leave the plan unchanged.
absl::Status failure(const v1::UsagePlan& plan, const Patch& patch,
                     const PlanRules& rules = {}) {
  const std::string before = plan_bytes(plan);
  const auto result = patch_usage_plan(plan, patch, rules);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(plan_bytes(plan), before);
  return result.status();
}

absl::Status failure(const Patch& patch, const PlanRules& rules = {}) {
  return failure(plan_of(kPlan), patch, rules);
}

const v1::ApiStage& prod(const v1::UsagePlan& plan) {
  return plan.api_stages(1);
}

// --- The matrix
// ---------------------------------------------------------------

constexpr char kAddPaths[] =
    "[/apiStages, /quota/limit, /quota/offset, /quota/period, "
    "/throttle/rateLimit, /throttle/burstLimit, /productCode, "
    "/apiStages/<apidId:stageName>/throttle, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "rateLimit, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "burstLimit]";
constexpr char kReplacePaths[] =
    "[/name, /description, /quota/limit, /quota/offset, /quota/period, "
    "/throttle/rateLimit, /throttle/burstLimit, /productCode, "
    "/apiStages/<apidId:stageName>/throttle, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "rateLimit, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "burstLimit]";
constexpr char kRemovePaths[] =
    "[/apiStages, /quota, /throttle, /productCode, "
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, "
    "/apiStages/<apidId:stageName>/throttle]";

// A path of the table with a value for each operation; null where the operation
// is not supported, "" for none.
struct MatrixRow {
  const char* path;
  const char* add;
  const char* replace;
  const char* remove;
};

constexpr MatrixRow kMatrix[] = {
    {"/name", nullptr, "n2", nullptr},
    {"/description", nullptr, "d2", nullptr},
    {"/productCode", "c2", "c2", ""},
    {"/apiStages", "b:prod", nullptr, "a:dev"},
    {"/apiStages/a:prod/throttle", "{}", "{}", ""},
    {"/apiStages/a:prod/throttle/pets/GET", nullptr, nullptr, ""},
    {"/apiStages/a:prod/throttle/pets/GET/rateLimit", "0.1", "0.1", nullptr},
    {"/apiStages/a:prod/throttle/pets/GET/burstLimit", "9", "9", nullptr},
    {"/quota", nullptr, nullptr, ""},
    {"/quota/limit", "9", "9", nullptr},
    {"/quota/offset", "1", "1", nullptr},
    {"/quota/period", "DAY", "DAY", nullptr},
    {"/throttle/rateLimit", "0.1", "0.1", nullptr},
    {"/throttle/burstLimit", "9", "9", nullptr},
    // With method throttles, the resulting plan of this one would be invalid.
    {"/throttle", nullptr, nullptr, ""},
    // Members that no patch may change, and paths that do not exist.
    {"", nullptr, nullptr, nullptr},
    {"/", nullptr, nullptr, nullptr},
    {"name", nullptr, nullptr, nullptr},
    {"/id", nullptr, nullptr, nullptr},
    {"/tags", nullptr, nullptr, nullptr},
    {"/tags/k", nullptr, nullptr, nullptr},
    {"/api_stages", nullptr, nullptr, nullptr},
    {"/apiStages/", nullptr, nullptr, nullptr},
    {"/apiStages/0", nullptr, nullptr, nullptr},
    {"/apiStages/-", nullptr, nullptr, nullptr},
    {"/apiStages/a:prod", nullptr, nullptr, nullptr},
    {"/apiStages/a:prod/", nullptr, nullptr, nullptr},
    {"/apiStages/a:prod/stage", nullptr, nullptr, nullptr},
    {"/quota/limit/x", nullptr, nullptr, nullptr},
    {"/Throttle", nullptr, nullptr, nullptr},
    {"/throttle/", nullptr, nullptr, nullptr},
};

TEST(PatchUsagePlan, SupportsTheMatrixAndNothingElse) {
  v1::UsagePlan plan = plan_of(kPlan);
  for (const MatrixRow& row : kMatrix) {
    struct {
      const char* kind;
      const char* value;
      const char* supported;
    } const cells[] = {{"add", row.add, kAddPaths},
                       {"replace", row.replace, kReplacePaths},
                       {"remove", row.remove, kRemovePaths}};
    for (const auto& cell : cells) {
      SCOPED_TRACE(absl::StrCat(cell.kind, " ", row.path));
      if (cell.value != nullptr) {
        v1::UsagePlan start = plan;
        if (std::string(row.path) == "/throttle") {
          start.mutable_api_stages(1)->clear_throttle();
        }
        const v1::UsagePlan result =
            patched(start, {operation(cell.kind, row.path, cell.value)});
        EXPECT_NE(plan_bytes(result), plan_bytes(start));
        continue;
      }
      const absl::Status status =
          failure({operation(cell.kind, row.path, "1")});
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(aws_message(status),
                absl::StrCat("Invalid patch path  '", row.path,
                             "' specified for op '", cell.kind,
                             "'. Must be one of: ", cell.supported));
      EXPECT_THAT(std::string(status.message()),
                  StartsWith(absl::StrCat("operations[0] ", cell.kind, " \"",
                                          row.path, "\": ")));
    }
  }
}

TEST(PatchUsagePlan, SupportsNoOtherOperation) {
  for (const MatrixRow& row : kMatrix) {
    for (const char* kind : {"copy", "move", "test", "", "Add", "replace "}) {
      const absl::Status status = failure({operation(kind, row.path, "1")});
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(
          aws_message(status),
          absl::StrCat("Invalid patch path  '", row.path,
                       "' specified for op '", kind, "'. Must be one of: []"));
    }
  }
}

// --- Members of the plan
// ------------------------------------------------------

TEST(PatchUsagePlan, SetsTexts) {
  const v1::UsagePlan plan = patched({operation("replace", "/name", "n2"),
                                      operation("replace", "/description", ""),
                                      operation("add", "/productCode", "c2")});
  EXPECT_EQ(plan.name(), "n2");
  EXPECT_EQ(plan.description(), "");
  EXPECT_EQ(plan.product_code(), "c2");
  EXPECT_EQ(patched({operation("remove", "/productCode")}).product_code(), "");
}

TEST(PatchUsagePlan, LeavesAllElseAlone) {
  v1::UsagePlan expected = plan_of(kPlan);
  expected.set_name("n2");
  EXPECT_EQ(plan_bytes(patched({operation("replace", "/name", "n2")})),
            plan_bytes(expected));
  EXPECT_EQ(plan_bytes(patched({})), plan_bytes(plan_of(kPlan)));
}

TEST(PatchUsagePlan, AddAndReplaceMakeWhatIsAbsent) {
  const v1::UsagePlan bare = plan_of(R"({"name":"n"})");
  for (const char* kind : {"add", "replace"}) {
    // Observed from a real client; the offset is filled in.
    const v1::UsagePlan plan =
        patched(bare, {operation(kind, "/throttle/burstLimit", "100"),
                       operation(kind, "/throttle/rateLimit", "200"),
                       operation(kind, "/quota/period", "MONTH"),
                       operation(kind, "/quota/limit", "5000")});
    EXPECT_EQ(usage_plan_to_json(plan),
              R"({"name":"n","apiStages":[],)"
              R"("throttle":{"burstLimit":100,"rateLimit":200.0},)"
              R"("quota":{"limit":5000,"offset":0,"period":"MONTH"},)"
              R"("tags":{}})");
    const v1::UsagePlan half =
        patched(bare, {operation(kind, "/throttle/rateLimit", "0.1")});
    EXPECT_EQ(half.throttle().rate_limit(), 0.1);
    EXPECT_EQ(half.throttle().burst_limit(), 0);
  }
}

TEST(PatchUsagePlan, RemovesLimits) {
  const v1::UsagePlan plan =
      patched({operation("remove", "/quota"),
               operation("remove", "/apiStages/a:prod/throttle"),
               operation("remove", "/throttle")});
  EXPECT_FALSE(plan.has_quota());
  EXPECT_FALSE(plan.has_throttle());
  EXPECT_THAT(prod(plan).throttle(), IsEmpty());
}

TEST(PatchUsagePlan, RemovingWhatIsClearChangesNothing) {
  const v1::UsagePlan bare =
      plan_of(R"({"name":"n","apiStages":[{"apiId":"a","stage":"s"}]})");
  EXPECT_EQ(plan_bytes(patched(
                bare, {operation("remove", "/quota"),
                       operation("remove", "/throttle"),
                       operation("remove", "/productCode"),
                       operation("remove", "/apiStages/a:s/throttle")})),
            plan_bytes(bare));
}

TEST(PatchUsagePlan, RemoveIgnoresItsValue) {
  EXPECT_FALSE(patched({operation("remove", "/quota", "junk")}).has_quota());
  EXPECT_THAT(
      prod(patched({operation("remove", "/apiStages/a:prod/throttle", "")}))
          .throttle(),
      IsEmpty());
}

TEST(PatchUsagePlan, TakesJsonNumbers) {
  v1::PatchOperation rate = operation("replace", "/throttle/rateLimit");
  rate.mutable_value()->set_number_value(0.25);
  v1::PatchOperation limit = operation("replace", "/quota/limit");
  limit.mutable_value()->set_number_value(8796093022207);
  const v1::UsagePlan plan = patched({rate, limit});
  EXPECT_EQ(plan.throttle().rate_limit(), 0.25);
  EXPECT_EQ(plan.quota().limit(), 8796093022207);
}

TEST(PatchUsagePlan, DropsSpacesAtTheEndOfPaths) {
  EXPECT_THAT(
      prod(patched({operation("remove", "/apiStages/a:prod/throttle ", "")}))
          .throttle(),
      IsEmpty());
  EXPECT_EQ(patched({operation("replace", "/name  ", "x")}).name(), "x");
}

// --- Stages
// -------------------------------------------------------------------

TEST(PatchUsagePlan, AddsAndRemovesStages) {
  const v1::UsagePlan plan =
      patched({operation("remove", "/apiStages", "a:dev"),
               operation("add", "/apiStages", "b:v1")});
  ASSERT_EQ(plan.api_stages_size(), 2);
  EXPECT_EQ(plan.api_stages(0).stage(), "prod");
  EXPECT_EQ(plan.api_stages(0).throttle().size(), 2u);
  EXPECT_EQ(plan.api_stages(1).api_id(), "b");
  EXPECT_EQ(plan.api_stages(1).stage(), "v1");
}

TEST(PatchUsagePlan, RefusesMalformedStages) {
  for (const char* kind : {"add", "remove"}) {
    for (const char* value : {"", "a", ":", "a:", ":prod", "a:prod:x"}) {
      const absl::Status status =
          failure({operation(kind, "/apiStages", value)});
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << value;
      EXPECT_EQ(aws_message(status), "Invalid API Stage specified");
    }
    EXPECT_EQ(aws_message(failure({operation(kind, "/apiStages")})),
              "Invalid API Stage specified");
  }
  EXPECT_EQ(
      aws_message(failure({operation("remove", "/apiStages/prod/throttle")})),
      "Invalid API Stage specified");
  // Two parts, but not those of a valid stage: validation refuses them.
  EXPECT_EQ(failure({operation("add", "/apiStages", "a/b:prod")}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PatchUsagePlan, RefusesUnknownStages) {
  const Patch patches[] = {
      {operation("remove", "/apiStages", "a:nope")},
      {operation("remove", "/apiStages/a:nope/throttle")},
      {operation("replace", "/apiStages/a:nope/throttle", "{}")},
      {operation("remove", "/apiStages/a:nope/throttle/pets/GET")},
      {operation("add", "/apiStages/a:nope/throttle/pets/GET/rateLimit", "1")},
  };
  for (const Patch& patch : patches) {
    const absl::Status status = failure(patch);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(
        aws_message(status),
        "Invalid API Stage {api: a, stage: nope} specified for usageplan p1");
  }
}

TEST(PatchUsagePlan, RefusesAStageThatIsThere) {
  const absl::Status status =
      failure({operation("add", "/apiStages", "a:prod")});
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(status.message(),
            "operations[0] add \"/apiStages\": the plan has the stage "
            "\"a:prod\" already");
}

// --- Method throttles
// ---------------------------------------------------------

TEST(PatchUsagePlan, TakesEverySpellingOfAMethod) {
  struct Case {
    const char* spelling;  // After "/throttle/".
    const char* key;
  };
  const std::string stage = "/apiStages/a:dev/throttle/";
  for (const Case& c :
       {Case{"/test/GET", "/test/GET"}, Case{"~1test/GET", "/test/GET"},
        Case{"test/GET", "/test/GET"}, Case{"~1test~1GET", "/test/GET"},
        Case{"/a/b/{id}/GET", "/a/b/{id}/GET"}, Case{"/GET", "//GET"},
        Case{"~1/GET", "//GET"}, Case{"//GET", "//GET"},
        Case{"~1~1GET", "//GET"}, Case{"/x/rateLimit/GET", "/x/rateLimit/GET"},
        Case{"/~0me/ANY", "/~me/ANY"}}) {
    SCOPED_TRACE(c.spelling);
    const std::string path = stage + c.spelling;
    for (const char* kind : {"add", "replace"}) {
      const v1::UsagePlan plan =
          patched({operation(kind, path + "/rateLimit", "0.5"),
                   operation(kind, path + "/burstLimit", "7")});
      const auto& throttles = plan.api_stages(0).throttle();
      ASSERT_EQ(throttles.size(), 1u);
      ASSERT_EQ(throttles.count(c.key), 1u);
      EXPECT_EQ(throttles.at(c.key).rate_limit(), 0.5);
      EXPECT_EQ(throttles.at(c.key).burst_limit(), 7);
      EXPECT_THAT(
          patched(plan, {operation("remove", path)}).api_stages(0).throttle(),
          IsEmpty());
    }
  }
}

TEST(PatchUsagePlan, ChangesOneMemberOfAMethod) {
  const v1::UsagePlan plan = patched({operation(
      "replace", "/apiStages/a:prod/throttle//pets/GET/rateLimit", "0.1")});
  EXPECT_EQ(prod(plan).throttle().at("/pets/GET").rate_limit(), 0.1);
  EXPECT_EQ(prod(plan).throttle().at("/pets/GET").burst_limit(), 2);
  EXPECT_EQ(prod(plan).throttle().at("//GET").rate_limit(), 3);
}

TEST(PatchUsagePlan, RefusesUnknownMethods) {
  const absl::Status absent =
      failure({operation("remove", "/apiStages/a:prod/throttle/pets/PUT")});
  EXPECT_EQ(absent.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(absent.message(),
            "operations[0] remove \"/apiStages/a:prod/throttle/pets/PUT\": the "
            "stage has no throttle for \"/pets/PUT\"");
  for (const char* path : {"/apiStages/a:prod/throttle/pets/FETCH",
                           "/apiStages/a:prod/throttle/pets/FETCH/rateLimit"}) {
    const absl::Status bad = failure({operation(
        std::string(path).back() == 't' ? "add" : "remove", path, "1")});
    EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(aws_message(bad),
              "Invalid method {resourcePath: pets,method: FETCH} specified");
  }
}

TEST(PatchUsagePlan, ReplacesAStagesWholeMap) {
  const std::string map = R"({"/pets/PUT":{"rateLimit":1.5,"burstLimit":1},)"
                          R"("~1/GET":{"rateLimit":"2","burstLimit":"3"}})";
  for (const char* kind : {"add", "replace"}) {
    v1::PatchOperation object = operation(kind, "/apiStages/a:prod/throttle");
    *object.mutable_value() =
        patch_operations_from_json(
            absl::StrCat(R"([{"op":"add","path":"","value":)", map, "}]"))
            ->front()
            .value();
    for (const v1::PatchOperation& operation :
         {operation(kind, "/apiStages/a:prod/throttle", map), object}) {
      const v1::UsagePlan plan = patched({operation});
      ASSERT_EQ(prod(plan).throttle().size(), 2u);
      EXPECT_EQ(prod(plan).throttle().at("/pets/PUT").rate_limit(), 1.5);
      EXPECT_EQ(prod(plan).throttle().at("//GET").burst_limit(), 3);
    }
  }
  EXPECT_THAT(
      prod(patched({operation("replace", "/apiStages/a:prod/throttle", "{}")}))
          .throttle(),
      IsEmpty());
}

TEST(PatchUsagePlan, RefusesBadMaps) {
  for (const char* map :
       {"", "null", "[]", "1", "{", R"({"/a/GET":1})", R"({"/a/GET":null})",
        R"({"/a/GET":{"rate":1}})", R"({"/a/GET":{"rateLimit":"x"}})",
        R"({"/a/GET":{},"a/GET":{}})", R"({"/a/GET":{},"/a/GET":{}})"}) {
    const absl::Status status =
        failure({operation("replace", "/apiStages/a:prod/throttle", map)});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << map;
  }
  EXPECT_EQ(
      aws_message(failure({operation("replace", "/apiStages/a:prod/throttle",
                                     R"({"*/*":{"rateLimit":1}})")})),
      "Invalid method {resourcePath: *,method: *} specified");
}

// --- Values
// -------------------------------------------------------------------

TEST(PatchUsagePlan, RefusesBadNumbersAndSaysWhere) {
  struct Case {
    const char* path;
    const char* value;
  };
  for (const Case& c :
       {Case{"/throttle/rateLimit", "fast"}, Case{"/throttle/rateLimit", ""},
        Case{"/throttle/rateLimit", "NaN"}, Case{"/throttle/rateLimit", "inf"},
        Case{"/throttle/rateLimit", "1e999"},
        Case{"/throttle/burstLimit", "1.5"},
        Case{"/throttle/burstLimit", "9223372036854775808"},
        Case{"/quota/offset", "x"},
        Case{"/apiStages/a:prod/throttle/pets/GET/rateLimit", "0,5"}}) {
    const absl::Status status =
        failure({operation("replace", "/name", "x"),
                 operation("replace", c.path, c.value)});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.value;
    const std::string message(status.message());
    EXPECT_THAT(message, StartsWith(absl::StrCat("operations[1] replace \"",
                                                 c.path, "\": ")));
    EXPECT_THAT(message, HasSubstr("expected "));
    EXPECT_THAT(message, HasSubstr(absl::StrCat("\"", c.value, "\"")));
  }
}

// The ranges are not those of the C++ type.
TEST(PatchUsagePlan, NamesTheRangesThatNumbersHave) {
  struct Case {
    const char* path;
    const char* value;
    const char* range;
  };
  constexpr char kRate[] = "expected 0, or 0.000001 to 1000000000, got ";
  constexpr char kBurst[] =
      "expected a whole number from 0 to 2147483647, got ";
  constexpr char kQuota[] =
      "expected a whole number from 0 to 8796093022207, got ";
  for (const Case& c :
       {Case{"/throttle/burstLimit", "9223372036854775808", kBurst},
        Case{"/throttle/burstLimit", "-9223372036854775809", kBurst},
        Case{"/throttle/burstLimit", "1.5", kBurst},
        Case{"/throttle/rateLimit", "1e999", kRate},
        Case{"/throttle/rateLimit", "fast", kRate},
        Case{"/quota/limit", "99999999999999999999", kQuota},
        Case{"/quota/offset", "99999999999999999999", kQuota},
        Case{"/apiStages/a:prod/throttle/pets/GET/burstLimit", "x", kBurst},
        Case{"/apiStages/a:prod/throttle/pets/GET/rateLimit", "x", kRate}}) {
    const std::string message(
        failure({operation("replace", c.path, c.value)}).message());
    EXPECT_EQ(message, absl::StrCat("operations[0] replace \"", c.path, "\": ",
                                    c.range, "string \"", c.value, "\""));
  }
  EXPECT_THAT(
      std::string(failure({operation("replace", "/apiStages/a:prod/throttle",
                                     R"({"/a/GET":{"burstLimit":1e30}})")})
                      .message()),
      HasSubstr("\"/a/GET\"/burstLimit: expected a whole number from 0 "
                "to 2147483647, got number 1e+30"));
  for (const char* path : {"/throttle/burstLimit", "/quota/limit"}) {
    EXPECT_THAT(
        std::string(
            failure({operation("replace", path, "8796093022208")}).message()),
        Not(HasSubstr("9223372036854775807")));
  }
}

TEST(PatchUsagePlan, TakesZeroInAllItsForms) {
  for (const char* zero : {"0", "-0", "-0.0", "+0", "+0.0", "0e9", "-0e-9"}) {
    const v1::UsagePlan plan = patched(
        {operation("replace", "/throttle/rateLimit", zero),
         operation("replace", "/apiStages/a:prod/throttle/pets/GET/rateLimit",
                   zero)});
    EXPECT_FALSE(std::signbit(plan.throttle().rate_limit())) << zero;
    EXPECT_EQ(plan.throttle().rate_limit(), 0);
    EXPECT_FALSE(std::signbit(
        plan.api_stages(1).throttle().at("/pets/GET").rate_limit()));
  }
  for (const char* zero : {"0", "-0", "+0"}) {
    EXPECT_EQ(patched({operation("replace", "/throttle/burstLimit", zero)})
                  .throttle()
                  .burst_limit(),
              0);
    EXPECT_EQ(
        patched({operation("replace", "/quota/offset", zero)}).quota().offset(),
        0);
    const v1::UsagePlan plan =
        patched({operation("replace", "/quota/limit", zero)});
    EXPECT_TRUE(plan.quota().has_limit());
    EXPECT_EQ(plan.quota().limit(), 0);
  }
  v1::PatchOperation number = operation("replace", "/throttle/rateLimit");
  number.mutable_value()->set_number_value(-0.0);
  EXPECT_FALSE(std::signbit(patched({number}).throttle().rate_limit()));
  const v1::UsagePlan map =
      patched({operation("replace", "/apiStages/a:prod/throttle",
                         R"({"/a/GET":{"rateLimit":-0.0}})")});
  EXPECT_FALSE(
      std::signbit(map.api_stages(1).throttle().at("/a/GET").rate_limit()));
  EXPECT_EQ(patched({operation("replace", "/throttle/burstLimit", "+5")})
                .throttle()
                .burst_limit(),
            5);
}

TEST(PatchUsagePlan, AnswersBadQuotasWithAwsTexts) {
  for (const char* value : {"x", "", "1.5", "-1", "+", "+-1"}) {
    EXPECT_EQ(
        aws_message(failure({operation("replace", "/quota/limit", value)})),
        "Usage Plan quota limit must be a non-negative numeric");
  }
  Patch periods = {operation("replace", "/quota/period")};
  periods.back().mutable_value()->set_number_value(2);
  for (const char* value :
       {"YEAR", "", "day", "2", "QUOTA_PERIOD_UNSPECIFIED"}) {
    periods.push_back(operation("replace", "/quota/period", value));
  }
  for (const v1::PatchOperation& period : periods) {
    EXPECT_EQ(aws_message(failure({period})),
              "Invalid Usage Plan quota period specified. Must be one of [DAY, "
              "WEEK, MONTH]");
  }
}

TEST(PatchUsagePlan, NeedsAValue) {
  for (const char* path :
       {"/name", "/description", "/productCode", "/quota/limit",
        "/quota/period", "/throttle/rateLimit", "/apiStages/a:prod/throttle",
        "/apiStages/a:prod/throttle/pets/GET/rateLimit"}) {
    v1::PatchOperation null = operation("replace", path);
    null.mutable_value()->set_null_value(google::protobuf::NULL_VALUE);
    v1::PatchOperation list = operation("replace", path);
    list.mutable_value()->mutable_list_value();
    v1::PatchOperation kindless = operation("replace", path);
    kindless.mutable_value();
    for (const v1::PatchOperation& operation :
         {operation("replace", path), null, list, kindless}) {
      EXPECT_EQ(failure({operation}).code(), absl::StatusCode::kInvalidArgument)
          << path;
    }
  }
}

// --- The patch as a whole
// -----------------------------------------------------

TEST(PatchUsagePlan, ValidatesTheFinalStateOnly) {
  // The order in which Terraform sends a change from WEEK, 6 to MONTH, 20.
  const v1::UsagePlan plan =
      patched({operation("replace", "/quota/limit", "400"),
               operation("replace", "/quota/offset", "20"),
               operation("replace", "/quota/period", "MONTH")},
              kStartDay);
  EXPECT_EQ(plan.quota().offset(), 20);
  EXPECT_EQ(aws_message(failure({operation("replace", "/quota/offset", "20")},
                                kStartDay)),
            "Usage Plan quota offset must be between 0 and 6 inclusive in the "
            "WEEK period");
  // A limit below the offset on the way to a lower offset.
  EXPECT_EQ(patched({operation("replace", "/quota/limit", "5"),
                     operation("replace", "/quota/offset", "0")})
                .quota()
                .limit(),
            5);
  EXPECT_EQ(failure({operation("replace", "/quota/limit", "5")}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PatchUsagePlan, ReplacesStagesAsTerraformDoes) {
  const std::string method = "/apiStages/a:prod/throttle//test/GET/";
  const v1::UsagePlan start =
      plan_of(R"({"name":"n","apiStages":[{"apiId":"a","stage":"prod"},)"
              R"({"apiId":"a","stage":"dev"}]})");
  const v1::UsagePlan plan =
      patched(start, {operation("remove", "/apiStages", "a:prod"),
                      operation("remove", "/apiStages", "a:dev"),
                      operation("add", "/apiStages", "a:prod"),
                      operation("add", "/apiStages", "b:prod"),
                      operation("replace", method + "rateLimit", "5"),
                      operation("replace", method + "burstLimit", "10"),
                      operation("replace", "/throttle/rateLimit", "0.1"),
                      operation("replace", "/throttle/burstLimit", "20")});
  EXPECT_EQ(usage_plan_to_json(plan),
            R"({"name":"n","apiStages":[{"apiId":"a","stage":"prod",)"
            R"("throttle":{"/test/GET":{"burstLimit":10,"rateLimit":5.0}}},)"
            R"({"apiId":"b","stage":"prod"}],)"
            R"("throttle":{"burstLimit":20,"rateLimit":0.1},"tags":{}})");
}

TEST(PatchUsagePlan, RefusesAnInvalidFinalState) {
  EXPECT_EQ(aws_message(failure({operation("remove", "/throttle")})),
            "Can not define fine grain throttling if usage plan throttle is "
            "not defined.");
  const v1::UsagePlan bare = plan_of(R"({"name":"n"})");
  EXPECT_EQ(aws_message(failure(bare, {operation("add", "/quota/limit", "5")})),
            "Invalid Usage Plan quota period specified. Must be one of [DAY, "
            "WEEK, MONTH]");
  EXPECT_EQ(
      aws_message(failure(bare, {operation("add", "/quota/period", "DAY")})),
      "Usage Plan quota limit must be a non-negative numeric");
  EXPECT_EQ(failure({operation("replace", "/name", "")}).message(),
            "invalid usage plan: /name: expected 1 to 1024 characters, got 0");
}

TEST(PatchUsagePlan, BoundsItsInput) {
  const absl::Status too_many = failure(
      Patch(kMaxPlanPatchOperations + 1, operation("replace", "/name", "x")));
  EXPECT_EQ(too_many.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(exceeds_patch_limit(too_many));
  EXPECT_FALSE(
      exceeds_patch_limit(failure({operation("replace", "/nam", "x")})));
  EXPECT_FALSE(exceeds_patch_limit(absl::ResourceExhaustedError("other")));
  const std::string huge(1 << 20, '\n');
  for (const v1::PatchOperation& operation :
       {operation(huge, "/name", "x"), operation("add", huge, "x"),
        operation("add", "/" + huge), operation("add", "/apiStages", huge),
        operation("remove", "/apiStages", "a:" + huge),
        operation("remove", "/apiStages/a:prod/throttle/" +
                                huge.substr(0, 4000) + "/GET")}) {
    const absl::Status status = failure({operation});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_LT(status.message().size(), 2000u);
    EXPECT_LT(aws_message(status).size(), 6000u);
    for (const char c : std::string(status.message())) {
      ASSERT_TRUE(c >= ' ' && c < 0x7F);
    }
  }
  // Errors quote a path in full unless it is very long.
  const std::string path = "/" + std::string(255, 'x');
  EXPECT_THAT(std::string(failure({operation("add", path, "x")}).message()),
              StartsWith("operations[0] add \"" + path + "\": "));
  EXPECT_THAT(
      std::string(failure({operation("add", path + "y", "x")}).message()),
      StartsWith("operations[0] add \"" + path + "\"...: "));
}

v1::PatchOperation random_operation(std::mt19937_64* random) {
  static const std::vector<std::string> kKinds = {"add", "replace", "remove",
                                                  "add", "replace", "copy"};
  static const std::vector<std::string> kPaths = {
      "/name",
      "/description",
      "/productCode",
      "/apiStages",
      "/apiStages",
      "/apiStages/api1:prod/throttle",
      "/apiStages/api2:prod/throttle//x/GET",
      "/apiStages/api1:prod/throttle//x/GET/rateLimit",
      "/apiStages/api1:prod/throttle/pets/GET/burstLimit",
      "/throttle",
      "/throttle/rateLimit",
      "/throttle/burstLimit",
      "/quota",
      "/quota/limit",
      "/quota/offset",
      "/quota/period",
      "/tags"};
  static const std::vector<std::string> kValues = {
      "",
      "x",
      "0",
      "1",
      "27",
      "500",
      "-1",
      "0.1",
      "1e9",
      "8796093022208",
      "DAY",
      "WEEK",
      "MONTH",
      "api1:prod",
      "api2:prod",
      "{}",
      R"({"/pets/GET":{"rateLimit":1,"burstLimit":2}})"};
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[(*random)() % from.size()];
  };
  return operation(pick(kKinds), pick(kPaths), pick(kValues));
}

TEST(PatchUsagePlan, GivesAValidPlanOrAnErrorAndTheSamePlan) {
  const std::uint64_t seed = test_seed(3);
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  int applied = 0;
  for (int i = 0; i < 300; ++i) {
    const PlanRules rules = random() % 2 == 0 ? PlanRules{} : kStartDay;
    v1::UsagePlan plan = random_plan(&random);
    for (int step = 0; step < 5; ++step) {
      Patch patch;
      for (int n = 1 + random() % 2; n > 0; --n) {
        patch.push_back(random_operation(&random));
      }
      const std::string before = plan_bytes(plan);
      const auto result = patch_usage_plan(plan, patch, rules);
      ASSERT_EQ(plan_bytes(plan), before);
      if (!result.ok()) continue;
      ASSERT_THAT(validate_usage_plan(*result, rules), IsEmpty());
      plan = *result;
      ++applied;
    }
  }
  EXPECT_GT(applied, 100);
}

}  // namespace
}  // namespace weir
