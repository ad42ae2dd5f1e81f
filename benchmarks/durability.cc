// Measures what a store costs, and how long an enforcer takes to start with
// one.
//
//     bazel run -c opt //benchmarks:durability -- [keys [folder]]
//
// Loads that many keys (default: a million) with one plan into a store in
// the folder (default: /tmp; it is used up and removed), uses each of them, and
// then compares with an enforcer in memory that had the same.

#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "weir/benchmarks/draws.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/store/sqlite_store.h"

namespace weir {
namespace {

constexpr size_t kBatch = 10'000;
constexpr int kRounds = 9;

using SteadyClock = std::chrono::steady_clock;

void check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

// Unlike wall-clock time, excludes the work of other processes.
double processor_seconds() {
  timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) +
         static_cast<double>(spent.tv_nsec) * 1e-9;
}

template <class Call>
double seconds(Call call) {
  const auto begin = SteadyClock::now();
  call();
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

void load(Enforcer& enforcer, size_t count) {
  v1::UsagePlan plan;
  plan.set_id("plan");
  plan.set_name("plan");
  v1::ApiStage* stage = plan.add_api_stages();
  stage->set_api_id("api");
  stage->set_stage("prod");
  plan.mutable_throttle()->set_rate_limit(1e6);
  plan.mutable_throttle()->set_burst_limit(1'000'000);
  plan.mutable_quota()->set_limit(1'000'000'000);
  plan.mutable_quota()->set_period(v1::MONTH);
  check(enforcer.create_usage_plan(plan).status());
  std::vector<v1::ApiKey> keys;
  for (size_t i = 0; i < count; i += keys.size()) {
    keys.assign(std::min(kBatch, count - i), {});
    for (size_t k = 0; k < keys.size(); ++k) {
      keys[k].set_value(std::string(key_bytes(i + k).view()));
      keys[k].set_enabled(true);
    }
    check(enforcer.import_api_keys(keys, "plan").status());
  }
}

Options options_of(const std::string& folder, absl::Duration interval) {
  Options options;
  auto store = SqliteStore::open(folder);
  check(store.status());
  options.store = *std::move(store);
  options.sync_interval = interval;
  return options;
}

std::unique_ptr<Enforcer> create(Options options) {
  auto enforcer = Enforcer::create(std::move(options));
  check(enforcer.status());
  return *std::move(enforcer);
}

// Nanoseconds per decision, over `count` decisions.
double admit(Enforcer& enforcer, Draws& draws, size_t count) {
  const Route route = *enforcer.intern_route("api", "prod");
  Draws::Walk walk(draws, 0);
  int64_t refused = 0;
  const double time = seconds([&] {
    for (size_t i = 0; i < count; ++i) {
      refused += !enforcer.admit({walk.next(), route}).admitted();
    }
  });
  if (refused > 0) check(absl::InternalError("a request was refused"));
  return time * 1e9 / static_cast<double>(count);
}

double patch(Enforcer& enforcer, int64_t n) {
  v1::PatchOperation operation;
  operation.set_op("replace");
  operation.set_path("/throttle/burstLimit");
  operation.mutable_value()->set_string_value(absl::StrCat(1'000'000 + n));
  return seconds(
      [&] { check(enforcer.apply_patch("plan", {operation}).status()); });
}

void print(const std::string& what, double value, const char* unit) {
  std::cout << absl::StreamFormat("%-58s %10.3f %s\n", what, value, unit)
            << std::flush;
}

int run(size_t keys, const std::string& folder) {
  std::filesystem::remove_all(folder);
  // With history: each key was used.
  auto stored = create(options_of(folder, absl::ZeroDuration()));
  print(absl::StrCat("load ", keys, " keys, in batches of 10,000"),
        seconds([&] { load(*stored, keys); }), "s");
  Draws draws(keys, Popularity::kUniform);
  admit(*stored, draws, draws.size());
  print("the first sync: all keys", seconds([&] { check(stored->sync()); }),
        "s");
  admit(*stored, draws, draws.size());
  print("a sync with all keys changed", seconds([&] { check(stored->sync()); }),
        "s");
  admit(*stored, draws, std::min<size_t>(1000, draws.size()));
  print("a sync with 1,000 keys changed",
        seconds([&] { check(stored->sync()); }), "s");
  print("a sync with nothing changed", seconds([&] { check(stored->sync()); }),
        "s");
  print("the files of counts",
        static_cast<double>(stored->statistics().counts_file_bytes) * 1e-6,
        "MB");
  print("an orderly end", seconds([&] { stored.reset(); }), "s");
  std::vector<double> starts;
  std::vector<double> processor;
  for (int i = 0; i < 3; ++i) {
    stored.reset();
    const double before = processor_seconds();
    starts.push_back(seconds(
        [&] { stored = create(options_of(folder, absl::Seconds(1))); }));
    processor.push_back(processor_seconds() - before);
  }
  print("begin again, ready to admit", median(starts), "s");
  print("  processor", median(processor), "s");

  const auto in_memory = create({});
  load(*in_memory, keys);
  admit(*in_memory, draws, draws.size());
  // In turns, so that other load on the machine affects both.
  for (const size_t used : {size_t{1000}, size_t{100'000}, keys}) {
    if (used > keys) continue;
    Draws some(used, Popularity::kUniform);
    std::vector<double> memory;
    std::vector<double> file;
    std::vector<double> ratio;
    for (int round = 0; round < kRounds; ++round) {
      memory.push_back(admit(*in_memory, some, 2'000'000));
      file.push_back(admit(*stored, some, 2'000'000));
      ratio.push_back(file.back() / memory.back());
    }
    print(absl::StrCat("admit, ", used, " keys in use, in memory"),
          median(memory), "ns");
    print("  with a store that syncs every second", median(file), "ns");
    print("  ratio", median(ratio), "");
  }
  std::vector<double> memory;
  std::vector<double> file;
  for (int i = 0; i < 200; ++i) {
    memory.push_back(patch(*in_memory, i) * 1e6);
    file.push_back(patch(*stored, i) * 1e6);
  }
  print("apply_patch, in memory", median(memory), "us");
  print("  with a store", median(file), "us");
  stored.reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  int64_t keys = 1'000'000;
  if (argc > 3 || (argc > 1 && (!absl::SimpleAtoi(argv[1], &keys) || keys < 1 ||
                                keys > 10'000'000))) {
    std::cerr << "usage: durability [keys, up to 10000000 [folder]]\n";
    return 2;
  }
  const std::string folder = argc > 2 ? argv[2] : "/tmp";
  return weir::run(static_cast<size_t>(keys),
                   folder + "/weir-durability-benchmark");
}
