#ifndef WEIR_ENFORCER_KEY_TABLE_H_
#define WEIR_ENFORCER_KEY_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "enforcer/arena.h"
#include "enforcer/client.h"

namespace weir {

// From an API key's value to its client. Open addressing with linear probing;
// readers pass through without a lock and see a key from the moment its
// insertion has returned.
//
// Invariants:
//  1. A slot's client, once stored, is fully built: it is stored with release.
//  2. A probe for a key never meets an empty slot before the key's own: slots
//     empty only in a new table, and a removed client leaves a tombstone.
//  3. At least a third of the slots is empty, so every probe ends.
//  4. A reader answers for a client only after comparing the whole key,
//  whatever
//     the slot's hash said.
//
// `find()` is *thread-safe*, for callers inside an EpochDomain::Guard; the
// others need one caller at a time.
class KeyTable {
 public:
  // `arena` must outlive the table.
  explicit KeyTable(Arena& arena) : arena_(arena) {}
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  // The hash under which a key is filed; seeded anew in every process.
  static uint64_t hash(std::string_view key) noexcept;

  // nullptr if there is none. The client stays valid while the guard is held.
  Client* find(std::string_view key, uint64_t hash) const noexcept;

  // REQUIRES: no client with this key is in the table. False, and nothing
  // changed, if the arena is used up.
  bool insert(Client* client);
  // REQUIRES: the client is in the table. The caller retires it.
  void remove(const Client* client);

  size_t size() const { return size_; }

 private:
  struct Slot {
    std::atomic<uint64_t> hash;
    std::atomic<Client*> client;
  };
  struct Table {
    size_t mask;
    Slot slots[];  // mask + 1
  };

  static size_t bytes(size_t slots) {
    return sizeof(Table) + slots * sizeof(Slot);
  }
  static void place(Table* table, Client* client);
  bool rebuild();

  Arena& arena_;
  std::atomic<Table*> table_{nullptr};
  size_t size_ = 0;
  size_t occupied_ = 0;  // tombstones included
};

}  // namespace weir

#endif  // WEIR_ENFORCER_KEY_TABLE_H_
