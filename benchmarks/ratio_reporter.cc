#include "benchmarks/ratio_reporter.h"

#include <algorithm>
#include <iostream>
#include <tuple>

#include "absl/strings/str_format.h"

namespace weir {
namespace {

constexpr char kFloorLabel[] = "floor: ";

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle]
                                : (values[middle - 1] + values[middle]) / 2;
}

// "name/real_time/threads:2" -> "/real_time/threads:2"
std::string suffix(const std::string& name) {
  const size_t at = name.find("/real_time");
  return at == std::string::npos ? "" : name.substr(at);
}

// What a person reads of a name: "admit/1000 keys/2 threads".
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

}  // namespace

bool RatioReporter::ReportContext(const Context& context) {
  PrintBasicContext(&std::cerr, context);
  return true;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string name = run.benchmark_name();
    if (run.error_occurred) {
      std::cerr << name << ": " << run.error_message << "\n";
      continue;
    }
    // Repetitions carry one name.
    const std::string plain = name.substr(0, name.find("/repeats:"));
    const auto [it, added] = row_of_.emplace(plain, rows_.size());
    if (added) {
      const bool has_floor = run.report_label.rfind(kFloorLabel, 0) == 0;
      rows_.push_back(
          {plain,
           has_floor ? run.report_label.substr(sizeof(kFloorLabel) - 1) : "",
           run.family_index,
           run.per_family_instance_index,
           {}});
    }
    rows_[it->second].nanoseconds.push_back(run.GetAdjustedRealTime());
  }
}

void RatioReporter::Finalize() {
  // Interleaved repetitions arrive in any order.
  std::vector<const Row*> ordered;
  for (const Row& row : rows_) ordered.push_back(&row);
  std::sort(ordered.begin(), ordered.end(), [](const Row* a, const Row* b) {
    return std::tie(a->family, a->instance) < std::tie(b->family, b->instance);
  });
  std::cout << absl::StreamFormat("%-44s %10s %8s %8s  %s\n", "", "median ns",
                                  "min", "max", "ratio to its floor");
  for (const Row* const each : ordered) {
    const Row& row = *each;
    std::cout << absl::StreamFormat(
        "%-44s %10.2f %8.2f %8.2f", shown(row.name), median(row.nanoseconds),
        *std::min_element(row.nanoseconds.begin(), row.nanoseconds.end()),
        *std::max_element(row.nanoseconds.begin(), row.nanoseconds.end()));
    const auto floor = row_of_.find(row.floor + suffix(row.name));
    if (!row.floor.empty() && floor != row_of_.end()) {
      std::cout << absl::StreamFormat(
          "  %.2f x %s",
          median(row.nanoseconds) / median(rows_[floor->second].nanoseconds),
          row.floor);
    }
    std::cout << "\n";
  }
}

}  // namespace weir
