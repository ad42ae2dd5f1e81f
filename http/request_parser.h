#ifndef WEIR_HTTP_REQUEST_PARSER_H_
#define WEIR_HTTP_REQUEST_PARSER_H_

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "http/line_scanner.h"
#include "http/request_head.h"

namespace weir {

// Reads one request: Boost.Beast's parser, and what we are stricter in
// (http/line_scanner.h, http/request_head.h). First its head, whole; then its
// body, in pieces: one of a length that is said, or chunks, whose extensions
// and trailers are checked and left out. Beast itself refuses a Connection or
// Proxy-Connection that is no list of tokens, and trailers that say a length.
// *thread-compatible*
class RequestParser : private boost::beast::http::basic_parser<true> {
 public:
  enum class State { kMore, kDone, kMalformed };

  // Extensions and trailers may have `max_overhead` bytes together.
  explicit RequestParser(size_t max_overhead);
  RequestParser(RequestParser&&) = default;

  // `received` is a head, through its empty line, as LineScanner has found and
  // checked it. Overwrites `head`, whose memory is used again. InvalidArgument:
  // what follows on the connection is not to be read.
  absl::Status read_head(std::string_view received, RequestHead& head);

  // Takes bytes off `input`, some of which are the body's next: `data`, a part
  // of what was taken. If it takes none though it is kMore, it needs more bytes
  // behind these.
  State read_body(std::string_view& input, std::string_view& data);

  // Of the body. kDone before there is a head.
  State state() const { return state_; }
  // How much of it is still to come at least.
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
  uint64_t remaining_ = 0;  // of the body, or of the chunk
  size_t overhead_left_;
  LineScanner lines_;              // of a chunk's size, and of trailers
  bool has_chunk_header_ = false;  // put() has just read one
  std::string_view data_;          // that put() has just read
  // While the head is read.
  std::optional<RequestHeadBuilder> builder_;
  absl::Status head_status_;
};

}  // namespace weir

#endif  // WEIR_HTTP_REQUEST_PARSER_H_
