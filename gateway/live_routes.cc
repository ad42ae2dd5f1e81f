#include "weir/gateway/live_routes.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/target.h"
#include "weir/memory/epoch.h"
#include "weir/plan/method_key.h"
#include "weir/plan/method_matcher.h"

namespace weir {
namespace {

// The maximum of list_usage_plans().
constexpr int kPlansPerPage = 500;

// InvalidArgument if there are methods that no request can match. (A matcher
// ignores the key "" of the stage itself.)
absl::Status check(const StageName& stage, const MethodMatcher& methods) {
  if (methods.eclipsed().empty()) return absl::OkStatus();
  const auto& [found, eclipsed] = methods.eclipsed().front();
  return absl::InvalidArgumentError(absl::StrCat(
      "stage ", stage.first, ":", stage.second, ": the methods ",
      excerpt(found), " and ", excerpt(eclipsed),
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

  const EpochDomain::Guard guard;
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

absl::StatusOr<std::set<LiveRoutes::Name>> LiveRoutes::names_of(
    const v1::UsagePlan& plan) {
  std::set<Name> names;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    names.emplace(stage.api_id(), stage.stage(), "");
    for (const auto& [spelling, throttle] : stage.throttle()) {
      auto key = canonical_method_key(spelling);
      if (!key.ok()) return key.status();
      names.emplace(stage.api_id(), stage.stage(), *std::move(key));
    }
  }
  return names;
}

absl::Status LiveRoutes::intern(const std::vector<Name>& names,
                                std::vector<Route>& routes) {
  std::vector<Enforcer::MethodName> methods;
  methods.reserve(names.size());
  for (const auto& [api_id, stage, method_key] : names) {
    methods.push_back({api_id, stage, method_key});
  }
  auto all = enforcer_.intern_routes(methods);
  if (all.ok()) {
    routes = *std::move(all);
    return absl::OkStatus();
  }
  routes.clear();
  for (const Enforcer::MethodName& method : methods) {
    const auto one =
        enforcer_.intern_route(method.api_id, method.stage, method.method_key);
    routes.push_back(one.ok() ? *one : Route());
  }
  return all.status();
}

absl::Status LiveRoutes::load_all() {
  MutexLock lock(mutex_);
  Changes changes;
  PageRequest request{"", kPlansPerPage};
  do {
    auto page = enforcer_.list_usage_plans(request);
    if (!page.ok()) return page.status();
    for (const v1::UsagePlan& plan : page->items) {
      auto names = names_of(plan);
      if (!names.ok()) return names.status();
      update(plan.id(), *std::move(names), changes);
    }
    request.position = std::move(page->position);
  } while (!request.position.empty());
  return publish(changes);
}

absl::Status LiveRoutes::prepare(const v1::UsagePlan& wanted) {
  const auto names = names_of(wanted);
  if (!names.ok()) return names.status();
  MutexLock lock(mutex_);
  const auto plan = plans_.find(wanted.id());
  const std::set<Name> none;
  const std::set<Name>& present = plan == plans_.end() ? none : plan->second;

  std::set<StageName> stages;
  for (const Name& name : *names) {
    if (present.count(name) > 0) continue;
    stages.emplace(std::get<0>(name), std::get<1>(name));
  }
  for (const StageName& stage : stages) {
    if (auto status = check_methods(stage, *names, present); !status.ok()) {
      return status;
    }
  }
  std::vector<Enforcer::MethodName> needed;
  for (const auto& name : *names) {
    if (present.count(name) > 0 || uses_.count(name) > 0) continue;
    const auto& [api_id, stage, method_key] = name;
    needed.push_back({api_id, stage, method_key});
  }
  return enforcer_.intern_routes(needed).status();
}

absl::Status LiveRoutes::refresh(std::string_view plan_id) {
  MutexLock lock(mutex_);
  std::set<Name> names;
  const auto plan = enforcer_.get_usage_plan(plan_id);
  if (plan.ok()) {
    auto present = names_of(*plan);
    if (!present.ok()) return present.status();
    names = *std::move(present);
  } else if (!absl::IsNotFound(plan.status())) {
    return plan.status();
  }
  Changes changes;
  update(std::string(plan_id), std::move(names), changes);
  return publish(changes);
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
  for (auto it = wanted.lower_bound({stage.first, stage.second, ""});
       it != wanted.end() && std::get<0>(*it) == stage.first &&
       std::get<1>(*it) == stage.second;
       ++it) {
    keys[std::get<2>(*it)];
  }
  return check(stage, MethodMatcher(methods));
}

void LiveRoutes::update(const std::string& plan_id, std::set<Name> names,
                        Changes& changes) {
  std::set<Name>& present = plans_[plan_id];
  std::vector<Name> difference;
  std::set_difference(names.begin(), names.end(), present.begin(),
                      present.end(), std::back_inserter(difference));
  for (Name& name : difference) {
    if (uses_[name].plans++ > 0) continue;
    changes.stages.emplace(std::get<0>(name), std::get<1>(name));
    changes.new_names.push_back(std::move(name));
  }
  difference.clear();
  std::set_difference(present.begin(), present.end(), names.begin(),
                      names.end(), std::back_inserter(difference));
  for (const Name& name : difference) {
    const auto use = uses_.find(name);
    if (--use->second.plans > 0) continue;
    changes.stages.emplace(std::get<0>(name), std::get<1>(name));
    uses_.erase(use);
  }
  if (names.empty()) {
    plans_.erase(plan_id);
  } else {
    present = std::move(names);
  }
}

absl::Status LiveRoutes::publish(const Changes& changes) {
  std::vector<Route> routes;
  absl::Status result = intern(changes.new_names, routes);
  for (size_t i = 0; i < routes.size(); ++i) {
    const auto use = uses_.find(changes.new_names[i]);
    if (use != uses_.end()) use->second.route = routes[i];
  }
  for (const StageName& stage : changes.stages) result.Update(publish(stage));
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
