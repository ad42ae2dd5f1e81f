#include "enforcer/http_response.h"

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
#include "enforcer/decision.h"
#include "gtest/gtest.h"
#include "quota/calendar.h"

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

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr HeaderFormat kFormats[] = {
    HeaderFormat::kOff, HeaderFormat::kXRateLimitDelta,
    HeaderFormat::kXRateLimitEpoch, HeaderFormat::kIetfDraft10};

Headers headers_of(const Decision& decision, HeaderFormat format) {
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const size_t count = rate_limit_headers(
      decision, format, absl::MakeSpan(storage), absl::MakeSpan(headers));
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

// A list of strings with integer parameters, by the grammar of RFC 9651
// sections 3.1 and 4.2; nullopt if `text` has anything else.
using Item = std::pair<std::string, std::map<std::string, int64_t>>;
std::optional<std::vector<Item>> parse_list(const std::string& text) {
  size_t at = 0;
  const auto take = [&](char c) {
    if (at == text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  std::vector<Item> items;
  do {
    if (!items.empty() && !take(' ')) return std::nullopt;
    Item item;
    if (!take('"')) return std::nullopt;
    while (at < text.size() && text[at] != '"') {
      if (text[at] < ' ' || text[at] > '~' || text[at] == '\\') {
        return std::nullopt;
      }
      item.first += text[at++];
    }
    if (!take('"')) return std::nullopt;
    while (take(';')) {
      std::string key;
      while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') {
        key += text[at++];
      }
      if (key.empty() || !take('=')) return std::nullopt;
      std::string digits;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        digits += text[at++];
      }
      if (digits.empty() || digits.size() > 15) return std::nullopt;
      if (!item.second.emplace(key, std::stoll(digits)).second) {
        return std::nullopt;
      }
    }
    items.push_back(std::move(item));
  } while (take(','));
  if (at != text.size()) return std::nullopt;
  return items;
}

TEST(ParseList, IsStrict) {
  EXPECT_TRUE(parse_list(R"("a";q=1;w=60, "b";q=2)"));
  for (const char* bad :
       {"", "a;q=1", R"("a";q=1,"b")", R"("a" ;q=1)", R"("a";q=-1)",
        R"("a";q=1234567890123456)", R"("a";q=1;q=2)", R"("a";q=1, )",
        R"("a";q=)", R"("a)", R"("a";q=1.5)"}) {
    EXPECT_FALSE(parse_list(bad)) << bad;
  }
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

// The bucket refills so slowly that the quota is renewed first.
TEST(RateLimitHeaders, NoReset_IsEarlierThanTheRetry) {
  Decision decision = throttled(90000 * kSecond);
  EXPECT_EQ(headers_of(decision, HeaderFormat::kIetfDraft10).back().second,
            R"("burst";r=0;t=90000, "quota";r=900;t=90000)");
  decision.quota_remaining = 0;
  decision.units_remaining = 100;
  EXPECT_EQ(headers_of(decision, HeaderFormat::kXRateLimitDelta).back().second,
            "90000");
}

TEST(RateLimitHeaders, RetryAfter_RoundsUp) {
  for (const auto& [ns, seconds] : {std::pair<int64_t, const char*>{1, "1"},
                                    {kSecond - 1, "1"},
                                    {kSecond, "1"},
                                    {kSecond + 1, "2"},
                                    {kMax - 1, "9223372037"}}) {
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

// Seven tenths of a token are there already.
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
  Decision decision = throttled(kMax - 1);
  decision.burst = decision.burst_window_seconds = kMax;
  decision.units_remaining = kMax;
  decision.units_per_token = 1;
  decision.quota_limit = decision.quota_remaining = kMax;
  decision.calendar = QuotaCalendar::monthly();
  decision.day = kLastDay - 20;  // in a month of 31 days
  decision.made_at_unix_ns = kMin;
  const std::string n = "999999999999999";
  EXPECT_EQ(
      headers_of(decision, HeaderFormat::kIetfDraft10),
      (Headers{
          {"Retry-After", "9223372037"},
          {"RateLimit-Policy", "\"burst\";q=" + n + ";w=" + n +
                                   ", \"quota\";q=" + n + ";w=2678400"},
          {"RateLimit", "\"burst\";r=" + n + ";t=9223372037, \"quota\";r=" + n +
                            ";t=12999743237"}}));
}

TEST(RateLimitHeaders, TooLittleRoom_LeavesOutWholeHeaders) {
  const Decision decision = throttled(1);
  for (const HeaderFormat format : kFormats) {
    const Headers all = headers_of(decision, format);
    for (size_t bytes = 0; bytes <= kMaxRateLimitHeaderBytes; ++bytes) {
      for (size_t slots = 0; slots <= kMaxRateLimitHeaders; ++slots) {
        // On the heap, exactly as long, for AddressSanitizer to watch.
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
  EXPECT_EQ(count, 0u + 4 + 4 + 3 + 4 * 429);
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

    std::map<std::string, std::string> values;
    for (const auto& [name, value] :
         headers_of(decision, HeaderFormat::kIetfDraft10)) {
      values[name] = value;
    }
    const size_t limits = (decision.burst >= 0) + (decision.quota_limit >= 0);
    ASSERT_EQ(values.count("RateLimit"), limits > 0 ? 1u : 0u);
    ASSERT_EQ(values.count("RateLimit-Policy"), values.count("RateLimit"));
    ASSERT_EQ(
        values.count("Retry-After"),
        !decision.admitted() && decision.retry_after_ns != Decision::kNever);
    if (limits == 0) continue;

    const auto policies = parse_list(values["RateLimit-Policy"]);
    const auto states = parse_list(values["RateLimit"]);
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
      }
    }
    headers_of(decision, HeaderFormat::kXRateLimitDelta);
    headers_of(decision, HeaderFormat::kXRateLimitEpoch);
  }
}

}  // namespace
}  // namespace weir
