#include "examples/gateway/key_file.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace weir {

absl::StatusOr<std::vector<v1::ApiKey>> parse_key_file(std::string_view text) {
  std::vector<v1::ApiKey> keys;
  int number = 0;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    ++number;
    line = absl::StripSuffix(line, "\r");
    if (line.empty() || line.front() == '#' || line == "key,name,enabled") {
      continue;
    }
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ',');
    if (fields.size() != 3 || fields[0].empty() || fields[1].empty() ||
        (fields[2] != "true" && fields[2] != "false")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "line ", number,
          ": expected key,name,enabled with enabled as true or false"));
    }
    v1::ApiKey key;
    key.set_value(std::string(fields[0]));
    key.set_id(std::string(fields[1]));
    key.set_name(std::string(fields[1]));
    key.set_enabled(fields[2] == "true");
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace weir
