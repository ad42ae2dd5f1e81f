// What the headers promise is true of the enforcer, under any plan: Retry-After
// and the RateLimit headers agree, and a client that does what they say is not
// refused.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/http_response.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/rate_limit_list.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using Headers = std::map<std::string, std::string>;

constexpr char kKey[] = "a-key-of-twenty-and-more-characters";

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20260523 : std::strtoull(text, nullptr, 10);
}

int64_t ceil_seconds(int64_t ns) { return (ns + kSecond - 1) / kSecond; }

Headers headers_of(const Decision& decision,
                   const RateLimitHeaderOptions& options) {
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> headers;
  const size_t count = rate_limit_headers(
      decision, options, absl::MakeSpan(storage), absl::MakeSpan(headers));
  Headers result;
  for (size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(result.emplace(headers[i].name, headers[i].value).second);
  }
  return result;
}

std::optional<int64_t> number(const Headers& headers, const char* name) {
  const auto found = headers.find(name);
  if (found == headers.end()) return std::nullopt;
  return std::stoll(found->second);
}

// An item of RateLimit: "r", and "t" if it is there.
struct Window {
  int64_t r;
  std::optional<int64_t> t;
};

std::map<std::string, Window> windows_of(const Headers& headers) {
  std::map<std::string, Window> windows;
  const auto found = headers.find("RateLimit");
  if (found == headers.end()) return windows;
  const auto items = parse_rate_limit_list(found->second);
  EXPECT_TRUE(items) << found->second;
  for (const auto& [name, parameters] : *items) {
    Window window{parameters.at("r"), std::nullopt};
    if (parameters.count("t") != 0) window.t = parameters.at("t");
    EXPECT_TRUE(windows.emplace(name, window).second);
  }
  return windows;
}

// One key, under limits that are drawn at random.
class World {
 public:
  explicit World(std::mt19937_64& random) : random_(random) {
    Options options;
    options.clock = std::make_shared<ManualClock>(now_.unix_ns);
    options.arena_bytes = size_t{1} << 20;
    has_two_buckets_ = any(4) == 0;
    if (has_two_buckets_) {
      options.method_throttle = MethodThrottle::kAddsToPlan;
    }
    enforcer_ = *Enforcer::create(options);
    v1::UsagePlan plan = plan_named("plan");
    if (any(4) != 0) {
      set_throttle(*plan.mutable_throttle());
      if (any(2) == 0) {
        set_throttle(
            (*plan.mutable_api_stages(0)->mutable_throttle())["/pets/GET"]);
      }
    }
    if (any(4) != 0) {
      plan.mutable_quota()->set_limit(1 + any(40));
      plan.mutable_quota()->set_period(
          static_cast<v1::QuotaPeriod>(v1::DAY + any(3)));
      // A first period of which nothing is left, at times.
      if (any(8) == 0) plan.mutable_quota()->set_offset(plan.quota().limit());
    }
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
    is_shared_ = any(4) == 0;
    if (is_shared_) {
      v1::UsagePlan shared = plan_named("shared");
      set_throttle(*shared.mutable_throttle());
      EXPECT_TRUE(enforcer_->create_usage_plan(shared).ok());
      EXPECT_TRUE(enforcer_->share_usage_plan("shared").ok());
    }
    v1::ApiKey key;
    key.set_id("key");
    key.set_value(kKey);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
    route_ = *enforcer_->intern_route("api", "prod", "/pets/GET");
  }

  void run(int requests) {
    for (int i = 0; i < requests && !testing::Test::HasFailure(); ++i) {
      now_ = now_ + any(int64_t{1} << any(46));
      cost_ = static_cast<uint32_t>(1 + any(any(4) == 0 ? 30 : 3));
      const Decision decision = ask(now_, cost_);
      check(decision);
      switch (any(4)) {
        case 0:
          do_as_told(decision);
          break;
        case 1:
          be_greedy(decision);
          break;
        case 2:
          return_when_told(decision);
          break;
        default:
          break;
      }
    }
  }

  // How often each promise was put to the test.
  struct Counts {
    int64_t capped = 0;
    int64_t never = 0;
    int64_t told = 0;
    int64_t greedy = 0;
    int64_t returned = 0;
  };
  static Counts counts;

 private:
  int64_t any(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }
  template <class Value, size_t n>
  Value one_of(const Value (&values)[n]) {
    return values[any(n)];
  }

  void set_throttle(v1::ThrottleSettings& throttle) {
    throttle.set_rate_limit(
        one_of({0.0, 0.1, 1.0 / 3, 0.7, 3.0, 10.0, 999.0, 1e-5, 1e7}));
    throttle.set_burst_limit(any(12));
  }

  static v1::UsagePlan plan_named(const char* name) {
    v1::UsagePlan plan;
    plan.set_id(name);
    plan.set_name(name);
    plan.add_api_stages()->set_api_id("api");
    plan.mutable_api_stages(0)->set_stage("prod");
    return plan;
  }

  Decision ask(Instant now, uint32_t cost) {
    return enforcer_->admit({kKey, route_, cost, now});
  }

  RateLimitHeaderOptions any_options(HeaderFormat format) {
    RateLimitHeaderOptions options(format);
    options.max_retry_after = one_of({int64_t{1}, int64_t{60}, int64_t{5'000},
                                      options.max_retry_after,
                                      RateLimitHeaderOptions::kMaxRetryAfter});
    options.added_wait =
        one_of({int64_t{0}, int64_t{0}, int64_t{30}, int64_t{100'000}});
    return options;
  }

  // -- What the headers say of one another --

  void check(const Decision& decision) {
    for (const HeaderFormat format :
         {HeaderFormat::kIetfDraft11, HeaderFormat::kIetfDraft10,
          HeaderFormat::kXRateLimitDelta, HeaderFormat::kXRateLimitEpoch}) {
      const RateLimitHeaderOptions options = any_options(format);
      const Headers headers = headers_of(decision, options);
      SCOPED_TRACE(testing::Message()
                   << "format " << static_cast<int>(format) << ", at most "
                   << options.max_retry_after << ", exactly "
                   << decision.retry_after() << ": "
                   << testing::PrintToString(headers));
      const auto retry_after = number(headers, "Retry-After");
      check_retry_after(decision, options, retry_after);
      for (const auto& [name, window] : windows_of(headers)) {
        SCOPED_TRACE(name);
        if (window.t) {
          check_time(decision, options, retry_after, window.r, *window.t);
        }
      }
      if (const auto reset = number(headers, "X-RateLimit-Reset")) {
        // Unix seconds are rounded on their own.
        const bool is_epoch = format == HeaderFormat::kXRateLimitEpoch;
        check_time(
            decision, options, retry_after,
            *number(headers, "X-RateLimit-Remaining"),
            is_epoch ? *reset - decision.made_at_unix_ns / kSecond : *reset,
            is_epoch ? 1 : 0);
      }
      if (testing::Test::HasFailure()) return;
    }
  }

  void check_retry_after(const Decision& decision,
                         const RateLimitHeaderOptions& options,
                         std::optional<int64_t> retry_after) {
    if (decision.admitted() || decision.retry_after_ns == Decision::kNever) {
      EXPECT_FALSE(retry_after);
      counts.never += !decision.admitted();
      return;
    }
    ASSERT_TRUE(retry_after);
    const int64_t exact = ceil_seconds(decision.retry_after_ns);
    const int64_t most =
        is_renewed_by_retry(decision) ? exact + options.added_wait : exact;
    EXPECT_EQ(*retry_after, std::min(most, options.max_retry_after));
    counts.capped += *retry_after < exact;
  }

  static bool is_renewed_by_retry(const Decision& decision) {
    return absl::FromUnixNanos(decision.made_at_unix_ns +
                               decision.retry_after_ns) ==
           decision.period_reset();
  }

  static void check_time(const Decision& decision,
                         const RateLimitHeaderOptions& options,
                         std::optional<int64_t> retry_after, int64_t remaining,
                         int64_t time, int64_t tolerance = 0) {
    EXPECT_GE(time, 0);
    if (!decision.admitted()) {
      ASSERT_TRUE(retry_after) << "a time that never comes";
      EXPECT_GE(time, *retry_after);
      if (options.format == HeaderFormat::kIetfDraft11) {
        EXPECT_EQ(time, *retry_after);
      }
    }
    if (!decision.admitted() || remaining == 0) {
      EXPECT_LE(time, options.max_retry_after + tolerance);
    }
  }

  // -- What they say of the enforcer --

  // Draft -11: who sends no more than the least `r` within the shortest `t` is
  // admitted. With more buckets than one, or one that others use, the headers
  // do not know; the draft does not ask for it.
  void do_as_told(const Decision& decision) {
    if (has_two_buckets_ || is_shared_) return;
    const auto windows = windows_of(
        headers_of(decision, any_options(HeaderFormat::kIetfDraft11)));
    if (windows.empty()) return;
    int64_t requests = INT64_MAX, seconds = 1'000'000;
    for (const auto& [name, window] : windows) {
      requests = std::min(requests, window.r);
      seconds = std::min(seconds, window.t.value_or(seconds));
    }
    for (int64_t i = 0; i < requests; ++i) {
      now_ = now_ + any(seconds * kSecond / requests + 1);
      ASSERT_TRUE(ask(now_, 1).admitted()) << i << " of " << requests;
    }
    counts.told += requests;
  }

  // Draft -11: no client gets more than `r` within `t`, at the same cost.
  void be_greedy(const Decision& decision) {
    RateLimitHeaderOptions options = any_options(HeaderFormat::kIetfDraft11);
    options.added_wait = 0;
    const auto windows = windows_of(headers_of(decision, options));
    if (windows.empty()) return;
    const Window window =
        std::next(windows.begin(), any(windows.size()))->second;
    // A second for `t`, and one for that of `burst`'s policy: both are rounded.
    const int64_t length = (window.t.value_or(1'000'000) - 2) * kSecond;
    const Instant start = now_;
    const uint32_t cost = decision.admitted() ? 1 : cost_;
    int64_t used = 0;
    for (int64_t i = 0; i <= (length > 0 ? 8 : 0); ++i) {
      now_ = start + std::max<int64_t>(length, 0) / 8 * i;
      while (ask(now_, cost).admitted()) used += cost;
      ASSERT_LE(used, window.r) << window.t.value_or(-1);
    }
    ++counts.greedy;
  }

  // Who comes back after Retry-After passes; where that is capped, it is told
  // again, and passes no later than it could.
  void return_when_told(const Decision& decision) {
    if (decision.admitted() || decision.retry_after_ns == Decision::kNever) {
      return;
    }
    const Instant passes = now_ + decision.retry_after_ns;
    RateLimitHeaderOptions options = any_options(HeaderFormat::kIetfDraft11);
    Decision last = decision;
    for (int i = 0; i < 50 && !last.admitted(); ++i) {
      const auto wait = number(headers_of(last, options), "Retry-After");
      ASSERT_TRUE(wait);
      now_ = now_ + *wait * kSecond;
      last = ask(now_, cost_);
      ASSERT_EQ(last.admitted(), now_.monotonic >= passes.monotonic);
    }
    counts.returned += last.admitted();
  }

  std::mt19937_64& random_;
  Instant now_{20'000 * kDay, 20'000 * kDay};  // 2024-10-04
  uint32_t cost_ = 1;
  bool has_two_buckets_ = false;
  bool is_shared_ = false;
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
};

World::Counts World::counts;

TEST(RateLimitHeaders, AreTrueOfTheEnforcer) {
  std::mt19937_64 random(seed());
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  for (int i = 0; i < 100 && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(testing::Message() << "world " << i);
    World(random).run(40);
  }
  EXPECT_GT(World::counts.capped, 200);
  EXPECT_GT(World::counts.never, 200);
  EXPECT_GT(World::counts.told, 200);
  EXPECT_GT(World::counts.greedy, 200);
  EXPECT_GT(World::counts.returned, 100);
}

TEST(ParseRateLimitList, IsStrict) {
  EXPECT_TRUE(parse_rate_limit_list(R"("a";q=1;w=60, "b";q=2)"));
  for (const char* bad :
       {"", "a;q=1", R"("a";q=1,"b")", R"("a" ;q=1)", R"("a";q=-1)",
        R"("a";q=1234567890123456)", R"("a";q=1;q=2)", R"("a";q=1, )",
        R"("a";q=)", R"("a)", R"("a";q=1.5)"}) {
    EXPECT_FALSE(parse_rate_limit_list(bad)) << bad;
  }
}

}  // namespace
}  // namespace weir
