// Benchmarks what the gateway adds to a decision, and what a change of a plan
// costs in the largest account that API Gateway allows: 300 plans, each with 10
// stages with 20 method throttles.
//
//   bazel run -c opt //benchmarks:gateway_benchmark

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/authorizer.h"
#include "weir/gateway/gateway.h"
#include "weir/gateway/live_routes.h"
#include "weir/gateway/request_counters.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/stage_target.h"
#include "weir/gateway/trusted_peers.h"
#include "weir/http/message.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/serve/access_log.h"
#include "weir/serve/access_record.h"

namespace weir {
namespace {

constexpr int kPlans = 300;
constexpr int kStages = 10;
constexpr int kMethods = 20;
constexpr char kKey[] = "gold-0123456789abcdef";

void require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::abort();
}

// A whole account. With `shared`, all plans have the same stages.
class Account {
 public:
  explicit Account(bool shared, int plans = kPlans) {
    for (int i = 0; i < plans; ++i) {
      v1::UsagePlan plan;
      plan.set_id(absl::StrCat("plan", i));
      plan.set_name(plan.id());
      plan.mutable_throttle()->set_rate_limit(1e9);
      plan.mutable_throttle()->set_burst_limit(2'000'000'000);
      for (int j = 0; j < kStages; ++j) {
        v1::ApiStage& stage = *plan.add_api_stages();
        stage.set_api_id(shared ? "api" : absl::StrCat("api", i));
        stage.set_stage(absl::StrCat("stage", j));
        for (int k = 0; k < kMethods; ++k) {
          v1::ThrottleSettings& throttle =
              (*stage.mutable_throttle())[absl::StrCat("/things", k,
                                                       "/{id}/GET")];
          throttle.set_rate_limit(1e9);
          throttle.set_burst_limit(2'000'000'000);
        }
      }
      require(enforcer->create_usage_plan(plan).status());
    }
    require(routes.follow());
    v1::ApiKey key;
    key.set_id("gold");
    key.set_value(kKey);
    key.set_enabled(true);
    require(enforcer->create_api_key(key).status());
    require(enforcer->create_usage_plan_key("plan0", "gold").status());
  }

  // Patches a plan, which `routes` follow.
  void patch(const char* operations) {
    require(
        enforcer->apply_patch("plan0", *patch_operations_from_json(operations))
            .status());
  }

  std::unique_ptr<Enforcer> enforcer = *Enforcer::create();
  LiveRoutes routes{enforcer.get()};
  RequestCounters counters;
  Gateway gateway{enforcer.get(), &routes, &counters};
};

// Shared by all benchmarks, built on first use.
Account& account(bool shared) {
  static Account& own = *new Account(false);
  static Account& common = *new Account(true);
  return shared ? common : own;
}

Account& small_account() {
  static Account& account = *new Account(false, 1);
  return account;
}

constexpr char kTarget[] = "/api0/stage7/things13/a-thing";

void admit(benchmark::State& state) {
  Account& account = small_account();
  Call call;
  call.api_key = kKey;
  call.route = account.routes.find(kTarget, "GET");
  for (auto _ : state) {
    benchmark::DoNotOptimize(account.enforcer->admit(call));
  }
}
BENCHMARK(admit)->ThreadRange(1, 2)->UseRealTime();

void find(benchmark::State& state) {
  Account& account = small_account();
  for (auto _ : state) {
    benchmark::DoNotOptimize(account.routes.find(kTarget, "GET"));
  }
}
BENCHMARK(find)->ThreadRange(1, 2)->UseRealTime();

HttpRequest request_with(const char* target, const char* key) {
  return {"GET",
          target,
          {{"host", "127.0.0.1:8080"},
           {"user-agent", "curl/7.88.1"},
           {"accept", "*/*"},
           {"x-api-key", key}},
          ""};
}

void answer(benchmark::State& state, const char* target, const char* key) {
  Account& account = small_account();
  const HttpRequest request = request_with(target, key);
  for (auto _ : state) {
    benchmark::DoNotOptimize(account.gateway.answer(request));
  }
}
BENCHMARK_CAPTURE(answer, admitted, kTarget, kKey)
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(answer, encoded, "/api0/stage7/things13/a%20thing", kKey)
    ->UseRealTime();
BENCHMARK_CAPTURE(answer, forbidden, kTarget, "nobody's")->UseRealTime();

// An authorization request as nginx sends it.
void authorize(benchmark::State& state) {
  Account& account = small_account();
  static Authorizer& authorizer =
      *new Authorizer(&account.gateway, TrustedPeers::loopback());
  HttpRequest request = request_with("/-/authorize/api0/stage7?deny=403", kKey);
  request.headers.emplace_back("x-original-method", "GET");
  request.headers.emplace_back("x-original-uri", "/things13/a-thing");
  request.peer_address = "127.0.0.1";
  for (auto _ : state) {
    benchmark::DoNotOptimize(authorizer.answer(request));
  }
}
BENCHMARK(authorize)->ThreadRange(1, 2)->UseRealTime();

// The same with an access log. Lines may be dropped: these threads do nothing
// but fill it.
void answer_and_log(benchmark::State& state) {
  Account& account = small_account();
  static SystemClock clock;
  static AccessLog& log = *[&account] {
    AccessLogOptions options;
    options.path = "/dev/null";
    options.key_id = [&account](const ClientHandle& client) {
      const auto id = account.enforcer->api_key_id(client);
      return id.ok() ? std::optional(*id) : std::nullopt;
    };
    options.report = [](const std::string&) {};
    return AccessLog::open(std::move(options))->release();
  }();
  static Gateway& gateway = *[&account] {
    GatewayOptions options;
    options.observer = &log;
    options.clock = &clock;
    return new Gateway(account.enforcer.get(), &account.routes,
                       &account.counters, options);
  }();
  const HttpRequest request = request_with(kTarget, kKey);
  const auto before = log.statistics();
  for (auto _ : state) {
    benchmark::DoNotOptimize(gateway.answer(request));
  }
  if (state.thread_index() != 0) return;
  const auto after = log.statistics();
  state.counters["dropped"] =
      static_cast<double>(after.dropped - before.dropped);
}
BENCHMARK(answer_and_log)->ThreadRange(1, 2)->UseRealTime();

// What the log's thread does for a line, except the write.
void log_line(benchmark::State& state) {
  AnsweredRequest answered;
  answered.method = "GET";
  answered.target = kTarget;
  answered.stage_target = parse_stage_target(kTarget);
  answered.method_key = "/things13/{id}/GET";
  answered.arrived.unix_ns = 1'796'051'621'123'456'789;
  const AccessRecord record(answered);
  for (auto _ : state) {
    benchmark::DoNotOptimize(access_log_line(record, "gold"));
  }
}
BENCHMARK(log_line);

void find_in_account(benchmark::State& state) {
  Account& account = weir::account(state.range(0) != 0);
  const std::string target =
      state.range(0) != 0 ? "/api/stage7/things13/a-thing" : kTarget;
  for (auto _ : state) {
    benchmark::DoNotOptimize(account.routes.find(target, "GET"));
  }
}
BENCHMARK(find_in_account)->ArgName("shared")->Arg(0)->Arg(1);

// Changes a limit, but no method.
void patch_limit(benchmark::State& state) {
  Account& account = weir::account(state.range(0) != 0);
  for (auto _ : state) {
    account.patch(
        R"([{"op":"replace","path":"/quota/limit","value":"9"},
            {"op":"replace","path":"/quota/period","value":"DAY"}])");
  }
}
BENCHMARK(patch_limit)
    ->ArgName("shared")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMicrosecond);

// Adds or removes a method throttle: one stage is rebuilt.
void patch_method(benchmark::State& state) {
  Account& account = weir::account(state.range(0) != 0);
  const std::string path =
      absl::StrCat("/apiStages/", state.range(0) != 0 ? "api" : "api0",
                   ":stage3/throttle/new/GET");
  const std::string add = absl::StrCat(R"([{"op":"add","path":")", path,
                                       R"(/rateLimit","value":"9"}])");
  const std::string remove =
      absl::StrCat(R"([{"op":"remove","path":")", path, R"("}])");
  bool there = false;
  for (auto _ : state) {
    account.patch(there ? remove.c_str() : add.c_str());
    there = !there;
  }
  if (there) account.patch(remove.c_str());
}
BENCHMARK(patch_method)
    ->ArgName("shared")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMicrosecond);

// Loads all plans, as at startup: every route is new.
void follow(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Account& from = weir::account(state.range(0) != 0);
    auto enforcer = *Enforcer::create();
    for (int i = 0; i < kPlans; ++i) {
      const auto plan = from.enforcer->get_usage_plan(absl::StrCat("plan", i));
      require(enforcer->create_usage_plan(*plan).status());
    }
    LiveRoutes routes(enforcer.get());
    state.ResumeTiming();
    require(routes.follow());
  }
}
BENCHMARK(follow)->ArgName("shared")->Arg(0)->Arg(1)->Iterations(1)->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
