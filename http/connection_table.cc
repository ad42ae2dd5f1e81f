#include "http/connection_table.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

namespace weir {

struct ConnectionTable::Connection {
  int socket = -1;
  Phase phase = Phase::kWaiting;
  Clock::time_point since = Clock::now();  // when it entered its phase
  Connections::iterator self;
};

namespace {

// How long a peer may take over a request while others find no room.
constexpr std::chrono::seconds kPatience(1);

}  // namespace

ConnectionTable::ConnectionTable(const Options& options)
    : options_(options), watcher_([this] { watch(); }) {}

ConnectionTable::~ConnectionTable() {
  {
    MutexLock hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  watcher_.join();
}

ConnectionTable::Connection* ConnectionTable::add(int socket) {
  MutexLock hold(mutex_);
  ++statistics_.accepted;
  if (live_ >= options_.max_connections) make_room();
  if (live_ >= options_.max_connections) {
    ++statistics_.refused;
    return nullptr;
  }
  Connection& connection = connections_.emplace_back();
  connection.socket = socket;
  connection.self = std::prev(connections_.end());
  ++live_;
  return &connection;
}

void ConnectionTable::remove(Connection* connection) {
  MutexLock hold(mutex_);
  if (connection->phase != Phase::kEnded) --live_;
  connections_.erase(connection->self);
  if (draining_) changed_.notify_all();
}

bool ConnectionTable::enter(Connection* connection, Phase phase) {
  MutexLock hold(mutex_);
  if (connection->phase == Phase::kEnded) return false;
  connection->phase = phase;
  connection->since = Clock::now();
  connections_.splice(connections_.end(), connections_, connection->self);
  if (draining_ && phase == Phase::kWaiting) {
    shutdown(connection->socket, SHUT_RD);
    changed_.notify_all();
  }
  return true;
}

void ConnectionTable::make_room() {
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::kWaiting && end(connection)) {
      ++statistics_.displaced;
      return;
    }
  }
  const Clock::time_point latest = Clock::now() - kPatience;
  for (Connection& connection : connections_) {
    if (connection.since > latest) return;
    if (end(connection)) {
      ++statistics_.displaced;
      return;
    }
  }
}

bool ConnectionTable::end(Connection& connection) {
  if (connection.phase == Phase::kEnded ||
      connection.phase == Phase::kHandling) {
    return false;
  }
  connection.phase = Phase::kEnded;
  --live_;
  shutdown(connection.socket, SHUT_RDWR);
  return true;
}

void ConnectionTable::end_overdue() {
  const Clock::time_point now = Clock::now();
  for (Connection& connection : connections_) {
    const absl::Duration timeout = connection.phase == Phase::kWaiting
                                       ? options_.idle_timeout
                                       : options_.request_timeout;
    if (absl::FromChrono(now - connection.since) >= timeout &&
        end(connection)) {
      ++statistics_.timed_out;
    }
  }
}

void ConnectionTable::drain(absl::Duration most) {
  const Clock::time_point latest =
      Clock::now() + absl::ToChronoNanoseconds(most);
  MutexLock hold(mutex_);
  draining_ = true;
  for (Connection& connection : connections_) {
    // What has been received already will still be read, and answered.
    if (connection.phase == Phase::kWaiting) {
      shutdown(connection.socket, SHUT_RD);
    }
  }
  while (!connections_.empty() &&
         changed_.wait_until(mutex_, latest) != std::cv_status::timeout) {
  }
  for (Connection& connection : connections_) end(connection);
}

bool ConnectionTable::is_draining() const {
  MutexLock hold(mutex_);
  return draining_;
}

ConnectionTable::Statistics ConnectionTable::statistics() const {
  MutexLock hold(mutex_);
  Statistics statistics = statistics_;
  statistics.connections = live_;
  return statistics;
}

void ConnectionTable::watch() {
  const auto period = absl::ToChronoMilliseconds(
      std::clamp(std::min(options_.idle_timeout, options_.request_timeout) / 4,
                 absl::Milliseconds(10), absl::Seconds(1)));
  MutexLock hold(mutex_);
  while (!stopping_) {
    end_overdue();
    changed_.wait_for(mutex_, period);
  }
}

}  // namespace weir
