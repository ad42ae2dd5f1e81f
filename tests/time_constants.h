// Durations in nanoseconds, for tests.

#ifndef WEIR_TESTS_TIME_CONSTANTS_H_
#define WEIR_TESTS_TIME_CONSTANTS_H_

#include <cstdint>

namespace weir {

inline constexpr std::int64_t kMillisecond = 1'000'000;
inline constexpr std::int64_t kSecond = 1'000 * kMillisecond;
inline constexpr std::int64_t kHour = 3'600 * kSecond;
inline constexpr std::int64_t kDay = 24 * kHour;

}  // namespace weir

#endif  // WEIR_TESTS_TIME_CONSTANTS_H_
