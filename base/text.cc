#include "weir/base/text.h"

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace weir::internal {

std::string excerpt(std::string_view text, std::size_t max_bytes) {
  return absl::StrCat("\"",
                      absl::CHexEscape(to_absl(text.substr(0, max_bytes))),
                      text.size() > max_bytes ? "\"..." : "\"");
}

absl::Status with_prefix(const absl::Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  absl::Status prefixed(status.code(),
                        absl::StrCat(to_absl(prefix), status.message()));
  status.ForEachPayload(
      [&prefixed](absl::string_view url, const absl::Cord& payload) {
        prefixed.SetPayload(url, payload);
      });
  return prefixed;
}

}  // namespace weir::internal
