#include "weir/base/random_id.h"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace weir::internal {
namespace {

constexpr std::string_view kAlphabet =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kLowerCase = 36;

}  // namespace

RandomText::~RandomText() { explicit_bzero(bytes_.data(), left_); }

// Each character is drawn evenly from the first kCharacters of the alphabet.
template <size_t kLength, size_t kCharacters>
std::string RandomText::draw() {
  // Bytes from here on would favor the beginning of the alphabet.
  constexpr size_t kUneven = 256 - 256 % kCharacters;
  std::string text(kLength, '\0');
  for (size_t i = 0; i < kLength;) {
    if (left_ == 0) {
      // Fails only for more than 256 bytes, or on kernels without getrandom(2).
      if (getentropy(bytes_.data(), bytes_.size()) != 0) std::abort();
      left_ = bytes_.size();
    }
    const size_t byte = std::exchange(bytes_[--left_], 0);
    if (byte < kUneven) text[i++] = kAlphabet[byte % kCharacters];
  }
  return text;
}

std::string RandomText::id() { return draw<10, kLowerCase>(); }

std::string RandomText::secret() { return draw<40, kAlphabet.size()>(); }

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
         });
}

}  // namespace weir::internal
