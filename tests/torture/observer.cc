#include "weir/tests/torture/observer.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "weir/enforcer/decision.h"

namespace weir::torture {
namespace {

constexpr int kMaxDaysOfReport = 90;
constexpr int kPageLimit = 500;

std::string date(Day day) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixNanos(start_of(day)),
                          absl::UTCTimeZone());
}

// All pages of a list.
template <class T, class List>
absl::StatusOr<std::vector<T>> all(List list) {
  std::vector<T> items;
  PageRequest request{"", kPageLimit};
  do {
    absl::StatusOr<Page<T>> page = list(request);
    if (!page.ok()) return page.status();
    for (T& item : page->items) items.push_back(std::move(item));
    request.position = page->position;
  } while (!request.position.empty());
  return items;
}

// Whether it is one of ours, and which.
bool parse_number(absl::string_view id, absl::string_view prefix, int* number) {
  return absl::ConsumePrefix(&id, prefix) && absl::SimpleAtoi(id, number);
}

absl::StatusOr<bool> is_shared(Enforcer& enforcer, const std::string& plan) {
  const absl::Status status = enforcer.share_usage_plan(plan);
  if (absl::IsAlreadyExists(status)) return true;
  if (!status.ok()) return status;
  const absl::Status undone = enforcer.unshare_usage_plan(plan);
  if (!undone.ok()) return undone;
  return false;
}

}  // namespace

absl::StatusOr<Routes> routes_of(Enforcer& enforcer) {
  Routes routes;
  for (int plan = 0; plan < kPlans; ++plan) {
    const auto route = enforcer.intern_route(api_id(plan), kStage);
    if (!route.ok()) return route.status();
    routes[plan] = *route;
  }
  return routes;
}

Look look_at(Enforcer& enforcer, const Routes& routes, int key, int plan) {
  const std::string value = key_value(key);
  Call call;
  call.api_key = value;
  call.route = routes[plan];
  call.cost = 0;
  const Decision decision = enforcer.admit(call);
  Look look;
  look.forbidden = decision.outcome == Outcome::kForbidden;
  look.disabled_key = decision.forbidden == Forbidden::kDisabledKey;
  look.unknown_key = decision.forbidden == Forbidden::kUnknownKey;
  look.limit = decision.quota_limit;
  look.remaining = decision.quota_remaining;
  look.calendar = decision.calendar.id();
  look.day = decision.day;
  return look;
}

absl::StatusOr<std::vector<v1::DailyUsage>> usage_of(const Enforcer& enforcer,
                                                     int plan, int key,
                                                     Day first, Day last) {
  std::vector<v1::DailyUsage> days;
  while (first <= last) {
    const Day end = std::min(first + kMaxDaysOfReport - 1, last);
    const auto usage = enforcer.get_usage(
        {plan_id(plan), date(first), date(end), key_id(key), {}});
    if (!usage.ok()) return usage.status();
    const auto& reported = usage->items(0).days();
    if (reported.size() != end - first + 1) {
      return absl::InternalError(absl::StrCat(reported.size(),
                                              " days reported from ",
                                              date(first), " to ", date(end)));
    }
    days.insert(days.end(), reported.begin(), reported.end());
    first = end + 1;
  }
  return days;
}

absl::StatusOr<Observation> observe(Enforcer& enforcer, const Routes& routes,
                                    Day today, int days, bool find_shared) {
  Observation observation;
  observation.set_today(today);
  observation.set_shared_plans_known(find_shared);
  const auto plans = all<v1::UsagePlan>(
      [&](const PageRequest& page) { return enforcer.list_usage_plans(page); });
  if (!plans.ok()) return plans.status();
  const auto keys = all<v1::ApiKey>([&](const PageRequest& page) {
    return enforcer.list_api_keys(page, /*include_values=*/true);
  });
  if (!keys.ok()) return keys.status();
  for (const v1::ApiKey& key : *keys) *observation.add_keys() = key;

  for (const v1::UsagePlan& document : *plans) {
    *observation.add_plans() = document;
    if (find_shared) {
      const auto shared = is_shared(enforcer, document.id());
      if (!shared.ok()) return shared.status();
      if (*shared) observation.add_shared_plans(document.id());
    }
    const auto plan_keys = all<v1::UsagePlanKey>([&](const PageRequest& page) {
      return enforcer.list_usage_plan_keys(document.id(), page);
    });
    if (!plan_keys.ok()) return plan_keys.status();
    for (const v1::UsagePlanKey& plan_key : *plan_keys) {
      Observation::Standing& standing = *observation.add_standings();
      standing.set_plan_id(document.id());
      standing.set_key_id(plan_key.id());
      int plan;
      int key;
      if (!parse_number(document.id(), "plan-", &plan) ||
          !parse_number(plan_key.id(), "key-", &key)) {
        continue;
      }
      const auto used = usage_of(enforcer, plan, key, today - days + 1, today);
      if (!used.ok()) return used.status();
      for (const v1::DailyUsage& day : *used) {
        standing.add_used(day.used());
        standing.add_remaining(day.remaining());
      }
      const Look look = look_at(enforcer, routes, key, plan);
      standing.set_forbidden(look.forbidden);
      standing.set_limit(look.limit);
      standing.set_remaining_now(look.remaining);
    }
  }
  return observation;
}

}  // namespace weir::torture
