#include "weir/enforcer/enforcer.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/base/status_macros.h"
#include "weir/control_plane/control_plane.h"
#include "weir/data_plane/data_plane.h"

namespace weir {

Enforcer::Enforcer(std::unique_ptr<internal::DataPlane> data_plane,
                   std::unique_ptr<internal::ControlPlane> control_plane)
    : data_plane_(std::move(data_plane)),
      control_plane_(std::move(control_plane)) {}

Enforcer::~Enforcer() { control_plane_->close(); }

absl::StatusOr<std::unique_ptr<Enforcer>> Enforcer::create(Options options) {
  WEIR_RETURN_IF_ERROR(validate_options(options));
  auto planes = internal::ControlPlane::create(options);
  if (!planes.ok()) return planes.status();
  return std::unique_ptr<Enforcer>(new Enforcer(
      std::move(planes->data_plane), std::move(planes->control_plane)));
}

// -- Data plane --

Decision Enforcer::admit(const Call& call) noexcept {
  return data_plane_->admit(call);
}

void Enforcer::admit(absl::Span<const Call> calls,
                     absl::Span<Decision> decisions) noexcept {
  data_plane_->admit(calls, decisions);
}

ClientHandle Enforcer::resolve(std::string_view api_key) const noexcept {
  return data_plane_->resolve(api_key);
}

// -- Control plane --

absl::StatusOr<std::string> Enforcer::api_key_id(
    const ClientHandle& client) const {
  return control_plane_->api_key_id(client);
}

void Enforcer::maintain() { control_plane_->maintain(); }

absl::StatusOr<Route> Enforcer::intern_route(std::string_view api_id,
                                             std::string_view stage,
                                             std::string_view method_key) {
  const MethodName name = {std::string(api_id), std::string(stage),
                           std::string(method_key)};
  const auto result = intern_routes(absl::MakeSpan(&name, 1));
  if (!result.ok()) return result.status();
  return result->front();
}

absl::StatusOr<std::vector<Route>> Enforcer::intern_routes(
    absl::Span<const MethodName> names) {
  return control_plane_->intern_routes(names);
}

absl::StatusOr<v1::UsagePlan> Enforcer::create_usage_plan(
    const v1::UsagePlan& plan) {
  return control_plane_->create_usage_plan(plan);
}

absl::StatusOr<v1::UsagePlan> Enforcer::get_usage_plan(
    std::string_view plan_id) const {
  return control_plane_->get_usage_plan(plan_id);
}

absl::StatusOr<Page<v1::UsagePlan>> Enforcer::list_usage_plans(
    const PageRequest& page, std::string_view key_id) const {
  return control_plane_->list_usage_plans(page, key_id);
}

absl::StatusOr<v1::UsagePlan> Enforcer::tag_usage_plan(
    std::string_view plan_id, const TagChanges& changes) {
  return control_plane_->tag_usage_plan(plan_id, changes);
}

absl::Status Enforcer::delete_usage_plan(std::string_view plan_id) {
  return control_plane_->delete_usage_plan(plan_id);
}

absl::StatusOr<v1::UsagePlan> Enforcer::apply_patch(
    std::string_view plan_id, absl::Span<const v1::PatchOperation> operations) {
  return control_plane_->apply_patch(plan_id, operations);
}

void Enforcer::add_plan_observer(PlanObserver* observer) {
  control_plane_->add_plan_observer(observer);
}

void Enforcer::remove_plan_observer(PlanObserver* observer) {
  control_plane_->remove_plan_observer(observer);
}

absl::Status Enforcer::share_usage_plan(std::string_view plan_id) {
  return control_plane_->share_usage_plan(plan_id);
}

absl::Status Enforcer::unshare_usage_plan(std::string_view plan_id) {
  return control_plane_->unshare_usage_plan(plan_id);
}

absl::StatusOr<v1::ApiKey> Enforcer::create_api_key(const v1::ApiKey& key) {
  return control_plane_->create_api_key(key);
}

absl::StatusOr<std::vector<std::string>> Enforcer::import_api_keys(
    absl::Span<const v1::ApiKey> keys, std::string_view plan_id) {
  const std::string one(plan_id);
  const absl::Span<const std::string> plans(&one, plan_id.empty() ? 0 : 1);
  if (!plan_id.empty()) {
    // Checked here, or the error would name the first key.
    if (auto plan = get_usage_plan(plan_id); !plan.ok()) return plan.status();
  }
  return control_plane_->import_api_keys(
      keys, [&](size_t) { return plans; }, /*skipped=*/nullptr,
      ExistingKeys::kRefuse);
}

absl::StatusOr<std::vector<std::string>> Enforcer::import_api_keys(
    absl::Span<const v1::ApiKey> keys,
    absl::Span<const std::vector<std::string>> plan_ids,
    std::vector<absl::Status>* skipped, ExistingKeys existing) {
  return control_plane_->import_api_keys(
      keys,
      [&](size_t i) -> absl::Span<const std::string> { return plan_ids[i]; },
      skipped, existing);
}

absl::StatusOr<v1::ApiKey> Enforcer::get_api_key(std::string_view key_id,
                                                 bool include_value) const {
  return control_plane_->get_api_key(key_id, include_value);
}

absl::StatusOr<Page<v1::ApiKey>> Enforcer::list_api_keys(
    const PageRequest& page, bool include_values,
    const ApiKeyFilter& filter) const {
  return control_plane_->list_api_keys(page, include_values, filter);
}

absl::StatusOr<v1::ApiKey> Enforcer::update_api_key(
    std::string_view key_id, absl::Span<const v1::PatchOperation> operations) {
  return control_plane_->update_api_key(key_id, operations);
}

absl::StatusOr<v1::ApiKey> Enforcer::tag_api_key(std::string_view key_id,
                                                 const TagChanges& changes) {
  return control_plane_->tag_api_key(key_id, changes);
}

absl::Status Enforcer::delete_api_key(std::string_view key_id) {
  return control_plane_->delete_api_key(key_id);
}

absl::StatusOr<v1::UsagePlanKey> Enforcer::create_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) {
  return control_plane_->create_usage_plan_key(plan_id, key_id);
}

absl::StatusOr<v1::UsagePlanKey> Enforcer::get_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) const {
  return control_plane_->get_usage_plan_key(plan_id, key_id);
}

absl::StatusOr<Page<v1::UsagePlanKey>> Enforcer::list_usage_plan_keys(
    std::string_view plan_id, const PageRequest& page,
    std::string_view name_prefix) const {
  return control_plane_->list_usage_plan_keys(plan_id, page, name_prefix);
}

absl::Status Enforcer::delete_usage_plan_key(std::string_view plan_id,
                                             std::string_view key_id) {
  return control_plane_->delete_usage_plan_key(plan_id, key_id);
}

absl::StatusOr<v1::Usage> Enforcer::get_usage(
    const UsageRequest& request) const {
  return control_plane_->get_usage(request);
}

absl::StatusOr<v1::Usage> Enforcer::update_usage(
    std::string_view plan_id, std::string_view key_id,
    absl::Span<const v1::PatchOperation> operations) {
  return control_plane_->update_usage(plan_id, key_id, operations);
}

absl::Status Enforcer::sync() { return control_plane_->sync(); }

Enforcer::Statistics Enforcer::statistics() const {
  return control_plane_->statistics();
}

}  // namespace weir
