#include "http/body_reader.h"

#include <algorithm>

#include "http/grammar.h"

namespace weir {
namespace {

// Of a size in hexadecimal digits, which is less than 2^64 then.
constexpr size_t kMaxSizeDigits = 16;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

BodyReader::BodyReader(const RequestHead& head, size_t max_overhead)
    : state_(head.is_chunked || head.content_length > 0 ? State::kMore
                                                        : State::kDone),
      is_chunked_(head.is_chunked),
      part_(head.is_chunked ? Part::kSize : Part::kData),
      remaining_(head.content_length),
      overhead_left_(max_overhead) {}

BodyReader::State BodyReader::read(std::string_view& input,
                                   std::string_view& data) {
  data = {};
  while (state_ == State::kMore && !input.empty()) {
    if (part_ != Part::kData) {
      const char byte = input.front();
      input.remove_prefix(1);
      take_line_byte(byte);
      continue;
    }
    data = input.substr(0, std::min<uint64_t>(remaining_, input.size()));
    input.remove_prefix(data.size());
    remaining_ -= data.size();
    if (remaining_ == 0) {
      part_ = Part::kDataEnd;
      if (!is_chunked_) state_ = State::kDone;
    }
    break;
  }
  return state_;
}

void BodyReader::take_line_byte(char byte) {
  if (byte == '\n') {
    if (line_.empty() || line_.back() != '\r') {
      state_ = State::kMalformed;
      return;
    }
    line_.pop_back();
    end_line();
    line_.clear();
    return;
  }
  if (part_ == Part::kDataEnd && (byte != '\r' || !line_.empty())) {
    state_ = State::kMalformed;
    return;
  }
  // What every chunk needs is free.
  const bool is_free =
      line_.empty() || (part_ == Part::kSize && line_.size() <= kMaxSizeDigits);
  if (is_free || charge(1)) line_.push_back(byte);
}

void BodyReader::end_line() {
  switch (part_) {
    case Part::kSize:
      return end_size();
    case Part::kDataEnd:
      part_ = Part::kSize;
      return;
    case Part::kTrailer:
      return end_trailer();
    case Part::kData:
      return;
  }
}

// "1f;name=value"
void BodyReader::end_size() {
  size_t digits = 0;
  uint64_t size = 0;
  for (; digits < line_.size() && hex_digit(line_[digits]) >= 0; ++digits) {
    if (digits == kMaxSizeDigits) break;
    size = size << 4 | static_cast<uint64_t>(hex_digit(line_[digits]));
  }
  const std::string_view rest = std::string_view(line_).substr(digits);
  const size_t extension = rest.find_first_not_of(" \t");
  if (digits == 0 || !is_header_value(rest) ||
      (!rest.empty() && (extension == rest.npos || rest[extension] != ';'))) {
    state_ = State::kMalformed;
    return;
  }
  remaining_ = size;
  part_ = size > 0 ? Part::kData : Part::kTrailer;
}

void BodyReader::end_trailer() {
  if (line_.empty()) {
    state_ = State::kDone;
    return;
  }
  const std::string_view line = line_;
  const size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon)) ||
      !is_header_value(line.substr(colon + 1))) {
    state_ = State::kMalformed;
  }
}

bool BodyReader::charge(size_t bytes) {
  if (bytes > overhead_left_) {
    state_ = State::kMalformed;
    return false;
  }
  overhead_left_ -= bytes;
  return true;
}

}  // namespace weir
