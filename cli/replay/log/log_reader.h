// The interface for readers of one log format.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_READER_H_
#define WEIR_CLI_REPLAY_LOG_LOG_READER_H_

#include <string>
#include <string_view>
#include <vector>

#include "weir/cli/replay/log/log_entry.h"

namespace weir::cli {

// The fields chosen as key and stage; "" for the format's default.
struct FieldChoice {
  std::string key;
  std::string stage;
};

// *thread-compatible*
class LogReader {
 public:
  virtual ~LogReader() = default;

  // Reads one record, a line without its line end, of any bytes. The result is
  // valid until the next call.
  virtual LogLine read(std::string_view record) = 0;

  // Whether the record has this format and not one that resembles it.
  virtual bool recognises(std::string_view record) {
    return read(record).kind == LogLine::Kind::kRequest;
  }

  // The fields of the format, or of the first request read.
  virtual std::vector<std::string> field_names() const = 0;

  // The chosen field that no request had so far; "" if there is none.
  virtual std::string_view missing_field() const = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_READER_H_
