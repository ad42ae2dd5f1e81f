// A reader of lines in bounded memory.

#ifndef WEIR_CLI_REPLAY_LOG_LINE_READER_H_
#define WEIR_CLI_REPLAY_LOG_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/cli/replay/log/byte_source.h"

namespace weir::cli {

inline constexpr std::size_t kMaxLineBytes = 65536;  // Without the line end.

// Returns the lines of a source one by one. Lines end with "\n" or "\r\n"; the
// last one may end with the source. They may contain any bytes.
// *thread-compatible*
class LineReader {
 public:
  // `source` must outlive this object.
  explicit LineReader(ByteSource& source)
      : source_(source), buffer_(kBufferBytes) {}

  // Reads the next line. Returns false at the end of the source.
  bool next();

  // The current line without its line end, valid until the next call; "" if it
  // is longer than kMaxLineBytes.
  std::string_view line() const { return line_; }
  bool too_long() const { return too_long_; }
  std::int64_t number() const { return number_; }  // from 1

 private:
  static constexpr std::size_t kBufferBytes = 4 * kMaxLineBytes;

  bool fill();

  ByteSource& source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // bytes not yet returned: [begin_, end_)
  std::size_t end_ = 0;
  std::string_view line_;
  bool too_long_ = false;
  std::int64_t number_ = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LINE_READER_H_
