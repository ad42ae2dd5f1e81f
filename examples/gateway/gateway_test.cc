#include "examples/gateway/gateway.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "enforcer/clock.h"
#include "enforcer/http_response.h"
#include "gtest/gtest.h"
#include "plan/plan_json.h"
#include "proto/api_key.pb.h"
#include "proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
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

v1::ApiKey api_key(const char* name, const char* value, bool enabled) {
  v1::ApiKey key;
  key.set_id(name);
  key.set_name(name);
  key.set_value(value);
  key.set_enabled(enabled);
  return key;
}

class GatewayTest : public testing::Test {
 protected:
  void start(HeaderFormat headers = HeaderFormat::kIetfDraft10) {
    client_.reset();  // before a gateway that would wait for it
    SmallGatewayOptions options;
    options.threads = 8;
    options.headers = headers;
    options.clock = clock_;
    gateway_ = *SmallGateway::start(
        *usage_plan_from_json(kPlan),
        {api_key("gold", kGold, true), api_key("tin", kTin, true),
         api_key("suspended", kSuspended, false)},
        options);
    client_ = client();
  }

  std::unique_ptr<httplib::Client> client() {
    auto client =
        std::make_unique<httplib::Client>("127.0.0.1", gateway_->port());
    client->set_keep_alive(true);
    client->set_tcp_nodelay(true);
    return client;
  }

  httplib::Result get(const std::string& target, const char* key = nullptr) {
    return key == nullptr
               ? client_->Get(target)
               : client_->Get(target, httplib::Headers{{"x-api-key", key}});
  }

  httplib::Result patch(const std::string& target, const std::string& body) {
    return client_->Patch(target, body, "application/json");
  }

  httplib::Result patch_plan(const char* path, const char* value) {
    return patch("/usageplans/p1",
                 absl::StrCat(R"({"patchOperations":[{"op":"replace","path":")",
                              path, R"(","value":")", value, "\"}]}"));
  }

  // How many of `count` calls are answered with 200.
  int admitted(int count, const char* key = kGold) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) {
      admitted += get("/a1/prod/x", key)->status == 200;
    }
    return admitted;
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kNoon);
  std::unique_ptr<SmallGateway> gateway_;
  std::unique_ptr<httplib::Client> client_;
};

void expect_error(const httplib::Result& result, int status,
                  const std::string& type, const std::string& message) {
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, status);
  EXPECT_EQ(result->get_header_value("x-amzn-ErrorType"), type);
  EXPECT_EQ(result->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(result->body, "{\"message\":\"" + message + "\"}");
}

TEST_F(GatewayTest, Admitted_Is200) {
  start();
  const auto result = get("/a1/prod/x", kGold);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->body, R"({"message":"Hello from the backend"})");
  EXPECT_FALSE(result->has_header("x-amzn-ErrorType"));
  EXPECT_FALSE(result->has_header("Retry-After"));
  EXPECT_EQ(result->get_header_value("RateLimit-Policy"),
            R"("burst";q=3;w=1, "quota";q=100;w=86400)");
  EXPECT_EQ(result->get_header_value("RateLimit"),
            R"("burst";r=2;t=1, "quota";r=99;t=43200)");
}

TEST_F(GatewayTest, NoGoodKeyOrStage_Is403) {
  start();
  expect_error(get("/a1/prod/x"), 403, "ForbiddenException", "Forbidden");
  for (const char* key : {"", "gold", kSuspended, "gold-0123456789abcdeF"}) {
    expect_error(get("/a1/prod/x", key), 403, "ForbiddenException",
                 "Forbidden");
  }
  for (const char* target : {"/", "/a1", "/a1/test/x", "/a2/prod/x",
                             "/usageplansx/p1", "//", "/%00", "/%0a"}) {
    expect_error(get(target, kGold), 403, "ForbiddenException", "Forbidden");
  }
  EXPECT_FALSE(get("/a1/prod/x")->has_header("RateLimit"));
}

TEST_F(GatewayTest, Throttled_Is429) {
  start();
  EXPECT_EQ(admitted(4), 3);
  const auto result = get("/a1/prod/x", kGold);
  expect_error(result, 429, "TooManyRequestsException", "Too Many Requests");
  EXPECT_EQ(result->get_header_value("Retry-After"), "1");
  EXPECT_EQ(result->get_header_value("RateLimit"),
            R"("burst";r=0;t=1, "quota";r=97;t=43200)");
  EXPECT_EQ(admitted(1, kTin), 1);
  clock_->advance(kSecond / 10);
  EXPECT_EQ(admitted(2), 1);
}

TEST_F(GatewayTest, OverQuota_Is429) {
  start();
  ASSERT_EQ(patch_plan("/quota/limit", "2")->status, 200);
  EXPECT_EQ(admitted(2), 2);
  const auto result = get("/a1/prod/x", kGold);
  expect_error(result, 429, "LimitExceededException", "Limit Exceeded");
  EXPECT_EQ(result->get_header_value("Retry-After"), "43200");
}

TEST_F(GatewayTest, MethodThrottle_GovernsItsMethod) {
  start();
  EXPECT_EQ(get("/a1/prod/pets/1", kGold)->status, 200);
  EXPECT_EQ(get("/a1/prod/pets/a%2Fb?x=1", kGold)->status, 200);
  const auto result = get("/a1/prod/pets/3", kGold);
  EXPECT_EQ(result->status, 429);
  EXPECT_EQ(result->get_header_value("Retry-After"), "2");
  EXPECT_EQ(client_->Head("/a1/prod/pets/3", {{"x-api-key", kGold}})->status,
            200);
  EXPECT_EQ(admitted(3), 2);
}

TEST_F(GatewayTest, EveryMethod_IsDecided) {
  start();
  ASSERT_EQ(patch_plan("/throttle/burstLimit", "100")->status, 200);
  const httplib::Headers key = {{"x-api-key", kGold}};
  const char* target = "/a1/prod/x";
  EXPECT_EQ(client_->Head(target, key)->status, 200);
  EXPECT_EQ(client_->Options(target, key)->status, 200);
  EXPECT_EQ(client_->Post(target, key, "abc", "text/plain")->status, 200);
  EXPECT_EQ(client_->Put(target, key, "abc", "text/plain")->status, 200);
  EXPECT_EQ(client_->Patch(target, key, "abc", "text/plain")->status, 200);
  EXPECT_EQ(client_->Delete(target, key, "abc", "text/plain")->status, 200);
  const httplib::MultipartFormDataItems form = {{"a", "b", "f", "text/plain"}};
  EXPECT_EQ(client_->Post(target, key, form)->status, 200);
  EXPECT_EQ(get(target, kGold)->get_header_value("RateLimit"),
            R"("burst";r=92;t=1, "quota";r=92;t=43200)");
}

// httplib's client announces an empty body; others announce none.
TEST_F(GatewayTest, NoBody_IsNotWaitedFor) {
  start();
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience = {3, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(gateway_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address),
                    sizeof(address)),
            0);
  const std::string request = absl::StrCat(
      "POST /a1/prod/x HTTP/1.1\r\nx-api-key: ", kGold, "\r\n\r\n");
  send(connection, request.data(), request.size(), 0);
  char answer[15];
  EXPECT_EQ(recv(connection, answer, sizeof(answer), MSG_WAITALL), 15);
  EXPECT_EQ(std::string(answer, sizeof(answer)), "HTTP/1.1 200 OK");
  close(connection);
}

TEST_F(GatewayTest, ConnectionsThatEnd_MakeRoom) {
  start();
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(httplib::Client("127.0.0.1", gateway_->port()).Get("/")) << i;
  }
}

TEST_F(GatewayTest, HeaderFormats) {
  start(HeaderFormat::kOff);
  admitted(3);
  EXPECT_FALSE(get("/a1/prod/x", kGold)->has_header("Retry-After"));
  start(HeaderFormat::kXRateLimitEpoch);
  const auto result = get("/a1/prod/x", kGold);
  EXPECT_EQ(result->get_header_value("X-RateLimit-Limit"), "3");
  EXPECT_EQ(result->get_header_value("X-RateLimit-Remaining"), "2");
  EXPECT_EQ(result->get_header_value("X-RateLimit-Reset"), "1789300801");
  EXPECT_FALSE(result->has_header("RateLimit"));
}

TEST_F(GatewayTest, Plan_IsReadAndPatchedLive) {
  start();
  const auto before = get("/usageplans/p1");
  EXPECT_EQ(before->status, 200);
  EXPECT_EQ(before->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(usage_plan_from_json(before->body)->throttle().burst_limit(), 3);
  EXPECT_EQ(admitted(4), 3);

  const auto patched = patch_plan("/throttle/burstLimit", "5");
  EXPECT_EQ(patched->status, 200);
  EXPECT_EQ(usage_plan_from_json(patched->body)->throttle().burst_limit(), 5);
  EXPECT_EQ(get("/usageplans/p1")->body, patched->body);
  EXPECT_EQ(admitted(4), 2);  // three are owed still
}

TEST_F(GatewayTest, PatchedMethodThrottle_GovernsAtOnce) {
  start();
  const std::string path = "/apiStages/a1:prod/throttle/~1cats/GET";
  ASSERT_EQ(
      patch("/usageplans/p1", absl::StrCat(R"([{"op":"add","path":")", path,
                                           R"(/rateLimit","value":"1"},)",
                                           R"({"op":"add","path":")", path,
                                           R"(/burstLimit","value":"1"}])"))
          ->status,
      200);
  EXPECT_EQ(get("/a1/prod/cats", kGold)->status, 200);
  EXPECT_EQ(get("/a1/prod/cats", kGold)->status, 429);
  EXPECT_EQ(admitted(3), 3);
}

TEST_F(GatewayTest, Usage_IsReadAndReplaced) {
  start();
  EXPECT_EQ(admitted(3), 3);
  const std::string today = "?startDate=2026-09-13&endDate=2026-09-13";
  EXPECT_EQ(get("/usageplans/p1/usage" + today + "&keyId=gold")->body,
            R"({"usagePlanId":"p1","startDate":"2026-09-13",)"
            R"("endDate":"2026-09-13","values":{"gold":[[3,97]]}})");
  const auto first = get("/usageplans/p1/usage" + today + "&limit=1");
  EXPECT_EQ(first->status, 200);
  EXPECT_NE(first->body.find("\"position\""), std::string::npos);

  const auto replaced = patch(
      "/usageplans/p1/keys/gold/usage",
      R"({"patchOperations":[{"op":"replace","path":"/remaining","value":"1"}]})");
  EXPECT_EQ(replaced->status, 200);
  EXPECT_EQ(replaced->body,
            R"({"usagePlanId":"p1","startDate":"2026-09-13",)"
            R"("endDate":"2026-09-13","values":{"gold":[[3,1]]}})");
  clock_->advance(kSecond);
  EXPECT_EQ(admitted(3), 1);
}

TEST_F(GatewayTest, ManagementErrors_AreAmazons) {
  start();
  expect_error(get("/usageplans/p2"), 404, "NotFoundException",
               "Invalid Usage Plan ID specified");
  expect_error(patch_plan("/quota/period", "YEAR"), 400, "BadRequestException",
               "Invalid Usage Plan quota period specified. Must be one of "
               "[DAY, WEEK, MONTH]");
}

TEST_F(GatewayTest, MalformedBodies_Are400_AndChangeNothing) {
  start();
  const std::string before = get("/usageplans/p1")->body;
  for (const char* body :
       {"{", "[]]", "null", "\"x\"", R"({"patchOperations":{}})",
        R"([{"op":"replace"}])", R"([{"op":1,"path":"/name","value":"x"}])",
        "\xff", R"([{"op":"replace","path":"/name"}])"}) {
    for (const char* target :
         {"/usageplans/p1", "/usageplans/p1/keys/gold/usage"}) {
      const auto result = patch(target, body);
      ASSERT_TRUE(result);
      EXPECT_EQ(result->status, 400) << body;
    }
  }
  EXPECT_EQ(get("/usageplans/p1")->body, before);
}

TEST_F(GatewayTest, Oversized_IsRefused) {
  start();
  const std::string large(2 << 20, ' ');
  EXPECT_EQ(patch("/usageplans/p1", large)->status, 413);
  size_t sent = 0;
  const auto chunked = client()->Patch(
      "/usageplans/p1",
      [&](size_t, httplib::DataSink& sink) {
        if (sent == large.size()) {
          sink.done();
          return true;
        }
        sent += 1 << 16;
        return sink.write(large.data(), 1 << 16);
      },
      "application/json");
  if (chunked) {
    EXPECT_EQ(chunked->status, 413);
  }
  EXPECT_LE(get("/a1/prod/" + std::string(8000, 'x'), kGold)->status, 200);
  EXPECT_EQ(get("/a1/prod/" + std::string(9000, 'x'), kGold)->status, 414);
  EXPECT_EQ(admitted(1, kTin), 1);
}

TEST_F(GatewayTest, Metrics_CountByName) {
  start();
  admitted(4);
  get("/a1/prod/x", "nobody's");
  get("/a1/prod/x", kSuspended);
  const std::string text = get("/-/metrics")->body;
  for (const char* line : {"{key=\"gold\",outcome=\"admitted\"} 3\n",
                           "{key=\"gold\",outcome=\"throttled\"} 1\n",
                           "{key=\"suspended\",outcome=\"forbidden\"} 1\n",
                           "{key=\"(unknown)\",outcome=\"forbidden\"} 1\n"}) {
    EXPECT_NE(text.find(line), text.npos) << line << text;
  }
  EXPECT_EQ(text.find(kGold), text.npos);
}

// While the burst goes up and down, exactly the quota gets through: time stands
// still, so it is tokens that a patch would have to invent.
TEST_F(GatewayTest, Concurrency_AdmitsNoneTooMany) {
  start();
  ASSERT_EQ(patch_plan("/throttle/burstLimit", "40")->status, 200);
  constexpr int kThreads = 4;
  constexpr int kCalls = 60;
  std::atomic<int> admitted{0};
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      const auto client = this->client();
      for (int j = 0; j < kCalls; ++j) {
        const auto result =
            client->Get("/a1/prod/x", httplib::Headers{{"x-api-key", kGold}});
        ASSERT_TRUE(result);
        admitted += result->status == 200;
      }
      --running;
    });
  }
  for (int i = 0; running > 0; ++i) {
    EXPECT_EQ(
        patch_plan("/throttle/rateLimit", i % 2 == 0 ? "1000" : "1")->status,
        200);
    EXPECT_EQ(patch_plan("/quota/limit", i % 2 == 0 ? "50" : "60")->status,
              200);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admitted, 40);
  ASSERT_EQ(patch_plan("/quota/limit", "43")->status, 200);
  ASSERT_EQ(patch_plan("/throttle/burstLimit", "100")->status, 200);
  EXPECT_EQ(this->admitted(10), 3);
}

TEST_F(GatewayTest, PortTaken_IsUnavailable) {
  start();
  SmallGatewayOptions options;
  options.port = gateway_->port();
  const auto second =
      SmallGateway::start(*usage_plan_from_json(kPlan), {}, options);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
}

TEST_F(GatewayTest, BadPlanOrKey_IsNamed_WithoutTheSecret) {
  auto plan = *usage_plan_from_json(kPlan);
  plan.mutable_quota()->set_limit(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(SmallGateway::start(plan, {}).status()));

  const auto gateway = SmallGateway::start(
      *usage_plan_from_json(kPlan), {api_key("gold", "too-short", true)});
  const std::string message(gateway.status().message());
  EXPECT_NE(message.find("gold"), message.npos) << message;
  EXPECT_EQ(message.find("too-short"), message.npos) << message;
}

TEST_F(GatewayTest, Serves_UntilDestroyed) {
  start();
  EXPECT_TRUE(gateway_->serving());
  EXPECT_EQ(admitted(1), 1);
  const int port = gateway_->port();
  client_.reset();
  gateway_.reset();
  EXPECT_FALSE(httplib::Client("127.0.0.1", port).Get("/-/metrics"));
}

}  // namespace
}  // namespace weir
