#include "weir/serve/own_paths.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/http/target.h"
#include "weir/management/management.h"
#include "weir/plan/plan_changes.h"

namespace weir {
namespace {

// The first segments of the service's own paths, except management's.
constexpr std::string_view kOwn[] = {"healthz", "metrics", "-"};

constexpr int kPlansPerPage = 500;

std::string path_of(const v1::ApiStage& stage) {
  return absl::StrCat("/", percent_encoded(stage.api_id()), "/",
                      percent_encoded(stage.stage()));
}

// Explains why the gateway gets no requests for the stage.
std::string explanation(const v1::ApiStage& stage) {
  return absl::StrCat("no request can reach the stage ",
                      excerpt(stage.api_id()), " : ", excerpt(stage.stage()),
                      ", for the service itself answers ",
                      excerpt(path_of(stage)),
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

absl::Status check_reachable(const v1::UsagePlan& wanted,
                             const v1::UsagePlan& present) {
  std::set<StageName> known;
  for (const v1::ApiStage& stage : present.api_stages()) {
    known.insert(name_of(stage));
  }
  for (const v1::ApiStage& stage : wanted.api_stages()) {
    if (known.count(name_of(stage)) > 0 || !is_own_path(path_of(stage))) {
      continue;
    }
    return absl::InvalidArgumentError(explanation(stage));
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
        if (!is_own_path(path_of(stage))) continue;
        lines.push_back(
            absl::StrCat("usage plan ", plan.id(), ": ", explanation(stage)));
      }
    }
    request.position = std::move(page->position);
  } while (!request.position.empty());
  return lines;
}

}  // namespace weir
