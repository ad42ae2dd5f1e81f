#include "weir/plan_files/filed_plan.h"

#include <cstddef>

#include "weir/base/text.h"

namespace weir {

DocumentPlace PlanPlaces::find(std::string_view pointer) const {
  for (std::string_view at = pointer;;) {
    const auto it = places_.find(internal::to_absl(at));
    if (it != places_.end()) return it->second;
    const std::size_t slash = at.rfind('/');
    if (slash == at.npos) return {prefix_ + std::string(pointer)};
    at = at.substr(0, slash);
  }
}

}  // namespace weir
