#include "weir/plan/plan_diff.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/json_writer.h"
#include "weir/json/sorted_entries.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/plan_patch.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using Patch = std::vector<v1::PatchOperation>;

// If the methods of a stage need more, its map is replaced as a whole.
constexpr std::size_t kMaxMethodOperations = 6;
// Name, description, product code, two for the throttle, three for the quota.
constexpr int kMaxOperationsBesidesStages = 8;
static_assert(kMaxOperationsBesidesStages +
                      // One stage removed, another added, and its methods.
                      kMaxApiStages * (2 + int{kMaxMethodOperations}) <=
                  kMaxPlanPatchOperations,
              "the longest patch must be one that can be applied");

v1::PatchOperation& append(std::string_view op, std::string path,
                           Patch* patch) {
  v1::PatchOperation& operation = patch->emplace_back();
  operation.set_op(std::string(op));
  operation.set_path(std::move(path));
  return operation;
}

void append(std::string_view op, std::string path, std::string value,
            Patch* patch) {
  append(op, std::move(path), patch)
      .mutable_value()
      ->set_string_value(std::move(value));
}

std::string rate_text(double rate) {
  JsonWriter json(JsonStyle::kCompact);
  json.plain_number(rate + 0.0);  // Turns negative zero into zero.
  return std::move(json).text();
}

// Members that can be replaced but not removed. `before` is null if there is no
// throttle.
void diff_throttle(const std::string& path, const v1::ThrottleSettings* before,
                   const v1::ThrottleSettings& after, Patch* patch) {
  if (before == nullptr || before->rate_limit() != after.rate_limit()) {
    append("replace", path + "/rateLimit", rate_text(after.rate_limit()),
           patch);
  }
  if (before == nullptr || before->burst_limit() != after.burst_limit()) {
    append("replace", path + "/burstLimit", absl::StrCat(after.burst_limit()),
           patch);
  }
}

void diff_quota(const v1::QuotaSettings* before, const v1::QuotaSettings& after,
                Patch* patch) {
  if (before == nullptr || before->limit() != after.limit()) {
    append("replace", "/quota/limit", absl::StrCat(after.limit()), patch);
  }
  if (before == nullptr || before->offset() != after.offset()) {
    append("replace", "/quota/offset", absl::StrCat(after.offset()), patch);
  }
  if (before == nullptr || before->period() != after.period()) {
    append("replace", "/quota/period", v1::QuotaPeriod_Name(after.period()),
           patch);
  }
}

// `path` is that of the stages' maps.
void diff_methods(const std::string& path, const v1::ApiStage& before,
                  const v1::ApiStage& after, Patch* patch) {
  if (after.throttle().empty()) {
    if (!before.throttle().empty()) append("remove", path, patch);
    return;
  }
  // A key has its own leading slash: "/throttle//pets/GET".
  const auto path_of = [&path](std::string_view key) {
    return absl::StrCat(path, "/", internal::to_absl(key));
  };
  Patch one_by_one;
  for (const auto& [key, throttle] : sorted_entries(before.throttle())) {
    if (!after.throttle().contains(std::string(key))) {
      append("remove", path_of(key), &one_by_one);
    }
  }
  for (const auto& [key, throttle] : sorted_entries(after.throttle())) {
    const auto old = before.throttle().find(std::string(key));
    diff_throttle(path_of(key),
                  old == before.throttle().end() ? nullptr : &old->second,
                  *throttle, &one_by_one);
  }
  if (one_by_one.size() > kMaxMethodOperations) {
    append("replace", path, method_throttles_to_json(after), patch);
  } else {
    patch->insert(patch->end(), one_by_one.begin(), one_by_one.end());
  }
}

std::string stage_name(const v1::ApiStage& stage) {
  return absl::StrCat(stage.api_id(), ":", stage.stage());
}

void diff_stages(const v1::UsagePlan& before, const v1::UsagePlan& after,
                 Patch* patch) {
  // New stages go to the end. So the stages that stay are the longest prefix of
  // `after` that `before` has in the same order.
  std::vector<const v1::ApiStage*> staying;
  for (const v1::ApiStage& stage : before.api_stages()) {
    const int next = static_cast<int>(staying.size());
    if (next < after.api_stages_size() &&
        stage_name(stage) == stage_name(after.api_stages(next))) {
      staying.push_back(&stage);
    } else {
      append("remove", "/apiStages", stage_name(stage), patch);
    }
  }
  for (int i = 0; i < after.api_stages_size(); ++i) {
    const v1::ApiStage& stage = after.api_stages(i);
    const std::string name = stage_name(stage);
    const bool stays = i < static_cast<int>(staying.size());
    if (!stays) append("add", "/apiStages", name, patch);
    diff_methods(absl::StrCat("/apiStages/", name, "/throttle"),
                 stays ? *staying[i] : v1::ApiStage::default_instance(), stage,
                 patch);
  }
}

bool same_tags(const v1::UsagePlan& a, const v1::UsagePlan& b) {
  return a.tags().size() == b.tags().size() &&
         std::all_of(a.tags().begin(), a.tags().end(), [&b](const auto& tag) {
           const auto found = b.tags().find(tag.first);
           return found != b.tags().end() && found->second == tag.second;
         });
}

// Checks the members that no patch can change.
absl::Status check_fixed(const v1::UsagePlan& before,
                         const v1::UsagePlan& after) {
  if (before.id() != after.id()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "/id: a patch cannot change ", internal::excerpt(before.id()), " to ",
        internal::excerpt(after.id())));
  }
  if (after.name().empty() && !before.name().empty()) {
    return absl::InvalidArgumentError("/name: a patch cannot remove it");
  }
  if (!same_tags(before, after)) {
    return absl::InvalidArgumentError("/tags: a patch cannot change them");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Patch> diff_usage_plans(const v1::UsagePlan& before,
                                       const v1::UsagePlan& after) {
  const absl::Status status = check_fixed(before, after);
  if (!status.ok()) return status;

  Patch patch;
  if (before.name() != after.name()) {
    append("replace", "/name", after.name(), &patch);
  }
  if (before.description() != after.description()) {
    append("replace", "/description", after.description(), &patch);
  }
  if (before.product_code() != after.product_code()) {
    if (after.product_code().empty()) {
      append("remove", "/productCode", &patch);
    } else {
      append("replace", "/productCode", after.product_code(), &patch);
    }
  }
  if (after.has_throttle()) {
    diff_throttle("/throttle",
                  before.has_throttle() ? &before.throttle() : nullptr,
                  after.throttle(), &patch);
  } else if (before.has_throttle()) {
    append("remove", "/throttle", &patch);
  }
  if (after.has_quota()) {
    diff_quota(before.has_quota() ? &before.quota() : nullptr, after.quota(),
               &patch);
  } else if (before.has_quota()) {
    append("remove", "/quota", &patch);
  }
  diff_stages(before, after, &patch);
  return patch;
}

}  // namespace weir
