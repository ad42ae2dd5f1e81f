#ifndef WEIR_DATA_PLANE_CLIENTS_H_
#define WEIR_DATA_PLANE_CLIENTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/counts/counts_file.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/counts_locator.h"
#include "weir/data_plane/key_hash.h"
#include "weir/data_plane/key_table.h"
#include "weir/data_plane/subscription.h"
#include "weir/memory/arena.h"
#include "weir/quota/counts.h"

namespace weir::internal {

// ResourceExhausted: what a call returns if the data plane's arena is used up.
absl::Status arena_exhausted();

// The API keys as the data plane knows them, and their subscriptions to plans.
//
// `table()`, `hash()` and `counts()` serve the data plane; the rest is for the
// control plane, one caller at a time.
class Clients {
 public:
  // `arena` must outlive the object; so must `counts`, which holds the counts
  // of all keys' subscriptions and has room for a record for each of the
  // arena's pairs. nullptr: the counts are in the arena.
  explicit Clients(Arena& arena, CountsFile* counts = nullptr)
      : arena_(arena),
        counts_file_(counts),
        counts_(arena, counts),
        table_(arena, counts_) {}

  const KeyTable& table() const { return table_; }
  uint32_t hash(std::string_view key) const noexcept { return hash_(key); }
  const CountsLocator& counts() const { return counts_; }

  // Returns nullptr if there is none.
  Client* find(std::string_view key) const;

  // Creates a client whose serial number counts the clients created so far,
  // from 1 on. REQUIRES: no client has this key, which has 1 to kMaxKey
  // bytes. nullptr, and nothing changed, if the arena is used up.
  Client* create(std::string_view key, bool enabled);
  // REQUIRES: the client has no subscriptions.
  void remove(Client& client);

  void set_enabled(Client& client, bool enabled);

  // Prepares a subscription of a client, with initial `counts`, that no request
  // sees before publish(). `association` is its id in the store; without a
  // store, any number. On an error nothing has changed: ResourceExhausted if
  // the arena is used up; CountsFile's error if the disk is full.
  absl::StatusOr<Subscription*> prepare(Client& client,
                                        const CountsCopy& counts,
                                        int64_t association);
  // Puts the subscription under the plan that `cell` publishes. Cannot fail.
  void publish(Client& client, Subscription& subscription,
               const PlanCell& cell);
  // Undoes prepare(), in place of publish().
  void discard(Client& client, Subscription& subscription);
  // Ends a subscription that was published. An overlapping request may still
  // count under it; those counts are lost.
  void unsubscribe(Client& client, Subscription& subscription);

  // Adds a subscription that belongs to no key to the list that begins with
  // `head`, and publishes it. It has no counts. nullptr, and nothing changed,
  // if the arena is used up.
  Subscription* share(std::atomic<Subscription*>& head, const PlanCell& cell);
  void unshare(std::atomic<Subscription*>& head, Subscription& subscription);

  size_t size() const { return table_.size(); }

 private:
  static void dispose_first(void* clients, void* client);
  static void dispose_other(void* clients, void* subscription);
  static void dispose_shared(void* clients, void* subscription);

  // Both reset a subscription to the state before it was prepared.
  void empty(Subscription& subscription);
  void empty_limits(Subscription& subscription);
  static void link(std::atomic<Subscription*>& head, Subscription& subscription,
                   const PlanCell& cell);
  void unlink(std::atomic<Subscription*>& head, Subscription& subscription,
              void (*dispose)(void* clients, void* subscription));

  Arena& arena_;
  CountsFile* const counts_file_;
  const CountsLocator counts_;
  const KeyHash hash_;
  KeyTable table_;
  uint64_t last_serial_ = 0;
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_CLIENTS_H_
