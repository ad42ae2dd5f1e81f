#include "enforcer/clients.h"

#include <atomic>
#include <new>

namespace weir {
namespace {

void dispose(Arena& arena, void* block) {
  auto* subscription = static_cast<Subscription*>(block);
  subscription->log.release(arena);
  subscription->methods.release(arena);
}

}  // namespace

Client* Clients::find(std::string_view key) const {
  return table_.find(key, hash(key));
}

Client* Clients::create(std::string_view key, bool enabled) {
  void* memory = arena_.allocate(Client::bytes(key.size()));
  if (memory == nullptr) return nullptr;
  auto* client = new (memory) Client{};
  client->hash = hash(key);
  client->key_size = static_cast<uint32_t>(key.size());
  client->enabled.store(enabled, std::memory_order_relaxed);
  key.copy(client->key_bytes(), key.size());
  if (table_.insert(client)) return client;
  arena_.free(memory, Client::bytes(key.size()));
  return nullptr;
}

void Clients::remove(Client& client) {
  table_.remove(&client);
  arena_.retire(&client, Client::bytes(client.key_size));
}

bool Clients::is_enabled(const Client& client) {
  return client.enabled.load(std::memory_order_relaxed);
}

void Clients::set_enabled(Client& client, bool enabled) {
  // Relaxed: the flag stands alone, and an overlapping call may see either.
  client.enabled.store(enabled, std::memory_order_relaxed);
}

Subscription* Clients::subscribe(Client& client, const PlanCell& cell, Day day,
                                 QuotaCalendar calendar) {
  void* memory = arena_.allocate(sizeof(Subscription));
  if (memory == nullptr) return nullptr;
  auto* subscription = new (memory) Subscription{};
  subscription->cell = &cell;
  subscription->quota.start(day, calendar);
  std::atomic<Subscription*>& head = client.subscriptions;
  subscription->next.store(head.load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
  // Linearization point. Release: pairs with the acquire in `admit()`.
  head.store(subscription, std::memory_order_release);
  return subscription;
}

void Clients::unsubscribe(Client& client, Subscription& subscription) {
  std::atomic<Subscription*>* link = &client.subscriptions;
  while (link->load(std::memory_order_relaxed) != &subscription) {
    link = &link->load(std::memory_order_relaxed)->next;
  }
  // Linearization point. Release: pairs with the acquire in `admit()`. A reader
  // that stands on the subscription goes on to the rest of the list.
  link->store(subscription.next.load(std::memory_order_relaxed),
              std::memory_order_release);
  arena_.retire(&subscription, sizeof(Subscription), dispose);
}

}  // namespace weir
