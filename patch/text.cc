#include "patch/text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weir {
namespace {

absl::string_view to_absl(std::string_view text) {
  return absl::string_view(text.data(), text.size());
}

}  // namespace

std::string quote(std::string_view text, size_t max_bytes) {
  return absl::StrCat("\"",
                      absl::CHexEscape(to_absl(text.substr(0, max_bytes))),
                      text.size() > max_bytes ? "..." : "", "\"");
}

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xC2 || lead > 0xF4) return false;
    const int continuations = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    // The second byte excludes overlong forms, surrogates and what lies above
    // U+10FFFF; the others have their full range.
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (int n = 0; n < continuations; ++n) {
      if (i == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte < low || byte > high) return false;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

absl::Status annotate(const absl::Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(to_absl(prefix), status.message()));
}

}  // namespace weir
