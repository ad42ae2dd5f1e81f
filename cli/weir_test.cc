// The tool itself, as a shell sees it.

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/struct.pb.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/cli/shell.h"
#include "weir/enforcer/enforcer.h"
#include "weir/json/json_reader.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/store/sqlite_store.h"

namespace weir::cli {
namespace {

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
        {"diff", "--help"},
        {"serve", "--help"},
        {"top", "--help"},
        {"usage", "--help"},
        {"export", "--help"},
        {"import", "--help"},
        {"adopt", "--help"}}) {
    const Result result = weir(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out.substr(0, 12), "Usage: weir ");
    EXPECT_EQ(result.err, "");
  }
  const Result version = weir({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out.substr(0, 5), "weir ");
}

// Each flag is a line with what its value is, before lines that say more; and
// the first of them what the command knows it by.
TEST(Weir, HelpNamesTheFlags) {
  const std::regex named("  (--?[a-z][a-z-]*)(=([^ ]*[A-Z|][^ ]*))?");
  for (const std::string command :
       {"replay", "validate", "patch", "diff", "serve", "top", "usage",
        "export", "import", "adopt"}) {
    std::istringstream help(weir({command, "--help"}).out);
    std::string line;
    while (std::getline(help, line) && line != "Flags:") {
    }
    int flags = 0;
    while (std::getline(help, line)) {
      if (line.rfind("        ", 0) == 0) {
        EXPECT_GT(flags, 0);
        EXPECT_LE(line.size(), 80u) << line;
        continue;
      }
      std::smatch parts;
      ASSERT_TRUE(std::regex_match(line, parts, named)) << line;
      if (++flags > 1) continue;
      const std::string value = parts[3];
      const Result result = weir({command, parts[1].str() + "="});
      EXPECT_EQ(result.exit_code, 2);
      EXPECT_EQ(
          result.err.substr(0, result.err.find('\n')),
          "weir: " + command + ": " + parts[1].str() +
              (value.empty() ? " takes no value" : " needs a value: " + value));
    }
    EXPECT_GT(flags, 0) << command;
  }
}

// A descriptor that whoever started it had closed does not become another
// file's: no message lands in a store or a log.
TEST(Weir, KeepsClosedDescriptorsForItself) {
  const auto without = [](int descriptor) {
    return [descriptor] { close(descriptor); };
  };
  const std::string plan = write_file("plan.json", kPlan);
  const Result no_input =
      weir({"validate", "-"}, kPlan, "C.UTF-8", without(STDIN_FILENO));
  EXPECT_EQ(no_input.exit_code, 2);
  EXPECT_EQ(no_input.err, "weir: standard input: Bad file descriptor\n");
  const Result no_output =
      weir({"validate", plan}, "", "C.UTF-8", without(STDOUT_FILENO));
  EXPECT_EQ(no_output.exit_code, 2);
  EXPECT_EQ(no_output.err, "weir: standard output: write error\n");
  const std::string log = path_of("closed.log"), moved = log + ".1";
  std::filesystem::remove(log);
  const std::string place =
      "unix:/tmp/weir-closed-test." + std::to_string(getpid());
  ServeProcess server({"--listen=" + place, "--access-log=" + log},
                      without(STDERR_FILENO), path_of("closed.out"));
  const auto wait_for = [](const std::string& path) {
    while (!std::filesystem::exists(path)) usleep(2000);
  };
  wait_for(place.substr(5));
  for (int i = 0; i < 3; ++i) {
    std::filesystem::rename(log, moved);
    server.send(SIGHUP);
    wait_for(log);
    EXPECT_EQ(read_file(moved), "");
  }
  EXPECT_EQ(server.stop(SIGTERM), 0);
  EXPECT_EQ(read_file(log), "");
}

// Standard input that gives `text` and then fails.
std::function<void()> failing_input(const std::string& text) {
  return [text] {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) _exit(126);
    // A peer that closes with unread data resets the connection.
    if (write(ends[0], text.data(), text.size()) < 0 ||
        write(ends[1], "x", 1) != 1) {
      _exit(126);
    }
    close(ends[0]);
    dup2(ends[1], STDIN_FILENO);
    close(ends[1]);
  };
}

// No command takes the part of its input that it could read for the whole.
TEST(Weir, InputThatFailsIsNotTheWholeInput) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const std::string store = path_of("store-of-a-part");
  std::filesystem::remove_all(store);
  const std::string export_of_one_line = "{\"weirExport\":{\"version\":1}}\n";
  const struct {
    std::vector<std::string> arguments;
    std::string text;
  } kCases[] = {
      {{"validate", "-"}, kPlan},
      {{"validate", "-"}, ""},
      {{"patch", plan, "-"}, "[]"},
      {{"patch", "-", plan}, "{}"},
      {{"diff", plan, "-"}, kPlan},
      {{"diff", "-", plan, "--type=usage-plan"}, kPlan},
      {{"replay", "--plan=-", "--log", log}, kPlan},
      {{"replay", "--plan", plan, "--log=-"}, kLog},
      {{"replay", "--plan", plan, "--log=-", "--sorted"}, "1.5 k a:s /x/GET\n"},
      {{"import", "--store", store}, export_of_one_line},
      {{"import", "--store", store, "-"}, ""},
      {{"import", "--store", store, "-"}, "\xEF\xBB\xBF" + export_of_one_line},
  };
  for (const auto& c : kCases) {
    const Result result =
        weir(c.arguments, "", "C.UTF-8", failing_input(c.text));
    EXPECT_EQ(result.exit_code, 2) << c.arguments[0];
    EXPECT_EQ(result.out, "") << c.arguments[0];
    EXPECT_EQ(result.err, "weir: standard input: Connection reset by peer\n")
        << c.arguments[0];
  }
  EXPECT_FALSE(std::filesystem::exists(store));
}

TEST(Weir, UnicodeIsForLocalesOfUtf8) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const auto draws_blocks = [&](const char* all, const char* type,
                                const char* lang) {
    const Result result =
        weir({"replay", "--plan", plan, "--log", log}, "", "", [=] {
          for (const auto& [name, value] :
               {std::pair{"LC_ALL", all}, {"LC_CTYPE", type}, {"LANG", lang}}) {
            if (value == nullptr) {
              unsetenv(name);
            } else {
              setenv(name, value, 1);
            }
          }
        });
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out.find("█") != std::string::npos;
  };
  EXPECT_FALSE(draws_blocks(nullptr, nullptr, nullptr));
  EXPECT_FALSE(draws_blocks("", "", ""));
  EXPECT_TRUE(draws_blocks(nullptr, nullptr, "de_DE.UTF-8"));
  EXPECT_TRUE(draws_blocks("", "", "de_DE.utf8"));
  EXPECT_TRUE(draws_blocks(nullptr, "C.UTF8", "C"));
  EXPECT_FALSE(draws_blocks(nullptr, "C", "de_DE.UTF-8"));
  EXPECT_TRUE(draws_blocks("en_US.Utf-8", "C", "C"));
  EXPECT_FALSE(draws_blocks("POSIX", "C.UTF-8", "C.UTF-8"));
  EXPECT_FALSE(draws_blocks("de_DE.ISO-8859-1", nullptr, nullptr));
}

// Whoever waits longer than a second sees how far it came, on a terminal alone.
TEST(Weir, ShowsProgressOnATerminal) {
  const std::string plan = write_file("plan.json", kPlan);
  std::string lines;
  for (int i = 0; i < 16384; ++i) lines += "1.5 k a:s /x/GET\n";
  // Reads `lines` only after more than a second.
  const auto slowly = [&lines](const std::function<void()>& attach) {
    return [&lines, attach] {
      attach();
      int ends[2];
      if (pipe(ends) != 0) _exit(126);
      if (fork() == 0) {
        usleep(1'100'000);
        const ssize_t size = write(ends[1], lines.data(), lines.size());
        _exit(size > 0 ? 0 : 1);
      }
      dup2(ends[0], STDIN_FILENO);
      close(ends[0]);
      close(ends[1]);
    };
  };
  const std::vector<std::string> arguments = {"replay", "--plan", plan,
                                              "--log=-"};
  const Terminal terminal(STDERR_FILENO, 80);
  EXPECT_EQ(weir(arguments, "", "C.UTF-8", slowly(terminal.attach())).exit_code,
            0);
  const std::string shown = terminal.text();
  EXPECT_EQ(shown.find("\rweir: read 16,384 lines "), 0u) << shown;
  const std::string erased = "\r\x1b[K";
  EXPECT_EQ(shown.rfind(erased), shown.size() - erased.size()) << shown;
  EXPECT_EQ(weir(arguments, "", "C.UTF-8", slowly([] {})).err, "");
  // In the first second, it shows nothing, and erases nothing.
  const Terminal quick(STDERR_FILENO, 80);
  const std::string few = lines.substr(0, lines.size() / 2);
  EXPECT_EQ(weir(arguments, few, "C.UTF-8", quick.attach()).exit_code, 0);
  EXPECT_EQ(quick.text(), "");
}

TEST(Weir, UsageErrorsSayWhereToReadMore) {
  const std::string commands =
      ": replay, validate, patch, diff, serve, top, usage, export, import or "
      "adopt\nTry `weir --help`.\n";
  EXPECT_EQ(weir({}).err, "weir: expected a command" + commands);
  EXPECT_EQ(weir({"bench"}).err, "weir: unknown command bench" + commands);
  const std::string help = weir({"--help"}).out;
  for (const std::string command :
       {"replay", "validate", "patch", "diff", "serve", "top", "usage",
        "export", "import", "adopt"}) {
    EXPECT_NE(help.find("\n  " + command + " "), std::string::npos);
    EXPECT_EQ(weir({command, "--bogus"}).err,
              "weir: " + command + ": unknown flag --bogus\nTry `weir " +
                  command + " --help`.\n");
  }
}

TEST(Weir, UsageErrorsExitWithTwo) {
  const std::string plan = write_file("plan.json", kPlan);
  const struct {
    std::vector<std::string> arguments;
    const char* err;
  } kCases[] = {
      {{}, "weir: expected a command"},
      {{"bench"}, "weir: unknown command bench"},
      {{"serve", "x"}, "weir: serve: expected 0 operands, got 1"},
      {{"serve", "--listen=8080"},
       "weir: --listen: expected ADDRESS:PORT, such as 127.0.0.1:8080, or "
       "unix:PATH, got "
       "\"8080\""},
      {{"serve", "--listen=127.0.0.1:65536"},
       "weir: --listen: expected ADDRESS:PORT, such as 127.0.0.1:8080, or "
       "unix:PATH, got "
       "\"127.0.0.1:65536\""},
      {{"serve", "--listen=0.0.0.0:0"},
       "weir: --listen: without --credentials, the address must be a loopback "
       "address, got \"0.0.0.0:0\""},
      {{"serve", "--listen=127.0.0.1:0", "--request-timeout=0"},
       "weir: --request-timeout: expected a number of seconds, 0.001 to 3600, "
       "got \"0\""},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout=nan"},
       "weir: --idle-timeout: expected a number of seconds, 0.001 to 3600, "
       "got \"nan\""},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout=inf"},
       "weir: --idle-timeout: expected a number of seconds"},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout=1e3"},
       "weir: --idle-timeout: expected a number of seconds"},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout= 5"},
       "weir: --idle-timeout: expected a number of seconds"},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout=0.0001"},
       "weir: --idle-timeout: expected a number of seconds"},
      {{"serve", "--listen=127.0.0.1:0", "--idle-timeout=1.2.3"},
       "weir: --idle-timeout: expected a number of seconds"},
      {{"serve", "--listen=127.0.0.1: 80"},
       "weir: --listen: expected ADDRESS:PORT"},
      {{"serve", "--listen=127.0.0.1:+80"},
       "weir: --listen: expected ADDRESS:PORT"},
      {{"serve", "--listen=127.0.0.1:"},
       "weir: --listen: expected ADDRESS:PORT"},
      {{"serve", "--listen=:80"}, "weir: --listen: expected ADDRESS:PORT"},
      {{"serve", "--listen=127.0.0.1:0", "--region=us east"},
       "weir: --region: expected a name such as us-east-1, got \"us east\""},
      {{"serve", "--listen=127.0.0.1:0", "--tls-key=x"},
       "weir: --tls-certificate and --tls-key belong together"},
      {{"serve", "--listen=127.0.0.1:0", "--tls-certificate=no/such",
        "--tls-key=x"},
       "weir: no/such: No such file or directory"},
      {{"serve", "--listen=127.0.0.1:0", "--tls-certificate=/dev/null",
        "--tls-key=/dev/null"},
       "weir: /dev/null: is empty"},
      {{"serve", "--listen=127.0.0.1:0", "--rate-limit-headers=ietf"},
       "weir: serve: --rate-limit-headers: expected ietf-11 or"},
      {{"serve", "--listen=127.0.0.1:0", "--max-retry-after=1789570"},
       "weir: --max-retry-after: expected a whole number of seconds, 1 to "
       "1789569, got \"1789570\"; more overflows clients' 32-bit"},
      {{"serve", "--listen=127.0.0.1:0", "--max-retry-after=0"},
       "weir: --max-retry-after: expected a whole number of seconds, 1 to"},
      {{"serve", "--listen=127.0.0.1:0", "--max-retry-after=1.5"},
       "weir: --max-retry-after: expected a whole number of seconds, 1 to"},
      {{"serve", "--listen=127.0.0.1:0", "--spread-retries=86401"},
       "weir: --spread-retries: expected a whole number of seconds, 0 to "
       "86400, got"},
      {{"serve", "--listen=127.0.0.1:0", "--cors=shop"},
       "weir: --cors: expected API=ORIGIN, such as"},
      {{"serve", "--listen=127.0.0.1:0", "--cors=*", "--cors=a=*"},
       "weir: --cors: expected API=ORIGIN, such as"},
      {{"serve", "--listen=127.0.0.1:0", "--cors==https://a.example"},
       "weir: --cors: expected the id of an API, without a stage, got \"\""},
      {{"serve", "--listen=127.0.0.1:0", "--cors=*=https://a.example"},
       "weir: --cors: expected the id of an API, without a stage, got \"*\""},
      {{"serve", "--listen=127.0.0.1:0", "--cors=shop=null"},
       "weir: --cors: expected an origin such as https://www.example.com, or "
       "*, got \"null\""},
      {{"serve", "--listen=127.0.0.1:0", "--cors=a=*",
        "--cors=shop=https://a.example/"},
       "weir: --cors: expected an origin such as"},
      {{"serve", "--listen=127.0.0.1:0", "--trust=10.0.0.0/33"},
       "weir: --trust: expected ADDRESS/BITS, such as 10.0.0.0/8 or fd00::/8, "
       "got \"10.0.0.0/33\": BITS is no number up to 32"},
      {{"serve", "--listen=127.0.0.1:0", "--trust=::1", "--trust=proxy"},
       "weir: --trust: expected ADDRESS/BITS, such as"},
      {{"serve", "--listen=127.0.0.1:0", "--upstream=http://127.0.0.1:1"},
       "weir: serve: unknown flag --upstream"},
      {{"replay"}, "weir: replay: --plan and --log are required"},
      {{"replay", "--plan=-", "--log=-"},
       "weir: replay: only one of the files can be standard input"},
      {{"replay", "--bogus", "--plan=a", "--log=b"},
       "weir: replay: unknown flag --bogus"},
      {{"replay", "--plan=a", "--log=b", "--top=x"},
       "weir: replay: --top: expected a number, got \"x\""},
      {{"replay", "--plan=a", "--log=b", "--format=clf"},
       "weir: replay: --format: expected weir-access, "},
      {{"replay", "--plan=a", "--log=-", "--log=b", "--log=-"},
       "weir: replay: only one of the files can be standard input"},
      {{"replay", "--plan=a", "--plan=b"},
       "weir: replay: --plan is given twice"},
      {{"validate"}, "weir: validate: expected 1 operand, got 0"},
      {{"validate", ""}, "weir: validate: operand 1 is empty"},
      {{"diff", plan, ""}, "weir: diff: operand 2 is empty"},
      {{"import", "--store=new", ""}, "weir: import: operand 1 is empty"},
      {{"usage", "", "--store=/nowhere"}, "weir: usage: operand 1 is empty"},
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
      {{"usage", "p1"}, "weir: usage: --store is required"},
      {{"usage", "--store=/nowhere"}, "weir: usage: expected 1 operand, got 0"},
      {{"usage", "p1", "--store=/nowhere"}, "weir: /nowhere"},
      {{"usage", "p1", "--store=/", "--from=2026-02-30"},
       "weir: usage: --from: expected a date as yyyy-mm-dd, got "
       "\"2026-02-30\""},
      {{"usage", "p1", "--store=/", "--from=2026-02-02", "--to=2026-02-01"},
       "weir: usage: expected 1 to 400 days, got those from 2026-02-02 to "
       "2026-02-01"},
      {{"usage", "p1", "--store=/", "--from=2025-01-01", "--to=2026-02-05"},
       "weir: usage: expected 1 to 400 days, got those from 2025-01-01 to "
       "2026-02-05"},
      {{"usage", "p1", "--store=/", "--width=39"},
       "weir: usage: --width: expected a number from 40 to 1000, got \"39\""},
      {{"usage", "p1", "--store=/", "--width=+80"},
       "weir: usage: --width: expected a number from 40 to 1000, got \"+80\""},
      {{"replay", "--plan=a", "--log=b", "--top=-1"},
       "weir: replay: --top: expected a number, got \"-1\""},
      {{"replay", "--plan=a", "--log=b", "--top= 1"},
       "weir: replay: --top: expected a number, got \" 1\""},
      {{"usage", "p1", "--store=/", "--output=pdf"},
       "weir: usage: --output: expected table or json or csv or chart or svg, "
       "got \"pdf\""},
      {{"export"}, "weir: export: --store is required"},
      {{"export", "--store=/nowhere", "x"},
       "weir: export: expected 0 operands, got 1"},
      {{"export", "--store=/nowhere"}, "weir: /nowhere"},
      {{"import", "a"}, "weir: import: --store is required"},
      {{"import", "--store=/nowhere/new", "a", "b"},
       "weir: import: expected at most 1 operand, got 2"},
      {{"import", "--store=/nowhere/new", plan}, "weir: /nowhere/new: "},
      {{"import", "--store=new", "/nowhere/x.jsonl"},
       "weir: /nowhere/x.jsonl: No such file or directory"},
      {{"import", "--store=new", "/"}, "weir: /: Is a directory"},
  };
  for (const auto& c : kCases) {
    const Result result = weir(c.arguments);
    EXPECT_EQ(result.exit_code, 2) << c.err;
    EXPECT_EQ(result.out, "") << c.err;
    EXPECT_EQ(result.err.substr(0, result.err.find('\n')).find(c.err), 0u)
        << result.err;
  }
}

// A variable that is not set never means the default, which may be to forget
// everything, to let everybody manage, or to print every key.
TEST(Weir, NoFlagOfAnyCommandTakesAnEmptyValue) {
  int flags = 0;
  for (const char* command : {"replay", "validate", "patch", "diff", "serve",
                              "top", "usage", "export", "import", "adopt"}) {
    std::istringstream help(weir({command, "--help"}).out);
    for (std::string line; std::getline(help, line);) {
      const size_t equals = line.find('=');
      if (line.substr(0, 3) != "  -" || equals == line.npos) continue;
      const std::string flag = line.substr(2, equals - 2);
      ++flags;
      // Both spellings, in turn.
      const std::vector<std::string> arguments =
          flags % 2 == 0 ? std::vector<std::string>{command, flag + "="}
                         : std::vector<std::string>{command, flag, ""};
      const Result result = weir(arguments);
      EXPECT_EQ(result.exit_code, 2) << command << " " << flag;
      EXPECT_EQ(result.out, "");
      EXPECT_EQ(result.err.find(std::string("weir: ") + command + ": " + flag +
                                " needs a value: "),
                0u)
          << result.err;
    }
  }
  EXPECT_GT(flags, 30);
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
          "quota": {"limit": -1, "period": "DAY"}})";
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

// Nothing is printed of what is not a plan, and all that is wrong is said.
TEST(WeirPatch, PatchesNoPlanThatCannotBeRead) {
  const std::string patch = write_file(
      "patch.json", R"([{"op": "replace", "path": "/name", "value": "n"}])");
  const std::string good = write_file("plan.json", kPlan);
  for (const std::string text : {"{", R"({"name": 1})"}) {
    const std::string plan = write_file("bad-plan.json", text);
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"patch", plan, patch},
                                               {"diff", plan, good},
                                               {"diff", good, plan}}) {
      std::vector<std::string> all = arguments;
      all.emplace_back("--type=usage-plan");
      const Result result = weir(all);
      EXPECT_EQ(result.exit_code, 1) << text;
      EXPECT_EQ(result.out, "") << text;
      EXPECT_EQ(result.err.find("weir: " + plan), 0u) << result.err;
    }
  }
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
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("can be read: --format may be one of "),
            std::string::npos)
      << result.err;
  const Result mixed = weir(
      {"replay", "--plan", plan, "--log=-", "--output=json"}, kLog + bytes);
  EXPECT_EQ(mixed.exit_code, 0);
  EXPECT_GT(number(json(mixed.out), "malformed"), 1);
}

TEST(WeirReplay, NamesTheFormatsOfItsLogs) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const std::string weir_log = write_file("weir.log",
                                          "\xEF\xBB\xBF"
                                          "1431857103 k a:s /x/GET\r\nbad\n");
  const std::vector<std::string> arguments = {
      "replay", "--plan", plan, "--log", log, "--log", weir_log};
  const Result text = weir(arguments);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("      5         4  common\n"), std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find("      2         1  weir\n"), std::string::npos);
  EXPECT_EQ(text.err,
            "weir: " + log +
                ":3: the request line is \"-\"\nweir: " + weir_log +
                ":2: expected a time (RFC 3339 or Unix seconds, 1970 to 2089) "
                "first\n");
  const Result wrong_key =
      weir({"replay", "--plan", plan, "--log", weir_log, "--key=agent"});
  EXPECT_EQ(wrong_key.exit_code, 2);
  EXPECT_EQ(wrong_key.err,
            "weir: " + weir_log +
                ": in a log of the format weir, there is no field \"agent\"; "
                "there are: time, key, stage, path, method, cost\n");
  const Result wrong_format =
      weir({"replay", "--plan", plan, "--log", weir_log, "--format=common"});
  EXPECT_EQ(wrong_format.exit_code, 1);
  EXPECT_EQ(wrong_format.out, "");
}

// --stage=FIELD and --stage=apiId:stage are told apart by the colon.
TEST(WeirReplay, TakesKeyAndStageFromTheFieldsNamed) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file(
      "json.log",
      R"({"ts":1,"method":"GET","path":"/","ip":"i","h":{"x-api-key":["a-secret-key-1"]},"vhost":"a"}
{"ts":1,"method":"GET","path":"/","ip":"i","h":{"x-api-key":["a-secret-key-1"]},"vhost":"b"}
{"ts":1,"method":"GET","path":"/","ip":"i","h":{},"vhost":"a"}
)");
  for (const char* key : {"--key=h.x-api-key[0]", "--key=/h/x-api-key/0"}) {
    const Result result = weir({"replay", "--plan", plan, "--log", log,
                                "--output=json", key, "--stage=vhost"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(number(json(result.out), "admitted"), 1);
    EXPECT_EQ(number(json(result.out), "forbidden"), 2);
    EXPECT_EQ(result.out.find("a-secret-key-1"), std::string::npos);
    EXPECT_NE(weir({"replay", "--plan", plan, "--log", log, key, "--show-keys"})
                  .out.find("a-secret-key-1"),
              std::string::npos);
  }
  EXPECT_EQ(number(json(weir({"replay", "--plan", plan, "--log", log,
                              "--output=json", "--stage=a:s"})
                            .out),
                   "admitted"),
            2);  // of the burst of 2
}

TEST(WeirReplay, ReadsWhatWasCompressed) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  ASSERT_EQ(std::system(("gzip -kf " + log).c_str()), 0);
  const std::string compressed = read_file(log + ".gz");
  const Result result =
      weir({"replay", "--plan", plan, "--log=-", "--output=json"},
           compressed + compressed);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(number(json(result.out), "requests"), 7);  // two ends make one line
  // What was read before the end counts, and the end is told.
  const Result cut =
      weir({"replay", "--plan", plan, "--log=-", "--output=json"},
           compressed + compressed.substr(0, 20));
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_EQ(cut.err.find("weir: standard input: the compressed data ends early "
                         "after line 5"),
            0u)
      << cut.err;
  EXPECT_EQ(number(json(cut.out), "requests"), 4);
}

// Editors of Windows and exports of spreadsheets begin texts with it.
TEST(Weir, ByteOrderMarksAreNoPartOfADocument) {
  const std::string mark = "\xEF\xBB\xBF";
  const std::string plan = write_file("plan.json", mark + kPlan);
  EXPECT_EQ(weir({"validate", plan}).exit_code, 0);
  EXPECT_EQ(weir({"validate", "-"}, mark + kPlan).exit_code, 0);
  const std::string patch = write_file("patch.json", mark + "[]");
  EXPECT_EQ(weir({"patch", plan, patch}).exit_code, 0);
  EXPECT_EQ(weir({"diff", plan, plan}).out, "[]\n");
  EXPECT_EQ(weir({"replay", "--plan", plan, "--log=-"}, kLog).exit_code, 0);
  const std::string utf16 =
      "weir: standard input: UTF-16 or UTF-32, but UTF-8 "
      "was expected: convert it, as `iconv -f UTF-16 -t "
      "UTF-8` does\n";
  const std::string text("\xFF\xFE{\0}\0", 6);
  const Result validated = weir({"validate", "-"}, text);
  EXPECT_EQ(validated.exit_code, 2);
  EXPECT_EQ(validated.err, utf16);
  const Result replayed = weir({"replay", "--plan", plan, "--log=-"}, text);
  EXPECT_EQ(replayed.exit_code, 1);
  EXPECT_EQ(replayed.err, utf16);
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

// A store that an enforcer has open: a plan of 100 requests a day, of which key
// k1 used 30 yesterday and 12 today, and key k2 used 5 today.
class WeirStoreTest : public testing::Test {
 protected:
  WeirStoreTest() {
    std::filesystem::remove_all(folder_);
    std::filesystem::remove_all(copy_);
    const absl::CivilDay now =
        absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
    today_ = absl::FormatCivilTime(now);
    yesterday_ = absl::FormatCivilTime(now - 1);
    days_ = {"--from=" + yesterday_, "--to=" + today_};
    clock_ = std::make_shared<ManualClock>(
        absl::ToUnixNanos(absl::FromCivil(now - 1, absl::UTCTimeZone())));
    enforcer_ = open(folder_);
    EXPECT_TRUE(enforcer_
                    ->create_usage_plan(*usage_plan_from_json(
                        R"({"id": "p1", "name": "basic",
                            "apiStages": [{"apiId": "a", "stage": "s"}],
                            "quota": {"limit": 100, "period": "DAY"}})"))
                    .ok());
    for (const char* id : {"k1", "k2"}) {
      v1::ApiKey key;
      key.set_id(id);
      key.set_value(value_of(id));
      key.set_enabled(true);
      EXPECT_TRUE(enforcer_->create_api_key(key).ok());
      EXPECT_TRUE(enforcer_->create_usage_plan_key("p1", id).ok());
    }
    EXPECT_EQ(use(*enforcer_, "k1", 30), 70);
    clock_->advance(std::int64_t{86400} * 1'000'000'000);
    EXPECT_EQ(use(*enforcer_, "k1", 12), 88);
    EXPECT_EQ(use(*enforcer_, "k2", 5), 95);
  }

  static std::string value_of(const std::string& id) {
    return "a-value-of-twenty-bytes-" + id;
  }

  std::unique_ptr<Enforcer> open(const std::string& folder) const {
    auto store = SqliteStore::open(folder);
    EXPECT_TRUE(store.ok()) << store.status();
    Options options;
    options.clock = clock_;
    options.store = *std::move(store);
    auto enforcer = Enforcer::create(std::move(options));
    EXPECT_TRUE(enforcer.ok()) << enforcer.status();
    return *std::move(enforcer);
  }

  // Returns what remains.
  std::int64_t use(Enforcer& enforcer, const std::string& id,
                   std::uint32_t cost) const {
    const std::string value = value_of(id);
    Call call;
    call.api_key = value;
    call.route = *enforcer.intern_route("a", "s");
    call.cost = cost;
    return enforcer.admit(call).quota_remaining;
  }

  Result usage(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"usage", "p1", "--store", folder_});
    arguments.insert(arguments.end(), days_.begin(), days_.end());
    return weir(arguments);
  }

  const std::string folder_ = path_of("store");
  const std::string copy_ = path_of("copy");
  std::string today_, yesterday_;
  std::vector<std::string> days_;
  std::shared_ptr<ManualClock> clock_;
  std::unique_ptr<Enforcer> enforcer_;
};

TEST_F(WeirStoreTest, UsageOfAKeyByDay) {
  const Result table = usage({"--key=k1"});
  EXPECT_EQ(table.exit_code, 0) << table.err;
  EXPECT_EQ(table.out,
            "date                     used          remaining              "
            "limit\n" +
                yesterday_ +
                "                 30                 70                100\n" +
                today_ +
                "                 12                 88                100\n"
                "total                      42\n");
  const Result chart = usage({"--key=k1", "--output=chart", "--width=42"});
  EXPECT_EQ(chart.out, "Key k1, plan p1\n" + yesterday_ + " to " + today_ +
                           ", UTC: 42 used\n\n"
                           "█ used that day  ▒ left of the limit\n\n"
                           "                                used  left\n" +
                           yesterday_ + "  █████▒▒▒▒▒▒▒▒▒▒▒▒▒    30    70\n" +
                           today_ + "  ██▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒    12    88\n");
  const Result ascii =
      usage({"--key=k1", "--output=chart", "--width=42", "--ascii"});
  EXPECT_NE(ascii.out.find("  ##++++++++++++++++    12    88\n"),
            std::string::npos)
      << ascii.out;
  const Result svg = usage({"--key=k1", "--output=svg"});
  EXPECT_EQ(svg.out.substr(0, 5), "<svg ");
  EXPECT_NE(svg.out.find(today_ + ": 12 used, 12 of the period&#39;s 100, "
                                  "88 left</title>"),
            std::string::npos);
}

TEST_F(WeirStoreTest, UsageOfAllKeys) {
  EXPECT_EQ(usage({}).out,
            "               used          remaining  key\n"
            "                  5                 95  k2\n"
            "                 42                 88  k1\n"
            "\n"
            "               used  date\n"
            "                 30  " +
                yesterday_ +
                "\n"
                "                 17  " +
                today_ +
                "\n"
                "                 47  by 2 keys\n");
  EXPECT_EQ(usage({"--output=csv"}).out,
            "key_id,date,used,remaining\n"
            "k2," +
                yesterday_ + ",0,100\nk2," + today_ + ",5,95\nk1," +
                yesterday_ + ",30,70\nk1," + today_ + ",12,88\n");
  const auto object = json(usage({"--output=json"}).out);
  EXPECT_EQ(object.fields().at("endDate").string_value(), today_);
  EXPECT_EQ(object.fields().at("items").list_value().values_size(), 2);
  // Up to today, if nothing else is said.
  EXPECT_NE(weir({"usage", "p1", "--store", folder_}).out.find("by 2 keys"),
            std::string::npos);
}

TEST_F(WeirStoreTest, UsageOfNobody) {
  for (const char* output : {"table", "json", "csv", "chart", "svg"}) {
    const Result plan = weir(
        {"usage", "p2", "--store", folder_, std::string("--output=") + output});
    EXPECT_EQ(plan.exit_code, 1);
    EXPECT_EQ(plan.out, "");
    EXPECT_EQ(plan.err.find("weir: Invalid Usage Plan ID specified"), 0u)
        << plan.err;
    const Result key = usage({"--key=k3", std::string("--output=") + output});
    EXPECT_EQ(key.exit_code, 1);
    EXPECT_EQ(key.out, "");
    EXPECT_EQ(key.err.find("weir: Invalid API Key identifier specified"), 0u)
        << key.err;
  }
}

TEST_F(WeirStoreTest, AnExportIsAStoreAgain) {
  const Result live = weir({"export", "--store", folder_});
  EXPECT_EQ(live.exit_code, 0) << live.err;
  EXPECT_EQ(live.err, "");
  EXPECT_NE(live.out.find("[[\"" + yesterday_ + "\",30]]"), std::string::npos)
      << live.out;
  // What an enforcer that ends in order leaves is what it had.
  enforcer_.reset();
  const std::string file = path_of("export.jsonl");
  std::filesystem::remove(file);
  EXPECT_EQ(weir({"export", "--store", folder_, "-o", file}).exit_code, 0);
  EXPECT_EQ(read_file(file), live.out);
  EXPECT_EQ(
      std::filesystem::status(file).permissions(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  const Result made = weir({"import", "--store", copy_, file});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out + made.err, "");
  EXPECT_EQ(weir({"export", "--store", copy_}).out, live.out);
  std::filesystem::remove_all(copy_);
  EXPECT_EQ(weir({"import", "--store", copy_}, "\xEF\xBB\xBF" + live.out).err,
            "");
  EXPECT_EQ(weir({"export", "--store", copy_}).out, live.out);

  // It counts on where the other did, and still does when it is opened again.
  for (const std::int64_t left : {87, 86}) {
    enforcer_ = open(copy_);
    EXPECT_EQ(use(*enforcer_, "k1", 1), left);
    enforcer_.reset();
  }
  const Result again = weir({"export", "--store", copy_});
  EXPECT_EQ(again.out.size(), live.out.size());
  EXPECT_NE(again.out.find(R"("used":"14"})"), std::string::npos) << again.out;
}

TEST_F(WeirStoreTest, ImportMakesAStoreOrNothing) {
  const std::string text = weir({"export", "--store", folder_}).out;
  const Result there = weir({"import", "--store", folder_}, text);
  EXPECT_EQ(there.exit_code, 1);
  EXPECT_EQ(there.err.find("weir: " + folder_ + ": "), 0u) << there.err;

  const std::string cut = text.substr(0, text.find("{\"end\""));
  const Result early = weir({"import", "--store", copy_, "-"}, cut);
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_EQ(early.err.find("weir: standard input:"), 0u) << early.err;
  EXPECT_NE(early.err.find("the text ends early"), std::string::npos);

  const std::string file =
      write_file("bad.jsonl", "{\"weirExport\":{\"version\":1}}\n{\"x\":1}\n");
  const Result bad = weir({"import", "--store", copy_, file});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.err.find("weir: " + file + ":2: "), 0u) << bad.err;
  const std::string syntax =
      write_file("bad.jsonl", "{\"weirExport\":{\"version\":1}}\n{]\n");
  EXPECT_EQ(weir({"import", "--store", copy_, syntax})
                .err.find("weir: " + syntax + ":2:2: "),
            0u);

  // What only an enforcer notices.
  std::string other = text;
  other.replace(other.find(value_of("k1")), value_of("k1").size(), "short");
  const Result refused = weir({"import", "--store", copy_}, other);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.err, "weir: standard input: API key k1 is damaged\n");

  for (const auto& entry :
       std::filesystem::directory_iterator(testing::TempDir())) {
    EXPECT_EQ(entry.path().string().find(copy_), std::string::npos)
        << entry.path();
  }
}

TEST(WeirAdopt, MakesAStoreOfADump) {
  const absl::CivilDay now = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone());
  const std::string today = absl::FormatCivilTime(now);
  const std::string dump = path_of("dump"), store = path_of("adopted");
  std::filesystem::remove_all(dump);
  std::filesystem::remove_all(store);
  std::filesystem::create_directory(dump);
  write_file("dump/plans.json",
             R"({"items":[{"id":"gold","name":"gold","apiStages":[{"apiId":)"
             R"("shop","stage":"prod"}],"quota":{"limit":100,"offset":0,)"
             R"("period":"DAY"},"productCode":"pc"}]})");
  write_file("dump/keys.json",
             R"({"items":[{"id":"k1","value":"a-value-of-twenty-bytes-1",)"
             R"("name":"one","enabled":true,"createdDate":1764547200,)"
             R"("stageKeys":[]}]})");
  write_file("dump/usage-plan-keys-gold.json",
             R"({"items":[{"id":"k1","type":"API_KEY","name":"one"}]})");
  write_file("dump/usage-gold.json", R"({"usagePlanId":"gold","startDate":")" +
                                         today + R"(","endDate":")" + today +
                                         R"(","items":{"k1":[[30,70]]}})");
  for (int i = 1; i <= 12; ++i) {
    write_file("dump/note" + std::to_string(10 + i) + ".txt", "");
  }
  const std::string counts =
      "adopt 1 plan, 1 key and 1 association, 1 of them used, with usage "
      "from " +
      today + " to " + today + "\n";
  const Result dry = weir({"adopt", dump, "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(dry.out.rfind("would " + counts, 0), 0u) << dry.out;
  EXPECT_NE(dry.out.find("files that are neither JSON nor YAML: note11.txt, "
                         "note12.txt, "),
            std::string::npos)
      << dry.out;
  EXPECT_NE(dry.out.find(", note20.txt and 2 more\n"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(store));

  const auto report =
      json(weir({"adopt", dump, "--store", store, "--output=json"}).out);
  EXPECT_TRUE(report.fields().at("adopted").bool_value());
  for (const char* name :
       {"plans", "keys", "associations", "usedAssociations"}) {
    EXPECT_EQ(number(report, name), 1) << name;
  }
  EXPECT_EQ(report.fields().at("lastDate").string_value(), today);
  EXPECT_EQ(report.fields().at("offset").string_value(), "start-day");
  EXPECT_EQ(report.fields().at("notes").list_value().values_size(), 2);
  EXPECT_NE(weir({"usage", "gold", "--store", store, "--output=csv"})
                .out.find("k1," + today + ",30,70\n"),
            std::string::npos);

  const Result again = weir({"adopt", dump, "--store", store});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(again.err,
            "weir: " + store + ": is there already, and not an empty folder\n");
  EXPECT_EQ(
      weir({"adopt", dump}).err.rfind("weir: adopt: --store is required\n", 0),
      0u);
  EXPECT_EQ(weir({"adopt", "/no/such", "--dry-run"}).err,
            "weir: /no/such: No such file or directory\n");
  // What is not whole.
  std::filesystem::remove(dump + "/usage-plan-keys-gold.json");
  std::filesystem::remove_all(store);
  const Result part = weir({"adopt", dump, "--store", store});
  EXPECT_EQ(part.exit_code, 1);
  EXPECT_EQ(part.err.rfind("weir: " + dump, 0), 0u) << part.err;
  EXPECT_FALSE(std::filesystem::exists(store));
  // Another meaning of the quotas' offsets is said.
  write_file("dump/usage-plan-keys-gold.json", R"({"items":[]})");
  write_file("dump/usage-gold.json", R"({"usagePlanId":"gold","startDate":")" +
                                         today + R"(","endDate":")" + today +
                                         R"(","items":{}})");
  write_file("dump/plans.json",
             R"({"items":[{"id":"gold","name":"gold","quota":{"limit":100,)"
             R"("offset":3,"period":"WEEK"}}]})");
  const Result offsets =
      weir({"adopt", dump, "--dry-run", "--offset=requests"});
  EXPECT_EQ(offsets.exit_code, 0) << offsets.err;
  EXPECT_NE(
      offsets.out.find("\n  weir serve --store=FOLDER --offset=requests\n"),
      std::string::npos)
      << offsets.out;
}

TEST_F(WeirStoreTest, ExportLeavesWhatItCannotReplace) {
  const Result device = weir({"export", "--store", folder_, "-o", "/dev/null"});
  EXPECT_EQ(device.exit_code, 2);
  EXPECT_EQ(device.err, "weir: /dev/null: is something else than a file\n");
  const std::string file = write_file("export.jsonl", "before");
  EXPECT_EQ(weir({"export", "--store=/nowhere", "-o", file}).exit_code, 2);
  EXPECT_EQ(read_file(file), "before");
}

// No export is better than one that lacks what was counted.
TEST_F(WeirStoreTest, ExportRefusesDamagedCounts) {
  enforcer_.reset();
  std::string counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().filename().string().substr(0, 7) == "counts-") {
      counts = entry.path().string();
    }
  }
  ASSERT_NE(counts, "");
  const std::string whole = read_file(counts);
  const std::string file = write_file("export.jsonl", "before");
  // A word that no key can have; records that are nobody's; none at all.
  for (const char damage : {'\xFF', '\0', ' '}) {
    if (damage == ' ') {
      std::filesystem::remove(counts);
    } else {
      std::string damaged = whole;
      std::fill(damaged.begin() + 64, damaged.end(), damage);
      std::ofstream(counts, std::ios::binary) << damaged;
    }
    const Result result = weir({"export", "--store", folder_, "-o", file});
    EXPECT_EQ(result.exit_code, 1) << result.err;
    EXPECT_NE(result.err.find("/store"), std::string::npos) << result.err;
    EXPECT_EQ(read_file(file), "before");
  }
  std::ofstream(counts, std::ios::binary) << whole;
  EXPECT_EQ(weir({"export", "--store", folder_, "-o", file}).exit_code, 0);
}

// Every command's output may be cut off, by a full disk for instance.
TEST_F(WeirStoreTest, OutputThatIsNotWrittenIsAnError) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("access.log", kLog);
  const std::string file = write_file("export.jsonl", "");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"--help"},
           {"--version"},
           {"validate", plan},
           {"validate", plan, "--output=json"},
           {"patch", plan, write_file("patch.json", "[]")},
           {"diff", plan, plan},
           {"replay", "--plan", plan, "--log", log},
           {"usage", "p1", "--store", folder_},
           {"export", "--store", folder_}}) {
    const Result result = weir(arguments, "", "C.UTF-8", [] {
      const int full = ::open("/dev/full", O_WRONLY);
      dup2(full, STDOUT_FILENO);
    });
    EXPECT_EQ(result.exit_code, 2) << arguments[0];
    EXPECT_NE(result.err.find("weir: standard output: write error\n"),
              std::string::npos)
        << arguments[0] << ": " << result.err;
  }
}

TEST_F(WeirStoreTest, ChartsAreAsWideAsTheTerminal) {
  const auto shown = [&](int descriptor, unsigned short columns,
                         const std::vector<std::string>& flags) {
    const Terminal terminal(descriptor, columns);
    std::vector<std::string> arguments = {
        "usage", "p1", "--store", folder_, "--key=k1", "--output=chart"};
    arguments.insert(arguments.end(), days_.begin(), days_.end());
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Result result = weir(arguments, "", "C.UTF-8", terminal.attach());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return descriptor == STDOUT_FILENO ? terminal.text() : result.out;
  };
  const std::string narrow =
      usage({"--key=k1", "--output=chart", "--width=50"}).out;
  const std::string usual =
      usage({"--key=k1", "--output=chart", "--width=80"}).out;
  EXPECT_NE(narrow, usual);
  EXPECT_EQ(shown(STDOUT_FILENO, 50, {}), narrow);
  EXPECT_EQ(shown(STDOUT_FILENO, 50, {"--width=80"}), usual);
  // The narrowest; one that does not say how wide it is; and another than the
  // output.
  EXPECT_EQ(shown(STDOUT_FILENO, 1, {}), shown(STDOUT_FILENO, 10, {}));
  EXPECT_NE(shown(STDOUT_FILENO, 1, {}), usual);
  EXPECT_EQ(shown(STDOUT_FILENO, 0, {}), usual);
  EXPECT_EQ(shown(STDERR_FILENO, 50, {}), usual);
}

TEST_F(WeirStoreTest, UsageTakesTheFirstAndTheLastOfWhatItMay) {
  const auto run = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"usage", "p1", "--store", folder_});
    return weir(flags);
  };
  for (const std::string day : {"2000-01-01", "2089-09-17"}) {
    const Result result = run({"--from=" + day, "--to=" + day, "--output=csv"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_NE(result.out.find("k1," + day + ","), std::string::npos);
  }
  for (const std::string day :
       {"1999-12-31", "2089-09-18", "2026-1-1", "26-01-01", "today"}) {
    for (const std::string flag : {"--from", "--to"}) {
      const Result result =
          weir({"usage", "p1", "--store", folder_, flag + "=" + day});
      EXPECT_EQ(result.exit_code, 2) << day;
      EXPECT_EQ(result.err.find("weir: usage: " + flag +
                                ": expected a date as yyyy-mm-dd, got \"" +
                                day + "\"\n"),
                0u)
          << result.err;
    }
  }
  // 400 days; and, if only the last is given, 30.
  EXPECT_EQ(run({"--from=2025-01-01", "--to=2026-02-04"}).exit_code, 0);
  const std::string csv = run({"--to=2026-03-01", "--output=csv"}).out;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 30) << csv;
  EXPECT_NE(csv.find("k1,2026-01-31,"), std::string::npos) << csv;
  for (const auto& [width, exit_code] : {std::pair<const char*, int>{"39", 2},
                                         {"40", 0},
                                         {"1000", 0},
                                         {"1001", 2},
                                         {"4e1", 2},
                                         {"40.5", 2}}) {
    EXPECT_EQ(
        run({"--output=chart", std::string("--width=") + width}).exit_code,
        exit_code)
        << width;
  }
  EXPECT_EQ(run({"--offset=start-day"}).exit_code, 0);
}

// What is wrong with the first three bytes is said before anything is made.
TEST_F(WeirStoreTest, ImportTellsTextFromOtherThings) {
  const auto import = [&](const std::string& text) {
    return weir({"import", "--store", copy_}, text);
  };
  const Result utf16 = import(std::string("\xFF\xFE{\0", 4));
  EXPECT_EQ(utf16.exit_code, 1);
  EXPECT_EQ(utf16.err,
            "weir: standard input: UTF-16 or UTF-32, but UTF-8 was expected: "
            "convert it, as `iconv -f UTF-16 -t UTF-8` does\n");
  for (const char* text :
       {"\xEF\xBB", "\xEF", "\xEF\xBB{}", "\xF0\x9F\x98\x80"}) {
    const Result result = import(text);
    EXPECT_EQ(result.exit_code, 1) << text;
    EXPECT_EQ(result.err, "weir: standard input:1: not JSON\n") << text;
  }
  const Result empty = import("");
  EXPECT_EQ(empty.exit_code, 1);
  EXPECT_EQ(empty.err.find("weir: standard input:"), 0u) << empty.err;
  EXPECT_FALSE(std::filesystem::exists(copy_));
  // Where no store can be made, and where there is one.
  const std::string text = weir({"export", "--store", folder_}).out;
  const Result nowhere = weir({"import", "--store=/no/such/new"}, text);
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_EQ(nowhere.err,
            "weir: /no/such/new: cannot be created: No such file or "
            "directory\n");
  const Result file =
      weir({"import", "--store", write_file("a-file", "x")}, text);
  EXPECT_EQ(file.exit_code, 1);
  EXPECT_EQ(file.err, "weir: " + path_of("a-file") +
                          ": is there already, and not an empty folder\n");
  EXPECT_EQ(read_file(path_of("a-file")), "x");
}

TEST(WeirValidate, ReportsEachProblemAsJson) {
  const Result result = weir({"validate", "-", "--output=json"},
                             "{\"name\": \"p\",\n \"quota\": {\"limit\": -1, "
                             "\"period\": \"DAY\"}}");
  EXPECT_EQ(result.exit_code, 1);
  const auto problems = json(result.out).fields().at("problems").list_value();
  ASSERT_EQ(problems.values_size(), 1) << result.out;
  const auto problem = problems.values(0).struct_value();
  EXPECT_EQ(problem.fields().at("path").string_value(), "/quota/limit");
  EXPECT_NE(problem.fields().at("message").string_value(), "");
  const Result syntax = weir({"validate", "-", "--output=json"}, "{\n]");
  EXPECT_EQ(syntax.exit_code, 1);
  EXPECT_EQ(syntax.err, "");
  EXPECT_EQ(json(syntax.out).fields().at("problems").list_value().values_size(),
            1);
}

TEST(WeirReplay, ListsAHundredMalformedLines) {
  const std::string plan = write_file("plan.json", kPlan);
  const auto said = [&](int malformed, bool twice) {
    std::string text = "1.5 k a:s /x/GET\n";
    for (int i = 0; i < malformed; ++i) text += "1.5 k\n";
    const std::string log = write_file("malformed.log", text);
    std::vector<std::string> arguments = {"replay", "--plan", plan, "--log",
                                          log};
    if (twice) arguments.insert(arguments.end(), {"--log", log});
    const Result result = weir(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  };
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const std::string log = path_of("malformed.log");
  const std::string hundred = said(100, false);
  EXPECT_EQ(lines(hundred), 100);
  EXPECT_EQ(hundred.find("weir: " + log + ":2: expected apiId:stage "), 0u);
  EXPECT_EQ(hundred.find("more malformed"), hundred.npos);
  const std::string one = said(101, false);
  EXPECT_EQ(lines(one), 101);
  EXPECT_NE(one.find("\nweir: " + log + ": 1 more malformed lines\n"),
            one.npos);
  const std::string more = said(1101, false);
  EXPECT_EQ(lines(more), 101);
  EXPECT_NE(more.find(":101: expected apiId:stage after the key\nweir: " + log +
                      ": 1,001 more malformed lines\n"),
            more.npos)
      << more;
  // Of several logs, the first of each is among them.
  const std::string both = said(101, true);
  EXPECT_EQ(lines(both), 102);
  EXPECT_NE(both.find("\nweir: the logs: 101 more malformed lines\n"),
            both.npos)
      << both;
}

TEST(WeirReplay, TakesFiveHundredLogs) {
  const std::string plan = write_file("plan.json", kPlan);
  const std::string log = write_file("one.log", "1.5 k a:s /x/GET\n");
  std::vector<std::string> arguments = {"replay", "--plan", plan,
                                        "--output=json"};
  for (int i = 0; i < 500; ++i) arguments.push_back("--log=" + log);
  const Result most = weir(arguments);
  EXPECT_EQ(most.exit_code, 0) << most.err;
  EXPECT_EQ(number(json(most.out), "requests"), 500);
  arguments.push_back("--log=" + log);
  const Result more = weir(arguments);
  EXPECT_EQ(more.exit_code, 2);
  EXPECT_EQ(more.err.find("weir: replay: --log: at most 500 logs; more can be "
                          "concatenated\n"),
            0u)
      << more.err;
}

TEST(WeirReplay, ListsAsManyKeysAsAsked) {
  const std::string plan = write_file("plan.json", kPlan);
  std::string log;
  for (int i = 0; i < 25; ++i) {
    log += "1.5 key-" + std::to_string(i) + "-of-twenty-five a:s /x/GET\n";
  }
  const auto keys = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"replay", "--plan", plan, "--log=-",
                                          "--output=json"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Result result = weir(arguments, log);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json(result.out).fields().at("keys").list_value().values_size();
  };
  EXPECT_EQ(keys({}), 25);
  EXPECT_EQ(keys({"--top=0"}), 25);
  EXPECT_EQ(keys({"--top=3"}), 3);
  const auto rows = [&](const char* top) {
    const Result result =
        weir({"replay", "--plan", plan, "--log=-", "--show-keys", top}, log);
    int rows = 0;
    for (size_t at = 0;
         (at = result.out.find("-of-twenty-five", at)) != result.out.npos;
         ++at) {
      ++rows;
    }
    return rows;
  };
  EXPECT_EQ(rows("--ascii"), 20);  // if none is said
  EXPECT_EQ(rows("--top=0"), 25);
  EXPECT_EQ(rows("--top=1"), 1);
  // Both meanings of a quota's offset, and of a method's throttle.
  const std::string methods =
      write_file("methods.json",
                 R"({"name": "m", "throttle": {"burstLimit": 2, "rateLimit": 1},
          "apiStages": [{"apiId": "a", "stage": "s", "throttle":
            {"/x/GET": {"burstLimit": 5, "rateLimit": 1}}}]})");
  std::string six;
  for (int i = 0; i < 6; ++i) six += "1.5 k a:s /x/GET\n";
  for (const auto& [flag, admitted] :
       {std::pair<const char*, int>{"--method-throttle=replaces-plan", 5},
        {"--method-throttle=adds-to-plan", 2},
        {"--ascii", 5}}) {
    EXPECT_EQ(number(json(weir({"replay", "--plan", methods, "--log=-", flag,
                                "--output=json"},
                               six)
                              .out),
                     "admitted"),
              admitted)
        << flag;
  }
}

}  // namespace
}  // namespace weir::cli
