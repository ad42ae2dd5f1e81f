#include "http/request_id.h"

#include <cstdint>

#include "http/random_sequence.h"

namespace weir {

std::string new_request_id() {
  // One sequence would be at some place of another thread's too soon.
  thread_local RandomSequence high_half;
  thread_local RandomSequence low_half;
  // The version and the variant.
  const uint64_t high = (high_half.next() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (low_half.next() & ~(uint64_t{3} << 62)) | uint64_t{1}
                                                                      << 63;

  constexpr char kDigits[] = "0123456789abcdef";
  std::string id = "00000000-0000-0000-0000-000000000000";
  int digit = 0;
  for (char& c : id) {
    if (c == '-') continue;
    const uint64_t half = digit < 16 ? high : low;
    c = kDigits[half >> (60 - 4 * (digit % 16)) & 0xF];
    ++digit;
  }
  return id;
}

}  // namespace weir
