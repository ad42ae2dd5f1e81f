// Measures how long an enforcer takes to load its API keys, and their memory.
//
//     bazel run -c opt //benchmarks:load -- [keys]
//
// Loads that many keys (default: a million) into one plan with
// import_api_keys(), and 100,000 more one by one.

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr size_t kBatch = 10'000;
constexpr size_t kSingleCalls = 100'000;

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

// Unlike wall-clock time, excludes the work of other processes.
double processor_seconds() {
  timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) +
         static_cast<double>(spent.tv_nsec) * 1e-9;
}

size_t resident_bytes() {
  size_t total = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

void check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

std::string key_value(size_t i) {
  return absl::StrCat("a-key-of-forty-characters-", 10'000'000'000'000 + i);
}

void create_plan(Enforcer& enforcer) {
  v1::UsagePlan plan;
  plan.set_id("plan");
  plan.set_name("plan");
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  plan.mutable_throttle()->set_rate_limit(100);
  plan.mutable_throttle()->set_burst_limit(200);
  plan.mutable_quota()->set_limit(1'000'000);
  plan.mutable_quota()->set_period(v1::MONTH);
  check(enforcer.create_usage_plan(plan).status());
}

// Times calls, and prints what they did to the enforcer.
class Report {
 public:
  explicit Report(const Enforcer& enforcer)
      : enforcer_(enforcer),
        arena_before_(enforcer.statistics().arena_used_bytes),
        resident_before_(resident_bytes()) {}

  template <class Function>
  void time(Function call) {
    const double processor_before = processor_seconds();
    const auto begin = SteadyClock::now();
    call();
    total_ += seconds_since(begin);
    const double processor = processor_seconds() - processor_before;
    processor_ += processor;
    longest_ = std::max(longest_, processor);
  }

  void print(const char* what, size_t keys) const {
    const auto each = [&](size_t after, size_t before) {
      return static_cast<double>(after - before) / static_cast<double>(keys);
    };
    std::cout << absl::StreamFormat(
        "%-10s %8d keys  %7.3f s  processor %7.3f s, %5.0f ns a key, longest "
        "call %7.3f ms  bytes a key: arena %4.0f, resident %4.0f\n",
        what, keys, total_, processor_,
        processor_ * 1e9 / static_cast<double>(keys), longest_ * 1e3,
        each(enforcer_.statistics().arena_used_bytes, arena_before_),
        each(resident_bytes(), resident_before_));
  }

 private:
  const Enforcer& enforcer_;
  const size_t arena_before_;
  const size_t resident_before_;
  double total_ = 0;
  double processor_ = 0;
  double longest_ = 0;
};

void load_one_by_one(Enforcer& enforcer, size_t first, size_t count) {
  Report report(enforcer);
  v1::ApiKey key;
  key.set_enabled(true);
  for (size_t i = first; i < first + count; ++i) {
    key.set_value(key_value(i));
    report.time([&] {
      const auto created = enforcer.create_api_key(key);
      check(created.status());
      check(enforcer.create_usage_plan_key("plan", created->id()).status());
    });
  }
  report.print("one by one", count);
}

void load_in_batches(Enforcer& enforcer, size_t count) {
  Report report(enforcer);
  std::vector<v1::ApiKey> keys(kBatch);
  for (size_t i = 0; i < count; i += keys.size()) {
    keys.resize(std::min(kBatch, count - i));
    for (size_t k = 0; k < keys.size(); ++k) {
      keys[k].set_value(key_value(i + k));
      keys[k].set_enabled(true);
    }
    report.time(
        [&] { check(enforcer.import_api_keys(keys, "plan").status()); });
  }
  report.print("in batches", count);
}

int run(size_t keys) {
  auto enforcer = *Enforcer::create();
  create_plan(*enforcer);
  load_in_batches(*enforcer, keys);
  load_one_by_one(*enforcer, keys, kSingleCalls);
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  size_t keys = 1'000'000;
  if (argc > 2 || (argc == 2 && !absl::SimpleAtoi(argv[1], &keys))) {
    std::cerr << "usage: load [keys]\n";
    return 2;
  }
  return weir::run(keys);
}
