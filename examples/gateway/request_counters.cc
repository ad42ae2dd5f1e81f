#include "examples/gateway/request_counters.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace weir {

KeyCounters::KeyCounters(absl::Span<const v1::ApiKey> keys) {
  for (const v1::ApiKey& key : keys) by_key_[key.value()].name = key.name();
}

void KeyCounters::count(std::string_view api_key, Outcome outcome) noexcept {
  const auto found = by_key_.find(api_key);
  Row& row = found == by_key_.end() ? other_ : found->second;
  // Relaxed: a counter that stands alone.
  row.by_outcome[static_cast<size_t>(outcome)].fetch_add(
      1, std::memory_order_relaxed);
}

std::string KeyCounters::to_prometheus() const {
  std::string text =
      "# HELP gateway_requests_total Requests, by the name of the API key and "
      "what became of them.\n"
      "# TYPE gateway_requests_total counter\n";
  const auto append = [&](const Row& row) {
    for (size_t i = 0; i < std::size(kOutcomes); ++i) {
      // Relaxed: as above.
      absl::StrAppend(&text, "gateway_requests_total{key=\"", row.name,
                      "\",outcome=\"", kOutcomes[i], "\"} ",
                      row.by_outcome[i].load(std::memory_order_relaxed), "\n");
    }
  };
  for (const auto& [key, row] : by_key_) append(row);
  append(other_);
  return text;
}

}  // namespace weir
