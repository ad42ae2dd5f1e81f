#ifndef WEIR_QUOTA_DAILY_LOG_H_
#define WEIR_QUOTA_DAILY_LOG_H_

#include <atomic>
#include <cstdint>
#include <new>
#include <optional>

#include "weir/memory/line_source.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"

namespace weir {

// The usage of one key on each of its last 126 days: the 90 that a report
// covers, the 30 before them that may belong to the first one's period, and
// some that may be about to leave. A log takes 8 bytes, and one line from a
// LineSource for each group of seven days with usage. Days without usage cost
// nothing and are not in the log.
//
// Lines do not move until release(), so readers need no protection. Does not
// block, allocate or throw. *thread-safe*, except release().
template <template <class> class Atomic = std::atomic>
class BasicDailyLog {
 public:
  static constexpr int kDaysPerLine = 7;
  static constexpr int kLines = 18;
  static constexpr int kDays = kLines * kDaysPerLine;

  BasicDailyLog() = default;
  BasicDailyLog(const BasicDailyLog&) = delete;
  BasicDailyLog& operator=(const BasicDailyLog&) = delete;

  // The usage of `day`, a positive number; nullopt if the day is not in the
  // log.
  std::optional<int64_t> read(Day day) const noexcept;

  // The total usage of the days from `first` to `last`, both included, that are
  // in the log.
  int64_t sum(Day first, Day last) const noexcept;

  // Calls `visit` with each entry, a DayWord, in no particular order.
  template <class Visit>
  void for_each(Visit visit) const noexcept;

  // Makes `word` the entry of its day, in place of the entry kDays earlier.
  // Does nothing if the day already has an entry. `is_due()` returns whether
  // the day still has to be recorded. It is called after the old entry was
  // read, so that a stalled caller cannot replace a newer entry. Returns false
  // if there was no line.
  // REQUIRES: `word` is open and its count is positive; this day ceases to be
  // due before a later day of the same key is recorded.
  template <class IsDue>
  bool record(DayWord word, IsDue is_due, internal::LineSource& lines) noexcept;

  // Calls `visit` with each entry, a DayWord, in no particular order, without
  // trusting the log's memory, which may be a damaged copy or belong to another
  // process that is still writing to it. `line_at(address)` returns where
  // kLineBytes can be read now of the line that was at `address`, or nullptr if
  // no line can be there. Returns nullptr, or a description of the first thing
  // found that no log can hold, with the `address` of the line that contains it
  // (0: the log itself).
  template <class LineAt, class Visit>
  const char* inspect(LineAt line_at, Visit visit,
                      uint64_t& address) const noexcept;

  // Empties the log and returns its lines to `lines`.
  // REQUIRES: no other thread uses the log.
  void release(internal::LineSource& lines) noexcept;

 private:
  struct Line {
    explicit Line(uint64_t next) : next(next) {}

    uint64_t next;  // The bits of a LineRef; fixed once the line is pushed.
    Atomic<uint64_t> days[kDaysPerLine] = {};  // DayWords; 0 is none.
  };
  static_assert(sizeof(Line) <= internal::LineSource::kLineBytes);

  // A line and the number of its group of slots. The number is in the low bits
  // of the address, which alignment leaves zero.
  class LineRef {
   public:
    explicit LineRef(uint64_t bits) : bits_(bits) {}
    LineRef(Line* line, int group)
        : bits_(reinterpret_cast<uintptr_t>(line) |
                static_cast<uint64_t>(group)) {}

    uint64_t bits() const { return bits_; }
    explicit operator bool() const { return bits_ != 0; }
    int group() const { return static_cast<int>(bits_ & kGroupMask); }
    uint64_t address() const { return bits_ & ~uint64_t{kGroupMask}; }
    Line* line() const { return reinterpret_cast<Line*>(address()); }
    LineRef next() const { return LineRef(line()->next); }

   private:
    static constexpr int kGroupMask = internal::LineSource::kLineBytes - 1;
    static_assert(kLines <= kGroupMask + 1);

    uint64_t bits_;
  };

  // The group of a day's slot, and its index there. Slots repeat every kDays.
  static int group_of(Day day) { return day % kDays / kDaysPerLine; }
  static int index_of(Day day) { return day % kDays % kDaysPerLine; }

  static Line* find(LineRef head, int group) noexcept {
    for (LineRef ref = head; ref; ref = ref.next()) {
      if (ref.group() == group) return ref.line();
    }
    return nullptr;
  }

  // Returns nullptr if there was no line.
  Line* find_or_add(int group, internal::LineSource& lines) noexcept;

  // Invariants:
  // 1. Until release(), `head_` takes no value twice: lines are only pushed. So
  //    when a push succeeds, the list is the one that was searched.
  // 2. A group has at most one line: by 1, a thread that pushes a line has seen
  //    that the group had none.
  // 3. A slot takes no value twice: its day only increases. So a CAS that
  //    succeeds replaces the entry that was read.
  Atomic<uint64_t> head_{0};
};

using DailyLog = BasicDailyLog<>;

template <template <class> class Atomic>
std::optional<int64_t> BasicDailyLog<Atomic>::read(Day day) const noexcept {
  const Line* const line = find(LineRef(head_.load()), group_of(day));
  if (line == nullptr) return std::nullopt;
  const DayWord entry(line->days[index_of(day)].load());
  if (entry.count() == 0 || entry.day() != day) return std::nullopt;
  return entry.count();
}

template <template <class> class Atomic>
int64_t BasicDailyLog<Atomic>::sum(Day first, Day last) const noexcept {
  int64_t total = 0;  // 126 counts of 48 bits cannot overflow it.
  if (first > last) return total;
  for_each([&](DayWord entry) {
    if (first <= entry.day() && entry.day() <= last) total += entry.count();
  });
  return total;
}

template <template <class> class Atomic>
template <class Visit>
void BasicDailyLog<Atomic>::for_each(Visit visit) const noexcept {
  for (LineRef ref(head_.load()); ref; ref = ref.next()) {
    for (const Atomic<uint64_t>& slot : ref.line()->days) {
      const DayWord entry(slot.load());
      if (entry.count() > 0) visit(entry);
    }
  }
}

template <template <class> class Atomic>
template <class IsDue>
bool BasicDailyLog<Atomic>::record(DayWord word, IsDue is_due,
                                   internal::LineSource& lines) noexcept {
  Line* const line = find_or_add(group_of(word.day()), lines);
  if (line == nullptr) return false;
  Atomic<uint64_t>& slot = line->days[index_of(word.day())];
  uint64_t bits = slot.load();
  const DayWord old(bits);
  if (old.count() > 0 && old.day() >= word.day()) return true;
  // The day ceases to be due only after its entry was written. So if it is
  // still due, `old` was replaced by this entry or not at all.
  // Linearization point: the CAS. If it fails, another caller recorded the day.
  if (is_due()) slot.compare_exchange_strong(bits, word.bits());
  return true;
}

template <template <class> class Atomic>
typename BasicDailyLog<Atomic>::Line* BasicDailyLog<Atomic>::find_or_add(
    int group, internal::LineSource& lines) noexcept {
  void* memory = nullptr;
  for (uint64_t head = head_.load();;) {
    if (Line* const found = find(LineRef(head), group)) {
      if (memory != nullptr) lines.return_line(memory);
      return found;
    }
    if (memory == nullptr) memory = lines.take_line();
    if (memory == nullptr) return nullptr;
    Line* const line = new (memory) Line(head);
    // Linearization point of adding a line.
    if (head_.compare_exchange_strong(head, LineRef(line, group).bits())) {
      return line;
    }
  }
}

template <template <class> class Atomic>
template <class LineAt, class Visit>
const char* BasicDailyLog<Atomic>::inspect(LineAt line_at, Visit visit,
                                           uint64_t& address) const noexcept {
  uint32_t groups = 0;  // Groups seen so far, one bit each.
  address = 0;
  for (LineRef ref(head_.load()); ref;) {
    if (ref.group() >= kLines) return "a group that does not exist";
    if (groups >> ref.group() & 1) return "a duplicate group of days";
    groups |= uint32_t{1} << ref.group();
    const auto* const line = static_cast<const Line*>(line_at(ref.address()));
    if (line == nullptr) return "the address of a line that does not exist";
    address = ref.address();
    for (int i = 0; i < kDaysPerLine; ++i) {
      const DayWord entry(line->days[i].load());
      if (entry.bits() == 0) continue;
      if (entry.closed() || entry.count() == 0 ||
          group_of(entry.day()) != ref.group() || index_of(entry.day()) != i) {
        return "a day that is not of its place";
      }
      visit(entry);
    }
    ref = LineRef(line->next);
  }
  return nullptr;
}

template <template <class> class Atomic>
void BasicDailyLog<Atomic>::release(internal::LineSource& lines) noexcept {
  LineRef ref(head_.exchange(0));
  while (ref) {
    const LineRef next = ref.next();
    lines.return_line(ref.line());
    ref = next;
  }
}

}  // namespace weir

#endif  // WEIR_QUOTA_DAILY_LOG_H_
