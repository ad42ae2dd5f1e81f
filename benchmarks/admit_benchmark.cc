// Benchmarks all of `admit()`.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "weir/base/clock.h"
#include "weir/benchmarks/draws.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/benchmarks/rows.h"
#include "weir/benchmarks/subject.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"

namespace weir {
namespace {

// By how much a caller's time advances from one call to the next, in ns.
constexpr int64_t kStep = 20;

void own_clock(benchmark::State& state, Subject& subject, Draws& draws) {
  time_decisions(state, draws, [&](std::string_view key) {
    return subject.enforcer->admit({key, subject.route}).admitted();
  });
}

void callers_now(benchmark::State& state, Subject& subject, Draws& draws,
                 Outcome expected) {
  Instant now = SystemClock().now();
  time_decisions(state, draws, [&](std::string_view key) {
    now = now + kStep;
    const Call call{key, subject.route, 1, now};
    return subject.enforcer->admit(call).outcome == expected;
  });
}

// Sixteen decisions at a time, under one reading of the clock.
void batches(benchmark::State& state, Subject& subject, Draws& draws) {
  constexpr size_t kBatch = 16;
  Draws::Walk walk(draws, state.thread_index());
  std::array<Call, kBatch> calls;
  std::array<Decision, kBatch> decisions;
  int64_t surprises = 0;
  while (state.KeepRunningBatch(kBatch)) {
    for (Call& call : calls) call = {walk.next(), subject.route};
    subject.enforcer->admit(calls, absl::MakeSpan(decisions));
    for (const Decision& decision : decisions) {
      surprises += !decision.admitted();
    }
  }
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
}

// The clients of as many draws of keys, as connections would remember them.
struct Handles {
  explicit Handles(size_t keys) {
    Draws& draws = the<Draws>(keys, Popularity::kUniform);
    Draws::Walk walk(draws, 0);
    for (size_t i = 0; i < draws.size(); ++i) {
      clients.push_back(the<Subject>(keys).enforcer->resolve(walk.next()));
    }
  }
  std::vector<ClientHandle> clients;  // a power of two of them
};

void handles(benchmark::State& state, Subject& subject, Handles& handles) {
  const std::vector<ClientHandle>& clients = handles.clients;
  // Each measurement starts at another place.
  static std::atomic<size_t> next{0};
  size_t at = next.fetch_add(clients.size() / 5);
  Instant now = SystemClock().now();
  int64_t surprises = 0;
  for (auto _ : state) {
    now = now + kStep;
    const Call call{
        {}, subject.route, 1, now, clients[at++ & (clients.size() - 1)]};
    surprises += !subject.enforcer->admit(call).admitted();
  }
  if (surprises != 0) state.SkipWithError("not the outcome that is measured");
}

void add_row(const std::string& name,
             std::function<void(benchmark::State&)> row) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(row))
      ->UseRealTime()
      ->ThreadRange(1, 2);
}

void add_rows(size_t keys, Popularity popularity) {
  const std::string kind = absl::StrCat(suffix_of(popularity), "/", keys);
  add_row("admit/own clock" + kind, [=](benchmark::State& state) {
    own_clock(state, the<Subject>(keys), the<Draws>(keys, popularity));
    state.SetLabel(compared_with(
        {absl::StrCat("floor/hash, hit, three CASes", kind),
         "peer/time bucket (folly), own clock",
         absl::StrCat("peer/sharded map (governor), own clock", kind)}));
  });
  add_row("admit/caller's now" + kind, [=](benchmark::State& state) {
    callers_now(state, the<Subject>(keys), the<Draws>(keys, popularity),
                Outcome::kAdmitted);
    state.SetLabel(compared_with(
        {absl::StrCat("floor/hash, hit, three CASes", kind),
         absl::StrCat("peer/sharded map (governor), caller's now", kind)}));
  });
  add_row("admit/batch of 16" + kind, [=](benchmark::State& state) {
    batches(state, the<Subject>(keys), the<Draws>(keys, popularity));
    state.SetLabel(compared_with({absl::StrCat("admit/own clock", kind)}));
  });
  if (popularity != Popularity::kUniform) return;
  add_row("admit/client handle, caller's now" + kind,
          [=](benchmark::State& state) {
            handles(state, the<Subject>(keys), the<Handles>(keys));
            state.SetLabel(
                compared_with({absl::StrCat("admit/caller's now", kind)}));
          });
}

}  // namespace

void register_admit_rows(const std::vector<int64_t>& key_counts) {
  for (const int64_t keys : key_counts) {
    for (const Popularity popularity : popularities(keys)) {
      add_rows(static_cast<size_t>(keys), popularity);
    }
  }
  static constexpr size_t kFew = 1'000;
  const auto few = []() -> Draws& {
    return the<Draws>(kFew, Popularity::kUniform);
  };
  add_row("admit/throttled/1000", [=](benchmark::State& state) {
    callers_now(state, the<Subject>(kFew, Plan::kThrottles), few(),
                Outcome::kThrottled);
  });
  add_row("admit/over quota/1000", [=](benchmark::State& state) {
    callers_now(state, the<Subject>(kFew, Plan::kOverQuota), few(),
                Outcome::kQuotaExceeded);
  });
  add_row("admit/unknown key/1000", [=](benchmark::State& state) {
    callers_now(state, the<Subject>(kFew),
                the<Draws>(kFew, Popularity::kUniform, uint64_t{kFew}),
                Outcome::kForbidden);
  });
  add_row("admit/one hot key, own clock", [=](benchmark::State& state) {
    own_clock(state, the<Subject>(size_t{1}),
              the<Draws>(size_t{1}, Popularity::kUniform));
    state.SetLabel(compared_with({"floor/three loads and CASes",
                                  "peer/time bucket (folly), own clock"}));
  });
  add_row("admit/one hot key, caller's now", [=](benchmark::State& state) {
    callers_now(state, the<Subject>(size_t{1}),
                the<Draws>(size_t{1}, Popularity::kUniform),
                Outcome::kAdmitted);
    state.SetLabel(compared_with({"floor/three loads and CASes",
                                  "peer/time bucket (folly), caller's now"}));
  });
}

}  // namespace weir
