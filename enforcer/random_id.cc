#include "enforcer/random_id.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace weir {
namespace {

constexpr std::string_view kAlphabet =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kLowerCase = 36;

}  // namespace

RandomText::~RandomText() { explicit_bzero(bytes_.data(), left_); }

std::string RandomText::id() { return draw(10, kLowerCase); }

std::string RandomText::secret() { return draw(40, kAlphabet.size()); }

// Each character is drawn evenly from the first `characters` of the alphabet.
std::string RandomText::draw(size_t length, size_t characters) {
  // Bytes from here on would favour the alphabet's beginning.
  const size_t uneven = 256 - 256 % characters;
  std::string text;
  text.reserve(length);
  while (text.size() < length) {
    if (left_ == 0) {
      // Fails only for more than 256 bytes, or on kernels without getrandom(2).
      if (getentropy(bytes_.data(), bytes_.size()) != 0) std::abort();
      left_ = bytes_.size();
    }
    const size_t byte = std::exchange(bytes_[--left_], 0);
    if (byte < uneven) text.push_back(kAlphabet[byte % characters]);
  }
  return text;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
         });
}

}  // namespace weir
