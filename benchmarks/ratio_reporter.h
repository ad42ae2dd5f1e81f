#ifndef WEIR_BENCHMARKS_RATIO_REPORTER_H_
#define WEIR_BENCHMARKS_RATIO_REPORTER_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"

namespace weir {

// A label for `SetLabel()` that names the benchmarks to compare this one's time
// with, each measured in the same run with the same number of threads.
std::string compared_with(std::initializer_list<std::string> names);

// Prints a table after all benchmarks have run: the median time of each, its
// spread, and its ratio to those that `compared_with()` names. With one thread
// the time is processor time, with several it is wall-clock time.
// *thread-compatible*
class RatioReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  // Writes the same as a JSON document, with the machine's description.
  // REQUIRES: `Finalize()` has been called.
  void write_json(std::ostream& out) const;

 private:
  struct Row {
    std::string name;
    std::vector<std::string> compared_with;
    int64_t family;
    int64_t instance;
    std::vector<double> nanoseconds;  // one for each repetition
  };
  struct Ratio {
    std::string to;
    double ratio;
  };

  std::vector<Ratio> ratios(const Row& row) const;

  std::vector<Row> rows_;
  std::map<std::string, size_t> row_of_;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_RATIO_REPORTER_H_
