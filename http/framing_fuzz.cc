// A fuzz target for request framing, without a connection. An input is the
// bytes that a client sends: requests one after the other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/grammar.h"
#include "weir/http/line_scanner.h"
#include "weir/http/message.h"
#include "weir/http/request_head.h"
#include "weir/http/request_parser.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir {
namespace {

constexpr size_t kMaxOverhead = 64;

// One line for each request, with what a handler would see of it. The last line
// says why the conversation ends.
using Conversation = std::vector<std::string>;

// Reads its input in pieces of `step` bytes.
class Reader {
 public:
  explicit Reader(size_t step) : step_(step) {}

  Conversation read(std::string_view bytes) {
    while (!bytes.empty() && !is_over_) {
      const std::string_view piece = bytes.substr(0, step_);
      bytes.remove_prefix(piece.size());
      kept_.append(piece);
      std::string_view rest = kept_;
      while (!rest.empty() && !is_over_ && read_some(rest)) {
      }
      kept_ = std::string(rest);
    }
    conversation_.push_back(
        absl::StrCat("end ", is_over_ ? "refused" : "more",
                     parser_.has_value() ? " body" : " head"));
    return conversation_;
  }

 private:
  bool read_some(std::string_view& rest) {
    return parser_.has_value() ? read_body(rest) : read_head(rest);
  }

  bool read_head(std::string_view& rest) {
    const auto end = scanner_.find_empty_line(rest);
    is_over_ = !end.ok();
    if (is_over_ || !end->has_value()) {
      require_readable(end.status());
      return false;
    }
    RequestParser parser(kMaxOverhead);
    const absl::Status status = parser.read_head(rest.substr(0, **end), head_);
    require_readable(status);
    rest.remove_prefix(**end);
    scanner_ = LineScanner();
    is_over_ = !status.ok();
    if (is_over_) return false;
    check_head(parser);
    parser_.emplace(std::move(parser));
    end_body_if_done();
    return true;
  }

  bool read_body(std::string_view& rest) {
    std::string_view data;
    const size_t before = rest.size();
    const auto state = parser_->read_body(rest, data);
    require(data.size() <= before - rest.size(), "data is of what was taken");
    head_.request.body.append(data);
    is_over_ = state == RequestParser::State::kMalformed;
    if (is_over_) return false;
    const bool has_taken = rest.size() < before;
    require(has_taken || head_.is_chunked, "a length takes what there is");
    require(has_taken || before <= kMaxOverhead + 20, "a bound for lines");
    end_body_if_done();
    return has_taken;
  }

  void end_body_if_done() {
    if (parser_->state() != RequestParser::State::kDone) return;
    const HttpRequest& request = head_.request;
    require(head_.is_chunked || request.body.size() == head_.content_length,
            "as long as was said");
    std::string line = absl::StrCat(request.method, " ", request.target);
    for (const auto& [name, value] : request.headers) {
      absl::StrAppend(&line, "\n", name, ": ", value);
    }
    conversation_.push_back(absl::StrCat(line, "\n\n", request.body));
    parser_.reset();
  }

  void check_head(const RequestParser& parser) const {
    require(is_token(head_.request.method), "a method");
    require(!head_.request.target.empty() &&
                is_header_value(head_.request.target) &&
                head_.request.target.find_first_of(" \t") == std::string::npos,
            "a target");
    int framings = 0, hosts = 0;
    for (const auto& [name, value] : head_.request.headers) {
      require(is_token(name) && is_header_value(value), "a header");
      require(value.empty() || (value.front() != ' ' && value.back() != ' ' &&
                                value.front() != '\t' && value.back() != '\t'),
              "without blanks around it");
      require(name != "host" || is_authority(value), "a host that can be");
      framings += name == "content-length" || name == "transfer-encoding";
      hosts += name == "host";
    }
    require(framings <= 1 && hosts <= 1, "said once");
    require(hosts == 1 || head_.is_http_1_0, "a host");
    require(!head_.is_chunked || !head_.is_http_1_0, "chunks are HTTP/1.1's");
    require(framings == 1 || (head_.content_length == 0 && !head_.is_chunked),
            "no length comes from nowhere");
    const bool has_body = head_.is_chunked || head_.content_length > 0;
    require((parser.state() == RequestParser::State::kMore) == has_body,
            "Beast and we agree on whether there is a body");
  }

  const size_t step_;
  std::string kept_;
  LineScanner scanner_;
  RequestHead head_;
  std::optional<RequestParser> parser_;  // while a body is read
  bool is_over_ = false;
  Conversation conversation_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = weir::Reader(std::max<size_t>(size, 1)).read(bytes);
  for (const size_t step : {1, 2, 7}) {
    weir::require(weir::Reader(step).read(bytes) == whole,
                  "it does not matter in which pieces bytes come");
  }
  return 0;
}
