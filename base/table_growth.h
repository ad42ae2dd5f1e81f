// When a hash table with open addressing grows, and to what size, if it moves
// its keys a few slots at a time, so that no insertion waits for all of them.
//
// A larger table is begun empty and becomes the current one. Every insertion
// first moves the keys of kStep slots of the previous one. (Removals may, too.)
//
// The previous table is empty before the next one is due. Let the current table
// have S slots and begin with n keys to be moved from P slots. S is at least 3n
// and at least P / 2. Moving takes P / 8 insertions, at most S / 4. By then, at
// most n + P / 8 slots are taken: S * 7 / 12, which is less than two thirds.

#ifndef WEIR_BASE_TABLE_GROWTH_H_
#define WEIR_BASE_TABLE_GROWTH_H_

#include <algorithm>
#include <cstddef>

namespace weir::internal {

struct TableGrowth {
  static constexpr size_t kStep = 8;

  // Whether a table must grow before another slot is taken. Slots of removed
  // keys count as taken.
  static constexpr bool is_due(size_t taken, size_t slots) {
    return (taken + 1) * 3 > slots * 2;
  }

  // The fewest slots of the table after one of `slots`. Also shrinks.
  static constexpr size_t fewest_slots(size_t keys, size_t slots) {
    return std::max(keys * 3, slots / 2);
  }
};

}  // namespace weir::internal

#endif  // WEIR_BASE_TABLE_GROWTH_H_
