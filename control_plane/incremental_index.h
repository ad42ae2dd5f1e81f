#ifndef WEIR_CONTROL_PLANE_INCREMENTAL_INDEX_H_
#define WEIR_CONTROL_PLANE_INCREMENTAL_INDEX_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "weir/base/table_growth.h"

namespace weir::internal {

// A hash index from hashes of things to the things' numbers: open addressing
// with linear probing, eight bytes a slot, 12 to 24 bytes a number. The index
// grows step by step (base/table_growth.h), with each insertion. The caller
// decides what a number stands for: the things are not read while they are
// moved.
//
// Invariants:
//  1. A number is in the current table, or in the part of the previous one that
//     has not been moved yet: [left_, end).
//  2. No slot is empty between a number's home, or left_ if that is further on,
//     and its slot. Probes do not wrap around: a table may extend beyond its
//     homes.
//  3. At least a third of a table's homes are empty, so probes are short.
//  4. When the current table must grow, no number is left in the homes of the
//     previous one (base/table_growth.h), though maybe beyond them.
//
// *thread-compatible*
class IncrementalIndex {
 public:
  // Numbers must be less than this.
  static constexpr uint32_t kMaxNumbers = 0xffff'fffe;

  // Finds the number under `hash` for which `matches(number)` is true.
  template <class Matches>
  std::optional<uint32_t> find(uint32_t hash, Matches matches) const;

  // Prefetches the memory for a `find()` or an `insert()` that follows soon.
  // Always inline, as every function should be that only prefetches: gcc 12
  // takes it for one without effect, and drops calls to it.
  void prefetch(uint32_t hash) const;

  // REQUIRES: the number is not in the index under this hash.
  void insert(uint32_t hash, uint32_t number);
  // REQUIRES: the number is in the index under this hash.
  void erase(uint32_t hash, uint32_t number);

  size_t size() const { return size_; }

 private:
  // A hash in the upper half and a number in the lower; or kEmpty or
  // kTombstone.
  using Slot = uint64_t;
  static constexpr Slot kEmpty = 0;
  static constexpr Slot kTombstone = 1;
  static constexpr size_t kFewestHomes = 16;

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

  // Slots in pieces, each of which is allocated with the first number in it: so
  // no call has to clear, or to free, a large table at once.
  class Table {
   public:
    explicit Table(size_t homes = 0)
        : homes_(homes), end_(homes), pieces_(homes / kPiece + 1) {}

    size_t homes() const { return homes_; }
    // One past the last slot that may hold anything.
    size_t end() const { return end_; }

    // Hashes and homes are in the same order, so that a table is moved into a
    // larger one from front to back in both.
    size_t home(uint32_t hash) const {
      return static_cast<size_t>((uint64_t{hash} * homes_) >> 32);
    }

    // Finds the first slot, from `first` on, for which `wanted(slot)` is true,
    // as it must be for an empty one. Returns its index and what it holds.
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
    // Frees memory of slots before `first`, which are not read any more.
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
  size_t left_ = 0;  // slots of the previous table that are done
  size_t size_ = 0;
  size_t taken_ = 0;  // slots of the current table, including tombstones
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
  if (TableGrowth::is_due(taken_, table_.homes())) grow();
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

// Begins a table with room for as many numbers again. The existing numbers
// follow with the next insertions.
inline void IncrementalIndex::grow() {
  // Moves the few slots that the previous table may still have beyond its homes
  // (4).
  while (is_growing()) move_some();
  const size_t homes =
      std::max(kFewestHomes, TableGrowth::fewest_slots(size_, table_.homes()));
  previous_ = std::exchange(table_, Table(homes));
  left_ = 0;
  taken_ = 0;
}

inline void IncrementalIndex::move_some() {
  if (!is_growing()) return;
  for (const size_t end = std::min(left_ + TableGrowth::kStep, previous_.end());
       left_ < end; ++left_) {
    const Slot slot = previous_.read(left_);
    if (is_number(slot)) place(slot);
  }
  previous_.let_go(left_);
  if (!is_growing()) previous_ = Table();
}

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_INCREMENTAL_INDEX_H_
