#ifndef WEIR_TESTS_MARKDOWN_H_
#define WEIR_TESTS_MARKDOWN_H_

#include <string>
#include <vector>

namespace weir::testing {

// Documents that tests read, to hold them to what they say.

// The whole file, a test's data; a failure if it cannot be read or is empty.
std::string read_file(const std::string& path);

// A row of a table, and the line of the document on which it stands.
struct TableRow {
  int line;
  std::vector<std::string> cells;
};

// The rows of all tables with this header; a failure if there are none.
std::vector<TableRow> tables(const std::string& document,
                             const std::string& header);

}  // namespace weir::testing

#endif  // WEIR_TESTS_MARKDOWN_H_
