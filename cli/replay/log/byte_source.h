// Where the bytes of a log come from.

#ifndef WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_
#define WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_

#include <cstddef>

namespace weir::cli {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads up to `size` bytes, at least one unless there are no more. Blocks as
  // long as it takes.
  virtual std::size_t read(char* buffer, std::size_t size) = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_LOG_BYTE_SOURCE_H_
