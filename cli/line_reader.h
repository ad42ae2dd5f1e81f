// Reads lines in bounded memory.

#ifndef WEIR_CLI_LINE_READER_H_
#define WEIR_CLI_LINE_READER_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string_view>
#include <vector>

namespace weir::cli {

inline constexpr std::size_t kMaxLineBytes = 65536;  // Without the line end.

// Gives the lines of a stream one by one. Lines end with "\n" or "\r\n", the
// last one perhaps with the stream; they may hold any bytes.
// *thread-compatible*
class LineReader {
 public:
  // `in` must outlive this.
  explicit LineReader(std::istream& in) : in_(in), buffer_(kBufferBytes) {}

  // False at the end of the stream, or if it failed (`in.bad()`).
  bool next();

  // The present line without its end, good until the next call; "" if it is
  // longer than kMaxLineBytes.
  std::string_view line() const { return line_; }
  bool too_long() const { return too_long_; }
  std::int64_t number() const { return number_; }  // from 1

  // Bytes of the stream that were read so far.
  std::int64_t bytes_read() const { return bytes_read_; }

 private:
  static constexpr std::size_t kBufferBytes = 4 * kMaxLineBytes;

  bool fill();

  std::istream& in_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // what is not given out yet: [begin_, end_)
  std::size_t end_ = 0;
  std::string_view line_;
  bool too_long_ = false;
  std::int64_t number_ = 0;
  std::int64_t bytes_read_ = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_LINE_READER_H_
