#include "enforcer/key_table.h"

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace weir {
namespace {

// Marks a slot whose client is gone; its address is all that matters.
Client* tombstone() {
  alignas(Client) static char mark[sizeof(Client)];
  return reinterpret_cast<Client*>(mark);
}

}  // namespace

uint64_t KeyTable::hash(std::string_view key) noexcept {
  return absl::Hash<absl::string_view>()(
      absl::string_view(key.data(), key.size()));
}

Client* KeyTable::find(std::string_view key, uint64_t hash) const noexcept {
  // Acquire: pairs with the release in `rebuild()`.
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    const Slot& slot = table->slots[i];
    // Acquire: pairs with the release in `place()`.
    Client* client = slot.client.load(std::memory_order_acquire);
    if (client == nullptr) return nullptr;
    // Relaxed: a hash that belongs to the slot's next tenant only means that
    // the present one is on its way out.
    if (slot.hash.load(std::memory_order_relaxed) == hash &&
        client != tombstone() && client->key() == key) {
      return client;
    }
  }
}

void KeyTable::place(Table* table, Client* client) {
  size_t i = client->hash & table->mask;
  while (true) {
    Slot& slot = table->slots[i];
    Client* present = slot.client.load(std::memory_order_relaxed);
    if (present == nullptr || present == tombstone()) {
      slot.hash.store(client->hash, std::memory_order_relaxed);
      // Linearization point of an insertion. Release: pairs with `find()`.
      slot.client.store(client, std::memory_order_release);
      return;
    }
    i = (i + 1) & table->mask;
  }
}

bool KeyTable::insert(Client* client) {
  const Table* table = table_.load(std::memory_order_relaxed);
  // A tombstone that is taken over is counted twice: then the table is rebuilt
  // a little sooner than it must be.
  if (table == nullptr || (occupied_ + 1) * 3 > (table->mask + 1) * 2) {
    if (!rebuild()) return false;
  }
  place(table_.load(std::memory_order_relaxed), client);
  ++size_;
  ++occupied_;
  return true;
}

void KeyTable::remove(const Client* client) {
  Table* table = table_.load(std::memory_order_relaxed);
  size_t i = client->hash & table->mask;
  while (table->slots[i].client.load(std::memory_order_relaxed) != client) {
    i = (i + 1) & table->mask;
  }
  // Linearization point of a removal. Release: pairs with `find()`.
  table->slots[i].client.store(tombstone(), std::memory_order_release);
  --size_;
}

// Copies what lives into a table that has room to grow. Readers go on in the
// old one, which stays as it is until they have left.
bool KeyTable::rebuild() {
  size_t slots = 64;
  while (slots < size_ * 3) slots *= 2;
  auto* next = static_cast<Table*>(arena_.allocate(bytes(slots)));
  if (next == nullptr) return false;
  next->mask = slots - 1;
  Table* table = table_.load(std::memory_order_relaxed);
  for (size_t i = 0; table != nullptr && i <= table->mask; ++i) {
    Client* client = table->slots[i].client.load(std::memory_order_relaxed);
    if (client != nullptr && client != tombstone()) place(next, client);
  }
  // Release: pairs with the acquire in `find()`.
  table_.store(next, std::memory_order_release);
  if (table != nullptr) arena_.retire(table, bytes(table->mask + 1));
  occupied_ = size_;
  return true;
}

}  // namespace weir
