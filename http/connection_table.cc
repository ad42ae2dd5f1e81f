#include "weir/http/connection_table.h"

namespace weir {
namespace {

// How long a newcomer has for its first bytes.
constexpr std::chrono::seconds kGrace(1);
// How long a peer has to read an answer.
constexpr std::chrono::seconds kReadingTime(1);

}  // namespace

ConnectionTable::ConnectionTable(size_t max_connections)
    : max_connections_(max_connections) {
  for (auto& groups : lists_) {
    for (Entry& head : groups) head.previous = head.next = &head;
  }
}

ConnectionTable::Entry& ConnectionTable::list_of(const Entry& entry) {
  return lists_[static_cast<size_t>(entry.phase)][entry.group];
}

ConnectionTable::Entry* ConnectionTable::front(Phase phase,
                                               size_t group) const {
  const Entry& head = lists_[static_cast<size_t>(phase)][group];
  return head.next == &head ? nullptr : head.next;
}

void ConnectionTable::link(Entry& entry) {
  Entry& head = list_of(entry);
  entry.previous = head.previous;
  entry.next = &head;
  head.previous->next = &entry;
  head.previous = &entry;
}

void ConnectionTable::unlink(Entry& entry) {
  entry.previous->next = entry.next;
  entry.next->previous = entry.previous;
}

void ConnectionTable::add(Entry& entry, Clock::time_point now, bool is_spare) {
  entry.group = is_spare ? kSpare : kStrangers;
  entry.phase = Phase::kIdle;
  entry.since = now;
  ++counts_[entry.group];
  ++total_;
  link(entry);
}

void ConnectionTable::remove(Entry& entry) {
  unlink(entry);
  --counts_[entry.group];
  --total_;
}

void ConnectionTable::enter(Entry& entry, Phase phase, Clock::time_point now) {
  unlink(entry);
  entry.phase = phase;
  entry.since = now;
  link(entry);
  if (phase == Phase::kLingering) move(entry, kSpare);
}

void ConnectionTable::set_class(Entry& entry, HttpRequestClass request_class) {
  if (!entry.is_spare()) move(entry, group_of(request_class));
}

// Appends the entry to its new list, which must stay ordered by `since`:
// callers enter a phase next, or linger.
void ConnectionTable::move(Entry& entry, size_t group) {
  if (entry.group == group) return;
  unlink(entry);
  --counts_[entry.group];
  entry.group = group;
  ++counts_[entry.group];
  link(entry);
}

bool ConnectionTable::is_over_share(size_t group) const {
  constexpr size_t kNone = ~size_t{0};
  constexpr std::array<size_t, kGroups> kDivisors = {kNone, 2, 4, 16, kNone};
  return counts_[group] > max_connections_ / kDivisors[group];
}

ConnectionTable::Entry* ConnectionTable::older(Entry* one, Entry* other) {
  if (one == nullptr || other == nullptr) return one != nullptr ? one : other;
  return other->since < one->since ? other : one;
}

ConnectionTable::Entry* ConnectionTable::oldest_over_share(Phase phase) const {
  Entry* result = nullptr;
  for (size_t group = kStrangers + 1; group < kSpare; ++group) {
    if (is_over_share(group)) result = older(result, front(phase, group));
  }
  return result;
}

ConnectionTable::Entry* ConnectionTable::oldest(Phase phase,
                                                bool is_spare) const {
  if (is_spare) return front(phase, kSpare);
  Entry* result = nullptr;
  for (size_t group = kStrangers; group < kSpare; ++group) {
    result = older(result, front(phase, group));
  }
  return result;
}

ConnectionTable::Entry* ConnectionTable::next_to_give_way(
    Clock::time_point now) const {
  Entry* const silent = front(Phase::kIdle, kStrangers);
  if (silent != nullptr && now - silent->since >= kGrace) return silent;
  if (Entry* const idle = oldest_over_share(Phase::kIdle)) return idle;
  if (Entry* const stranger =
          older(silent, front(Phase::kReceiving, kStrangers))) {
    return stranger;
  }
  if (Entry* const slow = oldest_over_share(Phase::kReceiving)) return slow;
  Entry* const slow = oldest_over_share(Phase::kSending);
  return slow != nullptr && now - slow->since >= kReadingTime ? slow : nullptr;
}

ConnectionTable::Entry* ConnectionTable::next_spare_to_give_way() const {
  for (const Phase phase :
       {Phase::kLingering, Phase::kIdle, Phase::kReceiving, Phase::kSending}) {
    if (Entry* const entry = front(phase, kSpare)) return entry;
  }
  return nullptr;
}

}  // namespace weir
