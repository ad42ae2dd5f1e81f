#include "weir/gateway/live_routes.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/http/target.h"
#include "weir/memory/epoch.h"
#include "weir/plan/method_key.h"
#include "weir/plan/method_matcher.h"

namespace weir {
namespace {

// InvalidArgument if there are methods that no request can match. (A matcher
// ignores the key "" of the stage itself.)
absl::Status check(const StageName& stage, const MethodMatcher& methods) {
  if (methods.eclipsed().empty()) return absl::OkStatus();
  const auto& [found, eclipsed] = methods.eclipsed().front();
  return absl::InvalidArgumentError(absl::StrCat(
      "stage ", stage.first, ":", stage.second, ": the methods ",
      internal::excerpt(found), " and ", internal::excerpt(eclipsed),
      " of its usage plans are for the same requests; spell them alike"));
}

}  // namespace

struct LiveRoutes::Stage {
  std::string name;  // "apiId/stage"
  MethodMatcher methods;
  std::map<std::string, Route, std::less<>> routes;  // "" is the stage's own
};

LiveRoutes::LiveRoutes(Enforcer* enforcer) : enforcer_(*enforcer) {}

LiveRoutes::~LiveRoutes() {
  enforcer_.remove_plan_observer(this);
  for (const auto& shard : shards_) {
    delete shard.load(std::memory_order_relaxed);
  }
}

size_t LiveRoutes::shard_of(std::string_view stage) {
  return std::hash<std::string_view>()(stage) % kShards;
}

Route LiveRoutes::find(std::string_view target, std::string_view method) const {
  const auto parsed = parse_stage_target(target);
  return parsed.has_value() ? find(*parsed, method) : Route();
}

Route LiveRoutes::find(const StageTarget& target,
                       std::string_view method) const {
  Route result;
  match(target, method, [&](std::string_view, Route route) { result = route; });
  return result;
}

Route LiveRoutes::find(const StageTarget& target, std::string_view method,
                       std::string& method_key) const {
  Route result;
  method_key.clear();
  match(target, method, [&](std::string_view key, Route route) {
    method_key = key;
    result = route;
  });
  return result;
}

template <class Visit>
void LiveRoutes::match(const StageTarget& target, std::string_view method,
                       Visit visit) const {
  if (!is_api_method(method)) return;
  std::string decoded;
  std::string_view name = target.stage;
  if (name.find('%') != name.npos) {
    // A decoded slash cannot match: stage names have exactly one slash.
    auto text = percent_decoded(name);
    if (!text.ok()) return;
    name = decoded = *std::move(text);
  }

  const internal::EpochDomain::Guard guard;
  // Acquire: pairs with the release in `publish()`.
  const Shard* shard = shards_[shard_of(name)].load(std::memory_order_acquire);
  if (shard == nullptr) return;
  for (const auto& stage : shard->stages) {
    if (stage->name != name) continue;
    const auto found =
        stage->routes.find(stage->methods.match(target.path, method));
    visit(found->first, found->second);
    return;
  }
}

template <class Visit>
void LiveRoutes::for_each_of_stage(const std::set<Name>& names,
                                   const StageName& stage, Visit visit) {
  for (auto it = names.lower_bound({stage.first, stage.second, ""});
       it != names.end() && std::get<0>(*it) == stage.first &&
       std::get<1>(*it) == stage.second;
       ++it) {
    visit(*it);
  }
}

std::set<LiveRoutes::Name> LiveRoutes::names_of(
    const v1::UsagePlan& plan, const std::set<StageName>& stages) {
  std::set<Name> names;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    if (stages.count(name_of(stage)) == 0) continue;
    names.emplace(stage.api_id(), stage.stage(), "");
    // An enforcer's plans have canonical method keys.
    for (const auto& [method_key, throttle] : stage.throttle()) {
      names.emplace(stage.api_id(), stage.stage(), method_key);
    }
  }
  return names;
}

std::set<LiveRoutes::Name> LiveRoutes::names_before(
    const std::string& plan_id, const std::set<StageName>& stages) const {
  std::set<Name> names;
  const auto plan = plans_.find(plan_id);
  if (plan == plans_.end()) return names;
  for (const StageName& stage : stages) {
    for_each_of_stage(plan->second, stage,
                      [&](const Name& name) { names.insert(name); });
  }
  return names;
}

absl::Status LiveRoutes::intern_or_close(const std::vector<Name>& names,
                                         InternRoutes intern_routes,
                                         std::vector<Route>& routes) {
  std::vector<MethodName> methods;
  methods.reserve(names.size());
  for (const auto& [api_id, stage, method_key] : names) {
    methods.push_back({api_id, stage, method_key});
  }
  auto all = intern_routes(methods);
  if (all.ok()) {
    routes = *std::move(all);
    return absl::OkStatus();
  }
  routes.clear();
  for (const MethodName& method : methods) {
    const auto one = intern_routes(absl::MakeConstSpan(&method, 1));
    routes.push_back(one.ok() ? one->front() : Route());
  }
  return all.status();
}

absl::Status LiveRoutes::follow() {
  enforcer_.add_plan_observer(this);
  return status_of_existing_;
}

void LiveRoutes::observe_existing(absl::Span<const v1::UsagePlan* const> plans,
                                  InternRoutes intern_routes) {
  Updates updates;
  for (const v1::UsagePlan* plan : plans) {
    update(*plan, creation_of(*plan), updates);
  }
  status_of_existing_ = publish(updates, intern_routes);
}

absl::Status LiveRoutes::check_change(const v1::UsagePlan& wanted,
                                      const PlanChanges& changes,
                                      InternRoutes intern_routes) {
  const std::set<Name> names = names_of(wanted, changes.stages);
  const std::set<Name> present = names_before(wanted.id(), changes.stages);
  std::set<StageName> stages;
  std::vector<MethodName> needed;
  for (const Name& name : names) {
    if (present.count(name) > 0) continue;
    const auto& [api_id, stage, method_key] = name;
    stages.emplace(api_id, stage);
    needed.push_back({api_id, stage, method_key});
  }
  for (const StageName& stage : stages) {
    WEIR_RETURN_IF_ERROR(check_methods(stage, names, present));
  }
  return intern_routes(needed).status();
}

void LiveRoutes::observe_change(const v1::UsagePlan& plan,
                                const PlanChanges& changes,
                                InternRoutes intern_routes) {
  Updates updates;
  update(plan, changes, updates);
  // Cannot fail: nothing has changed since check_change() allowed it.
  (void)publish(updates, intern_routes);
}

void LiveRoutes::for_each_method(
    const StageName& stage,
    absl::FunctionRef<void(const std::string&, const Use&)> visit) const {
  for (auto it = uses_.lower_bound({stage.first, stage.second, ""});
       it != uses_.end(); ++it) {
    const auto& [api_id, stage_name, method_key] = it->first;
    if (api_id != stage.first || stage_name != stage.second) return;
    visit(method_key, it->second);
  }
}

// Checks the methods that the stage has if a plan names `wanted` instead of
// `present`.
absl::Status LiveRoutes::check_methods(const StageName& stage,
                                       const std::set<Name>& wanted,
                                       const std::set<Name>& present) const {
  v1::ApiStage methods;
  auto& keys = *methods.mutable_throttle();
  for_each_method(stage, [&](const std::string& method_key, const Use& use) {
    const Name name(stage.first, stage.second, method_key);
    const int own = present.count(name) > 0 ? 1 : 0;
    if (use.plans > own) keys[method_key];
  });
  for_each_of_stage(wanted, stage,
                    [&](const Name& name) { keys[std::get<2>(name)]; });
  return check(stage, MethodMatcher(methods));
}

void LiveRoutes::update(const v1::UsagePlan& plan, const PlanChanges& changes,
                        Updates& updates) {
  const std::set<Name> names = names_of(plan, changes.stages);
  const std::set<Name> before = names_before(plan.id(), changes.stages);
  std::set<Name>& present = plans_[plan.id()];
  std::vector<Name> difference;
  std::set_difference(names.begin(), names.end(), before.begin(), before.end(),
                      std::back_inserter(difference));
  for (Name& name : difference) {
    present.insert(name);
    if (uses_[name].plans++ > 0) continue;
    updates.stages.emplace(std::get<0>(name), std::get<1>(name));
    updates.new_names.push_back(std::move(name));
  }
  difference.clear();
  std::set_difference(before.begin(), before.end(), names.begin(), names.end(),
                      std::back_inserter(difference));
  for (const Name& name : difference) {
    present.erase(name);
    const auto use = uses_.find(name);
    if (--use->second.plans > 0) continue;
    updates.stages.emplace(std::get<0>(name), std::get<1>(name));
    uses_.erase(use);
  }
  if (present.empty()) plans_.erase(plan.id());
}

absl::Status LiveRoutes::publish(const Updates& updates,
                                 InternRoutes intern_routes) {
  std::vector<Route> routes;
  absl::Status result =
      intern_or_close(updates.new_names, intern_routes, routes);
  for (size_t i = 0; i < routes.size(); ++i) {
    uses_[updates.new_names[i]].route = routes[i];
  }
  for (const StageName& stage : updates.stages) result.Update(publish(stage));
  return result;
}

absl::Status LiveRoutes::publish(const StageName& name) {
  v1::ApiStage methods;
  std::map<std::string, Route, std::less<>> routes;
  for_each_method(name, [&](const std::string& method_key, const Use& use) {
    (*methods.mutable_throttle())[method_key];
    routes.emplace(method_key, use.route);
  });
  MethodMatcher matcher(methods);
  for (const auto& [found, eclipsed] : matcher.eclipsed()) {
    routes[found] = Route();
  }
  absl::Status result = check(name, matcher);

  std::string text = absl::StrCat(name.first, "/", name.second);
  std::atomic<const Shard*>& place = shards_[shard_of(text)];
  auto next = std::make_unique<Shard>();
  std::unique_ptr<const Shard> previous(place.load(std::memory_order_relaxed));
  if (previous != nullptr) {
    for (const auto& stage : previous->stages) {
      if (stage->name != text) next->stages.push_back(stage);
    }
  }
  if (!routes.empty()) {
    next->stages.push_back(std::make_shared<const Stage>(
        Stage{std::move(text), std::move(matcher), std::move(routes)}));
  }
  // Release: pairs with the acquire in `match()`.
  place.store(next.release(), std::memory_order_release);
  if (previous != nullptr) retired_.add(std::move(previous));
  retired_.reclaim([](std::unique_ptr<const Shard>) {});
  return result;
}

}  // namespace weir
