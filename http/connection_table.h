#ifndef WEIR_HTTP_CONNECTION_TABLE_H_
#define WEIR_HTTP_CONNECTION_TABLE_H_

#include <array>
#include <chrono>
#include <cstddef>

#include "weir/http/message.h"

namespace weir {

// A server's connections, ordered by phase and by when they entered it. Finds
// the connection that is overdue, and the one to displace when the table is
// full.
//
// A connection belongs to the class of its last request; before its first
// request it is a stranger. Each class has a share of the table within which
// newcomers do not displace it: half for the gateway, a quarter for management,
// a sixteenth for health, nothing for strangers. A few more connections, beyond
// the table, are spare: those about to close, and newcomers to a full table,
// which may still ask for health. *thread-compatible*
class ConnectionTable {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Phase {
    kIdle,       // before a request
    kReceiving,  // the rest of a request
    kHandling,   // a worker has the request
    kSending,    // the answer
    kLingering,  // the last answer is sent; further input is discarded
  };
  static constexpr size_t kPhases = 5;

  // A connection's place in the table.
  struct Entry {
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    Phase phase = Phase::kIdle;
    Clock::time_point since;  // when it entered its phase
    bool is_spare() const { return group == kSpare; }

   private:
    friend class ConnectionTable;
    size_t group = kStrangers;
    Entry* previous = nullptr;
    Entry* next = nullptr;
  };

  explicit ConnectionTable(size_t max_connections);

  bool is_full() const { return size() >= max_connections_; }
  // Excludes spare connections.
  size_t size() const { return total_ - counts_[kSpare]; }
  size_t spare_size() const { return counts_[kSpare]; }
  size_t total() const { return total_; }

  // Adds `entry` as idle. REQUIRES: `entry` does not move until remove().
  void add(Entry& entry, Clock::time_point now, bool is_spare);
  void remove(Entry& entry);
  // A connection that enters kLingering becomes spare.
  void enter(Entry& entry, Phase phase, Clock::time_point now);
  // A spare connection stays spare.
  void set_class(Entry& entry, HttpRequestClass request_class);

  // The connection that has been in `phase` the longest, among the spare ones
  // or among the others. Null if there is none.
  Entry* oldest(Phase phase, bool is_spare) const;

  // The connection in the table to displace for a newcomer. Null if there is
  // none. The first of:
  // - a stranger that has sent nothing for a second;
  // - the connection that has been idle the longest, of the classes above their
  //   share;
  // - the stranger that has been connected, or receiving its first request, the
  //   longest. (With a minimum time for each, strangers that reconnect just
  //   before it ends would fill the table.)
  // - the connection that has been receiving a request the longest, of the
  //   classes above their share;
  // - the connection that has been sending an answer the longest, of the
  //   classes above their share, if that is at least a second.
  Entry* next_to_give_way(Clock::time_point now) const;
  // The same for spare connections. Never one whose request is being handled.
  Entry* next_spare_to_give_way() const;

 private:
  enum Group : size_t { kStrangers, kSpare = 4, kGroups };

  static size_t group_of(HttpRequestClass request_class) {
    return 1 + static_cast<size_t>(request_class);
  }
  Entry& list_of(const Entry& entry);
  Entry* front(Phase phase, size_t group) const;
  bool is_over_share(size_t group) const;
  static Entry* older(Entry* one, Entry* other);
  // The oldest in `phase` of all classes above their share.
  Entry* oldest_over_share(Phase phase) const;
  void link(Entry& entry);
  static void unlink(Entry& entry);
  void move(Entry& entry, size_t group);

  const size_t max_connections_;
  size_t total_ = 0;
  std::array<size_t, kGroups> counts_ = {};
  // Circular lists, each with a sentinel; oldest first.
  std::array<std::array<Entry, kGroups>, kPhases> lists_;
};

}  // namespace weir

#endif  // WEIR_HTTP_CONNECTION_TABLE_H_
