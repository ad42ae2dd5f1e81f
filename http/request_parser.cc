#include "weir/http/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

namespace http = boost::beast::http;

// The longest plain chunk header: the line break after the previous chunk,
// sixteen digits, and a line break. A longer one has an extension or leading
// zeros.
constexpr size_t kPlainChunkHeader = 20;

// The least input where a chunk begins: "0" and two line breaks. Beast is not
// called with less there.
constexpr size_t kMinChunks = 5;

std::string_view to_std(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

RequestParser::RequestParser(size_t max_overhead)
    : overhead_left_(max_overhead) {
  // Callers apply their own bounds. (Beast 1.74 takes boost::none for a limit
  // below every length.)
  header_limit(std::numeric_limits<uint32_t>::max());
  body_limit(std::numeric_limits<uint64_t>::max());
}

absl::Status RequestParser::read_head(std::string_view received,
                                      RequestHead& head) {
  builder_.emplace(&head);
  ErrorCode error;
  const size_t used =
      put(boost::asio::const_buffer(received.data(), received.size()), error);
  if (head_status_.ok() && error.failed()) {
    head_status_ = absl::InvalidArgumentError(
        absl::StrCat("malformed request: ", error.message()));
  }
  if (head_status_.ok() && used != received.size()) {
    head_status_ = absl::InvalidArgumentError("malformed request: its head");
  }
  if (head_status_.ok()) head_status_ = builder_->finish();
  builder_.reset();
  if (!head_status_.ok()) return head_status_;
  remaining_ = head.content_length;
  if (head.is_chunked || remaining_ > 0) state_ = State::kMore;
  return absl::OkStatus();
}

RequestParser::State RequestParser::read_body(std::string_view& input,
                                              std::string_view& data) {
  data = data_ = {};
  has_chunk_header_ = false;
  if (state_ != State::kMore || input.empty()) return state_;
  if (remaining_ == 0 && input.size() < kMinChunks) return state_;
  ErrorCode error;
  const size_t used =
      put(boost::asio::const_buffer(input.data(), input.size()), error);
  const bool needs_more = error == http::error::need_more;
  if ((error.failed() && !needs_more) ||
      (needs_more && !is_line_fit(input, /*is_whole=*/false)) ||
      (has_chunk_header_ &&
       !is_line_fit(input.substr(0, used), /*is_whole=*/true))) {
    return state_ = State::kMalformed;
  }
  input.remove_prefix(used);
  data = data_;
  if (is_done()) state_ = State::kDone;
  return state_;
}

// Checks lines that Beast has read or will read: it accepts control characters
// in quoted strings, and has no bound.
bool RequestParser::is_line_fit(std::string_view lines, bool is_whole) {
  auto end = lines_.next_line(lines);
  while (end.ok() && end->has_value()) end = lines_.next_line(lines);
  const size_t overhead =
      lines.size() - std::min(lines.size(), kPlainChunkHeader);
  if (!end.ok() || overhead > overhead_left_) return false;
  if (is_whole) {
    overhead_left_ -= overhead;
    lines_ = LineScanner();
  }
  return true;
}

void RequestParser::on_request_impl(http::verb, StringView method,
                                    StringView target, int version,
                                    ErrorCode&) {
  builder_->set_request_line(to_std(method), to_std(target), version == 10);
}

void RequestParser::on_field_impl(http::field, StringView name,
                                  StringView value, ErrorCode& error) {
  if (!builder_.has_value()) return;  // a trailer
  head_status_ = builder_->add_header(to_std(name), to_std(value));
  if (!head_status_.ok()) error = http::error::bad_field;
}

size_t RequestParser::on_body_impl(StringView data, ErrorCode&) {
  data_ = to_std(data);
  remaining_ -= data.size();
  return data.size();
}

void RequestParser::on_chunk_header_impl(uint64_t size, StringView,
                                         ErrorCode&) {
  remaining_ = size;
  has_chunk_header_ = true;
}

size_t RequestParser::on_chunk_body_impl(uint64_t, StringView data,
                                         ErrorCode& error) {
  return on_body_impl(data, error);
}

}  // namespace weir
