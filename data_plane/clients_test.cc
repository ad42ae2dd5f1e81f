#include "weir/data_plane/clients.h"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/counts/counts_file.h"
#include "weir/counts/counts_reader.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/subscription.h"
#include "weir/memory/arena.h"
#include "weir/memory/epoch.h"
#include "weir/memory/line_source.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"

namespace weir::internal {
namespace {

constexpr size_t kArenaBytes = size_t{16} << 20;
constexpr Day kDay = 9307;
constexpr QuotaTerms kWeekly{QuotaCalendar::weekly(), 1000, 0};

std::string new_folder() {
  std::string folder = absl::StrCat(::testing::TempDir(), "clients-XXXXXX");
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

// With the counts in memory, or in a file.
class ClientsTest : public ::testing::TestWithParam<bool> {
 protected:
  bool has_file() const { return GetParam(); }

  Client& create(const std::string& key) {
    return *clients_.create(key, /*enabled=*/true);
  }
  absl::StatusOr<Subscription*> prepare(Client& client, int64_t association) {
    return clients_.prepare(
        client, CountsCopy::at_start(kDay, kWeekly.calendar), association);
  }
  Subscription& subscribe(Client& client, int64_t association) {
    Subscription& subscription = **prepare(client, association);
    clients_.publish(client, subscription, cell_);
    return subscription;
  }
  void take(Subscription& subscription, Day day, int64_t cost) {
    const EpochDomain::Guard guard;
    Counts& counts = clients_.counts().of(subscription);
    EXPECT_TRUE(
        counts.quota
            .take(kWeekly, day, cost, counts.log, clients_.counts().lines())
            .admitted);
  }
  // In the period of `day`.
  int64_t used(Subscription& subscription, Day day) {
    Counts& counts = clients_.counts().of(subscription);
    return counts.quota.read(kWeekly, day, counts.log).used_in_period;
  }
  // The client's counts, as requests find them.
  std::vector<Subscription*> published(Client& client) {
    std::vector<Subscription*> found;
    for (Subscription* it = &client.first; it != nullptr; it = it->next) {
      if (it->cell != nullptr) found.push_back(it);
    }
    return found;
  }
  // The associations that have records in the file.
  std::vector<int64_t> associations() const {
    std::vector<int64_t> found;
    const auto info = read_counts_files(
        folder_, 1, [&](int64_t association, const CountsCopy&) {
          found.push_back(association);
          return absl::OkStatus();
        });
    EXPECT_TRUE(info.ok()) << info.status();
    std::sort(found.begin(), found.end());
    return found;
  }
  void expect_associations(const std::vector<int64_t>& expected) const {
    if (has_file()) {
      EXPECT_EQ(associations(), expected);
    }
  }

  const std::string folder_ = new_folder();
  const std::unique_ptr<Arena> arena_ = *Arena::create(kArenaBytes);
  const std::unique_ptr<CountsFile> file_ =
      has_file() ? *CountsFile::create(folder_, 1,
                                       arena_->reserved() / Arena::kPairBytes)
                 : nullptr;
  Clients clients_{*arena_, file_.get()};
  PlanCell cell_ = {};
};

// Also where the table has no memory for a client that is allocated already.
TEST_P(ClientsTest, SerialsNumberTheClientsThatWereCreated) {
  const auto serial_of = [](const Client& client) {
    return ClientState(client.state.load()).serial();
  };
  std::vector<void*> rooms;  // for clients, but not for a larger table
  for (int i = 0; i < 100; ++i) {
    rooms.push_back(arena_->allocate(sizeof(Client), Arena::Use::kClient));
  }
  uint64_t created = 0;
  for (; created < 10; ++created) create(absl::StrCat("first", created));
  // What the larger table will take later.
  constexpr size_t kTable = 128, kSlots = 2048;
  void* const table = arena_->allocate(kTable);
  void* const slots = arena_->allocate(kSlots);
  for (size_t bytes = 1 << 20; bytes >= Arena::kPairBytes; bytes /= 2) {
    while (arena_->allocate(bytes) != nullptr) {
    }
  }
  for (void* room : rooms) {
    arena_->free(room, sizeof(Client), Arena::Use::kClient);
  }
  int failures = 0;
  for (int i = 0; i < 90; ++i) {
    Client* client = clients_.create(absl::StrCat("second", i), true);
    failures += client == nullptr ? 1 : 0;
    if (client != nullptr) {
      EXPECT_EQ(serial_of(*client), ++created);
    }
  }
  EXPECT_GT(failures, 10);
  EXPECT_GT(created, 40u);
  arena_->free(table, kTable);
  arena_->free(slots, kSlots);
  Client* const third = clients_.create("third", true);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(serial_of(*third), created + 1);
}

TEST_P(ClientsTest, CountsEachSubscriptionApart) {
  Client& client = create("a");
  // A key that needs more than a pair of lines.
  Client& other = create(std::string(128, 'b'));
  std::vector<Subscription*> all;
  for (int64_t i = 1; i <= 3; ++i) {
    all.push_back(&subscribe(client, i));
    all.push_back(&subscribe(other, 10 + i));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    take(*all[i], kDay, 1);
    take(*all[i], kDay + 1, 1 + static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(used(*all[i], kDay + 1), 2 + static_cast<int64_t>(i));
  }
  EXPECT_EQ(published(client).size(), 3u);
  expect_associations({1, 2, 3, 11, 12, 13});
}

TEST_P(ClientsTest, PreparedSubscriptionsAreSeenByNobody) {
  Client& client = create("a");
  for (int i = 0; i < 2; ++i) {  // the first, and another
    const size_t before = published(client).size();
    const auto prepared = prepare(client, 100 + i);
    ASSERT_TRUE(prepared.ok());
    EXPECT_EQ(published(client).size(), before);
    const size_t used = arena_->used();
    clients_.discard(client, **prepared);
    EXPECT_LE(arena_->used(), used);
    // No record says that it is there, either.
    expect_associations(i == 0 ? std::vector<int64_t>()
                               : std::vector<int64_t>{200});
    const auto again = prepare(client, 200 + i);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, *prepared);
    clients_.publish(client, **again, cell_);
    EXPECT_EQ(published(client).size(), before + 1);
  }
  expect_associations({200, 201});
}

TEST_P(ClientsTest, GoesOnFromACopy) {
  Client& client = create("a");
  const std::vector<DayWord> days = {DayWord(kDay, 3), DayWord(kDay + 1, 4),
                                     DayWord(kDay + 50, 5)};
  const CountsCopy copy{
      kDay,
      {DayWord(kDay + 51, 6),
       PeriodWord(QuotaCalendar::monthly(), kDay + 51, 5), PeriodWord()},
      days};
  // A discarded subscription gives back the lines of its days.
  size_t memory = 0;
  for (int i = 0; i < 20; ++i) {
    const auto discarded = clients_.prepare(client, copy, 6);
    ASSERT_TRUE(discarded.ok()) << discarded.status();
    clients_.discard(client, **discarded);
    for (int j = 0; j < 3; ++j) arena_->collect();
    if (i == 10) memory = arena_->used();
  }
  EXPECT_EQ(arena_->used(), memory);
  const auto subscription = clients_.prepare(client, copy, 7);
  ASSERT_TRUE(subscription.ok()) << subscription.status();
  clients_.publish(client, **subscription, cell_);
  const Counts& counts = clients_.counts().of(**subscription);
  EXPECT_EQ(counts.log.read(kDay), 3);
  EXPECT_EQ(counts.log.read(kDay + 50), 5);
  EXPECT_EQ(counts.quota.first_day(), kDay);
  EXPECT_EQ(used(**subscription, kDay + 51), 5 + 6);
  expect_associations({7});
}

TEST_P(ClientsTest, EndedSubscriptionsCountUntilNobodyHoldsThem) {
  Client& client = create("a");
  Subscription& first = subscribe(client, 1);
  Subscription& second = subscribe(client, 2);
  const size_t used_before = arena_->used();
  for (int i = 0; i < 30; ++i) {
    take(first, kDay + i, 1);
    take(second, kDay + i, 1);
  }
  {
    const EpochDomain::Guard guard;
    clients_.unsubscribe(client, first);
    clients_.unsubscribe(client, second);
    EXPECT_TRUE(published(client).empty());
    for (int i = 0; i < 3; ++i) arena_->collect();
    take(first, kDay + 30, 1);
    take(second, kDay + 30, 1);
    expect_associations({1, 2});
    // In the meantime the key has others.
    subscribe(client, 3);
    expect_associations({1, 2, 3});
  }
  for (int i = 0; i < 3; ++i) arena_->collect();
  expect_associations({3});
  EXPECT_LE(arena_->used(), used_before);
  // The first subscription's place is free again, and nothing is left there.
  Subscription& next = subscribe(client, 4);
  EXPECT_EQ(&next, &first);
  EXPECT_EQ(used(next, kDay), 0);
  EXPECT_EQ(clients_.counts().of(next).log.sum(0, kLastDay), 0);
}

TEST_P(ClientsTest, UsedUpArenaSaysSoAndChangesNothing) {
  Client& client = create("a");
  subscribe(client, 1);
  int64_t association = 1;
  absl::Status status;
  while (status.ok()) {
    const auto prepared = prepare(client, ++association);
    status = prepared.status();
    if (status.ok()) clients_.publish(client, **prepared, cell_);
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_EQ(published(client).size(), static_cast<size_t>(association - 1));
  std::atomic<Subscription*> head{nullptr};
  EXPECT_EQ(clients_.share(head, cell_), nullptr);
  EXPECT_EQ(head, nullptr);
}

// Counts in memory also use the arena. A subscription that has room, but whose
// days do not, is given up.
TEST(Clients, TakesNothingForDaysThatTheArenaHasNoRoomFor) {
  alignas(Arena::kPairBytes) static char memory[size_t{1} << 18];
  const auto arena = Arena::over(memory, sizeof memory, size_t{1} << 16);
  Clients clients(*arena);
  const PlanCell cell = {};
  Client& client = *clients.create("a", /*enabled=*/true);
  std::vector<DayWord> days;  // on 15 lines
  for (int i = 0; i < 100; ++i) days.emplace_back(kDay + i, 1);
  const CountsCopy copy{
      kDay,
      {DayWord(kDay + 100, 1), PeriodWord(kWeekly.calendar, kDay + 100, 0),
       PeriodWord()},
      days};
  void* const room = arena->allocate(sizeof(Subscription));
  while (arena->allocate(1) != nullptr) {
  }
  while (arena->take_line() != nullptr) {
  }
  const auto expect_refused = [&] {
    const size_t used = arena->used();
    arena->extend(arena->end() + 5 * LineSource::kLineBytes);
    EXPECT_TRUE(
        absl::IsResourceExhausted(clients.prepare(client, copy, 1).status()));
    arena->collect();
    EXPECT_EQ(arena->used(), used);
    EXPECT_EQ(client.first.own_counts.log.sum(0, kLastDay), 0);
  };
  expect_refused();
  // The same for a key's second plan, for whose block there is room.
  const auto first =
      clients.prepare(client, CountsCopy::at_start(kDay, kWeekly.calendar), 1);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*first, &client.first);
  clients.publish(client, **first, cell);
  arena->free(room, sizeof(Subscription));
  expect_refused();
}

// A thread that finds a subscription finds its counts as they were prepared:
// only its publication orders the two threads.
TEST_P(ClientsTest, SubscriptionsArePublishedWhole) {
  constexpr int kClients = 300;
  std::vector<Client*> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(&create(absl::StrCat("key-", i)));
  }
  std::thread reader([&] {
    const auto await = [](const auto& link) {
      for (;;) {
        if (auto* found = link.load(std::memory_order_acquire)) return found;
        std::this_thread::yield();
      }
    };
    for (Client* client : clients) {
      await(client->first.cell);
      EXPECT_EQ(clients_.counts().of(client->first).quota.first_day(), kDay);
      Subscription* second = await(client->first.next);
      EXPECT_EQ(second->cell.load(std::memory_order_relaxed), &cell_);
      EXPECT_EQ(clients_.counts().of(*second).quota.first_day(), kDay);
    }
  });
  int64_t association = 0;
  for (Client* client : clients) {
    subscribe(*client, ++association);
    std::this_thread::yield();
    subscribe(*client, ++association);
  }
  reader.join();
}

TEST_P(ClientsTest, SharedSubscriptionsHaveNoCounts) {
  std::atomic<Subscription*> head{nullptr};
  Subscription* one = clients_.share(head, cell_);
  Subscription* two = clients_.share(head, cell_);
  EXPECT_EQ(head, two);
  EXPECT_EQ(two->next, one);
  clients_.unshare(head, *one);
  EXPECT_EQ(two->next, nullptr);
  clients_.unshare(head, *two);
  EXPECT_EQ(head, nullptr);
  for (int i = 0; i < 3; ++i) arena_->collect();
  expect_associations({});
}

INSTANTIATE_TEST_SUITE_P(Counts, ClientsTest, ::testing::Bool(),
                         [](const auto& info) {
                           return info.param ? "InAFile" : "InMemory";
                         });

TEST(Clients, FullDiskIsNotAUsedUpArena) {
  const auto arena = *Arena::create(kArenaBytes);
  const auto file = *CountsFile::create(new_folder(), 1,
                                        arena->reserved() / Arena::kPairBytes);
  Clients clients(*arena, file.get());
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{0, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  absl::Status status;
  Client* client = nullptr;
  size_t used = 0;
  for (int i = 0; status.ok(); ++i) {
    client = clients.create(absl::StrCat(i), true);
    used = arena->used();
    status = clients.prepare(*client, CountsCopy::at_start(kDay, {}), i + 1)
                 .status();
  }
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(arena->used(), used);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(
      clients.prepare(*client, CountsCopy::at_start(kDay, {}), 1'000'000).ok());
}

}  // namespace
}  // namespace weir::internal
