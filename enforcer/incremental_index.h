#ifndef WEIR_ENFORCER_INCREMENTAL_INDEX_H_
#define WEIR_ENFORCER_INCREMENTAL_INDEX_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace weir {

// Numbers of things by the things' hashes: open addressing with linear probing,
// eight bytes a slot, 12 to 24 bytes a number. The index grows step by step:
// each insertion moves a few numbers into the larger table, so that none has to
// wait for all. What a number stands for is the caller's business: things are
// not looked at while they are moved.
//
// Invariants:
//  1. A number lies in the present table, or in that part of the previous one
//     which has not been left: [left_, end).
//  2. Between a number's home, or left_ if that is further on, and its slot no
//     slot is empty. Probes do not wrap around: a table may get longer than its
//     homes reach.
//  3. A third of a table's homes or more is empty, so probes are short.
//  4. The previous table has been left before the present one is full. With n
//     numbers and a previous table of P slots, the present one has S homes: 3n
//     or more, and P / 2 or more. After P / 8 insertions nothing is left in the
//     previous one, and n + P / 8 slots of the present one are taken at most:
//     S * 7 / 12, which is less than two thirds.
//
// *thread-compatible*
class IncrementalIndex {
 public:
  // Numbers are less than this.
  static constexpr uint32_t kMaxNumbers = 0xffff'fffe;

  // The number filed under `hash` of which `matches(number)` is true.
  template <class Matches>
  std::optional<uint32_t> find(uint32_t hash, Matches matches) const;

  // Calls the memory for a `find()` or an `insert()` that is to follow soon.
  // Always inline, as every function should be that does nothing else: gcc 12
  // takes it for one without effect, and drops its calls.
  void prefetch(uint32_t hash) const;

  // REQUIRES: the number is not there already under this hash.
  void insert(uint32_t hash, uint32_t number);
  // REQUIRES: the number is there under this hash.
  void erase(uint32_t hash, uint32_t number);

  size_t size() const { return size_; }

 private:
  // A hash in the upper half, a number in the lower; or one of kEmpty and
  // kTombstone.
  using Slot = uint64_t;
  static constexpr Slot kEmpty = 0;
  static constexpr Slot kTombstone = 1;
  static constexpr size_t kFewestHomes = 16;
  static constexpr size_t kStep = 8;

  static Slot slot_of(uint32_t hash, uint32_t number) {
    return Slot{hash} << 32 | (number + 2);
  }
  static uint32_t hash_of(Slot slot) {
    return static_cast<uint32_t>(slot >> 32);
  }
  static uint32_t number_of(Slot slot) {
    return static_cast<uint32_t>(slot) - 2;
  }
  static bool is_number(Slot slot) {
    return slot != kEmpty && slot != kTombstone;
  }

  // Slots in pieces, each of which comes with the first number in it: neither a
  // large table's zeros nor its end take their time in one call.
  class Table {
   public:
    explicit Table(size_t homes = 0)
        : homes_(homes), end_(homes), pieces_(homes / kPiece + 1) {}

    size_t homes() const { return homes_; }
    // One past the last slot that may hold anything.
    size_t end() const { return end_; }

    // Hashes and homes are in the same order, so that a table is moved into a
    // larger one from front to back of both.
    size_t home(uint32_t hash) const {
      return static_cast<size_t>((uint64_t{hash} * homes_) >> 32);
    }

    // The first slot from `first` on of which `wanted(slot)` is true, as it is
    // of an empty one: its number, and what it holds.
    template <class Wanted>
    std::pair<size_t, Slot> seek(size_t first, Wanted wanted) const {
      size_t i = first % kPiece;
      for (size_t piece = first / kPiece;; ++piece, i = 0) {
        if (piece >= pieces_.size() || pieces_[piece] == nullptr) {
          return {piece * kPiece + i, kEmpty};
        }
        for (; i < kPiece; ++i) {
          const Slot slot = (*pieces_[piece])[i];
          if (wanted(slot)) return {piece * kPiece + i, slot};
        }
      }
    }
    Slot read(size_t i) const {
      const auto& piece = pieces_[i / kPiece];
      return piece == nullptr ? kEmpty : (*piece)[i % kPiece];
    }
    void write(size_t i, Slot slot) {
      const size_t piece = i / kPiece;
      if (piece >= pieces_.size()) pieces_.resize(piece + 1);
      if (pieces_[piece] == nullptr) pieces_[piece] = std::make_unique<Piece>();
      (*pieces_[piece])[i % kPiece] = slot;
      end_ = std::max(end_, i + 1);
    }
    [[gnu::always_inline]] void prefetch(size_t i) const {
      const auto& piece = pieces_[i / kPiece];
      if (piece != nullptr) __builtin_prefetch(&(*piece)[i % kPiece]);
    }
    // The slots before `first` will not be asked for any more.
    void let_go(size_t first) {
      if (first % kPiece == 0) pieces_[first / kPiece - 1] = nullptr;
    }

   private:
    static constexpr size_t kPiece = 1024;
    using Piece = std::array<Slot, kPiece>;

    size_t homes_;
    size_t end_;
    std::vector<std::unique_ptr<Piece>> pieces_;
  };

  void place(Slot slot);
  void grow();
  void move_some();
  bool is_growing() const { return left_ < previous_.end(); }
  size_t first_in_previous(uint32_t hash) const {
    return std::max(previous_.home(hash), left_);
  }

  Table table_;
  Table previous_;
  size_t left_ = 0;  // slots of the previous table that have been left
  size_t size_ = 0;
  size_t taken_ = 0;  // slots of the present table, tombstones included
};

// Implementation.

template <class Matches>
std::optional<uint32_t> IncrementalIndex::find(uint32_t hash,
                                               Matches matches) const {
  const auto wanted = [&](Slot slot) {
    return slot == kEmpty || (hash_of(slot) == hash && slot != kTombstone &&
                              matches(number_of(slot)));
  };
  Slot slot = table_.seek(table_.home(hash), wanted).second;
  if (slot == kEmpty && is_growing()) {
    slot = previous_.seek(first_in_previous(hash), wanted).second;
  }
  if (slot == kEmpty) return std::nullopt;
  return number_of(slot);
}

[[gnu::always_inline]] inline void IncrementalIndex::prefetch(
    uint32_t hash) const {
  table_.prefetch(table_.home(hash));
  if (is_growing()) previous_.prefetch(first_in_previous(hash));
}

inline void IncrementalIndex::insert(uint32_t hash, uint32_t number) {
  if ((taken_ + 1) * 3 > table_.homes() * 2) grow();
  move_some();
  place(slot_of(hash, number));
  ++size_;
}

inline void IncrementalIndex::erase(uint32_t hash, uint32_t number) {
  const auto wanted = [slot = slot_of(hash, number)](Slot other) {
    return other == kEmpty || other == slot;
  };
  --size_;
  const auto [i, slot] = table_.seek(table_.home(hash), wanted);
  if (slot != kEmpty) {
    table_.write(i, kTombstone);
  } else {
    previous_.write(previous_.seek(first_in_previous(hash), wanted).first,
                    kTombstone);
  }
}

inline void IncrementalIndex::place(Slot slot) {
  const auto [i, before] = table_.seek(
      table_.home(hash_of(slot)), [](Slot other) { return !is_number(other); });
  if (before == kEmpty) ++taken_;
  table_.write(i, slot);
}

// Begins a table that has room for as many numbers again; those that there are
// follow with the next insertions.
inline void IncrementalIndex::grow() {
  // The few slots that the previous table may have behind its homes (4).
  while (is_growing()) move_some();
  const size_t homes = std::max({kFewestHomes, size_ * 3, table_.homes() / 2});
  previous_ = std::exchange(table_, Table(homes));
  left_ = 0;
  taken_ = 0;
}

inline void IncrementalIndex::move_some() {
  if (!is_growing()) return;
  for (const size_t end = std::min(left_ + kStep, previous_.end()); left_ < end;
       ++left_) {
    const Slot slot = previous_.read(left_);
    if (is_number(slot)) place(slot);
  }
  previous_.let_go(left_);
  if (!is_growing()) previous_ = Table();
}

}  // namespace weir

#endif  // WEIR_ENFORCER_INCREMENTAL_INDEX_H_
