#include "weir/data_plane/key_table.h"

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/key_hash.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"

namespace weir::internal {
namespace {

// A table and its clients.
struct Keys {
  // Returns nullptr if there is no room.
  Client* try_insert(const std::string& key, uint32_t hash) {
    auto* client = static_cast<Client*>(
        arena_->allocate(Client::bytes(key.size()), Arena::Use::kClient));
    key.copy(client->key_bytes(key.size()), key.size());
    client->state = ClientState(1, key.size(), true).bits();
    return table_.insert(client, hash) ? client : nullptr;
  }
  Client* insert(const std::string& key, uint32_t hash) {
    Client* client = try_insert(key, hash);
    EXPECT_NE(client, nullptr);
    return client;
  }
  Client* insert(const std::string& key) { return insert(key, hash_(key)); }
  void remove(Client* client, uint32_t hash) {
    table_.remove(client, hash);
    arena_->retire(client, Client::bytes(client->key().size()), {},
                   Arena::Use::kClient);
    arena_->collect();
  }
  void remove(Client* client) { remove(client, hash_(client->key())); }
  Client* find(const std::string& key) {
    EpochDomain::Guard guard;
    return table_.find(key, hash_(key));
  }

  const KeyHash hash_;
  const std::unique_ptr<Arena> arena_ = *Arena::create(size_t{1} << 30);
  KeyTable table_{*arena_};
};

class KeyTableTest : public ::testing::Test, protected Keys {};

TEST_F(KeyTableTest, EmptyTableFindsNothing) {
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("key"), nullptr);
  // As a batch does before it looks up keys.
  table_.prefetch(hash_("key"));
  table_.prefetch_client(hash_("key"));
}

// Whatever a key's hash, the tombstone of a removed key is not a key.
TEST_F(KeyTableTest, RemovedKeysOfAnyHashAreGone) {
  for (uint32_t hash = 0; hash < 4; ++hash) {
    Client* client = insert("key", hash);
    EXPECT_EQ(table_.find("key", hash), client);
    remove(client, hash);
    EXPECT_EQ(table_.find("key", hash), nullptr);
    EXPECT_EQ(table_.find("", 1), nullptr);
  }
}

TEST_F(KeyTableTest, AgreesWithAMapThroughGrowthAndRemoval) {
  std::mt19937 random(1);
  std::map<std::string, Client*> model;
  for (int i = 0; i < 50'000; ++i) {
    const std::string key = absl::StrCat("key-", random() % 5000);
    const auto it = model.find(key);
    EXPECT_EQ(find(key), it == model.end() ? nullptr : it->second);
    if (it == model.end()) {
      model[key] = insert(key);
    } else {
      remove(it->second);
      model.erase(it);
    }
    ASSERT_EQ(table_.size(), model.size());
  }
}

TEST_F(KeyTableTest, GrowsInStepsAndLetsTheOldTableGo) {
  std::vector<std::string> keys;
  size_t used = 0;
  size_t growths = 0;
  // Beyond 21,845 keys, the table that is dropped gives its pages back.
  for (int i = 0; i < 27'000; ++i) {
    keys.push_back(absl::StrCat("key-", i));
    insert(keys.back());
    arena_->collect();
    // A growing table exists next to the one that it replaces.
    if (arena_->used() > used + size_t{100} * keys.size() / 64) ++growths;
    used = arena_->used();
    ASSERT_NE(find(keys[i / 2]), nullptr) << i;
    ASSERT_NE(find(keys[0]), nullptr) << i;
  }
  EXPECT_GT(growths, 5u);
  for (const std::string& key : keys) ASSERT_NE(find(key), nullptr) << key;
  // Two lines a client, and one table of at most 65,536 slots.
  EXPECT_LE(arena_->used(), keys.size() * 128 + 65'536 * 8 + 4096);
  EXPECT_LE(arena_->used(), keys.size() * 192);
}

// A key is in two tables while it is moved.
TEST_F(KeyTableTest, RemovedWhileTheTableGrowsIsGone) {
  for (int size = 40; size < 200; ++size) {
    std::map<std::string, Client*> clients;
    for (int i = 0; i < size; ++i) {
      const std::string key = absl::StrCat(size, "-", i);
      clients[key] = insert(key);
    }
    for (const auto& [key, client] : clients) {
      remove(client);
      ASSERT_EQ(find(key), nullptr) << key;
    }
    ASSERT_EQ(table_.size(), 0u);
  }
}

TEST_F(KeyTableTest, ShrinksWhenMostKeysAreGone) {
  std::vector<Client*> clients;
  for (int i = 0; i < 20'000; ++i) {
    clients.push_back(insert(absl::StrCat("key-", i)));
  }
  for (Client* client : clients) remove(client);
  // Each table full of tombstones is followed by one half as large.
  for (int i = 0; i < 60'000; ++i) remove(insert(absl::StrCat("other-", i)));
  arena_->collect();
  EXPECT_LE(arena_->used(), size_t{16} << 10);
}

// All but some keys of a full table are removed, which leaves it full of
// tombstones; then keys are inserted and none removed. A table that follows
// must be large enough to empty the one before it in time, whatever share
// remained.
TEST_F(KeyTableTest, NoKeyIsLostWhenATableShrinksAndFillsUp) {
  const auto run = [](size_t slots, size_t stay) {
    Keys table;
    const size_t full = slots * 2 / 3 - 1;
    std::vector<Client*> clients;
    std::vector<std::string> keys;
    for (size_t i = 0; i < full; ++i) {
      const std::string key = absl::StrCat("first-", i);
      Client* client = table.insert(key);
      (i < stay ? keys.push_back(key) : clients.push_back(client));
    }
    for (Client* client : clients) table.remove(client);
    for (size_t i = 0; i < slots; ++i) {
      keys.push_back(absl::StrCat("then-", i));
      table.insert(keys.back());
      ASSERT_NE(table.find(keys[i % stay]), nullptr) << slots << " " << stay;
      ASSERT_NE(table.find(keys[i * 31 % keys.size()]), nullptr);
    }
    for (const std::string& key : keys) {
      ASSERT_NE(table.find(key), nullptr) << slots << " " << stay;
    }
    ASSERT_EQ(table.table_.size(), keys.size());
  };
  for (size_t slots = 64; slots <= 1024; slots *= 2) {
    for (size_t stay = 1; stay < slots * 2 / 3; stay += slots / 64) {
      run(slots, stay);
    }
  }
  run(32'768, 2'700);
}

TEST_F(KeyTableTest, KeysOfOneHashAreToldApart) {
  constexpr uint32_t kHash = 12345;
  std::vector<Client*> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(insert(absl::StrCat("key-", i), kHash));
  }
  EpochDomain::Guard guard;
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(table_.find(absl::StrCat("key-", i), kHash), clients[i]);
  }
  EXPECT_EQ(table_.find("key-40", kHash), nullptr);
  for (int i = 0; i < 40; i += 2) remove(clients[i], kHash);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(table_.find(absl::StrCat("key-", i), kHash),
              i % 2 == 0 ? nullptr : clients[i]);
  }
}

// An attacker who guessed the hash's secret could make lookups slow, but no
// slower than the longest probe.
TEST_F(KeyTableTest, KeysThatCollideHaveABound) {
  constexpr uint32_t kHash = 77;
  std::vector<std::string> others;
  for (int i = 0; i < 3000; ++i) {
    others.push_back(absl::StrCat("key-", i));
    insert(others.back());
  }
  std::vector<std::pair<std::string, Client*>> colliding;
  for (int i = 0; i < 600; ++i) {
    const std::string key = absl::StrCat("colliding-", i);
    if (Client* client = try_insert(key, kHash)) {
      colliding.emplace_back(key, client);
    }
  }
  EXPECT_LT(colliding.size(), 512u);
  EXPECT_GT(colliding.size(), 100u);
  EpochDomain::Guard guard;
  for (const auto& [key, client] : colliding) {
    ASSERT_EQ(table_.find(key, kHash), client) << key;
  }
  for (const std::string& key : others) ASSERT_NE(find(key), nullptr) << key;
  // Slots that become free are used.
  remove(colliding.back().second, kHash);
  EXPECT_NE(try_insert("one-more", kHash), nullptr);
}

// The lines of the first table's successor fill up before keys of one hash move
// there: the keys are put behind others, and are found.
TEST_F(KeyTableTest, KeysThatCollideMoveBehindOthers) {
  constexpr uint32_t kHash = 1 << 10;
  // A table of 2048 slots, of which those with the hash take the second half.
  std::vector<std::pair<std::string, Client*>> colliding;
  for (int i = 0; i < 480; ++i) {
    const std::string key = absl::StrCat("colliding-", i);
    colliding.emplace_back(key, insert(key, kHash));
  }
  // Then those that are inserted while it is followed by a larger one.
  for (int i = 0; i < 2000; ++i) {
    const std::string key = absl::StrCat("key-", i);
    // Refused once there is no room nearby.
    try_insert(key, kHash + static_cast<uint32_t>(i * 8 % 512));
    EpochDomain::Guard guard;
    for (size_t j = i % 47; j < colliding.size(); j += 47) {
      ASSERT_EQ(table_.find(colliding[j].first, kHash), colliding[j].second);
    }
  }
}

// Without memory for a larger table, the current one is filled up to seven
// eighths, so that a search still ends; then keys are refused, and nothing
// changes.
TEST(KeyTable, GoesOnWithoutMemoryToGrow) {
  const auto arena = *Arena::create(size_t{1} << 20);
  KeyTable table(*arena);
  const KeyHash hash;
  std::vector<Client*> clients;
  for (int i = 0; i < 64; ++i) {
    const std::string key = absl::StrCat("key-", i);
    auto* client = static_cast<Client*>(
        arena->allocate(Client::bytes(key.size()), Arena::Use::kClient));
    key.copy(client->key_bytes(key.size()), key.size());
    client->state = ClientState(1, key.size(), true).bits();
    clients.push_back(client);
  }
  ASSERT_TRUE(table.insert(clients[0], hash("key-0")));  // into 64 slots
  while (arena->allocate(2048) != nullptr) {
  }
  while (arena->allocate(1024) != nullptr) {
  }
  const size_t used = arena->used();
  size_t inserted = 1;
  while (inserted < clients.size() &&
         table.insert(clients[inserted], hash(clients[inserted]->key()))) {
    ++inserted;
  }
  EXPECT_EQ(inserted, 64u * 7 / 8);
  EXPECT_EQ(arena->used(), used);
  EpochDomain::Guard guard;
  for (size_t i = 0; i < clients.size(); ++i) {
    const std::string key(clients[i]->key());
    EXPECT_EQ(table.find(key, hash(key)), i < inserted ? clients[i] : nullptr);
  }
}

TEST_F(KeyTableTest, LongKeysAreWhole) {
  std::vector<Client*> clients;
  for (size_t size = 1; size <= kMaxKey; ++size) {
    std::string key(size, 'x');
    clients.push_back(insert(key));
    EXPECT_EQ(find(key), clients.back());
    // The same except for its last character, or its first.
    key.back() = 'y';
    EXPECT_EQ(find(key), nullptr);
    key.back() = 'x';
    key.front() = 'y';
    EXPECT_EQ(find(key), nullptr);
  }
}

class ReadersFindWhatStays : public KeyTableTest {
 protected:
  // Readers look for `staying` keys, and for a missing one, while up to
  // `passing` others are inserted and removed.
  void run(int staying, int passing, int changes) {
    std::vector<std::string> keys;
    for (int i = 0; i < staying; ++i) {
      keys.push_back(absl::StrCat("a-key-that-stays-", i));
      insert(keys.back());
    }
    std::atomic<bool> stop{false};
    std::vector<std::thread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&, t] {
        constexpr char kNobody[] = "a-key-of-nobody";
        for (size_t i = t; !stop; ++i) {
          const std::string& key = keys[i % keys.size()];
          EpochDomain::Guard guard;
          const Client* client = table_.find(key, hash_(key));
          ASSERT_NE(client, nullptr) << key;
          ASSERT_EQ(client->key(), key);
          ASSERT_EQ(table_.find(kNobody, hash_(kNobody)), nullptr);
        }
      });
    }
    std::mt19937 random(2);
    std::map<int, Client*> present;
    for (int i = 0; i < changes; ++i) {
      const int n = static_cast<int>(random() % passing);
      const auto it = present.find(n);
      if (it == present.end()) {
        present[n] = insert(absl::StrCat("a-key-that-passes-", n));
      } else {
        remove(it->second);
        present.erase(it);
      }
    }
    stop = true;
    for (std::thread& reader : readers) reader.join();
  }
};

TEST_F(ReadersFindWhatStays, InATableThatGrowsLarge) { run(100, 3000, 30'000); }

// A small table fills with tombstones every few changes, and its keys are
// moved.
TEST_F(ReadersFindWhatStays, InATableThatMovesAgainAndAgain) {
  run(20, 4, 300'000);
}

}  // namespace
}  // namespace weir::internal
