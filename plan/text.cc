#include "plan/text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir {
std::string excerpt(std::string_view text, std::size_t max_bytes) {
  return absl::StrCat("\"",
                      absl::CHexEscape(to_absl(text.substr(0, max_bytes))),
                      text.size() > max_bytes ? "\"..." : "\"");
}

}  // namespace weir
