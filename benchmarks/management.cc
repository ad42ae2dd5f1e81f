// Measures how many operations a second the management interface handles over
// HTTP, with its clients' signatures checked, and how that affects concurrent
// calls of admit().
//
//     bazel run -c opt //benchmarks:management -- [seconds [folder]]
//
// A server of this process, on the loopback interface, as `weir serve` has it,
// with its plans in memory and then in a store in the folder (default: /tmp; it
// is used and then removed); clients of this process, each with one connection,
// which sign every request. Each line measures this many seconds (default: 3).

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/benchmarks/histogram.h"
#include "weir/enforcer/enforcer.h"
#include "weir/http/message.h"
#include "weir/http/server.h"
#include "weir/management/authentication.h"
#include "weir/management/credentials.h"
#include "weir/management/testing/sign_request.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/serve/service.h"
#include "weir/store/sqlite_store.h"

namespace weir {
namespace {

constexpr char kPlan[] =
    R"({"id":"gold","name":"gold","apiStages":[{"apiId":"a1","stage":"prod"}],)"
    R"("throttle":{"rateLimit":1000000000,"burstLimit":1000000000},)"
    R"("quota":{"limit":8000000000000,"period":"MONTH"}})";
constexpr char kKey[] = "a-key-of-twenty-and-more-characters";
constexpr int kClients = 4;

using SteadyClock = std::chrono::steady_clock;

void check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

const Credential& credential() {
  static const auto* const result = new Credential{
      "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", false};
  return *result;
}

int64_t nanoseconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             SteadyClock::now() - begin)
      .count();
}

// A process as `weir serve` makes it.
class Subject {
 public:
  explicit Subject(const std::string& folder) {
    Options options;
    options.clock = clock_;
    if (!folder.empty()) {
      auto store = SqliteStore::open(folder);
      check(store.status());
      options.store = *std::move(store);
    }
    auto enforcer = Enforcer::create(std::move(options));
    check(enforcer.status());
    enforcer_ = *std::move(enforcer);
    check(enforcer_->create_usage_plan(*usage_plan_from_json(kPlan)).status());
    v1::ApiKey key;
    key.set_id("blue");
    key.set_value(kKey);
    key.set_enabled(true);
    check(enforcer_->create_api_key(key).status());
    check(enforcer_->create_usage_plan_key("gold", "blue").status());

    Credentials credentials;
    check(credentials.add(credential()));
    ServiceOptions service;
    service.authentication =
        std::make_unique<Authentication>(std::move(credentials), clock_.get());
    auto created = Service::create(enforcer_.get(), std::move(service));
    check(created.status());
    service_ = *std::move(created);
    auto server = HttpServer::start({}, [this](const HttpRequest& request) {
      return service_->answer(request);
    });
    check(server.status());
    server_ = *std::move(server);
  }

  Enforcer& enforcer() { return *enforcer_; }
  std::string host() const {
    return absl::StrCat("127.0.0.1:", server_->port());
  }

 private:
  const std::shared_ptr<Clock> clock_ = std::make_shared<SystemClock>();
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<HttpServer> server_;
};

size_t ignore(char*, size_t size, size_t count, void*) { return size * count; }

// One connection.
class Client {
 public:
  explicit Client(std::string host)
      : host_(std::move(host)), curl_(curl_easy_init()) {
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  }
  ~Client() { curl_easy_cleanup(curl_); }

  void send(HttpRequest request) {
    request.headers = {{"host", host_}, {"content-type", "application/json"}};
    const auto with_signature =
        signed_request(std::move(request), credential(), "us-east-1",
                       absl::ToUnixSeconds(absl::Now()));
    check(with_signature.status());
    curl_slist* headers = nullptr;
    for (const auto& [name, value] : with_signature->headers) {
      headers =
          curl_slist_append(headers, absl::StrCat(name, ": ", value).c_str());
    }
    const std::string url =
        absl::StrCat("http://", host_, with_signature->target);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    const std::string& body = with_signature->body;
    if (body.empty()) {
      curl_easy_setopt(curl_, CURLOPT_HTTPGET, 1L);
    } else {
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE,
                       static_cast<long>(body.size()));
      curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.c_str());
    }
    curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST,
                     with_signature->method.c_str());
    const CURLcode code = curl_easy_perform(curl_);
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    if (code != CURLE_OK || status != 200) {
      check(absl::InternalError(
          absl::StrCat(curl_easy_strerror(code), ", status ", status)));
    }
  }

 private:
  const std::string host_;
  CURL* const curl_;
};

// Calls `step` in this many threads until the time is over.
using Step = std::function<void(Client& client, int64_t n, Histogram& times)>;
Histogram run_clients(Subject& subject, int clients, double seconds,
                      const Step& step) {
  std::vector<Histogram> times(clients);
  std::vector<std::thread> threads;
  std::atomic<int64_t> n{0};
  const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      Client client(subject.host());
      while (SteadyClock::now() < end) step(client, ++n, times[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 1; i < clients; ++i) times[0].merge(times[i]);
  return times[0];
}

void timed_send(Client& client, HttpRequest request, Histogram& times) {
  const auto begin = SteadyClock::now();
  client.send(std::move(request));
  times.add(nanoseconds_since(begin));
}

void read_plan(Client& client, int64_t, Histogram& times) {
  timed_send(client, {"GET", "/usageplans/gold", {}, ""}, times);
}

void patch_plan(Client& client, int64_t n, Histogram& times) {
  timed_send(
      client,
      {"PATCH",
       "/usageplans/gold",
       {},
       absl::StrCat(
           R"({"patchOperations":[{"op":"replace","path":"/throttle/burstLimit",)"
           R"("value":")",
           1'000'000'000 + n % 1000, R"("}]})")},
      times);
}

void report(const std::string& what, const Histogram& times, double seconds) {
  std::cout << absl::StreamFormat(
                   "%-44s %8.0f a second   p50 %7.0f us   p99 %7.0f us\n", what,
                   static_cast<double>(times.total()) / seconds,
                   static_cast<double>(times.percentile(0.5)) / 1e3,
                   static_cast<double>(times.percentile(0.99)) / 1e3)
            << std::flush;
}

// Reports how long single calls take while `beside` runs.
void report_admit(const std::string& what, Subject& subject, double seconds,
                  const std::function<void()>& beside) {
  const Route route = *subject.enforcer().intern_route("a1", "prod");
  Histogram times;
  std::atomic<bool> stop{false};
  std::thread admitting([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      const auto begin = SteadyClock::now();
      const Decision decision = subject.enforcer().admit({kKey, route});
      times.add(nanoseconds_since(begin));
      if (!decision.admitted()) check(absl::InternalError("refused"));
    }
  });
  if (beside != nullptr) {
    beside();
  } else {
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  stop = true;
  admitting.join();
  std::cout << absl::StreamFormat(
                   "%-44s %8.1f million/s   p50 %5d ns   p99 %5d ns   p99.9 "
                   "%5d ns\n",
                   what, static_cast<double>(times.total()) / seconds / 1e6,
                   times.percentile(0.5), times.percentile(0.99),
                   times.percentile(0.999))
            << std::flush;
}

void run(double seconds, const std::string& folder) {
  for (const bool stored : {false, true}) {
    std::cout << (stored ? "in a store\n" : "in memory\n");
    Subject subject(stored ? folder : "");
    for (const int clients : {1, kClients}) {
      const std::string suffix = absl::StrCat(", ", clients, " clients");
      report("GetUsagePlan" + suffix,
             run_clients(subject, clients, seconds, read_plan), seconds);
      report("UpdateUsagePlan" + suffix,
             run_clients(subject, clients, seconds, patch_plan), seconds);
    }
    // The same work for another subject shows the effect of occupied processors
    // alone.
    Subject other(stored ? folder + "/other" : "");
    report_admit("admit(), quiet", subject, seconds, nullptr);
    for (const auto& [name, step] :
         {std::pair<const char*, Step>("GetUsagePlan", read_plan),
          std::pair<const char*, Step>("UpdateUsagePlan", patch_plan)}) {
      report_admit(
          absl::StrCat("admit(), beside ", name), subject, seconds,
          [&, step = step] { run_clients(subject, 1, seconds, step); });
      report_admit(absl::StrCat("admit(), beside another's ", name), subject,
                   seconds,
                   [&, step = step] { run_clients(other, 1, seconds, step); });
    }
  }
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  double seconds = 3;
  if (argc > 1 && (!absl::SimpleAtod(argv[1], &seconds) || !(seconds > 0))) {
    std::cerr << "usage: management [seconds [folder]]\n";
    return 2;
  }
  // Made here, and removed at the end: never a folder that was there before.
  const std::string folder = argc > 2 ? argv[2] : "/tmp/weir-management";
  if (!std::filesystem::create_directory(folder)) {
    std::cerr << "management: " << folder << " exists\n";
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  weir::run(seconds, folder);
  std::filesystem::remove_all(folder);
}
