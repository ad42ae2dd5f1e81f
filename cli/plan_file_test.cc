// What commands make of plans in files of every kind.

#include "weir/cli/plan_file.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/cli/console.h"
#include "weir/cli/diff_command.h"
#include "weir/cli/patch_command.h"
#include "weir/cli/replay/replay_command.h"
#include "weir/cli/validate_command.h"

namespace weir::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Command = int (*)(absl::Span<const std::string>, const Console&);

struct Result {
  int exit_code;
  std::string out;
  std::string err;
};

Result run(Command command, const std::vector<std::string>& arguments,
           const std::string& in = "") {
  std::istringstream input(in);
  std::ostringstream out, err;
  const Console console{input, out, err};
  const int exit_code = command(arguments, console);
  return {exit_code, out.str(), err.str()};
}

std::string write_file(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

constexpr char kTemplate[] = R"(Resources:
  Gold:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: gold
      ApiStages:
        - ApiId: !Ref Api
          Stage: prod
      Throttle: {RateLimit: 10, BurstLimit: 20}
      Quota: {Limit: 1000, Period: DAY}
  Free:
    Type: AWS::ApiGateway::UsagePlan
    Properties:
      UsagePlanName: free
      ApiStages: [{ApiId: !Ref Api, Stage: prod}]
      Quota: {Limit: -5, Period: DAY}
)";

// The plan Gold, as the AWS CLI prints it.
constexpr char kGold[] = R"({
  "id": "g1", "name": "gold", "productCode": "p",
  "apiStages": [{"apiId": "Api", "stage": "prod"}],
  "throttle": {"burstLimit": 20, "rateLimit": 5.0},
  "quota": {"limit": 1000, "offset": 0, "period": "DAY"},
  "tags": {"aws:cloudformation:stack-name": "shop"}
})";

TEST(PlanAddress, IsAFileAndPerhapsAPlan) {
  EXPECT_EQ(plan_address("a.yaml").path, "a.yaml");
  EXPECT_EQ(plan_address("a.yaml").name, "");
  EXPECT_EQ(plan_address("a.yaml#Gold").path, "a.yaml");
  EXPECT_EQ(plan_address("a.yaml#Gold").name, "Gold");
  EXPECT_EQ(plan_address("-#Gold").path, "-");
  EXPECT_EQ(plan_address("a#b#c").path, "a#b");
  const std::string path = write_file("plans#1", "");
  EXPECT_EQ(plan_address(path).path, path);
  EXPECT_EQ(plan_address(path + "#Gold").path, path);
}

TEST(WeirValidate, FindsAPlanByItsIdToo) {
  const std::string path = write_file("plan.json", kGold);
  EXPECT_EQ(run(run_validate, {path + "#g1"}).exit_code, kExitOk);
  EXPECT_EQ(run(run_validate, {path + "#g"}).exit_code, kExitRefused);
}

TEST(WeirValidate, ChecksAllPlansOfAFile) {
  const std::string path = write_file("template.yaml", kTemplate);
  const Result result = run(run_validate, {path});
  EXPECT_EQ(result.exit_code, kExitRefused);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "weir: " + path +
                ":16: Resources.Free.Properties.Quota.Limit: expected 0 to "
                "8796093022207, got -5\n");
  EXPECT_EQ(run(run_validate, {path + "#Gold"}).out, path + "#Gold: valid\n");
  EXPECT_EQ(run(run_validate, {path + "#gold"}).exit_code, kExitOk);
  const Result free = run(run_validate, {path + "#Free", "--output=json"});
  EXPECT_EQ(free.exit_code, kExitRefused);
  EXPECT_THAT(free.out, HasSubstr("\"line\": 16,"));
  EXPECT_THAT(free.out,
              HasSubstr("\"path\": \"Resources.Free.Properties.Quota.Limit\""));
  EXPECT_EQ(run(run_validate, {path + "#Silver"}).err,
            "weir: " + path +
                ": there is no usage plan \"Silver\" in it: expected Gold, "
                "Free\n");
  EXPECT_EQ(run(run_validate, {path + "x#Gold"}).exit_code, kExitUsage);
  EXPECT_EQ(run(run_validate, {"-"},
                std::string("{\"items\":[") + kGold + "," + kGold + "]}")
                .out,
            "standard input: valid: 2 plans\n");
  EXPECT_EQ(run(run_validate, {"-"}, "{\"items\":[]}").err,
            "weir: standard input: contains no usage plan\n");
}

TEST(WeirDiff, ComparesPlansOfAllKinds) {
  const std::string wanted = write_file("wanted.yaml", kTemplate);
  const std::string deployed = write_file("deployed.json", kGold);
  const Result result = run(run_diff, {"--type=usage-plan", "--output=json",
                                       deployed, wanted + "#Gold"});
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_EQ(result.out, R"({"patchOperations":[{"op":"replace",)"
                        R"("path":"/throttle/rateLimit","value":"10"}]})"
                        "\n");
  const Result many = run(run_diff, {"--type=usage-plan", deployed, wanted});
  EXPECT_EQ(many.exit_code, kExitRefused);
  EXPECT_EQ(many.err,
            "weir: " + wanted +
                ": there are 2 usage plans in it: choose one with FILE#NAME: "
                "Gold, Free\n");
  const Result tagged = run(run_diff, {"--type=usage-plan", deployed, "-"},
                            "Type: AWS::ApiGateway::UsagePlan\nProperties:\n"
                            "  Tags:\n  - {Key: team, Value: pets}\n");
  EXPECT_EQ(tagged.exit_code, kExitRefused);
  EXPECT_THAT(tagged.err, HasSubstr("a patch cannot change them"));
  EXPECT_EQ(run(run_diff, {"--type=usage-plan", "-#a", "-"}).exit_code,
            kExitUsage);
  EXPECT_THAT(run(run_diff, {"--type=usage-plan", "-", deployed},
                  R"({"name":"n","qouta":{}})")
                  .err,
              StartsWith("weir: standard input: /qouta: there is no such "
                         "member: expected id, name"));
}

TEST(WeirPatch, PatchesPlansOfAllKinds) {
  const std::string path = write_file("patched.yaml", kTemplate);
  const Result result = run(
      run_patch, {"--type=usage-plan", "--output=json", path + "#Gold", "-"},
      R"([{"op":"replace","path":"/quota/limit","value":"7"}])");
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"limit\":7"));
  EXPECT_EQ(run(run_patch, {"--type=usage-plan", path, "-"}, "[]").exit_code,
            kExitRefused);
  EXPECT_EQ(run(run_patch, {"--type=usage-plan", "-#Gold", "-"}).exit_code,
            kExitUsage);
}

TEST(WeirReplay, TakesOnePlanOfAFile) {
  const std::string path = write_file("replayed.yaml", kTemplate);
  const std::string log =
      "2026-05-17T10:05:03Z key Api:prod /pets/GET\n"
      "2026-05-17T10:05:03Z key Api:test /pets/GET\n";
  const Result result =
      run(run_replay, {"--plan=" + path + "#Gold", "--log=-", "--output=json"},
          log);
  EXPECT_EQ(result.exit_code, kExitOk) << result.err;
  EXPECT_THAT(result.out, HasSubstr("\"admitted\": 1"));
  EXPECT_THAT(result.out, HasSubstr("\"forbidden\": 1"));
  const Result many = run(run_replay, {"--plan=" + path, "--log=-"}, log);
  EXPECT_EQ(many.exit_code, kExitRefused);
  EXPECT_THAT(many.err, EndsWith("choose one with FILE#NAME: Gold, Free\n"));
}

}  // namespace
}  // namespace weir::cli
