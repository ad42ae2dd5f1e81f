#include "weir/management/management.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/plan_observer.h"
#include "weir/http/headers.h"
#include "weir/http/message.h"
#include "weir/management/status_response.h"
#include "weir/plan/plan_changes.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kValue[] = "a-value-of-twenty-or-more-characters";

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(first_header(response.headers, name).value_or(""));
}

class ManagementTest : public ::testing::Test {
 protected:
  ManagementTest() { start(QuotaOffset::kRequests); }

  void start(QuotaOffset quota_offset) {
    Options options;
    options.clock = clock_;
    options.quota_offset = quota_offset;
    management_.reset();
    enforcer_ = *Enforcer::create(options);
    management_ = std::make_unique<Management>(enforcer_.get());
  }

  HttpResponse call(const std::string& method, const std::string& target,
                    const std::string& body = "") {
    auto answer = management_->answer({method, target, {}, body});
    operation_ = answer.operation;
    return std::move(answer.response);
  }
  // The body of a call that has to answer with `status`.
  std::string body_of(int status, const std::string& method,
                      const std::string& target, const std::string& body = "") {
    const HttpResponse response = call(method, target, body);
    EXPECT_EQ(response.status, status)
        << method << " " << target << ": " << response.body;
    return response.body;
  }
  void expect_error(const HttpResponse& response, int status,
                    const std::string& type, const std::string& message) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(header(response, "x-amzn-errortype"), type);
    EXPECT_EQ(response.body, absl::StrCat(R"({"message":")", message, R"("})"));
  }
  // Of the first member called "id".
  static std::string id_in(const std::string& json) {
    const size_t begin = json.find(R"("id":")") + 6;
    return json.substr(begin, json.find('"', begin) - begin);
  }
  std::string create_plan(const std::string& json) {
    return id_in(body_of(201, "POST", "/usageplans", json));
  }
  std::string create_key(const std::string& json) {
    return id_in(body_of(201, "POST", "/apikeys", json));
  }

  // 2026-03-04.
  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(1'772'600'000'000'000'000);
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<Management> management_;
  std::string operation_;
};

TEST_F(ManagementTest, ServesItsOwnPathsOnly) {
  for (const char* target : {"/usageplans",
                             "/usageplans?limit=1",
                             "/usageplans/",
                             "/usageplans/a/b",
                             "/apikeys",
                             "/apikeys/x?y",
                             "/tags/arn%3Aaws",
                             "/tags",
                             "/restapis",
                             "/restapis/x/stages/y",
                             "/account?x",
                             "/domainnames",
                             "/clientcertificates/x",
                             "/vpclinks",
                             "/sdktypes",
                             "/domainnameaccessassociations",
                             "/rejectdomainnameaccessassociations",
                             "/v2/apis",
                             "/v2/apis/x/routes",
                             "/v2/domainnames",
                             "/v2/vpclinks?x",
                             "/v2/tags/x",
                             "/v2/portals",
                             "/v2/portalproducts"}) {
    EXPECT_TRUE(Management::serves(target)) << target;
  }
  for (const char* target : {"",
                             "/",
                             "/usageplan",
                             "/usageplansx",
                             "usageplans",
                             "//usageplans",
                             "/api/usageplans",
                             "/tag",
                             "/?tags",
                             "/restapi",
                             "/restapisx",
                             "/RestApis",
                             "/v2",
                             "/v2/",
                             "/v2?apis",
                             "/v2/prod",
                             "/v2/apisx",
                             "/v2//apis",
                             "/v1/apis",
                             "/v2x/apis",
                             "/a1/restapis"}) {
    EXPECT_FALSE(Management::serves(target)) << target;
  }
}

TEST(StatusResponse, IsOfTheErrorsClass) {
  const struct {
    absl::StatusCode code;
    int status;
    const char* type;
  } kCases[] = {
      {absl::StatusCode::kInvalidArgument, 400, "BadRequestException"},
      {absl::StatusCode::kFailedPrecondition, 400, "BadRequestException"},
      {absl::StatusCode::kUnauthenticated, 401, "UnauthorizedException"},
      {absl::StatusCode::kPermissionDenied, 403, "AccessDeniedException"},
      {absl::StatusCode::kNotFound, 404, "NotFoundException"},
      {absl::StatusCode::kAlreadyExists, 409, "ConflictException"},
      {absl::StatusCode::kAborted, 409, "ConflictException"},
      {absl::StatusCode::kResourceExhausted, 429, "LimitExceededException"},
      {absl::StatusCode::kUnavailable, 503, "ServiceUnavailableException"},
      {absl::StatusCode::kDataLoss, 503, "ServiceUnavailableException"}};
  for (const auto& [code, status, type] : kCases) {
    const HttpResponse response = status_response(absl::Status(code, "why"));
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(header(response, "x-amzn-errortype"), type);
    EXPECT_EQ(response.body, R"({"message":"why"})");
  }
}

TEST_F(ManagementTest, PlansComeAndGo) {
  const std::string id = create_plan(
      R"({"name":"gold","description":"d","apiStages":[{"apiId":"a1","stage":)"
      R"("prod"}],"throttle":{"rateLimit":10,"burstLimit":20},"quota":)"
      R"({"limit":500,"period":"MONTH"}})");
  EXPECT_EQ(operation_, "CreateUsagePlan");

  const std::string members =
      R"("name":"gold","description":"d","apiStages":[{"apiId":"a1","stage":)"
      R"("prod"}],"throttle":{"burstLimit":20,"rateLimit":10.0},"quota":)"
      R"({"limit":500,"offset":0,"period":"MONTH"})";
  const std::string listed = absl::StrCat(R"({"id":")", id, R"(",)", members);
  EXPECT_EQ(body_of(200, "GET", "/usageplans/" + id),
            listed + R"(,"tags":{}})");
  EXPECT_EQ(body_of(200, "GET", "/usageplans/" + id + "/"),
            listed + R"(,"tags":{}})");
  EXPECT_EQ(body_of(200, "GET", "/usageplans"),
            absl::StrCat(R"({"item":[)", listed, "}]}"));

  const std::string patched = body_of(
      200, "PATCH", "/usageplans/" + id,
      R"({"patchOperations":[{"op":"replace","path":"/name","value":"g2"}]})");
  EXPECT_EQ(operation_, "UpdateUsagePlan");
  EXPECT_THAT(patched, HasSubstr(R"("name":"g2")"));
  EXPECT_THAT(patched, HasSubstr(R"("tags":{})"));
  EXPECT_EQ(body_of(200, "PATCH", "/usageplans/" + id, "{}"), patched)
      << "no operations";

  expect_error(call("DELETE", "/usageplans/" + id), 400, "BadRequestException",
               absl::StrCat("Cannot delete Usage Plan ", id,
                            " because there are API Stages associated with it, "
                            "including a1:prod"));
  body_of(200, "PATCH", "/usageplans/" + id,
          R"({"patchOperations":[{"op":"remove","path":"/apiStages",)"
          R"("value":"a1:prod"}]})");
  const HttpResponse deleted = call("DELETE", "/usageplans/" + id);
  EXPECT_EQ(deleted.status, 202);
  EXPECT_EQ(deleted.body, "");
  for (const char* method : {"GET", "PATCH", "DELETE"}) {
    expect_error(call(method, "/usageplans/" + id,
                      method[0] == 'P' ? R"({"patchOperations":[]})" : ""),
                 404, "NotFoundException", "Invalid Usage Plan ID specified");
  }
}

// Refuses every change of a plan.
class Refusal : public PlanObserver {
 public:
  absl::Status check_change(const v1::UsagePlan&, const PlanChanges&,
                            InternRoutes) override {
    return absl::ResourceExhaustedError("no more routes");
  }
};

// An observer's ResourceExhausted is 429, unlike that of a patch.
TEST_F(ManagementTest, ARefusedChangeIsNotMade) {
  const std::string id = create_plan(R"({"name":"gold"})");
  Refusal refusal;
  enforcer_->add_plan_observer(&refusal);
  expect_error(call("POST", "/usageplans", R"({"name":"other"})"), 429,
               "LimitExceededException", "no more routes");
  expect_error(
      call(
          "PATCH", "/usageplans/" + id,
          R"({"patchOperations":[{"op":"replace","path":"/name","value":"x"}]})"),
      429, "LimitExceededException", "no more routes");
  EXPECT_THAT(body_of(200, "GET", "/usageplans"),
              AllOf(HasSubstr("gold"), Not(HasSubstr("other"))));
  // What is wrong with a patch is told before what it would lead to.
  EXPECT_EQ(call("PATCH", "/usageplans/" + id,
                 R"({"patchOperations":[{"op":"copy","path":"/name"}]})")
                .status,
            400);
  enforcer_->remove_plan_observer(&refusal);
}

TEST_F(ManagementTest, PlansCanStartOnADay) {
  start(QuotaOffset::kStartDay);
  const std::string id = create_plan(
      R"({"name":"a","quota":{"limit":5,"offset":20,"period":"MONTH"}})");
  EXPECT_EQ(call("PATCH", "/usageplans/" + id,
                 R"({"patchOperations":[{"op":"replace","path":"/name",)"
                 R"("value":"b"}]})")
                .status,
            200);
  EXPECT_THAT(body_of(200, "GET", "/usageplans/" + id),
              AllOf(HasSubstr(R"("name":"b")"), HasSubstr(R"("offset":20)")));
}

TEST_F(ManagementTest, ListsHavePagesFiltersAndAnOrder) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(create_plan(absl::StrCat(R"({"name":"p)", i, R"("})")));
  }
  const std::string first = body_of(200, "GET", "/usageplans?limit=2");
  EXPECT_EQ(id_in(first), ids[2]) << "the newest first";
  const std::string position = first.substr(13, first.find('"', 13) - 13);
  const std::string second =
      body_of(200, "GET", "/usageplans?limit=2&position=" + position);
  EXPECT_EQ(id_in(second), ids[0]);
  EXPECT_THAT(second, Not(HasSubstr("position")));
  for (const char* bad : {"two", "1.5", "99999999999999999999"}) {
    expect_error(
        call("GET", absl::StrCat("/usageplans?limit=", bad)), 400,
        "BadRequestException",
        absl::StrCat("limit: expected a whole number, got \\\"", bad, "\\\""));
  }
  for (const char* large : {"2147483648", "9223372036854775807"}) {
    EXPECT_THAT(body_of(200, "GET", absl::StrCat("/usageplans?limit=", large)),
                AllOf(HasSubstr(ids[0]), HasSubstr(ids[2])));
  }
  EXPECT_EQ(call("GET", "/usageplans?position=x").status, 400);

  const std::string key = create_key(R"({"name":"blue"})");
  create_key(R"({"name":"black","customerId":"c1"})");
  create_key(R"({"name":"Blue"})");
  EXPECT_THAT(
      body_of(200, "GET", "/apikeys?name=bl&limit=-1"),
      AllOf(HasSubstr("blue"), HasSubstr("black"), Not(HasSubstr("Blue"))));
  EXPECT_THAT(body_of(200, "GET", "/apikeys?customerId=c1"),
              AllOf(HasSubstr("black"), Not(HasSubstr("blue"))));

  EXPECT_EQ(body_of(200, "GET", "/usageplans?keyId=" + key), R"({"item":[]})");
  body_of(201, "POST", "/usageplans/" + ids[1] + "/keys",
          absl::StrCat(R"({"keyId":")", key, R"(","keyType":"API_KEY"})"));
  EXPECT_EQ(id_in(body_of(200, "GET", "/usageplans?keyId=" + key)), ids[1]);
}

TEST_F(ManagementTest, KeysOfAPlan) {
  const std::string plan = create_plan(R"({"name":"gold"})");
  const std::string key =
      create_key(absl::StrCat(R"({"name":"blue","value":")", kValue, R"("})"));
  const std::string keys = "/usageplans/" + plan + "/keys";
  const std::string request =
      absl::StrCat(R"({"keyId":")", key, R"(","keyType":"API_KEY"})");
  const std::string with_value =
      absl::StrCat(R"({"id":")", key, R"(","type":"API_KEY","value":")", kValue,
                   R"(","name":"blue"})");
  EXPECT_EQ(body_of(201, "POST", keys, request), with_value);
  EXPECT_EQ(operation_, "CreateUsagePlanKey");
  EXPECT_EQ(call("POST", keys, request).status, 409);
  EXPECT_EQ(body_of(200, "GET", keys + "/" + key), with_value);
  const std::string listed = absl::StrCat(
      R"({"item":[{"id":")", key, R"(","type":"API_KEY","name":"blue"}]})");
  EXPECT_EQ(body_of(200, "GET", keys), listed);
  EXPECT_EQ(body_of(200, "GET", keys + "?name=bl"), listed);
  EXPECT_EQ(body_of(200, "GET", keys + "?name=lue"), R"({"item":[]})");
  EXPECT_EQ(body_of(200, "GET", "/usageplans/nobody/keys"), R"({"item":[]})");

  EXPECT_EQ(call("POST", keys, R"({"keyId":"k"})").status, 400);
  expect_error(call("POST", keys, R"({"keyId":"k","keyType":"API_KEY"})"), 404,
               "NotFoundException", "Invalid API Key identifier specified");
  EXPECT_EQ(call("DELETE", keys + "/" + key).status, 202);
  expect_error(call("GET", keys + "/" + key), 404, "NotFoundException",
               "Invalid API Key identifier specified");
}

TEST_F(ManagementTest, UsageIsReadAndExtended) {
  const std::string plan = create_plan(
      R"({"name":"gold","apiStages":[{"apiId":"a1","stage":"prod"}],)"
      R"("quota":{"limit":5,"period":"DAY"}})");
  const std::string key =
      create_key(absl::StrCat(R"({"enabled":true,"value":")", kValue, R"("})"));
  body_of(201, "POST", "/usageplans/" + plan + "/keys",
          absl::StrCat(R"({"keyId":")", key, R"(","keyType":"API_KEY"})"));
  Call request;
  request.api_key = kValue;
  request.route = *enforcer_->intern_route("a1", "prod");
  ASSERT_TRUE(enforcer_->admit(request).admitted());
  ASSERT_TRUE(enforcer_->admit(request).admitted());

  const std::string usage = "/usageplans/" + plan + "/usage";
  const std::string head = absl::StrCat(R"({"usagePlanId":")", plan, R"(",)");
  EXPECT_EQ(
      body_of(200, "GET", usage + "?startDate=2026-03-03&endDate=2026-03-04"),
      absl::StrCat(head,
                   R"("startDate":"2026-03-03","endDate":"2026-03-04",)"
                   R"("values":{")",
                   key, R"(":[[0,5],[2,3]]}})"));
  EXPECT_EQ(call("GET", usage + "?startDate=2026-03-03").status, 400);
  EXPECT_EQ(call("GET", usage + "?startDate=3&endDate=4").status, 400);

  const std::string extend = "/usageplans/" + plan + "/keys/" + key + "/usage";
  EXPECT_EQ(
      body_of(200, "PATCH", extend,
              R"({"patchOperations":[{"op":"replace","path":"/remaining",)"
              R"("value":"50"}]})"),
      absl::StrCat(head,
                   R"("startDate":"2026-03-04","endDate":"2026-03-04",)"
                   R"("values":{")",
                   key, R"(":[[2,50]]}})"));
  EXPECT_EQ(operation_, "UpdateUsage");
  expect_error(
      call(
          "PATCH", extend,
          R"({"patchOperations":[{"op":"add","path":"/remaining","value":"5"}]})"),
      400, "BadRequestException",
      "Invalid patch path  '/remaining' specified for op 'add'. Must be one "
      "of: []");
}

// The AWS CLI drops what is on a second page.
TEST_F(ManagementTest, UsageComesInLargePages) {
  const std::string plan = create_plan(R"({"name":"gold"})");
  std::vector<v1::ApiKey> keys(501);
  ASSERT_TRUE(enforcer_->import_api_keys(keys, plan).ok());
  const std::string usage = body_of(
      200, "GET",
      "/usageplans/" + plan + "/usage?startDate=2026-03-04&endDate=2026-03-04");
  size_t items = 0;
  for (size_t at = 0; (at = usage.find("[[0,-1]]", at)) != usage.npos; ++at) {
    ++items;
  }
  EXPECT_EQ(items, 500u);
  EXPECT_THAT(usage, HasSubstr("position"));
}

TEST_F(ManagementTest, ApiKeys) {
  const std::string created = body_of(
      201, "POST", "/apikeys",
      absl::StrCat(R"({"name":"blue","description":"d","value":")", kValue,
                   R"(","generateDistinctId":true,"stageKeys":[{"restApiId":)"
                   R"("a1","stageName":"prod"}],"customerId":null})"));
  EXPECT_EQ(operation_, "CreateApiKey");
  const std::string id = id_in(created);
  const std::string head = absl::StrCat(R"({"id":")", id, R"(",)");
  const std::string value = absl::StrCat(R"("value":")", kValue, R"(",)");
  const std::string rest =
      R"("name":"blue","description":"d","enabled":false,)"
      R"("createdDate":1772600000,"lastUpdatedDate":1772600000,)"
      R"("stageKeys":["a1/prod"])";
  EXPECT_EQ(created, head + value + rest + "}");
  const std::string got = "/apikeys/" + id;
  EXPECT_EQ(body_of(200, "GET", got), head + rest + R"(,"tags":{}})");
  EXPECT_EQ(body_of(200, "GET", got + "?includeValue=true"),
            head + value + rest + R"(,"tags":{}})");
  EXPECT_EQ(body_of(200, "GET", "/apikeys?includeValues=true"),
            R"({"item":[)" + head + value + rest + "}]}");
  EXPECT_EQ(body_of(200, "GET", "/apikeys"),
            R"({"item":[)" + head + rest + "}]}");

  clock_->advance(7'000'000'000);
  const std::string updated = body_of(
      200, "PATCH", got,
      R"({"patchOperations":[{"op":"replace","path":"/enabled","value":"true"},)"
      R"({"op":"add","path":"/stages","value":"a2/dev"},)"
      R"({"op":"remove","path":"/stages","value":"a1/prod"}]})");
  EXPECT_THAT(updated, HasSubstr(R"("enabled":true)"));
  EXPECT_THAT(updated, HasSubstr(R"("lastUpdatedDate":1772600007)"));
  EXPECT_THAT(updated, HasSubstr(R"("stageKeys":["a2/dev"])"));
  EXPECT_THAT(updated, Not(HasSubstr(kValue)));
  expect_error(
      call(
          "PATCH", got,
          R"({"patchOperations":[{"op":"replace","path":"/value","value":"x"}]})"),
      400, "BadRequestException",
      "Invalid patch path  '/value' specified for op 'replace'. Must be one "
      "of: "
      "[/description, /enabled, /name, /customerId]");

  const HttpResponse twice =
      call("POST", "/apikeys", absl::StrCat(R"({"value":")", kValue, R"("})"));
  expect_error(twice, 409, "ConflictException", "API Key already exists");
  expect_error(call("POST", "/apikeys", R"({"value":"short"})"), 400,
               "BadRequestException",
               "API Key value should be at least 20 characters");
  EXPECT_EQ(call("DELETE", got).status, 202);
  expect_error(call("DELETE", got), 404, "NotFoundException",
               "Invalid API Key identifier specified");
  // The value "" is one to be generated, and no body is an empty object.
  EXPECT_THAT(body_of(201, "POST", "/apikeys", R"({"value":""})"),
              HasSubstr(R"("value":")"));
  body_of(201, "POST", "/apikeys");
}

TEST_F(ManagementTest, KeysAreImported) {
  const std::string plan = create_plan(R"({"name":"gold"})");
  const std::string other = create_plan(R"({"name":"silver"})");
  const std::string target = "/apikeys?mode=import&format=csv";
  const std::string table = absl::StrCat(
      "\xEF\xBB\xBF"
      "Name,KEY,usageplanIds,Enabled,description\r\n"
      "one,value-number-one-of-many,\"",
      plan, ",", other,
      "\",TRUE,\"a \"\"b\"\",\n c\"\r\n"
      "\n"
      "two,value-number-two-of-many,,False,\n");
  const std::string imported =
      body_of(201, "POST", target + "&failonwarnings=true", table);
  EXPECT_EQ(operation_, "ImportApiKeys");
  EXPECT_THAT(imported, HasSubstr(R"(],"warnings":[]})"));
  const std::string listed = body_of(200, "GET", "/apikeys?includeValues=true");
  EXPECT_THAT(
      listed,
      HasSubstr(R"("value":"value-number-one-of-many","name":)"
                R"("one","description":"a \"b\",\n c","enabled":true)"));
  EXPECT_THAT(listed, HasSubstr(R"("value":"value-number-two-of-many","name":)"
                                R"("two","enabled":false)"));
  for (const std::string& id : {plan, other}) {
    EXPECT_THAT(body_of(200, "GET", "/usageplans/" + id + "/keys"),
                AllOf(HasSubstr("one"), Not(HasSubstr("two"))));
  }

  // Line 2 overwrites, 4 is too short, 5 has a plan that is not there.
  const std::string first = id_in(body_of(200, "GET", "/apikeys?name=one"));
  const std::string half = absl::StrCat(
      "key,name,usageplanids,note\n"
      "value-number-one-of-many,new,,ignored\n"
      "value-number-three-of-many,three,",
      plan,
      ",\n"
      "short,,,\n"
      "value-number-four-of-many,,nobody,\n"
      "a,b,c\n"
      "value-number-five-of-many,\"five,,\n"
      ",,,\n");
  const HttpResponse none = call("POST", target + "&failonwarnings=true", half);
  EXPECT_EQ(none.status, 400);
  EXPECT_THAT(none.body, HasSubstr("line 6"));
  EXPECT_THAT(body_of(200, "GET", "/apikeys?includeValues=true"),
              AllOf(HasSubstr(R"("name":"one")"),
                    Not(HasSubstr("value-number-three"))));
  const std::string some = body_of(201, "POST", target, half);
  EXPECT_THAT(some, HasSubstr(absl::StrCat(R"({"ids":[")", first, R"(",")")));
  EXPECT_THAT(some,
              HasSubstr(R"("warnings":["line 4: API Key value should be at )"
                        R"(least 20 characters",)"
                        R"("line 5: Invalid Usage Plan ID specified",)"
                        R"("line 6: expected 4 fields, found 3",)"
                        R"("line 7: a quote that does not end",)"
                        R"("line 8: Key: expected a value, found none"]})"));
  EXPECT_THAT(some, Not(HasSubstr("short")));
  EXPECT_THAT(body_of(200, "GET", "/usageplans/" + plan + "/keys"),
              AllOf(HasSubstr("three"), Not(HasSubstr(first))));
  EXPECT_THAT(body_of(200, "GET", "/apikeys?includeValues=true"),
              AllOf(HasSubstr("value-number-three"), Not(HasSubstr("four")),
                    HasSubstr(absl::StrCat(
                        R"("id":")", first,
                        R"(","value":"value-number-one-of-many","name":"new",)"
                        R"("enabled":true)"))));

  // Of many warnings, the first eight.
  std::string rows = "key,name\n";
  for (int i = 0; i < 8; ++i) rows += "a,b,c\n";
  const auto warnings = [](int first, int last) {
    std::string text;
    for (int line = first; line <= last; ++line) {
      absl::StrAppend(&text, line == first ? "" : "; ", "line ", line,
                      ": expected 2 fields, found 3");
    }
    return text;
  };
  expect_error(call("POST", target + "&failonwarnings=true", rows), 400,
               "BadRequestException", warnings(2, 9));
  expect_error(call("POST", target + "&failonwarnings=true", rows + "a\nb\n"),
               400, "BadRequestException",
               absl::StrCat(warnings(2, 9), "; and 2 more"));

  // The error of a single key names its line.
  const HttpResponse unknown =
      call("POST", target + "&failonwarnings=true",
           "key,name,usageplanids\nvalue-number-five-of-many,,\n\n"
           "value-number-one-of-many,,nobody\n");
  expect_error(unknown, 404, "NotFoundException",
               "line 4: Invalid Usage Plan ID specified");
  expect_error(call("POST", target, ""), 400, "BadRequestException",
               "Missing required column 'Key'");
  for (const char* bad : {"name\nx\n", "key,key,name\n", "key,secret\n",
                          "key,name,\"x", "key,na\"me\n", "key,name\xff\n"}) {
    EXPECT_EQ(call("POST", target, bad).status, 400) << bad;
  }
  EXPECT_EQ(call("POST", "/apikeys?mode=import&format=json", table).status,
            400);
}

TEST_F(ManagementTest, OfOneFileTheLastRowOfAKeyWins) {
  const std::string plan = create_plan(R"({"name":"gold"})");
  const std::string imported =
      body_of(201, "POST", "/apikeys?mode=import&format=csv",
              absl::StrCat("key,name,enabled,usageplanids\n", kValue,
                           ",a,true,", plan, "\n", kValue, ",b,false,'", plan,
                           "'\n", kValue, ",c,maybe,\n"));
  const std::string key = id_in(body_of(200, "GET", "/apikeys"));
  EXPECT_EQ(imported,
            absl::StrCat(R"({"ids":[")", key,
                         R"("],"warnings":["line 4: Enabled: expected true or )"
                         R"(false"]})"));
  EXPECT_THAT(body_of(200, "GET", "/apikeys/" + key),
              HasSubstr(R"("name":"b","enabled":false)"));
  EXPECT_THAT(body_of(200, "GET", "/usageplans/" + plan + "/keys"),
              HasSubstr(key));
}

TEST_F(ManagementTest, Tags) {
  const std::string plan = create_plan(R"({"name":"gold","tags":{"a":"1"}})");
  const std::string key = create_key(R"({"tags":{"a":"1"}})");
  for (const std::string& resource :
       {"usageplans%2F" + plan, "apikeys%2F" + key}) {
    const std::string target =
        "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2F" + resource;
    EXPECT_EQ(body_of(200, "GET", target), R"({"tags":{"a":"1"}})");
    const HttpResponse tagged =
        call("PUT", target, R"({"tags":{"b&c":"x=y","a":"2"}})");
    EXPECT_EQ(tagged.status, 204);
    EXPECT_EQ(tagged.body, "");
    EXPECT_EQ(body_of(200, "GET", target), R"({"tags":{"a":"2","b&c":"x=y"}})");
    EXPECT_EQ(
        call("DELETE", target + "?tagKeys=b%26c&tagKeys=a&tagKeys=none").status,
        204);
    EXPECT_EQ(body_of(200, "GET", target), R"({"tags":{}})");
    EXPECT_EQ(call("PUT", target, R"({"tags":{"":"x"}})").status, 400);
    EXPECT_EQ(call("PUT", target, R"({"tags":{"a":1}})").status, 400);
    EXPECT_EQ(body_of(200, "GET", target), R"({"tags":{}})");
  }
  EXPECT_EQ(
      call("GET", "/tags/arn%3Aaws%3Aapigateway%3Ax%3A%3A%2Fusageplans%2Fz")
          .status,
      404);
  for (const char* bad : {"x", "arn%3Aaws%3As3%3A%3A%3A%2Fusageplans%2Fx",
                          "arn%3Aaws%3Aapigateway%3Ax%3A%3A%2Frestapis%2Fx",
                          "arn%3Aaws%3Aapigateway%3Ax%3A%3Ausageplans%2Fx"}) {
    EXPECT_EQ(call("GET", std::string("/tags/") + bad).status, 400) << bad;
  }
}

// All of them in one place, for they are API Gateway's own.
TEST_F(ManagementTest, SaysWhatApiGatewaySays) {
  const std::string plan =
      create_plan(R"({"name":"gold","quota":{"limit":5,"period":"DAY"}})");
  const std::string key = create_key("{}");
  const std::string usage = absl::StrCat(
      "/usageplans/", plan, "/usage?startDate=2026-03-04&endDate=2026-03-04");
  for (const std::string& unknown : {std::string("nobody"), key}) {
    expect_error(call("GET", usage + "&keyId=" + unknown), 404,
                 "NotFoundException", "Invalid Key identifier specified");
  }
  expect_error(
      call("GET",
           "/usageplans/none/usage?startDate=2026-03-04&endDate=2026-03-04"
           "&keyId=nobody"),
      404, "NotFoundException", "Invalid Usage Plan ID specified");
  expect_error(call("GET", "/usageplans/" + plan + "/keys/nobody"), 404,
               "NotFoundException", "Invalid API Key identifier specified");

  const std::string limit =
      "Usage Plan quota limit must be a non-negative numeric";
  for (const char* value : {"-1", "many", "1.5", "", "99999999999999999999"}) {
    expect_error(
        call("PATCH", "/usageplans/" + plan,
             absl::StrCat(R"({"patchOperations":[{"op":"replace","path":)"
                          R"("/quota/limit","value":")",
                          value, R"("}]})")),
        400, "BadRequestException", limit);
  }
  expect_error(
      call("POST", "/usageplans", R"({"name":"x","quota":{"period":"DAY"}})"),
      400, "BadRequestException", limit);

  const std::string tag_key =
      "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)";
  for (const char* name : {"aws:x", "AWS:x", "Aws:"}) {
    const std::string tags =
        absl::StrCat(R"("tags":{"a":"b",")", name, R"(":""})");
    expect_error(
        call("POST", "/usageplans", absl::StrCat(R"({"name":"x",)", tags, "}")),
        400, "BadRequestException", tag_key);
    expect_error(call("POST", "/apikeys", absl::StrCat("{", tags, "}")), 400,
                 "BadRequestException", tag_key);
    for (const std::string& resource :
         {"usageplans%2F" + plan, "apikeys%2F" + key}) {
      const std::string target =
          "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2F" + resource;
      expect_error(call("PUT", target, absl::StrCat("{", tags, "}")), 400,
                   "BadRequestException", tag_key);
      EXPECT_EQ(body_of(200, "GET", target), R"({"tags":{}})");
      EXPECT_EQ(call("DELETE", target + "?tagKeys=aws:x").status, 204);
    }
  }
}

TEST_F(ManagementTest, ErrorsOfAKeySpeakOfAKey) {
  const std::string tags =
      absl::StrCat(R"({"tags":{")", std::string(129, 'k'), R"(":""}})");
  const std::string key = create_key("{}");
  for (const HttpResponse& response :
       {call("POST", "/apikeys", tags),
        call("PUT", "/tags/arn%3Aaws%3Aapigateway%3Ax%3A%3A%2Fapikeys%2F" + key,
             tags)}) {
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, AllOf(HasSubstr("invalid API key: /tags/k"),
                                     Not(HasSubstr("usage plan"))));
  }
}

TEST_F(ManagementTest, APatchOfAKeyNeedsText) {
  const std::string id = create_key(
      R"({"name":"n","description":"d","enabled":true,"customerId":"c",)"
      R"("stageKeys":[{"restApiId":"a1","stageName":"prod"}]})");
  const std::string before = body_of(200, "GET", "/apikeys/" + id);
  const auto patch = [&](const std::string& op, const std::string& path,
                         const std::string& value) {
    return call("PATCH", "/apikeys/" + id,
                absl::StrCat(R"({"patchOperations":[{"op":")", op,
                             R"(","path":")", path, "\"", value, "}]}"));
  };
  for (const char* value :
       {"", R"(,"value":null)", R"(,"value":1)", R"(,"value":0)",
        R"(,"value":{"a":1})", R"(,"value":[])", R"(,"value":["x"])"}) {
    for (const char* path :
         {"/name", "/description", "/enabled", "/customerId"}) {
      const HttpResponse response = patch("replace", path, value);
      EXPECT_EQ(response.status, 400) << path << value;
      EXPECT_EQ(header(response, "x-amzn-errortype"), "BadRequestException");
      EXPECT_THAT(response.body, HasSubstr(absl::StrCat("replace ", path)));
    }
    EXPECT_EQ(patch("add", "/stages", value).status, 400) << value;
    EXPECT_EQ(patch("remove", "/stages", value).status, 400) << value;
  }
  EXPECT_EQ(patch("replace", "/name", R"(,"value":true)").status, 400);
  expect_error(patch("replace", "/name", R"(,"value":1)"), 400,
               "BadRequestException",
               "operations[0]: replace /name: expected a string, got number 1");
  EXPECT_EQ(body_of(200, "GET", "/apikeys/" + id), before);

  // Text that is no boolean is one all the same, in API Gateway.
  EXPECT_THAT(patch("replace", "/enabled", R"(,"value":"yes")").body,
              HasSubstr(R"("enabled":false)"));
  EXPECT_THAT(patch("replace", "/enabled", R"(,"value":"TRUE")").body,
              HasSubstr(R"("enabled":true)"));
  EXPECT_THAT(patch("replace", "/enabled", R"(,"value":false)").body,
              HasSubstr(R"("enabled":false)"));
  EXPECT_THAT(patch("replace", "/name", R"(,"value":"")").body,
              Not(HasSubstr(R"("name")")));
}

TEST_F(ManagementTest, ALimitOfZeroSuspendsAPlan) {
  const std::string plan = create_plan(
      R"({"name":"gold","apiStages":[{"apiId":"a1","stage":"prod"}],)"
      R"("throttle":{"rateLimit":-0.0,"burstLimit":10},)"
      R"("quota":{"limit":0,"period":"MONTH"}})");
  EXPECT_THAT(body_of(200, "GET", "/usageplans/" + plan),
              AllOf(HasSubstr(R"("rateLimit":0.0)"),
                    HasSubstr(R"("quota":{"limit":0,"offset":0,)")));
  const std::string key =
      create_key(absl::StrCat(R"({"enabled":true,"value":")", kValue, R"("})"));
  body_of(201, "POST", "/usageplans/" + plan + "/keys",
          absl::StrCat(R"({"keyId":")", key, R"(","keyType":"API_KEY"})"));
  Call request;
  request.api_key = kValue;
  request.route = *enforcer_->intern_route("a1", "prod");
  const Decision decision = enforcer_->admit(request);
  EXPECT_EQ(decision.outcome, Outcome::kQuotaExceeded);
  EXPECT_EQ(decision.retry_after(), absl::InfiniteDuration());
  EXPECT_THAT(
      body_of(200, "GET",
              absl::StrCat("/usageplans/", plan,
                           "/usage?startDate=2026-03-04&endDate=2026-03-05")),
      HasSubstr("[[0,0],[0,0]]"));

  const auto patch = [&](const char* limit) {
    return call("PATCH", "/usageplans/" + plan,
                absl::StrCat(R"({"patchOperations":[{"op":"replace","path":)"
                             R"("/quota/limit","value":")",
                             limit, R"("}]})"))
        .status;
  };
  EXPECT_EQ(patch("1"), 200);
  EXPECT_TRUE(enforcer_->admit(request).admitted());
  EXPECT_EQ(patch("0"), 200);
  EXPECT_EQ(enforcer_->admit(request).outcome, Outcome::kQuotaExceeded);
  EXPECT_EQ(patch("-0"), 200);
}

TEST_F(ManagementTest, RefusesWhatItDoesNotHave) {
  for (const char* target : {"/restapis", "/account", "/v2/apis",
                             "/domainnames/x", "/restapis/x/stages/y"}) {
    for (const char* method : {"GET", "POST", "DELETE"}) {
      expect_error(call(method, target), 404, "NotFoundException",
                   "No such resource: there are usage plans, API keys, usage "
                   "and tags");
      EXPECT_EQ(operation_, "Unknown");
    }
  }
  EXPECT_EQ(call("GET", "/usageplans/a/b").status, 404);
  EXPECT_EQ(call("GET", "/usageplans//keys").status, 404);
  EXPECT_EQ(operation_, "Unknown");
  const HttpResponse method = call("PUT", "/usageplans/a");
  expect_error(method, 405, "BadRequestException",
               "The resource does not have this method");
  EXPECT_EQ(header(method, "allow"), "GET, PATCH, DELETE");
  EXPECT_EQ(call("HEAD", "/usageplans").status, 200);
  EXPECT_EQ(call("GET", "/usageplans/%zz").status, 400);
  EXPECT_EQ(call("GET", "/usageplans/%00").status, 400);
}

TEST_F(ManagementTest, RefusesBodiesThatMakeNoSense) {
  const std::string plan = create_plan(R"({"name":"gold"})");
  for (const std::string body :
       {"", "[]", "null", "{", "\"x\"", "{\"name\":1}", "{\"nam\":\"x\"}",
        "{\"name\":\"x\",\"name\":\"y\"}", "{\"name\":\"\xff\"}",
        "{\"name\":\"x\",\"quota\":{\"limit\":1e999,\"period\":\"DAY\"}}",
        "{\"name\":\"x\",\"quota\":{\"limit\":-1,\"period\":\"DAY\"}}",
        "{\"name\":\"x\",\"quota\":{\"period\":\"DAY\"}}"}) {
    EXPECT_EQ(call("POST", "/usageplans", body).status, 400) << body;
  }
  EXPECT_EQ(call("POST", "/usageplans",
                 std::string(100'000, '[') + std::string(100'000, ']'))
                .status,
            400);
  for (const std::string body :
       {"[]", "{\"name\":1}", "{\"enabled\":[]}", "{\"enabled\":\"yes\"}",
        "{\"enabled\":1}", "{\"generateDistinctId\":\"\"}", "{\"id\":\"x\"}",
        "{\"stageKeys\":{}}", "{\"stageKeys\":[{\"restApiId\":\"a\"}]}",
        "{\"stageKeys\":[1]}", "{\"tags\":[]}"}) {
    EXPECT_EQ(call("POST", "/apikeys", body).status, 400) << body;
  }
  EXPECT_EQ(body_of(200, "GET", "/apikeys"), R"({"item":[]})");
  // It says what, and where.
  const struct {
    const char* body;
    const char* message;
  } kErrors[] = {
      {"[]", "request body: expected an object"},
      {R"({"name":1})", "/name: expected a string"},
      {R"({"value":[]})", "/value: expected a string"},
      {R"({"description":{}})", "/description: expected a string"},
      {R"({"customerId":true})", "/customerId: expected a string"},
      {R"({"enabled":[]})", "/enabled: expected true or false"},
      {R"({"enabled":"yes"})", "/enabled: expected true or false"},
      {R"({"generateDistinctId":1})",
       "/generateDistinctId: expected true or false"},
      {R"({"id":"x"})", R"(/\"id\": unknown member)"},
      {R"({"stageKeys":{}})", "/stageKeys: expected an array"},
      {R"({"stageKeys":[{},1]})", "/stageKeys/1: expected an object"},
      {R"({"stageKeys":[{"restApiId":"a","x":1}]})",
       R"(/stageKeys/0/\"x\": unknown member)"},
      {R"({"stageKeys":[{"restApiId":1}]})",
       "/stageKeys/0/restApiId: expected a string"},
      {R"({"stageKeys":[{"stageName":1}]})",
       "/stageKeys/0/stageName: expected a string"},
      {R"({"tags":[]})", "/tags: expected an object"},
      {R"({"tags":{"a":1}})", R"(/tags/\"a\": expected a string)"},
      {R"({"name":1,"value":1})", "/name: expected a string"},
  };
  for (const auto& [body, message] : kErrors) {
    expect_error(call("POST", "/apikeys", body), 400, "BadRequestException",
                 message);
  }
  const std::string keys = "/usageplans/" + plan + "/keys";
  expect_error(call("POST", keys, "[]"), 400, "BadRequestException",
               "request body: expected an object");
  expect_error(call("POST", keys, R"({"keyId":1,"keyType":"API_KEY"})"), 400,
               "BadRequestException", "/keyId: expected a string");
  expect_error(call("POST", keys, R"({"keyId":"k","keyType":"X"})"), 400,
               "BadRequestException", "/keyType: expected API_KEY");
  expect_error(call("POST", keys, R"({"keyId":"k"})"), 400,
               "BadRequestException", "/keyType: expected API_KEY");
  expect_error(call("POST", keys, R"({"keyId":"k","k":1})"), 400,
               "BadRequestException", R"(/\"k\": unknown member)");
  // null is what is not there; a text is a truth, too.
  EXPECT_THAT(body_of(201, "POST", "/apikeys",
                      R"({"name":null,"enabled":"TRUE","tags":null,)"
                      R"("stageKeys":null,"generateDistinctId":"False"})"),
              HasSubstr(R"("enabled":true)"));
  for (const char* off : {"false", "null", R"("fAlse")"}) {
    EXPECT_THAT(body_of(201, "POST", "/apikeys",
                        absl::StrCat(R"({"enabled":)", off, "}")),
                HasSubstr(R"("enabled":false)"))
        << off;
  }
  EXPECT_THAT(body_of(201, "POST", "/apikeys",
                      R"({"stageKeys":[{"restApiId":"a","stageName":"s"}]})"),
              HasSubstr(R"("stageKeys":["a/s"])"));
  for (const std::string body :
       {"[", "{\"patchOperations\":1}", "{\"x\":[]}"}) {
    EXPECT_EQ(call("PATCH", "/usageplans/" + plan, body).status, 400) << body;
  }
}

}  // namespace
}  // namespace weir
