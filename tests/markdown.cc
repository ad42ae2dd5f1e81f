#include "weir/tests/markdown.h"

#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"

namespace weir::testing {

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

std::vector<TableRow> tables(const std::string& document,
                             const std::string& header) {
  std::vector<TableRow> rows;
  bool inside = false;
  int line = 0;
  for (const auto text : absl::StrSplit(document, '\n')) {
    ++line;
    if (!absl::StartsWith(text, "|")) inside = false;
    if (inside && !absl::StartsWith(text, "|---")) {
      std::vector<std::string> cells = absl::StrSplit(
          absl::StripSuffix(absl::StripPrefix(text, "|"), "|"), '|');
      for (std::string& cell : cells) absl::StripAsciiWhitespace(&cell);
      rows.push_back({line, std::move(cells)});
    }
    if (text == header) inside = true;
  }
  EXPECT_FALSE(rows.empty()) << "no rows under " << header;
  return rows;
}

}  // namespace weir::testing
