// Runs all benchmarks and prints them as a table of ratios. Takes the flags of
// Google Benchmark, and
//
//   --weir_json=FILE  writes the table as JSON as well
//   --weir_large      ten million keys, too: needs 12 GB, and minutes more

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "weir/benchmarks/ratio_reporter.h"
#include "weir/benchmarks/rows.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  constexpr std::string_view kJson = "--weir_json=";
  std::string json;
  std::vector<int64_t> key_counts = {1'000, 10'000, 100'000, 1'000'000};
  int others = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.substr(0, kJson.size()) == kJson) {
      json = argument.substr(kJson.size());
    } else if (argument == "--weir_large") {
      key_counts.push_back(10'000'000);
    } else {
      argv[others++] = argv[i];
    }
  }
  if (benchmark::ReportUnrecognizedArguments(others, argv)) return 2;
  weir::register_floor_rows(key_counts);
  weir::register_peer_rows(key_counts);
  weir::register_admit_rows(key_counts);
  weir::register_hot_key_rows();

  weir::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  if (json.empty()) return 0;
  std::ofstream out(json);
  reporter.write_json(out);
  if (out.flush()) return 0;
  std::cerr << "cannot write " << json << "\n";
  return 1;
}
