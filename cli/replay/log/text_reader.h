// A reader of text logs whose fields have fixed positions.

#ifndef WEIR_CLI_REPLAY_LOG_TEXT_READER_H_
#define WEIR_CLI_REPLAY_LOG_TEXT_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/cli/replay/log/log_reader.h"
#include "weir/cli/replay/log/text_splitters.h"

namespace weir::cli {

// An entry of the table of text formats.
struct TextFormat {
  Splitter split;
  // The names of the splitter's fields in their order, separated by blanks.
  std::string_view fields;
  std::string_view default_key;
  // Fields from this one on are split only if they are needed.
  std::size_t rest;
  // The escape in targets: '\\' ("\x22"), '#' ("#22"), or 0 for none.
  char escape;
  // Whether a line that can be split has this format. Null: always.
  bool (*is_typical)(std::string_view line, const SplitRecord& record);
};

class TextReader : public LogReader {
 public:
  // InvalidArgument if the format lacks a chosen field.
  // REQUIRES: `format` outlives the reader.
  static absl::StatusOr<std::unique_ptr<LogReader>> create(
      const TextFormat& format, const FieldChoice& choice);

  LogLine read(std::string_view record) override;
  bool recognises(std::string_view record) override;
  std::vector<std::string> field_names() const override;
  std::string_view missing_field() const override { return ""; }

 private:
  static constexpr std::size_t kNoField = ~std::size_t{0};

  explicit TextReader(const TextFormat& format) : format_(format) {}
  LogLine read(std::string_view record, SplitRecord* split);

  const TextFormat& format_;
  std::size_t key_ = kNoField;
  std::size_t stage_ = kNoField;
  bool key_is_secret_ = false;
  bool key_is_api_key_ = false;
  std::string no_key_;    // the error of a record without the key
  std::string no_stage_;  // and of one without the stage
  std::string target_;    // of the current entry, without escapes
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_TEXT_READER_H_
