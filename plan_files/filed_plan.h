// A usage plan as a file has it.

#ifndef WEIR_PLAN_FILES_FILED_PLAN_H_
#define WEIR_PLAN_FILES_FILED_PLAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "proto/usage_plan.pb.h"

namespace weir {

// Where something stands in a document: what its writer calls the place, such
// as "Resources.Gold.Properties.Quota.Limit", and its line, 0 where the name
// alone says enough.
struct DocumentPlace {
  std::string path;
  std::int32_t line = 0;
};

// What is wrong with a plan in a document, and where.
struct PlanFileProblem {
  DocumentPlace place;
  std::string message;
};

// Where the values of a plan stand, by the plan's JSON Pointers
// ("/quota/limit"). *thread-compatible*
class PlanPlaces {
 public:
  // `prefix`: the plan's own pointer in its document.
  explicit PlanPlaces(std::string prefix = "") : prefix_(std::move(prefix)) {}

  void add(std::string pointer, DocumentPlace place) {
    places_.insert_or_assign(std::move(pointer), std::move(place));
  }
  // Of the value or, if its place is not known, of what holds it. The prefix
  // and the pointer if nothing is known.
  DocumentPlace find(std::string_view pointer) const;

 private:
  std::string prefix_;
  absl::flat_hash_map<std::string, DocumentPlace> places_;
};

struct FiledPlan {
  // What the document calls it: a resource's logical name or address, or the
  // plan's own name.
  std::string name;
  v1::UsagePlan plan;
  PlanPlaces places;
  // What could not be read: `plan` is without it, or empty unless `is_read`.
  // The plan is not validated.
  std::vector<PlanFileProblem> problems;
  bool is_read = true;
  // Whether documents of this kind can hold an id and a product code.
  bool may_have_id = false;
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_FILED_PLAN_H_
