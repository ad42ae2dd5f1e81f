// The tool itself, as a shell sees it.

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "json/json_reader.h"

namespace weir::cli {
namespace {

struct Result {
  int exit_code;
  std::string out;
  std::string err;
};

std::string path_of(const std::string& name) {
  return testing::TempDir() + "/" + name;
}

std::string write_file(const std::string& name, const std::string& text) {
  std::ofstream(path_of(name), std::ios::binary) << text;
  return path_of(name);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Result weir(std::vector<std::string> arguments, const std::string& in = "",
            const char* locale = "C.UTF-8") {
  const std::string in_path = write_file("in", in);
  const std::string out_path = path_of("out"), err_path = path_of("err");
  arguments.insert(arguments.begin(), "cli/weir");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);

  const pid_t child = fork();
  if (child == 0) {
    setenv("LC_ALL", locale, 1);
    if (std::freopen(in_path.c_str(), "r", stdin) != nullptr &&
        std::freopen(out_path.c_str(), "w", stdout) != nullptr &&
        std::freopen(err_path.c_str(), "w", stderr) != nullptr) {
      execv(argv[0], argv.data());
    }
    _exit(127);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(out_path),
          read_file(err_path)};
}

google::protobuf::Struct json(const std::string& text) {
  const auto value = parse_json(text);
  EXPECT_TRUE(value.ok()) << value.status() << "\n" << text;
  return value.ok() ? value->struct_value() : google::protobuf::Struct();
}

double number(const google::protobuf::Struct& object, const std::string& name) {
  return object.fields().at(name).number_value();
}

constexpr char kPlan[] = R"({
  "name": "basic",
  "apiStages": [{"apiId": "a", "stage": "s"}],
  "throttle": {"burstLimit": 2, "rateLimit": 1.0},
  "quota": {"limit": 100, "offset": 0, "period": "DAY"}
})";

constexpr char kLog[] =
    "10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
    "10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\r\n"
    "10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"-\" 408 -\n"
    "10.0.0.2 - - [17/May/2015:10:05:02 +0000] \"GET / HTTP/1.1\" 200 1\n"
    "10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1";

TEST(Weir, HelpsAndTellsItsVersion) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"},
        {"-h"},
        {"replay", "--help"},
        {"validate", "--help"},
        {"patch", "x", "--help"},
        {"diff", "--help"}}) {
    const Result result = weir(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out.substr(0, 12), "Usage: weir ");
    EXPECT_EQ(result.err, "");
  }
  const Result version = weir({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out.substr(0, 5), "weir ");
}

TEST(Weir, UsageErrorsExitWithTwo) {
  const std::string plan = write_file("plan.json", kPlan);
  const struct {
    std::vector<std::string> arguments;
    const char* err;
  } kCases[] = {
      {{}, "weir: expected a command"},
      {{"serve"}, "weir: unknown command serve"},
      {{"replay"}, "weir: replay: --plan and --log are required"},
      {{"replay", "--plan=-", "--log=-"},
       "weir: replay: only one of the files can be standard input"},
      {{"replay", "--bogus", "--plan=a", "--log=b"},
       "weir: replay: unknown flag --bogus"},
      {{"replay", "--plan=a", "--log=b", "--top=x"},
       "weir: replay: --top: expected a number, got \"x\""},
      {{"replay", "--plan=a", "--log=b", "--key=ip"},
       "weir: replay: --key: expected key or host or user or referer or agent, "
       "got \"ip\""},
      {{"validate"}, "weir: validate: expected 1 operand, got 0"},
      {{"validate", "--output=yaml", plan},
       "weir: validate: --output: expected text or json, got \"yaml\""},
      {{"patch", plan}, "weir: patch: expected 2 operands, got 1"},
      {{"patch", "-", "-"},
       "weir: patch: only one of the files can be standard input"},
      {{"patch", plan, plan, "--type=api-key"},
       "weir: patch: --type: expected json or usage-plan, got \"api-key\""},
      {{"patch", plan, plan, "--offset=requests"},
       "weir: patch: --offset needs --type=usage-plan"},
      {{"patch", plan, "/nowhere/x.json"},
       "weir: /nowhere/x.json: No such file or directory"},
      {{"diff", plan}, "weir: diff: expected 2 operands, got 1"},
      {{"diff", "-", "-"},
       "weir: diff: only one of the files can be standard input"},
      {{"diff", plan, plan, "--offset=requests"},
       "weir: diff: unknown flag --offset"},
      {{"diff", "/nowhere/x.json", plan},
       "weir: /nowhere/x.json: No such file or directory"},
      {{"validate", "/nowhere/x.json"},
       "weir: /nowhere/x.json: No such file or directory"},
      {{"validate", "/"}, "weir: /: Is a directory"},
      {{"replay", "--plan", plan, "--log", "/nowhere/x.log"},
       "weir: /nowhere/x.log: No such file or directory"},
      {{"replay", "--plan", plan, "--log", "/"}, "weir: /: Is a directory"},
  };
  for (const auto& c : kCases) {
    const Result result = weir(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << c.err;
    EXPECT_EQ(result.out, "") << c.err;
    EXPECT_EQ(result.err.substr(0, result.err.find('\n')).find(c.err), 0u)
        << result.err;
  }
}

TEST(WeirValidate, AcceptsAValidPlan) {
  const std::string path = write_file("plan.json", kPlan);
  EXPECT_EQ(weir({"validate", path}).exit_code, 0);
  EXPECT_EQ(weir({"validate", path}).out, path + ": valid\n");
  EXPECT_EQ(weir({"validate", "-"}, kPlan).out, "standard input: valid\n");
  EXPECT_TRUE(json(weir({"validate", "-", "--output", "json"}, kPlan).out)
                  .fields()
                  .at("valid")
                  .bool_value());
}

TEST(WeirValidate, NamesAllProblems) {
  const std::string bad =
      R"({"apiStages": [{"apiId": "a", "stage": "s"}],
          "throttle": {"burstLimit": -1, "rateLimit": 1},
          "quota": {"limit": 0, "period": "DAY"}})";
  const std::string path = write_file("bad.json", bad);
  const Result text = weir({"validate", path});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_EQ(text.out, "");
  for (const char* place : {"/name", "/throttle/burstLimit", "/quota/limit"}) {
    EXPECT_NE(text.err.find("weir: " + path + ": " + place + ": "),
              std::string::npos)
        << text.err;
  }
  const Result result = weir({"validate", path, "--output=json"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "");
  const auto object = json(result.out);
  EXPECT_FALSE(object.fields().at("valid").bool_value());
  EXPECT_EQ(object.fields().at("problems").list_value().values_size(), 3);
}

TEST(WeirValidate, PointsAtWhatIsNotJson) {
  const std::string path = write_file("bad.json", "{\n  \"name\": ]\n}");
  const Result result = weir({"validate", path});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err.find("weir: " + path + ":2:11: "), 0u) << result.err;
}

TEST(WeirValidate, OffsetHasTwoMeanings) {
  const std::string plan =
      R"({"name": "p", "quota": {"limit": 100, "offset": 50, "period": "DAY"}})";
  EXPECT_EQ(weir({"validate", "-"}, plan).exit_code, 0);
  EXPECT_EQ(weir({"validate", "-", "--offset=requests"}, plan).exit_code, 0);
  EXPECT_EQ(weir({"validate", "-", "--offset=start-day"}, plan).exit_code, 1);
}

// The examples of docs/cli.md.
constexpr char kService[] =
    R"({"name": "pets", "replicas": 2, "ports": [80, 443], "labels": {"tier": "web"}})";

constexpr char kServicePatch[] = R"([
  {"op": "test", "path": "/replicas", "value": 2},
  {"op": "replace", "path": "/replicas", "value": 4},
  {"op": "add", "path": "/ports/-", "value": 8080},
  {"op": "move", "from": "/labels/tier", "path": "/labels/role"}
])";

constexpr char kPatchedService[] =
    R"({"labels":{"role":"web"},"name":"pets","ports":[80,443,8080],"replicas":4})"
    "\n";

constexpr char kWantedService[] =
    R"({"name": "pets", "replicas": 4, "ports": [80, 443, 8080], "labels": {"tier": "web", "team": "b"}})";

constexpr char kServicePlan[] = R"({
  "name": "basic",
  "apiStages": [{"apiId": "a1b2c3", "stage": "prod"}],
  "throttle": {"burstLimit": 20, "rateLimit": 10},
  "quota": {"limit": 500, "offset": 0, "period": "WEEK"}
})";

constexpr char kWantedPlan[] = R"({
  "name": "basic",
  "apiStages": [{"apiId": "a1b2c3", "stage": "prod", "throttle": {
    "/pets/POST": {"burstLimit": 2, "rateLimit": 0.5}}}],
  "throttle": {"burstLimit": 20, "rateLimit": 25},
  "quota": {"limit": 2000, "offset": 0, "period": "MONTH"}
})";

TEST(WeirPatch, PrintsThePatchedDocument) {
  const std::string service = write_file("service.json", kService);
  const std::string patch = write_file("patch.json", kServicePatch);
  const Result compact = weir({"patch", service, patch, "--output=json"});
  EXPECT_EQ(compact.exit_code, 0) << compact.err;
  EXPECT_EQ(compact.out, kPatchedService);
  EXPECT_EQ(weir({"patch", service, "-", "--type=json"}, kServicePatch).out,
            R"({
  "labels": {
    "role": "web"
  },
  "name": "pets",
  "ports": [
    80,
    443,
    8080
  ],
  "replicas": 4
}
)");
}

TEST(WeirPatch, RefusesWhatDoesNotApply) {
  const std::string patch = write_file("patch.json", kServicePatch);
  const Result result =
      weir({"patch", write_file("new.json", kPatchedService), patch});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "weir: " + patch +
                            ": operations[0] test \"/replicas\": expected "
                            "number 2, found number 4\n");
  EXPECT_EQ(weir({"patch", "-", patch}, R"({"id": 12345678901234567890})").err,
            "weir: standard input:1:8: integer \"12345678901234567890\" has "
            "more digits than a double keeps: expected a string that holds "
            "it\n");
  const Result wrapped =
      weir({"patch", patch, "-"}, R"({"patchOperations":[]})");
  EXPECT_EQ(wrapped.exit_code, 1);
  EXPECT_EQ(wrapped.err,
            "weir: standard input: expected a JSON Patch, an array of "
            "operations\n");
}

TEST(WeirPatch, TakesPatchesOfAnyLength) {
  std::string patch = "[";
  std::string result = "[";
  for (int i = 0; i < 2000; ++i) {
    patch += R"({"op":"add","path":"/-","value":0},)";
    result += "0,";
  }
  const std::string name(5000, 'x');
  patch += R"({"op":"add","path":"/-","value":{}},)"
           R"({"op":"add","path":"/2000/)" +
           name + R"(","value":0}])";
  result += "{\"" + name + "\":0}]\n";
  const Result patched = weir(
      {"patch", write_file("empty.json", "[]"), "-", "--output=json"}, patch);
  EXPECT_EQ(patched.err, "");
  EXPECT_TRUE(patched.out == result);
}

TEST(WeirPatch, PrintsThePatchedPlan) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string patch =
      R"([{"op": "replace", "path": "/throttle/rateLimit", "value": "2.5"}])";
  for (const std::string& body :
       {patch, "{\"patchOperations\": " + patch + "}"}) {
    const Result result = weir({"patch", plan, "-", "--type=usage-plan"}, body);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto throttle = json(result.out).fields().at("throttle");
    EXPECT_EQ(number(throttle.struct_value(), "rateLimit"), 2.5);
  }
  const Result compact = weir({"patch", "-", write_file("patch.json", patch),
                               "--type=usage-plan", "--output=json"},
                              kPlan);
  EXPECT_EQ(compact.out.find('\n'), compact.out.size() - 1);
  json(compact.out);
}

TEST(WeirPatch, RefusesWhatAPlanDoesNotTake) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string patch = write_file(
      "patch.json",
      R"([{"op": "replace", "path": "/quota/limit", "value": "many"}])");
  const Result result = weir({"patch", plan, patch, "--type=usage-plan"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err.find("weir: " + patch + ": operations[0] replace "), 0u)
      << result.err;
  EXPECT_EQ(weir({"patch", plan, "-", "--type=usage-plan"}, "[").exit_code, 1);
}

TEST(WeirPatch, OffsetHasTwoMeanings) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string patch =
      R"([{"op": "replace", "path": "/quota/offset", "value": "50"}])";
  EXPECT_EQ(weir({"patch", plan, "-", "--type=usage-plan"}, patch).exit_code,
            0);
  EXPECT_EQ(
      weir({"patch", plan, "-", "--type=usage-plan", "--offset=start-day"},
           patch)
          .exit_code,
      1);
}

TEST(WeirDiff, PrintsWhatPatchTakes) {
  const std::string before = write_file("service.json", kService);
  const std::string after = write_file("wanted.json", kWantedService);
  for (const char* output : {"--output=text", "--output=json"}) {
    const Result patch = weir({"diff", before, after, output});
    EXPECT_EQ(patch.exit_code, 0) << patch.err;
    const Result patched = weir({"patch", before, "-"}, patch.out);
    EXPECT_EQ(patched.exit_code, 0) << patched.err;
    EXPECT_EQ(weir({"diff", "-", after}, patched.out).out, "[]\n");
  }
}

TEST(WeirDiff, PrintsAnOperationALine) {
  const std::string before = write_file("service.json", kService);
  EXPECT_EQ(weir({"diff", before, "-"}, kWantedService).out, R"([
  {"op":"add","path":"/labels/team","value":"b"},
  {"op":"add","path":"/ports/2","value":8080},
  {"op":"replace","path":"/replicas","value":4}
]
)");
}

TEST(WeirDiff, IsNoErrorIfDocumentsAreEqual) {
  const std::string service = write_file("service.json", kService);
  const Result result = weir({"diff", service, "-"}, kService);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "[]\n");
  EXPECT_EQ(result.err, "");
}

TEST(WeirDiff, PointsAtWhatIsNotJson) {
  const std::string service = write_file("service.json", kService);
  const Result result = weir({"diff", service, "-"}, "{\n]");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err.find("weir: standard input:2:1: "), 0u) << result.err;
}

TEST(WeirDiff, SpeaksTheDialectOfPlans) {
  const std::string before = write_file("plan.json", kServicePlan);
  const std::string after = write_file("wanted-plan.json", kWantedPlan);
  const Result patch = weir({"diff", before, after, "--type=usage-plan"});
  EXPECT_EQ(patch.exit_code, 0) << patch.err;
  EXPECT_EQ(patch.out, R"({"patchOperations": [
  {"op":"replace","path":"/throttle/rateLimit","value":"25"},
  {"op":"replace","path":"/quota/limit","value":"2000"},
  {"op":"replace","path":"/quota/period","value":"MONTH"},
  {"op":"replace","path":"/apiStages/a1b2c3:prod/throttle//pets/POST/rateLimit","value":"0.5"},
  {"op":"replace","path":"/apiStages/a1b2c3:prod/throttle//pets/POST/burstLimit","value":"2"}
]}
)");
  const Result patched =
      weir({"patch", before, "-", "--type=usage-plan"}, patch.out);
  EXPECT_EQ(patched.exit_code, 0) << patched.err;
  EXPECT_EQ(weir({"diff", "-", after, "--type=usage-plan", "--output=json"},
                 patched.out)
                .out,
            "{\"patchOperations\":[]}\n");
}

TEST(WeirDiff, NamesWhatNoPatchOfAPlanChanges) {
  const std::string plan = write_file("plan.json", R"({"name": "n"})");
  const std::string tagged =
      write_file("wanted-plan.json", R"({"name": "n", "tags": {"team": "b"}})");
  const Result result = weir({"diff", plan, tagged, "--type=usage-plan"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "weir: " + tagged + ": /tags: a patch cannot change them\n");
}

TEST(WeirReplay, ReportsText) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const Result result = weir({"replay", "--plan", plan, "--log", log});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "weir: " + log + ":3: the request line is \"-\"\n");
  EXPECT_EQ(result.out.find("4 requests of 2 keys, 2015-05-17 10:05:02 to "
                            "2015-05-17 10:05:03 UTC\n1 malformed line left "
                            "out\n\n  █ admitted    3   75.0 %\n"),
            0u)
      << result.out;
  const std::string ascii =
      weir({"replay", "--plan", plan, "--log", log}, "", "C").out;
  EXPECT_NE(ascii.find("  # admitted    3   75.0 %\n"), ascii.npos);
  EXPECT_EQ(ascii,
            weir({"replay", "--plan", plan, "--log", log, "--ascii"}).out);
}

TEST(WeirReplay, ReportsJson) {
  const std::string plan = write_file("plan.json", kPlan);
  const Result result =
      weir({"replay", "--plan", plan, "--log", "-", "--output=json"}, kLog);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  const auto object = json(result.out);
  EXPECT_EQ(number(object, "requests"), 4);
  EXPECT_EQ(number(object, "admitted"), 3);
  EXPECT_EQ(number(object, "throttled"), 1);
  EXPECT_EQ(number(object, "quota_exceeded"), 0);
  EXPECT_EQ(number(object, "forbidden"), 0);
  EXPECT_EQ(number(object, "malformed"), 1);
  EXPECT_EQ(object.fields().at("keys").list_value().values_size(), 2);
  EXPECT_EQ(object.fields().at("timeline").list_value().values_size(), 2);
}

TEST(WeirReplay, RefusesABadPlanALogOutOfOrderAndAStrangeStage) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const Result bad = weir({"replay", "--plan=-", "--log", log}, "{}");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.err.find("weir: standard input: /name: "), 0u) << bad.err;

  const Result order =
      weir({"replay", "--plan", plan, "--log", log, "--sorted"});
  EXPECT_EQ(order.exit_code, 1);
  EXPECT_EQ(order.out, "");
  EXPECT_EQ(order.err, "weir: " + log +
                           ":4: earlier than line 2: the log is not sorted; "
                           "leave out --sorted\n");

  const Result stage =
      weir({"replay", "--plan", plan, "--log", log, "--stage=b:s"});
  EXPECT_EQ(stage.exit_code, 1);
  EXPECT_EQ(stage.err, "weir: " + plan + ": the plan has no stage \"b:s\"\n");
}

TEST(WeirReplay, SurvivesAnyBytes) {
  const std::string plan = write_file("plan.json", kPlan);
  std::string bytes;
  unsigned x = 1;
  for (int i = 0; i < 300000; ++i) {
    x = x * 1664525 + 1013904223;
    bytes += static_cast<char>(x >> 24);
  }
  const Result result =
      weir({"replay", "--plan", plan, "--log=-", "--output=json"}, bytes);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_GT(number(json(result.out), "malformed"), 0);
}

TEST(WeirReplay, EscapesWhatKeysHold) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string key = "h\x1b[31m" + std::string(1, '\0') + "\xFF";
  const std::string log =
      key + " - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n";
  const Result text = weir({"replay", "--plan", plan, "--log=-"}, log);
  EXPECT_NE(text.out.find("  h\\x1B[31m\\x00\\xFF  "), std::string::npos)
      << text.out;
  const Result result =
      weir({"replay", "--plan", plan, "--log=-", "--output=json"}, log);
  EXPECT_EQ(json(result.out)
                .fields()
                .at("keys")
                .list_value()
                .values(0)
                .struct_value()
                .fields()
                .at("key")
                .string_value(),
            "h\\x1B[31m\\x00\\xFF");
}

}  // namespace
}  // namespace weir::cli
