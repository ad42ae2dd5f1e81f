// Usage plans: create, read, patch, delete.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "enforcer/admission.h"
#include "enforcer/enforcer.h"
#include "enforcer/enforcer_impl.h"
#include "json/text.h"
#include "plan/method_key.h"
#include "plan/plan_error.h"
#include "plan/plan_patch.h"

namespace weir {
namespace {

// Usage is reported for 90 days, in periods that began up to 31 days earlier.
constexpr int64_t kTermsKept = 122 * kNanosPerDay;

bool same_terms(const QuotaTerms& a, const QuotaTerms& b) {
  return a.calendar == b.calendar && a.limit == b.limit &&
         a.initial_discount == b.initial_discount;
}

// Notes the terms that hold from `now` on, and drops those whose end is too
// long ago to matter.
void note_terms(std::vector<TermsChange>& history, const QuotaTerms& terms,
                int64_t now) {
  if (!history.empty() && same_terms(history.back().terms, terms)) return;
  drop_superseded(history, now);
  history.push_back({history.empty() ? 0 : now, terms});
  const auto first_needed = std::find_if(
      history.begin() + 1, history.end(), [&](const TermsChange& change) {
        return change.unix_ns > now - kTermsKept;
      });
  history.erase(history.begin(), first_needed - 1);
}

absl::Status canonicalize(v1::UsagePlan& plan) {
  for (v1::ApiStage& stage : *plan.mutable_api_stages()) {
    if (auto status = canonicalize_method_keys(stage.mutable_throttle());
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlanRecord*> Enforcer::Impl::find_plan(
    std::string_view plan_id) const {
  PlanRecord* plan = plans.find(plan_id);
  if (plan != nullptr) return plan;
  return plan_error(absl::StatusCode::kNotFound, aws_text::kUnknownUsagePlan,
                    aws_text::kUnknownUsagePlan);
}

absl::Status Enforcer::Impl::publish(PlanRecord& plan,
                                     PlanCompiler::Update update) {
  arena->collect();
  const size_t bytes = plan.compiler.compiled_bytes(update);
  PlanCompiler::Memory memory;
  memory.plan = arena->allocate(bytes);
  bool complete = memory.plan != nullptr;
  for (size_t i = plan.compiler.throttle_count(update); complete && i > 0;
       --i) {
    void* throttle = arena->allocate(PlanCompiler::kThrottleBytes);
    complete = throttle != nullptr;
    if (complete) memory.throttles.push_back(throttle);
  }
  if (!complete) {
    if (memory.plan != nullptr) arena->free(memory.plan, bytes);
    for (void* throttle : memory.throttles) {
      arena->free(throttle, PlanCompiler::kThrottleBytes);
    }
    return arena_exhausted();
  }
  std::vector<const CompiledThrottle*> unused;
  exchange(*plan.cell,
           plan.compiler.compile(std::move(update), memory, &unused));
  retire(unused);
  return absl::OkStatus();
}

void Enforcer::Impl::retire(
    const std::vector<const CompiledThrottle*>& throttles) {
  for (const CompiledThrottle* throttle : throttles) {
    arena->retire(const_cast<CompiledThrottle*>(throttle),
                  PlanCompiler::kThrottleBytes);
  }
}

absl::Status Enforcer::Impl::publish(PlanRecord& plan) {
  arena->collect();
  void* memory = arena->allocate(plan.compiler.compiled_bytes());
  if (memory == nullptr) return arena_exhausted();
  exchange(*plan.cell, plan.compiler.compile(memory));
  return absl::OkStatus();
}

void Enforcer::Impl::exchange(PlanCell& cell, const CompiledPlan* next) {
  const CompiledPlan* previous = cell.plan.load(std::memory_order_relaxed);
  end_leases(cell);
  // Linearization point of every change to a plan. Release: pairs with the
  // acquire in `Admission`.
  cell.plan.store(next, std::memory_order_release);
  if (previous != nullptr) {
    arena->retire(const_cast<CompiledPlan*>(previous), previous->bytes());
  }
}

absl::Status Enforcer::Impl::check_stages(
    const KeyRecord& key, const PlanRecord& plan,
    const std::set<StageName>& stages) const {
  for (const Association& other : key.associations) {
    if (other.plan == &plan) continue;
    for (const v1::ApiStage& stage : other.plan->document.api_stages()) {
      if (stages.count(name_of(stage)) == 0) continue;
      return absl::AlreadyExistsError(absl::StrCat(
          "API key ", to_absl(key.id()), " is associated with usage plan ",
          other.plan->id(), " for stage ", stage.api_id(), ":", stage.stage(),
          " already; a key has at most one plan for a stage"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::UsagePlan> Enforcer::create_usage_plan(
    const v1::UsagePlan& plan) {
  v1::UsagePlan document = plan;
  if (auto status = canonicalize(document); !status.ok()) return status;
  if (auto status = to_status(validate_usage_plan(document, impl_->rules));
      !status.ok()) {
    return status;
  }

  MutexLock lock(impl_->mutex);
  if (auto status = choose_id(impl_->plans, impl_->ids, *document.mutable_id());
      !status.ok()) {
    return status;
  }
  const Instant now = impl_->clock->now();
  PlanRecord record;
  record.document = document;
  auto update = record.compiler.prepare(document, impl_->rules, nullptr,
                                        impl_->routes, now.monotonic);
  if (!update.ok()) return update.status();
  void* memory = impl_->arena->allocate(sizeof(PlanCell));
  if (memory == nullptr) return arena_exhausted();
  record.cell = new (memory) PlanCell{};
  if (auto status = impl_->publish(record, *std::move(update)); !status.ok()) {
    impl_->arena->free(memory, sizeof(PlanCell));
    return status;
  }
  note_terms(record.terms, quota_terms(document, impl_->rules), now.unix);
  impl_->plans.insert(std::move(record));
  return document;
}

absl::StatusOr<v1::UsagePlan> Enforcer::get_usage_plan(
    std::string_view plan_id) const {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  return (*plan)->document;
}

absl::StatusOr<Page<v1::UsagePlan>> Enforcer::list_usage_plans(
    const PageRequest& page, std::string_view key_id) const {
  MutexLock lock(impl_->mutex);
  const KeyRecord* key = impl_->keys.find(key_id);
  Page<v1::UsagePlan> result;
  auto position =
      impl_->plans.page(page.position, page.limit, [&](const PlanRecord& plan) {
        if (!key_id.empty() && (key == nullptr || key->find(plan) == nullptr)) {
          return false;
        }
        result.items.push_back(plan.document);
        return true;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::Status Enforcer::delete_usage_plan(std::string_view plan_id) {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  if (record.document.api_stages_size() > 0) {
    const v1::ApiStage& stage = record.document.api_stages(0);
    const std::string text =
        aws_text::usage_plan_has_stages(plan_id, stage.api_id(), stage.stage());
    return plan_error(absl::StatusCode::kFailedPrecondition, text, text);
  }
  if (record.shared != nullptr) {
    return absl::FailedPreconditionError(absl::StrCat(
        "usage plan ", record.id(), " is shared; see unshare_usage_plan()"));
  }
  while (record.keys.size() > 0) {
    impl_->dissociate(record.keys.newest(), record);
  }
  const CompiledPlan* compiled =
      record.cell->plan.load(std::memory_order_relaxed);
  impl_->arena->retire(const_cast<CompiledPlan*>(compiled), compiled->bytes());
  impl_->retire(record.compiler.throttles());
  impl_->arena->retire(record.cell, sizeof(PlanCell));
  impl_->arena->collect();
  impl_->plans.erase(plan_id);
  return absl::OkStatus();
}

absl::Status Enforcer::share_usage_plan(std::string_view plan_id) {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  if (record.shared != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("usage plan ", record.id(), " is shared already"));
  }
  if (impl_->shared_plans == Admission::kMostShared) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "at most ", Admission::kMostShared, " usage plans can be shared"));
  }
  record.shared = impl_->clients.subscribe(impl_->shared, *record.cell,
                                           day_of(impl_->clock->now().unix),
                                           QuotaCalendar::none());
  if (record.shared == nullptr) return arena_exhausted();
  ++impl_->shared_plans;
  return absl::OkStatus();
}

absl::Status Enforcer::unshare_usage_plan(std::string_view plan_id) {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  if (record.shared == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("usage plan ", record.id(), " is not shared"));
  }
  impl_->clients.unsubscribe(impl_->shared, *record.shared);
  record.shared = nullptr;
  --impl_->shared_plans;
  impl_->arena->collect();
  return absl::OkStatus();
}

absl::StatusOr<v1::UsagePlan> Enforcer::apply_patch(
    std::string_view plan_id, absl::Span<const v1::PatchOperation> operations) {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;

  PlanPatch patch(&record.document);
  absl::Status status = patch.apply(operations);
  if (!status.ok()) return status;
  const PlanChanges& changes = patch.changes();
  status =
      to_status(validate_usage_plan(record.document, impl_->rules, &changes));
  if (!status.ok()) return status;
  // Only a stage that was added can be one that a key has in another plan.
  if (changes.adds_stages) {
    record.keys.for_each([&](const KeyRecord& key) {
      impl_->mutex.assert_held();
      if (status.ok()) {
        status = impl_->check_stages(key, record, changes.stages);
      }
    });
    if (!status.ok()) return status;
  }

  const Instant now = impl_->clock->now();
  auto update = record.compiler.prepare(record.document, impl_->rules, &changes,
                                        impl_->routes, now.monotonic);
  if (!update.ok()) return update.status();
  status = impl_->publish(record, *std::move(update));
  if (!status.ok()) return status;
  patch.commit();
  note_terms(record.terms, quota_terms(record.document, impl_->rules),
             now.unix);
  return record.document;
}

}  // namespace weir
