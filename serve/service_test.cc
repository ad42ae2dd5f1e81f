#include "weir/serve/service.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/http_response.h"
#include "weir/http/headers.h"
#include "weir/http/message.h"
#include "weir/http/server_statistics.h"
#include "weir/management/authentication.h"
#include "weir/management/credentials.h"
#include "weir/management/testing/sign_request.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kStart = 1'772'600'000;
constexpr char kKey[] = "a-value-of-twenty-or-more-characters";

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(first_header(response.headers, name).value_or(""));
}

class ServiceTest : public ::testing::Test {
 protected:
  void start(ServiceOptions options = {}) {
    Options enforcer;
    enforcer.clock = clock_;
    service_.reset();
    enforcer_ = *Enforcer::create(enforcer);
    options.clock = clock_;
    service_ = *Service::create(enforcer_.get(), std::move(options));
  }

  static HttpRequest request(const std::string& method,
                             const std::string& target,
                             const std::string& body = "",
                             HttpHeaders headers = {}) {
    headers.emplace_back("host", "localhost");
    return {method, target, std::move(headers), body};
  }
  HttpResponse call(const std::string& method, const std::string& target,
                    const std::string& body = "", HttpHeaders headers = {}) {
    return service_->answer(request(method, target, body, std::move(headers)));
  }
  // A plan for a1:prod with a burst of one and one key.
  void create_plan() {
    const HttpResponse plan =
        call("POST", "/usageplans",
             R"({"id":"gold","name":"gold","apiStages":[{"apiId":"a1","stage":)"
             R"("prod"}],"throttle":{"rateLimit":0.1,"burstLimit":1}})");
    ASSERT_EQ(plan.status, 201) << plan.body;
    const HttpResponse key =
        call("POST", "/apikeys",
             absl::StrCat(R"({"enabled":true,"value":")", kKey, R"("})"));
    ASSERT_EQ(key.status, 201) << key.body;
    const std::string id = key.body.substr(7, key.body.find('"', 7) - 7);
    ASSERT_EQ(
        call("POST", "/usageplans/gold/keys",
             absl::StrCat(R"({"keyId":")", id, R"(","keyType":"API_KEY"})"))
            .status,
        201);
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kStart * kSecond);
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, PlansThatAreManagedAreEnforced) {
  start();
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}}).status,
            403);
  create_plan();
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}}).status,
            200);
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}}).status,
            429);
  // A method throttle holds as soon as the patch is answered.
  ASSERT_EQ(call("PATCH", "/usageplans/gold",
                 R"({"patchOperations":[{"op":"replace","path":)"
                 R"("/apiStages/a1:prod/throttle//pets/GET/burstLimit",)"
                 R"("value":"1"}]})")
                .status,
            200);
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}}).status,
            200);
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}}).status,
            429);
  EXPECT_EQ(service_
                ->answer_gateway(
                    request("GET", "/usageplans", "", {{"x-api-key", kKey}}))
                .status,
            403)
      << "the gateway alone";
}

// Which status each method has, by its name, wherever the service listens.
TEST_F(ServiceTest, EachMethodHasItsAnswerEverywhere) {
  ServiceOptions options;
  ASSERT_TRUE(options.gateway.cors.allow("a1", "https://example.com").ok());
  start(std::move(options));
  create_plan();
  ASSERT_EQ(call("PATCH", "/usageplans/gold",
                 R"({"patchOperations":[{"op":"replace","path":)"
                 R"("/throttle/burstLimit","value":"1000"}]})")
                .status,
            200);
  const std::vector<const char*> methods = {
      "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};
  const struct {
    const char* target;
    std::vector<int> statuses;  // by method
  } kCases[] = {
      {"/healthz", {200, 200, 404, 404, 404, 404, 404, 404}},
      {"/metrics", {200, 200, 404, 404, 404, 404, 404, 404}},
      {"/", {200, 200, 405, 405, 405, 405, 405, 405}},
      {"/-/refused-keys", {200, 200, 405, 405, 405, 405, 405, 405}},
      {"/-/nothing", {404, 404, 404, 404, 404, 404, 404, 404}},
      {"/usageplans", {200, 200, 400, 405, 405, 405, 405, 405}},
      {"/usageplans/none", {404, 404, 405, 405, 404, 404, 405, 405}},
      {"/a1/prod/pets", {200, 200, 200, 200, 200, 200, 200, 403}},
      {"/-/authorize/a1/prod/pets", {200, 200, 200, 200, 200, 200, 200, 403}},
  };
  for (const auto& c : kCases) {
    for (size_t i = 0; i < methods.size(); ++i) {
      HttpRequest asked =
          request(methods[i], c.target, "", {{"x-api-key", kKey}});
      asked.peer_address = "127.0.0.1";
      EXPECT_EQ(service_->answer(asked).status, c.statuses[i])
          << methods[i] << " " << c.target;
    }
  }
  // What a browser asks before each of a page's requests.
  for (const char* method : methods) {
    const HttpResponse preflight =
        call("OPTIONS", "/a1/prod/pets", "",
             {{"origin", "https://example.com"},
              {"access-control-request-method", method}});
    EXPECT_EQ(preflight.status, 204) << method;
    EXPECT_EQ(header(preflight, "access-control-allow-origin"),
              "https://example.com");
    EXPECT_EQ(absl::StrContains(
                  header(preflight, "access-control-allow-methods"), method),
              std::string_view(method) != "TRACE");
  }
}

TEST_F(ServiceTest, RefusedKeysAreNamed) {
  start();
  create_plan();
  const HttpHeaders key = {{"x-api-key", kKey}};
  for (int i = 0; i < 4; ++i) call("GET", "/a1/prod/pets", "", key);
  call("GET", "/a1/dev", "", key);
  call("GET", "/a1/prod", "", {{"x-api-key", "unknown"}});
  HttpResponse response = call("GET", "/-/refused-keys");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_THAT(
      response.body,
      ::testing::MatchesRegex(
          R"(\{"since":"2026-03-04T04:53:20.000000Z",)"
          R"("until":"2026-03-04T04:53:20.000000Z",)"
          R"("throttled":3,"quota_exceeded":0,"forbidden":1,"unknown_key":1,)"
          R"("uncounted":0,"keys":\[\{"key_id":"[a-z0-9]+","key_name":null,)"
          R"("usage_plan_id":"gold","usage_plan_name":"gold","refused":4,)"
          R"("throttled":3,"quota_exceeded":0,"forbidden":1,"uncertain":0,)"
          R"("limit":"stage","api_id":"a1","stage":"dev",)"
          R"("last_time":"2026-03-04T04:53:20.000000Z"\}\]\})"));
  EXPECT_THAT(response.body, Not(HasSubstr(kKey)));
  // A refusal of another kind, and the key's new name.
  call("GET", "/a1/prod/pets", "", key);
  const std::string id =
      response.body.substr(response.body.find("\"key_id\":\"") + 10, 10);
  ASSERT_EQ(call("PATCH", "/apikeys/" + id,
                 R"({"patchOperations":[{"op":"replace","path":"/name",)"
                 R"("value":"mobile"},{"op":"replace","path":"/enabled",)"
                 R"("value":"false"}]})")
                .status,
            200);
  response = call("GET", "/-/refused-keys");
  EXPECT_THAT(response.body, HasSubstr(R"("limit":"throttle",)"));
  EXPECT_THAT(response.body, HasSubstr(R"("key_name":"mobile",)"));
  call("GET", "/a1/prod/pets", "", key);
  EXPECT_THAT(call("GET", "/-/refused-keys").body,
              HasSubstr(R"("limit":"disabled_key",)"));
  // Once it is deleted, its id is what remains.
  ASSERT_EQ(call("DELETE", "/apikeys/" + id).status, 202);
  EXPECT_THAT(
      call("GET", "/-/refused-keys?limit=1").body,
      HasSubstr(absl::StrCat(R"("key_id":")", id,
                             R"(","key_name":null,"usage_plan_id":null,)")));
  for (const char* limit : {"0", "101", "x", "", "-1", "%zz"}) {
    EXPECT_EQ(call("GET", absl::StrCat("/-/refused-keys?limit=", limit)).status,
              400)
        << limit;
  }
  EXPECT_EQ(call("POST", "/-/refused-keys").status, 405);
  EXPECT_EQ(service_->answer_gateway(request("GET", "/-/refused-keys")).status,
            403);
  EXPECT_THAT(call("GET", "/metrics").body,
              HasSubstr("\nweir_management_requests_total{"
                        "operation=\"GetRefusedKeys\",status=\"4xx\"} 7\n"));
}

// The ids of the keys that were deleted last are known; of the others nothing
// is, and no plan is taken for theirs.
TEST_F(ServiceTest, RefusedKeysThatAreForgottenHaveNoPlan) {
  start();
  create_plan();
  const std::string id = enforcer_->list_api_keys()->items[0].id();
  for (int i = 0; i < 2; ++i) {
    call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}});
  }
  ASSERT_TRUE(enforcer_->delete_api_key(id).ok());
  for (int i = 0; i < 1024; ++i) {
    const auto key = enforcer_->create_api_key(v1::ApiKey());
    ASSERT_TRUE(key.ok()) << key.status();
    ASSERT_TRUE(enforcer_->delete_api_key(key->id()).ok());
  }
  EXPECT_THAT(call("GET", "/-/refused-keys").body,
              HasSubstr(R"("key_id":null,"key_name":null,)"
                        R"("usage_plan_id":null,"usage_plan_name":null,)"
                        R"("refused":1,)"));
}

// Of a key's plans, the one of the stage that was called.
TEST_F(ServiceTest, RefusedKeysAreNamedWithTheirPlan) {
  start();
  create_plan();
  const std::string id = enforcer_->list_api_keys()->items[0].id();
  const auto plan_of = [&](const std::string& target) {
    for (int i = 0; i < 2; ++i) call("GET", target, "", {{"x-api-key", kKey}});
    const std::string body = call("GET", "/-/refused-keys").body;
    const size_t at = body.find(R"("usage_plan_id":)") + 16;
    return body.substr(at, body.find(',', at) - at);
  };
  EXPECT_EQ(plan_of("/a2/prod"), R"("gold")") << "it has no other";
  for (const std::string api : {"a1", "a2"}) {
    ASSERT_EQ(
        call("POST", "/usageplans",
             absl::StrCat(R"({"id":"silver-)", api,
                          R"(","name":"silver","apiStages":[{"apiId":")", api,
                          R"(","stage":"dev"}],"throttle":)"
                          R"({"rateLimit":0.1,"burstLimit":1}})"))
            .status,
        201);
    ASSERT_EQ(
        call("POST", absl::StrCat("/usageplans/silver-", api, "/keys"),
             absl::StrCat(R"({"keyId":")", id, R"(","keyType":"API_KEY"})"))
            .status,
        201);
  }
  EXPECT_EQ(plan_of("/a2/dev"), R"("silver-a2")");
  EXPECT_EQ(plan_of("/a1/dev"), R"("silver-a1")");
  EXPECT_EQ(plan_of("/a1/prod"), R"("gold")");
  EXPECT_EQ(plan_of("/a2/prod"), "null") << "any of the three";
}

TEST_F(ServiceTest, RefusedKeysAreForThoseWhoMayRead) {
  Credentials credentials;
  ASSERT_TRUE(credentials.add({"READER", "secret", "", true}).ok());
  ServiceOptions options;
  options.authentication =
      std::make_shared<Authentication>(std::move(credentials), clock_.get());
  start(std::move(options));
  EXPECT_EQ(call("GET", "/-/refused-keys").status, 401);
  const auto signed_by = [&](const Credential& credential) {
    return service_->answer(
        *signed_request(request("GET", "/-/refused-keys?limit=5"), credential,
                        "eu-west-1", kStart));
  };
  EXPECT_EQ(signed_by({"READER", "secret", "", true}).status, 200);
  EXPECT_EQ(signed_by({"READER", "other", "", true}).status, 401);
}

TEST_F(ServiceTest, EverythingIsCounted) {
  ServiceOptions options;
  options.version = "7.7";
  options.http = [] {
    HttpServerStatistics statistics;
    statistics.connections = 42;
    return statistics;
  };
  start(std::move(options));
  create_plan();
  call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}});
  call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}});
  call("GET", "/usageplans/none");
  const HttpResponse metrics = call("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200);
  EXPECT_THAT(header(metrics, "content-type"), HasSubstr("version=0.0.4"));
  for (const char* line :
       {"weir_requests_total{outcome=\"admitted\"} 1\n",
        "weir_requests_total{outcome=\"throttled\"} 1\n",
        "weir_management_requests_total{operation=\"CreateUsagePlan\","
        "status=\"2xx\"} 1\n",
        "weir_management_requests_total{operation=\"GetUsagePlan\","
        "status=\"4xx\"} 1\n",
        "weir_usage_plans 1\n", "weir_http_connections 42\n",
        "weir_build_info{version=\"7.7\"} 1\n"}) {
    EXPECT_THAT(metrics.body, HasSubstr(line));
  }
  EXPECT_THAT(metrics.body, Not(HasSubstr(kKey)));
}

TEST_F(ServiceTest, CredentialsAreForManagementAlone) {
  const Credential writer{"WRITER", "writers-secret", "", false};
  const Credential reader{"READER", "readers-secret", "", true};
  Credentials credentials;
  ASSERT_TRUE(credentials.add(writer).ok());
  ASSERT_TRUE(credentials.add(reader).ok());
  ServiceOptions options;
  options.authentication =
      std::make_unique<Authentication>(std::move(credentials), clock_.get());
  start(std::move(options));
  const auto signed_by = [&](const Credential& credential,
                             const std::string& method) {
    return service_->answer(
        *signed_request(request(method, "/usageplans", R"({"name":"gold"})"),
                        credential, "us-east-1", kStart));
  };
  const HttpResponse unsigned_call = call("GET", "/usageplans");
  EXPECT_EQ(unsigned_call.status, 401);
  EXPECT_EQ(header(unsigned_call, "x-amzn-errortype"), "UnauthorizedException");
  EXPECT_NE(header(unsigned_call, "x-amzn-requestid"), "");
  const HttpResponse forbidden = signed_by(reader, "POST");
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(header(forbidden, "x-amzn-errortype"), "AccessDeniedException");
  EXPECT_EQ(enforcer_->statistics().usage_plans, 0u);
  EXPECT_EQ(signed_by(writer, "POST").status, 201);
  EXPECT_EQ(signed_by(reader, "GET").status, 200);
  for (const char* open : {"/healthz", "/metrics", "/"}) {
    EXPECT_EQ(call("GET", open).status, 200) << open;
  }
  EXPECT_EQ(call("GET", "/a1/prod/pets").status, 403);
}

TEST_F(ServiceTest, WhoMayNotSeeValuesSeesNone) {
  start();
  create_plan();
  const std::string id = enforcer_->list_api_keys()->items[0].id();
  const Credential viewer{"VIEWER", "secret", "", true, "", true};
  const Credential reader{"READER", "secret", "", true};
  Credentials credentials;
  ASSERT_TRUE(credentials.add(viewer).ok());
  ASSERT_TRUE(credentials.add(reader).ok());
  ServiceOptions options;
  options.clock = clock_;
  options.authentication =
      std::make_shared<Authentication>(std::move(credentials), clock_.get());
  service_ = *Service::create(enforcer_.get(), std::move(options));
  const auto get = [&](const Credential& credential,
                       const std::string& target) {
    return service_->answer(*signed_request(request("GET", target), credential,
                                            "us-east-1", kStart));
  };
  for (const std::string& target :
       {std::string("/apikeys?includeValues=true"),
        absl::StrCat("/apikeys/", id, "?includeValue=true"),
        absl::StrCat("/apikeys/", id, "?includeValue=%74rue")}) {
    const HttpResponse refused = get(viewer, target);
    EXPECT_EQ(refused.status, 403) << target;
    EXPECT_EQ(header(refused, "x-amzn-errortype"), "AccessDeniedException");
    EXPECT_THAT(refused.body, Not(HasSubstr(kKey)));
    EXPECT_THAT(get(reader, target).body, HasSubstr(kKey)) << target;
  }
  for (const std::string& target :
       {std::string("/apikeys"), absl::StrCat("/apikeys/", id),
        std::string("/apikeys?includeValues=false"),
        std::string("/usageplans/gold/keys"),
        absl::StrCat("/usageplans/gold/keys/", id), std::string("/usageplans"),
        std::string("/-/refused-keys")}) {
    const HttpResponse response = get(viewer, target);
    EXPECT_EQ(response.status, 200) << target;
    EXPECT_THAT(response.body, Not(HasSubstr(kKey))) << target;
  }
  EXPECT_THAT(get(reader, absl::StrCat("/usageplans/gold/keys/", id)).body,
              HasSubstr(kKey));
  EXPECT_EQ(service_
                ->answer(*signed_request(request("POST", "/apikeys", "{}"),
                                         viewer, "us-east-1", kStart))
                .status,
            403);
}

TEST_F(ServiceTest, APatchOfTooManyOperationsIsABadRequest) {
  start();
  create_plan();
  std::string operations;
  for (int i = 0; i <= 10'000; ++i) {
    absl::StrAppend(&operations, i == 0 ? "" : ",",
                    R"({"op":"replace","path":"/name","value":"n"})");
  }
  const HttpResponse refused =
      call("PATCH", "/usageplans/gold",
           absl::StrCat(R"({"patchOperations":[)", operations, "]}"));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(header(refused, "x-amzn-errortype"), "BadRequestException");
  EXPECT_THAT(refused.body, HasSubstr("10001 operations"));
}

TEST_F(ServiceTest, RefusalsOfTheServersAreShown) {
  ServiceOptions options;
  options.http = [] {
    HttpServerStatistics statistics;
    statistics.connections_displaced = 5;
    statistics.refused = {1, 0, 0, 4, 0, 0, 0, 8};
    return statistics;
  };
  start(std::move(options));
  const std::string metrics = call("GET", "/metrics").body;
  for (const char* line : {"weir_http_displaced_total 5\n",
                           "weir_http_refused_total{reason=\"malformed\"} 1\n",
                           "weir_http_refused_total{reason=\"timeout\"} 4\n",
                           "weir_http_refused_total{reason=\"handshake\"} 8\n",
                           "weir_http_refused_total{reason=\"requests\"} 0\n",
                           "weir_stalled_call_seconds 0\n"}) {
    EXPECT_THAT(metrics, HasSubstr(line));
  }
}

TEST_F(ServiceTest, IsUnwellWhenTheControlPlaneIsStuck) {
  ServiceOptions options;
  options.max_stalled_call = absl::ZeroDuration();
  start(std::move(options));
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      (void)enforcer_->import_api_keys(std::vector<v1::ApiKey>(1'000));
    }
  });
  HttpResponse health;
  do {
    health = call("GET", "/healthz");
  } while (health.status == 200);
  stop = true;
  busy.join();
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(
      health.body,
      HasSubstr("import_api_keys() has made no progress for 0 seconds"));
  EXPECT_EQ(header(health, "x-amzn-errortype"), "ServiceUnavailableException");
  EXPECT_EQ(header(health, "retry-after"), "1");
  EXPECT_EQ(call("GET", "/healthz").status, 200);
}

// Whatever the time of day becomes.
TEST_F(ServiceTest, TheTimeOfDayMakesNobodyUnwell) {
  ServiceOptions options;
  options.max_sync_age = absl::Seconds(60);
  start(std::move(options));
  for (const int64_t seconds : {86'400, -200'000}) {
    clock_->step_wall_clock(seconds * kSecond);
    EXPECT_EQ(call("GET", "/healthz").status, 200);
  }
}

TEST_F(ServiceTest, IsUnwellWhenCountsDoNotReachTheStore) {
  ServiceOptions options;
  options.max_sync_age = absl::Seconds(60);
  start(std::move(options));
  EXPECT_EQ(call("GET", "/healthz").status, 200);
  clock_->advance(60 * kSecond);
  EXPECT_EQ(call("HEAD", "/healthz").status, 200);
  clock_->advance(kSecond);
  const HttpResponse health = call("GET", "/healthz");
  EXPECT_EQ(health.status, 503);
  EXPECT_THAT(health.body, HasSubstr("61 seconds ago"));
  EXPECT_EQ(header(health, "retry-after"), "1");
}

// Of what a proxy on this machine asks, and one that is not trusted.
TEST_F(ServiceTest, ProxiesAsk) {
  for (const bool beside : {true, false}) {
    ServiceOptions options;
    options.gateway_beside_management = beside;
    start(std::move(options));
    create_plan();
    HttpRequest asked = request("GET", "/-/authorize/a1/prod?deny=403", "",
                                {{"x-api-key", kKey},
                                 {"x-original-method", "POST"},
                                 {"x-original-uri", "/pets"}});
    asked.peer_address = "127.0.0.1";
    const HttpResponse admitted = service_->answer(asked);
    EXPECT_EQ(admitted.status, 200);
    EXPECT_EQ(admitted.body, "");
    const HttpResponse refused = service_->answer_gateway(asked);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(header(refused, "x-weir-status"), "429");
    asked.peer_address = "10.1.2.3";
    EXPECT_EQ(header(service_->answer(asked), "x-weir-status"), "403");
    EXPECT_EQ(header(service_->answer_gateway(asked), "x-weir-status"), "403");
    const std::string metrics = call("GET", "/metrics").body;
    for (const char* line :
         {"weir_requests_total{outcome=\"admitted\"} 1\n",
          "weir_requests_total{outcome=\"throttled\"} 1\n",
          "weir_authorize_rejected_total{reason=\"untrusted_peer\"} 2\n",
          "weir_authorize_rejected_total{reason=\"bad_request\"} 0\n"}) {
      EXPECT_THAT(metrics, HasSubstr(line));
    }
    EXPECT_EQ(call("GET", "/-/authorize").status, 404);
  }
}

// What never blocks is answered from the head.
TEST_F(ServiceTest, KnowsWhichRequestsNeedTheirBodies) {
  start();
  const auto treated = [&](const std::string& target) {
    const HttpTreatment treatment = service_->treat(request("POST", target));
    return std::make_pair(treatment.request_class, treatment.from_head);
  };
  const auto gateway = std::make_pair(HttpRequestClass::kGateway, true);
  const auto health = std::make_pair(HttpRequestClass::kHealth, true);
  const auto file = std::make_pair(HttpRequestClass::kManagement, true);
  const auto whole = std::make_pair(HttpRequestClass::kManagement, false);
  EXPECT_EQ(treated("/a1/prod/pets?x"), gateway);
  EXPECT_EQ(treated("/-/authorize/a1/prod"), gateway);
  EXPECT_EQ(treated("/healthz?x"), health);
  EXPECT_EQ(treated("/metrics"), health);
  EXPECT_EQ(treated("/"), file);
  EXPECT_EQ(treated("/restapis"), whole);
  EXPECT_EQ(treated("/usageplans"), whole);
  EXPECT_EQ(treated("/-/refused-keys?limit=5"), whole);
  HttpRequest elsewhere = request("POST", "/usageplans");
  elsewhere.headers = {{"host", "attacker.example"}};
  EXPECT_TRUE(service_->treat(elsewhere).from_head);
  EXPECT_EQ(
      service_->treat_gateway(request("POST", "/usageplans")).request_class,
      HttpRequestClass::kGateway);
}

TEST_F(ServiceTest, ReadsNoBodiesOfStrangers) {
  Credentials credentials;
  const Credential known = {"KNOWN", "secret", "", false};
  ASSERT_TRUE(credentials.add(known).ok());
  ServiceOptions options;
  options.authentication =
      std::make_shared<Authentication>(std::move(credentials), clock_.get());
  start(std::move(options));
  const HttpRequest plan = request("POST", "/usageplans", R"({"name":"gold"})");
  const int64_t now = kStart;
  // Of the head alone, as a server has it.
  const auto is_read = [&](const Credential& credential, int64_t at) {
    HttpRequest head = *signed_request(plan, credential, "us-east-1", at);
    head.body.clear();
    const HttpTreatment treatment = service_->treat(head);
    EXPECT_EQ(treatment.request_class, HttpRequestClass::kManagement);
    return !treatment.from_head;
  };
  EXPECT_TRUE(is_read(known, now));
  EXPECT_FALSE(is_read({"UNKNOWN", "secret", "", false}, now));
  EXPECT_FALSE(is_read(known, now - 301));
  EXPECT_FALSE(is_read(known, now + 301));
  EXPECT_TRUE(service_->treat(plan).from_head) << "not signed";
  EXPECT_EQ(service_->answer(plan).status, 401);
}

TEST_F(ServiceTest, PagesOfOtherOriginsMayUseAnApi) {
  const auto allowed = [&](const char* target) {
    const HttpResponse response =
        call("GET", target, "", {{"origin", "https://www.example.com"}});
    return header(response, "access-control-allow-origin");
  };
  ServiceOptions options;
  ASSERT_TRUE(options.gateway.cors.allow("a1", "https://www.example.com").ok());
  start(std::move(options));
  EXPECT_EQ(allowed("/a1/prod/pets"), "https://www.example.com");
  EXPECT_EQ(allowed("/a2/prod/pets"), "");
  EXPECT_EQ(allowed("/usageplans"), "");
}

TEST_F(ServiceTest, TheGatewayTellsItsClientsWhatItIsTo) {
  ServiceOptions options;
  options.gateway.headers = HeaderFormat::kXRateLimitDelta;
  options.gateway.headers.max_retry_after = 7;
  start(std::move(options));
  create_plan();
  const HttpHeaders key = {{"x-api-key", kKey}};
  EXPECT_EQ(call("GET", "/a1/prod/pets", "", key).status, 200);
  const HttpResponse refused = call("GET", "/a1/prod/pets", "", key);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(header(refused, "retry-after"), "7");  // of 10
  EXPECT_EQ(header(refused, "x-ratelimit-reset"), "7");
}

// Not before the limit changes: midnight makes no difference.
TEST_F(ServiceTest, ASuspendedPlanNamesNoTimeToComeBack) {
  start();
  create_plan();
  ASSERT_EQ(call("PATCH", "/usageplans/gold",
                 R"({"patchOperations":[{"op":"add","path":"/quota/limit",)"
                 R"("value":"0"},{"op":"add","path":"/quota/period",)"
                 R"("value":"DAY"}]})")
                .status,
            200);
  for (int day = 0; day < 2; ++day) {
    const HttpResponse refused =
        call("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}});
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(header(refused, "x-amzn-errortype"), "LimitExceededException");
    EXPECT_EQ(header(refused, "retry-after"), "");
    EXPECT_THAT(
        header(refused, "ratelimit"),
        AllOf(HasSubstr("\"quota\";r=0"), Not(HasSubstr("\"quota\";r=0;t"))));
    clock_->advance(86'400 * kSecond);
  }
}

// Neither 403 nor the gateway's, whoever asks.
TEST_F(ServiceTest, OtherPathsOfApiGatewayAreNotTheGateways) {
  start();
  create_plan();
  for (const char* target : {"/restapis", "/account", "/v2/apis", "/sdktypes/x",
                             "/healthz/x", "/metrics/prod/x", "/-/x"}) {
    const HttpResponse response =
        call("GET", target, "", {{"x-api-key", kKey}});
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(header(response, "x-amzn-errortype"), "NotFoundException");
    EXPECT_THAT(response.body, HasSubstr(R"({"message":"No such resource)"));
  }
  EXPECT_EQ(call("POST", "/metrics").status, 404);
  EXPECT_EQ(call("GET", "/a2/prod").status, 403);
  const std::string metrics = call("GET", "/metrics").body;
  EXPECT_THAT(metrics,
              HasSubstr("weir_requests_total{outcome=\"forbidden\"} 1\n"));
  EXPECT_THAT(metrics,
              HasSubstr("weir_management_requests_total{operation=\"Unknown\","
                        "status=\"4xx\"} 4\n"));
}

TEST_F(ServiceTest, PlansForWhatNoRequestCanReachAreRefused) {
  const auto plan_for = [](const std::string& api) {
    return absl::StrCat(R"({"name":"p","apiStages":[{"apiId":")", api,
                        R"(","stage":"prod"}]})");
  };
  const auto add = [](const std::string& api) {
    return absl::StrCat(
        R"({"patchOperations":[{"op":"add","path":"/apiStages","value":")", api,
        R"(:prod"}]})");
  };
  start();
  create_plan();
  for (const char* api : {"metrics", "healthz", "tags", "usageplans", "apikeys",
                          "-", "restapis", "account", "vpclinks"}) {
    const HttpResponse created = call("POST", "/usageplans", plan_for(api));
    EXPECT_EQ(created.status, 400) << api;
    EXPECT_EQ(header(created, "x-amzn-errortype"), "BadRequestException");
    EXPECT_THAT(created.body, HasSubstr(absl::StrCat("\\\"", api, "\\\"")));
    EXPECT_EQ(call("PATCH", "/usageplans/gold", add(api)).status, 400) << api;
  }
  EXPECT_EQ(enforcer_->statistics().usage_plans, 1u);
  for (const char* api : {"v2", "metrics2", "Metrics"}) {
    EXPECT_EQ(call("PATCH", "/usageplans/gold", add(api)).status, 200) << api;
  }

  ServiceOptions options;
  options.gateway_beside_management = false;
  start(std::move(options));
  EXPECT_EQ(call("POST", "/usageplans", plan_for("metrics")).status, 201);
  EXPECT_TRUE(service_->unreachable_stages().empty());
}

TEST_F(ServiceTest, PlansThatNoRequestCanReachMayBeThereAlready) {
  start();
  v1::UsagePlan plan;
  plan.set_id("old");
  plan.set_name("old");
  plan.add_api_stages()->set_api_id("metrics");
  plan.mutable_api_stages(0)->set_stage("prod");
  service_.reset();
  ASSERT_TRUE(enforcer_->create_usage_plan(plan).ok());
  service_ = *Service::create(enforcer_.get(), {});
  EXPECT_EQ(service_->unreachable_stages().size(), 1u);
  EXPECT_EQ(call("PATCH", "/usageplans/old",
                 R"({"patchOperations":[{"op":"replace","path":"/name",)"
                 R"("value":"new"}]})")
                .status,
            200);
  EXPECT_EQ(call("PATCH", "/usageplans/old",
                 R"({"patchOperations":[{"op":"remove","path":"/apiStages",)"
                 R"("value":"metrics:prod"}]})")
                .status,
            200);
  EXPECT_TRUE(service_->unreachable_stages().empty());
}

// The program that embeds the service changes plans itself.
TEST_F(ServiceTest, ChangesBesideTheServiceHoldAtOnce) {
  start();
  create_plan();
  const auto patch = [&](const char* operations) {
    return enforcer_
        ->apply_patch("gold", *patch_operations_from_json(operations))
        .status();
  };
  const auto get = [&](const char* target) {
    return call("GET", target, "", {{"x-api-key", kKey}}).status;
  };
  EXPECT_EQ(get("/a1/new/x"), 403);
  ASSERT_TRUE(patch(R"([
      {"op":"add","path":"/apiStages","value":"a1:new"},
      {"op":"add","path":"/apiStages/a1:new/throttle/closed/GET/burstLimit",
       "value":"0"}])")
                  .ok());
  EXPECT_EQ(get("/a1/new/closed"), 429);
  EXPECT_EQ(get("/a1/new/x"), 200);
  ASSERT_TRUE(patch(R"([
      {"op":"remove","path":"/apiStages","value":"a1:new"}])")
                  .ok());
  EXPECT_EQ(get("/a1/new/x"), 403);
  // What the service could not serve is refused, whoever asks.
  EXPECT_TRUE(absl::IsInvalidArgument(patch(R"([
      {"op":"add","path":"/apiStages","value":"metrics:prod"}])")));
  EXPECT_TRUE(absl::IsInvalidArgument(patch(R"([
      {"op":"add","path":"/apiStages/a1:prod/throttle/{a}/GET/rateLimit",
       "value":"1"},
      {"op":"add","path":"/apiStages/a1:prod/throttle/{b}/GET/rateLimit",
       "value":"1"}])")));
}

TEST_F(ServiceTest, TheGatewayCanBeElsewhere) {
  ServiceOptions options;
  options.gateway_beside_management = false;
  start(std::move(options));
  create_plan();
  const HttpRequest wanted =
      request("GET", "/a1/prod/pets", "", {{"x-api-key", kKey}});
  EXPECT_EQ(service_->answer(wanted).status, 404);
  EXPECT_EQ(service_->answer_gateway(wanted).status, 200);
  // What there is not takes no place of the gateway's.
  EXPECT_EQ(service_->treat(wanted).request_class,
            HttpRequestClass::kManagement);
  EXPECT_TRUE(service_->treat(wanted).from_head);
  EXPECT_EQ(service_->treat_gateway(wanted).request_class,
            HttpRequestClass::kGateway);
}

}  // namespace
}  // namespace weir
