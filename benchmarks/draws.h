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

// How the keys of requests are distributed.
enum class Popularity {
  kUniform,
  kZipf,  // with exponent 0.99: the k-th most popular has a share like 1/k^0.99
};

// The keys of requests, drawn before the measurement and laid out contiguously:
// a measurement streams through them. So they cost at most one prefetched cache
// line per request, and leave the rest of the caches to the subject. There are
// several draws per key, up to four million in total. *thread-compatible*
class Draws {
 public:
  // Draws from the keys `first` to `first + keys - 1`.
  Draws(size_t keys, Popularity popularity, uint64_t first = 0);

  // A power of two.
  size_t size() const { return keys_.size(); }

  // One thread's cyclic walk through the draws. It starts where the thread's
  // last walk ended, so that many short measurements do not all touch the same
  // few keys. *thread-compatible*
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

  std::vector<KeyBytes> keys_;
  std::array<size_t, kMaxThreads> ended_at_;
};

}  // namespace weir

#endif  // WEIR_BENCHMARKS_DRAWS_H_
