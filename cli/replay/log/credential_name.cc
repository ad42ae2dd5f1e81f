#include "weir/cli/replay/log/credential_name.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"

namespace weir::cli {
namespace {

// "X-Api-Key[0]" as "xapikey".
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (absl::ascii_isalpha(static_cast<unsigned char>(c))) {
      letters += absl::ascii_tolower(static_cast<unsigned char>(c));
    }
  }
  return letters;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool is_credential_name(std::string_view name) {
  static constexpr std::string_view kParts[] = {
      "apikey",   "authorization", "cookie",          "credential",
      "password", "secret",        "subscriptionkey", "token"};
  const std::string letters = letters_of(name);
  // HAProxy's "captured" holds the headers that the configuration chooses.
  if (letters == "key" || letters == "captured") return true;
  return !ends_with(letters, "id") &&
         std::any_of(std::begin(kParts), std::end(kParts),
                     [&](std::string_view part) {
                       return letters.find(part) != letters.npos;
                     });
}

bool is_api_key_name(std::string_view name) {
  return is_credential_name(name) || ends_with(letters_of(name), "keyid");
}

}  // namespace weir::cli
