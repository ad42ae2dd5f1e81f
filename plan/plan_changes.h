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

  // Those of `stages` that were added, also if they had been removed before.
  std::set<StageName> added_stages;
};

// What the creation of a plan changes: all of its stages are added.
inline PlanChanges creation_of(const v1::UsagePlan& plan) {
  PlanChanges changes;
  for (const v1::ApiStage& stage : plan.api_stages()) {
    changes.stages.insert(name_of(stage));
  }
  changes.added_stages = changes.stages;
  return changes;
}

}  // namespace weir

#endif  // WEIR_PLAN_PLAN_CHANGES_H_
