#include "enforcer/clients.h"

#include <atomic>
#include <cstring>

namespace weir {
namespace {

ClientState state_of(const Client& client) {
  return ClientState(client.state.load(std::memory_order_relaxed));
}

// As a subscription is before and after its time. Its links stay: readers may
// stand on the client that it is part of.
void empty(Arena& arena, Subscription& subscription) {
  subscription.log.release(arena);
  subscription.methods.release(arena);
  subscription.bucket.reset();
}

void dispose_first(Arena& arena, void* block) {
  auto& client = *static_cast<Client*>(block);
  empty(arena, client.first);
  client.state.store(state_of(client).with_first_taken(false).bits(),
                     std::memory_order_relaxed);
}

void dispose(Arena& arena, void* block) {
  empty(arena, *static_cast<Subscription*>(block));
}

}  // namespace

Client* Clients::find(std::string_view key) const {
  return key.size() > kLongestKey ? nullptr : table_.find(key, hash_(key));
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
  arena_.free(client, bytes, Arena::Use::kClient);
  return nullptr;
}

void Clients::remove(Client& client) {
  const std::string_view key = client.key();
  table_.remove(&client, hash_(key));
  // Linearization point for who has a handle. Relaxed: it stands alone.
  client.state.store(0, std::memory_order_relaxed);
  arena_.retire(&client, Client::bytes(key.size()), nullptr,
                Arena::Use::kClient);
}

void Clients::set_enabled(Client& client, bool enabled) {
  // Relaxed: the flag stands alone, and an overlapping call may see either.
  client.state.store(state_of(client).with_enabled(enabled).bits(),
                     std::memory_order_relaxed);
}

Subscription* Clients::subscribe(Client& client, const PlanCell& cell, Day day,
                                 QuotaCalendar calendar) {
  if (!state_of(client).first_taken()) {
    client.state.store(state_of(client).with_first_taken(true).bits(),
                       std::memory_order_relaxed);
    client.first.quota.start(day, calendar);
    // Linearization point. Release: pairs with the acquire in `admit()`.
    client.first.cell.store(&cell, std::memory_order_release);
    return &client.first;
  }
  return subscribe(client.first.next, cell, day, calendar);
}

Subscription* Clients::subscribe(std::atomic<Subscription*>& head,
                                 const PlanCell& cell, Day day,
                                 QuotaCalendar calendar) {
  auto* subscription =
      static_cast<Subscription*>(arena_.allocate(sizeof(Subscription)));
  if (subscription == nullptr) return nullptr;
  subscription->quota.start(day, calendar);
  subscription->cell.store(&cell, std::memory_order_relaxed);
  subscription->next.store(head.load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
  // Linearization point. Release: pairs with the acquire in `admit()`.
  head.store(subscription, std::memory_order_release);
  return subscription;
}

void Clients::unsubscribe(Client& client, Subscription& subscription) {
  if (&subscription == &client.first) {
    // Linearization point. Relaxed: nothing else is published.
    subscription.cell.store(nullptr, std::memory_order_relaxed);
    arena_.retire(&client, 0, dispose_first);
    return;
  }
  unsubscribe(client.first.next, subscription);
}

void Clients::unsubscribe(std::atomic<Subscription*>& head,
                          Subscription& subscription) {
  std::atomic<Subscription*>* link = &head;
  while (link->load(std::memory_order_relaxed) != &subscription) {
    link = &link->load(std::memory_order_relaxed)->next;
  }
  // Linearization point. Release: what follows stays published. A reader that
  // stands on the subscription goes on to the rest of the list.
  link->store(subscription.next.load(std::memory_order_relaxed),
              std::memory_order_release);
  arena_.retire(&subscription, sizeof(Subscription), dispose);
}

}  // namespace weir
