// Benchmarks the cost of storing plans, keys and counts. Times are wall-clock
// times, mostly spent on the disk; the files are in $TMPDIR, or /tmp.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/store.h"

namespace weir {
namespace {

constexpr int64_t kKeys = 1'000'000;
constexpr Day kToday = 9'500;

void check(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

// A store in a folder of its own.
class Scratch {
 public:
  Scratch() {
    std::string name =
        (std::filesystem::temp_directory_path() / "weir-store-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::exit(1);
    folder_ = name;
    open();
  }
  ~Scratch() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    open();
  }

 private:
  void open() {
    auto store = SqliteStore::open(folder_);
    check(store.status());
    store_ = *std::move(store);
  }

  std::string folder_;
  std::shared_ptr<Store> store_;
};

v1::StoreChange plan_change(int version) {
  v1::StoreChange change;
  v1::UsagePlan* plan = change.mutable_put_usage_plan()->mutable_plan();
  plan->set_id("a1b2c3d4e5");
  plan->set_name("plan");
  plan->set_description(absl::StrCat("version ", version));
  for (int i = 0; i < 10; ++i) {
    v1::ApiStage* stage = plan->add_api_stages();
    stage->set_api_id(absl::StrCat("a1b2c3d4e", i));
    stage->set_stage("prod");
    for (int j = 0; j < 20; ++j) {
      (*stage->mutable_throttle())[absl::StrCat("/pets/", j, "/GET")]
          .set_rate_limit(10);
    }
  }
  return change;
}

// Ids and values are as long as those that the enforcer makes, and come in no
// order, as those do.
std::string name_of(int64_t key) {
  const std::string digits = absl::StrCat(key * 7'919'999'983 % 9'999'999'967);
  return std::string(10 - digits.size(), 'k') + digits;
}

v1::StoreChange key_change(int64_t key) {
  v1::StoreChange change;
  v1::ApiKey* document = change.mutable_put_api_key();
  document->set_id(name_of(key));
  document->set_value(
      absl::StrCat("a-value-of-forty-characters---", name_of(key)));
  document->set_enabled(true);
  document->mutable_created_date()->set_seconds(1'700'000'000 + key);
  document->mutable_created_date()->set_nanos(123'456'789);
  document->mutable_last_updated_date()->set_seconds(1'700'000'000 + key);
  document->mutable_last_updated_date()->set_nanos(123'456'789);
  return change;
}

v1::StoreChange association_change(int64_t key) {
  v1::StoreChange change;
  v1::StoredAssociation* association = change.mutable_put_association();
  association->set_id(key + 1);
  association->set_usage_plan_id("a1b2c3d4e5");
  association->set_key_id(name_of(key));
  association->set_first_day(kToday);
  return change;
}

void add_keys(Store& store, int64_t first, int64_t count, bool associated) {
  std::vector<v1::StoreChange> changes;
  for (int64_t key = first; key < first + count; ++key) {
    changes.push_back(key_change(key));
    if (associated) changes.push_back(association_change(key));
  }
  check(store.commit(changes));
}

void commit_a_patch(benchmark::State& state) {
  Scratch scratch;
  int version = 0;
  for (auto _ : state) {
    check(scratch.store().commit({plan_change(++version)}));
  }
}
BENCHMARK(commit_a_patch)
    ->Name("store/commit of a plan of 200 methods")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void commit_keys(benchmark::State& state) {
  Scratch scratch;
  check(scratch.store().commit({plan_change(1)}));
  int64_t first = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<v1::StoreChange> changes;
    for (int64_t key = first; key < first + state.range(0); ++key) {
      changes.push_back(key_change(key));
      changes.push_back(association_change(key));
    }
    first += state.range(0);
    state.ResumeTiming();
    check(scratch.store().commit(changes));
  }
}
BENCHMARK(commit_keys)
    ->Name("store/commit of keys and their associations")
    ->Arg(1)
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void load(benchmark::State& state) {
  Scratch scratch;
  check(scratch.store().commit({plan_change(1)}));
  constexpr int64_t kBatch = 10'000;
  for (int64_t key = 0; key < kKeys; key += kBatch) {
    add_keys(scratch.store(), key, kBatch, true);
  }
  scratch.reopen();
  for (auto _ : state) {
    int64_t changes = 0;
    check(scratch.store().load([&](const v1::StoreChange&) {
      ++changes;
      return absl::OkStatus();
    }));
    if (changes != 2 + 2 * kKeys) state.SkipWithError("changes are missing");
  }
}
BENCHMARK(load)
    ->Name("store/load of a million keys and associations")
    ->Iterations(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void open_store(benchmark::State& state) {
  Scratch scratch;
  for (auto _ : state) scratch.reopen();
}
BENCHMARK(open_store)
    ->Name("store/close and open")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

std::vector<DailyCount> days_of_keys(int64_t first, int64_t count, Day day) {
  std::vector<DailyCount> days;
  for (int64_t i = first; i < first + count; ++i)
    days.push_back({i + 1, day, i});
  return days;
}

void write_days(benchmark::State& state) {
  Scratch scratch;
  Day day = kToday;
  for (auto _ : state) {
    state.PauseTiming();
    const auto days = days_of_keys(0, state.range(0), ++day);
    state.ResumeTiming();
    check(scratch.store().write_usage(days, {}));
  }
}
BENCHMARK(write_days)
    ->Name("store/write_usage of days")
    ->Arg(1'000)
    ->Arg(100'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void write_blocks(benchmark::State& state) {
  Scratch scratch;
  CountsBlock block{1, 0, std::string(state.range(0), 'c')};
  for (auto _ : state) {
    // Changes the counts, as unchanged ones are not written.
    for (size_t i = 0; i < block.counts.size(); i += 64) ++block.counts[i];
    check(scratch.store().write_usage({}, {block}));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(write_blocks)
    ->Name("store/write_usage of a block")
    ->Arg(1 << 16)
    ->Arg(1 << 20)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// 400 days of a thousand keys are there.
void read_days(benchmark::State& state, int64_t association) {
  Scratch scratch;
  for (Day day = 0; day < 400; ++day) {
    check(
        scratch.store().write_usage(days_of_keys(0, 1'000, kToday - day), {}));
  }
  for (auto _ : state) {
    int64_t days = 0;
    check(scratch.store().read_days(association, kToday - 399, kToday,
                                    [&](const DailyCount&) { ++days; }));
    benchmark::DoNotOptimize(days);
  }
}
BENCHMARK_CAPTURE(read_days, one, 77)
    ->Name("store/read_days, 400 of one key")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(read_days, all, 0)
    ->Name("store/read_days, 400 of 1,000 keys")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void prune_days(benchmark::State& state) {
  Scratch scratch;
  for (auto _ : state) {
    state.PauseTiming();
    check(scratch.store().write_usage(days_of_keys(0, state.range(0), 1), {}));
    state.ResumeTiming();
    check(scratch.store().prune_days(2, state.range(0)).status());
  }
}
BENCHMARK(prune_days)
    ->Name("store/prune_days")
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
