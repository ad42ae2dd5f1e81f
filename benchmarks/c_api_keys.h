#ifndef WEIR_BENCHMARKS_C_API_KEYS_H_
#define WEIR_BENCHMARKS_C_API_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace weir {

inline constexpr char kPlan[] = R"({"id": "p", "name": "p",
    "apiStages": [{"apiId": "api", "stage": "prod", "throttle": {
        "/pets/GET": {"rateLimit": 1e9, "burstLimit": 2000000000}}}],
    "throttle": {"rateLimit": 1e9, "burstLimit": 2000000000},
    "quota": {"limit": 2000000000, "period": "DAY"}})";
inline constexpr size_t kKeys = 1000;

inline std::string value_of(size_t key) {
  return absl::StrCat("a-key-of-32-characters-", 100'000'000 + key);
}

// Draws keys in an order that processors cannot predict.
class Draw {
 public:
  size_t next() {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return static_cast<size_t>(state_ >> 33) % kKeys;
  }

 private:
  uint64_t state_ = 1;
};

inline std::vector<std::string> all_values() {
  std::vector<std::string> values;
  for (size_t i = 0; i < kKeys; ++i) values.push_back(value_of(i));
  return values;
}

}  // namespace weir

#endif  // WEIR_BENCHMARKS_C_API_KEYS_H_
