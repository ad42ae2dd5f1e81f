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
class KeyTable {
 public:
  // `arena` must outlive the table.
  explicit KeyTable(Arena& arena);
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

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
  using Slot = std::atomic<uint64_t>;
  struct Table {
    size_t mask;
    std::atomic<Table*> previous;  // from which keys are still moved; or null
    Slot slots[];                  // mask + 1
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
  std::atomic<Table*> table_{nullptr};
  size_t size_ = 0;
  size_t occupied_ = 0;  // in the present table, tombstones included
  size_t moved_ = 0;     // slots of the previous table that have been left
};

}  // namespace weir

#endif  // WEIR_ENFORCER_KEY_TABLE_H_
