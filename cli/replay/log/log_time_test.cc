#include "weir/cli/replay/log/log_time.h"

#include <cstdint>
#include <optional>

#include "gtest/gtest.h"
#include "weir/tests/time_constants.h"

namespace weir::cli {
namespace {

constexpr std::int64_t kMay17 = 1431857103 * kSecond;     // 2015-05-17 10:05:03
constexpr std::int64_t kLast = 3786912000 * kSecond - 1;  // of 2089

TEST(LogTime, ReadsRfc3339) {
  EXPECT_EQ(parse_rfc3339("2015-05-17T10:05:03Z"), kMay17);
  EXPECT_EQ(parse_rfc3339("2015-05-17t10:05:03z"), kMay17);
  EXPECT_EQ(parse_rfc3339("2015-05-17T12:05:03+02:00"), kMay17);
  EXPECT_EQ(parse_rfc3339("2015-05-16T22:35:03-11:30"), kMay17);
  EXPECT_EQ(parse_rfc3339("2015-05-17T10:05:03.25Z"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_rfc3339("2015-05-17T10:05:03.0000000019Z"), kMay17 + 1);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2089-12-31T23:59:59.999999999Z"), kLast);
  EXPECT_EQ(parse_rfc3339("2016-02-29T00:00:00Z"), 1456704000 * kSecond);
}

TEST(LogTime, ReadsUnixSeconds) {
  EXPECT_EQ(parse_unix_seconds("1431857103"), kMay17);
  EXPECT_EQ(parse_unix_seconds("1431857103.25"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_unix_seconds("0"), 0);
  EXPECT_EQ(parse_unix_seconds("0.000000001999"), 1);
  EXPECT_EQ(parse_unix_seconds("3786911999.999999999"), kLast);
}

TEST(LogTime, ReadsCommonLogTime) {
  EXPECT_EQ(parse_common_log_time("17/May/2015:10:05:03 +0000"), kMay17);
  EXPECT_EQ(parse_common_log_time("17/May/2015:15:50:03 +0545"), kMay17);
  EXPECT_EQ(parse_common_log_time("17/May/2015:03:05:03 -0700"), kMay17);
  static constexpr const char* kMonths[] = {
      "01/Jan/1970:00:00:00 +0000", "01/Feb/1970:00:00:00 +0000",
      "01/Mar/1970:00:00:00 +0000", "01/Apr/1970:00:00:00 +0000",
      "01/May/1970:00:00:00 +0000", "01/Jun/1970:00:00:00 +0000",
      "01/Jul/1970:00:00:00 +0000", "01/Aug/1970:00:00:00 +0000",
      "01/Sep/1970:00:00:00 +0000", "01/Oct/1970:00:00:00 +0000",
      "01/Nov/1970:00:00:00 +0000", "01/Dec/1970:00:00:00 +0000"};
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30,
                                  31, 31, 30, 31, 30, 31};
  std::int64_t day = 0;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(parse_common_log_time(kMonths[i]), day * 86400 * kSecond);
    day += kDays[i];
  }
}

TEST(LogTime, ReadsCommonLogTimeWithLessOrMore) {
  EXPECT_EQ(parse_common_log_time("07/May/2015:10:05:03 +0000"),
            kMay17 - 10 * 86400 * kSecond);
  EXPECT_EQ(parse_common_log_time("7/May/2015:10:05:03 +0000"),
            kMay17 - 10 * 86400 * kSecond);
  EXPECT_EQ(parse_common_log_time("17/May/2015:10:05:03.25 +0000"),
            kMay17 + kSecond / 4);
}

TEST(LogTime, FindsTheUnitOfEpochs) {
  EXPECT_EQ(parse_epoch("1431857103"), kMay17);
  EXPECT_EQ(parse_epoch("1431857103.25"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_epoch("1431857103250"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_epoch("1431857103250.5"), kMay17 + kSecond / 4 + 500'000);
  EXPECT_EQ(parse_epoch("1431857103250000"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_epoch("1431857103250000000"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_epoch("0"), 0);
  EXPECT_EQ(parse_epoch("3786911999.999999999"), kLast);
  EXPECT_EQ(parse_epoch("3786912000"), 3786912 * kSecond);
  EXPECT_EQ(parse_epoch("3786911999999999999"), kLast);
  for (const char* text :
       {"", "-1", "+1", "1.", ".5", "1e9", " 1", "1 ", "3786912000000000000",
        "9223372036854775807", "9999999999999999999", "99999999999999999999"}) {
    EXPECT_EQ(parse_epoch(text), std::nullopt) << text;
  }
}

TEST(LogTime, ReadsTimesOfLoggers) {
  for (const char* text :
       {"2015-05-17T10:05:03Z", "2015-05-17T12:05:03+02:00",
        "2015-05-17T12:05:03+0200", "2015-05-17 10:05:03",
        "2015/05/17 10:05:03", "2015-05-17T10:05:03",
        "2015-05-17 12:05:03 +0200", "17/May/2015:10:05:03 +0000",
        "17/May/2015:10:05:03", "1431857103", "1431857103000"}) {
    EXPECT_EQ(parse_log_time(text), kMay17) << text;
  }
  EXPECT_EQ(parse_log_time("2015/05/17 10:05:03.250"), kMay17 + kSecond / 4);
  EXPECT_EQ(parse_log_time("17/May/2015:10:05:03.250"), kMay17 + kSecond / 4);
  for (const char* text :
       {"", "2015-", "2015-05-17", "17/May", "/", "yesterday",
        "2015-05-17T10:05:03 ", "2015-05-17T10:05:03+02",
        "17/May/2015:10:05:03 ", "2015-05-17T10:05:03+02:000"}) {
    EXPECT_EQ(parse_log_time(text), std::nullopt) << text;
  }
}

// In every form, a part has its first and its last value.
TEST(LogTime, PartsHaveBounds) {
  for (const char* text :
       {"2015-01-01T00:00:00", "2015/12/31 23:59:59", "2015-01-01T00:00:00Z",
        "2015-12-31T23:59:60Z", "2015-01-01 00:00:00+00:00",
        "2015-01-01 00:00:00-0000", "2015-06-15 12:00:00 +2359",
        "2015-06-15T12:00:00-23:59", "01/Jan/2015:00:00:00",
        "31/Dec/2015:23:59:60 -2359", "1/Jan/2015:00:00:00.0"}) {
    EXPECT_NE(parse_log_time(text), std::nullopt) << text;
  }
  for (const char* text :
       {"2015-00-01T00:00:00",        "2015-13-01T00:00:00",
        "2015-01-00T00:00:00",        "2015-01-32T00:00:00",
        "2015-02-29T00:00:00",        "2015-01-01T24:00:00",
        "2015-01-01T00:60:00",        "2015-01-01T00:00:61",
        "2015-01-01T00:00:00.",       "2015-01-01T00:00:00+24:00",
        "2015-01-01T00:00:00+00:60",  "2015-01-01T00:00:00+2400",
        "2015-01-01T00:00:00+0060",   "2015-01-01T00:00:00 ",
        "2015-01-01T00:00:00  Z",     "2015-01-01x00:00:00",
        "2015-01-01T00:00:00x",       "2015.01.01T00:00:00",
        "00/Jan/2015:00:00:00",       "32/Jan/2015:00:00:00",
        "01/Jan/2015:24:00:00",       "01/Jan/2015:00:60:00",
        "01/Jan/2015:00:00:61",       "01/Jan/2015:00:00:00 +2400",
        "01/Jan/2015:00:00:00 +0060", "01/Jan/2015:00:00:00 +00:00",
        "1969-12-31T23:59:59Z",       "2090-01-01T00:00:00Z",
        "31/Dec/1969:23:59:59",       "01/Jan/2090:00:00:00"}) {
    EXPECT_EQ(parse_log_time(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_log_time("2015-05-17 10:05:03-0545"),
            kMay17 + (5 * 60 + 45) * 60 * kSecond);
}

TEST(LogTime, LeapSecondStaysInItsDayAndInOrder) {
  const std::int64_t midnight = 1483228800 * kSecond;  // 2017-01-01
  EXPECT_EQ(parse_common_log_time("31/Dec/2016:23:59:59 +0000"),
            midnight - kSecond);
  EXPECT_EQ(parse_common_log_time("31/Dec/2016:23:59:60 +0000"), midnight - 1);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60.5Z"), midnight - 1);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:61Z"), std::nullopt);
}

TEST(LogTime, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2015-05-17",
                           "2015-05-17T10:05:03",
                           "2015-05-17 10:05:03Z",
                           "2015-13-17T10:05:03Z",
                           "2015-02-29T10:05:03Z",
                           "2015-00-01T10:05:03Z",
                           "2015-05-17T24:00:00Z",
                           "2015-05-17T10:60:03Z",
                           "2015-05-17T10:05:03.Z",
                           "2015-05-17T10:05:03Zx",
                           " 2015-05-17T10:05:03Z",
                           "2015-05-17T10:05:03+0200",
                           "2015-05-17T10:05:03+24:00",
                           "2015-05-17T10:05:03+02:60",
                           "15-05-17T10:05:03Z",
                           "1969-12-31T23:59:59Z",
                           "2090-01-01T00:00:00Z",
                           "1970-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59Z",
                           "0000-00-00T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
  for (const char* text :
       {"", "-1", "+1", "1.", ".5", "1e9", "1.5.5", "0x10", " 1", "1 ",
        "3786912000", "99999999999999999999999999999999"}) {
    EXPECT_EQ(parse_unix_seconds(text), std::nullopt) << text;
  }
  for (const char* text :
       {"", "17/may/2015:10:05:03 +0000", "17/ayJ/2015:10:05:03 +0000",
        "17/Ma/2015:10:05:03 +0000", "31/Apr/2015:10:05:03 +0000",
        "017/May/2015:10:05:03 +0000", "0/May/2015:10:05:03 +0000",
        "17/May/2015:10:05:03. +0000", "17/May/2015:10:05:03",
        "17/May/2015:10:05:03 0000", "17/May/2015:10:05:03 +00:00",
        "17/May/2015 10:05:03 +0000", "17/May/1969:10:05:03 +0000"}) {
    EXPECT_EQ(parse_common_log_time(text), std::nullopt) << text;
  }
}

TEST(LogTime, Writes) {
  EXPECT_EQ(to_rfc3339(kMay17), "2015-05-17T10:05:03Z");
  EXPECT_EQ(to_rfc3339(kMay17 + 1), "2015-05-17T10:05:03.000000001Z");
  EXPECT_EQ(to_display_time(kMay17 + 999'999'999), "2015-05-17 10:05:03");
  EXPECT_EQ(parse_rfc3339(to_rfc3339(kLast)), kLast);
}

}  // namespace
}  // namespace weir::cli
