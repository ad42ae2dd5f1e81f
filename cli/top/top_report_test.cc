#include "weir/cli/top/top_report.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace weir::cli {
namespace {

constexpr char kAnswer[] = R"({
  "since":"2026-11-30T15:00:00.000000Z","until":"2026-11-30T15:05:12.000000Z",
  "throttled":1234,"quota_exceeded":12,"forbidden":1,"unknown_key":7,
  "uncounted":0,"more":"to come","keys":[
    {"key_id":"k1","key_name":"mobile","usage_plan_id":"p1",
     "usage_plan_name":"gold","refused":1246,"throttled":1234,
     "quota_exceeded":12,"forbidden":0,"uncertain":0,
     "limit":"method_throttle","api_id":"shop","stage":"prod",
     "last_time":"2026-11-30T15:05:11.000000Z"},
    {"key_id":"k2","key_name":null,"usage_plan_id":null,
     "usage_plan_name":null,"refused":1,"throttled":0,"quota_exceeded":0,
     "forbidden":1,"uncertain":0,"limit":"stage","api_id":null,"stage":null,
     "last_time":"2026-11-30T15:01:00.000000Z"}]})";

std::string text_of(const std::string& json, int width = 100,
                    bool utf8 = true) {
  const auto report = parse_top_report(json);
  EXPECT_TRUE(report.ok()) << report.status();
  return report.ok() ? top_report_to_text(*report, width, utf8) : "";
}

TEST(TopReport, IsATable) {
  EXPECT_EQ(
      text_of(kAnswer),
      "Refused in the last 5 m 12 s: 1,234 throttled, 12 over quota, 1 "
      "forbidden; 7 without a known key\n"
      "\n"
      "REFUSED  THROTTLED  QUOTA  FORBIDDEN       AGE  KEY          PLAN       "
      "LAST LIMIT\n"
      "  1,246      1,234     12          0       1 s  mobile (k1)  gold (p1)  "
      "method throttle, shop:prod\n"
      "      1          0      0          1  4 m 12 s  k2           -          "
      "stage not in plan\n");
}

TEST(TopReport, ShortensOnlyWhatDoesNotFit) {
  const std::string whole = text_of(kAnswer, 1000);
  int widest = 0;
  int line = 0;
  for (const auto text : absl::StrSplit(whole, '\n')) {
    if (line++ > 0) widest = std::max(widest, static_cast<int>(text.size()));
  }
  EXPECT_EQ(text_of(kAnswer, widest), whole);
  EXPECT_TRUE(absl::StrContains(text_of(kAnswer, widest - 1),
                                "  method throttle, shop:pr\u2026\n"));
  // Each text keeps eight columns.
  EXPECT_TRUE(absl::EndsWith(text_of(kAnswer, 1, false),
                             "  mobile ~  gold (p~  method ~\n"
                             "      1          0      0          1  4 m 12 s  "
                             "k2        -         stage n~\n"));
}

TEST(TopReport, SaysWhatIsNotExact) {
  const std::string text = text_of(absl::StrReplaceAll(
      kAnswer, {{"\"uncertain\":0,\"limit\":\"stage\"",
                 "\"uncertain\":1500,\"limit\":\"stage\""},
                {"\"uncounted\":0", "\"uncounted\":99999"}}));
  EXPECT_TRUE(absl::StrContains(
      text, "\n99,999 more came too fast to be counted by key\n"));
  EXPECT_TRUE(absl::StrContains(text, "\n  1,246      1,234 ")) << text;
  EXPECT_TRUE(absl::StrContains(text, "\n     1+          0 ")) << text;
  EXPECT_TRUE(absl::EndsWith(
      text,
      "\n+ and up to 1,500 more: too many keys are refused to count them "
      "all\n"));
}

TEST(TopReport, HostileNamesSteerNothingAndLinesKeepTheirWidth) {
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "ü";
  const std::string json = absl::StrReplaceAll(
      kAnswer, {{"\"mobile\"", "\"\\u001b[2J\\n\\u009b\""},
                {"\"gold\"", absl::StrCat("\"", wide, "\"")},
                {"\"method_throttle\"", absl::StrCat("\"", wide, "\"")}});
  for (const int width : {1, 60, 80, 200}) {
    for (const bool utf8 : {true, false}) {
      const std::string text = text_of(json, width, utf8);
      EXPECT_EQ(text.find('\x1b'), text.npos);
      EXPECT_EQ(text.find("\xC2\x9B"), text.npos);
      int lines = 0;
      for (const auto line : absl::StrSplit(text, '\n')) {
        // The first is a sentence.
        if (lines++ < 1 || line.empty()) continue;
        int columns = 0;
        for (const char c : line) columns += (c & 0xC0) != 0x80 ? 1 : 0;
        EXPECT_LE(columns, std::max(width, 76)) << line;
        if (!utf8) {
          EXPECT_EQ(columns, static_cast<int>(line.size()));
        }
      }
      EXPECT_EQ(lines, 6);
    }
  }
}

TEST(TopReport, NothingRefused_IsOneLine) {
  EXPECT_EQ(
      text_of(R"({"since":"2026-11-30T15:00:00Z",)"
              R"("until":"2026-11-30T15:00:05Z","throttled":0,)"
              R"("quota_exceeded":0,"forbidden":0,"unknown_key":0,)"
              R"("uncounted":0,"keys":[]})"),
      "Refused in the last 5 s: 0 throttled, 0 over quota, 0 forbidden; 0 "
      "without a known key\n");
}

TEST(TopReport, WhatIsNoAnswer_IsRefused) {
  for (const auto& [part, replacement] :
       {std::pair{"\"throttled\":1234,\"quota_exceeded\":12,\"forbidden\":1,"
                  "\"unknown_key\"",
                  "\"throttled\":\"x\",\"quota_exceeded\":12,\"forbidden\":1,"
                  "\"unknown_key\""},
        {"\"unknown_key\":7", "\"unknown_key\":-7"},
        {"\"unknown_key\":7", "\"unknown_key\":1e300"},
        {"\"unknown_key\":7", "\"unknown_key\":0.5"},
        {"\"unknown_key\":7", "\"unknown_key\":9000000000000002"},
        {"\"unknown_key\":7", "\"other\":7"},
        {"\"key_id\":\"k1\"", "\"key_id\":5"},
        {"2026-11-30T15:05:12.000000Z", "yesterday"},
        {"2026-11-30T15:01:00.000000Z", ""}}) {
    const std::string json =
        absl::StrReplaceAll(kAnswer, {{part, replacement}});
    ASSERT_NE(json, kAnswer);
    EXPECT_TRUE(absl::IsInvalidArgument(parse_top_report(json).status()))
        << replacement;
  }
  EXPECT_TRUE(absl::StrContains(
      text_of(absl::StrReplaceAll(
          kAnswer, {{"\"unknown_key\":7", "\"unknown_key\":9e15"}})),
      "9,000,000,000,000,000 without a known key"));
  for (const char* json : {"", "[]", "{}", "null", "{\"keys\":[1]}", "x"}) {
    EXPECT_FALSE(parse_top_report(json).ok()) << json;
  }
}

}  // namespace
}  // namespace weir::cli
