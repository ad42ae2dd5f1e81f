#ifndef WEIR_ENFORCER_RANDOM_ID_H_
#define WEIR_ENFORCER_RANDOM_ID_H_

#include <string>
#include <string_view>

namespace weir {

// Ten characters of [a-z0-9], as API Gateway's ids are.
std::string random_id();

// Whether `id` may serve as one: 1 to 64 characters of [A-Za-z0-9_-].
bool is_id(std::string_view id);

// A key's secret value: forty characters of [A-Za-z0-9], 238 bits from the
// kernel's random source.
std::string random_secret();

}  // namespace weir

#endif  // WEIR_ENFORCER_RANDOM_ID_H_
