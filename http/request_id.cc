#include "weir/http/request_id.h"

#include <cstddef>
#include <cstdint>

#include "weir/http/random_sequence.h"

namespace weir {

std::string new_request_id() {
  // Two sequences: with one, the sequences of two threads would overlap too
  // soon.
  thread_local RandomSequence high_half;
  thread_local RandomSequence low_half;
  // The version and the variant.
  const uint64_t high = (high_half.next() & ~uint64_t{0xF000}) | 0x4000;
  const uint64_t low = (low_half.next() & ~(uint64_t{3} << 62)) | uint64_t{1}
                                                                      << 63;

  constexpr char kDigits[] = "0123456789abcdef";
  std::string id = "00000000-0000-0000-0000-000000000000";
  const auto write = [&](uint64_t bits, size_t place, size_t digits) {
    for (size_t i = place + digits; i-- > place; bits >>= 4) {
      id[i] = kDigits[bits & 0xF];
    }
  };
  write(high >> 32, 0, 8);
  write(high >> 16, 9, 4);
  write(high, 14, 4);
  write(low >> 48, 19, 4);
  write(low, 24, 12);
  return id;
}

}  // namespace weir
