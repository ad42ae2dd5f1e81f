#include "weir/cli/replay/request_interner.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/cli/printable.h"
#include "weir/gateway/stage_target.h"

namespace weir::cli {

RequestInterner::RequestInterner(const v1::UsagePlan& plan,
                                 std::string_view default_stage)
    : default_stage_(default_stage) {
  for (const Forbidden reason :
       {Forbidden::kStage, Forbidden::kTarget, Forbidden::kMethod}) {
    methods_.push_back({"", "", "", reason});
  }
  for (const v1::ApiStage& api_stage : plan.api_stages()) {
    Stage& stage = stages_.emplace_back(Stage{MethodMatcher(api_stage), {}});
    const auto add = [&](const std::string& method_key) {
      stage.methods[method_key] = static_cast<std::uint32_t>(methods_.size());
      methods_.push_back({api_stage.api_id(), api_stage.stage(), method_key});
    };
    add("");
    for (const auto& [method_key, throttle] : api_stage.throttle()) {
      add(method_key);
    }
    stages_by_name_[absl::StrCat(api_stage.api_id(), ":", api_stage.stage())] =
        &stage;
    // An ambiguous name, of several stages, stands for none.
    for (const std::string& name : {api_stage.api_id(), api_stage.stage()}) {
      const auto [known, is_new] = stages_by_name_.emplace(name, &stage);
      if (!is_new && known->second != &stage) known->second = nullptr;
    }
  }
}

std::uint32_t RequestInterner::forbidden_method(Forbidden reason) {
  return static_cast<std::uint32_t>(reason) -
         static_cast<std::uint32_t>(Forbidden::kStage);
}

absl::StatusOr<Request> RequestInterner::intern(const LogEntry& entry,
                                                LogPlace place) {
  const auto key = key_of(entry);
  if (!key.ok()) return key.status();
  return Request{entry.unix_ns, place.line,       place.log, entry.has_key,
                 *key,          method_of(entry), entry.cost};
}

absl::StatusOr<std::uint32_t> RequestInterner::key_of(const LogEntry& entry) {
  if (!entry.has_key) {
    if (!no_key_) {
      no_key_ = static_cast<std::uint32_t>(keys_.size());
      keys_.push_back({"", false, /*is_none=*/true});
    }
    return *no_key_;
  }
  auto found = key_numbers_.find(internal::to_absl(entry.key));
  if (found == key_numbers_.end()) {
    if (keys_.size() == kMaxKeys) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", with_commas(kMaxKeys),
                       " different keys: replay a part of the log, or choose "
                       "another --key"));
    }
    keys_.push_back({std::string(entry.key), false, false});
    found = key_numbers_
                .emplace(internal::to_absl(keys_.back().text),
                         static_cast<std::uint32_t>(keys_.size() - 1))
                .first;
  }
  keys_[found->second].is_secret |= entry.key_is_secret;
  return found->second;
}

std::uint32_t RequestInterner::method_of(const LogEntry& entry) const {
  std::optional<PathAndQuery> target;
  if (!entry.is_resource) {
    target = parse_unambiguous_path(entry.target);
    if (!target) return forbidden_method(Forbidden::kTarget);
  }
  if (!is_api_method(entry.method)) {
    return forbidden_method(Forbidden::kMethod);
  }
  const std::string_view name =
      entry.stage.empty() ? default_stage_ : entry.stage;
  const auto found = stages_by_name_.find(internal::to_absl(name));
  if (entry.no_stage || found == stages_by_name_.end() ||
      found->second == nullptr) {
    return forbidden_method(Forbidden::kStage);
  }
  const Stage& stage = *found->second;
  if (target) {
    return stage.methods.find(stage.matcher.match(target->path, entry.method))
        ->second;
  }
  if (entry.target.empty()) return stage.methods.find("")->second;
  // The API has already found the resource: it equals a method key's exactly.
  for (const std::string_view method :
       {entry.method, std::string_view("ANY")}) {
    const auto exact = stage.methods.find(absl::StrCat(
        internal::to_absl(entry.target), "/", internal::to_absl(method)));
    if (exact != stage.methods.end()) return exact->second;
  }
  // Or it differs in the names of parameters.
  return stage.methods.find(stage.matcher.match(entry.target, entry.method))
      ->second;
}

}  // namespace weir::cli
