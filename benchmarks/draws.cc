#include "weir/benchmarks/draws.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"

namespace weir {
namespace {

constexpr size_t kFewest = size_t{1} << 14;
constexpr size_t kMax = size_t{1} << 22;

size_t draws_of(size_t keys) {
  size_t count = kFewest;
  while (count < 4 * keys && count < kMax) count *= 2;
  return count;
}

// Ranks from 0, by Gray et al., "Quickly generating billion-record synthetic
// databases" (1994).
class Zipf {
 public:
  explicit Zipf(size_t ranks) : ranks_(static_cast<double>(ranks)) {
    for (size_t i = 1; i <= ranks; ++i) {
      zeta_ += std::pow(static_cast<double>(i), -kExponent);
    }
    const double first_two = 1 + std::pow(2, -kExponent);
    eta_ = (1 - std::pow(2 / ranks_, 1 - kExponent)) / (1 - first_two / zeta_);
  }

  // `uniform` is from [0, 1).
  size_t rank(double uniform) const {
    const double share = uniform * zeta_;
    if (share < 1) return 0;
    if (share < 1 + std::pow(2, -kExponent)) return 1;
    const double x = eta_ * uniform - eta_ + 1;
    const double rank = ranks_ * std::pow(x, 1 / (1 - kExponent));
    return static_cast<size_t>(std::min(rank, ranks_ - 1));
  }

 private:
  static constexpr double kExponent = 0.99;

  const double ranks_;
  double zeta_ = 0;
  double eta_;
};

}  // namespace

KeyBytes key_bytes(uint64_t number) {
  const std::string text =
      absl::StrCat("a-key-of-forty-characters-", 10'000'000'000'000 + number);
  KeyBytes key;
  text.copy(key.bytes, sizeof(key.bytes));
  return key;
}

Draws::Draws(size_t keys, Popularity popularity, uint64_t first)
    : keys_(draws_of(keys)) {
  std::mt19937_64 random(1);
  if (popularity == Popularity::kUniform) {
    for (KeyBytes& key : keys_) key = key_bytes(first + random() % keys);
  } else {
    const Zipf zipf(keys);
    std::uniform_real_distribution<double> uniform;
    // A prime step spreads the popular keys over all keys.
    constexpr uint64_t kStep = 2'654'435'761;
    for (KeyBytes& key : keys_) {
      key = key_bytes(first + zipf.rank(uniform(random)) * kStep % keys);
    }
  }
  for (size_t i = 0; i < kMaxThreads; ++i) {
    ended_at_[i] = i * keys_.size() / kMaxThreads;
  }
}

}  // namespace weir
