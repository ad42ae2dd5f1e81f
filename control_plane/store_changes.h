#ifndef WEIR_CONTROL_PLANE_STORE_CHANGES_H_
#define WEIR_CONTROL_PLANE_STORE_CHANGES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/proto/store.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/usage_history.h"

namespace weir::internal {

// Conversions between what the control plane knows and what a store keeps of
// it.

v1::StoreChange put_usage_plan(const v1::UsagePlan& plan,
                               absl::Span<const TermsChange> terms,
                               bool shared);
v1::StoreChange delete_usage_plan(std::string_view plan_id);
v1::StoreChange put_api_key(v1::ApiKey key);
v1::StoreChange delete_api_key(std::string_view key_id);
v1::StoreChange put_association(
    int64_t id, std::string_view plan_id, std::string_view key_id,
    Day first_day, absl::Span<const ExtensionChange> extensions = {});
v1::StoreChange delete_association(int64_t id);

// DataLoss for values that are never stored.
absl::StatusOr<std::vector<TermsChange>> terms_of(const v1::StoredPlan& plan);
absl::StatusOr<std::vector<ExtensionChange>> extensions_of(
    const v1::StoredAssociation& association);

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_STORE_CHANGES_H_
