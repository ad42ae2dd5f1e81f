#include "weir/data_plane/clients.h"

#include <atomic>
#include <cstring>

namespace weir::internal {
namespace {

ClientState state_of(const Client& client) {
  return ClientState(client.state.load(std::memory_order_relaxed));
}

// Relaxed: only the control plane uses the flag.
void set_first_taken(Client& client, bool taken) {
  client.state.store(state_of(client).with_first_taken(taken).bits(),
                     std::memory_order_relaxed);
}

}  // namespace

absl::Status arena_exhausted() {
  return absl::ResourceExhaustedError(
      "the arena is used up; see Options::arena_bytes");
}

Client* Clients::find(std::string_view key) const {
  return key.size() > kMaxKey ? nullptr : table_.find(key, hash_(key));
}

Client* Clients::create(std::string_view key, bool enabled) {
  const size_t bytes = Client::bytes(key.size());
  auto* client =
      static_cast<Client*>(arena_.allocate(bytes, Arena::Use::kClient));
  if (client == nullptr) return nullptr;
  // Zeroed, or as `remove()` and `empty()` left it.
  key.copy(client->key_bytes(key.size()), key.size());
  // Release: pairs with the acquire of handles.
  client->state.store(ClientState(++last_serial_, key.size(), enabled).bits(),
                      std::memory_order_release);
  if (table_.insert(client, hash_(key))) return client;
  client->state.store(0, std::memory_order_relaxed);
  --last_serial_;  // no reader has found it
  arena_.free(client, bytes, Arena::Use::kClient);
  return nullptr;
}

void Clients::remove(Client& client) {
  const std::string_view key = client.key();
  table_.remove(&client, hash_(key));
  // Linearization point for callers with a handle. Relaxed: it stands alone.
  client.state.store(0, std::memory_order_relaxed);
  arena_.retire(&client, Client::bytes(key.size()), {}, Arena::Use::kClient);
}

void Clients::set_enabled(Client& client, bool enabled) {
  // Relaxed: the flag stands alone, and an overlapping call may see either.
  client.state.store(state_of(client).with_enabled(enabled).bits(),
                     std::memory_order_relaxed);
}

absl::StatusOr<Subscription*> Clients::prepare(Client& client,
                                               const CountsCopy& counts,
                                               int64_t association) {
  const bool is_first = !state_of(client).first_taken();
  auto* subscription =
      is_first
          ? &client.first
          : static_cast<Subscription*>(arena_.allocate(sizeof(Subscription)));
  if (subscription == nullptr) return arena_exhausted();
  absl::Status status;
  if (counts_file_ != nullptr) {
    status =
        counts_file_->start(arena_.pair_of(subscription), association, counts);
  } else if (!subscription->own_counts.resume(counts, arena_)) {
    status = arena_exhausted();
  }
  if (!status.ok()) {
    if (!is_first) arena_.free(subscription, sizeof(Subscription));
    return status;
  }
  if (is_first) set_first_taken(client, true);
  return subscription;
}

void Clients::publish(Client& client, Subscription& subscription,
                      const PlanCell& cell) {
  if (&subscription == &client.first) {
    // Linearization point. Release: pairs with the acquire in `admit()`.
    subscription.cell.store(&cell, std::memory_order_release);
  } else {
    link(client.first.next, subscription, cell);
  }
}

void Clients::discard(Client& client, Subscription& subscription) {
  empty(subscription);
  if (&subscription == &client.first) {
    set_first_taken(client, false);
  } else {
    arena_.free(&subscription, sizeof(Subscription));
  }
}

void Clients::unsubscribe(Client& client, Subscription& subscription) {
  if (&subscription != &client.first) {
    unlink(client.first.next, subscription, dispose_other);
    return;
  }
  // Linearization point. Relaxed: nothing else is published.
  subscription.cell.store(nullptr, std::memory_order_relaxed);
  arena_.retire(&client, 0, {dispose_first, this});
}

Subscription* Clients::share(std::atomic<Subscription*>& head,
                             const PlanCell& cell) {
  auto* subscription =
      static_cast<Subscription*>(arena_.allocate(sizeof(Subscription)));
  if (subscription != nullptr) link(head, *subscription, cell);
  return subscription;
}

void Clients::unshare(std::atomic<Subscription*>& head,
                      Subscription& subscription) {
  unlink(head, subscription, dispose_shared);
}

void Clients::link(std::atomic<Subscription*>& head, Subscription& subscription,
                   const PlanCell& cell) {
  subscription.cell.store(&cell, std::memory_order_relaxed);
  subscription.next.store(head.load(std::memory_order_relaxed),
                          std::memory_order_relaxed);
  // Linearization point. Release: pairs with the acquire in `admit()`.
  head.store(&subscription, std::memory_order_release);
}

void Clients::unlink(std::atomic<Subscription*>& head,
                     Subscription& subscription,
                     void (*dispose)(void* clients, void* subscription)) {
  std::atomic<Subscription*>* link = &head;
  while (link->load(std::memory_order_relaxed) != &subscription) {
    link = &link->load(std::memory_order_relaxed)->next;
  }
  // Linearization point. Release: the rest of the list stays published. A
  // reader at the subscription goes on to the rest of the list.
  link->store(subscription.next.load(std::memory_order_relaxed),
              std::memory_order_release);
  arena_.retire(&subscription, sizeof(Subscription), {dispose, this});
}

void Clients::dispose_first(void* clients, void* client) {
  auto& self = *static_cast<Clients*>(clients);
  self.empty(static_cast<Client*>(client)->first);
  set_first_taken(*static_cast<Client*>(client), false);
}

void Clients::dispose_other(void* clients, void* subscription) {
  static_cast<Clients*>(clients)->empty(
      *static_cast<Subscription*>(subscription));
}

void Clients::dispose_shared(void* clients, void* subscription) {
  static_cast<Clients*>(clients)->empty_limits(
      *static_cast<Subscription*>(subscription));
}

void Clients::empty(Subscription& subscription) {
  if (counts_file_ != nullptr) {
    counts_file_->end(arena_.pair_of(&subscription));
  } else {
    subscription.own_counts.log.release(arena_);
  }
  empty_limits(subscription);
}

// The links stay: readers may still be at the client that it is part of.
void Clients::empty_limits(Subscription& subscription) {
  subscription.methods.release(arena_);
  subscription.bucket.reset();
}

}  // namespace weir::internal
