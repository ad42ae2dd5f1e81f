#ifndef WEIR_ENFORCER_KEY_RECORD_H_
#define WEIR_ENFORCER_KEY_RECORD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "enforcer/client.h"
#include "enforcer/subscription.h"
#include "proto/api_key.pb.h"
#include "quota/usage_history.h"

namespace weir {

struct PlanRecord;

// A key under a plan, as the control plane knows it.
struct Association {
  PlanRecord* plan;
  Subscription* subscription;
  uint64_t place;  // among the plan's keys
  int64_t id;      // in the store; 0 without one
  // nullptr for all the keys whose usage was never updated.
  std::unique_ptr<std::vector<ExtensionChange>> extensions;
};

// An API key, as the control plane knows it: there may be ten million. Its
// value, and whether it is enabled, is with the client alone.
// *thread-compatible*
class KeyRecord {
 public:
  KeyRecord() = default;
  // When a key was created, and when it was last updated.
  struct Dates {
    int64_t created_unix_ns;
    int64_t updated_unix_ns;
  };

  // Takes from `key` what is neither id, value, date nor whether it is enabled.
  // `client` must outlive the record. REQUIRES: is_id(id).
  KeyRecord(std::string_view id, const v1::ApiKey& key, Dates dates,
            Client& client);

  std::string_view id() const {
    return std::string_view(text_).substr(1, static_cast<size_t>(text_[0]));
  }
  Client& client() const { return *client_; }
  v1::ApiKey document(bool include_value) const;
  static Dates dates_of(const v1::ApiKey& document);
  static void set_dates(Dates dates, v1::ApiKey& document);
  // What create_usage_plan_key() answers.
  v1::UsagePlanKey plan_key() const;

  // The same once more, and takes the dates.
  void update(const v1::ApiKey& document);

  // With a plan; nullptr if there is none.
  Association* find(const PlanRecord& plan);
  const Association* find(const PlanRecord& plan) const;

  // Few, and with one plan mostly.
  absl::InlinedVector<Association, 1> associations;

 private:
  // The name, the description and whatever else a key may have.
  void parse_rest(v1::ApiKey& key) const;

  // The id's size in one character, the id, and the rest in wire format, which
  // is empty for a key that has nothing but its id: the string is then its own
  // memory.
  std::string text_ = std::string(1, '\0');
  Client* client_ = nullptr;
  Dates dates_ = {};
};

}  // namespace weir

#endif  // WEIR_ENFORCER_KEY_RECORD_H_
