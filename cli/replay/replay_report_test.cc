#include "weir/cli/replay/replay_report.h"

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "weir/cli/printable.h"
#include "weir/cli/replay/log/log_format.h"
#include "weir/cli/replay/replay.h"
#include "weir/cli/replay/request_interner.h"
#include "weir/enforcer/decision.h"
#include "weir/tests/time_constants.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kStart = 1431857103 * kSecond;  // 2015-05-17 10:05:03

ReplayReport small_report() {
  ReplayReport report;
  report.first_ns = kStart;
  report.last_ns = kStart + 2 * kSecond;
  const auto add = [&](KeyReport* key, std::int64_t at, Outcome outcome) {
    report.total.add(outcome);
    report.timeline.add(kStart + at * kSecond, outcome);
    key->tally.add(outcome);
  };
  KeyReport a, b;
  a.key = "10.0.0.1";
  b.key = "secret-key-of-b-1234";
  b.is_secret = true;
  b.first_refusal =
      Refusal{kStart + kSecond, Limit::kQuota, Forbidden::kNo, {0, 17}};
  for (int i = 0; i < 6; ++i) add(&a, 0, Outcome::kAdmitted);
  add(&b, 1, Outcome::kQuotaExceeded);
  add(&a, 2, Outcome::kThrottled);
  report.keys = {a, b};
  report.malformed = 1;
  report.malformed_lines = {{{0, 5}, "bad \"line\""}};
  return report;
}

TEST(ReplayReport, Text) {
  const std::string b = secret_name("secret-key-of-b-1234");
  EXPECT_EQ(
      report_to_text(small_report(), {}),
      "8 requests of 2 keys, 2015-05-17 10:05:03 to 2015-05-17 10:05:05 UTC\n"
      "1 malformed line left out\n"
      "\n"
      "  █ admitted    6   75.0 %\n"
      "  ▒ throttled   1   12.5 %\n"
      "  ░ over quota  1   12.5 %\n"
      "\n"
      "Keys with the most requests\n"
      "\n"
      "  key            requests  admitted  throttled  over quota  "
      "first refusal\n"
      "  10.0.0.1              7         6          1           0  -\n"
      "  " +
          b +
          "         1         0          0           1  "
          "2015-05-17 10:05:04 quota\n"
          "\n"
          "Requests per second, UTC\n"
          "\n"
          "                                                 "
          "admitted  throttled  over quota\n"
          "2015-05-17 10:05:03  ██████████████████████████  "
          "       6          0           0\n"
          "           10:05:04  ░░░░                        "
          "       0          0           1\n"
          "           10:05:05  ▒▒▒▒                        "
          "       0          1           0\n");
}

TEST(ReplayReport, TextIsAsciiWhereAsked) {
  ReplayReport report = small_report();
  report.keys[0].key = "né";
  ReportStyle style;
  style.utf8 = false;
  const std::string text = report_to_text(report, style);
  for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 0x80);
  EXPECT_NE(text.find("n\\xC3\\xA9"), text.npos);
}

TEST(ReplayReport, SecretsAreShownOnlyIfAsked) {
  ReportStyle style;
  EXPECT_EQ(report_to_text(small_report(), style).find("secret"),
            std::string::npos);
  EXPECT_EQ(report_to_json(small_report(), style).find("secret"),
            std::string::npos);
  style.show_keys = true;
  EXPECT_NE(report_to_text(small_report(), style).find("secret-key-of-b-1234"),
            std::string::npos);
  EXPECT_NE(report_to_json(small_report(), style).find("secret-key-of-b-1234"),
            std::string::npos);
}

TEST(ReplayReport, ListsAsManyKeysAsAsked) {
  ReportStyle style;
  style.top = 1;
  const std::string text = report_to_text(small_report(), style);
  EXPECT_NE(text.find("Keys with the most requests (1 of 2)"), text.npos);
  EXPECT_EQ(text.find("secr"), text.npos);
  EXPECT_EQ(report_to_json(small_report(), style).find("secr"), text.npos);
}

TEST(ReplayReport, ChartFitsEightyColumns) {
  ReplayReport report = small_report();
  report.total.add(Outcome::kForbidden);
  report.timeline.add(report.last_ns + 1000 * 86400 * kSecond,
                      Outcome::kForbidden);
  const std::string text = report_to_text(report, {});
  EXPECT_NE(text.find("· forbidden"), text.npos);
  const std::string chart = text.substr(text.find("Requests per"));
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(chart, '\n'))) {
    EXPECT_LE(columns(line), 80) << line;
  }
}

TEST(ReplayReport, NoRequestsIsNoTable) {
  ReplayReport report;
  EXPECT_EQ(report_to_text(report, {}),
            "0 requests\n"
            "\n"
            "  █ admitted    0    0.0 %\n"
            "  ▒ throttled   0    0.0 %\n"
            "  ░ over quota  0    0.0 %\n");
  EXPECT_EQ(report_to_json(report, {}),
            "{\n"
            "  \"requests\": 0,\n"
            "  \"admitted\": 0,\n"
            "  \"throttled\": 0,\n"
            "  \"quota_exceeded\": 0,\n"
            "  \"forbidden\": 0,\n"
            "  \"malformed\": 0,\n"
            "  \"first_time\": null,\n"
            "  \"last_time\": null,\n"
            "  \"logs\": [],\n"
            "  \"keys\": [],\n"
            "  \"timeline\": [],\n"
            "  \"malformed_lines\": []\n"
            "}\n");
}

TEST(ReplayReport, Json) {
  ReportStyle style;
  style.top = 1;
  std::string json = report_to_json(small_report(), style);
  const std::string start =
      "{\n"
      "  \"requests\": 8,\n"
      "  \"admitted\": 6,\n"
      "  \"throttled\": 1,\n"
      "  \"quota_exceeded\": 1,\n"
      "  \"forbidden\": 0,\n"
      "  \"malformed\": 1,\n"
      "  \"first_time\": \"2015-05-17T10:05:03Z\",\n"
      "  \"last_time\": \"2015-05-17T10:05:05Z\",\n"
      "  \"logs\": [],\n"
      "  \"keys\": [\n"
      "    {\n"
      "      \"key\": \"10.0.0.1\",\n"
      "      \"requests\": 7,\n"
      "      \"admitted\": 6,\n"
      "      \"throttled\": 1,\n"
      "      \"quota_exceeded\": 0,\n"
      "      \"forbidden\": 0,\n"
      "      \"first_refusal\": null\n"
      "    }\n"
      "  ],\n"
      "  \"timeline\": [\n"
      "    {\n"
      "      \"start\": \"2015-05-17T10:05:03Z\",\n"
      "      \"seconds\": 1,\n"
      "      \"admitted\": 6,\n"
      "      \"throttled\": 0,\n"
      "      \"quota_exceeded\": 0,\n"
      "      \"forbidden\": 0\n"
      "    },\n";
  const std::string end =
      "  ],\n"
      "  \"malformed_lines\": [\n"
      "    {\n"
      "      \"line\": 5,\n"
      "      \"log\": 0,\n"
      "      \"reason\": \"bad \\\"line\\\"\"\n"
      "    }\n"
      "  ]\n"
      "}\n";
  EXPECT_EQ(json.substr(0, start.size()), start);
  EXPECT_EQ(json.substr(json.size() - end.size()), end);

  style.top = 2;
  json = report_to_json(small_report(), style);
  EXPECT_NE(json.find("\"first_refusal\": {\n"
                      "        \"time\": \"2015-05-17T10:05:04Z\",\n"
                      "        \"limit\": \"quota\",\n"
                      "        \"line\": 17,\n"
                      "        \"log\": 0\n"
                      "      }"),
            json.npos);
}

TEST(ReplayReport, NamesLogsAndTheirFormats) {
  ReplayReport report = small_report();
  LogReport log;
  log.path = "a\x1b.log";
  log.format = find_log_format("combined");
  log.lines = 1234;
  log.requests = 1233;
  log.malformed = 1;
  report.logs.push_back(log);
  log.path = "-";
  log.format = nullptr;
  log.lines = log.requests = log.malformed = 0;
  log.error = "the compressed data ends early";
  report.logs.push_back(log);
  const std::string text = report_to_text(report, {});
  EXPECT_NE(text.find("\n\nLogs\n\n"
                      "  log             lines  requests  format\n"
                      "  a\\x1B.log       1,234     1,233  combined\n"
                      "  standard input      0         0  -\n\n"),
            text.npos)
      << text;
  const std::string json = report_to_json(report, {});
  EXPECT_NE(json.find("    {\n"
                      "      \"path\": \"a\\\\x1B.log\",\n"
                      "      \"format\": \"combined\",\n"
                      "      \"lines\": 1234,\n"
                      "      \"requests\": 1233,\n"
                      "      \"malformed\": 1,\n"
                      "      \"error\": null\n"
                      "    },\n"
                      "    {\n"
                      "      \"path\": \"-\",\n"
                      "      \"format\": null,\n"),
            json.npos)
      << json;
  EXPECT_NE(json.find("\"error\": \"the compressed data ends early\"\n"),
            json.npos);
}

TEST(ReplayReport, SaysWhyRequestsAreForbidden) {
  for (const auto& [forbidden, text, json] :
       {std::tuple<Forbidden, const char*, const char*>{
            Forbidden::kStage, "stage not in plan", "stage"},
        {Forbidden::kTarget, "path not accepted", "path"},
        {Forbidden::kMethod, "method not accepted", "method"},
        {Forbidden::kKey, "no API key", "key"}}) {
    ReplayReport report = small_report();
    report.keys[1].first_refusal =
        Refusal{kStart + kSecond, Limit::kNone, forbidden, {0, 17}};
    EXPECT_NE(report_to_text(report, {}).find(std::string("10:05:04 ") + text),
              std::string::npos);
    EXPECT_NE(report_to_json(report, {})
                  .find(std::string("\"limit\": \"") + json + "\""),
              std::string::npos);
  }
}

TEST(ReplayReport, NoKeyAndTheEmptyKeyAreNotTheSame) {
  ReplayReport report = small_report();
  report.keys[0].key = "";
  report.keys[1].key = "";
  report.keys[1].is_none = true;
  const std::string text = report_to_text(report, {});
  EXPECT_NE(text.find("\n  \"\"  "), text.npos) << text;
  EXPECT_NE(text.find("\n  (no API key)  "), text.npos) << text;
  const std::string json = report_to_json(report, {});
  EXPECT_NE(json.find("\"key\": \"\""), json.npos);
  EXPECT_NE(json.find("\"key\": null"), json.npos);
}

}  // namespace
}  // namespace weir::cli
