#ifndef WEIR_CONTROL_PLANE_KEY_RECORD_H_
#define WEIR_CONTROL_PLANE_KEY_RECORD_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/subscription.h"
#include "weir/proto/api_key.pb.h"
#include "weir/quota/usage_history.h"

namespace weir::internal {

struct PlanRecord;

// An association of a key with a plan, as the control plane knows it.
struct Association {
  PlanRecord* plan;
  Subscription* subscription;
  uint64_t place;  // among the plan's keys
  int64_t id;      // in the store; 0 without one
  // nullptr unless the key's usage was ever updated.
  std::unique_ptr<std::vector<ExtensionChange>> extensions;
};

// An API key, as the control plane knows it. Kept small: there may be ten
// million. The value, and whether the key is enabled, are only in the client.
// *thread-compatible*
class KeyRecord {
 public:
  KeyRecord() = default;
  // When a key was created, and when it was last updated.
  struct Dates {
    int64_t created_unix_ns;
    int64_t updated_unix_ns;
  };

  // Takes everything from `key` except the id, the value, the dates and whether
  // it is enabled. `client` must outlive the record. REQUIRES: is_id(id).
  KeyRecord(std::string_view id, const v1::ApiKey& key, Dates dates,
            Client& client);

  std::string_view id() const {
    return std::string_view(text_).substr(1, static_cast<size_t>(text_[0]));
  }
  Client& client() const { return *client_; }
  v1::ApiKey document(bool include_value) const;
  static Dates dates_of(const v1::ApiKey& document);
  static void set_dates(Dates dates, v1::ApiKey& document);
  // The answer of create_usage_plan_key().
  v1::UsagePlanKey plan_key() const;

  // Takes the same again, and the dates.
  void update(const v1::ApiKey& document);

  // The association with a plan; nullptr if there is none.
  Association* find(const PlanRecord& plan);
  const Association* find(const PlanRecord& plan) const;

  // Few, and mostly one.
  absl::InlinedVector<Association, 1> associations;

 private:
  // Adds the name, the description and whatever else a key may have.
  void parse_rest(v1::ApiKey& key) const;

  // The id's size in one character, the id, and the rest in wire format. The
  // rest is empty for a key that has only an id; a generated id then fits in
  // the string object itself.
  std::string text_ = std::string(1, '\0');
  Client* client_ = nullptr;
  Dates dates_ = {};
};

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_KEY_RECORD_H_
