#include "weir/cli/replay/replay.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "gtest/gtest.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/request_interner.h"
#include "weir/cli/replay/tally.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/gateway.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/http/message.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_writer.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/time_constants.h"

namespace weir::cli {
namespace {

v1::UsagePlan plan(const std::string& members) {
  const auto plan = usage_plan_from_json(
      R"({"id": "an id that only AWS would give", "name": "p", )" + members +
      "}");
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.value_or(v1::UsagePlan());
}

constexpr char kStage[] = R"("apiStages": [{"apiId": "a", "stage": "s"}])";

std::optional<ReplayError> replay_all(const std::vector<std::string>& texts,
                                      const v1::UsagePlan& plan,
                                      const ReplayOptions& options,
                                      ReplayReport* report) {
  std::deque<std::istringstream> streams;
  std::vector<Log> logs;
  for (const std::string& text : texts) {
    streams.emplace_back(text);
    logs.push_back({absl::StrCat("log", logs.size()), &streams.back()});
  }
  return replay(logs, plan, options, report);
}

ReplayReport run_all(const std::vector<std::string>& logs,
                     const v1::UsagePlan& plan,
                     const ReplayOptions& options = {}) {
  ReplayReport report;
  const auto error = replay_all(logs, plan, options, &report);
  EXPECT_FALSE(error.has_value())
      << error->log << ":" << error->line << ": " << error->message;
  return report;
}

ReplayReport run(const std::string& log, const v1::UsagePlan& plan,
                 const ReplayOptions& options = {}) {
  return run_all({log}, plan, options);
}

ReplayError failure(const std::vector<std::string>& logs,
                    const v1::UsagePlan& plan,
                    const ReplayOptions& options = {}) {
  ReplayReport report;
  return replay_all(logs, plan, options, &report)
      .value_or(ReplayError{0, -1, "none"});
}

const KeyReport& key(const ReplayReport& report, std::string_view name) {
  for (const KeyReport& key : report.keys) {
    if (key.key == name) return key;
  }
  ADD_FAILURE() << "no key " << name;
  return report.keys[0];
}

std::string to_text(const Tally& t) {
  return absl::StrFormat("%d admitted, %d throttled, %d over, %d forbidden",
                         t.admitted, t.throttled, t.quota_exceeded,
                         t.forbidden);
}

// All that a report says of requests, for comparison.
std::string to_text(const ReplayReport& report) {
  std::string text = absl::StrCat(to_text(report.total), " ", report.first_ns,
                                  " ", report.last_ns, "\n");
  for (const KeyReport& k : report.keys) {
    absl::StrAppend(&text, k.key, ": ", to_text(k.tally));
    if (k.first_refusal) {
      absl::StrAppend(&text, " ", k.first_refusal->unix_ns, " ",
                      static_cast<int>(k.first_refusal->limit));
    }
    text += '\n';
  }
  for (std::size_t i = 0; i < report.timeline.buckets().size(); ++i) {
    absl::StrAppend(&text, report.timeline.bucket_start(i), ": ",
                    to_text(report.timeline.buckets()[i]), "\n");
  }
  return text;
}

TEST(Replay, EmptyLogIsNoRequests) {
  const ReplayReport report = run("\n# nothing\n\n", plan(kStage));
  EXPECT_EQ(report.total.requests(), 0);
  EXPECT_EQ(report.lines, 3);
  EXPECT_EQ(report.malformed, 0);
  EXPECT_TRUE(report.keys.empty());
  EXPECT_TRUE(report.timeline.buckets().empty());
}

TEST(Replay, ThrottlesByTheTimeOfTheLog) {
  const ReplayReport report =
      run("100.0 k a:s /x/GET\n"
          "100.5 k a:s /x/GET\n"
          "100.9 k a:s /x/GET\n"  // both tokens are taken
          "101.0 k a:s /x/GET\n"
          "101.1 other a:s /x/GET\n",
          plan(absl::StrCat(
              kStage, R"(, "throttle": {"burstLimit": 2, "rateLimit": 1})")));
  EXPECT_EQ(to_text(report.total),
            "4 admitted, 1 throttled, 0 over, 0 forbidden");
  const KeyReport& k = key(report, "k");
  EXPECT_EQ(k.tally.admitted, 3);
  ASSERT_TRUE(k.first_refusal.has_value());
  EXPECT_EQ(k.first_refusal->unix_ns, 100'900'000'000);
  EXPECT_EQ(k.first_refusal->limit, Limit::kPlanThrottle);
  EXPECT_EQ(k.first_refusal->place.line, 3);
  EXPECT_TRUE(k.is_secret);
  EXPECT_FALSE(key(report, "other").first_refusal.has_value());
  EXPECT_EQ(report.first_ns, 100 * kSecond);
  EXPECT_EQ(report.last_ns, 101'100'000'000);
}

constexpr char kTwoADay[] =
    R"(, "quota": {"limit": 2, "offset": 0, "period": "DAY"})";

TEST(Replay, QuotaFollowsTheCalendar) {
  for (const char* day : {"1970-01-01", "1999-12-30", "2015-05-17",
                          "2043-12-31", "2044-02-28", "2089-12-30"}) {
    std::string log;
    for (const char* time : {"00:00:00", "12:00:00", "23:59:59"}) {
      absl::StrAppend(&log, day, "T", time, "Z k a:s /x/GET\n");
    }
    // The leap second belongs to the day that it ends.
    absl::StrAppend(&log, day, "T23:59:60Z k a:s /x/GET\n");
    const absl::CivilDay next = [&] {
      absl::CivilDay d;
      absl::ParseCivilTime(day, &d);
      return d + 1;
    }();
    absl::StrAppend(&log, absl::FormatCivilTime(next),
                    "T00:00:00Z k a:s /x/GET\n");
    const ReplayReport report = run(log, plan(absl::StrCat(kStage, kTwoADay)));
    EXPECT_EQ(to_text(report.total),
              "3 admitted, 0 throttled, 2 over, 0 forbidden")
        << day;
    EXPECT_EQ(report.keys[0].first_refusal->limit, Limit::kQuota);
    EXPECT_EQ(report.keys[0].first_refusal->place.line, 3);
  }
}

TEST(Replay, FirstPeriodOfAKeyIsThatOfItsFirstRequest) {
  const std::string log =
      "2015-05-17T10:00:00Z a a:s /x/GET\n"
      "2015-05-18T10:00:00Z a a:s /x/GET\n"
      "2015-05-18T10:00:00Z b a:s /x/GET\n"
      "2015-05-18T10:00:01Z b a:s /x/GET\n";
  const ReplayReport report = run(
      log,
      plan(absl::StrCat(
          kStage, R"(, "quota": {"limit": 2, "offset": 1, "period": "DAY"})")));
  EXPECT_EQ(key(report, "a").tally.admitted, 2);
  EXPECT_EQ(key(report, "b").tally.admitted, 1);
}

TEST(Replay, OffsetMayBeTheStartDay) {
  ReplayOptions options;
  options.rules.quota_offset = QuotaOffset::kStartDay;
  // A Sunday and a Monday; weeks start on Monday.
  const ReplayReport report = run(
      "2015-05-17T10:00:00Z k a:s /x/GET\n"
      "2015-05-18T10:00:00Z k a:s /x/GET\n",
      plan(absl::StrCat(
          kStage, R"(, "quota": {"limit": 1, "offset": 1, "period": "WEEK"})")),
      options);
  EXPECT_EQ(report.total.admitted, 2);
}

constexpr char kMethodThrottles[] = R"("apiStages": [
    {"apiId": "a", "stage": "s", "throttle": {
      "/pets/{id}/GET": {"burstLimit": 1, "rateLimit": 0},
      "/pets/mine/GET": {"burstLimit": 2, "rateLimit": 0}}},
    {"apiId": "b", "stage": "s"}],
  "throttle": {"burstLimit": 3, "rateLimit": 0})";

TEST(Replay, FindsTheThrottleOfTheMethod) {
  const std::string log =
      "1 k a:s /pets/17/GET\n"
      "2 k a:s /pets/18/GET\n"  // one bucket for all ids
      "3 k a:s /pets/mine/GET\n"
      "4 k b:s /pets/19/GET\n"  // the other stage has no such throttle
      "5 k a:s /pets/17/PUT\n"
      "6 k a:s //GET\n"
      "7 k a:s //GET\n";  // the plan's bucket is empty
  const ReplayReport report = run(log, plan(kMethodThrottles));
  EXPECT_EQ(to_text(report.total),
            "5 admitted, 2 throttled, 0 over, 0 forbidden");
  EXPECT_EQ(report.keys[0].first_refusal->place.line, 2);
  EXPECT_EQ(report.keys[0].first_refusal->limit, Limit::kMethodThrottle);

  ReplayOptions both;
  both.rules.method_throttle = MethodThrottle::kAddsToPlan;
  EXPECT_EQ(run(log, plan(kMethodThrottles), both).total.admitted, 3);
}

TEST(Replay, StagesOutsideThePlanAreForbidden) {
  const ReplayReport report =
      run("1 k a:s /x/GET\n"
          "2 k a:other /x/GET\n"
          "3 k zzz:s /x/GET\n",
          plan(kStage));
  EXPECT_EQ(to_text(report.total),
            "1 admitted, 0 throttled, 0 over, 2 forbidden");
  EXPECT_EQ(report.keys[0].first_refusal->place.line, 2);
  EXPECT_EQ(report.keys[0].first_refusal->limit, Limit::kNone);
  EXPECT_EQ(report.keys[0].first_refusal->forbidden, Forbidden::kStage);
  EXPECT_EQ(run("1 k a:s /x/GET\n", plan(R"("apiStages": [])")).total.forbidden,
            1);
}

TEST(Replay, CommonLinesAreForTheStageAskedFor) {
  const std::string line =
      "h - - [17/May/2015:10:05:03 +0000] \"GET /pets/1 HTTP/1.1\" 200 1\n";
  const std::string log = line + line;
  const ReplayReport first = run(log, plan(kMethodThrottles));
  EXPECT_EQ(first.total.admitted, 1);
  EXPECT_FALSE(first.keys[0].is_secret);
  ReplayOptions options;
  options.stage = "b:s";
  EXPECT_EQ(run(log, plan(kMethodThrottles), options).total.admitted, 2);
}

// -- Stages and keys --

TEST(Replay, AStageMayHaveOneOfItsNames) {
  const v1::UsagePlan document = plan(R"("apiStages": [
      {"apiId": "shop", "stage": "prod"}, {"apiId": "shop", "stage": "test"},
      {"apiId": "blog", "stage": "live"}])");
  ReplayOptions options;
  options.format = find_log_format("vhost_combined");
  options.fields.stage = "vhost";
  const auto outcome = [&](const std::string& vhost) {
    const ReplayReport report =
        run(vhost +
                " h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" "
                "200 1 \"-\" \"-\"",
            document, options);
    return report.total.admitted == 1 ? "admitted" : "forbidden";
  };
  EXPECT_STREQ(outcome("shop:prod"), "admitted");
  EXPECT_STREQ(outcome("prod"), "admitted");
  EXPECT_STREQ(outcome("blog"), "admitted");
  EXPECT_STREQ(outcome("shop"), "forbidden");  // which of the two?
  EXPECT_STREQ(outcome("other"), "forbidden");
  EXPECT_STREQ(outcome("shop:live"), "forbidden");
}

constexpr char kWithoutKey[] =
    R"({"time":"2026-11-30T15:13:41Z","key_id":null,"api_id":"a",)"
    R"("stage":"s","method":"GET","path":"/x","outcome":"forbidden"})";

TEST(Replay, RequestsWithoutAKeyAreForbidden) {
  std::string with_key = kWithoutKey;
  with_key.replace(with_key.find("null"), 4, "\"\"");
  const std::string log =
      absl::StrCat(kWithoutKey, "\n", with_key, "\n", kWithoutKey);
  const ReplayReport report = run(log, plan(kStage));
  ASSERT_EQ(report.keys.size(), 1u);
  EXPECT_TRUE(report.keys[0].is_none);
  EXPECT_EQ(report.keys[0].tally.forbidden, 3);
  EXPECT_EQ(report.keys[0].first_refusal->forbidden, Forbidden::kKey);
}

// The log says that the request was for no stage: no default stands in for it.
TEST(Replay, RequestsForNoStageAreForbidden) {
  std::string line = kWithoutKey;
  line.replace(line.find("null"), 4, "\"k\"");
  EXPECT_EQ(run(line, plan(kStage)).total.admitted, 1);
  line.replace(line.find("\"a\",\"stage\":\"s\""), 15, "null,\"stage\":null");
  const ReplayReport report = run(line, plan(kStage));
  EXPECT_EQ(report.total.forbidden, 1);
  EXPECT_EQ(report.keys[0].first_refusal->forbidden, Forbidden::kStage);
}

TEST(Replay, ResourcesAreFoundByTheirNames) {
  const v1::UsagePlan document = plan(R"("apiStages": [
      {"apiId": "a", "stage": "s", "throttle": {
        "/pets/{id}/GET": {"burstLimit": 1, "rateLimit": 0},
        "/pets/{proxy+}/GET": {"burstLimit": 0, "rateLimit": 0},
        "//ANY": {"burstLimit": 0, "rateLimit": 0}}}],
      "throttle": {"burstLimit": 9, "rateLimit": 0})");
  const auto outcome = [&](const std::string& resource) {
    const ReplayReport report = run(
        "i - - [17/May/2015:10:05:03 +0000]\"GET " + resource +
            " HTTP/1.1\" 200 1 id\n"
            "i - - [17/May/2015:10:05:03 +0000]\"GET /other HTTP/1.1\" 200 1 "
            "id",
        document);
    return report.total.throttled == 1 ? "throttled" : "admitted";
  };
  EXPECT_STREQ(outcome("/pets/{proxy+}"), "throttled");
  EXPECT_STREQ(outcome("/pets/{id}"), "admitted");
  EXPECT_STREQ(outcome("/pets/{petId}"), "admitted");
  EXPECT_STREQ(outcome("/"), "throttled");
  EXPECT_STREQ(outcome("$default"), "admitted");
}

// -- Several logs --

constexpr char kTwoTokens[] =
    R"("apiStages": [{"apiId": "a", "stage": "s"}],
       "throttle": {"burstLimit": 2, "rateLimit": 0})";

TEST(Replay, LogsAreMergedByTimeThenByTheirOrder) {
  const std::string weir = "1 k a:s /x/GET\n3 k a:s /x/GET\n";
  const std::string common =
      "\nk - - [01/Jan/1970:00:00:02 +0000] \"GET /x HTTP/1.1\" 200 1\n"
      "k - - [01/Jan/1970:00:00:03 +0000] \"GET /x HTTP/1.1\" 200 1\nbad\n";
  for (const bool sorted : {false, true}) {
    ReplayOptions options;
    options.sorted = sorted;
    const ReplayReport report =
        run_all({weir, common, ""}, plan(kTwoTokens), options);
    EXPECT_EQ(report.total.admitted, 2);
    EXPECT_EQ(report.total.throttled, 2);
    EXPECT_EQ(report.lines, 6);
    ASSERT_EQ(report.keys.size(), 1u);
    // Of the two at one time, the first log's comes first.
    EXPECT_EQ(report.keys[0].first_refusal->place.log, 0);
    EXPECT_EQ(report.keys[0].first_refusal->place.line, 2);
    ASSERT_EQ(report.logs.size(), 3u);
    EXPECT_EQ(report.logs[0].format->name, "weir");
    EXPECT_EQ(report.logs[1].format->name, "common");
    EXPECT_EQ(report.logs[2].format, nullptr);
    EXPECT_EQ(report.logs[1].lines, 4);
    EXPECT_EQ(report.logs[1].requests, 2);
    EXPECT_EQ(report.logs[1].malformed, 1);
    ASSERT_EQ(report.malformed_lines.size(), 1u);
    EXPECT_EQ(report.malformed_lines[0].place.log, 1);
    EXPECT_EQ(report.malformed_lines[0].place.line, 4);

    const ReplayReport other =
        run_all({common, weir}, plan(kTwoTokens), options);
    EXPECT_EQ(other.keys[0].first_refusal->place.log, 0);
    EXPECT_EQ(other.keys[0].first_refusal->place.line, 3);
  }
}

TEST(Replay, EachSortedLogIsInOrderByItself) {
  ReplayOptions sorted;
  sorted.sorted = true;
  const std::string log = "5 k a:s /x/GET\n6 k a:s /x/GET\n";
  const std::string out_of_order =
      "1 k a:s /x/GET\n9 k a:s /x/GET\n"
      "8 k a:s /x/GET\n";
  const ReplayError error = failure({log, out_of_order}, plan(kStage), sorted);
  EXPECT_EQ(error.log, 1u);
  EXPECT_EQ(error.line, 3);
  EXPECT_EQ(run_all({log, out_of_order}, plan(kStage)).total.admitted, 5);
}

TEST(Replay, ALogOfWhichNothingCanBeReadEndsTheReplay) {
  const std::string good = "1 k a:s /x/GET\n";
  const ReplayError error = failure({good, "\nbad\nbad"}, plan(kStage));
  EXPECT_EQ(error.log, 1u);
  EXPECT_EQ(error.line, 2);
  EXPECT_EQ(error.message.find(
                "expected a time (RFC 3339 or Unix seconds, 1970 to 2089) "
                "first; none of its 3 lines can be read: --format may be one "
                "of weir-access, "),
            0u)
      << error.message;
  EXPECT_FALSE(error.is_input_error);
  ReplayOptions options;
  options.format = find_log_format("alb");
  const ReplayError given = failure({good}, plan(kStage), options);
  EXPECT_NE(given.message.find("; none of its 1 line can be read as alb: leave "
                               "out --format, or give one of weir-access, "),
            std::string::npos)
      << given.message;
  // Malformed lines before it may be more than are listed.
  std::string bad;
  for (int i = 0; i < 200; ++i) bad += "bad\n";
  const ReplayError later = failure({good + bad, "worse"}, plan(kStage));
  EXPECT_EQ(later.log, 1u);
  EXPECT_EQ(later.line, 1);
}

TEST(Replay, FieldsThatThereAreNotAreErrors) {
  ReplayOptions options;
  options.fields.key = "agent";
  const ReplayError error =
      failure({"1 k a:s /x/GET\n"}, plan(kStage), options);
  EXPECT_TRUE(error.is_input_error);
  EXPECT_EQ(error.message,
            "in a log of the format weir, there is no field \"agent\"; there "
            "are: time, key, stage, path, method, cost");
}

// -- The gateway and a replay agree --

TEST(Replay, DecidesAsTheGatewayDoes) {
  const v1::UsagePlan document = plan(R"("apiStages": [
      {"apiId": "a", "stage": "s", "throttle": {
        "/pets/GET": {"burstLimit": 0, "rateLimit": 0},
        "/pets/{id}/ANY": {"burstLimit": 0, "rateLimit": 0},
        "/caf%C3%A9/GET": {"burstLimit": 0, "rateLimit": 0}}}],
      "throttle": {"burstLimit": 10000, "rateLimit": 0})");
  auto enforcer = *Enforcer::create();
  v1::UsagePlan created = document;
  created.clear_id();
  created = *enforcer->create_usage_plan(created);
  v1::ApiKey api_key;
  api_key.set_enabled(true);
  api_key.set_value("key-one-two-three-four");
  api_key = *enforcer->create_api_key(api_key);
  ASSERT_TRUE(enforcer->create_usage_plan_key(created.id(), api_key.id()).ok());
  LiveRoutes routes(enforcer.get());
  ASSERT_TRUE(routes.follow().ok());
  RequestCounters counters;
  Gateway gateway(enforcer.get(), &routes, &counters);

  const std::vector<std::string> targets = {"/",
                                            "/pets",
                                            "/pets/",
                                            "/pets?x=1",
                                            "/pets?",
                                            "/pets#x",
                                            "/pets?a#b",
                                            "/%70ets",
                                            "/pets%2F1",
                                            "/pets/1",
                                            "/pets/1/",
                                            "/pets/1/2",
                                            "/Pets",
                                            "//pets",
                                            "/pets//1",
                                            "/pets//",
                                            "/./pets",
                                            "/pets/.",
                                            "/x/../pets",
                                            "/pets/..",
                                            "/%2e/pets",
                                            "/pets/%2E%2e",
                                            "/pets;v=1",
                                            "/pets/1;v=1",
                                            "/pets/%3Bv",
                                            "/a%zz",
                                            "/a%2",
                                            "/a%",
                                            "/pets%00",
                                            "/pets%0a",
                                            "/pets%ff",
                                            "/caf%C3%A9",
                                            "/caf%c3%a9",
                                            "/cafÃ©",
                                            "/{id}",
                                            "/pets/{id}",
                                            "/a b",
                                            "/a\"b",
                                            "/a\\b",
                                            "/a|b",
                                            "/a^b",
                                            "/a`b",
                                            "/a[b]",
                                            "/pets/a:b@c",
                                            "/pets?q=a b",
                                            "/pets?q=\"",
                                            "/pets?q=Ã©",
                                            "/pets?q=|^{}`\\",
                                            "/...",
                                            "/.well-known/x",
                                            "/pets/..a",
                                            "/pets/%2e%2ea",
                                            "*",
                                            "pets",
                                            "http://host/pets",
                                            "https://host",
                                            "host:443",
                                            "/",
                                            "/pets",
                                            "/pets/é"};
  const std::vector<std::string> methods = {
      "GET",    "HEAD",  "OPTIONS", "POST", "PUT",      "PATCH",
      "DELETE", "TRACE", "CONNECT", "get",  "PROPFIND", "ANY"};
  ReplayOptions options;
  options.format = find_log_format("json");
  int forbidden = 0, admitted = 0, throttled = 0;
  for (const std::string& method : methods) {
    // A client for each target, so that each has an outcome of its own.
    std::string log;
    for (const std::string& target : targets) {
      JsonWriter json(JsonStyle::kCompact);
      json.begin_object();
      json.key("ts");
      json.number(std::int64_t{1});
      json.key("ip");
      json.string(target);
      json.key("method");
      json.string(method);
      json.key("path");
      json.string(target);
      json.end_object();
      log += json.text() + "\n";
    }
    const ReplayReport report = run(log, document, options);
    EXPECT_EQ(report.total.requests(),
              static_cast<std::int64_t>(targets.size()));

    for (const std::string& target : targets) {
      HttpRequest request;
      request.method = method;
      // Below the stage, but for the forms that no path has.
      request.target = target[0] == '/' ? "/a/s" + target : target;
      request.headers = {{"x-api-key", api_key.value()}};
      const int status = gateway.answer(request).status;
      forbidden += status == 403;
      admitted += status == 200;
      throttled += status == 429;
      JsonWriter json(JsonStyle::kCompact);  // which has made UTF-8 of it
      json.string(target);
      const auto name = parse_json(json.text());
      ASSERT_TRUE(name.ok());
      const Tally& tally = key(report, name->string_value()).tally;
      EXPECT_EQ(tally.admitted, status == 200) << method << " " << target;
      EXPECT_EQ(tally.throttled, status == 429) << method << " " << target;
      EXPECT_EQ(tally.forbidden, status == 403) << method << " " << target;
    }
  }
  EXPECT_GT(forbidden, 300);
  EXPECT_GT(admitted, 80);
  EXPECT_GT(throttled, 40);
}

// As Apache and nginx write them.
TEST(Replay, EscapesInALogAreNotThoseOfTheRequest) {
  const auto outcome = [](const std::string& request) {
    const ReplayReport report = run(
        "h - - [17/May/2015:10:05:03 +0000] \"" + request + " HTTP/1.1\" 200 1",
        plan(kStage));
    return report.total.forbidden == 1 ? "forbidden" : "admitted";
  };
  EXPECT_STREQ(outcome("GET /pets"), "admitted");
  EXPECT_STREQ(outcome("GET /pets?q=\\x22"), "admitted");
  EXPECT_STREQ(outcome("GET /pets?q=\\x5C"), "admitted");
  EXPECT_STREQ(outcome("GET /pets?q=\\xC3\\xA9"), "forbidden");
  EXPECT_STREQ(outcome("GET /pets\\x22"), "forbidden");
  EXPECT_STREQ(outcome("GET //pets"), "forbidden");
  EXPECT_STREQ(outcome("GET /./pets"), "forbidden");
  EXPECT_STREQ(outcome("GET /pets;v=1"), "forbidden");
  EXPECT_STREQ(outcome("GET http://h/pets"), "forbidden");
  EXPECT_STREQ(outcome("OPTIONS *"), "forbidden");
  EXPECT_STREQ(outcome("CONNECT h:443"), "forbidden");
  EXPECT_STREQ(outcome("TRACE /pets"), "forbidden");
  const ReplayReport report =
      run("h - - [17/May/2015:10:05:03 +0000] \"GET //x HTTP/1.1\" 200 1\n"
          "i - - [17/May/2015:10:05:03 +0000] \"TRACE /x HTTP/1.1\" 200 1",
          plan(kStage));
  EXPECT_EQ(key(report, "h").first_refusal->forbidden, Forbidden::kTarget);
  EXPECT_EQ(key(report, "i").first_refusal->forbidden, Forbidden::kMethod);
}

TEST(Replay, CostsCount) {
  const ReplayReport report = run(
      "1 k a:s /x/GET 3\n"
      "2 k a:s /x/GET 0\n"
      "3 k a:s /x/GET 3\n"
      "4 k a:s /x/GET 2\n",
      plan(absl::StrCat(
          kStage, R"(, "quota": {"limit": 5, "offset": 0, "period": "DAY"})")));
  EXPECT_EQ(to_text(report.total),
            "3 admitted, 0 throttled, 1 over, 0 forbidden");
}

TEST(Replay, MalformedLinesAreCountedAndListed) {
  std::string log = "1 k a:s /x/GET\nnonsense\n" + std::string(70000, 'x') +
                    "\n\n2 k a:s /x/GET";
  for (int i = 0; i < 200; ++i) log += "\nbad";
  const ReplayReport report = run(log, plan(kStage));
  EXPECT_EQ(report.total.requests(), 2);
  EXPECT_EQ(report.malformed, 202);
  EXPECT_EQ(report.lines, 205);
  ASSERT_EQ(report.malformed_lines.size(), 100u);
  EXPECT_EQ(report.malformed_lines[0].place.line, 2);
  EXPECT_EQ(report.malformed_lines[1].place.line, 3);
  EXPECT_EQ(report.malformed_lines[1].reason, "longer than 64 KiB");
  EXPECT_EQ(report.malformed_lines[2].place.line, 6);
}

TEST(Replay, SortedLogOutOfOrderIsRefused) {
  ReplayOptions sorted;
  sorted.sorted = true;
  const std::string log =
      "2 k a:s /x/GET\n\n# c\n2 k a:s /x/GET\n"
      "1.9 k a:s /x/GET\n";
  const ReplayError error = failure({log}, plan(kStage), sorted);
  EXPECT_EQ(error.line, 5);
  EXPECT_EQ(error.message,
            "earlier than line 4: the log is not sorted; leave out --sorted");
  EXPECT_EQ(run(log, plan(kStage)).total.admitted, 3);
}

TEST(Replay, SpansOfMoreThanTenYearsAreRefused) {
  const std::string log = "2015-05-17T00:00:00Z k a:s /x/GET\n";
  EXPECT_EQ(run(log + "2025-05-13T00:00:00Z k a:s /x/GET\n", plan(kStage))
                .total.admitted,
            2);
  const ReplayError error =
      failure({log + "2025-05-15T00:00:00Z k a:s /x/GET\n"}, plan(kStage));
  EXPECT_EQ(error.line, 2);
  EXPECT_EQ(error.message, "more than 10 years after the first request");
}

// Also where they reach from years that no calendar has, or into such.
TEST(Replay, SpansOfTenYearsAreReplayed) {
  for (const auto& [first, last] : {std::pair{"1970-01-01", "1979-12-28"},
                                    {"1999-12-31", "2009-12-27"},
                                    {"2043-12-31", "2053-12-27"},
                                    {"2079-12-31", "2089-12-27"}}) {
    EXPECT_EQ(run(absl::StrCat(first, "T00:00:00Z k a:s /x/GET\n", last,
                               "T00:00:00Z k a:s /x/GET\n"),
                  plan(kStage))
                  .total.admitted,
              2)
        << first;
  }
}

TEST(Replay, ListsKeysByRequestsThenName) {
  const ReplayReport report =
      run("1 c a:s /x/GET\n1 b a:s /x/GET\n1 a a:s /x/GET\n2 c a:s /x/GET\n",
          plan(kStage));
  ASSERT_EQ(report.keys.size(), 3u);
  EXPECT_EQ(report.keys[0].key, "c");
  EXPECT_EQ(report.keys[1].key, "a");
  EXPECT_EQ(report.keys[2].key, "b");
}

// -- Properties --

unsigned first_seed() {
  const char* const given = std::getenv("WEIR_TEST_SEED");
  return given == nullptr ? 1 : static_cast<unsigned>(std::atoi(given));
}

struct RandomRequest {
  std::int64_t unix_ns;
  std::string key;
  std::string method;  // "/m/GET", with a throttle of its own, or "/x/GET"
  std::int64_t cost;
};

struct RandomPlan {
  // Tokens per second: rate / per.
  std::int64_t burst, rate, per;
  std::int64_t method_burst, method_rate;
  std::int64_t limit;
  bool month;

  v1::UsagePlan document() const {
    return plan(absl::StrFormat(
        R"("apiStages": [{"apiId": "a", "stage": "s", "throttle":
             {"/m/GET": {"burstLimit": %d, "rateLimit": %d}}}],
           "throttle": {"burstLimit": %d, "rateLimit": %.17g},
           "quota": {"limit": %d, "offset": 0, "period": "%s"})",
        method_burst, method_rate, burst,
        static_cast<double>(rate) / static_cast<double>(per), limit,
        month ? "MONTH" : "DAY"));
  }
};

// A token bucket in exact arithmetic: `level` counts 1 / (per * 10^9) tokens.
class NaiveBucket {
 public:
  NaiveBucket(std::int64_t burst, std::int64_t rate, std::int64_t per)
      : full_(Units{burst} * per * kSecond),
        token_(Units{per} * kSecond),
        rate_(rate),
        level_(full_) {}

  void advance(std::int64_t unix_ns) {
    if (last_)
      level_ = std::min(full_, level_ + Units{unix_ns - *last_} * rate_);
    last_ = unix_ns;
  }
  bool has(std::int64_t cost) const { return level_ >= token_ * cost; }
  void take(std::int64_t cost) { level_ -= token_ * cost; }

 private:
  __extension__ using Units = __int128;
  Units full_, token_, rate_, level_;
  std::optional<std::int64_t> last_;
};

Tally naive(const RandomPlan& plan, std::vector<RandomRequest> requests,
            std::map<std::string, Tally>* by_key) {
  std::stable_sort(requests.begin(), requests.end(),
                   [](const RandomRequest& a, const RandomRequest& b) {
                     return a.unix_ns < b.unix_ns;
                   });
  struct Client {
    NaiveBucket bucket, method_bucket;
    std::map<std::int64_t, std::int64_t> used;  // by period
  };
  std::map<std::string, Client> clients;
  Tally total;
  for (const RandomRequest& r : requests) {
    Client& client =
        clients
            .try_emplace(r.key, Client{{plan.burst, plan.rate, plan.per},
                                       {plan.method_burst, plan.method_rate, 1},
                                       {}})
            .first->second;
    NaiveBucket& bucket =
        r.method == "/m/GET" ? client.method_bucket : client.bucket;
    bucket.advance(r.unix_ns);
    const absl::CivilDay day =
        absl::CivilDay(1970, 1, 1) + r.unix_ns / kSecond / 86400;
    const std::int64_t period =
        plan.month ? absl::CivilMonth(day) - absl::CivilMonth(1970, 1)
                   : day - absl::CivilDay(1970, 1, 1);
    Outcome outcome = Outcome::kAdmitted;
    if (!bucket.has(r.cost)) {
      outcome = Outcome::kThrottled;
    } else if (client.used[period] + r.cost > plan.limit) {
      outcome = Outcome::kQuotaExceeded;
    } else {
      bucket.take(r.cost);
      client.used[period] += r.cost;
    }
    total.add(outcome);
    (*by_key)[r.key].add(outcome);
  }
  return total;
}

std::string to_line(const RandomRequest& r) {
  return absl::StrFormat("%d.%09d %s a:s %s %d\n", r.unix_ns / kSecond,
                         r.unix_ns % kSecond, r.key, r.method, r.cost);
}

std::string to_log(const std::vector<RandomRequest>& requests) {
  std::string log;
  for (const RandomRequest& r : requests) log += to_line(r);
  return log;
}

class ReplayProperty : public testing::TestWithParam<unsigned> {
 protected:
  // Times are such that requests meet full, empty and half-full buckets, and
  // quotas end with their periods.
  void SetUp() override {
    seed_ = GetParam() + first_seed();
    random_.seed(seed_);
    plan_ = {between(0, 10), between(0, 5),  between(1, 4),     between(0, 4),
             between(0, 3),  between(1, 40), between(0, 1) == 1};
    std::int64_t now = between(0, 1'500'000'000) * kSecond;
    const std::int64_t step = kSecond * (between(0, 1) == 0 ? 1 : 20000);
    for (int i = 0; i < 200; ++i) {
      if (between(0, 3) > 0) now += between(0, step);
      // Often a whole number of seconds: then limits are met to the nanosecond.
      const std::int64_t at =
          between(0, 1) == 0 ? now : now / kSecond * kSecond;
      requests_.push_back({at, absl::StrCat("key", between(0, 3)),
                           between(0, 2) == 0 ? "/m/GET" : "/x/GET",
                           between(0, 9) == 0 ? between(0, 12) : 1});
    }
    std::stable_sort(requests_.begin(), requests_.end(),
                     [](const RandomRequest& a, const RandomRequest& b) {
                       return a.unix_ns < b.unix_ns;
                     });
  }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  unsigned seed_ = 0;
  std::mt19937_64 random_;
  RandomPlan plan_{};
  std::vector<RandomRequest> requests_;
};

TEST_P(ReplayProperty, DecidesAsANaiveSimulation) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed_));
  std::map<std::string, Tally> by_key;
  const Tally total = naive(plan_, requests_, &by_key);
  const ReplayReport report = run(to_log(requests_), plan_.document());
  EXPECT_EQ(to_text(report.total), to_text(total));
  for (const KeyReport& k : report.keys) {
    EXPECT_EQ(to_text(k.tally), to_text(by_key[k.key])) << k.key;
  }
  EXPECT_EQ(report.keys.size(), by_key.size());
}

TEST_P(ReplayProperty, SortedIsTheSameAsSorting) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed_));
  ReplayOptions sorted;
  sorted.sorted = true;
  const std::string log = to_log(requests_);
  EXPECT_EQ(to_text(run(log, plan_.document(), sorted)),
            to_text(run(log, plan_.document())));
}

TEST_P(ReplayProperty, OrderOfLinesDoesNotMatter) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed_));
  // Requests of one time keep their order, as they have no other.
  std::map<std::int64_t, std::vector<RandomRequest>> by_time;
  for (const RandomRequest& r : requests_) by_time[r.unix_ns].push_back(r);
  std::vector<std::vector<RandomRequest>> groups;
  for (auto& [time, group] : by_time) groups.push_back(std::move(group));
  std::shuffle(groups.begin(), groups.end(), random_);
  std::string log;
  for (const auto& group : groups) log += to_log(group);
  EXPECT_EQ(to_text(run(log, plan_.document())),
            to_text(run(to_log(requests_), plan_.document())));
}

TEST_P(ReplayProperty, EveryLineIsAccountedFor) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed_));
  std::string log;
  std::int64_t nothing = 0;
  for (const RandomRequest& r : requests_) {
    std::string line = to_line(r);
    switch (between(0, 5)) {
      case 0:
        line = "\n";
        ++nothing;
        break;
      case 1: {
        // Never empty, never a comment, whatever the bytes; and no time, which
        // might be far from the others.
        line = "x";
        for (std::int64_t n = between(0, 80); n > 0; --n) {
          const char c = static_cast<char>(between(-128, 127));
          line += c == '\n' ? ' ' : c;
        }
        line += '\n';
        break;
      }
      default:
        break;
    }
    log += line;
  }
  const ReplayReport report = run(log, plan_.document());
  EXPECT_EQ(report.lines, static_cast<std::int64_t>(requests_.size()));
  EXPECT_EQ(report.total.requests() + report.malformed + nothing, report.lines);

  Tally keys, buckets;
  for (const KeyReport& k : report.keys) keys += k.tally;
  for (const Tally& b : report.timeline.buckets()) buckets += b;
  EXPECT_EQ(to_text(keys), to_text(report.total));
  EXPECT_EQ(to_text(buckets), to_text(report.total));
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayProperty, testing::Range(0u, 40u));

}  // namespace
}  // namespace weir::cli
