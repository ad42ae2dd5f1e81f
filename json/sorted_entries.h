// The entries of a map in a stable order.

#ifndef WEIR_JSON_SORTED_ENTRIES_H_
#define WEIR_JSON_SORTED_ENTRIES_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/map.h"

namespace weir {

// Returns the entries of `map` sorted by key, in byte order: a Map's own order
// differs from run to run. They point into `map`.
template <typename T>
std::vector<std::pair<std::string_view, const T*>> sorted_entries(
    const google::protobuf::Map<std::string, T>& map) {
  std::vector<std::pair<std::string_view, const T*>> entries;
  entries.reserve(map.size());
  for (const auto& [key, value] : map) entries.emplace_back(key, &value);
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace weir

#endif  // WEIR_JSON_SORTED_ENTRIES_H_
