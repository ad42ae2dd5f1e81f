#include "weir/cli/replay/log/log_bytes.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/cli/byte_order_mark.h"
#include "zlib.h"

namespace weir::cli {
namespace {

constexpr std::size_t kInputBytes = 65536;
constexpr std::size_t kHeadBytes = 6;  // enough to detect a compression
constexpr std::size_t kMarkBytes = 4;  // of the longest byte order mark

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool is_gzip(std::string_view head) { return begins_with(head, "\x1f\x8b"); }

// Whether it is zlib's own format. Text cannot be mistaken for it: "x", and
// then a byte that is not ASCII, or a control character.
bool is_zlib(std::string_view head) {
  return begins_with(head, "\x78\x9c") || begins_with(head, "\x78\xda") ||
         begins_with(head, "\x78\x01");
}

struct Compression {
  std::string_view magic;
  std::string_view name;
};
constexpr Compression kOthers[] = {{"\x28\xb5\x2f\xfd", "zstd"},
                                   {"BZh", "bzip2"},
                                   {"\xfd"
                                    "7zXZ",
                                    "xz"},
                                   {"PK\x03\x04", "zip"},
                                   {"\x04\x22\x4d\x18", "lz4"}};

}  // namespace

// Decompresses the stream.
class LogBytes::Inflater {
 public:
  explicit Inflater(LogBytes* bytes) : bytes_(*bytes), input_(kInputBytes) {
    constexpr int kWindowBits = 15;
    constexpr int kZlibOrGzip = 32;
    is_ready_ = inflateInit2(&stream_, kWindowBits + kZlibOrGzip) == Z_OK;
  }
  ~Inflater() {
    if (is_ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::size_t read(char* buffer, std::size_t size, absl::Status* status) {
    if (!is_ready_) *status = absl::ResourceExhaustedError("no memory");
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1 << 30));
    const uInt room = stream_.avail_out;
    while (status->ok() && stream_.avail_out == room) {
      if (stream_.avail_in == 0 && !fill()) {
        if (!between_members_ && status->ok()) {
          *status = absl::DataLossError("the compressed data ends early");
        }
        break;
      }
      if (between_members_ && !begin_member(status)) break;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        between_members_ = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        *status = absl::DataLossError("the compressed data is damaged");
      }
    }
    return room - stream_.avail_out;
  }

 private:
  bool fill() {
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in =
        static_cast<uInt>(bytes_.read_stored(input_.data(), input_.size()));
    return stream_.avail_in > 0;
  }

  // A member may be followed by another one, by zeros that fill a block, or by
  // nothing. Returns false if there is no other member.
  bool begin_member(absl::Status* status) {
    do {
      while (stream_.avail_in > 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
    } while (stream_.avail_in == 0 && fill());
    if (stream_.avail_in == 0) return false;
    if (*stream_.next_in != 0x1f) {
      *status =
          absl::DataLossError("there are bytes after the compressed data");
      return false;
    }
    inflateReset(&stream_);
    between_members_ = false;
    return true;
  }

  LogBytes& bytes_;
  std::vector<char> input_;
  z_stream stream_ = {};
  bool is_ready_ = false;
  bool between_members_ = false;
};

LogBytes::LogBytes(std::istream& in) : in_(in) {}
LogBytes::~LogBytes() = default;

std::size_t LogBytes::read_stored(char* buffer, std::size_t size) {
  if (!head_.empty()) {
    const std::size_t count = std::min(size, head_.size());
    std::memcpy(buffer, head_.data(), count);
    head_.erase(0, count);
    return count;
  }
  if (!status_.ok()) return 0;
  errno = 0;
  in_.read(buffer, static_cast<std::streamsize>(size));
  if (in_.bad()) {
    status_ = absl::UnavailableError(errno == 0 ? "cannot be read"
                                                : std::strerror(errno));
  }
  return static_cast<std::size_t>(in_.gcount());
}

std::size_t LogBytes::read_text(char* buffer, std::size_t size) {
  return inflater_ == nullptr ? read_stored(buffer, size)
                              : inflater_->read(buffer, size, &status_);
}

// Examines the first bytes. Returns false if they cannot be a log's.
bool LogBytes::start() {
  std::string head(kHeadBytes, '\0');
  head.resize(read_stored(head.data(), head.size()));
  for (const Compression& other : kOthers) {
    if (begins_with(head, other.magic)) {
      status_ = absl::InvalidArgumentError(
          absl::StrCat("compressed with ", internal::to_absl(other.name),
                       ": of compressed logs, gzip's can be read"));
      return false;
    }
  }
  head_ = std::move(head);
  if (is_gzip(head_) || is_zlib(head_)) {
    inflater_ = std::make_unique<Inflater>(this);
  }
  std::string text;
  while (text.size() < kMarkBytes) {
    char bytes[kMarkBytes];
    const std::size_t count = read_text(bytes, kMarkBytes - text.size());
    if (count == 0) break;
    text.append(bytes, count);
  }
  const auto mark = byte_order_mark_bytes(text);
  if (!mark.ok()) {
    status_ = mark.status();
    return false;
  }
  text_ = text.substr(*mark);
  return true;
}

std::size_t LogBytes::read(char* buffer, std::size_t size) {
  if (!started_) {
    started_ = true;
    if (!start()) return 0;
  }
  if (!text_.empty()) {
    const std::size_t count = std::min(size, text_.size());
    std::memcpy(buffer, text_.data(), count);
    text_.erase(0, count);
    return count;
  }
  return status_.ok() ? read_text(buffer, size) : 0;
}

}  // namespace weir::cli
