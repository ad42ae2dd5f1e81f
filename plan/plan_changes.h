#ifndef WEIR_PLAN_PLAN_CHANGES_H_
#define WEIR_PLAN_PLAN_CHANGES_H_

#include <set>
#include <string>
#include <utility>

#include "weir/proto/usage_plan.pb.h"

namespace weir {

// API id and stage.
using StageName = std::pair<std::string, std::string>;

inline StageName name_of(const v1::ApiStage& stage) {
  return {stage.api_id(), stage.stage()};
}

// Where one version of a plan may differ from the previous one: what a patch
// touched. Everything else is unchanged.
struct PlanChanges {
  // Stages added, removed, or with changed method throttles.
  std::set<StageName> stages;

  // Whether a stage may have been added.
  bool adds_stages = false;
};

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_CHANGES_H_
