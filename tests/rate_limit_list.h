// RateLimit and RateLimit-Policy, as a client reads them.

#ifndef WEIR_TESTS_RATE_LIMIT_LIST_H_
#define WEIR_TESTS_RATE_LIMIT_LIST_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

// A name and its parameters: `"burst";r=20;t=1`.
using RateLimitItem = std::pair<std::string, std::map<std::string, int64_t>>;

// A list of strings with integer parameters, by the grammar of RFC 9651
// sections 3.1 and 4.2; nullopt if `text` has anything else.
std::optional<std::vector<RateLimitItem>> parse_rate_limit_list(
    const std::string& text);

}  // namespace weir

#endif  // WEIR_TESTS_RATE_LIMIT_LIST_H_
