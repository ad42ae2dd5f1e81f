// The key table under every order of its accesses in which at most two threads
// are interrupted, and with reads of old values where the memory orders allow
// them.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/key_table.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir::internal {
namespace {

using testing::Bounds;
using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;

constexpr uint32_t kSlots = 64;  // of the first table

Explored explore(const std::function<void(Program&)>& build) {
  return testing::explore(build, Bounds{/*preemptions=*/2, /*late_reads=*/1});
}

// A table with keys that have chosen hashes, so chosen slots.
struct Fixture {
  Client* insert(const std::string& key, uint32_t hash) {
    auto* client =
        static_cast<Client*>(arena->allocate(Client::bytes(key.size())));
    key.copy(client->key_bytes(key.size()), key.size());
    client->state = ClientState(1, key.size(), true).bits();
    testing::note_write(client);
    EXPECT_TRUE(table.insert(client, hash));
    return client;
  }
  Client* find(const std::string& key, uint32_t hash) {
    EpochDomain::Guard guard;
    Client* const found = table.find(key, hash);
    if (found != nullptr) testing::note_read(found);
    return found;
  }

  // Fills the first table until the next insertion begins a larger one. One of
  // its keys, "last", lies in its last slot but one.
  void fill() {
    last = insert("last", kSlots - 2);
    for (uint32_t i = 1; (i + 1) * 3 <= kSlots * 2; ++i) {
      insert(absl::StrCat("filler-", i), i);
    }
  }

  // Then begins the larger table, and moves all keys but those of the last
  // step. The keys that are inserted meanwhile lie where no other key is looked
  // for.
  void grow_up_to_the_last_step() {
    for (uint32_t i = 0; i < kSlots / 8 - 1; ++i) {
      insert(absl::StrCat("late-", i), 100 + i);
    }
  }

  // The table that was dropped may now be reused.
  void use_free_memory() {
    arena->collect();
    arena->collect();
    arena->collect();
    for (int i = 0; i < 2; ++i) {
      arena->allocate(sizeof(uint64_t));
      arena->allocate(kSlots * sizeof(uint64_t));
    }
  }

  std::unique_ptr<Arena> arena = *Arena::create(size_t{1} << 20);
  BasicKeyTable<ScheduledAtomic> table{*arena};
  Client* last = nullptr;
};

TEST(KeyTableInterleaving, KeyIsFoundWhileItMoves) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    state->fill();
    state->grow_up_to_the_last_step();
    program.thread([state] {
      state->insert("x", 120);
      state->use_free_memory();
    });
    program.thread(
        [state] { EXPECT_EQ(state->find("last", kSlots - 2), state->last); });
  });
  EXPECT_TRUE(explored.complete);
  EXPECT_GT(explored.schedules, 100);
}

TEST(KeyTableInterleaving, KeyIsFoundWhileALargerTableBegins) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    state->fill();
    program.thread([state] { state->insert("x", 120); });
    program.thread(
        [state] { EXPECT_EQ(state->find("last", kSlots - 2), state->last); });
  });
  EXPECT_TRUE(explored.complete);
}

// Also when the key is in two tables, and a reader is between them.
TEST(KeyTableInterleaving, RemovedKeyIsGoneWhenTheRemovalReturns) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    auto removed = std::make_shared<ScheduledAtomic<bool>>(false);
    state->fill();
    state->grow_up_to_the_last_step();
    program.thread([=] {
      state->table.remove(state->last, kSlots - 2);
      removed->store(true);
      state->insert("x", 120);
    });
    program.thread([=] {
      const bool is_gone = removed->load();
      const Client* found = state->find("last", kSlots - 2);
      if (is_gone) {
        EXPECT_EQ(found, nullptr);
      }
    });
  });
  EXPECT_TRUE(explored.complete);
}

TEST(KeyTableInterleaving, InsertedKeyIsThereWhenTheInsertionReturns) {
  const Explored explored = explore([](Program& program) {
    auto state = std::make_shared<Fixture>();
    auto inserted = std::make_shared<ScheduledAtomic<Client*>>(nullptr);
    state->fill();
    state->grow_up_to_the_last_step();
    program.thread([=] {
      // In the same slot as "last", once that has been moved.
      inserted->store(state->insert("new", kSlots - 2));
    });
    program.thread([=] {
      Client* const there = inserted->load();
      Client* const found = state->find("new", kSlots - 2);
      if (there != nullptr) {
        EXPECT_EQ(found, there);
      }
    });
  });
  EXPECT_TRUE(explored.complete);
}

}  // namespace
}  // namespace weir::internal
