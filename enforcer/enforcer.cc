#include "enforcer/enforcer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "enforcer/admission.h"
#include "enforcer/enforcer_impl.h"
#include "enforcer/epoch.h"
#include "plan/method_key.h"

namespace weir {
namespace {

constexpr size_t kMaxRoutes = 65'535;
constexpr size_t kMaxNameCharacters = 256;

Decision forbidden(Forbidden reason) {
  Decision decision;
  decision.forbidden = reason;
  return decision;
}

absl::Status check_name(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameCharacters ||
      name.find_first_of(":/") != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::string_view(what.data(), what.size()), ": expected 1 to ",
        kMaxNameCharacters, " characters without ':' and '/'"));
  }
  return absl::OkStatus();
}

}  // namespace

Enforcer::Impl::Impl(const Options& options, std::unique_ptr<Arena> arena)
    : clock(options.clock != nullptr ? options.clock
                                     : std::make_shared<SystemClock>()),
      rules{options.quota_offset},
      both_throttles(options.method_throttle == MethodThrottle::kAddsToPlan),
      arena(std::move(arena)),
      clients(*this->arena) {}

absl::Status arena_exhausted() {
  return absl::ResourceExhaustedError(
      "the arena is used up; see Options::arena_bytes");
}

Enforcer::Enforcer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Enforcer::~Enforcer() = default;

absl::StatusOr<std::unique_ptr<Enforcer>> Enforcer::create(Options options) {
  auto arena = Arena::create(options.arena_bytes);
  if (!arena.ok()) return arena.status();
  return std::unique_ptr<Enforcer>(
      new Enforcer(std::make_unique<Impl>(options, *std::move(arena))));
}

Decision Enforcer::admit(const Call& call) noexcept {
  EpochDomain::Guard guard;
  const Client* client = impl_->clients.table().find(
      call.api_key, impl_->clients.hash(call.api_key));
  if (client == nullptr) return forbidden(Forbidden::kUnknownKey);
  // Relaxed: the flag stands alone, and an overlapping call may see either.
  if (!client->enabled.load(std::memory_order_relaxed)) {
    return forbidden(Forbidden::kDisabledKey);
  }
  const Instant now = call.now.has_value() ? *call.now : impl_->clock->now();
  // Acquire: pairs with the release in `create_usage_plan_key()`.
  Subscription* subscription =
      client->subscriptions.load(std::memory_order_acquire);
  while (subscription != nullptr) {
    const Decision decision =
        Admission{*subscription, call.route.id_,        call.cost,
                  now,           impl_->both_throttles, *impl_->arena}
            .decide();
    // A key has at most one plan for a stage, so the first answer is the
    // answer.
    if (decision.outcome != Outcome::kForbidden) return decision;
    // Acquire: pairs with the release in `create_usage_plan_key()`.
    subscription = subscription->next.load(std::memory_order_acquire);
  }
  return forbidden(Forbidden::kNoPlan);
}

absl::StatusOr<Route> Enforcer::route(std::string_view api_id,
                                      std::string_view stage,
                                      std::string_view method_key) {
  if (auto status = check_name("api id", api_id); !status.ok()) return status;
  if (auto status = check_name("stage", stage); !status.ok()) return status;
  std::string canonical_key;
  if (!method_key.empty()) {
    auto canonical = canonical_method_key(method_key);
    if (!canonical.ok()) return canonical.status();
    canonical_key = *std::move(canonical);
  }
  const RouteName name(std::string(api_id), std::string(stage),
                       std::move(canonical_key));

  MutexLock lock(impl_->mutex);
  if (const auto it = impl_->routes.find(name); it != impl_->routes.end()) {
    return Route(it->second);
  }
  if (impl_->last_route >= kMaxRoutes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an enforcer has at most ", kMaxRoutes, " routes"));
  }
  const uint32_t id = ++impl_->last_route;
  // The plans that cover the route must know it before anyone can ask for it.
  absl::Status status;
  impl_->plans.for_each([&](PlanRecord& plan) {
    impl_->mutex.assert_held();
    if (status.ok() && plan.compiler.add_route(name, id)) {
      status = impl_->publish(plan);
    }
  });
  if (!status.ok()) return status;
  impl_->routes.emplace(name, id);
  return Route(id);
}

Enforcer::Statistics Enforcer::statistics() const {
  MutexLock lock(impl_->mutex);
  return {impl_->plans.size(), impl_->keys.size(), impl_->arena->used(),
          impl_->arena->reserved(), impl_->arena->lost_days()};
}

}  // namespace weir
