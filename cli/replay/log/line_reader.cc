#include "weir/cli/replay/log/line_reader.h"

#include <cstring>

namespace weir::cli {

bool LineReader::next() {
  line_ = {};
  too_long_ = false;
  std::size_t searched = 0;  // bytes from begin_ on without a line end
  for (;;) {
    const char* const start = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    const void* const found =
        std::memchr(start + searched, '\n', size - searched);
    if (found == nullptr) {
      if (size > kMaxLineBytes + 1) {  // a "\r" may still be removed
        too_long_ = true;
        begin_ = end_;
      }
      searched = end_ - begin_;
      if (fill()) continue;
      if (searched == 0 && !too_long_) return false;
    }
    const std::size_t length =
        found == nullptr
            ? searched
            : static_cast<std::size_t>(static_cast<const char*>(found) - start);
    line_ = {buffer_.data() + begin_, length};
    begin_ += length + (found == nullptr ? 0 : 1);
    ++number_;
    if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
    too_long_ = too_long_ || line_.size() > kMaxLineBytes;
    if (too_long_) line_ = {};
    return true;
  }
}

// Appends more bytes to the buffer. Returns false if there are no more.
bool LineReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const std::size_t count =
      source_.read(buffer_.data() + end_, buffer_.size() - end_);
  end_ += count;
  return count > 0;
}

}  // namespace weir::cli
