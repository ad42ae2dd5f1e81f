// Routes: the names of methods, as small integers.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "weir/base/status_macros.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/enforcer/route.h"
#include "weir/plan/method_key.h"

namespace weir::internal {
namespace {

constexpr size_t kMaxRoutes = 65'535;
constexpr size_t kMaxNameCharacters = 256;

absl::Status check_name(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameCharacters ||
      name.find_first_of(":/") != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::string_view(what.data(), what.size()), ": expected 1 to ",
        kMaxNameCharacters, " characters without ':' and '/'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<RouteName> route_name_of(const MethodName& name) {
  WEIR_RETURN_IF_ERROR(check_name("api id", name.api_id));
  WEIR_RETURN_IF_ERROR(check_name("stage", name.stage));
  if (name.method_key.empty()) return RouteName(name.api_id, name.stage, "");
  auto method_key = canonical_method_key(name.method_key);
  if (!method_key.ok()) return method_key.status();
  return RouteName(name.api_id, name.stage, *std::move(method_key));
}

}  // namespace

absl::StatusOr<std::vector<Route>> ControlPlane::intern_routes(
    absl::Span<const MethodName> names) {
  ControlLock lock(*this, __func__);
  return intern_locked(names);
}

absl::StatusOr<std::vector<Route>> ControlPlane::intern_locked(
    absl::Span<const MethodName> names) {
  std::vector<RouteName> canonical;
  canonical.reserve(names.size());
  for (const MethodName& name : names) {
    auto route_name = route_name_of(name);
    if (!route_name.ok()) return route_name.status();
    canonical.push_back(*std::move(route_name));
  }

  RouteIds added;
  std::vector<Route> result;
  result.reserve(names.size());
  for (const RouteName& name : canonical) {
    auto it = routes_.find(name);
    if (it == routes_.end()) {
      const auto id = static_cast<uint32_t>(last_route_ + 1 + added.size());
      it = added.emplace(name, id).first;
    }
    result.push_back(Route(it->second));
  }
  if (added.empty()) return result;
  if (last_route_ + added.size() > kMaxRoutes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an enforcer has at most ", kMaxRoutes, " routes"));
  }
  last_route_ += static_cast<uint32_t>(added.size());
  // The plans that cover a route must know it before any request can use it.
  absl::Status status;
  plans_.for_each([&](PlanRecord& plan) {
    mutex_.assert_held();
    if (status.ok() && plan.compiler.add_routes(added)) {
      status = publish(plan);
    }
  });
  if (!status.ok()) return status;
  routes_.merge(added);
  return result;
}

}  // namespace weir::internal
