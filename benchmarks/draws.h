#ifndef WEIR_BENCHMARKS_DRAWS_H_
#define WEIR_BENCHMARKS_DRAWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace weir {

// An API key's value as gateways see them: 40 bytes.
struct KeyBytes {
  std::string_view view() const { return {bytes, sizeof(bytes)}; }

  char bytes[40];
};

// The value of the key with that number.
KeyBytes key_bytes(uint64_t number);

// Which key a request brings.
enum class Popularity {
  kUniform,
  kZipf,  // with exponent 0.99: the k-th most popular has a share like 1/k^0.99
};

// The keys that requests bring, drawn before time is taken, and laid out one
// after another: a measurement streams through them, so that they cost a
// prefetched line or less a request, and what it finds in the caches is what
// the subject left there. There are several draws to each key, up to four
// million. *thread-compatible*
class Draws {
 public:
  // Of keys `first` to `first + keys - 1`.
  Draws(size_t keys, Popularity popularity, uint64_t first = 0);

  // One thread's way through the draws, round and round. It goes on where the
  // thread's last one ended, lest each of many short measurements touch the
  // same few keys. *thread-compatible*
  class Walk {
   public:
    Walk(Draws& draws, int thread)
        : draws_(draws), thread_(thread), at_(draws.ended_at_.at(thread)) {}
    ~Walk() { draws_.ended_at_.at(thread_) = at_; }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    std::string_view next() {
      return draws_.keys_[at_++ & (draws_.keys_.size() - 1)].view();
    }

   private:
    Draws& draws_;
    const int thread_;
    size_t at_;
  };

 private:
  static constexpr size_t kMaxThreads = 2;

  std::vector<KeyBytes> keys_;  // a power of two of them
  std::array<size_t, kMaxThreads> ended_at_;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_DRAWS_H_
