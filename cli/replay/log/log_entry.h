// One request, as recorded in a log.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_ENTRY_H_
#define WEIR_CLI_REPLAY_LOG_LOG_ENTRY_H_

#include <cstdint>
#include <string_view>

namespace weir::cli {

// The views refer to the record or to its reader; they are valid until the
// reader's next record.
struct LogEntry {
  std::int64_t unix_ns = 0;

  // Identifies the caller. Without `has_key`, no API key was identified, and a
  // gateway forbids the request.
  std::string_view key;
  bool has_key = true;
  // Whether `key` is a client's credential, which must not be shown.
  bool key_is_secret = false;

  // "apiId:stage", or only one of the two; "" if the record has none.
  std::string_view stage;
  // The record says that the request was for no stage.
  bool no_stage = false;

  // The request target below the stage, as the client sent it. With
  // `is_resource`, the resource that the API has found for it, such as
  // "/pets/{id}", or "" for the stage's default.
  std::string_view target;
  bool is_resource = false;
  std::string_view method;
  std::uint32_t cost = 1;
};

struct LogLine {
  enum class Kind : std::uint8_t {
    kRequest,    // see `entry`
    kNothing,    // an empty line, a comment, or a message about something else
    kMalformed,  // see `reason`
  };
  Kind kind = Kind::kNothing;
  LogEntry entry;
  std::string_view reason;  // valid as long as the reader
};

inline LogLine malformed_line(std::string_view reason) {
  LogLine line;
  line.kind = LogLine::Kind::kMalformed;
  line.reason = reason;
  return line;
}

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_ENTRY_H_
