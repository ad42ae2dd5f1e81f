#include "enforcer/random_id.h"

#include <algorithm>
#include <random>

namespace weir {
namespace {

constexpr std::string_view kAlphabet =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr size_t kLowerCase = 36;

// Each character is drawn evenly from the first `characters` of the alphabet.
std::string draw(size_t length, size_t characters) {
  std::random_device random;  // The kernel's, or the processor's.
  std::uniform_int_distribution<size_t> index(0, characters - 1);
  std::string text(length, '\0');
  for (char& c : text) c = kAlphabet[index(random)];
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
