#ifndef WEIR_BENCHMARKS_RATIO_REPORTER_H_
#define WEIR_BENCHMARKS_RATIO_REPORTER_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"

namespace weir {

// Prints a table when all benchmarks have run: the median time of each, its
// spread, and its ratio to the floor that it names with `SetLabel("floor:
// <benchmark>")`, measured in the same run with as many threads.
class RatioReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  struct Row {
    std::string name;
    std::string floor;
    int64_t family;
    int64_t instance;
    std::vector<double> nanoseconds;  // one for each repetition
  };

  std::vector<Row> rows_;
  std::map<std::string, size_t> row_of_;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_RATIO_REPORTER_H_
