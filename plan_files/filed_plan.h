// A usage plan read from a file.

#ifndef WEIR_PLAN_FILES_FILED_PLAN_H_
#define WEIR_PLAN_FILES_FILED_PLAN_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {

// A location in a document: its path in the document's own terms, such as
// "Resources.Gold.Properties.Quota.Limit", and its line; 0 if the path is
// enough.
struct DocumentPlace {
  std::string path;
  std::int32_t line = 0;
};

// A problem of a plan in a document, and its location.
struct PlanFileProblem {
  DocumentPlace place;
  std::string message;
};

// Maps the JSON Pointers of a plan ("/quota/limit") to the locations of its
// values in a document. *thread-compatible*
class PlanPlaces {
 public:
  // `prefix` is the plan's own pointer in its document.
  explicit PlanPlaces(std::string prefix = "") : prefix_(std::move(prefix)) {}

  void add(std::string pointer, DocumentPlace place) {
    places_.insert_or_assign(std::move(pointer), std::move(place));
  }
  // The place of the value or, if unknown, of the closest value around it. If
  // none is known, the prefix and the pointer.
  DocumentPlace find(std::string_view pointer) const;

 private:
  std::string prefix_;
  absl::flat_hash_map<std::string, DocumentPlace> places_;
};

struct FiledPlan {
  // Its name in the document: a resource's logical name or address, or the
  // plan's own name.
  std::string name;
  v1::UsagePlan plan;
  PlanPlaces places;
  // The values that could not be read, which `plan` lacks. If `is_read` is
  // false, `plan` is empty. The plan is not validated.
  std::vector<PlanFileProblem> problems;
  bool is_read = true;
  // Whether documents of this kind can hold an id and a product code.
  bool may_have_id = false;
};

}  // namespace weir

#endif  // WEIR_PLAN_FILES_FILED_PLAN_H_
