// Runs all benchmarks and prints them as a table of ratios. Takes the flags of
// Google Benchmark.

#include "benchmark/benchmark.h"
#include "benchmarks/ratio_reporter.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  weir::RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
}
