// Reads text logs whose fields have fixed places.

#ifndef WEIR_CLI_REPLAY_LOG_TEXT_READER_H_
#define WEIR_CLI_REPLAY_LOG_TEXT_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/replay/log/log_reader.h"
#include "cli/replay/log/text_splitters.h"

namespace weir::cli {

// A format, as the table of formats describes it.
struct TextFormat {
  Splitter split;
  // The names of the splitter's fields in their order, with blanks between.
  std::string_view fields;
  std::string_view default_key;
  // From this field on, they are split only where they are wanted.
  std::size_t rest;
  // How targets are escaped: '\\' ("\x22"), '#' ("#22"), or 0 if they are not.
  char escape;
  // Whether a line that can be split is of this format; null: it is.
  bool (*is_typical)(std::string_view line, const SplitRecord& record);
};

class TextReader : public LogReader {
 public:
  // InvalidArgument if the format lacks a field that was chosen.
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
  std::string no_key_;    // what is wrong with a record without the key
  std::string no_stage_;  // and without the stage
  std::string target_;    // of the present entry, without escapes
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_TEXT_READER_H_
