#ifndef WEIR_HTTP_REQUEST_PARSER_H_
#define WEIR_HTTP_REQUEST_PARSER_H_

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "weir/http/line_scanner.h"
#include "weir/http/request_head.h"

namespace weir {

// Parses one request: Boost.Beast's parser with stricter checks
// (http/line_scanner.h, http/request_head.h). Takes the head as a whole, then
// the body in pieces. The body has a stated length or is chunked; the
// extensions and trailers of chunks are checked and dropped. Beast itself
// refuses a Connection or Proxy-Connection that is not a list of tokens, and
// trailers that state a length. *thread-compatible*
class RequestParser : private boost::beast::http::basic_parser<true> {
 public:
  enum class State { kMore, kDone, kMalformed };

  // Extensions and trailers together may have up to `max_overhead` bytes.
  explicit RequestParser(size_t max_overhead);
  RequestParser(RequestParser&&) = default;

  // `received` is a head up to and including its empty line, found and checked
  // by LineScanner. Overwrites `head` and reuses its memory. After
  // InvalidArgument the connection must not be read further.
  absl::Status read_head(std::string_view received, RequestHead& head);

  // Consumes bytes of `input`, and sets `data` to the part of them that belongs
  // to the body. If it consumes none and returns kMore, it needs more input
  // after these bytes.
  State read_body(std::string_view& input, std::string_view& data);

  // The state of the body. kDone before a head was read.
  State state() const { return state_; }
  // A lower bound of the bytes of the body that are still to come.
  uint64_t remaining() const { return remaining_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using StringView = boost::beast::string_view;

  bool is_line_fit(std::string_view lines, bool is_whole);

  void on_request_impl(boost::beast::http::verb, StringView method,
                       StringView target, int version, ErrorCode&) override;
  void on_response_impl(int, StringView, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field, StringView name,
                     StringView value, ErrorCode& error) override;
  void on_header_impl(ErrorCode&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&,
                         ErrorCode&) override {}
  size_t on_body_impl(StringView data, ErrorCode&) override;
  void on_chunk_header_impl(uint64_t size, StringView, ErrorCode&) override;
  size_t on_chunk_body_impl(uint64_t, StringView data, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  State state_ = State::kDone;
  uint64_t remaining_ = 0;  // in the body, or in the chunk
  size_t overhead_left_;
  LineScanner lines_;              // for chunk headers and trailers
  bool has_chunk_header_ = false;  // put() has just read one
  std::string_view data_;          // what put() has just read
  // Set while the head is read.
  std::optional<RequestHeadBuilder> builder_;
  absl::Status head_status_;
};

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_PARSER_H_
