#include "weir/cli/replay/log/log_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/log_detector.h"

namespace weir::cli {

LogFile::LogFile(std::istream& in, const LogFormat* format, FieldChoice choice)
    : bytes_(in), lines_(bytes_), format_(format), choice_(std::move(choice)) {}

// Reads lines ahead until the format is known.
void LogFile::recognise() {
  if (format_ == nullptr) {
    LogDetector detector;
    std::size_t bytes = 0;
    while (detector.recognised() < kLinesToRecognise &&
           bytes < kBytesToRecognise && lines_.next()) {
      first_lines_.push_back({std::string(lines_.line()), lines_.too_long()});
      bytes += first_lines_.back().text.size() + sizeof(Line);
      detector.add(lines_.line());
    }
    format_ = detector.format();
  }
  if (format_ == nullptr) {
    // Errors of the lines are those of the format closest to the first line.
    const std::string_view first =
        first_lines_.empty() ? std::string_view() : first_lines_.front().text;
    reader_ = *closest_log_format(first).make_reader({});
    return;
  }
  auto reader = format_->make_reader(choice_);
  if (reader.ok()) {
    reader_ = *std::move(reader);
  } else {
    status_ = absl::NotFoundError(absl::StrCat(
        "in a log of the format ", internal::to_absl(format_->name), ", ",
        reader.status().message()));
  }
}

bool LogFile::next() {
  if (!started_) {
    started_ = true;
    recognise();
  }
  if (!status_.ok() || at_end_) return false;
  if (!first_lines_.empty()) {
    text_ = std::move(first_lines_.front().text);
    const bool too_long = first_lines_.front().too_long;
    first_lines_.pop_front();
    read(text_, too_long);
    return true;
  }
  // A log without a recognized line is not read to its end.
  if (format_ == nullptr || !lines_.next()) {
    at_end_ = true;
    return false;
  }
  read(lines_.line(), lines_.too_long());
  return true;
}

void LogFile::read(std::string_view text, bool too_long) {
  ++number_;
  line_ = too_long ? malformed_line("longer than 64 KiB") : reader_->read(text);
  any_request_ |= line_.kind == LogLine::Kind::kRequest;
}

absl::Status LogFile::status() const {
  if (!status_.ok()) return status_;
  if (!bytes_.status().ok()) return bytes_.status();
  if (!at_end_ || !any_request_ || reader_->missing_field().empty()) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat(
      "in a log of the format ", internal::to_absl(format_->name),
      ", no line has a field ", internal::excerpt(reader_->missing_field()),
      "; the first one has: ", absl::StrJoin(reader_->field_names(), ", ")));
}

}  // namespace weir::cli
