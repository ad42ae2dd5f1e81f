// Benchmarks a quota counter by itself.

#include <cstdint>
#include <cstdlib>

#include "benchmark/benchmark.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/memory/line_source.h"
#include "weir/quota/calendar.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"

namespace weir {
namespace {

constexpr char kFloor[] = "floor/one load and CAS";
constexpr Day kToday = 9'500;

class HeapLines final : public internal::LineSource {
 public:
  void* take_line() noexcept override {
    return std::aligned_alloc(kLineBytes, kLineBytes);
  }
  void return_line(void* line) noexcept override { std::free(line); }
  void lost_day() noexcept override {}
};

void take(benchmark::State& state, int64_t limit) {
  static HeapLines lines;
  static DailyLog log;
  static QuotaCounter counter;
  const QuotaTerms terms{QuotaCalendar::monthly(), limit, 0};
  if (state.thread_index() == 0) counter.start(kToday, terms.calendar);
  Day today = kToday;
  for (auto _ : state) {
    benchmark::DoNotOptimize(today);
    benchmark::DoNotOptimize(counter.take(terms, today, 1, log, lines));
  }
  state.SetLabel(compared_with({kFloor}));
}

void admitted(benchmark::State& state) { take(state, kMaxQuota); }
BENCHMARK(admitted)->Name("quota/admitted")->UseRealTime()->ThreadRange(1, 2);

void refused(benchmark::State& state) { take(state, 1); }
BENCHMARK(refused)->Name("quota/refused")->UseRealTime()->ThreadRange(1, 2);

}  // namespace
}  // namespace weir
