#include "weir/gateway/gateway.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/http_response.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/request_observer.h"
#include "weir/http/message.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr char kGold[] = "gold-0123456789abcdef";
constexpr char kTin[] = "tin-0123456789abcdefg";
constexpr char kSuspended[] = "suspended-0123456789ab";

// 2026-09-13T12:00:00Z
constexpr int64_t kNoon = 1'789'300'800 * kSecond;

constexpr char kPlan[] = R"({
  "id": "p1", "name": "basic",
  "apiStages": [{"apiId": "a1", "stage": "prod", "throttle": {
    "/pets/{id}/GET": {"burstLimit": 2, "rateLimit": 0.5}}}],
  "throttle": {"burstLimit": 3, "rateLimit": 10},
  "quota": {"limit": 100, "offset": 0, "period": "DAY"}})";

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    Options options;
    options.clock = clock_;
    enforcer_ = *Enforcer::create(std::move(options));
    EXPECT_TRUE(
        enforcer_->create_usage_plan(*usage_plan_from_json(kPlan)).ok());
    add_key("gold", kGold, true);
    add_key("tin", kTin, true);
    add_key("suspended", kSuspended, false);
    routes_ = std::make_unique<LiveRoutes>(enforcer_.get());
    EXPECT_TRUE(routes_->follow().ok());
    start();
  }

  void start(GatewayOptions options = {}) {
    options.observer = observer_;
    options.refusal_observer = refusal_observer_;
    options.clock = clock_.get();
    gateway_ = std::make_unique<Gateway>(enforcer_.get(), routes_.get(),
                                         &counters_, options);
  }
  void start(HeaderFormat format) {
    GatewayOptions options;
    options.headers = format;
    start(options);
  }

  void add_key(const char* id, const char* value, bool enabled) {
    v1::ApiKey key;
    key.set_id(id);
    key.set_value(value);
    key.set_enabled(enabled);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key("p1", id).ok());
  }

  void patch(const std::string& path, const std::string& value) {
    const auto operations = patch_operations_from_json(absl::StrCat(
        R"([{"op":"replace","path":")", path, R"(","value":")", value, "\"}]"));
    EXPECT_TRUE(enforcer_->apply_patch("p1", *operations).ok());
  }

  HttpResponse get(const std::string& target = "/a1/prod/x",
                   const std::string& key = kGold, const char* method = "GET") {
    return gateway_->answer({method, target, {{"x-api-key", key}}, ""});
  }

  int admitted(int count, const std::string& target = "/a1/prod/x") {
    int admitted = 0;
    for (int i = 0; i < count; ++i) admitted += get(target).status == 200;
    return admitted;
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kNoon);
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<LiveRoutes> routes_;
  RequestCounters counters_;
  RequestObserver* observer_ = nullptr;
  RequestObserver* refusal_observer_ = nullptr;
  std::unique_ptr<Gateway> gateway_;
};

// Keeps what it is told, with the texts that are told.
class Recorder : public RequestObserver {
 public:
  struct Told {
    std::string method, target, stage, method_key;
    AnsweredRequest request;
  };

  void observe(const AnsweredRequest& request) noexcept override {
    told.push_back({std::string(request.method), std::string(request.target),
                    request.stage_target.has_value()
                        ? std::string(request.stage_target->stage)
                        : "none",
                    std::string(request.method_key), request});
  }

  std::vector<Told> told;
};

std::string header(const HttpResponse& response, const std::string& name) {
  std::string found = "(none)";
  for (const auto& [own_name, value] : response.headers) {
    if (own_name != name) continue;
    EXPECT_EQ(found, "(none)") << name << " twice";
    found = value;
  }
  return found;
}

void expect_refused(const HttpResponse& response, int status, const char* type,
                    const char* body) {
  EXPECT_EQ(response.status, status);
  EXPECT_EQ(response.body, body);
  EXPECT_EQ(header(response, "x-amzn-errortype"), type);
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
}

void expect_forbidden(const HttpResponse& response) {
  expect_refused(response, 403, "ForbiddenException",
                 R"({"message":"Forbidden"})");
  EXPECT_EQ(header(response, "ratelimit"), "(none)");
  EXPECT_EQ(header(response, "retry-after"), "(none)");
}

TEST_F(GatewayTest, Observers_AreToldWhatBecameOfARequest) {
  Recorder all, refused;
  observer_ = &all;
  refusal_observer_ = &refused;
  start();
  get("/a1/prod/pets/7?x=1");
  get("/a1/prod/pets/7");
  get("/a1/prod/pets/7");
  get("/a1/prod/y", kSuspended, "POST");
  get("/a1/dev/y", kTin);
  get("/a1", kTin);
  get("/a1/prod/y", "nobody's");
  const struct {
    const char* key_id;
    const char* target;
    const char* stage;
    const char* method_key;
    Outcome outcome;
    Forbidden forbidden;
    int status;
  } kExpected[] = {
      {"gold", "/a1/prod/pets/7?x=1", "a1/prod", "/pets/{id}/GET",
       Outcome::kAdmitted, Forbidden::kNo, 200},
      {"gold", "/a1/prod/pets/7", "a1/prod", "/pets/{id}/GET",
       Outcome::kAdmitted, Forbidden::kNo, 200},
      {"gold", "/a1/prod/pets/7", "a1/prod", "/pets/{id}/GET",
       Outcome::kThrottled, Forbidden::kNo, 429},
      {"suspended", "/a1/prod/y", "a1/prod", "", Outcome::kForbidden,
       Forbidden::kDisabledKey, 403},
      {"tin", "/a1/dev/y", "a1/dev", "", Outcome::kForbidden,
       Forbidden::kNoPlan, 403},
      {"tin", "/a1", "none", "", Outcome::kForbidden, Forbidden::kNoPlan, 403},
      {"", "/a1/prod/y", "a1/prod", "", Outcome::kForbidden,
       Forbidden::kUnknownKey, 403}};
  ASSERT_EQ(all.told.size(), 7u);
  ASSERT_EQ(refused.told.size(), 5u);
  for (int i = 0; i < 7; ++i) {
    const auto& expected = kExpected[i];
    for (const auto* told :
         {&all.told[i], i < 2 ? nullptr : &refused.told[i - 2]}) {
      if (told == nullptr) continue;
      SCOPED_TRACE(i);
      EXPECT_EQ(enforcer_->api_key_id(told->request.client).value_or(""),
                expected.key_id);
      EXPECT_EQ(told->target, expected.target);
      EXPECT_EQ(told->stage, expected.stage);
      EXPECT_EQ(told->method_key, expected.method_key);
      EXPECT_EQ(told->method, i == 3 ? "POST" : "GET");
      EXPECT_EQ(told->request.decision.outcome, expected.outcome);
      EXPECT_EQ(told->request.decision.forbidden, expected.forbidden);
      EXPECT_EQ(told->request.status, expected.status);
      EXPECT_EQ(told->request.arrived.unix_ns, kNoon);
      EXPECT_EQ(told->request.cost, 1u);
    }
  }
}

TEST_F(GatewayTest, RefusalObserver_IsToldByItselfAndDecidesNothing) {
  Recorder refused;
  refusal_observer_ = &refused;
  start();
  EXPECT_EQ(admitted(5), 3);
  ASSERT_EQ(refused.told.size(), 2u);
  EXPECT_EQ(*enforcer_->api_key_id(refused.told[0].request.client), "gold");
  EXPECT_EQ(refused.told[0].request.arrived.unix_ns, kNoon);
  EXPECT_EQ(refused.told[0].request.decision.limit, Limit::kPlanThrottle);
}

// A clock that goes on each time that it is read.
class Ticking : public Clock {
 public:
  Instant now() noexcept override {
    time_ = time_ + kSecond;
    return time_;
  }

 private:
  Instant time_;
};

TEST_F(GatewayTest, Latency_IsFromTheArrivalToTheAnswer) {
  Recorder all;
  Ticking clock;
  GatewayOptions options;
  options.observer = &all;
  options.clock = &clock;
  Gateway gateway(enforcer_.get(), routes_.get(), &counters_, options);
  gateway.answer({"GET", "/a1/prod/x", {{"x-api-key", kGold}}, ""});
  ASSERT_EQ(all.told.size(), 1u);
  EXPECT_EQ(all.told[0].request.arrived.unix_ns, kSecond);
  EXPECT_EQ(all.told[0].request.latency_ns, kSecond);
}

TEST_F(GatewayTest, Admitted_IsTheFixed200) {
  const HttpResponse response = get();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body,
            R"({"message":"Admitted. There is no upstream behind this )"
            R"(gateway."})");
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_EQ(header(response, "x-amzn-errortype"), "(none)");
  EXPECT_EQ(header(response, "retry-after"), "(none)");
  EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
  EXPECT_EQ(header(response, "ratelimit-policy"),
            R"("burst";q=3;w=1, "quota";q=100;w=86400)");
  EXPECT_EQ(header(response, "ratelimit"),
            R"("burst";r=2;t=1, "quota";r=99;t=43200)");
}

TEST_F(GatewayTest, NoGoodKey_IsForbidden) {
  expect_forbidden(gateway_->answer({"GET", "/a1/prod/x", {}, ""}));
  for (const std::string key :
       {"", "gold", kSuspended, "gold-0123456789abcdeF"}) {
    expect_forbidden(get("/a1/prod/x", key));
  }
}

// Whatever reads the request next may take the other one.
TEST_F(GatewayTest, TwoKeys_AreForbidden) {
  for (const auto& [first, second] :
       std::vector<std::pair<std::string, std::string>>{
           {kGold, kTin}, {kGold, kGold}, {kGold, ""}, {"", kGold}}) {
    expect_forbidden(gateway_->answer(
        {"GET",
         "/a1/prod/x",
         {{"x-api-key", first}, {"accept", "*/*"}, {"x-api-key", second}},
         ""}));
  }
  expect_forbidden(get("/a1/prod/x", absl::StrCat(kGold, ", ", kTin)));
}

TEST_F(GatewayTest, NoGoodTarget_IsForbidden) {
  for (const char* target :
       {"", "*", "/", "/a1", "/a1/test/x", "/a2/prod/x", "/a1/prod//x",
        "/a1/prod/../prod/x", "/a1/prod/x;y", "http://h/a1/prod/x"}) {
    expect_forbidden(get(target));
  }
  expect_forbidden(get("/a1/prod/x", kGold, "TRACE"));
  // Nothing was taken for them.
  EXPECT_EQ(header(get(), "ratelimit"),
            R"("burst";r=2;t=1, "quota";r=99;t=43200)");
}

TEST_F(GatewayTest, Throttled_Is429) {
  EXPECT_EQ(admitted(4), 3);
  const HttpResponse response = get();
  expect_refused(response, 429, "TooManyRequestsException",
                 R"({"message":"Too Many Requests"})");
  EXPECT_EQ(header(response, "retry-after"), "1");
  EXPECT_EQ(header(response, "ratelimit"),
            R"("burst";r=0;t=1, "quota";r=97;t=1)");
  EXPECT_EQ(get("/a1/prod/x", kTin).status, 200);
  clock_->advance(kSecond / 10);
  EXPECT_EQ(admitted(2), 1);
}

TEST_F(GatewayTest, OverQuota_Is429) {
  patch("/quota/limit", "2");
  EXPECT_EQ(admitted(2), 2);
  const HttpResponse response = get();
  expect_refused(response, 429, "LimitExceededException",
                 R"({"message":"Limit Exceeded"})");
  EXPECT_EQ(header(response, "retry-after"), "43200");
}

TEST_F(GatewayTest, MethodThrottle_GovernsItsMethod_InEverySpelling) {
  EXPECT_EQ(get("/a1/prod/pets/1").status, 200);
  EXPECT_EQ(get("/a1/pro%64/p%65ts/a%2Fb/?x").status, 200);
  EXPECT_EQ(get("/a1/prod/pets/3").status, 429);
  EXPECT_EQ(get("/a1/prod/%70ets/3").status, 429);
  EXPECT_EQ(get("/a1/prod/pets/3", kGold, "HEAD").status, 200);
  EXPECT_EQ(admitted(3), 2);
}

// Seven methods, each with a throttle of its own, and ANY beside them.
TEST_F(GatewayTest, EachMethod_IsThrottledByItsName) {
  const std::vector<std::string> methods = {
      "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"};
  std::string throttles = R"("/any/ANY": {"burstLimit": 1, "rateLimit": 0.5})";
  for (const std::string& method : methods) {
    absl::StrAppend(&throttles, ", \"/each/", method,
                    R"(": {"burstLimit": 2, "rateLimit": 0.5})");
  }
  const auto plan =
      enforcer_->create_usage_plan(*usage_plan_from_json(absl::StrCat(
          R"({"id": "p2", "name": "methods", "apiStages": [
                       {"apiId": "a2", "stage": "prod", "throttle": {)",
          throttles,
          R"(}}], "throttle": {"burstLimit": 100, "rateLimit": 1}})")));
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_TRUE(enforcer_->create_usage_plan_key("p2", "gold").ok());
  ASSERT_TRUE(routes_->follow().ok());
  for (const std::string& method : methods) {
    const auto ask = [&] {
      return get("/a2/prod/each", kGold, method.c_str()).status;
    };
    EXPECT_EQ(ask(), 200) << method;
    EXPECT_EQ(ask(), 200) << method;
    EXPECT_EQ(ask(), 429) << method;
    EXPECT_EQ(get("/a2/prod/free", kGold, method.c_str()).status, 200);
    EXPECT_EQ(get("/a2/prod/any", kGold, method.c_str()).status,
              method == "GET" ? 200 : 429)
        << method;
  }
  for (const char* method : {"TRACE", "CONNECT", "ANY", "get", "Get", ""}) {
    expect_forbidden(get("/a2/prod/free", kGold, method));
  }
}

TEST_F(GatewayTest, HeadersMayBeOff) {
  start(HeaderFormat::kOff);
  EXPECT_EQ(admitted(4), 3);
  const HttpResponse response = get();
  for (const auto& [name, value] : response.headers) {
    EXPECT_FALSE(absl::StrContains(name, "ratelimit")) << name;
    EXPECT_NE(name, "retry-after");
  }
}

TEST_F(GatewayTest, HeadersMayBeOfAnotherFormat) {
  start(HeaderFormat::kIetfDraft10);
  EXPECT_EQ(admitted(4), 3);
  EXPECT_EQ(header(get(), "ratelimit"),
            R"("burst";r=0;t=1, "quota";r=97;t=43200)");
  start(HeaderFormat::kXRateLimitDelta);
  const HttpResponse response = get();
  EXPECT_EQ(header(response, "ratelimit"), "(none)");
  EXPECT_EQ(header(response, "x-ratelimit-limit"), "3");
  EXPECT_EQ(header(response, "x-ratelimit-remaining"), "0");
  EXPECT_EQ(header(response, "x-ratelimit-reset"), "1");
}

TEST_F(GatewayTest, RetryAfter_IsCapped) {
  patch("/quota/period", "MONTH");
  patch("/quota/limit", "1");
  EXPECT_EQ(admitted(1), 1);
  HttpResponse response = get();
  EXPECT_EQ(header(response, "retry-after"), "86400");
  EXPECT_EQ(header(response, "ratelimit"),
            R"("burst";r=2;t=86400, "quota";r=0;t=86400)");
  GatewayOptions options;
  options.headers.max_retry_after = 60;
  start(options);
  EXPECT_EQ(header(get(), "retry-after"), "60");
}

TEST_F(GatewayTest, Retries_MayBeSpread) {
  patch("/quota/limit", "1");
  GatewayOptions options;
  options.spread_retries = 3;
  start(options);
  EXPECT_EQ(admitted(1), 1);
  std::set<std::string> waits;
  for (int i = 0; i < 200; ++i) waits.insert(header(get(), "retry-after"));
  EXPECT_EQ(waits, (std::set<std::string>{"43200", "43201", "43202", "43203"}));
}

// -- Pages of other origins --

constexpr char kPage[] = "https://www.example.com";

GatewayOptions with_page() {
  GatewayOptions options;
  EXPECT_TRUE(options.cors.allow("a1", kPage).ok());
  return options;
}

TEST_F(GatewayTest, Preflight_PassesWithoutAKey_AndConsumesNothing) {
  start(with_page());
  for (int i = 0; i < 10; ++i) {
    const HttpResponse response =
        gateway_->answer({"OPTIONS",
                          "/a1/prod/pets/1",
                          {{"origin", kPage},
                           {"access-control-request-method", "GET"},
                           {"access-control-request-headers", "x-api-key"}},
                          ""});
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header(response, "access-control-allow-origin"), kPage);
    EXPECT_EQ(header(response, "access-control-allow-headers"), "x-api-key");
    EXPECT_EQ(header(response, "vary"), "Origin");
    EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
    EXPECT_EQ(header(response, "ratelimit"), "(none)");
  }
  EXPECT_EQ(counters_.totals(), (std::array<int64_t, 4>{0, 0, 0, 0}));
  EXPECT_EQ(gateway_->answer({"OPTIONS", "/a1/prod/x", {}, ""}).status, 204);
  EXPECT_EQ(header(get(), "ratelimit"),
            R"("burst";r=2;t=1, "quota";r=99;t=43200)");
}

TEST_F(GatewayTest, Preflight_OfAnotherApiOrTarget_NeedsAKey) {
  start(with_page());
  for (const char* target : {"/a2/prod/x", "/A1/prod/x", "/a1/prod//x",
                             "/a1/prod/../x", "/a1/prod/x;y", "/a1", "*"}) {
    const HttpResponse response = gateway_->answer(
        {"OPTIONS",
         target,
         {{"origin", kPage}, {"access-control-request-method", "GET"}},
         ""});
    expect_forbidden(response);
    EXPECT_EQ(header(response, "access-control-allow-origin"), "(none)");
  }
  start();
  expect_forbidden(gateway_->answer({"OPTIONS", "/a1/prod/x", {}, ""}));
}

TEST_F(GatewayTest, OptionsWithAKey_IsARequestAsOthers) {
  start(with_page());
  const HttpResponse response = get("/a1/prod/x", kGold, "OPTIONS");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "ratelimit"),
            R"("burst";r=2;t=1, "quota";r=99;t=43200)");
  expect_forbidden(get("/a1/prod/x", "nobody's", "OPTIONS"));
}

TEST_F(GatewayTest, EveryAnswer_CanBeReadByPages) {
  start(with_page());
  patch("/quota/limit", "4");
  const auto ask = [&](const char* key, const char* origin) {
    return gateway_->answer(
        {"GET", "/a1/prod/x", {{"x-api-key", key}, {"origin", origin}}, ""});
  };
  const auto expect_readable = [](const HttpResponse& response, int status) {
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(header(response, "access-control-allow-origin"), kPage);
    EXPECT_EQ(header(response, "access-control-expose-headers"),
              "Retry-After, RateLimit, RateLimit-Policy, x-amzn-RequestId, "
              "x-amzn-ErrorType");
    EXPECT_EQ(header(response, "vary"), "Origin");
  };
  for (int i = 0; i < 3; ++i) expect_readable(ask(kGold, kPage), 200);
  expect_readable(ask(kGold, kPage), 429);
  expect_readable(ask("nobody's", kPage), 403);
  clock_->advance(kSecond);
  expect_readable(ask(kGold, kPage), 200);
  expect_readable(ask(kGold, kPage), 429);

  const HttpResponse other = ask(kGold, "https://evil.example");
  EXPECT_EQ(other.status, 429);
  EXPECT_EQ(header(other, "access-control-allow-origin"), "(none)");
  EXPECT_EQ(header(other, "access-control-expose-headers"), "(none)");
  EXPECT_EQ(header(other, "vary"), "Origin");
}

TEST_F(GatewayTest, Pages_AreShownTheHeadersInUse) {
  GatewayOptions options = with_page();
  const auto exposed = [&](HeaderFormat format) {
    options.headers.format = format;
    start(options);
    return header(
        gateway_->answer({"GET", "/a1/prod/x", {{"origin", kPage}}, ""}),
        "access-control-expose-headers");
  };
  EXPECT_EQ(exposed(HeaderFormat::kXRateLimitEpoch),
            "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, "
            "X-RateLimit-Reset, x-amzn-RequestId, x-amzn-ErrorType");
  EXPECT_EQ(exposed(HeaderFormat::kOff),
            "Retry-After, x-amzn-RequestId, x-amzn-ErrorType");
}

TEST_F(GatewayTest, SomebodyElsesRefusal_CanBeReadByPages) {
  start(with_page());
  HttpResponse response{429, {{"retry-after", "3"}}, ""};
  HttpRequest request{"GET", "/a1/prod/x", {{"origin", kPage}}, ""};
  gateway_->add_cors_headers(request, response);
  EXPECT_EQ(header(response, "access-control-allow-origin"), kPage);
  for (const char* target : {"", "/a2/prod/x"}) {
    response.headers.clear();
    request.target = target;
    gateway_->add_cors_headers(request, response);
    EXPECT_TRUE(response.headers.empty());
  }
}

TEST_F(GatewayTest, Outcomes_AreCounted) {
  admitted(5);
  get("/a1/prod/x", "nobody's");
  get("//");
  patch("/quota/limit", "1");
  clock_->advance(kSecond);
  get();
  EXPECT_EQ(counters_.totals(), (std::array<int64_t, 4>{3, 2, 1, 2}));
}

TEST_F(GatewayTest, RequestIds_AreNew) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) ids.insert(header(get(), "x-amzn-requestid"));
  EXPECT_EQ(ids.size(), 100u);
}

// While method throttles come and go, and the burst goes up and down, no more
// get through than there are tokens: time stands still.
TEST_F(GatewayTest, Concurrency_AdmitsNoneTooMany) {
  patch("/throttle/burstLimit", "40");
  constexpr int kThreads = 3;
  constexpr int kCalls = 1000;
  std::atomic<int> admitted{0};
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kCalls; ++j) {
        admitted += get(j % 2 == 0 ? "/a1/prod/x" : "/a1/prod/y").status == 200;
        EXPECT_EQ(get("/a1/new/x", kTin).status / 100, 4);
      }
      --running;
    });
  }
  v1::UsagePlan other;
  other.set_name("other");
  other.add_api_stages()->set_api_id("a1");
  other.mutable_api_stages(0)->set_stage("new");
  for (int i = 0; running > 0 || i < 20; ++i) {
    patch("/throttle/rateLimit", i % 2 == 0 ? "1000" : "1");
    const auto created = enforcer_->create_usage_plan(other);
    ASSERT_TRUE(created.ok());
    const auto operations = patch_operations_from_json(
        R"([{"op":"remove","path":"/apiStages","value":"a1:new"}])");
    ASSERT_TRUE(enforcer_->apply_patch(created->id(), *operations).ok());
    ASSERT_TRUE(enforcer_->delete_usage_plan(created->id()).ok());
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, 40);
  const auto totals = counters_.totals();
  EXPECT_EQ(totals[0], 40);
  EXPECT_EQ(totals[0] + totals[1] + totals[2] + totals[3],
            2 * kThreads * kCalls);
}

}  // namespace
}  // namespace weir
