#include "weir/tests/rate_limit_list.h"

#include <cstddef>

namespace weir {

std::optional<std::vector<RateLimitItem>> parse_rate_limit_list(
    const std::string& text) {
  size_t at = 0;
  const auto take = [&](char c) {
    if (at == text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  std::vector<RateLimitItem> items;
  do {
    if (!items.empty() && !take(' ')) return std::nullopt;
    RateLimitItem item;
    if (!take('"')) return std::nullopt;
    while (at < text.size() && text[at] != '"') {
      if (text[at] < ' ' || text[at] > '~' || text[at] == '\\') {
        return std::nullopt;
      }
      item.first += text[at++];
    }
    if (!take('"')) return std::nullopt;
    while (take(';')) {
      std::string key;
      while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') {
        key += text[at++];
      }
      if (key.empty() || !take('=')) return std::nullopt;
      std::string digits;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        digits += text[at++];
      }
      if (digits.empty() || digits.size() > 15) return std::nullopt;
      if (!item.second.emplace(key, std::stoll(digits)).second) {
        return std::nullopt;
      }
    }
    items.push_back(std::move(item));
  } while (take(','));
  if (at != text.size()) return std::nullopt;
  return items;
}

}  // namespace weir
