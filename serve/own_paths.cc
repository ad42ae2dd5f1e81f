#include "weir/serve/own_paths.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/target.h"
#include "weir/management/management.h"

namespace weir {
namespace {

// The first segments of the service's own paths, except management's.
constexpr std::string_view kOwn[] = {"healthz", "metrics", "-"};

constexpr int kPlansPerPage = 500;

std::string path_of(const StageName& stage) {
  return absl::StrCat("/", percent_encoded(stage.first), "/",
                      percent_encoded(stage.second));
}

// Explains why the gateway gets no requests for the stage.
std::string explanation(const StageName& stage) {
  return absl::StrCat(
      "no request can reach the stage ", internal::excerpt(stage.first), " : ",
      internal::excerpt(stage.second), ", for the service itself answers ",
      internal::excerpt(path_of(stage)),
      "; it could if the gateway had an address of its own");
}

}  // namespace

bool is_own_path(std::string_view target) {
  if (Management::serves(target)) return true;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/") return true;
  if (path.empty() || path.front() != '/') return false;
  const std::string_view first = path.substr(1, path.find('/', 1) - 1);
  return std::find(std::begin(kOwn), std::end(kOwn), first) != std::end(kOwn);
}

OwnPathsGuard::OwnPathsGuard(Enforcer* enforcer) : enforcer_(*enforcer) {
  enforcer_.add_plan_observer(this);
}

OwnPathsGuard::~OwnPathsGuard() { enforcer_.remove_plan_observer(this); }

absl::Status OwnPathsGuard::check_change(const v1::UsagePlan& /*wanted*/,
                                         const PlanChanges& changes,
                                         InternRoutes /*intern_routes*/) {
  for (const StageName& stage : changes.added_stages) {
    if (is_own_path(path_of(stage))) {
      return absl::InvalidArgumentError(explanation(stage));
    }
  }
  return absl::OkStatus();
}

std::vector<std::string> unreachable_stages(const Enforcer& enforcer) {
  std::vector<std::string> lines;
  PageRequest request{"", kPlansPerPage};
  do {
    auto page = enforcer.list_usage_plans(request);
    if (!page.ok()) break;
    for (const v1::UsagePlan& plan : page->items) {
      for (const v1::ApiStage& stage : plan.api_stages()) {
        const StageName name = name_of(stage);
        if (!is_own_path(path_of(name))) continue;
        lines.push_back(
            absl::StrCat("usage plan ", plan.id(), ": ", explanation(name)));
      }
    }
    request.position = std::move(page->position);
  } while (!request.position.empty());
  return lines;
}

}  // namespace weir
