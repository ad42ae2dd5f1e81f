#ifndef WEIR_DATA_PLANE_DATA_PLANE_H_
#define WEIR_DATA_PLANE_DATA_PLANE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/types/span.h"
#include "weir/base/clock.h"
#include "weir/base/thread_number.h"
#include "weir/counts/counts_file.h"
#include "weir/data_plane/admission.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/clients.h"
#include "weir/data_plane/key_lease.h"
#include "weir/data_plane/key_table.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/data_plane/subscription.h"
#include "weir/enforcer/call.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"

namespace weir::internal {

// Decides requests: clients, their limits and their counts, in memory that a
// control plane fills. Knows no plan documents, no store and no mutex.
class DataPlane {
 public:
  struct Settings {
    std::shared_ptr<Clock> clock;  // nullptr: a SystemClock
    bool both_throttles = false;   // a method's throttle adds to the plan's
    int lease_threads = 0;         // 0: no leases
    int64_t lease_tokens = 0;
  };

  // `counts_file` has room for a record for each of the arena's pairs. nullptr:
  // the counts are in the arena.
  DataPlane(const Settings& settings, std::unique_ptr<Arena> arena,
            std::unique_ptr<CountsFile> counts_file = nullptr);
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  // What the Enforcer's functions of the same names do, for any thread. In this
  // header, so that the Enforcer's are these, without a call in between.
  Decision admit(const Call& call) noexcept;
  void admit(absl::Span<const Call> calls,
             absl::Span<Decision> decisions) noexcept;
  ClientHandle resolve(std::string_view api_key) const noexcept;

  // -- For the control plane, one caller at a time --

  const std::shared_ptr<Clock>& clock() const { return clock_; }
  Arena& arena() const { return *arena_; }
  CountsFile* counts_file() const { return counts_file_.get(); }
  Clients& clients() { return clients_; }
  // The first of the subscriptions that all keys share, see Clients::share().
  std::atomic<Subscription*>& shared() { return shared_; }
  LeaseManager* leases() const { return leases_.get(); }

 private:
  // Decides a request of this client, or of an unknown key if it is nullptr.
  // `decision` must be as constructed. REQUIRES: inside an EpochDomain::Guard.
  void decide(Client* client, const Call& call, Instant now,
              Decision& decision) noexcept;

  const std::shared_ptr<Clock> clock_;
  const bool both_throttles_;
  const std::unique_ptr<Arena> arena_;
  const std::unique_ptr<CountsFile> counts_file_;
  Clients clients_;
  std::atomic<Subscription*> shared_{nullptr};  // stored with release
  const std::unique_ptr<LeaseManager> leases_;
};

inline void DataPlane::decide(Client* client, const Call& call, Instant now,
                              Decision& decision) noexcept {
  if (client == nullptr) return;
  // Acquire: pairs with the release in `Clients::create()`.
  const ClientState state(client->state.load(std::memory_order_acquire));
  if (state.serial() == 0) return;  // deleted in the meantime
  if (call.client && state.serial() != call.client.serial_) return;
  if (!state.enabled()) {
    decision.forbidden = Forbidden::kDisabledKey;
    return;
  }
  // Acquire: pairs with the release in `Clients::link()`.
  Subscription* const all = shared_.load(std::memory_order_acquire);
  if (leases_ != nullptr && call.cost == 1 && all == nullptr) {
    KeyLease* lease = leases_->find(*client);
    if (lease != nullptr &&
        lease->spend(ThreadNumber::mine(), call.route.id_, now, decision)) {
      return;
    }
  }
  Admission{*client, all,     call.route.id_,    both_throttles_, call.cost,
            now,     *arena_, clients_.counts(), leases_.get()}
      .decide(decision);
}

inline Decision DataPlane::admit(const Call& call) noexcept {
  Decision decision;
  EpochDomain::Guard guard;
  const auto now = [&] {
    return call.now.has_value() ? *call.now : clock_->now();
  };
  if (call.client) {
    __builtin_prefetch(&call.client.client_->first.cell, /*rw=*/1);
    clients_.counts().prefetch(*call.client.client_);
    decide(call.client.client_, call, now(), decision);
  } else if (call.api_key.size() <= kMaxKey) {
    // The table's memory is fetched while the clock is read.
    const uint32_t hash = clients_.hash(call.api_key);
    clients_.table().prefetch(hash);
    const Instant instant = now();
    decide(clients_.table().find(call.api_key, hash), call, instant, decision);
  }
  return decision;
}

inline void DataPlane::admit(absl::Span<const Call> calls,
                             absl::Span<Decision> decisions) noexcept {
  // As many fetches as a core can have in flight.
  constexpr size_t kGroup = 16;
  const KeyTable& table = clients_.table();
  std::optional<Instant> now;
  while (!calls.empty()) {
    const size_t count = std::min(calls.size(), kGroup);
    EpochDomain::Guard guard;
    uint32_t hashes[kGroup];
    for (size_t i = 0; i < count; ++i) {
      const Call& call = calls[i];
      if (call.client) {
        __builtin_prefetch(call.client.client_);
        __builtin_prefetch(&call.client.client_->first.cell, /*rw=*/1);
        clients_.counts().prefetch(*call.client.client_);
      } else if (call.api_key.size() <= kMaxKey) {
        table.prefetch(hashes[i] = clients_.hash(call.api_key));
      }
      if (!call.now.has_value() && !now.has_value()) now = clock_->now();
    }
    for (size_t i = 0; i < count; ++i) {
      if (!calls[i].client && calls[i].api_key.size() <= kMaxKey) {
        table.prefetch_client(hashes[i]);
      }
    }
    for (size_t i = 0; i < count; ++i) {
      const Call& call = calls[i];
      Client* client = call.client.client_;
      if (!call.client && call.api_key.size() <= kMaxKey) {
        client = table.find(call.api_key, hashes[i]);
      }
      decisions[i] = Decision();
      decide(client, call, call.now.has_value() ? *call.now : *now,
             decisions[i]);
    }
    calls.remove_prefix(count);
    decisions.remove_prefix(count);
  }
}

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_DATA_PLANE_H_
