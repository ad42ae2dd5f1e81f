#include "enforcer/key_table.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace weir {
namespace {

constexpr uint64_t kEmpty = 0;
constexpr uint64_t kTombstone = 1;
constexpr int kAddressBits = 48;
constexpr uint64_t kAddress = (uint64_t{1} << kAddressBits) - 1;

uint64_t tag_of(uint64_t hash) { return hash & ~kAddress; }

uint64_t word_of(const Client* client) {
  return tag_of(client->hash) | reinterpret_cast<uintptr_t>(client);
}

Client* client_of(uint64_t word) {
  return reinterpret_cast<Client*>(word & kAddress);
}

bool is_client(uint64_t word) { return word != kEmpty && word != kTombstone; }

struct Secret {
  Secret() {
    // Fails only for more than 256 bytes, or on kernels without getrandom(2).
    if (getentropy(words, sizeof(words)) != 0) std::abort();
  }
  uint64_t words[2];
};

}  // namespace

static_assert(sizeof(void*) == sizeof(uint64_t));

KeyTable::KeyTable(Arena& arena) : arena_(arena) {
  hash({});  // draws the secret: `admit()` asks nothing of the system
}

uint64_t KeyTable::hash(std::string_view key) noexcept {
  static const Secret secret;
  return absl::HashOf(secret.words[0], secret.words[1],
                      absl::string_view(key.data(), key.size()));
}

Client* KeyTable::find(std::string_view key, uint64_t hash) const noexcept {
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

Client* KeyTable::probe(const Table& table, std::string_view key,
                        uint64_t hash) noexcept {
  for (size_t i = hash & table.mask;; i = (i + 1) & table.mask) {
    // Acquire: pairs with the release in `place()`.
    const uint64_t word = table.slots[i].load(std::memory_order_acquire);
    if (word == kEmpty) return nullptr;
    if (tag_of(word) != tag_of(hash) || word == kTombstone) continue;
    Client* client = client_of(word);
    if (client->hash == hash && client->key() == key) return client;
  }
}

bool KeyTable::place(Table& table, Client* client) {
  size_t i = client->hash & table.mask;
  while (is_client(table.slots[i].load(std::memory_order_relaxed))) {
    i = (i + 1) & table.mask;
  }
  const uint64_t before = table.slots[i].load(std::memory_order_relaxed);
  // Linearization point of an insertion. Release: pairs with `probe()`.
  table.slots[i].store(word_of(client), std::memory_order_release);
  return before == kEmpty;
}

bool KeyTable::insert(Client* client) {
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

void KeyTable::remove(const Client* client) {
  Table* table = table_.load(std::memory_order_relaxed);
  // A reader may still go from the present table to the previous one: the
  // linearization point of a removal is the later of the two.
  erase(*table, client);
  if (Table* previous = table->previous.load(std::memory_order_relaxed)) {
    erase(*previous, client);
  }
  --size_;
}

void KeyTable::erase(Table& table, const Client* client) {
  const uint64_t word = word_of(client);
  for (size_t i = client->hash & table.mask;; i = (i + 1) & table.mask) {
    const uint64_t present = table.slots[i].load(std::memory_order_relaxed);
    if (present == kEmpty) return;
    if (present != word) continue;
    // Release: pairs with `probe()`.
    table.slots[i].store(kTombstone, std::memory_order_release);
    return;
  }
}

// Begins a table that has room for as many keys again; those that there are
// follow with the next insertions.
bool KeyTable::grow() {
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

void KeyTable::move_some() {
  Table* table = table_.load(std::memory_order_relaxed);
  Table* previous = table->previous.load(std::memory_order_relaxed);
  if (previous == nullptr) return;
  const size_t slots = previous->mask + 1;
  for (const size_t end = std::min(moved_ + kStep, slots); moved_ < end;
       ++moved_) {
    const uint64_t word =
        previous->slots[moved_].load(std::memory_order_relaxed);
    if (is_client(word)) occupied_ += place(*table, client_of(word));
  }
  if (moved_ < slots) return;
  // Release: pairs with the acquire in `find()`: who sees it sees all keys in
  // the present table.
  table->previous.store(nullptr, std::memory_order_release);
  arena_.retire(previous, bytes(slots));
}

}  // namespace weir
