// The interface for a source of a log's bytes.

#ifndef WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_
#define WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_

#include <cstddef>

namespace weir::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads up to `size` bytes, at least one unless there are no more. Blocks
  // until then.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_
