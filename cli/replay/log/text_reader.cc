#include "weir/cli/replay/log/text_reader.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/credential_name.h"
#include "weir/cli/replay/log/scan.h"

namespace weir::cli {
namespace {

std::vector<std::string> names_of(const TextFormat& format) {
  return absl::StrSplit(internal::to_absl(format.fields), ' ');
}

absl::StatusOr<std::size_t> find_field(const TextFormat& format,
                                       std::string_view name) {
  const std::vector<std::string> names = names_of(format);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no field ", internal::excerpt(name),
                     "; there are: ", absl::StrJoin(names, ", ")));
  }
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogReader>> TextReader::create(
    const TextFormat& format, const FieldChoice& choice) {
  std::unique_ptr<TextReader> reader(new TextReader(format));
  const std::string_view key =
      choice.key.empty() ? format.default_key : std::string_view(choice.key);
  const auto key_field = find_field(format, key);
  if (!key_field.ok()) return key_field.status();
  reader->key_ = *key_field;
  reader->key_is_secret_ = is_credential_name(key);
  reader->key_is_api_key_ = is_api_key_name(key);
  reader->no_key_ = absl::StrCat("the line ends before its field \"",
                                 internal::to_absl(key), "\"");
  if (!choice.stage.empty()) {
    const auto stage_field = find_field(format, choice.stage);
    if (!stage_field.ok()) return stage_field.status();
    reader->stage_ = *stage_field;
    reader->no_stage_ =
        absl::StrCat("the line ends before its field \"", choice.stage, "\"");
  }
  return reader;
}

LogLine TextReader::read(std::string_view record) {
  SplitRecord split;
  split.rest_wanted =
      key_ >= format_.rest || (stage_ != kNoField && stage_ >= format_.rest);
  return read(record, &split);
}

bool TextReader::recognises(std::string_view record) {
  SplitRecord split;
  split.rest_wanted = true;
  return read(record, &split).kind == LogLine::Kind::kRequest &&
         (format_.is_typical == nullptr || format_.is_typical(record, split));
}

LogLine TextReader::read(std::string_view record, SplitRecord* split) {
  skip_blanks(&record);
  if (record.empty() || record.front() == '#') return LogLine();
  if (const char* reason = format_.split(record, split)) {
    return malformed_line(reason);
  }
  LogLine line;
  line.kind = LogLine::Kind::kRequest;
  line.entry = split->entry;
  const std::string_view key = split->fields[key_];
  if (key.data() == nullptr) return malformed_line(no_key_);
  line.entry.key = key;
  line.entry.key_is_secret = key_is_secret_;
  line.entry.has_key = !key_is_api_key_ || (!key.empty() && key != "-");
  if (stage_ != kNoField) {
    if (split->fields[stage_].data() == nullptr) {
      return malformed_line(no_stage_);
    }
    line.entry.stage = split->fields[stage_];
  }
  if (format_.escape != '\0' &&
      line.entry.target.find(format_.escape) != std::string_view::npos) {
    target_ = without_escapes(line.entry.target, format_.escape);
    line.entry.target = target_;
  }
  return line;
}

std::vector<std::string> TextReader::field_names() const {
  return names_of(format_);
}

}  // namespace weir::cli
