#include "weir/http/grammar.h"

#include <endian.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "weir/base/text.h"

namespace weir {
namespace {

// A set of allowed bytes, as a lookup table.
using ByteSet = std::array<bool, 256>;

template <typename Predicate>
constexpr ByteSet bytes_that(Predicate predicate) {
  ByteSet set = {};
  for (int byte = 0; byte < 256; ++byte) set[byte] = predicate(byte);
  return set;
}

constexpr bool is_alphanumeric(int byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z');
}

constexpr bool is_one_of(int byte, const char* bytes) {
  for (; *bytes != '\0'; ++bytes) {
    if (byte == *bytes) return true;
  }
  return false;
}

constexpr ByteSet kTokenBytes = bytes_that([](int byte) {
  return is_alphanumeric(byte) || is_one_of(byte, "!#$%&'*+-.^_`|~");
});
// The bytes of a host that is not an address in brackets, and of one that is.
constexpr ByteSet kNameBytes = bytes_that([](int byte) {
  return is_alphanumeric(byte) || is_one_of(byte, "-._~%!$&'()*+,;=");
});
constexpr ByteSet kBracketBytes = bytes_that([](int byte) {
  return is_alphanumeric(byte) || is_one_of(byte, "-._~!$&'()*+,;=:");
});

// Sets the highest bit of each of the eight bytes that is below 0x20 or is
// 0x7F. Borrows can set bits falsely after the first match, but never before
// it.
uint64_t controls_among(uint64_t bytes) {
  constexpr uint64_t kEach = 0x0101010101010101;
  const uint64_t below_space = (bytes - kEach * 0x20) & ~bytes;
  const uint64_t differs = bytes ^ (kEach * 0x7F);
  const uint64_t is_delete = (differs - kEach) & ~differs;
  return (below_space | is_delete) & (kEach * 0x80);
}

bool consists_of(std::string_view text, const ByteSet& set) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return set[static_cast<uint8_t>(c)]; });
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && consists_of(text, kTokenBytes);
}

size_t find_control(std::string_view text, size_t begin) {
  size_t i = begin;
  while (i < text.size()) {
    uint64_t bytes = 0x2020202020202020;
    const size_t left = text.size() - i;
    if (left >= sizeof(bytes)) {
      std::memcpy(&bytes, text.data() + i, sizeof(bytes));
    } else {
      std::memcpy(&bytes, text.data() + i, left);
    }
    const uint64_t controls = controls_among(le64toh(bytes));
    if (controls == 0) {
      i += sizeof(bytes);
      continue;
    }
    i += static_cast<size_t>(__builtin_ctzll(controls)) / 8;
    if (text[i] != '\t') return i;
    ++i;
  }
  return text.size();
}

bool is_header_value(std::string_view text) {
  return find_control(text) == text.size();
}

bool is_authority(std::string_view text) {
  if (text.empty()) return true;
  const bool is_bracketed = text.front() == '[';
  const size_t end = is_bracketed ? text.find(']') : text.find(':');
  if (is_bracketed && end == text.npos) return false;
  const std::string_view host =
      is_bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (host.empty() ||
      !consists_of(host, is_bracketed ? kBracketBytes : kNameBytes)) {
    return false;
  }
  std::string_view port = end == text.npos ? "" : text.substr(end);
  if (is_bracketed) port.remove_prefix(1);
  return port.empty() ||
         (port.front() == ':' &&
          std::all_of(port.begin() + 1, port.end(),
                      [](unsigned char c) { return absl::ascii_isdigit(c); }));
}

std::optional<uint64_t> parse_content_length(std::string_view text) {
  uint64_t length;
  // SimpleAtoi() alone would accept spaces and a sign.
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(internal::to_absl(text), &length)) {
    return std::nullopt;
  }
  return length;
}

}  // namespace weir
