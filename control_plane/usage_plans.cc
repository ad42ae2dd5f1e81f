// Usage plans: create, read, patch, delete.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/store_changes.h"
#include "weir/data_plane/admission.h"
#include "weir/plan/canonical_plan.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/plan_patch.h"

namespace weir::internal {
namespace {

bool same_terms(const QuotaTerms& a, const QuotaTerms& b) {
  return a.calendar == b.calendar && a.limit == b.limit &&
         a.initial_discount == b.initial_discount;
}

// The history with these terms, which hold from `now` on, and without terms
// that ended before `needed_since`.
std::vector<TermsChange> with_terms(std::vector<TermsChange> history,
                                    const QuotaTerms& terms, int64_t now,
                                    int64_t needed_since) {
  if (!history.empty() && same_terms(history.back().terms, terms)) {
    return history;
  }
  drop_superseded(history, now);
  history.push_back({history.empty() ? 0 : now, terms});
  const auto first_needed = std::find_if(
      history.begin() + 1, history.end(),
      [&](const TermsChange& change) { return change.unix_ns > needed_since; });
  history.erase(history.begin(), first_needed - 1);
  return history;
}

}  // namespace

absl::StatusOr<PlanRecord*> ControlPlane::find_plan(
    std::string_view plan_id) const {
  PlanRecord* plan = plans_.find(plan_id);
  if (plan != nullptr && plan->state != PlanRecord::State::kGone) return plan;
  return plan_error(absl::StatusCode::kNotFound, aws_text::kUnknownUsagePlan,
                    aws_text::kUnknownUsagePlan);
}

absl::StatusOr<PlanCompiler::Memory> ControlPlane::reserve(
    const PlanRecord& plan, const PlanCompiler::Update& update) {
  collect();
  const size_t bytes = plan.compiler.compiled_bytes(update);
  PlanCompiler::Memory memory;
  memory.plan = arena_.allocate(bytes);
  bool complete = memory.plan != nullptr;
  for (size_t i = plan.compiler.throttle_count(update); complete && i > 0;
       --i) {
    void* throttle = arena_.allocate(PlanCompiler::kThrottleBytes);
    complete = throttle != nullptr;
    if (complete) memory.throttles.push_back(throttle);
  }
  if (complete) return memory;
  release(memory, bytes);
  return arena_exhausted();
}

void ControlPlane::release(const PlanCompiler::Memory& memory,
                           size_t plan_bytes) {
  if (memory.plan != nullptr) arena_.free(memory.plan, plan_bytes);
  for (void* throttle : memory.throttles) {
    arena_.free(throttle, PlanCompiler::kThrottleBytes);
  }
}

absl::Status ControlPlane::publish(
    PlanRecord& plan, PlanCompiler::Update update,
    absl::FunctionRef<v1::StoreChange()> stored) {
  const auto memory = reserve(plan, update);
  if (!memory.ok()) return memory.status();
  if (auto status = commit(stored); !status.ok()) {
    release(*memory, plan.compiler.compiled_bytes(update));
    return status;
  }
  std::vector<const CompiledThrottle*> unused;
  exchange(*plan.cell,
           plan.compiler.compile(std::move(update), *memory, &unused));
  retire(unused);
  return absl::OkStatus();
}

void ControlPlane::retire(
    const std::vector<const CompiledThrottle*>& throttles) {
  for (const CompiledThrottle* throttle : throttles) {
    arena_.retire(const_cast<CompiledThrottle*>(throttle),
                  PlanCompiler::kThrottleBytes);
  }
}

absl::Status ControlPlane::publish(PlanRecord& plan) {
  collect();
  void* memory = arena_.allocate(plan.compiler.compiled_bytes());
  if (memory == nullptr) return arena_exhausted();
  exchange(*plan.cell, plan.compiler.compile(memory));
  return absl::OkStatus();
}

void ControlPlane::exchange(PlanCell& cell, const CompiledPlan* next) {
  const CompiledPlan* previous = cell.plan.load(std::memory_order_relaxed);
  end_leases(cell);
  // Linearization point of every change to a plan. Release: pairs with the
  // acquire in `Admission`.
  cell.plan.store(next, std::memory_order_release);
  if (previous != nullptr) {
    arena_.retire(const_cast<CompiledPlan*>(previous), previous->bytes());
  }
}

absl::Status ControlPlane::check_stages(
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

std::vector<TermsChange> ControlPlane::terms_with(const PlanRecord& plan,
                                                  int64_t now) const {
  // Kept as long as usage is reported, in periods that began up to 31 days
  // earlier.
  return with_terms(plan.terms, quota_terms(plan.document, rules_), now,
                    now - (days_kept_ + 32) * kNanosPerDay);
}

absl::Status ControlPlane::add_plan(PlanRecord plan) {
  auto update = plan.compiler.prepare(plan.document, rules_, nullptr, routes_,
                                      clock_->now().monotonic);
  if (!update.ok()) return update.status();
  void* memory = arena_.allocate(sizeof(PlanCell));
  if (memory == nullptr) return arena_exhausted();
  plan.cell = new (memory) PlanCell{};
  const auto stored = [&] {
    return put_usage_plan(plan.document, plan.terms, /*shared=*/false);
  };
  if (auto status = publish(plan, *std::move(update), stored); !status.ok()) {
    arena_.free(memory, sizeof(PlanCell));
    return status;
  }
  plans_.insert(std::move(plan));
  return absl::OkStatus();
}

absl::Status ControlPlane::share(PlanRecord& plan) {
  plan.shared = clients_.share(data_plane_.shared(), *plan.cell);
  if (plan.shared == nullptr) return arena_exhausted();
  ++shared_plans_;
  return absl::OkStatus();
}

absl::StatusOr<v1::UsagePlan> ControlPlane::create_usage_plan(
    const v1::UsagePlan& plan) {
  v1::UsagePlan document = plan;
  WEIR_RETURN_IF_ERROR(canonicalize(&document));
  WEIR_RETURN_IF_ERROR(check_new_tags(document.tags()));
  WEIR_RETURN_IF_ERROR(to_status(validate_usage_plan(document, rules_)));

  ControlLock lock(*this, __func__);
  lock.await_turn(document.id(), "");
  WEIR_RETURN_IF_ERROR(choose_id(plans_, ids_, *document.mutable_id()));
  PlanRecord record;
  record.document = document;
  record.terms = terms_with(record, clock_->now().unix_ns);
  const PlanChanges changes = creation_of(document);
  WEIR_RETURN_IF_ERROR(check_change(document, changes));
  WEIR_RETURN_IF_ERROR(add_plan(std::move(record)));
  report_change(document, changes);
  return document;
}

absl::StatusOr<v1::UsagePlan> ControlPlane::get_usage_plan(
    std::string_view plan_id) const {
  ControlLock lock(*this, __func__);
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  return (*plan)->document;
}

absl::StatusOr<Page<v1::UsagePlan>> ControlPlane::list_usage_plans(
    const PageRequest& page, std::string_view key_id) const {
  constexpr int kPiece = 32;  // they may be large
  ControlLock lock(*this, __func__);
  Page<v1::UsagePlan> result;
  const auto list = [&]() -> absl::StatusOr<const Registry<PlanRecord>*> {
    mutex_.assert_held();
    return &plans_;
  };
  auto position =
      page_in_pieces(lock, page, kPiece, list, [&](const PlanRecord& plan) {
        mutex_.assert_held();
        if (plan.state == PlanRecord::State::kGone) return false;
        if (!key_id.empty()) {
          const auto key = find_key(key_id);
          if (!key.ok() || (*key)->find(plan) == nullptr) return false;
        }
        result.items.push_back(plan.document);
        return true;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::StatusOr<v1::UsagePlan> ControlPlane::tag_usage_plan(
    std::string_view plan_id, const TagChanges& changes) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, "");
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  WEIR_RETURN_IF_ERROR(check_new_tags(changes.set));
  v1::UsagePlan document = record.document;
  apply(changes, *document.mutable_tags());
  WEIR_RETURN_IF_ERROR(to_status(validate_tags(document.tags())));
  const PlanChanges none;  // no stage depends on tags
  WEIR_RETURN_IF_ERROR(check_change(document, none));
  WEIR_RETURN_IF_ERROR(commit([&] {
    return put_usage_plan(document, record.terms, record.shared != nullptr);
  }));
  // No limit depends on tags, so nothing is published.
  *record.document.mutable_tags() = document.tags();
  report_change(record.document, none);
  return document;
}

absl::Status ControlPlane::delete_usage_plan(std::string_view plan_id) {
  MutexLock alone(long_change_);
  ControlLock lock(*this, __func__);
  const auto plan = find_plan(plan_id);
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
  // The store takes a while for a plan with many keys.
  record.state = PlanRecord::State::kLeaving;
  if (const std::shared_ptr<Store> store = store_) {
    lock.expect_commit(record.keys.size());
    lock.release();
    const absl::Status status =
        store->commit({weir::internal::delete_usage_plan(plan_id)});
    lock.expect_commit(0);
    lock.acquire();
    if (!status.ok()) {
      record.state = PlanRecord::State::kPresent;
      return status;
    }
  }
  // The plan covers no route, so no request can tell when a key leaves it.
  record.state = PlanRecord::State::kGone;
  report_deletion(plan_id);
  while (record.keys.size() > 0) {
    dissociate(record.keys.newest(), record);
    lock.pause();
  }
  const CompiledPlan* compiled =
      record.cell->plan.load(std::memory_order_relaxed);
  arena_.retire(const_cast<CompiledPlan*>(compiled), compiled->bytes());
  retire(record.compiler.throttles());
  arena_.retire(record.cell, sizeof(PlanCell));
  collect();
  plans_.erase(plan_id);
  return absl::OkStatus();
}

absl::Status ControlPlane::share_usage_plan(std::string_view plan_id) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, "");
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  if (record.shared != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("usage plan ", record.id(), " is shared already"));
  }
  if (shared_plans_ == Admission::kMaxShared) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "at most ", Admission::kMaxShared, " usage plans can be shared"));
  }
  WEIR_RETURN_IF_ERROR(commit([&] {
    return put_usage_plan(record.document, record.terms, /*shared=*/true);
  }));
  auto status = share(record);
  if (!status.ok()) {
    // If this fails too, the next enforcer shares the plan.
    (void)commit([&] {
      return put_usage_plan(record.document, record.terms, /*shared=*/false);
    });
  }
  return status;
}

absl::Status ControlPlane::unshare_usage_plan(std::string_view plan_id) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, "");
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;
  if (record.shared == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("usage plan ", record.id(), " is not shared"));
  }
  WEIR_RETURN_IF_ERROR(commit([&] {
    return put_usage_plan(record.document, record.terms, /*shared=*/false);
  }));
  clients_.unshare(data_plane_.shared(), *record.shared);
  record.shared = nullptr;
  --shared_plans_;
  collect();
  return absl::OkStatus();
}

absl::StatusOr<v1::UsagePlan> ControlPlane::apply_patch(
    std::string_view plan_id, absl::Span<const v1::PatchOperation> operations) {
  ControlLock lock(*this, __func__);
  for (;;) {
    lock.await_turn(plan_id, "");
    bool waits = false;
    auto patched = patch_plan(plan_id, operations, waits);
    if (!waits) return patched;
    lock.await_import();
  }
}

absl::StatusOr<v1::UsagePlan> ControlPlane::patch_plan(
    std::string_view plan_id, absl::Span<const v1::PatchOperation> operations,
    bool& waits) {
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  PlanRecord& record = **plan;

  PlanPatch patch(&record.document);
  absl::Status status = patch.apply(operations);
  if (!status.ok()) return status;
  const PlanChanges& changes = patch.changes();
  waits = !changes.added_stages.empty() && importing_ != nullptr;
  if (waits) return absl::AbortedError("an import is in progress");
  status = to_status(validate_usage_plan(record.document, rules_, &changes));
  if (!status.ok()) return status;
  // Only an added stage can be one that a key has in another plan.
  if (!changes.added_stages.empty()) {
    record.keys.for_each([&](const KeyRecord& key) {
      mutex_.assert_held();
      if (status.ok()) {
        status = check_stages(key, record, changes.added_stages);
      }
    });
    if (!status.ok()) return status;
  }
  // May intern routes, which the new version must have.
  status = check_change(record.document, changes);
  if (!status.ok()) return status;

  const Instant now = clock_->now();
  auto update = record.compiler.prepare(record.document, rules_, &changes,
                                        routes_, now.monotonic);
  if (!update.ok()) return update.status();
  std::vector<TermsChange> terms = terms_with(record, now.unix_ns);
  status = publish(record, *std::move(update), [&] {
    return put_usage_plan(record.document, terms, record.shared != nullptr);
  });
  if (!status.ok()) return status;
  patch.commit();
  record.terms = std::move(terms);
  report_change(record.document, changes);
  return record.document;
}

}  // namespace weir::internal
