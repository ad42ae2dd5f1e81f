#include "weir/counts/boot_id.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace weir::internal {

BootId current_boot_id() {
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  BootId id = {};
  if (text.size() != 2 * id.size()) return {};
  for (size_t i = 0; i < id.size(); ++i) {
    const char* digits = text.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, id[i], 16).ptr != digits + 2) {
      return {};
    }
  }
  return id;
}

std::string to_string(const BootId& id) {
  if (id == BootId{}) return "";
  const std::string hex = absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-",
                      hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

}  // namespace weir::internal
