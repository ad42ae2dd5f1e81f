#ifndef WEIR_CONTROL_PLANE_PLAN_RECORD_H_
#define WEIR_CONTROL_PLANE_PLAN_RECORD_H_

#include <string>
#include <vector>

#include "weir/control_plane/creation_order.h"
#include "weir/control_plane/key_record.h"
#include "weir/data_plane/subscription.h"
#include "weir/plan/compiled_plan.h"
#include "weir/plan/plan_compiler.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/usage_history.h"

namespace weir::internal {

// A usage plan as the control plane keeps it.
struct PlanRecord {
  enum class State {
    kPresent,
    kLeaving,  // its deletion is being stored: changes wait
    kGone,     // deleted; its keys are being dissociated
  };

  const std::string& id() const { return document.id(); }

  v1::UsagePlan document;
  PlanCompiler compiler;
  PlanCell* cell = nullptr;
  std::vector<TermsChange> terms;  // for as far back as usage is reported
  CreationOrder<KeyRecord> keys;   // that are associated with the plan
  Subscription* shared = nullptr;  // if all keys share the plan
  State state = State::kPresent;
};

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_PLAN_RECORD_H_
