#ifndef WEIR_HTTP_BODY_READER_H_
#define WEIR_HTTP_BODY_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/request_head.h"

namespace weir {

// Reads the body of a request from bytes that come in pieces: one of a length
// that is said, or chunks. Lines end in CR LF alone. Extensions of chunks and
// trailers are read, checked and left out. *thread-compatible*
class BodyReader {
 public:
  enum class State { kMore, kDone, kMalformed };

  // No body.
  BodyReader() = default;
  // Extensions and trailers may have `max_overhead` bytes together.
  BodyReader(const RequestHead& head, size_t max_overhead);

  // Takes bytes off `input`, some of which are the body's next: `data`, a part
  // of what was taken. With kMore, it was all of `input` if `data` is empty.
  // Once it is not kMore, it takes nothing.
  State read(std::string_view& input, std::string_view& data);

  State state() const { return state_; }
  // How much is still to come at least.
  uint64_t remaining() const { return remaining_; }

 private:
  enum class Part { kSize, kData, kDataEnd, kTrailer };

  void take_line_byte(char byte);
  void end_line();
  void end_size();
  void end_trailer();
  bool charge(size_t bytes);

  State state_ = State::kDone;
  bool is_chunked_ = false;
  Part part_ = Part::kData;
  uint64_t remaining_ = 0;  // of the body, or of the chunk
  size_t overhead_left_ = 0;
  std::string line_;
};

}  // namespace weir

#endif  // WEIR_HTTP_BODY_READER_H_
