#ifndef WEIR_HTTP_CONNECTION_TABLE_H_
#define WEIR_HTTP_CONNECTION_TABLE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "enforcer/mutex.h"

namespace weir {

// The connections of a server, and who keeps each of them waiting. One whose
// peer does so for too long is ended: both directions of its socket are shut
// down, which wakes the thread that serves it. What has been ended handles no
// more requests, so a request is either not handled at all, or its peer can
// have the answer.
//
// A thread of the table's looks for such connections: it finds them at most a
// quarter of the shorter timeout, or a second, late. *thread-safe*
class ConnectionTable {
 public:
  enum class Phase {
    kWaiting,    // for a request line; idle
    kReceiving,  // the rest of the request
    kHandling,   // not the peer's turn: takes as long as it takes
    kSending,    // the answer
    kEnded,
  };

  struct Options {
    size_t max_connections = 1;
    absl::Duration idle_timeout;     // of kWaiting
    absl::Duration request_timeout;  // of kReceiving, and of kSending
  };

  struct Statistics {
    size_t connections = 0;
    // Since the start.
    int64_t accepted = 0;
    int64_t timed_out = 0;
    int64_t displaced = 0;  // gave way to new ones
    int64_t refused = 0;
  };

  struct Connection;

  explicit ConnectionTable(const Options& options);
  // REQUIRES: all connections were removed.
  ~ConnectionTable();
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // A new connection, waiting. If the table is full, the one that has waited
  // longest gives way; if none waits, the one that has received or sent
  // longest, if that is a second at least; if there is none, the result is
  // null.
  Connection* add(int socket);
  // Before the socket is closed: its number may be another's afterwards.
  void remove(Connection* connection);

  // False, and nothing has changed, if the connection has been ended.
  bool enter(Connection* connection, Phase phase);

  // From now on connections read what has been sent already, and no more.
  // Blocks until all were removed, but not longer than `most`; then ends those
  // that are left.
  void drain(absl::Duration most);
  bool is_draining() const;

  Statistics statistics() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Connections = std::list<Connection>;

  void make_room() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool end(Connection& connection) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void end_overdue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void watch();

  const Options options_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  // By when they entered their phases.
  Connections connections_ ABSL_GUARDED_BY(mutex_);
  size_t live_ ABSL_GUARDED_BY(mutex_) = 0;  // not ended
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Statistics statistics_ ABSL_GUARDED_BY(mutex_);

  std::thread watcher_;
};

}  // namespace weir

#endif  // WEIR_HTTP_CONNECTION_TABLE_H_
