#include "http/connection_table.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using Phase = ConnectionTable::Phase;

constexpr absl::Duration kNever = absl::Hours(1);

// A connection of a table's, and its peer.
class Pair {
 public:
  explicit Pair(ConnectionTable& table) : table_(table) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_.data()), 0);
    connection_ = table_.add(sockets_[0]);
  }
  ~Pair() {
    remove();
    close(sockets_[0]);
    close(sockets_[1]);
  }

  bool is_taken() const { return connection_ != nullptr; }
  bool enter(Phase phase) { return table_.enter(connection_, phase); }
  void remove() {
    if (connection_ != nullptr) table_.remove(connection_);
    connection_ = nullptr;
  }
  // Whether the peer sees an end within `most`.
  bool ends(absl::Duration most = absl::Seconds(10)) const {
    return is_readable(sockets_[1], most);
  }
  // Whether the one who serves it does.
  bool reads_an_end() const {
    return is_readable(sockets_[0], absl::Seconds(10));
  }

 private:
  static bool is_readable(int socket, absl::Duration most) {
    pollfd end = {socket, POLLIN, 0};
    return poll(&end, 1, absl::ToInt64Milliseconds(most)) == 1;
  }

  ConnectionTable& table_;
  std::array<int, 2> sockets_;
  ConnectionTable::Connection* connection_;
};

TEST(ConnectionTable, EndsWhoKeepsItWaiting) {
  ConnectionTable table({10, absl::Milliseconds(40), absl::Milliseconds(40)});
  Pair waiting(table), receiving(table), sending(table), handling(table);
  EXPECT_TRUE(receiving.enter(Phase::kReceiving));
  EXPECT_TRUE(sending.enter(Phase::kSending));
  EXPECT_TRUE(handling.enter(Phase::kHandling));
  EXPECT_TRUE(waiting.ends());
  EXPECT_TRUE(receiving.ends());
  EXPECT_TRUE(sending.ends());
  EXPECT_FALSE(handling.ends(absl::Milliseconds(60)));
  EXPECT_FALSE(receiving.enter(Phase::kHandling));
  EXPECT_TRUE(handling.enter(Phase::kSending));
  EXPECT_EQ(table.statistics().timed_out, 3);
  EXPECT_EQ(table.statistics().connections, 1);
}

TEST(ConnectionTable, HasATimeoutForEachPhase) {
  ConnectionTable idle({10, absl::Milliseconds(20), kNever});
  Pair waiting(idle), receiving(idle);
  EXPECT_TRUE(receiving.enter(Phase::kReceiving));
  EXPECT_TRUE(waiting.ends());
  EXPECT_FALSE(receiving.ends(absl::Milliseconds(50)));

  ConnectionTable slow({10, kNever, absl::Milliseconds(20)});
  Pair patient(slow), sending(slow);
  EXPECT_TRUE(sending.enter(Phase::kSending));
  EXPECT_TRUE(sending.ends());
  EXPECT_FALSE(patient.ends(absl::Milliseconds(50)));
}

TEST(ConnectionTable, LetsTheLongestIdleGiveWay) {
  ConnectionTable table({3, kNever, kNever});
  Pair first(table), second(table), third(table);
  EXPECT_TRUE(first.enter(Phase::kHandling));
  EXPECT_TRUE(second.enter(Phase::kReceiving));
  EXPECT_TRUE(second.enter(Phase::kWaiting));  // after the third
  Pair fourth(table);
  EXPECT_TRUE(fourth.is_taken());
  EXPECT_TRUE(third.ends());
  EXPECT_FALSE(second.ends(absl::ZeroDuration()));
  Pair fifth(table);
  EXPECT_TRUE(fifth.is_taken());
  EXPECT_TRUE(second.ends());
  EXPECT_EQ(table.statistics().displaced, 2);
  EXPECT_EQ(table.statistics().connections, 3);
}

TEST(ConnectionTable, RefusesWhenAllAreBusy) {
  ConnectionTable table({2, kNever, kNever});
  Pair handling(table), receiving(table);
  EXPECT_TRUE(handling.enter(Phase::kHandling));
  EXPECT_TRUE(receiving.enter(Phase::kReceiving));
  Pair refused(table);
  EXPECT_FALSE(refused.is_taken());
  EXPECT_EQ(table.statistics().refused, 1);

  std::this_thread::sleep_for(std::chrono::milliseconds(1001));
  Pair taken(table);
  EXPECT_TRUE(taken.is_taken()) << "as one has taken a second";
  EXPECT_TRUE(receiving.ends());
  EXPECT_FALSE(handling.ends(absl::ZeroDuration()));
}

TEST(ConnectionTable, DrainsIdleOnesAtOnceAndOthersForATime) {
  ConnectionTable table({10, kNever, kNever});
  Pair idle(table), handling(table), receiving(table);
  EXPECT_TRUE(handling.enter(Phase::kHandling));
  EXPECT_TRUE(receiving.enter(Phase::kReceiving));
  EXPECT_FALSE(table.is_draining());
  std::thread drain([&table] { table.drain(absl::Milliseconds(500)); });
  EXPECT_TRUE(idle.reads_an_end());
  EXPECT_TRUE(table.is_draining());
  EXPECT_TRUE(handling.enter(Phase::kSending));
  EXPECT_TRUE(handling.enter(Phase::kWaiting));
  EXPECT_TRUE(handling.reads_an_end());
  EXPECT_FALSE(receiving.ends(absl::ZeroDuration()));
  drain.join();
  EXPECT_TRUE(receiving.ends());
  EXPECT_FALSE(receiving.enter(Phase::kHandling)) << "too late";
}

TEST(ConnectionTable, IsDrainedWhenAllAreGone) {
  ConnectionTable table({10, kNever, kNever});
  Pair first(table), second(table);
  std::thread drain([&table] { table.drain(kNever); });
  first.remove();
  second.remove();
  drain.join();
}

}  // namespace
}  // namespace weir
