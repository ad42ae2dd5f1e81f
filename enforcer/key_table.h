#ifndef WEIR_ENFORCER_KEY_TABLE_H_
#define WEIR_ENFORCER_KEY_TABLE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "enforcer/arena.h"
#include "enforcer/client.h"

namespace weir {

// From an API key's value to its client. Open addressing with linear probing;
// readers pass through without a lock and see a key from the moment its
// insertion has returned. The table grows step by step: each insertion moves a
// few keys, so that none has to wait for all.
//
// Invariants:
//  1. A slot's client, once stored, is fully built: it is stored with release.
//  2. A probe for a key never meets an empty slot before the key's own: slots
//     empty only in a new table, and a removed client leaves a tombstone.
//  3. At least an eighth of a table's slots is empty, and usually a third, so
//     every probe ends.
//  4. A reader answers for a client only after comparing the whole key,
//     whatever the slot's tag said.
//  5. While the table grows, a key lies in the present table, in the previous
//     one, or in both: it is moved by a copy, and removed from both. A reader
//     that found no previous table, before it probed the present one, finds all
//     keys there: the previous one is let go when all have been moved.
//
// `find()` is *thread-safe*, for callers inside an EpochDomain::Guard; the
// others need one caller at a time.
template <template <class> class Atomic = std::atomic>
class BasicKeyTable {
 public:
  // `arena` must outlive the table.
  explicit BasicKeyTable(Arena& arena) : arena_(arena) {
    hash({});  // draws the secret: `admit()` asks nothing of the system
  }
  BasicKeyTable(const BasicKeyTable&) = delete;
  BasicKeyTable& operator=(const BasicKeyTable&) = delete;

  // The hash under which a key is filed. Keyed by the kernel's random source,
  // anew in every process: nobody outside can choose keys that collide.
  static uint64_t hash(std::string_view key) noexcept;

  // nullptr if there is none. The client stays valid while the guard is held.
  Client* find(std::string_view key, uint64_t hash) const noexcept;

  // Looks at kStep other keys at most. REQUIRES: no client with this key is in
  // the table. False, and nothing changed, if the arena is used up.
  bool insert(Client* client);
  // REQUIRES: the client is in the table. The caller retires it.
  void remove(const Client* client);

  size_t size() const { return size_; }

 private:
  // So that the previous table is empty before the next one is due. With S
  // slots in the present table and at most 2S in the previous one, which had at
  // most S / 3 keys, that takes S / 4 insertions, and then S * 7 / 12 slots are
  // taken: less than two thirds.
  static constexpr size_t kStep = 8;

  // A client's address, and in the upper 16 bits, which addresses leave free,
  // those of its hash; or one of kEmpty and kTombstone.
  using Slot = Atomic<uint64_t>;
  struct Table {
    size_t mask;
    Atomic<Table*> previous;  // from which keys are still moved; or null
    Slot slots[];             // mask + 1
  };

  static size_t bytes(size_t slots) {
    return sizeof(Table) + slots * sizeof(Slot);
  }
  static Client* probe(const Table& table, std::string_view key,
                       uint64_t hash) noexcept;
  // Returns whether it took a slot that was empty.
  static bool place(Table& table, Client* client);
  static void erase(Table& table, const Client* client);
  bool grow();
  void move_some();

  Arena& arena_;
  Atomic<Table*> table_{nullptr};
  size_t size_ = 0;
  size_t occupied_ = 0;  // in the present table, tombstones included
  size_t moved_ = 0;     // slots of the previous table that have been left
};

using KeyTable = BasicKeyTable<>;

// Implementation.

namespace key_table_internal {

constexpr uint64_t kEmpty = 0;
constexpr uint64_t kTombstone = 1;
constexpr int kAddressBits = 48;
constexpr uint64_t kAddress = (uint64_t{1} << kAddressBits) - 1;
static_assert(sizeof(void*) == sizeof(uint64_t));

// Of all keys' values. Drawn at the first call.
uint64_t keyed_hash(std::string_view key) noexcept;

inline uint64_t tag_of(uint64_t hash) { return hash & ~kAddress; }

inline uint64_t word_of(const Client* client) {
  return tag_of(client->hash) | reinterpret_cast<uintptr_t>(client);
}

inline Client* client_of(uint64_t word) {
  return reinterpret_cast<Client*>(word & kAddress);
}

inline bool is_client(uint64_t word) {
  return word != kEmpty && word != kTombstone;
}

}  // namespace key_table_internal

template <template <class> class Atomic>
uint64_t BasicKeyTable<Atomic>::hash(std::string_view key) noexcept {
  return key_table_internal::keyed_hash(key);
}

template <template <class> class Atomic>
Client* BasicKeyTable<Atomic>::find(std::string_view key,
                                    uint64_t hash) const noexcept {
  // Acquire: pairs with the release in `grow()`.
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  // Before the present table (5). Acquire: pairs with the release in
  // `move_some()`.
  const Table* previous = table->previous.load(std::memory_order_acquire);
  Client* client = probe(*table, key, hash);
  if (client != nullptr || previous == nullptr) return client;
  return probe(*previous, key, hash);
}

template <template <class> class Atomic>
Client* BasicKeyTable<Atomic>::probe(const Table& table, std::string_view key,
                                     uint64_t hash) noexcept {
  for (size_t i = hash & table.mask;; i = (i + 1) & table.mask) {
    // Acquire: pairs with the release in `place()`.
    const uint64_t word = table.slots[i].load(std::memory_order_acquire);
    if (word == key_table_internal::kEmpty) return nullptr;
    if (key_table_internal::tag_of(word) != key_table_internal::tag_of(hash) ||
        word == key_table_internal::kTombstone)
      continue;
    Client* client = key_table_internal::client_of(word);
    if (client->hash == hash && client->key() == key) return client;
  }
}

template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::place(Table& table, Client* client) {
  size_t i = client->hash & table.mask;
  while (key_table_internal::is_client(
      table.slots[i].load(std::memory_order_relaxed))) {
    i = (i + 1) & table.mask;
  }
  const uint64_t before = table.slots[i].load(std::memory_order_relaxed);
  // Linearization point of an insertion. Release: pairs with `probe()`.
  table.slots[i].store(key_table_internal::word_of(client),
                       std::memory_order_release);
  return before == key_table_internal::kEmpty;
}

template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::insert(Client* client) {
  const Table* present = table_.load(std::memory_order_relaxed);
  const size_t slots = present == nullptr ? 0 : present->mask + 1;
  // Without memory to grow, a table can still be filled a little more.
  const bool is_due = (occupied_ + 1) * 3 > slots * 2;
  if (is_due && !grow() && (occupied_ + 1) * 8 > slots * 7) return false;
  move_some();
  occupied_ += place(*table_.load(std::memory_order_relaxed), client);
  ++size_;
  return true;
}

template <template <class> class Atomic>
void BasicKeyTable<Atomic>::remove(const Client* client) {
  Table* table = table_.load(std::memory_order_relaxed);
  // A reader may still go from the present table to the previous one: the
  // linearization point of a removal is the later of the two.
  erase(*table, client);
  if (Table* previous = table->previous.load(std::memory_order_relaxed)) {
    erase(*previous, client);
  }
  --size_;
}

template <template <class> class Atomic>
void BasicKeyTable<Atomic>::erase(Table& table, const Client* client) {
  const uint64_t word = key_table_internal::word_of(client);
  for (size_t i = client->hash & table.mask;; i = (i + 1) & table.mask) {
    const uint64_t present = table.slots[i].load(std::memory_order_relaxed);
    if (present == key_table_internal::kEmpty) return;
    if (present != word) continue;
    // Release: pairs with `probe()`.
    table.slots[i].store(key_table_internal::kTombstone,
                         std::memory_order_release);
    return;
  }
}

// Begins a table that has room for as many keys again; those that there are
// follow with the next insertions.
template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::grow() {
  Table* table = table_.load(std::memory_order_relaxed);
  size_t slots = 64;
  if (table != nullptr) slots = std::max(slots, (table->mask + 1) / 2);
  while (slots < size_ * 3) slots *= 2;
  auto* next = static_cast<Table*>(arena_.allocate(bytes(slots)));
  if (next == nullptr) return false;
  next->mask = slots - 1;
  next->previous.store(table, std::memory_order_relaxed);
  occupied_ = 0;
  moved_ = 0;
  // Release: pairs with the acquire in `find()`.
  table_.store(next, std::memory_order_release);
  return true;
}

template <template <class> class Atomic>
void BasicKeyTable<Atomic>::move_some() {
  Table* table = table_.load(std::memory_order_relaxed);
  Table* previous = table->previous.load(std::memory_order_relaxed);
  if (previous == nullptr) return;
  const size_t slots = previous->mask + 1;
  for (const size_t end = std::min(moved_ + kStep, slots); moved_ < end;
       ++moved_) {
    const uint64_t word =
        previous->slots[moved_].load(std::memory_order_relaxed);
    if (key_table_internal::is_client(word))
      occupied_ += place(*table, key_table_internal::client_of(word));
  }
  if (moved_ < slots) return;
  // Release: pairs with the acquire in `find()`: who sees it sees all keys in
  // the present table.
  table->previous.store(nullptr, std::memory_order_release);
  arena_.retire(previous, bytes(slots));
}

}  // namespace weir

#endif  // WEIR_ENFORCER_KEY_TABLE_H_
