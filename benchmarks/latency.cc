// Measures how long single calls of `admit()` take, and how patching the plan
// affects them.
//
// usage: latency [--keys=1000] [--seconds=1] [--rounds=5] [--patches=1000]
//                [--json=FILE]
//
// One and then two threads decide requests, quiet; while another thread applies
// that many patches a second to the plan in use; and, since that thread wants a
// processor too, while it does the same work to another enforcer's plan. The
// three take turns, each for this many seconds per round. A figure is the
// median of the rounds, except for the longest call. The figures include the
// stopwatch's own time, which is reported.

#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/histogram.h"
#include "weir/benchmarks/machine.h"
#include "weir/benchmarks/stopwatch.h"
#include "weir/benchmarks/subject.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir {
namespace {

struct Settings {
  int keys = 1'000;
  int seconds = 1;
  int rounds = 5;
  int patches = 1'000;  // a second
  std::string json;
};

// What one turn of one kind came to.
struct Turn {
  Histogram ticks;
  double patches_per_second = 0;
};

// The processors that this process may use.
std::vector<int> processors() {
  cpu_set_t set;
  std::vector<int> processors;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) processors.push_back(i);
    }
  }
  return processors;
}

// Keeps the calling thread on the n-th of the processors, if there is one.
void pin(size_t n) {
  static const std::vector<int> all = processors();
  if (n >= all.size()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(all[n], &set);
  sched_setaffinity(0, sizeof(set), &set);  // or else wherever the kernel likes
}

std::vector<v1::PatchOperation> patch_to(int64_t rate, int64_t quota) {
  const std::pair<const char*, int64_t> changes[] = {
      {"/throttle/rateLimit", rate},
      {"/throttle/burstLimit", 2 * rate},
      {"/apiStages/api:prod/throttle//pets/GET/rateLimit", rate},
      {"/quota/limit", quota}};
  std::vector<v1::PatchOperation> operations;
  for (const auto& [path, value] : changes) {
    v1::PatchOperation& operation = operations.emplace_back();
    operation.set_op("replace");
    operation.set_path(path);
    operation.mutable_value()->set_string_value(absl::StrCat(value));
  }
  return operations;
}

// Applies this many patches a second until `stop`; catches up when late.
// Returns the rate achieved.
double apply_patches(Subject& subject, int per_second,
                     const std::atomic<bool>& stop) {
  const std::vector<v1::PatchOperation> patches[] = {
      patch_to(1'000'000'000, 1'000'000'000'000),
      patch_to(900'000'000, 900'000'000'000)};
  const auto began = std::chrono::steady_clock::now();
  int64_t applied = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    if (!subject.enforcer->apply_patch(subject.plan_id, patches[applied % 2])
             .ok()) {
      std::cerr << "a patch was refused\n";
      std::exit(1);
    }
    ++applied;
    std::this_thread::sleep_until(began + applied * std::chrono::seconds(1) /
                                              per_second);
  }
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - began;
  return static_cast<double>(applied) / took.count();
}

// Until `stop`, times one call after another.
void time_calls(Subject& subject, Draws& draws, int thread,
                const std::atomic<bool>& stop, Histogram& ticks) {
  Draws::Walk walk(draws, thread);
  Stopwatch stopwatch;
  while (!stop.load(std::memory_order_relaxed)) {
    const Call call{walk.next(), subject.route};
    stopwatch.start();
    const bool admitted = subject.enforcer->admit(call).admitted();
    ticks.add(stopwatch.stop());
    if (!admitted) {
      std::cerr << "a request was refused\n";
      std::exit(1);
    }
  }
}

// `patched` is null for quiet.
Turn measure(const Settings& settings, size_t threads, Subject& subject,
             Draws& draws, Subject* patched) {
  std::atomic<bool> stop{false};
  Turn turn;
  std::vector<Histogram> ticks(threads);
  std::vector<std::thread> running;
  for (size_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      pin(i);
      time_calls(subject, draws, static_cast<int>(i), stop, ticks[i]);
    });
  }
  if (patched != nullptr) {
    running.emplace_back([&] {
      pin(threads);
      turn.patches_per_second = apply_patches(*patched, settings.patches, stop);
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  stop = true;
  for (std::thread& thread : running) thread.join();
  for (const Histogram& each : ticks) turn.ticks.merge(each);
  return turn;
}

// The time that the stopwatch reports for no work.
uint64_t overhead_ticks() {
  Histogram ticks;
  Stopwatch stopwatch;
  for (int i = 0; i < 1'000'000; ++i) {
    stopwatch.start();
    ticks.add(stopwatch.stop());
  }
  return ticks.percentile(0.5);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

nlohmann::ordered_json summary(std::string name, const std::vector<Turn>& turns,
                               double ns) {
  const auto middle = [&](double share) {
    std::vector<double> values;
    for (const Turn& turn : turns) {
      values.push_back(static_cast<double>(turn.ticks.percentile(share)) * ns);
    }
    return median(std::move(values));
  };
  uint64_t longest = 0;
  uint64_t calls = 0;
  std::vector<double> patches;
  for (const Turn& turn : turns) {
    longest = std::max(longest, turn.ticks.max());
    calls += turn.ticks.total();
    patches.push_back(turn.patches_per_second);
  }
  return {{"name", std::move(name)},
          {"p50", middle(0.5)},
          {"p99", middle(0.99)},
          {"p999", middle(0.999)},
          {"max", static_cast<double>(longest) * ns},
          {"calls", calls},
          {"patches_per_second", median(std::move(patches))}};
}

void print(const nlohmann::ordered_json& result) {
  std::cout << absl::StreamFormat(
      "%-36s %8.0f %8.0f %8.0f %10.0f %12d %10.0f\n",
      result["name"].get<std::string>(), result["p50"].get<double>(),
      result["p99"].get<double>(), result["p999"].get<double>(),
      result["max"].get<double>(), result["calls"].get<int64_t>(),
      result["patches_per_second"].get<double>());
}

int run(const Settings& settings) {
  const double ns = Stopwatch::nanoseconds_per_tick();
  const double overhead = static_cast<double>(overhead_ticks()) * ns;
  Subject subject(static_cast<size_t>(settings.keys));
  Subject elsewhere(1);
  Draws draws(static_cast<size_t>(settings.keys), Popularity::kUniform);

  std::cout << absl::StreamFormat(
      "%-36s %8s %8s %8s %10s %12s %10s\n",
      absl::StrFormat("ns, of which %.0f to time", overhead), "p50", "p99",
      "p99.9", "max", "calls", "patches/s");
  const std::pair<const char*, Subject*> patched[] = {
      {"quiet", nullptr},
      {"another plan patched", &elsewhere},
      {"its plan patched", &subject}};
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const size_t threads : {1, 2}) {
    std::array<std::vector<Turn>, std::size(patched)> turns;
    for (int round = 0; round < settings.rounds; ++round) {
      for (size_t i = 0; i < turns.size(); ++i) {
        turns[i].push_back(
            measure(settings, threads, subject, draws, patched[i].second));
      }
    }
    for (size_t i = 0; i < turns.size(); ++i) {
      results.push_back(summary(
          absl::StrCat(threads, threads == 1 ? " thread, " : " threads, ",
                       patched[i].first),
          turns[i], ns));
      print(results.back());
    }
  }
  if (settings.json.empty()) return 0;
  const nlohmann::ordered_json document = {{"machine", machine()},
                                           {"unit", "ns"},
                                           {"keys", settings.keys},
                                           {"overhead", overhead},
                                           {"results", std::move(results)}};
  std::ofstream out(settings.json);
  out << document.dump(2) << "\n";
  if (out.flush()) return 0;
  std::cerr << "cannot write " << settings.json << "\n";
  return 1;
}

// False for anything but the flags above, with positive numbers.
bool parse(int argc, char** argv, Settings& settings) {
  const std::pair<std::string_view, int*> numbers[] = {
      {"--keys=", &settings.keys},
      {"--seconds=", &settings.seconds},
      {"--rounds=", &settings.rounds},
      {"--patches=", &settings.patches}};
  constexpr std::string_view kJson = "--json=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    bool known = false;
    if (argument.substr(0, kJson.size()) == kJson) {
      settings.json = argument.substr(kJson.size());
      known = true;
    }
    for (const auto& [flag, value] : numbers) {
      if (argument.substr(0, flag.size()) != flag) continue;
      known = absl::SimpleAtoi(argv[i] + flag.size(), value) && *value > 0;
    }
    if (!known) return false;
  }
  return true;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::Settings settings;
  if (!weir::parse(argc, argv, settings)) {
    std::cerr << "usage: latency [--keys=N] [--seconds=N] [--rounds=N] "
                 "[--patches=N] [--json=FILE]\n";
    return 2;
  }
  return weir::run(settings);
}
