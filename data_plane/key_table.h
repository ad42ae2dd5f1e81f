#ifndef WEIR_DATA_PLANE_KEY_TABLE_H_
#define WEIR_DATA_PLANE_KEY_TABLE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "weir/base/table_growth.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/counts_locator.h"
#include "weir/data_plane/key_hash.h"
#include "weir/memory/arena.h"

namespace weir::internal {

// A hash table from an API key's value to its client: open addressing, in lines
// of eight slots. Readers take no lock, and find a key as soon as its insertion
// has returned. The table grows step by step (base/table_growth.h), with each
// insertion and each removal. Moving a key does not touch its client.
//
// Invariants:
//  1. A slot's client, once stored, is fully built: it is stored with release.
//  2. A probe for a key never meets an empty slot before the key's own: slots
//     are empty only until they are first used, and a removed client leaves a
//     tombstone.
//  3. At least an eighth of a table's slots are empty, and usually a third, so
//     every probe ends. It ends soon, since a new key is refused if there is no
//     free slot within kMaxProbes.
//  4. A reader returns a client only after comparing the whole key, whatever
//     the slot's hash.
//  5. While the table grows, a key is in the current table, in the previous
//     one, or in both: it is moved by a copy, and removed from both. A reader
//     that found no previous table, before it probed the current one, finds all
//     keys in the current one: the previous one is dropped when all have been
//     moved.
//
// `find()` and `prefetch()` are *thread-safe*, for callers inside an
// EpochDomain::Guard; the others need one caller at a time.
template <template <class> class Atomic = std::atomic>
class BasicKeyTable {
 public:
  // `arena` must outlive the table; clients' counts are in `counts`.
  BasicKeyTable(Arena& arena, const CountsLocator& counts)
      : arena_(arena), counts_(counts) {}
  explicit BasicKeyTable(Arena& arena)
      : BasicKeyTable(arena, CountsLocator(arena)) {}
  BasicKeyTable(const BasicKeyTable&) = delete;
  BasicKeyTable& operator=(const BasicKeyTable&) = delete;

  // Prefetches the memory that `find()` reads first. Does not wait. (Both are
  // always inline: gcc 12 takes a function that only prefetches for one without
  // effect, and drops calls to it.)
  [[gnu::always_inline]] void prefetch(uint32_t hash) const noexcept;
  // The same for the client itself and its counts; this reads the table.
  [[gnu::always_inline]] void prefetch_client(uint32_t hash) const noexcept;

  // Returns nullptr if there is none. The client stays valid while the guard is
  // held.
  Client* find(std::string_view key, uint32_t hash) const noexcept;

  // REQUIRES: no client with this key is in the table. False, and nothing
  // changed, if the arena is used up, or if hundreds of keys collide, which
  // does not happen by chance.
  bool insert(Client* client, uint32_t hash);
  // REQUIRES: the client is in the table, with this hash. The caller retires
  // it.
  void remove(const Client* client, uint32_t hash);

  size_t size() const { return size_; }

 private:
  // A key's first slot is in the line that its hash names. The line's other
  // slots follow, in a circle, then those of the next line. In a table that is
  // two thirds full, hardly one line in ten is full, so most probes stay in one
  // line. And kMaxProbes full slots in a row do not occur by chance: of 512,
  // 341 are expected to be full, with a standard deviation of 18.
  static constexpr size_t kLine = 8;
  static constexpr size_t kMaxProbes = 512;
  static constexpr size_t kFirstSlots = 64;

  // [hash:32 | the client's pair in the arena:32]; or kEmpty or kTombstone.
  using Slot = Atomic<uint64_t>;
  static constexpr uint64_t kEmpty = 0;
  static constexpr uint64_t kTombstone = uint64_t{1} << 32;

  struct Table {
    size_t mask;
    Slot* slots;              // mask + 1, aligned to lines
    Atomic<Table*> previous;  // from which keys are still moved; or null
  };

  static bool is_client(uint64_t word) {
    return static_cast<uint32_t>(word) != 0;
  }
  static uint32_t hash_of(uint64_t word) {
    return static_cast<uint32_t>(word >> 32);
  }
  uint64_t word_of(const Client* client, uint32_t hash) const {
    return uint64_t{hash} << 32 | arena_.pair_of(client);
  }

  // The slot of a hash's i-th probe.
  static Slot& slot(const Table& table, uint32_t hash, size_t i) noexcept {
    const size_t in_line = (hash + i) % kLine;
    const size_t line = (hash & ~(kLine - 1)) + (i & ~(kLine - 1));
    return table.slots[(line & table.mask) | in_line];
  }
  // Calls `visit` for each client that has this hash, until one returns true.
  template <class Visit>
  bool probe(const Table& table, uint32_t hash, Visit visit) const noexcept;

  // A free slot for a client of this hash; nullptr if there is none among the
  // first `most`.
  static Slot* vacancy(const Table& table, uint32_t hash, size_t most);
  // Returns whether the slot was empty.
  static bool place(Slot& slot, uint64_t word);
  static void erase(Table& table, uint64_t word);
  bool grow();
  void move_some();

  Arena& arena_;
  const CountsLocator counts_;
  Atomic<Table*> table_{nullptr};
  size_t size_ = 0;
  size_t occupied_ = 0;  // in the current table, including tombstones
  size_t moved_ = 0;     // slots of the previous table that are done
};

using KeyTable = BasicKeyTable<>;

// Implementation.

template <template <class> class Atomic>
template <class Visit>
bool BasicKeyTable<Atomic>::probe(const Table& table, uint32_t hash,
                                  Visit visit) const noexcept {
  for (size_t i = 0;; ++i) {
    // Acquire: pairs with the release in `place()`.
    const uint64_t word = slot(table, hash, i).load(std::memory_order_acquire);
    if (word == kEmpty) return false;
    if (hash_of(word) == hash && is_client(word) &&
        visit(static_cast<Client*>(arena_.at(static_cast<uint32_t>(word))))) {
      return true;
    }
  }
}

template <template <class> class Atomic>
inline void BasicKeyTable<Atomic>::prefetch(uint32_t hash) const noexcept {
  // Acquire: pairs with the release in `grow()`.
  if (const Table* table = table_.load(std::memory_order_acquire)) {
    __builtin_prefetch(&slot(*table, hash, 0));
  }
}

template <template <class> class Atomic>
inline void BasicKeyTable<Atomic>::prefetch_client(
    uint32_t hash) const noexcept {
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return;
  probe(*table, hash, [this](Client* client) {
    __builtin_prefetch(client);
    __builtin_prefetch(&client->first.cell, /*rw=*/1);
    counts_.prefetch(*client);
    return true;
  });
}

template <template <class> class Atomic>
Client* BasicKeyTable<Atomic>::find(std::string_view key,
                                    uint32_t hash) const noexcept {
  // Acquire: pairs with the release in `grow()`.
  const Table* table = table_.load(std::memory_order_acquire);
  if (table == nullptr) return nullptr;
  // Loaded before the current table is probed (5). Acquire: pairs with the
  // release in `move_some()`.
  const Table* previous = table->previous.load(std::memory_order_acquire);
  Client* found = nullptr;
  const auto is_it = [&](Client* client) {
    // Fetched while the first line is compared.
    __builtin_prefetch(&client->first.cell, /*rw=*/1);
    counts_.prefetch(*client);
    if (!equal_keys(client->key(), key)) return false;
    found = client;
    return true;
  };
  if (!probe(*table, hash, is_it) && previous != nullptr) {
    probe(*previous, hash, is_it);
  }
  return found;
}

template <template <class> class Atomic>
typename BasicKeyTable<Atomic>::Slot* BasicKeyTable<Atomic>::vacancy(
    const Table& table, uint32_t hash, size_t most) {
  for (size_t i = 0; i < most; ++i) {
    Slot& slot = BasicKeyTable::slot(table, hash, i);
    if (!is_client(slot.load(std::memory_order_relaxed))) return &slot;
  }
  return nullptr;
}

template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::place(Slot& slot, uint64_t word) {
  const uint64_t before = slot.load(std::memory_order_relaxed);
  // Linearization point of an insertion. Release: pairs with `probe()`.
  slot.store(word, std::memory_order_release);
  return before == kEmpty;
}

template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::insert(Client* client, uint32_t hash) {
  const Table* present = table_.load(std::memory_order_relaxed);
  const size_t slots = present == nullptr ? 0 : present->mask + 1;
  // Without memory to grow, a table can still be filled a little more.
  const bool is_due = TableGrowth::is_due(occupied_, slots);
  if (is_due && !grow() && (occupied_ + 1) * 8 > slots * 7) return false;
  move_some();
  Slot* slot =
      vacancy(*table_.load(std::memory_order_relaxed), hash, kMaxProbes);
  if (slot == nullptr) return false;
  occupied_ += place(*slot, word_of(client, hash));
  ++size_;
  return true;
}

template <template <class> class Atomic>
void BasicKeyTable<Atomic>::remove(const Client* client, uint32_t hash) {
  Table* table = table_.load(std::memory_order_relaxed);
  const uint64_t word = word_of(client, hash);
  // A reader may still go from the current table to the previous one: the
  // linearization point of a removal is the later of the two.
  erase(*table, word);
  if (Table* previous = table->previous.load(std::memory_order_relaxed)) {
    erase(*previous, word);
  }
  --size_;
  move_some();
}

template <template <class> class Atomic>
void BasicKeyTable<Atomic>::erase(Table& table, uint64_t word) {
  for (size_t i = 0;; ++i) {
    Slot& slot = BasicKeyTable::slot(table, hash_of(word), i);
    const uint64_t present = slot.load(std::memory_order_relaxed);
    if (present == kEmpty) return;
    if (present != word) continue;
    // Release: pairs with `probe()`.
    slot.store(kTombstone, std::memory_order_release);
    return;
  }
}

// Begins a table with room for as many keys again. The existing keys follow
// with the next insertions and removals.
template <template <class> class Atomic>
bool BasicKeyTable<Atomic>::grow() {
  Table* table = table_.load(std::memory_order_relaxed);
  const size_t fewest =
      TableGrowth::fewest_slots(size_, table == nullptr ? 0 : table->mask + 1);
  size_t slots = kFirstSlots;
  while (slots < fewest) slots *= 2;
  auto* next = static_cast<Table*>(arena_.allocate(sizeof(Table)));
  if (next == nullptr) return false;
  next->slots = static_cast<Slot*>(arena_.allocate(slots * sizeof(Slot)));
  if (next->slots == nullptr) {
    arena_.free(next, sizeof(Table));
    return false;
  }
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
  for (const size_t end = std::min(moved_ + TableGrowth::kStep, slots);
       moved_ < end; ++moved_) {
    const uint64_t word =
        previous->slots[moved_].load(std::memory_order_relaxed);
    if (!is_client(word)) continue;
    occupied_ += place(*vacancy(*table, hash_of(word), table->mask + 1), word);
  }
  if (moved_ < slots) return;
  // Release: pairs with the acquire in `find()`: a reader that finds null finds
  // all keys in the current table.
  table->previous.store(nullptr, std::memory_order_release);
  arena_.retire(previous->slots, slots * sizeof(Slot));
  arena_.retire(previous, sizeof(Table));
}

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_KEY_TABLE_H_
