#include "enforcer/key_table.h"

#include <atomic>
#include <map>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "enforcer/arena.h"
#include "enforcer/client.h"
#include "enforcer/epoch.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

class KeyTableTest : public ::testing::Test {
 protected:
  // `hash` in place of the key's own, to make keys collide.
  Client* insert(const std::string& key, uint64_t hash) {
    auto* client = new (arena_->allocate(Client::bytes(key.size()))) Client{};
    client->hash = hash;
    client->key_size = static_cast<uint32_t>(key.size());
    key.copy(client->key_bytes(), key.size());
    EXPECT_TRUE(table_.insert(client));
    return client;
  }
  Client* insert(const std::string& key) {
    return insert(key, KeyTable::hash(key));
  }
  void remove(Client* client) {
    table_.remove(client);
    arena_->retire(client, Client::bytes(client->key_size));
    arena_->collect();
  }
  Client* find(const std::string& key) {
    EpochDomain::Guard guard;
    return table_.find(key, KeyTable::hash(key));
  }

  const std::unique_ptr<Arena> arena_ = *Arena::create(size_t{1} << 30);
  KeyTable table_{*arena_};
};

TEST_F(KeyTableTest, EmptyTableFindsNothing) {
  EXPECT_EQ(find(""), nullptr);
  EXPECT_EQ(find("key"), nullptr);
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
  for (int i = 0; i < 20'000; ++i) {
    keys.push_back(absl::StrCat("key-", i));
    insert(keys.back());
    arena_->collect();
    // A growing table is there beside the one that it replaces.
    if (arena_->used() > used + size_t{100} * keys.size() / 64) ++growths;
    used = arena_->used();
    ASSERT_NE(find(keys[i / 2]), nullptr) << i;
    ASSERT_NE(find(keys[0]), nullptr) << i;
  }
  EXPECT_GT(growths, 5u);
  for (const std::string& key : keys) ASSERT_NE(find(key), nullptr) << key;
  // Two lines a client, and one table of at most 65,536 slots.
  EXPECT_LE(arena_->used(), keys.size() * 128 + 65'536 * 8 + 4096);
}

// A key lies in two tables while it is moved.
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
  // Each table that is full of tombstones is followed by one half as large.
  for (int i = 0; i < 60'000; ++i) remove(insert(absl::StrCat("other-", i)));
  arena_->collect();
  EXPECT_LE(arena_->used(), size_t{16} << 10);
}

TEST_F(KeyTableTest, KeysOfOneHashAreToldApart) {
  constexpr uint64_t kHash = 12345;
  std::vector<Client*> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(insert(absl::StrCat("key-", i), kHash));
  }
  EpochDomain::Guard guard;
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(table_.find(absl::StrCat("key-", i), kHash), clients[i]);
  }
  EXPECT_EQ(table_.find("key-40", kHash), nullptr);
  for (int i = 0; i < 40; i += 2) remove(clients[i]);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(table_.find(absl::StrCat("key-", i), kHash),
              i % 2 == 0 ? nullptr : clients[i]);
  }
}

class ReadersFindWhatStays : public KeyTableTest {
 protected:
  // Readers look for `staying` keys, and for one that is not there, while up to
  // `passing` others come and go.
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
          const Client* client = table_.find(key, KeyTable::hash(key));
          ASSERT_NE(client, nullptr) << key;
          ASSERT_EQ(client->key(), key);
          ASSERT_EQ(table_.find(kNobody, KeyTable::hash(kNobody)), nullptr);
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

// A small table is full of tombstones every few changes, and moves.
TEST_F(ReadersFindWhatStays, InATableThatMovesAgainAndAgain) {
  run(20, 4, 300'000);
}

}  // namespace
}  // namespace weir
