#include "weir/tests/torture/calls.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/tests/patch_operations.h"

namespace weir::torture {

absl::Status call(Enforcer& enforcer, const Operation& operation) {
  const std::string plan = operation.plan < 0 ? "" : plan_id(operation.plan);
  const std::string key = key_id(operation.key);
  switch (operation.deed) {
    case Deed::kAdvance:
    case Deed::kPause:
      return absl::OkStatus();
    case Deed::kSync:
      return enforcer.sync();
    case Deed::kUsage:
      return enforcer.get_usage_plan_key(plan, key).status();
    case Deed::kCreatePlan:
      return enforcer.create_usage_plan(new_plan(operation)).status();
    case Deed::kPatchPlan:
      return enforcer.apply_patch(plan, patch_of(operation)).status();
    case Deed::kDeletePlan:
      return enforcer.delete_usage_plan(plan);
    case Deed::kSharePlan:
      return enforcer.share_usage_plan(plan);
    case Deed::kUnsharePlan:
      return enforcer.unshare_usage_plan(plan);
    case Deed::kCreateKey:
      return enforcer.create_api_key(new_key(operation.key)).status();
    case Deed::kImportKeys:
    case Deed::kImportFlock:
      return enforcer.import_api_keys(new_keys(operation), plan).status();
    case Deed::kOverwriteKey: {
      // Otherwise it would be a new key, with any id.
      if (auto key_there = enforcer.get_api_key(key); !key_there.ok()) {
        return key_there.status();
      }
      std::vector<std::string> plans;
      if (operation.plan >= 0) plans.push_back(plan);
      return enforcer
          .import_api_keys({overwriting_key(operation)}, {plans},
                           /*skipped=*/nullptr, ExistingKeys::kOverwrite)
          .status();
    }
    case Deed::kEnableKey:
    case Deed::kDisableKey:
      return enforcer
          .update_api_key(
              key,
              {replace("/enabled",
                       operation.deed == Deed::kEnableKey ? "true" : "false")})
          .status();
    case Deed::kDeleteKey:
      return enforcer.delete_api_key(key);
    case Deed::kDeleteIdleKey:
      return enforcer.delete_api_key(
          idle_key_id(operation.flock, operation.number));
    case Deed::kAttach:
      return enforcer.create_usage_plan_key(plan, key).status();
    case Deed::kDetach:
      return enforcer.delete_usage_plan_key(plan, key);
    case Deed::kExtend:
      return enforcer
          .update_usage(plan, key,
                        {replace("/remaining", absl::StrCat(operation.number))})
          .status();
  }
  return absl::InternalError("no such deed");
}

}  // namespace weir::torture
