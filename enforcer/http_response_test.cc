#include "weir/enforcer/http_response.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "weir/enforcer/decision.h"
#include "weir/quota/calendar.h"
#include "weir/tests/rate_limit_list.h"
#include "weir/tests/time_constants.h"

namespace {
thread_local int64_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace weir {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr HeaderFormat kFormats[] = {
    HeaderFormat::kOff, HeaderFormat::kXRateLimitDelta,
    HeaderFormat::kXRateLimitEpoch, HeaderFormat::kIetfDraft10,
    HeaderFormat::kIetfDraft11};

Headers headers_of(const Decision& decision,
                   const RateLimitHeaderOptions& options) {
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const size_t count = rate_limit_headers(
      decision, options, absl::MakeSpan(storage), absl::MakeSpan(headers));
  Headers result;
  for (size_t i = 0; i < count; ++i) {
    result.emplace_back(headers[i].name, headers[i].value);
  }
  return result;
}

// Made at 12:00:00.25 UTC on 2000-01-01: 20 of 50 tokens left at 100 a second,
// 900 of 1000 requests left of the day.
Decision admitted() {
  Decision decision;
  decision.outcome = Outcome::kAdmitted;
  decision.forbidden = Forbidden::kNo;
  decision.retry_after_ns = 0;
  decision.burst = 50;
  decision.burst_window_seconds = 1;
  decision.units_remaining = 2000;
  decision.units_per_token = 100;
  decision.quota_limit = 1000;
  decision.quota_remaining = 900;
  decision.calendar = QuotaCalendar::daily();
  decision.made_at_unix_ns = kDayZeroUnixNanos + 43200 * kSecond + kSecond / 4;
  return decision;
}

Decision throttled(int64_t retry_after_ns) {
  Decision decision = admitted();
  decision.outcome = Outcome::kThrottled;
  decision.limit = Limit::kPlanThrottle;
  decision.units_remaining = 99;
  decision.retry_after_ns = retry_after_ns;
  return decision;
}

Decision over_quota() {
  Decision decision = admitted();
  decision.outcome = Outcome::kQuotaExceeded;
  decision.limit = Limit::kQuota;
  decision.quota_remaining = 0;
  decision.retry_after_ns = 43200 * kSecond - kSecond / 4;
  return decision;
}

TEST(HttpAnswer, IsApiGatewaysOwn) {
  const HttpAnswer ok = http_answer(admitted());
  EXPECT_EQ(ok.status, 200);
  EXPECT_EQ(ok.body, "");
  EXPECT_EQ(ok.error_type, "");

  const HttpAnswer forbidden = http_answer(Decision());
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(forbidden.body, R"({"message":"Forbidden"})");
  EXPECT_EQ(forbidden.error_type, "ForbiddenException");

  const HttpAnswer too_many = http_answer(throttled(1));
  EXPECT_EQ(too_many.status, 429);
  EXPECT_EQ(too_many.body, R"({"message":"Too Many Requests"})");
  EXPECT_EQ(too_many.error_type, "TooManyRequestsException");

  const HttpAnswer exceeded = http_answer(over_quota());
  EXPECT_EQ(exceeded.status, 429);
  EXPECT_EQ(exceeded.body, R"({"message":"Limit Exceeded"})");
  EXPECT_EQ(exceeded.body.size(), 28u);
  EXPECT_EQ(exceeded.error_type, "LimitExceededException");
}

TEST(RateLimitHeaders, Off_WritesNothing) {
  EXPECT_EQ(headers_of(admitted(), HeaderFormat::kOff), Headers());
  EXPECT_EQ(headers_of(throttled(1), HeaderFormat::kOff), Headers());
}

TEST(RateLimitHeaders, Forbidden_TellsNothing) {
  Decision decision = admitted();
  decision.outcome = Outcome::kForbidden;
  for (const HeaderFormat format : kFormats) {
    EXPECT_EQ(headers_of(decision, format), Headers());
  }
}

TEST(RateLimitHeaders, Ietf_NamesBothLimits) {
  EXPECT_EQ(
      headers_of(admitted(), HeaderFormat::kIetfDraft10),
      (Headers{
          {"RateLimit-Policy", R"("burst";q=50;w=1, "quota";q=1000;w=86400)"},
          {"RateLimit", R"("burst";r=20;t=1, "quota";r=900;t=43200)"}}));
}

TEST(RateLimitHeaders, Ietf_NamesWhatThePlanHas) {
  Decision decision = admitted();
  decision.quota_limit = decision.quota_remaining = -1;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10),
            (Headers{{"RateLimit-Policy", R"("burst";q=50;w=1)"},
                     {"RateLimit", R"("burst";r=20;t=1)"}}));

  decision = admitted();
  decision.burst = -1;
  decision.units_per_token = 0;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10),
            (Headers{{"RateLimit-Policy", R"("quota";q=1000;w=86400)"},
                     {"RateLimit", R"("quota";r=900;t=43200)"}}));

  decision.quota_limit = -1;
  for (const HeaderFormat format : kFormats) {
    EXPECT_EQ(headers_of(decision, format), Headers());
  }
}

TEST(RateLimitHeaders, Throttled_ResetIsTheRetry) {
  const Decision decision = throttled(2 * kSecond + 1);
  EXPECT_EQ(
      headers_of(decision, HeaderFormat::kIetfDraft10),
      (Headers{
          {"Retry-After", "3"},
          {"RateLimit-Policy", R"("burst";q=50;w=1, "quota";q=1000;w=86400)"},
          {"RateLimit", R"("burst";r=0;t=3, "quota";r=900;t=43200)"}}));
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta),
            (Headers{{"Retry-After", "3"},
                     {"X-RateLimit-Limit", "50"},
                     {"X-RateLimit-Remaining", "0"},
                     {"X-RateLimit-Reset", "3"}}));
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitEpoch),
            (Headers{{"Retry-After", "3"},
                     {"X-RateLimit-Limit", "50"},
                     {"X-RateLimit-Remaining", "0"},
                     {"X-RateLimit-Reset", "946728003"}}));
}

TEST(RateLimitHeaders, OverQuota_ResetIsThePeriodsEnd) {
  EXPECT_EQ(
      headers_of(over_quota(), HeaderFormat::kIetfDraft10),
      (Headers{
          {"Retry-After", "43200"},
          {"RateLimit-Policy", R"("burst";q=50;w=1, "quota";q=1000;w=86400)"},
          {"RateLimit", R"("burst";r=20;t=43200, "quota";r=0;t=43200)"}}));
  EXPECT_EQ(headers_of(over_quota(), HeaderFormat::kXRateLimitEpoch),
            (Headers{{"Retry-After", "43200"},
                     {"X-RateLimit-Limit", "1000"},
                     {"X-RateLimit-Remaining", "0"},
                     {"X-RateLimit-Reset", "946771200"}}));
}

TEST(RateLimitHeaders, Draft11_WindowsEndWithTheRetry) {
  EXPECT_EQ(headers_of(throttled(2 * kSecond + 1), HeaderFormat::kIetfDraft11)
                .back()
                .second,
            R"("burst";r=0;t=3, "quota";r=900;t=3)");
  EXPECT_EQ(headers_of(over_quota(), {}).back().second,
            R"("burst";r=20;t=43200, "quota";r=0;t=43200)");
}

TEST(RateLimitHeaders, Draft11_Admitted_WindowsAreTheLimitsOwn) {
  Decision decision = admitted();
  decision.burst_window_seconds = 5000;
  EXPECT_EQ(headers_of(decision, {}).back().second,
            R"("burst";r=20;t=100, "quota";r=900;t=43200)");
  // The bucket has three quarters of the next token.
  decision.units_remaining += 75;
  EXPECT_EQ(headers_of(decision, {}).back().second,
            R"("burst";r=20;t=25, "quota";r=900;t=43200)");
  // After a take from a full bucket, the next token comes when it has refilled.
  decision.units_remaining = 5000;
  EXPECT_EQ(headers_of(decision, {}).back().second,
            R"("burst";r=50;t=100, "quota";r=900;t=43200)");
}

Decision over_a_months_quota() {
  Decision decision = over_quota();
  decision.calendar = QuotaCalendar::monthly();
  decision.retry_after_ns = (31 * 86400 - 43200) * kSecond - kSecond / 4;
  return decision;
}

TEST(RateLimitHeaders, EveryTimeOfA429_IsCapped) {
  const Decision decision = over_a_months_quota();
  for (const HeaderFormat format :
       {HeaderFormat::kIetfDraft11, HeaderFormat::kIetfDraft10}) {
    const Headers headers = headers_of(decision, format);
    EXPECT_EQ(headers.front().second, "86400");
    EXPECT_EQ(headers.back().second,
              R"("burst";r=20;t=86400, "quota";r=0;t=86400)");
  }
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "86400");
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitEpoch).back().second,
            "946814401");  // a day from 12:00:00.25, rounded up
  EXPECT_EQ(decision.retry_after(),
            absl::Hours(31 * 24 - 12) - absl::Milliseconds(250));
}

// The answer to the last request that a quota has room for also asks to wait.
TEST(RateLimitHeaders, Admitted_IsCappedWhereNothingRemains) {
  Decision decision = over_a_months_quota();
  decision.outcome = Outcome::kAdmitted;
  decision.retry_after_ns = 0;
  EXPECT_EQ(headers_of(decision, {}).back().second,
            R"("burst";r=20;t=1, "quota";r=0;t=86400)");
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "86400");
  decision.quota_remaining = 1;
  EXPECT_EQ(headers_of(decision, {}).back().second,
            R"("burst";r=20;t=1, "quota";r=1;t=2635200)");
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "2635200");
}

TEST(RateLimitHeaders, Cap_IsWithinItsBounds) {
  RateLimitHeaderOptions options;
  for (const auto& [cap, seconds] : {std::pair<int64_t, const char*>{kMin, "1"},
                                     {0, "1"},
                                     {1, "1"},
                                     {3600, "3600"},
                                     {1'789'569, "1789569"},
                                     {1'789'570, "1789569"},
                                     {kMax, "1789569"}}) {
    options.max_retry_after = cap;
    EXPECT_EQ(headers_of(over_a_months_quota(), options)[0].second, seconds);
  }
}

TEST(RateLimitHeaders, AddedWait_IsForWhoWaitsForThePeriodsEnd) {
  RateLimitHeaderOptions options;
  options.added_wait = 17;
  EXPECT_EQ(
      headers_of(over_quota(), options),
      (Headers{
          {"Retry-After", "43217"},
          {"RateLimit-Policy", R"("burst";q=50;w=1, "quota";q=1000;w=86400)"},
          {"RateLimit", R"("burst";r=20;t=43217, "quota";r=0;t=43217)"}}));
  EXPECT_EQ(headers_of(over_a_months_quota(), options)[0].second, "86400");
  EXPECT_EQ(headers_of(throttled(kSecond), options)[0].second, "1");
  options.added_wait = kMax;
  EXPECT_EQ(headers_of(over_quota(), options)[0].second, "86400");
  options.added_wait = -1;
  EXPECT_EQ(headers_of(over_quota(), options)[0].second, "43200");
  // Both refuse, and the quota for longer.
  Decision both = over_quota();
  both.outcome = Outcome::kThrottled;
  options.added_wait = 17;
  options.format = HeaderFormat::kXRateLimitDelta;
  EXPECT_EQ(headers_of(both, options).front().second, "43217");
  EXPECT_EQ(headers_of(both, options).back().second, "43217");
}

// A plan whose quota is 0: no client is told when to come back.
TEST(RateLimitHeaders, Suspended_HasNoTimes) {
  Decision decision = over_quota();
  decision.quota_limit = 0;
  decision.retry_after_ns = Decision::kNever;
  for (const HeaderFormat format :
       {HeaderFormat::kIetfDraft11, HeaderFormat::kIetfDraft10}) {
    EXPECT_EQ(headers_of(decision, format),
              (Headers{{"RateLimit-Policy",
                        R"("burst";q=50;w=1, "quota";q=0;w=86400)"},
                       {"RateLimit", R"("burst";r=20, "quota";r=0)"}}));
  }
  for (const HeaderFormat format :
       {HeaderFormat::kXRateLimitDelta, HeaderFormat::kXRateLimitEpoch}) {
    EXPECT_EQ(
        headers_of(decision, format),
        (Headers{{"X-RateLimit-Limit", "0"}, {"X-RateLimit-Remaining", "0"}}));
  }
}

// The bucket refills so slowly that the quota is renewed first.
TEST(RateLimitHeaders, NoReset_IsEarlierThanTheRetry) {
  Decision decision = throttled(80000 * kSecond);
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10).back().second,
            R"("burst";r=0;t=80000, "quota";r=900;t=80000)");
  decision.quota_remaining = 0;
  decision.units_remaining = 100;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "80000");
}

TEST(RateLimitHeaders, RetryAfter_RoundsUp) {
  for (const auto& [ns, seconds] : {std::pair<int64_t, const char*>{1, "1"},
                                    {kSecond - 1, "1"},
                                    {kSecond, "1"},
                                    {kSecond + 1, "2"},
                                    {86399 * kSecond + 1, "86400"}}) {
    const Headers headers =
        headers_of(throttled(ns), HeaderFormat::kIetfDraft10);
    EXPECT_EQ(headers[0].first, "Retry-After");
    EXPECT_EQ(headers[0].second, seconds) << ns;
  }
}

TEST(RateLimitHeaders, Never_LeavesTheTimesOut) {
  Decision decision = throttled(Decision::kNever);
  decision.burst_window_seconds = 0;
  decision.quota_limit = -1;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10),
            (Headers{{"RateLimit-Policy", R"("burst";q=50)"},
                     {"RateLimit", R"("burst";r=0)"}}));
  EXPECT_EQ(
      headers_of(decision, HeaderFormat::kXRateLimitEpoch),
      (Headers{{"X-RateLimit-Limit", "50"}, {"X-RateLimit-Remaining", "0"}}));
}

TEST(RateLimitHeaders, BucketThatNeverRefills_HasNoReset) {
  Decision decision = admitted();
  decision.burst_window_seconds = 0;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10).back().second,
            R"("burst";r=20, "quota";r=900;t=43200)");
}

TEST(RateLimitHeaders, NextToken_ComesWithTheRate) {
  Decision decision = admitted();
  decision.burst = 10;
  decision.burst_window_seconds = 100;
  decision.units_remaining = 300;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "10");
  decision.units_remaining = 1000;  // a question, of a full bucket
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "0");
  decision.burst = 0;
  decision.units_remaining = 0;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().first,
            "X-RateLimit-Remaining");
}

// The bucket has seven tenths of the next token already.
TEST(RateLimitHeaders, Throttled_CountsThePartOfAToken) {
  Decision decision = throttled(3 * kSecond);
  decision.burst = 10;
  decision.burst_window_seconds = 100;
  decision.units_remaining = 70;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "3");
}

TEST(RateLimitHeaders, XRateLimit_TakesTheLeastRemaining) {
  Decision decision = admitted();
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta),
            (Headers{{"X-RateLimit-Limit", "50"},
                     {"X-RateLimit-Remaining", "20"},
                     {"X-RateLimit-Reset", "1"}}));
  decision.quota_remaining = 19;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta),
            (Headers{{"X-RateLimit-Limit", "1000"},
                     {"X-RateLimit-Remaining", "19"},
                     {"X-RateLimit-Reset", "43200"}}));
  decision.quota_remaining = 20;  // level
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta)[0].second,
            "1000");
  decision.outcome = Outcome::kThrottled;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta)[1].second,
            "50");
}

TEST(RateLimitHeaders, StoragePromised_HoldsTheLongest) {
  Decision decision = admitted();
  decision.burst = 2;
  decision.burst_window_seconds = kMax;
  decision.units_remaining = decision.units_per_token = 1;
  decision.quota_limit = decision.quota_remaining = kMax;
  decision.calendar = QuotaCalendar::monthly();
  decision.day = kLastDay - 20;  // in a month of 31 days
  decision.made_at_unix_ns = kMin;
  const std::string n = "999999999999999";
  EXPECT_EQ(
      headers_of(decision, HeaderFormat::kIetfDraft11),
      (Headers{{"RateLimit-Policy",
                "\"burst\";q=2;w=" + n + ", \"quota\";q=" + n + ";w=2678400"},
               {"RateLimit", "\"burst\";r=1;t=" + n + ", \"quota\";r=" + n +
                                 ";t=12999743237"}}));
  decision = throttled(kMax - 1);
  decision.burst = decision.burst_window_seconds = kMax;
  decision.units_remaining = kMax;
  decision.units_per_token = 1;
  decision.quota_limit = decision.quota_remaining = kMax;
  RateLimitHeaderOptions longest;
  longest.max_retry_after = kMax;
  for (const HeaderFormat format :
       {HeaderFormat::kIetfDraft10, HeaderFormat::kIetfDraft11}) {
    longest.format = format;
    EXPECT_EQ(
        headers_of(decision, longest),
        (Headers{{"Retry-After", "1789569"},
                 {"RateLimit-Policy", "\"burst\";q=" + n + ";w=" + n +
                                          ", \"quota\";q=" + n + ";w=86400"},
                 {"RateLimit", "\"burst\";r=" + n + ";t=1789569, \"quota\";r=" +
                                   n + ";t=1789569"}}));
  }
}

TEST(RateLimitHeaders, TooLittleRoom_LeavesOutWholeHeaders) {
  const Decision decision = throttled(1);
  for (const HeaderFormat format : kFormats) {
    const Headers all = headers_of(decision, format);
    for (size_t bytes = 0; bytes <= kMaxRateLimitHeaderBytes; ++bytes) {
      for (size_t slots = 0; slots <= kMaxRateLimitHeaders; ++slots) {
        // On the heap and of the exact size, so that AddressSanitizer can watch
        // it.
        std::vector<char> storage(bytes);
        std::vector<HttpHeader> headers(slots);
        const size_t count = rate_limit_headers(
            decision, format, absl::MakeSpan(storage), absl::MakeSpan(headers));
        size_t used = 0;
        ASSERT_LE(count, std::min(slots, all.size()));
        for (size_t i = 0; i < count; ++i) {
          EXPECT_EQ(headers[i].name, all[i].first);
          EXPECT_EQ(headers[i].value, all[i].second);
          used += all[i].second.size();
        }
        if (count < std::min(slots, all.size())) {
          EXPECT_GT(used + all[count].second.size(), bytes);
        }
      }
    }
  }
}

TEST(RateLimitHeaders, DoesNotAllocate) {
  const Decision decision = throttled(1);
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const int64_t before = allocations;
  size_t count = 0;
  for (const HeaderFormat format : kFormats) {
    count += rate_limit_headers(decision, format, absl::MakeSpan(storage),
                                absl::MakeSpan(headers));
    count += http_answer(decision).status;
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(count, 0u + 4 + 4 + 3 + 3 + 5 * 429);
}

// Whatever the numbers, the lists are well-formed, fit, and agree with
// Retry-After.
TEST(RateLimitHeaders, AnyDecision_IsWellFormed) {
  const char* set = std::getenv("WEIR_TEST_SEED");
  const uint64_t seed =
      set == nullptr ? 20260913 : std::strtoull(set, nullptr, 10);
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&]() -> int64_t {
    constexpr int64_t kEdges[] = {kMin, -1,   0,        1,       2,
                                  1000, kMax, kMax - 1, kSecond, 86400};
    switch (random() % 3) {
      case 0:
        return kEdges[random() % std::size(kEdges)];
      case 1:
        return static_cast<int64_t>(random() >> (random() % 64));
      default:
        return static_cast<int64_t>(random() % 100'000);
    }
  };
  for (int i = 0; i < 5'000; ++i) {
    Decision decision;
    decision.outcome = static_cast<Outcome>(random() % 3);
    decision.retry_after_ns = decision.admitted() ? 0 : pick();
    decision.burst = pick();
    decision.burst_window_seconds = pick();
    decision.quota_limit = pick();
    decision.quota_remaining = pick();
    decision.calendar = QuotaCalendar::from_id(
        static_cast<int>(random() % QuotaCalendar::kIds));
    decision.day = static_cast<Day>(random() % (kLastDay + 1));
    decision.made_at_unix_ns = pick();
    decision.units_remaining = pick();
    decision.units_per_token = pick();

    RateLimitHeaderOptions options(i % 2 == 0 ? HeaderFormat::kIetfDraft10
                                              : HeaderFormat::kIetfDraft11);
    options.max_retry_after = pick();
    options.added_wait = pick();
    std::map<std::string, std::string> values;
    for (const auto& [name, value] : headers_of(decision, options)) {
      values[name] = value;
    }
    const size_t limits = (decision.burst >= 0) + (decision.quota_limit >= 0);
    ASSERT_EQ(values.count("RateLimit"), limits > 0 ? 1u : 0u);
    ASSERT_EQ(values.count("RateLimit-Policy"), values.count("RateLimit"));
    ASSERT_EQ(
        values.count("Retry-After"),
        !decision.admitted() && decision.retry_after_ns != Decision::kNever);
    if (limits == 0) continue;

    const auto policies = parse_rate_limit_list(values["RateLimit-Policy"]);
    const auto states = parse_rate_limit_list(values["RateLimit"]);
    ASSERT_TRUE(policies) << values["RateLimit-Policy"];
    ASSERT_TRUE(states) << values["RateLimit"];
    ASSERT_EQ(policies->size(), limits);
    ASSERT_EQ(states->size(), limits);
    for (size_t j = 0; j < limits; ++j) {
      ASSERT_EQ((*policies)[j].first, (*states)[j].first);
      ASSERT_EQ((*policies)[j].second.count("q"), 1u);
      const auto& window = (*policies)[j].second.find("w");
      if (window != (*policies)[j].second.end()) {
        ASSERT_GT(window->second, 0);
      }
      const auto& state = (*states)[j].second;
      ASSERT_EQ(state.count("r"), 1u);
      if (values.count("Retry-After") != 0 && state.count("t") != 0) {
        ASSERT_GE(state.at("t"), std::stoll(values["Retry-After"]));
        ASSERT_LE(state.at("t"), RateLimitHeaderOptions::kMaxRetryAfter);
        if (options.format == HeaderFormat::kIetfDraft11) {
          ASSERT_EQ(state.at("t"), std::stoll(values["Retry-After"]));
        }
      }
    }
    options.format = HeaderFormat::kXRateLimitDelta;
    headers_of(decision, options);
    options.format = HeaderFormat::kXRateLimitEpoch;
    headers_of(decision, options);
  }
}

}  // namespace
}  // namespace weir
