#ifndef WEIR_DATA_PLANE_KEY_HASH_H_
#define WEIR_DATA_PLANE_KEY_HASH_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::internal {

// The maximum length of an API key.
inline constexpr size_t kMaxKey = 128;

// Hashes API keys under a secret from the kernel's random source, drawn for
// each object, so that no outsider can choose keys that collide: for any two
// keys that are chosen without knowledge of the secret, each pair of hashes is
// as likely as any other (strong universality). Immutable.
// *thread-safe*
//
// Multilinear hashing in the variant with half as many products (Lemire and
// Kaser, "Strongly universal string hashing is fast", theorem 3.1): the upper
// bits of
//
//   k0 + n k1 + sum of (a_i + k_2i) (b_i + k_2i+1)  modulo 2^64
//
// where n is the length and a_i, b_i are the halves of the key's 64-bit words.
// The last word ends where the key ends, so it may overlap the one before. This
// keeps keys of the same length apart; n k1 does so for keys of different
// lengths.
class KeyHash {
 public:
  // Aborts if the kernel has no random source.
  KeyHash();

  // REQUIRES: key.size() <= kMaxKey
  uint32_t operator()(std::string_view key) const noexcept {
    const char* const p = key.data();
    const size_t size = key.size();
    uint64_t sum = secret_[0] + size * secret_[1];
    if (size < sizeof(uint64_t)) {
      uint64_t word = 0;
      // An empty view may have no data.
      if (size != 0) std::memcpy(&word, p, size);
      sum += product(word, 0);
    } else {
      const size_t last = (size - 1) / sizeof(uint64_t);
      for (size_t i = 0; i < last; ++i) {
        sum += product(load(p + i * sizeof(uint64_t)), i);
        // Two at a time, in the vectors that every x86-64 has, would be slower:
        // those cannot multiply 64 bits.
        __asm__("" : "+r"(sum));
      }
      sum += product(load(p + size - sizeof(uint64_t)), last);
    }
    return spread(static_cast<uint32_t>(sum >> 32));
  }

 private:
  static constexpr size_t kWords = kMaxKey / sizeof(uint64_t);

  static uint64_t load(const char* p) noexcept {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    return word;
  }
  uint64_t product(uint64_t word, size_t i) const noexcept {
    const uint64_t* k = secret_ + 2 + 2 * i;
    return (k[0] + static_cast<uint32_t>(word)) * (k[1] + (word >> 32));
  }
  // A bijection, so it takes nothing from the above. Without it, consecutive
  // keys, which differ by little, would lie in a row in a table, or on top of
  // each other in steps.
  static constexpr uint32_t spread(uint32_t h) noexcept {
    h = (h ^ h >> 16) * 0x7feb352d;
    h = (h ^ h >> 15) * 0x846ca68b;
    return h ^ h >> 16;
  }

  uint64_t secret_[2 + 2 * kWords];
};

// Whether two keys are equal, in a time that depends only on their lengths.
inline bool equal_keys(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  const size_t size = a.size();
  const auto differ = [&](size_t at) {
    uint64_t words[2];
    std::memcpy(&words[0], a.data() + at, sizeof(uint64_t));
    std::memcpy(&words[1], b.data() + at, sizeof(uint64_t));
    return words[0] ^ words[1];
  };
  if (size < sizeof(uint64_t)) {
    unsigned difference = 0;
    for (size_t i = 0; i < size; ++i) {
      difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    }
    return difference == 0;
  }
  uint64_t difference = differ(size - sizeof(uint64_t));
  for (size_t i = 0; i + sizeof(uint64_t) < size; i += sizeof(uint64_t)) {
    difference |= differ(i);
  }
  return difference == 0;
}

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_KEY_HASH_H_
