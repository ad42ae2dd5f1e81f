#ifndef WEIR_HTTP_CONNECTION_TABLE_H_
#define WEIR_HTTP_CONNECTION_TABLE_H_

#include <array>
#include <chrono>
#include <cstddef>

#include "http/message.h"

namespace weir {

// The connections of a server by what they wait for and since when: who is
// overdue, and who gives way when there is no room.
//
// A connection belongs to the class of its last request, and to strangers
// before. Each class has a share of the table, out of which newcomers do not
// displace it: half for the gateway, a quarter for management, a sixteenth for
// health, nothing for strangers. A few more connections, beyond the table, are
// spare: those that are about to close, and newcomers to a full table, which
// may still ask for health. *thread-compatible*
class ConnectionTable {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Phase {
    kIdle,       // before a request
    kReceiving,  // the rest of a request
    kHandling,   // not the peer's turn
    kSending,    // the answer
    kLingering,  // answered for the last time; what still comes is discarded
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
  // Without spare ones.
  size_t size() const { return total_ - counts_[kSpare]; }
  size_t spare_size() const { return counts_[kSpare]; }
  size_t total() const { return total_; }

  // Idle. REQUIRES: `entry` stays where it is until remove().
  void add(Entry& entry, Clock::time_point now, bool is_spare);
  void remove(Entry& entry);
  // Lingering ones become spare.
  void enter(Entry& entry, Phase phase, Clock::time_point now);
  // Spare ones stay spare.
  void set_class(Entry& entry, HttpRequestClass request_class);

  // The oldest in its phase, among spare ones or the others; or null.
  Entry* oldest(Phase phase, bool is_spare) const;

  // Which of those in the table gives way to a newcomer. Null if there is none.
  // The first of:
  // - a stranger that has said nothing for a second;
  // - the idlest connection of a class beyond its share;
  // - the stranger that has had its time longest, to say anything or for its
  //   first request. (If each had a time of its own, strangers who come again
  //   just before it is over would fill the table.)
  // - of a class beyond its share, whose request takes longest to come;
  // - of a class beyond its share, whose answer takes longest to be read, if
  // that
  //   is a second.
  Entry* next_to_give_way(Clock::time_point now) const;
  // The same among spare ones; never one that is being handled.
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
  // Of all classes.
  Entry* oldest_over_share(Phase phase) const;
  void link(Entry& entry);
  static void unlink(Entry& entry);
  void move(Entry& entry, size_t group);

  const size_t max_connections_;
  size_t total_ = 0;
  std::array<size_t, kGroups> counts_ = {};
  // Rings through a head each, the oldest first.
  std::array<std::array<Entry, kGroups>, kPhases> lists_;
};

}  // namespace weir

#endif  // WEIR_HTTP_CONNECTION_TABLE_H_
