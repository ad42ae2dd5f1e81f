// Conversion of a dump of API Gateway to a store.

#ifndef WEIR_ADOPT_ADOPTION_H_
#define WEIR_ADOPT_ADOPTION_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/adopt/aws_dump.h"
#include "weir/plan/validation.h"
#include "weir/proto/backup.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/store.h"

namespace weir {

struct AdoptionReport {
  std::size_t plans = 0;
  std::size_t keys = 0;
  std::size_t associations = 0;
  std::size_t used_associations = 0;  // with requests, or an extension
  Day first_day = 0;                  // of the usage
  Day last_day = 0;
  // A quota has an offset: an enforcer needs the rules of the adoption.
  bool has_offsets = false;
  DumpNotes notes;
};

// Checks a dump and makes a store of it: plans, keys and associations with
// their ids, in their order, and daily usage, of which the current period's
// counts. What remains of a period is what API Gateway reported: if that is not
// the limit less what was used, the difference is stored as an extension.
// *thread-compatible*
class Adoption {
 public:
  // Days after `today` cannot have usage.
  Adoption(const PlanRules& rules, Day today) : rules_(rules), today_(today) {}

  // Takes the content of `dump`, after its finish(). Returns all problems, up
  // to a hundred; none if a store can be made of it.
  std::vector<DumpProblem> take(AwsDump dump);

  const AdoptionReport& report() const { return report_; }

  // Writes what was taken to a store. Calls `progress` with the number of lines
  // of its export written so far. Errors: those of import_lines().
  // REQUIRES: take() found no problem.
  absl::Status write(Store& store,
                     absl::FunctionRef<void(int64_t)> progress) const;

 private:
  using Days = std::map<Day, AwsDump::DayUsage>;

  // A key under a plan.
  struct Association {
    std::size_t plan;  // index in `plans_`
    std::size_t key;   // index in `keys_`
    Days days;
    Day last = 0;  // the day that is counted
  };

  void fail(const AwsDump::Origin& origin, std::string message);
  void note(const std::string& what, std::string_view of);
  void check_plans();
  void index();
  void take_plan_keys(const std::vector<AwsDump::PlanKeys>& pages);
  void take_usage(const std::vector<AwsDump::UsagePage>& pages);
  void take_key_usage(const AwsDump::UsagePage& page,
                      const AwsDump::KeyUsage& usage, std::size_t plan);
  const std::string* plan_named_by(const AwsDump::Origin& origin);
  void check_in_an_enforcer();
  void make_notes();

  v1::StoredPlan stored_plan(const v1::UsagePlan& plan) const;
  Day first_day_of(const Association& association) const;
  void add_extensions(const Association& association,
                      v1::StoredAssociation* stored) const;
  v1::BackupUsage usage_of(const Association& association, int64_t id) const;

  const PlanRules rules_;
  const Day today_;
  std::vector<AwsDump::Plan> plans_;
  std::vector<AwsDump::Key> keys_;
  std::map<std::string, std::size_t> plan_places_;
  std::map<std::string, std::size_t> key_places_;
  std::vector<Association> associations_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> places_;
  std::vector<DumpProblem> problems_;
  AdoptionReport report_;
};

}  // namespace weir

#endif  // WEIR_ADOPT_ADOPTION_H_
