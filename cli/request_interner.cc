#include "cli/request_interner.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/printable.h"
#include "json/text.h"

namespace weir::cli {

RequestInterner::RequestInterner(const v1::UsagePlan& plan,
                                 std::string_view default_stage)
    : default_stage_(default_stage) {
  methods_.push_back({});
  for (const v1::ApiStage& api_stage : plan.api_stages()) {
    Stage stage{MethodMatcher(api_stage), {}};
    const auto add = [&](const std::string& method_key) {
      stage.methods[method_key] = static_cast<std::uint32_t>(methods_.size());
      methods_.push_back({api_stage.api_id(), api_stage.stage(), method_key});
    };
    add("");
    for (const auto& [method_key, throttle] : api_stage.throttle()) {
      add(method_key);
    }
    stages_.emplace(absl::StrCat(api_stage.api_id(), ":", api_stage.stage()),
                    std::move(stage));
  }
}

absl::StatusOr<Request> RequestInterner::intern(const LogEntry& entry,
                                                std::int64_t line) {
  auto found = key_numbers_.find(to_absl(entry.key));
  if (found == key_numbers_.end()) {
    if (keys_.size() == kMaxKeys) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", with_commas(kMaxKeys),
                       " different keys: replay a part of the log, or choose "
                       "another --key"));
    }
    keys_.push_back({std::string(entry.key), false});
    found = key_numbers_
                .emplace(to_absl(keys_.back().text),
                         static_cast<std::uint32_t>(keys_.size() - 1))
                .first;
  }
  const std::uint32_t key = found->second;
  keys_[key].is_secret |= entry.key_is_secret;
  return Request{entry.unix_ns, line, key, method_of(entry), entry.cost};
}

std::uint32_t RequestInterner::method_of(const LogEntry& entry) const {
  const auto stage =
      stages_.find(to_absl(entry.stage.empty() ? default_stage_ : entry.stage));
  if (stage == stages_.end()) return kUncoveredMethod;
  const Stage& s = stage->second;
  return s.methods.find(s.matcher.match(entry.path, entry.method))->second;
}

}  // namespace weir::cli
