#include "weir/gateway/authorizer.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/gateway.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/trusted_peers.h"
#include "weir/http/message.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"

namespace weir {
namespace {

constexpr char kKey[] = "gold-0123456789abcdef";
constexpr char kPage[] = "https://www.example.com";
constexpr char kStage[] = "/-/authorize/shop/prod";
// 2026-09-13T12:00:00Z
constexpr int64_t kNoon = 1'789'300'800'000'000'000;

// Three requests of GET /pets/{id}, one of POST /pets, twenty of others.
constexpr char kPlan[] = R"({
  "id": "p1", "name": "basic",
  "apiStages": [{"apiId": "shop", "stage": "prod", "throttle": {
    "/pets/{id}/GET": {"burstLimit": 3, "rateLimit": 0.5},
    "/pets/POST": {"burstLimit": 1, "rateLimit": 0.01}}}],
  "throttle": {"burstLimit": 20, "rateLimit": 1},
  "quota": {"limit": 100, "offset": 0, "period": "DAY"}})";

// Keeps what it is told, as a line.
class Recorder : public RequestObserver {
 public:
  void observe(const AnsweredRequest& request) noexcept override {
    told.push_back(absl::StrCat(std::string(request.method), " ",
                                std::string(request.target), " ",
                                request.stage_target.has_value()
                                    ? std::string(request.stage_target->stage)
                                    : "none",
                                " ", std::string(request.method_key), " ",
                                request.cost, " ", request.status));
  }
  std::vector<std::string> told;
};

class AuthorizerTest : public testing::Test {
 protected:
  AuthorizerTest() {
    Options options;
    options.clock = clock_;
    enforcer_ = *Enforcer::create(std::move(options));
    EXPECT_TRUE(
        enforcer_->create_usage_plan(*usage_plan_from_json(kPlan)).ok());
    v1::ApiKey key;
    key.set_id("gold");
    key.set_value(kKey);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key("p1", "gold").ok());
    routes_ = std::make_unique<LiveRoutes>(enforcer_.get());
    EXPECT_TRUE(routes_->follow().ok());
    GatewayOptions gateway;
    EXPECT_TRUE(gateway.cors.allow("shop", kPage).ok());
    gateway.observer = &all_;
    gateway.clock = clock_.get();
    gateway_ = std::make_unique<Gateway>(enforcer_.get(), routes_.get(),
                                         &counters_, gateway);
    authorizer_ =
        std::make_unique<Authorizer>(gateway_.get(), TrustedPeers::loopback());
  }

  HttpResponse ask(HttpHeaders headers, const std::string& target = kStage,
                   const std::string& method = "GET",
                   const std::string& peer = "127.0.0.1") {
    headers.emplace_back("x-api-key", kKey);
    return authorizer_->answer({method, target, std::move(headers), "", peer});
  }

  // What was told last.
  std::string last() { return all_.told.empty() ? "" : all_.told.back(); }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kNoon);
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<LiveRoutes> routes_;
  RequestCounters counters_;
  Recorder all_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Authorizer> authorizer_;
};

HttpHeaders forwarded(const char* method, const char* uri) {
  return {{"x-forwarded-method", method}, {"x-forwarded-uri", uri}};
}

HttpHeaders original(const char* method, const char* uri) {
  return {{"x-original-method", method}, {"x-original-uri", uri}};
}

HttpHeaders operator+(HttpHeaders left, const HttpHeaders& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

std::string header(const HttpResponse& response, const std::string& name) {
  std::string found = "(none)";
  for (const auto& [own_name, value] : response.headers) {
    if (own_name != name) continue;
    EXPECT_EQ(found, "(none)") << name << " twice";
    found = value;
  }
  return found;
}

TEST_F(AuthorizerTest, ServesItsOwnPathsAlone) {
  for (const char* target :
       {"/-/authorize/", "/-/authorize/shop", "/-/authorize/shop/prod",
        "/-/authorize/shop/prod/x?y", "/-/authorize/?x"}) {
    EXPECT_TRUE(Authorizer::serves(target)) << target;
  }
  for (const char* target :
       {"", "/", "/-/authorize", "/-/authorize?/x", "/-/authorizer/shop/prod",
        "/-/Authorize/shop/prod", "/shop/prod/-/authorize/", "//-/authorize/x",
        "/%2D/authorize/shop/prod", "/-/authorize%2Fshop/prod"}) {
    EXPECT_FALSE(Authorizer::serves(target)) << target;
  }
}

TEST_F(AuthorizerTest, Admitted_Is200WithoutABody) {
  for (const HttpHeaders& headers :
       {forwarded("GET", "/x?a=b"), original("GET", "/x?a=b")}) {
    const HttpResponse response = ask(headers);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header(response, "content-type"), "(none)");
    EXPECT_EQ(header(response, "x-amzn-errortype"), "(none)");
    EXPECT_EQ(header(response, "x-weir-status"), "(none)");
    EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
    EXPECT_EQ(last(), "GET /shop/prod/x?a=b shop/prod  1 200");
  }
  EXPECT_EQ(header(ask({}, "/-/authorize/shop/prod/x"), "ratelimit"),
            R"("burst";r=17;t=1, "quota";r=97;t=43200)");
  EXPECT_EQ(counters_.totals(), (std::array<int64_t, 4>{3, 0, 0, 0}));
}

TEST_F(AuthorizerTest, ProxiesSayMethodAndPath) {
  for (const auto& headers :
       {forwarded("GET", "/pets/7"), original("GET", "/p%65ts/8/?x#")}) {
    ask(headers, kStage, "HEAD");
  }
  EXPECT_EQ(all_.told, (std::vector<std::string>{
                           "GET /shop/prod/pets/7 shop/prod /pets/{id}/GET 1 "
                           "200",
                           "GET /shop/prod/p%65ts/8/?x# none  1 403"}));
  ask(original("GET", "/p%65ts/8/?x"));
  ask(original("GET", "/pets/9"), "/-/authorize/sh%6Fp/prod");
  const HttpResponse response = ask(forwarded("GET", "/pets/1"));
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, R"({"message":"Too Many Requests"})");
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_EQ(header(response, "x-amzn-errortype"), "TooManyRequestsException");
  EXPECT_EQ(header(response, "retry-after"), "2");
  // Others have their own limits.
  EXPECT_EQ(ask(forwarded("POST", "/pets")).status, 200);
  EXPECT_EQ(ask(original("POST", "/pets")).status, 429);
  EXPECT_EQ(ask(original("GET", "/pets")).status, 200);
}

TEST_F(AuthorizerTest, EachMethodOfAnApi_ByHeadersAndByItself) {
  for (const char* method :
       {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"}) {
    EXPECT_EQ(ask(forwarded(method, "/x"), kStage, "POST").status, 200);
    EXPECT_EQ(last(), absl::StrCat(method, " /shop/prod/x shop/prod  1 200"));
    EXPECT_EQ(ask(original(method, "/x"), kStage, "POST").status, 200);
    EXPECT_EQ(last(), absl::StrCat(method, " /shop/prod/x shop/prod  1 200"));
    clock_->advance(2'000'000'000);
    EXPECT_EQ(ask({}, absl::StrCat(kStage, "/x"), method).status, 200);
    EXPECT_EQ(last(), absl::StrCat(method, " /shop/prod/x shop/prod  1 200"));
    clock_->advance(2'000'000'000);
  }
  for (const char* method : {"TRACE", "CONNECT", "ANY", "get", "GET,PUT"}) {
    EXPECT_EQ(ask(forwarded(method, "/x")).status, 403) << method;
    EXPECT_EQ(ask(original(method, "/x")).status, 403) << method;
    EXPECT_EQ(ask({}, absl::StrCat(kStage, "/x"), method).status, 403);
  }
}

TEST_F(AuthorizerTest, WithoutHeaders_TheRequestItselfIsMeant) {
  ask({}, "/-/authorize/shop/prod/pets/7?deny=403", "GET");
  EXPECT_EQ(last(),
            "GET /shop/prod/pets/7?deny=403 shop/prod /pets/{id}/GET 1 200");
  ask({}, "/-/authorize/shop/prod/pets", "POST");
  EXPECT_EQ(last(), "POST /shop/prod/pets shop/prod /pets/POST 1 200");
  ask({}, "/-/authorize/shop/prod/", "DELETE");
  EXPECT_EQ(last(), "DELETE /shop/prod/ shop/prod  1 200");
  ask({}, "/-/authorize/shop/prod?deny=403&x");
  EXPECT_EQ(last(), "GET /shop/prod shop/prod  1 200");
  // The query is the client's there.
  const HttpResponse response =
      ask({}, "/-/authorize/shop/prod/pets?deny=403", "POST");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(header(response, "x-weir-status"), "(none)");
}

TEST_F(AuthorizerTest, NoGoodTarget_IsForbidden) {
  for (const char* uri :
       {"x", "dev/x", "*", "http://h/x", "/x/../pets", "//x", "/x;y", "/x y",
        "/x%00", "/%zz", "/x#", "/a\\b", "/%2e%2e/x", "/x%2F..%2Fpets", "?x",
        "/x, /y", "\xC3\xA9"}) {
    for (const HttpHeaders& headers :
         {forwarded("GET", uri), original("GET", uri)}) {
      const HttpResponse response = ask(headers);
      EXPECT_EQ(response.status, 403) << uri;
      EXPECT_EQ(response.body, R"({"message":"Forbidden"})");
    }
  }
  for (const char* method : {"get", "TRACE", "GET, POST", "CONNECT", "G T"}) {
    EXPECT_EQ(ask(forwarded(method, "/x")).status, 403) << method;
  }
  for (const char* target :
       {"/-/authorize/shop/", "/-/authorize//prod", "/-/authorize/shop/prod//x",
        "/-/authorize/shop/../prod", "/-/authorize/shop/test",
        "/-/authorize/shop/pro;d"}) {
    EXPECT_EQ(ask({}, target).status, 403) << target;
  }
  // A client does not choose the stage.
  EXPECT_EQ(ask(forwarded("GET", "/prod/x"), "/-/authorize/shop/").status, 403);
  // Nothing was taken for them.
  EXPECT_EQ(header(ask(forwarded("GET", "/x")), "ratelimit"),
            R"("burst";r=19;t=1, "quota";r=99;t=43200)");
}

// Whoever is asked next may take the other one.
TEST_F(AuthorizerTest, ContradictoryHeaders_AreRefused) {
  const HttpHeaders other = {{"accept", "*/*"}};
  const std::vector<std::pair<HttpHeaders, const char*>> cases = {
      {forwarded("GET", "/x") + original("GET", "/x"), kStage},
      {original("POST", "/x") + forwarded("GET", "/y"), kStage},
      {original("GET", "/x") + HttpHeaders{{"x-forwarded-uri", "/x"}}, kStage},
      {forwarded("GET", "/x") + HttpHeaders{{"x-original-method", ""}}, kStage},
      {{{"x-forwarded-uri", "/x"}}, kStage},
      {{{"x-forwarded-method", "GET"}}, kStage},
      {{{"x-original-uri", "/x"}}, kStage},
      {{{"x-original-method", "GET"}}, kStage},
      {{{"x-original-method", "GET"}, {"x-forwarded-uri", "/x"}}, kStage},
      {forwarded("", "/x"), kStage},
      {original("GET", ""), kStage},
      {forwarded("GET", "/x") + other + forwarded("GET", "/x"), kStage},
      {original("GET", "/x") + HttpHeaders{{"x-original-uri", "/y"}}, kStage},
      {original("GET", "/x") + HttpHeaders{{"x-original-method", "PUT"}},
       kStage},
      {forwarded("GET", "/x"), "/-/authorize/shop/prod/"},
      {original("GET", "/x"), "/-/authorize/shop/prod/x"},
      {{{"x-original-uri", "/x"}}, "/-/authorize/shop/prod/x?y"},
      {forwarded("GET", "/prod/x"), "/-/authorize/shop"},
      {forwarded("GET", "/shop/prod/x"), "/-/authorize/"},
      {{{"accept", "*/*"}}, "/-/authorize/shop?/x/y"},
  };
  for (const auto& [headers, target] : cases) {
    SCOPED_TRACE(headers[0].first + headers[0].second + target);
    const HttpResponse response = ask(headers, target);
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(header(response, "x-amzn-errortype"), "BadRequestException");
    EXPECT_EQ(header(response, "x-amzn-requestid").size(), 36u);
    EXPECT_TRUE(absl::StrContains(response.body, "the proxy has to"));
  }
  EXPECT_EQ(authorizer_->rejections(),
            (std::array<int64_t, 2>{0, static_cast<int64_t>(cases.size())}));
  EXPECT_TRUE(all_.told.empty());
}

TEST_F(AuthorizerTest, OnlyTrustedPeersAreBelieved) {
  for (const char* peer : {"10.1.2.3", "", "::2", "128.0.0.1"}) {
    for (const HttpHeaders& headers :
         {forwarded("GET", "/x"), original("GET", "/x"), HttpHeaders(),
          HttpHeaders{{"x-weir-cost", "2"}}}) {
      const HttpResponse response = ask(headers, kStage, "GET", peer);
      EXPECT_EQ(response.status, 403) << peer;
      EXPECT_EQ(header(response, "x-amzn-errortype"), "AccessDeniedException");
      EXPECT_TRUE(absl::StrContains(response.body, "is not trusted"));
      EXPECT_TRUE(absl::StrContains(response.body, peer));
    }
  }
  EXPECT_EQ(authorizer_->rejections(), (std::array<int64_t, 2>{16, 0}));
  EXPECT_TRUE(all_.told.empty());
  EXPECT_EQ(ask({}, kStage, "GET", "::ffff:127.0.0.1").status, 200);

  TrustedPeers peers;
  ASSERT_TRUE(peers.add("10.0.0.0/8").ok());
  Authorizer other(gateway_.get(), peers);
  HttpRequest request = {"GET", kStage, {{"x-api-key", kKey}}, "", "10.1.2.3"};
  EXPECT_EQ(other.answer(request).status, 200);
  request.peer_address = "127.0.0.1";
  EXPECT_EQ(other.answer(request).status, 403);
  request.peer_address = "";
  request.over_unix_socket = true;
  EXPECT_EQ(other.answer(request).status, 200);
}

TEST_F(AuthorizerTest, Cost_IsTakenWhole) {
  const auto at_cost = [&](const char* cost) {
    return ask(forwarded("GET", "/x") + HttpHeaders{{"x-weir-cost", cost}});
  };
  EXPECT_EQ(header(at_cost("5"), "ratelimit"),
            R"("burst";r=15;t=1, "quota";r=95;t=43200)");
  EXPECT_EQ(last(), "GET /shop/prod/x shop/prod  5 200");
  EXPECT_EQ(at_cost("016").status, 429);
  EXPECT_EQ(at_cost("15").status, 200);
  const HttpResponse never = at_cost("2147483647");
  EXPECT_EQ(never.status, 429);
  EXPECT_EQ(header(never, "retry-after"), "(none)");
  for (const char* cost :
       {"", "0", "00", "-1", "+1", "1.0", "1e3", " 1", "1, 2", "0x10",
        "2147483648", "4294967297", "18446744073709551617", "one"}) {
    const HttpResponse response = at_cost(cost);
    EXPECT_EQ(response.status, 400) << cost;
    EXPECT_TRUE(absl::StrContains(response.body, "x-weir-cost")) << cost;
  }
  EXPECT_EQ(ask(HttpHeaders{{"x-weir-cost", "1"}, {"x-weir-cost", "9"}}).status,
            400);
}

TEST_F(AuthorizerTest, Deny403_CarriesTheAnswerInHeaders) {
  const std::string deny = absl::StrCat(kStage, "?deny=403");
  EXPECT_EQ(ask(original("POST", "/pets"), deny).status, 200);
  const HttpResponse throttled = ask(original("POST", "/pets"), deny);
  EXPECT_EQ(throttled.status, 403);
  EXPECT_EQ(throttled.body, "");
  EXPECT_EQ(header(throttled, "content-type"), "(none)");
  EXPECT_EQ(header(throttled, "x-weir-status"), "429");
  EXPECT_EQ(header(throttled, "x-weir-body"),
            R"({"message":"Too Many Requests"})");
  EXPECT_EQ(header(throttled, "retry-after"), "100");
  EXPECT_TRUE(
      absl::StartsWith(header(throttled, "ratelimit"), "\"burst\";r=0;t=100"));
  EXPECT_EQ(header(throttled, "x-amzn-errortype"), "TooManyRequestsException");
  // What was told is what the client gets.
  EXPECT_EQ(last(), "POST /shop/prod/pets shop/prod /pets/POST 1 429");

  const auto expect_denied = [](const HttpResponse& response,
                                const char* status) {
    EXPECT_EQ(response.status, 403);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header(response, "x-weir-status"), status);
    EXPECT_NE(header(response, "x-weir-body"), "");
  };
  expect_denied(ask(original("GET", "//"), deny), "403");
  expect_denied(ask({{"x-original-uri", "/"}}, deny), "400");
  expect_denied(ask({{"x-weir-cost", "0"}}, deny), "400");
  expect_denied(ask({}, deny, "GET", "10.1.1.1"), "403");
  for (const char* options :
       {"?deny=403&x", "?x&deny=403", "?x=1&deny=403&y"}) {
    expect_denied(ask({{"x-weir-cost", "0"}}, absl::StrCat(kStage, options)),
                  "400");
  }
  for (const char* other : {"?deny=429", "?deny", "?xdeny=403", "?deny=4033"}) {
    EXPECT_EQ(ask({{"x-weir-cost", "0"}}, absl::StrCat(kStage, other)).status,
              400);
  }
}

TEST_F(AuthorizerTest, OptionsWithoutAKey_MayPass_WhereAnApiHasOrigins) {
  const HttpHeaders preflight =
      forwarded("OPTIONS", "/pets") +
      HttpHeaders{{"origin", kPage}, {"access-control-request-method", "PUT"}};
  const HttpResponse response =
      authorizer_->answer({"GET", kStage, preflight, "", "127.0.0.1"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(header(response, "access-control-allow-origin"), kPage);
  EXPECT_TRUE(all_.told.empty());
  // Of another method, whatever the proxy's is.
  EXPECT_EQ(authorizer_
                ->answer({"OPTIONS", kStage, forwarded("GET", "/pets"), "",
                          "127.0.0.1"})
                .status,
            403);
  const HttpResponse refused = authorizer_->answer(
      {"GET", kStage,
       forwarded("GET", "/pets") + HttpHeaders{{"origin", kPage}}, "",
       "127.0.0.1"});
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(header(refused, "access-control-allow-origin"), kPage);
}

}  // namespace
}  // namespace weir
