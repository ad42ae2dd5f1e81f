// The text of a log, compressed or not.

#ifndef WEIR_CLI_REPLAY_LOG_LOG_BYTES_H_
#define WEIR_CLI_REPLAY_LOG_LOG_BYTES_H_

#include <cstddef>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "weir/cli/replay/log/byte_source.h"

namespace weir::cli {

// Decompresses gzip with one or more members, and zlib's format, recognized by
// their first bytes; drops a byte order mark. Memory does not depend on the
// log. *thread-compatible*
class LogBytes : public ByteSource {
 public:
  // REQUIRES: `in` outlives this object.
  explicit LogBytes(std::istream& in);
  ~LogBytes() override;

  std::size_t read(char* buffer, std::size_t size) override;

  // Why there are no more bytes; OK at the end of the log. DataLoss: the
  // compressed data is truncated or damaged; the bytes read before are valid.
  // InvalidArgument: it is not text, but UTF-16, say, or another compression.
  // Unavailable: the stream failed.
  const absl::Status& status() const { return status_; }

 private:
  class Inflater;

  bool start();
  std::size_t read_stored(char* buffer, std::size_t size);
  std::size_t read_text(char* buffer, std::size_t size);

  std::istream& in_;
  absl::Status status_;
  bool started_ = false;
  std::string head_;  // stored bytes that were examined, but not used yet
  std::string text_;  // the same for bytes of the text
  std::unique_ptr<Inflater> inflater_;  // if it is compressed
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_LOG_BYTES_H_
