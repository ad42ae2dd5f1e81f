#include "weir/benchmarks/ratio_reporter.h"

#include <algorithm>
#include <iostream>
#include <tuple>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "weir/benchmarks/machine.h"

namespace weir {
namespace {

constexpr char kSeparator[] = " | ";

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

double least(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

double most(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

// "name/real_time/threads:2" -> "/real_time/threads:2"
std::string suffix(const std::string& name) {
  const size_t at = name.find("/real_time");
  return at == std::string::npos ? "" : name.substr(at);
}

// A name in readable form: "admit/own clock/1000, 2 threads".
std::string shown(std::string name) {
  if (const size_t at = name.find("/real_time"); at != std::string::npos) {
    name.erase(at, sizeof("/real_time") - 1);
  }
  if (const size_t at = name.find("/threads:"); at != std::string::npos) {
    const std::string threads = name.substr(at + sizeof("/threads:") - 1);
    name = name.substr(0, at);
    if (threads != "1") name += ", " + threads + " threads";
  }
  return name;
}

// Why the run failed; empty if it did not. Newer versions of the library name
// the member differently.
template <typename Run>
auto error_of(const Run& run, int) -> decltype(run.skip_message) {
  return run.skip_message;
}
template <typename Run>
auto error_of(const Run& run, long) -> decltype(run.error_message) {
  return run.error_message;
}

}  // namespace

std::string compared_with(std::initializer_list<std::string> names) {
  return absl::StrJoin(names, kSeparator);
}

bool RatioReporter::ReportContext(const Context& context) {
  PrintBasicContext(&std::cerr, context);
  return true;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string name = run.benchmark_name();
    if (const std::string error = error_of(run, 0); !error.empty()) {
      std::cerr << name << ": " << error << "\n";
      continue;
    }
    // Repetitions share one name.
    const std::string plain = name.substr(0, name.find("/repeats:"));
    const auto [it, added] = row_of_.emplace(plain, rows_.size());
    if (added) {
      rows_.push_back({plain,
                       absl::StrSplit(run.report_label, kSeparator),
                       run.family_index,
                       run.per_family_instance_index,
                       {}});
    }
    // Processor time, which excludes waiting for a processor.
    rows_[it->second].nanoseconds.push_back(run.threads == 1
                                                ? run.GetAdjustedCPUTime()
                                                : run.GetAdjustedRealTime());
  }
}

void RatioReporter::Finalize() {
  // Interleaved repetitions arrive in any order.
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::tie(a.family, a.instance) < std::tie(b.family, b.instance);
  });
  for (size_t i = 0; i < rows_.size(); ++i) row_of_[rows_[i].name] = i;

  std::cout << absl::StreamFormat("%-60s %10s %8s %8s  %s\n", "", "median ns",
                                  "min", "max", "ratio");
  for (const Row& row : rows_) {
    std::cout << absl::StreamFormat(
        "%-60s %10.2f %8.2f %8.2f", shown(row.name), median(row.nanoseconds),
        least(row.nanoseconds), most(row.nanoseconds));
    const char* before = "  ";
    for (const Ratio& ratio : ratios(row)) {
      std::cout << absl::StreamFormat("%s%.2f x %s", before, ratio.ratio,
                                      ratio.to);
      before = "; ";
    }
    std::cout << "\n";
  }
}

void RatioReporter::write_json(std::ostream& out) const {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const Row& row : rows_) {
    nlohmann::ordered_json result = {{"name", shown(row.name)},
                                     {"median", median(row.nanoseconds)},
                                     {"min", least(row.nanoseconds)},
                                     {"max", most(row.nanoseconds)}};
    for (const Ratio& ratio : ratios(row)) {
      result["ratios"][ratio.to] = ratio.ratio;
    }
    results.push_back(std::move(result));
  }
  const nlohmann::ordered_json document = {
      {"machine", machine()}, {"unit", "ns"}, {"results", std::move(results)}};
  out << document.dump(2) << "\n";
}

std::vector<RatioReporter::Ratio> RatioReporter::ratios(const Row& row) const {
  std::vector<Ratio> ratios;
  for (const std::string& name : row.compared_with) {
    const auto other = row_of_.find(name + suffix(row.name));
    if (other == row_of_.end()) continue;
    ratios.push_back({name, median(row.nanoseconds) /
                                median(rows_[other->second].nanoseconds)});
  }
  return ratios;
}

}  // namespace weir
