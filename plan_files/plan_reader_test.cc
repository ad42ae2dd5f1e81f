#include "weir/plan_files/plan_reader.h"

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/validation.h"
#include "weir/plan_files/filed_plan.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string testdata(const std::string& name) {
  std::ifstream file("plan_files/testdata/" + name);
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// "template.yaml:14: Resources.Gold: expected ..." without the file's name.
std::string shown(const PlanFileProblem& problem) {
  std::string text =
      problem.place.line > 0 ? absl::StrCat(problem.place.line, ": ") : "";
  if (!problem.place.path.empty()) {
    absl::StrAppend(&text, problem.place.path, ": ");
  }
  return text + problem.message;
}

std::vector<FiledPlan> plans_of(std::string_view text) {
  auto plans = read_plans(text);
  EXPECT_TRUE(plans.ok()) << text << "\n" << plans.status();
  return plans.ok() ? *std::move(plans) : std::vector<FiledPlan>();
}

// "name: plan as JSON" for each plan; its problems if it has any.
std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> all;
  for (const FiledPlan& plan : plans_of(text)) {
    std::string line = plan.name + ": ";
    if (plan.problems.empty()) line += usage_plan_to_json(plan.plan);
    line += absl::StrJoin(plan.problems, "; ",
                          [](std::string* out, const PlanFileProblem& problem) {
                            *out += shown(problem);
                          });
    all.push_back(line);
  }
  return all;
}

// The problems of the single plan of a document, read and validated.
std::vector<std::string> problems(std::string_view text,
                                  const PlanRules& rules = {}) {
  std::vector<std::string> all;
  const auto plans = plans_of(text);
  if (plans.size() != 1) return {"not one plan"};
  for (const PlanFileProblem& problem : problems_of(plans[0], rules)) {
    all.push_back(shown(problem));
  }
  return all;
}

std::string error(std::string_view text) {
  const auto plans = read_plans(text);
  EXPECT_FALSE(plans.ok()) << text;
  return std::string(plans.status().message());
}

constexpr char kGold[] =
    R"({"id":"a1b2c3","name":"gold","apiStages":[)"
    R"({"apiId":"o81lxisefl","stage":"prod","throttle":)"
    R"({"/pets/GET":{"burstLimit":2,"rateLimit":10.0}}}],)"
    R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
    R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},"tags":{}})";

TEST(ReadPlans, ReadsWhatTheAwsCliPrints) {
  const std::string list = testdata("get-usage-plans.json");
  const std::string free =
      R"(free: {"id":"d4e5f6","name":"free","apiStages":[],)"
      R"("quota":{"limit":500,"offset":0,"period":"DAY"},)"
      R"("tags":{"team":"pets"}})";
  EXPECT_THAT(read(list), ElementsAre(absl::StrCat("gold: ", kGold), free));
  EXPECT_THAT(read(kGold), ElementsAre(absl::StrCat("gold: ", kGold)));
  EXPECT_THAT(read(absl::StrCat("[", kGold, "]")),
              ElementsAre(absl::StrCat("gold: ", kGold)));
  EXPECT_THAT(read(absl::StrCat("{\"position\":\"x\",\"item\":[", kGold, "]}")),
              ElementsAre(absl::StrCat("gold: ", kGold)));
  EXPECT_THAT(
      read(testdata("get-usage-plan.yaml")),
      ElementsAre(
          R"(gold: {"id":"a1b2c3","name":"gold","description":"For partners",)"
          R"("apiStages":[{"apiId":"o81lxisefl","stage":"prod","throttle":)"
          R"({"//GET":{"burstLimit":1,"rateLimit":0.5}}}],)"
          R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
          R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},)"
          R"("tags":{}})"));
}

TEST(ReadPlans, ReadsATemplate) {
  EXPECT_THAT(
      read(testdata("template.yaml")),
      ElementsAre(
          R"(GoldPlan: {"name":"gold-prod","description":"For partners",)"
          R"("apiStages":[{"apiId":"PetsApi","stage":"ProdStage","throttle":{)"
          R"("//GET":{"burstLimit":1,"rateLimit":0.5},)"
          R"("/pets/GET":{"burstLimit":2,"rateLimit":10.0}}},)"
          R"({"apiId":"shared.toys-api","stage":"live"}],)"
          R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
          R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},)"
          R"("tags":{"owner":"Owner"}})",
          R"(FreePlan: {"name":"FreePlan",)"
          R"("apiStages":[{"apiId":"PetsApi","stage":"prod"}],)"
          R"("throttle":{"burstLimit":10,"rateLimit":1.0},)"
          R"("quota":{"limit":8,"offset":2,"period":"WEEK"},"tags":{}})"));
}

TEST(ReadPlans, ReadsWhatCdkAndTheServerlessFrameworkMake) {
  EXPECT_THAT(
      read(testdata("cdk.template.json")),
      ElementsAre(
          R"(PetsGoldE99C26E7: {"name":"gold","description":"For partners",)"
          R"("apiStages":[{"apiId":"Pets118546E0",)"
          R"("stage":"PetsDeploymentStageprod12FF68EE","throttle":{)"
          R"("//GET":{"burstLimit":1,"rateLimit":0.5},)"
          R"("/pets/GET":{"burstLimit":2,"rateLimit":10.0},)"
          R"("/pets/{id}/ANY":{"burstLimit":5,"rateLimit":5.0}}}],)"
          R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
          R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},)"
          R"("tags":{"team":"pets"}})",
          R"(Free762A56CD: {"name":"Free762A56CD",)"
          R"("apiStages":[{"apiId":"Pets118546E0",)"
          R"("stage":"PetsDeploymentStageprod12FF68EE"}],)"
          R"("throttle":{"burstLimit":0,"rateLimit":1.0},)"
          R"("quota":{"limit":500,"offset":0,"period":"DAY"},"tags":{}})"));

  const std::string free_and_paid[] = {
      R"("apiStages":[{"apiId":"ApiGatewayRestApi","stage":"prod"}],)"
      R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
      R"("quota":{"limit":5000,"offset":2,"period":"MONTH"},"tags":{}})",
      R"("apiStages":[{"apiId":"ApiGatewayRestApi","stage":"prod"}],)"
      R"("quota":{"limit":50000,"offset":0,"period":"MONTH"},"tags":{}})"};
  EXPECT_THAT(
      read(testdata("serverless-package.json")),
      ElementsAre(
          absl::StrCat(
              "ApiGatewayUsagePlanFree: {\"name\":\"shop-free-prod\",",
              R"("description":"Usage plan \"free\" for shop prod stage",)",
              free_and_paid[0]),
          absl::StrCat(
              "ApiGatewayUsagePlanPaid: {\"name\":\"shop-paid-prod\",",
              R"("description":"Usage plan \"paid\" for shop prod stage",)",
              free_and_paid[1])));
  EXPECT_THAT(read(testdata("serverless.yml")),
              ElementsAre(absl::StrCat("free: {\"name\":\"shop-free-prod\",",
                                       free_and_paid[0]),
                          absl::StrCat("paid: {\"name\":\"shop-paid-prod\",",
                                       free_and_paid[1])));
  EXPECT_THAT(
      read("service: {name: s}\nprovider:\n  apiGateway:\n    usagePlan:\n"
           "      quota: {limit: '${ssm:/limit}', period: DAY}\n"
           "      throttle: {rateLimit: 1, burst: 2}\n"),
      ElementsAre(
          AllOf(StartsWith("default: "),
                HasSubstr("6: provider.apiGateway.usagePlan.throttle.burst: "
                          "unknown member: there are burstLimit and rateLimit"),
                HasSubstr("5: provider.apiGateway.usagePlan.quota.limit: "
                          "\"${ssm:/limit}\" is known only to the Serverless "
                          "Framework"))));
}

TEST(ReadPlans, ReadsWhatSamMakes) {
  const std::string quota =
      R"("quota":{"limit":500,"offset":0,"period":"DAY"})";
  EXPECT_THAT(
      read(testdata("sam.yaml")),
      ElementsAre(
          R"(PetsUsagePlan: {"name":"pets",)"
          R"("apiStages":[{"apiId":"Pets","stage":"live"}],)"
          R"("throttle":{"burstLimit":20,"rateLimit":10.0},)"
          R"("quota":{"limit":5000,"offset":0,"period":"DAY"},"tags":{}})",
          absl::StrCat(R"(ToysUsagePlan: {"name":"ToysUsagePlan",)"
                       R"("apiStages":[{"apiId":"Toys","stage":"Stage"}],)",
                       quota, ",\"tags\":{}}"),
          absl::StrCat(
              R"(ServerlessRestApiUsagePlan: )"
              R"({"name":"ServerlessRestApiUsagePlan",)"
              R"("apiStages":[{"apiId":"ServerlessRestApi","stage":"Prod"}],)",
              quota, ",\"tags\":{}}")));
  EXPECT_THAT(read(testdata("sam-shared.yaml")),
              ElementsAre(absl::StrCat(
                  R"(ServerlessUsagePlan: {"name":"ServerlessUsagePlan",)"
                  R"("apiStages":[{"apiId":"Pets","stage":"live"},)"
                  R"({"apiId":"Toys","stage":"test"}],)",
                  quota, ",\"tags\":{}}")));
  EXPECT_THAT(
      read("Resources:\n  A:\n    Type: AWS::Serverless::Api\n"
           "    Properties:\n      Auth:\n        UsagePlan:\n"
           "          Quota: {Limits: 5, Period: DAY}\n"),
      ElementsAre(AllOf(
          HasSubstr("7: Resources.A.Properties.Auth.UsagePlan: expected a "
                    "CreateUsagePlan of PER_API, SHARED or NONE"),
          HasSubstr("7: Resources.A.Properties.Auth.UsagePlan.Quota.Limits: "
                    "unknown member: there are Limit, Offset and Period"))));
}

TEST(ReadPlans, ReadsTerraform) {
  EXPECT_THAT(
      read(testdata("terraform-state.json")),
      ElementsAre(
          R"(aws_api_gateway_usage_plan.gold: {"id":"a1b2c3","name":"gold",)"
          R"("description":"For partners",)"
          R"("apiStages":[{"apiId":"o81lxisefl","stage":"prod","throttle":)"
          R"({"/pets/GET":{"burstLimit":2,"rateLimit":10.0}}},)"
          R"({"apiId":"o81lxisefl","stage":"dev"}],)"
          R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
          R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},)"
          R"("tags":{"env":"prod","team":"pets"}})",
          R"(module.toys.aws_api_gateway_usage_plan.this["free"]: )"
          R"({"id":"d4e5f6","name":"free","apiStages":[],)"
          R"("productCode":"p-1","tags":{}})"));
  EXPECT_THAT(
      read(testdata("terraform-plan.json")),
      ElementsAre(
          R"(aws_api_gateway_usage_plan.gold: {"name":"gold",)"
          R"("apiStages":[{"apiId":"aws_api_gateway_rest_api.pets",)"
          R"("stage":"prod","throttle":)"
          R"({"/pets/GET":{"burstLimit":2,"rateLimit":10.0}}}],)"
          R"("throttle":{"burstLimit":200,"rateLimit":100.0},)"
          R"("quota":{"limit":1000000,"offset":0,"period":"MONTH"},)"
          R"("tags":{}})",
          "module.toys[0].aws_api_gateway_usage_plan.free: 62: "
          "module.toys[0].aws_api_gateway_usage_plan.free.quota_settings[0]"
          ".limit: is known only after apply"));
  // The references of a plan without problems.
  const auto plans = plans_of(testdata("terraform-plan.json"));
  EXPECT_EQ(plans[1].plan.api_stages(0).api_id(), "var.api");
  EXPECT_EQ(plans[1].plan.api_stages(0).stage(), "stage");

  EXPECT_THAT(
      read(R"({"version":4,"terraform_version":"1.9.5","resources":[
        {"mode":"managed","type":"aws_api_gateway_rest_api","name":"a",
         "instances":[{"attributes":{}}]},
        {"module":"module.m","mode":"managed",
         "type":"aws_api_gateway_usage_plan","name":"p","instances":[
          {"index_key":0,"attributes":{"id":"x","name":"n","quota_settings":
            [{"limit":5,"offset":0,"period":"DAY"}]}},
          {"index_key":1,"deposed":"00","attributes":{"name":"old"}}]}]})"),
      ElementsAre(
          R"(module.m.aws_api_gateway_usage_plan.p[0]: {"id":"x","name":"n",)"
          R"("apiStages":[],"quota":{"limit":5,"offset":0,"period":"DAY"},)"
          R"("tags":{}})"));
}

TEST(ReadPlans, ReadsPartsOfTemplates) {
  const std::string resource =
      "Type: AWS::ApiGateway::UsagePlan\n"
      "Properties:\n  UsagePlanName: n\n  Quota: {Limit: 5, Period: DAY}\n";
  const std::string plan =
      R"({"name":"n","apiStages":[],)"
      R"("quota":{"limit":5,"offset":0,"period":"DAY"},"tags":{}})";
  EXPECT_THAT(read(resource), ElementsAre("UsagePlan: " + plan));
  EXPECT_THAT(read("Gold:\n  Type: AWS::ApiGateway::UsagePlan\n"
                   "  Properties: {UsagePlanName: n, "
                   "Quota: {Limit: 5, Period: DAY}}\n"),
              ElementsAre("Gold: " + plan));
  EXPECT_THAT(
      read(R"({"UsagePlanName":"n","Quota":{"Limit":5,"Period":"DAY"}})"),
      ElementsAre("UsagePlan: " + plan));
  EXPECT_THAT(read(R"({"StagesAvailable":[],"TemplateBody":
               {"Resources":{"P":{"Type":"AWS::ApiGateway::UsagePlan",
                "Properties":{"UsagePlanName":"n",
                "Quota":{"Limit":5,"Period":"DAY"}}}}}})"),
              ElementsAre("P: " + plan));
  EXPECT_THAT(read(R"({"TemplateBody":"Resources:\n  P:\n    Type: )"
                   R"(AWS::ApiGateway::UsagePlan\n    Properties: )"
                   R"({UsagePlanName: n, Quota: {Limit: 5, Period: DAY}}\n"})"),
              ElementsAre("P: " + plan));
  EXPECT_THAT(read("Resources:\n  P: {Type: AWS::ApiGateway::UsagePlan}\n"),
              ElementsAre(R"(P: {"name":"P","apiStages":[],"tags":{}})"));
}

// The results of functions for the limit of a quota.
std::string limit(std::string_view function, std::string_view rest = "") {
  const auto plans = plans_of(absl::StrCat(
      "Parameters:\n  P: {Type: Number, Default: 7}\n"
      "  Q: {Type: Number}\n  S: {Type: 'AWS::SSM::Parameter::Value<String>', "
      "Default: /limit}\n  L: {Type: CommaDelimitedList, Default: '5,6'}\n"
      "Conditions:\n"
      "  IsP: !Equals [!Ref P, '7']\n"
      "  Not: !Not [!Condition IsP]\n"
      "  Both: !And [!Condition IsP, !Not [!Condition Not]]\n"
      "  Either: !Or [!Equals [!Ref Q, 1], !Condition IsP]\n"
      "  Neither: !And [!Equals [!Ref Q, 1], !Condition Not]\n"
      "  Unknown: !Equals [!Ref Q, 1]\n"
      "  Loop: !Not [!Condition Loop]\n"
      "Mappings:\n  M: {'7': {Limit: 70}}\n",
      std::string(rest),
      "Resources:\n  X:\n    Type: AWS::ApiGateway::UsagePlan\n"
      "    Properties:\n      Quota:\n        Period: DAY\n        Limit: ",
      std::string(function), "\n"));
  if (plans.size() != 1) return "not one plan";
  if (plans[0].problems.empty()) {
    return absl::StrCat(plans[0].plan.quota().limit());
  }
  return plans[0].problems[0].message;
}

TEST(ReadPlans, WorksFunctionsOut) {
  EXPECT_EQ(limit("!Ref P"), "7");
  EXPECT_EQ(limit("!Ref Q"), "the parameter Q has no Default");
  EXPECT_EQ(limit("!Ref S"),
            "the parameter S is read from SSM by a deployment");
  EXPECT_EQ(limit("!Ref R"), "there is no parameter \"R\"");
  EXPECT_EQ(limit("!Ref X"),
            "a reference to the resource \"X\", known only to a deployment");
  EXPECT_EQ(limit("!Ref AWS::Region"),
            "AWS::Region is known only to a deployment");
  EXPECT_EQ(limit("{'Ref': 'P'}"), "7");
  EXPECT_EQ(limit("!GetAtt A.B"), "\"A.B\" is known only to a deployment");
  EXPECT_EQ(limit("!Sub '1${P}0'"), "170");
  EXPECT_EQ(limit("!Sub ['1${V}', {V: !Ref P}]"), "17");
  EXPECT_EQ(limit("!Sub '1${Q}'"), "the parameter Q has no Default");
  EXPECT_EQ(limit("!Sub '${!P}'"),
            "expected a whole number, got string \"${P}\"");
  EXPECT_EQ(limit("!Join ['', [1, !Ref P]]"), "17");
  EXPECT_EQ(limit("!If [IsP, 1, 2]"), "1");
  EXPECT_EQ(limit("!If [Not, 1, 2]"), "2");
  EXPECT_EQ(limit("!If [Both, 1, 2]"), "1");
  EXPECT_EQ(limit("!If [Either, 1, 2]"), "1");
  EXPECT_EQ(limit("!If [Neither, 1, 2]"), "2");
  EXPECT_EQ(
      limit("!If [Unknown, 1, 2]"),
      "the condition Unknown is not known: the parameter Q has no Default");
  EXPECT_EQ(limit("!If [None, 1, 2]"), "there is no condition \"None\"");
  EXPECT_THAT(limit("!If [Loop, 1, 2]"), HasSubstr("too many functions"));
  EXPECT_EQ(limit("!FindInMap [M, !Ref P, Limit]"), "70");
  EXPECT_EQ(limit("!FindInMap [M, x, Limit]"), "there is no Mappings.M.x");
  EXPECT_EQ(limit("!Select [1, [3, 4]]"), "4");
  EXPECT_EQ(limit("!Select [1, !Ref L]"), "6");
  EXPECT_EQ(limit("!Select ['1', !Split [',', '3,9']]"), "9");
  EXPECT_THAT(limit("!Select [2, [3, 4]]"), StartsWith("Fn::Select: expected"));
  EXPECT_THAT(limit("!If [IsP]"), StartsWith("Fn::If: expected"));
  EXPECT_EQ(limit("'{{resolve:ssm:/limit:1}}'"),
            "a dynamic reference, which a deployment resolves");
  EXPECT_EQ(limit("!Length [1]"), "Fn::Length is known only to a deployment");
  EXPECT_EQ(limit("!If [IsP, !Ref AWS::NoValue, 2]"), "0");
}

TEST(ReadPlans, IsNotHeldUpByFunctions) {
  // Each of 30 conditions evaluates the one before it twice.
  std::string text = "Conditions:\n  C0: !Equals [1, 2]\n";
  for (int i = 1; i <= 30; ++i) {
    absl::StrAppend(&text, "  C", i, ": !Or [!Condition C", i - 1,
                    ", !Condition C", i - 1, "]\n");
  }
  absl::StrAppend(&text,
                  "Resources:\n  X:\n    Type: AWS::ApiGateway::UsagePlan\n"
                  "    Properties: {Quota: {Period: DAY, "
                  "Limit: !If [C30, 1, 2]}}\n");
  EXPECT_THAT(problems(text), ElementsAre(HasSubstr("too many functions")));
}

TEST(ReadPlans, CallsReferencesByTheirNames) {
  const auto stage = [](std::string_view function) {
    const auto plans = plans_of(
        absl::StrCat("Resources:\n  X:\n    Type: AWS::ApiGateway::UsagePlan\n"
                     "    Properties:\n      ApiStages:\n      - ApiId: a\n"
                     "        Stage: ",
                     std::string(function), "\n"));
    EXPECT_THAT(plans[0].problems, IsEmpty());
    return plans[0].plan.api_stages(0).stage();
  };
  EXPECT_EQ(stage("!Ref ProdStage"), "ProdStage");
  EXPECT_EQ(stage("{Ref: ProdStage}"), "ProdStage");
  EXPECT_EQ(stage("!Ref AWS::StackName"), "StackName");
  EXPECT_EQ(stage("!Sub '${AWS::StackName}-${Env}'"), "StackName-Env");
  EXPECT_EQ(stage("!GetAtt Api.Stage"), "Api.Stage");
  EXPECT_EQ(stage("!GetAtt [Api, Stage]"), "Api.Stage");
  EXPECT_EQ(stage("!ImportValue a:b"), "a.b");
  EXPECT_EQ(stage("!ImportValue {'Fn::Sub': '${Net}-stage'}"), "Net-stage");
  EXPECT_EQ(stage("'{{resolve:ssm:/stage:1}}'"), "ssm..stage.1");
  // How CloudFormation converts scalars that are not text.
  EXPECT_EQ(stage("on"), "true");
  EXPECT_EQ(stage("1.10"), "1.10");
  EXPECT_EQ(stage("012345"), "012345");
  EXPECT_EQ(stage("'on'"), "on");
}

constexpr char kTemplate[] =
    "Resources:\n"                               // 1
    "  Gold:\n"                                  // 2
    "    Type: AWS::ApiGateway::UsagePlan\n"     // 3
    "    Properties:\n"                          // 4
    "      ApiStages:\n"                         // 5
    "      - ApiId: a:b\n"                       // 6
    "        Throttle:\n"                        // 7
    "          /pets/GET: {RateLimit: -1}\n"     // 8
    "          pets/FETCH: {}\n"                 // 9
    "      - - 5\n"                              // 10
    "      Quota:\n"                             // 11
    "        Limit: many\n"                      // 12
    "        Ofset: 1\n"                         // 13
    "      Tags: {team: pets}\n"                 // 14
    "      Description:\n"                       // 15
    "      Throttle:\n"                          // 16
    "        BurstLimit: 99999999999\n"          // 17
    "        RateLimit: {Fn::If: [A, 1, 2]}\n";  // 18

TEST(ReadPlans, NamesWhatTheUserWrote) {
  EXPECT_THAT(
      problems(kTemplate),
      ElementsAre(
          "6: Resources.Gold.Properties.ApiStages[0].ApiId: expected text "
          "without ':' and '/', got \"a:b\"",
          "6: Resources.Gold.Properties.ApiStages[0].Stage: expected 1 to 256 "
          "characters, got 0",
          "8: Resources.Gold.Properties.ApiStages[0].Throttle[\"/pets/GET\"]."
          "RateLimit: expected 0, or 0.000001 to 1000000000, got -1",
          AllOf(StartsWith("9: Resources.Gold.Properties.ApiStages[0]."
                           "Throttle[\"pets/FETCH\"]: ")),
          "10: Resources.Gold.Properties.ApiStages[1]: expected an object, got "
          "a list",
          "12: Resources.Gold.Properties.Quota.Limit: expected a whole number, "
          "got string \"many\"",
          "12: Resources.Gold.Properties.Quota.Period: expected DAY, WEEK or "
          "MONTH",
          "13: Resources.Gold.Properties.Quota.Ofset: unknown member: there "
          "are Limit, Offset and Period",
          "14: Resources.Gold.Properties.Tags: expected a list, got an object",
          "15: Resources.Gold.Properties.Description: expected a string, got "
          "null",
          "17: Resources.Gold.Properties.Throttle.BurstLimit: expected 0 to "
          "2147483647, got 99999999999",
          "18: Resources.Gold.Properties.Throttle.RateLimit: there is no "
          "condition \"A\""));
}

TEST(ReadPlans, PointsAtWhatHoldsAMistake) {
  EXPECT_THAT(
      problems("Resources:\n  X:\n    Type: AWS::ApiGateway::UsagePlan\n"
               "    Properties:\n      ApiStages:\n"
               "      - {ApiId: a, Stage: s}\n"
               "      - ApiId: a\n        Stage: s\n"
               "        Throttle:\n          /x/GET: {RateLimit: 1}\n"),
      ElementsAre("7: Resources.X.Properties.ApiStages[1]: stage \"a\" : \"s\" "
                  "is there twice",
                  StartsWith("7: Resources.X.Properties.ApiStages[1]: methods "
                             "can be throttled only if")));
}

TEST(ReadPlans, PointsIntoPlansOfTheAwsCli) {
  EXPECT_THAT(problems(R"({"name":"n","quota":{"limit":"many"}})"),
              ElementsAre(StartsWith(
                  "/quota/limit: expected a whole number from 0 to")));
  EXPECT_THAT(problems(R"({"items":[{"name":"n","qouta":{}}]})"),
              ElementsAre("/items/0/qouta: there is no such member: expected "
                          "id, name, description, apiStages, throttle, quota, "
                          "productCode or tags"));
  EXPECT_THAT(problems(R"([{"name":"","quota":{"limit":5,"period":"DAY"}}])"),
              ElementsAre("/0/name: expected 1 to 1024 characters, got 0"));
  EXPECT_THAT(problems(R"([5])"),
              ElementsAre("/0: expected a usage plan, a JSON object"));
  EXPECT_THAT(problems(R"({"name":"n","quota":{"limit":5,"period":"day"}})"),
              ElementsAre("/quota/period: expected DAY, WEEK or MONTH"));
}

TEST(ReadPlans, SaysWhenThereIsNone) {
  for (const char* text :
       {"[]", R"({"items":[]})", R"({"item":[]})", "Resources: {}",
        "Resources:\n  A: {Type: AWS::ApiGateway::RestApi}\n",
        R"({"format_version":"1.0"})", R"({"TemplateBody":{}})",
        "service: s\nprovider: {name: aws}\n",
        R"({"Type":"AWS::ApiGateway::RestApi"})"}) {
    EXPECT_EQ(error(text), "contains no usage plan") << text;
  }
  EXPECT_THAT(error("{\"a\": }"), StartsWith("line 1, column 7: "));
  EXPECT_THAT(error(""), StartsWith("line 1, column 1: "));
  EXPECT_THAT(error("a: b: c"), StartsWith("line 1, column 5: "));
  EXPECT_THAT(error(R"({"TemplateBody":"a: b: c"})"),
              StartsWith("TemplateBody: line 1, column 5: "));
}

}  // namespace
}  // namespace weir
