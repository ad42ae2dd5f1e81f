#include "enforcer/random_id.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace weir {
namespace {

constexpr std::string_view kAlphabet =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kLowerCase = 36;

// Each character is drawn evenly from the first `characters` of the alphabet.
std::string draw(size_t length, size_t characters) {
  // Bytes from here on would favour the alphabet's beginning.
  const size_t uneven = 256 - 256 % characters;
  std::string text;
  while (text.size() < length) {
    std::array<unsigned char, 64> random;
    // Fails only for more than 256 bytes, or on kernels without getrandom(2).
    if (getentropy(random.data(), random.size()) != 0) std::abort();
    for (const unsigned char byte : random) {
      if (byte < uneven && text.size() < length) {
        text.push_back(kAlphabet[byte % characters]);
      }
    }
  }
  return text;
}

}  // namespace

std::string random_id() { return draw(10, kLowerCase); }

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return c == '_' || c == '-' ||
                  kAlphabet.find(c) != std::string_view::npos;
         });
}

std::string random_secret() { return draw(40, kAlphabet.size()); }

}  // namespace weir
