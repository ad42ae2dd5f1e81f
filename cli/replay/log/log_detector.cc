#include "weir/cli/replay/log/log_detector.h"

#include <algorithm>
#include <utility>

namespace weir::cli {

LogDetector::LogDetector() {
  for (const LogFormat& format : log_formats()) {
    auto reader = format.make_reader({});
    if (reader.ok()) candidates_.push_back({&format, *std::move(reader)});
  }
}

void LogDetector::add(std::string_view line) {
  // Every reader gets every line: some learn from the lines before a request.
  Candidate* first = nullptr;
  for (Candidate& candidate : candidates_) {
    if (candidate.reader->recognises(line) && first == nullptr) {
      first = &candidate;
    }
  }
  if (first == nullptr) return;
  ++first->lines;
  ++recognised_;
}

const LogFormat* LogDetector::format() const {
  if (recognised_ == 0) return nullptr;
  return std::max_element(candidates_.begin(), candidates_.end(),
                          [](const Candidate& a, const Candidate& b) {
                            return a.lines < b.lines;
                          })
      ->format;
}

}  // namespace weir::cli
