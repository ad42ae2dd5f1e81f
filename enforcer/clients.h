#ifndef WEIR_ENFORCER_CLIENTS_H_
#define WEIR_ENFORCER_CLIENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "enforcer/arena.h"
#include "enforcer/client.h"
#include "enforcer/counts_places.h"
#include "enforcer/key_hash.h"
#include "enforcer/key_table.h"
#include "enforcer/subscription.h"
#include "quota/counts.h"
#include "store/counts_file.h"

namespace weir {

// The API keys as the data plane knows them, and their subscriptions to plans.
//
// `table()`, `hash()` and `counts()` serve the data plane; the rest is the
// control plane's, one caller at a time.
class Clients {
 public:
  // `arena` must outlive it; so must `counts`, which has the counts of all
  // subscriptions of keys and room for a record for each of the arena's pairs.
  // nullptr: they are in the arena.
  explicit Clients(Arena& arena, CountsFile* counts = nullptr)
      : arena_(arena),
        counts_file_(counts),
        counts_(arena, counts),
        table_(arena, counts_) {}

  const KeyTable& table() const { return table_; }
  uint32_t hash(std::string_view key) const noexcept { return hash_(key); }
  const CountsPlaces& counts() const { return counts_; }

  // nullptr if there is none.
  Client* find(std::string_view key) const;

  // Its serial says the how manyth it is that was created, from 1 on. REQUIRES:
  // no client has this key, which is of 1 to kLongestKey bytes. nullptr, and
  // nothing changed, if the arena is used up.
  Client* create(std::string_view key, bool enabled);
  // REQUIRES: it has no subscriptions.
  void remove(Client& client);

  void set_enabled(Client& client, bool enabled);

  // A subscription of a client, with `counts` to begin with, that no request
  // sees before publish(). `association` is the id by which the store knows it;
  // without a store, anything. Nothing has changed on an error:
  // ResourceExhausted if the arena is used up; what CountsFile says if the disk
  // is full.
  absl::StatusOr<Subscription*> prepare(Client& client,
                                        const CountsCopy& counts,
                                        int64_t association);
  // Puts it under the plan that `cell` publishes. Cannot fail.
  void publish(Client& client, Subscription& subscription,
               const PlanCell& cell);
  // Instead of publish(): as if it had not been prepared.
  void discard(Client& client, Subscription& subscription);
  // For one that was published. A request that overlaps may still count under
  // it; then its counts are nobody's.
  void unsubscribe(Client& client, Subscription& subscription);

  // A subscription of no key's, in the list that begins with `head`, published
  // at once. It has no counts. nullptr, and nothing changed, if the arena is
  // used up.
  Subscription* share(std::atomic<Subscription*>& head, const PlanCell& cell);
  void unshare(std::atomic<Subscription*>& head, Subscription& subscription);

  size_t size() const { return table_.size(); }

 private:
  static void dispose_first(void* clients, void* client);
  static void dispose_other(void* clients, void* subscription);
  static void dispose_shared(void* clients, void* subscription);

  // Both as a subscription is before and after its time.
  void empty(Subscription& subscription);
  void empty_limits(Subscription& subscription);
  static void link(std::atomic<Subscription*>& head, Subscription& subscription,
                   const PlanCell& cell);
  void unlink(std::atomic<Subscription*>& head, Subscription& subscription,
              void (*dispose)(void* clients, void* subscription));

  Arena& arena_;
  CountsFile* const counts_file_;
  const CountsPlaces counts_;
  const KeyHash hash_;
  KeyTable table_;
  uint64_t last_serial_ = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CLIENTS_H_
