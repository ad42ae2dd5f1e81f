#include "weir/http/connection_table.h"

#include <chrono>
#include <deque>
#include <utility>

#include "gtest/gtest.h"
#include "weir/http/message.h"

namespace weir {
namespace {

using Entry = ConnectionTable::Entry;
using Phase = ConnectionTable::Phase;

class ConnectionTableTest : public testing::Test {
 protected:
  ConnectionTable::Clock::time_point at(int seconds) const {
    return start_ + std::chrono::seconds(seconds);
  }
  // Comes at a time; of a class if it has had a request.
  Entry& add(int seconds) {
    Entry& entry = entries_.emplace_back();
    table_.add(entry, at(seconds), /*is_spare=*/false);
    return entry;
  }
  Entry& add(int seconds, HttpRequestClass request_class) {
    Entry& entry = add(seconds);
    table_.set_class(entry, request_class);
    table_.enter(entry, Phase::kIdle, at(seconds));
    return entry;
  }

  const ConnectionTable::Clock::time_point start_{};
  ConnectionTable table_{8};
  std::deque<Entry> entries_;
};

TEST_F(ConnectionTableTest, TheIdlestGivesWay) {
  EXPECT_EQ(table_.next_to_give_way(at(0)), nullptr);
  Entry& first = add(1);
  Entry& second = add(2);
  EXPECT_EQ(table_.next_to_give_way(at(3)), &first);
  table_.enter(first, Phase::kIdle, at(3));
  EXPECT_EQ(table_.next_to_give_way(at(3)), &second);
  EXPECT_EQ(table_.oldest(Phase::kIdle, false), &second);
  table_.remove(second);
  EXPECT_EQ(table_.next_to_give_way(at(3)), &first);
  EXPECT_EQ(table_.size(), 1u);
}

// Their requests may be there already, and have only to be read.
TEST_F(ConnectionTableTest, NewcomersStayWhileOthersAreIdle) {
  for (int i = 0; i < 5; ++i) add(i, HttpRequestClass::kGateway);
  Entry& newcomer = add(8);
  EXPECT_EQ(table_.next_to_give_way(at(8)), &entries_.front());
  EXPECT_EQ(table_.next_to_give_way(at(9)), &newcomer);
  table_.remove(entries_.front());
  EXPECT_EQ(table_.next_to_give_way(at(8)), &newcomer);
}

// However short their time: others would come again just before it is over.
TEST_F(ConnectionTableTest, StrangersGiveWayInOrder) {
  Entry& first = add(0);
  Entry& second = add(1);
  Entry& third = add(2);
  table_.enter(first, Phase::kReceiving, at(2));
  table_.enter(third, Phase::kReceiving, at(3));
  EXPECT_EQ(table_.next_to_give_way(at(1)), &second);
  table_.remove(second);
  EXPECT_EQ(table_.next_to_give_way(at(3)), &first);
  table_.remove(first);
  EXPECT_EQ(table_.next_to_give_way(at(3)), &third);
  table_.enter(third, Phase::kHandling, at(4));
  EXPECT_EQ(table_.next_to_give_way(at(99)), nullptr);
}

TEST_F(ConnectionTableTest, BusyOnesOfAClassBeyondItsShareGiveWayLast) {
  for (int i = 0; i < 6; ++i) {
    Entry& entry = add(i, HttpRequestClass::kGateway);
    table_.enter(entry, i == 0 ? Phase::kSending : Phase::kReceiving, at(i));
  }
  Entry& stranger = add(6);
  table_.enter(stranger, Phase::kReceiving, at(7));
  EXPECT_EQ(table_.next_to_give_way(at(7)), &stranger);
  table_.remove(stranger);
  EXPECT_EQ(table_.next_to_give_way(at(7)), &entries_[1]);
  for (int i = 1; i < 6; ++i) {
    table_.enter(entries_[i], Phase::kHandling, at(8));
  }
  EXPECT_EQ(table_.next_to_give_way(at(8)), &entries_[0]);
  table_.enter(entries_[0], Phase::kSending, at(8));
  EXPECT_EQ(table_.next_to_give_way(at(8)), nullptr);
  EXPECT_EQ(table_.next_to_give_way(at(9)), &entries_[0]);
  table_.remove(entries_[1]);
  table_.remove(entries_[2]);
  EXPECT_EQ(table_.next_to_give_way(at(9)), nullptr);
}

TEST_F(ConnectionTableTest, AClassKeepsItsShare) {
  for (int i = 0; i < 4; ++i) add(i, HttpRequestClass::kGateway);
  for (int i = 4; i < 6; ++i) add(i, HttpRequestClass::kManagement);
  EXPECT_EQ(table_.next_to_give_way(at(99)), nullptr);
  // The first that is over its share, though others have been idle longer.
  Entry& health = add(7, HttpRequestClass::kHealth);
  EXPECT_EQ(table_.next_to_give_way(at(99)), &health);
  Entry& stranger = add(8);
  EXPECT_EQ(table_.next_to_give_way(at(99)), &stranger);
  EXPECT_TRUE(table_.is_full());
  table_.remove(stranger);
  table_.remove(health);
  Entry& fifth = add(9, HttpRequestClass::kGateway);
  EXPECT_EQ(table_.next_to_give_way(at(99)), &entries_.front());
  table_.remove(fifth);
  EXPECT_EQ(table_.next_to_give_way(at(99)), nullptr);
}

// Half of the table, a quarter, a sixteenth.
TEST_F(ConnectionTableTest, SharesAreOfTheSizeOfTheTable) {
  const std::pair<HttpRequestClass, int> kShares[] = {
      {HttpRequestClass::kGateway, 120},
      {HttpRequestClass::kManagement, 60},
      {HttpRequestClass::kHealth, 15}};
  for (const auto& [request_class, share] : kShares) {
    ConnectionTable table(240);
    std::deque<Entry> entries;
    for (int i = 0; i <= share; ++i) {
      EXPECT_EQ(table.next_to_give_way(at(99)), nullptr) << i;
      Entry& entry = entries.emplace_back();
      table.add(entry, at(i), /*is_spare=*/false);
      table.set_class(entry, request_class);
      table.enter(entry, Phase::kIdle, at(i));
    }
    EXPECT_EQ(table.next_to_give_way(at(99)), &entries.front()) << share;
    EXPECT_FALSE(table.is_full());
  }
}

TEST_F(ConnectionTableTest, SpareOnesGiveWayInTheOrderOfTheirPhases) {
  constexpr Phase kOrder[] = {Phase::kLingering, Phase::kIdle,
                              Phase::kReceiving, Phase::kSending};
  std::deque<Entry> spare(5);
  for (Entry& entry : spare) table_.add(entry, at(0), /*is_spare=*/true);
  // The last in this order are the oldest.
  table_.enter(spare[4], Phase::kHandling, at(0));
  for (int i = 3; i >= 0; --i) table_.enter(spare[i], kOrder[i], at(4 - i));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(table_.next_spare_to_give_way(), &spare[i]) << i;
    table_.remove(spare[i]);
  }
  EXPECT_EQ(table_.next_spare_to_give_way(), nullptr);
}

TEST_F(ConnectionTableTest, SpareOnesAreBeyondTheTable) {
  Entry& lingering = add(0, HttpRequestClass::kGateway);
  Entry spare;
  table_.add(spare, at(1), /*is_spare=*/true);
  table_.set_class(spare, HttpRequestClass::kHealth);
  EXPECT_TRUE(spare.is_spare());
  EXPECT_EQ(table_.next_spare_to_give_way(), &spare);
  table_.enter(lingering, Phase::kLingering, at(2));
  EXPECT_TRUE(lingering.is_spare());
  EXPECT_EQ(table_.next_spare_to_give_way(), &lingering);
  EXPECT_EQ(table_.oldest(Phase::kLingering, true), &lingering);
  EXPECT_EQ(table_.oldest(Phase::kIdle, false), nullptr);
  EXPECT_EQ(table_.oldest(Phase::kIdle, true), &spare);
  EXPECT_EQ(table_.next_to_give_way(at(99)), nullptr);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(table_.spare_size(), 2u);
  EXPECT_EQ(table_.total(), 2u);
  table_.enter(spare, Phase::kHandling, at(3));
  table_.remove(lingering);
  EXPECT_EQ(table_.next_spare_to_give_way(), nullptr);
}

TEST_F(ConnectionTableTest, TheOldestIsThatOfAllClasses) {
  Entry& stranger = add(3);
  Entry& gateway = add(1, HttpRequestClass::kGateway);
  Entry& health = add(2, HttpRequestClass::kHealth);
  EXPECT_EQ(table_.oldest(Phase::kIdle, false), &gateway);
  table_.enter(gateway, Phase::kSending, at(4));
  EXPECT_EQ(table_.oldest(Phase::kIdle, false), &health);
  EXPECT_EQ(table_.oldest(Phase::kSending, false), &gateway);
  table_.remove(health);
  EXPECT_EQ(table_.oldest(Phase::kIdle, false), &stranger);
}

}  // namespace
}  // namespace weir
