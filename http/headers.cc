#include "weir/http/headers.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

auto find(const HttpHeaders& headers, HttpHeaders::const_iterator begin,
          std::string_view name) {
  return std::find_if(begin, headers.end(),
                      [&](const auto& header) { return header.first == name; });
}

}  // namespace

std::optional<std::string_view> first_header(const HttpHeaders& headers,
                                             std::string_view name) {
  const auto first = find(headers, headers.begin(), name);
  if (first == headers.end()) return std::nullopt;
  return first->second;
}

std::optional<std::string_view> single_header(const HttpHeaders& headers,
                                              std::string_view name) {
  const auto first = find(headers, headers.begin(), name);
  if (first == headers.end()) return std::nullopt;
  if (find(headers, first + 1, name) != headers.end()) return "";
  return first->second;
}

void set_header(HttpHeaders& headers, std::string name,
                std::string_view value) {
  headers.erase(
      std::remove_if(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == name; }),
      headers.end());
  headers.emplace_back(std::move(name), value);
}

}  // namespace weir
