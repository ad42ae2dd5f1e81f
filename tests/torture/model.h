// The model of the expected state: the plans, keys and associations that result
// from the operator's calls, and the usage of keys.

#ifndef WEIR_TESTS_TORTURE_MODEL_H_
#define WEIR_TESTS_TORTURE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/quota_terms.h"
#include "weir/tests/torture/observation.pb.h"
#include "weir/tests/torture/shared_pages.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {

// What one association was admitted to in a round.
struct Tally {
  // By day: what must be counted, which is all requests that returned or,
  // after a power loss, those that a sync wrote.
  std::map<Day, int64_t> at_least;
  // By day: requests that returned.
  std::map<Day, int64_t> returned;
  // In addition, on any days of the round: what may be counted.
  int64_t possible = 0;
  // Of all this, what may be above the cap: requests that overlapped with
  // midnight.
  int64_t at_midnight = 0;
  // What may have been counted, and was lost with the power.
  int64_t lost = 0;
};
using Tallies = std::map<int, Tally>;  // by slot

QuotaTerms terms_of(const v1::UsagePlan& plan);

// Functions that find something wrong return an error that says what.
// *thread-compatible*
class Model {
 public:
  // Nothing is there yet.
  explicit Model(int64_t unix_ns) : now_(unix_ns), accepted_(day_of(unix_ns)) {}

  int64_t now() const { return now_; }

  // Makes the call. Returns how it must be answered; it has changed nothing
  // unless that is OK.
  absl::StatusCode apply(const Operation& operation);

  // Whether what the operator saw before and after the operation that was just
  // applied is right. Learns from it how far a key was extended. Threads held
  // up to `leased` requests that were counted and not made.
  absl::Status learn(const Operation& operation, const Look& before,
                     const Look& after, int64_t leased);

  // Whether there are these plans, keys and associations, and no others.
  absl::Status check_documents(const Observation& observation) const;

  // Whether what was used, and what remains, fits what was known before and
  // `tallies`. REQUIRES: check_documents() was OK.
  absl::Status check_usage(const Observation& observation,
                           const Tallies& tallies);

  // Goes on from what was observed: a new round, with new slots.
  // REQUIRES: check_usage() was OK.
  void accept(const Observation& observation);

  // -- For the generator of operations --

  // The first slot that no association has.
  int next_slot() const { return next_slot_; }
  size_t keys() const { return keys_.size(); }
  // What an association had used of a day at the last observation.
  int64_t counted(int key, int plan, Day day) const;

  // Calls `visit(key, plan, slot)` for each association that is tallied.
  template <class Visit>
  void for_each_association(Visit visit) const {
    for (const auto& [name, association] : associations_) {
      visit(name.first, name.second, association.slot);
    }
  }

 private:
  struct Plan {
    int64_t order;
    v1::UsagePlan document;
    bool shared = false;
  };
  struct Key {
    int64_t order;
    v1::ApiKey document;
  };
  struct Extension {
    QuotaCalendar calendar;
    Day start;
    int64_t remaining;                             // what it was set to,
    int64_t planned;                               // when the plan gave so much
    std::optional<int64_t> amount = std::nullopt;  // not known yet
    bool is_new = true;                            // of this round
  };
  // A period, and the largest cap that was in force in it.
  struct Period {
    QuotaCalendar calendar;
    Day start;
    int64_t ceiling;
  };
  struct Association {
    int64_t order;
    int slot;
    Day first_day;
    std::optional<Extension> extension = std::nullopt;
    std::vector<Period> periods = {};  // of this round; the last is present
    // As they were observed last.
    std::map<Day, int64_t> counted = {};
    std::map<Day, int64_t> remaining = {};
  };
  // The key and the plan.
  using Name = std::pair<int, int>;

  Plan* find_plan(int plan);
  Key* find_key(const std::string& id);
  Association* find(const Operation& operation);

  void add_key(const v1::ApiKey& key);
  absl::StatusCode set_enabled(const Operation& operation, bool enabled);
  absl::StatusCode import_keys(const Operation& operation);
  absl::StatusCode overwrite_key(const Operation& operation);
  absl::StatusCode delete_plan(const Operation& operation);
  absl::StatusCode delete_key(const Operation& operation);
  absl::StatusCode attach(const Operation& operation);
  absl::StatusCode extend(const Operation& operation);
  void associate(int key, int plan, int slot);

  // Calls `visit(standing, association, plan)` for each that is tallied.
  template <class Visit>
  void for_each_observed(const Observation& observation, Visit visit) {
    for (const Observation::Standing& standing : observation.standings()) {
      if (standing.used_size() == 0) continue;
      for (auto& [name, association] : associations_) {
        if (standing.plan_id() == plan_id(name.second) &&
            standing.key_id() == key_id(name.first)) {
          visit(standing, association, find_plan(name.second)->document);
        }
      }
    }
  }

  // What the period of `day` may use: kNoCap without a quota, nullopt if the
  // extension is not known.
  std::optional<int64_t> cap(const Association& association,
                             const v1::UsagePlan& plan, Day day) const;
  // Notes what is in force now.
  void note_caps();
  void note_cap(Association& association, const v1::UsagePlan& plan);

  void accept(const Observation::Standing& standing, const v1::UsagePlan& plan,
              Association& association);

  absl::Status check_look(const Operation& operation, const Look& look);
  absl::Status check_standing(const Observation::Standing& standing, Day today,
                              const Tally& tally, const v1::UsagePlan& plan,
                              Association& association);
  absl::Status check_days(const Observation::Standing& standing, Day today,
                          const Tally& tally,
                          const Association& association) const;
  absl::Status check_quota(const Observation::Standing& standing, Day today,
                           const Tally& tally, const v1::UsagePlan& plan,
                           Association& association);

  int64_t now_;
  Day accepted_;  // the day of the last observation
  int64_t next_order_ = 0;
  int next_slot_ = 1;
  std::map<std::string, Plan> plans_;  // by id, as keys are
  std::map<std::string, Key> keys_;
  std::map<Name, Association> associations_;
  // Of idle keys: their places in the order, by ids of plan and key.
  std::map<std::pair<std::string, std::string>, int64_t> idle_;
};

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_MODEL_H_
