#ifndef WEIR_ENFORCER_CLIENTS_H_
#define WEIR_ENFORCER_CLIENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "enforcer/arena.h"
#include "enforcer/client.h"
#include "enforcer/key_hash.h"
#include "enforcer/key_table.h"
#include "enforcer/subscription.h"
#include "quota/calendar.h"

namespace weir {

// The API keys as the data plane knows them, and their subscriptions to plans.
//
// `table()` and `hash()` serve the data plane; the rest is the control plane's,
// one caller at a time.
class Clients {
 public:
  // `arena` must outlive it.
  explicit Clients(Arena& arena) : arena_(arena), table_(arena) {}

  const KeyTable& table() const { return table_; }
  uint32_t hash(std::string_view key) const noexcept { return hash_(key); }

  // nullptr if there is none.
  Client* find(std::string_view key) const;

  // REQUIRES: no client has this key, which is of 1 to kLongestKey bytes.
  // nullptr, and nothing changed, if the arena is used up.
  Client* create(std::string_view key, bool enabled);
  // REQUIRES: it has no subscriptions.
  void remove(Client& client);

  void set_enabled(Client& client, bool enabled);

  // A subscription under the plan that `cell` publishes, of a key that is
  // attached on `day`. nullptr, and nothing changed, if the arena is used up.
  Subscription* subscribe(Client& client, const PlanCell& cell, Day day,
                          QuotaCalendar calendar);
  // A subscription of no key's, in the list that begins with `head`. Fails in
  // the same way.
  Subscription* subscribe(std::atomic<Subscription*>& head,
                          const PlanCell& cell, Day day,
                          QuotaCalendar calendar);
  // Both unlink it. A request that overlaps may still count under it.
  void unsubscribe(std::atomic<Subscription*>& head,
                   Subscription& subscription);
  void unsubscribe(Client& client, Subscription& subscription);

  size_t size() const { return table_.size(); }

 private:
  Arena& arena_;
  const KeyHash hash_;
  KeyTable table_;
  uint64_t last_serial_ = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CLIENTS_H_
