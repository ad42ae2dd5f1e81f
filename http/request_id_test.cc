#include "weir/http/request_id.h"

#include <cstdint>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "weir/base/mutex.h"
#include "weir/http/random_sequence.h"

namespace weir {
namespace {

// What `factor`, which is odd, is to be multiplied by for 1.
uint64_t inverse(uint64_t factor) {
  uint64_t result = factor;
  for (int i = 0; i < 5; ++i) result *= 2 - factor * result;
  return result;
}

// `z` of z ^ (z >> bits).
uint64_t unshifted(uint64_t mixed, int bits) {
  uint64_t z = mixed;
  for (int i = bits; i < 64; i += bits) z = mixed ^ (z >> bits);
  return z;
}

// The place in the sequence of splitmix64 (Steele, Lea, Flood) at which this
// number is.
uint64_t place_of(uint64_t number) {
  number = unshifted(number, 31) * inverse(0x94D049BB133111EB);
  number = unshifted(number, 27) * inverse(0xBF58476D1CE4E5B9);
  return unshifted(number, 30);
}

// So all come, each once: a number has one place, and the step is odd.
TEST(RandomSequence, GoesThroughAllNumbers) {
  RandomSequence sequence;
  uint64_t place = place_of(sequence.next());
  for (int i = 0; i < 100; ++i) {
    const uint64_t next = place_of(sequence.next());
    EXPECT_EQ(next - place, 0x9E3779B97F4A7C15);
    place = next;
  }
  EXPECT_NE(RandomSequence().next(), RandomSequence().next());
}

TEST(RequestId, IsAUuidOfVersion4) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = new_request_id();
    ASSERT_EQ(id.size(), 36u);
    for (size_t j = 0; j < id.size(); ++j) {
      if (j == 8 || j == 13 || j == 18 || j == 23) {
        EXPECT_EQ(id[j], '-') << id;
      } else {
        EXPECT_NE(std::string("0123456789abcdef").find(id[j]),
                  std::string::npos)
            << id;
      }
    }
    EXPECT_EQ(id[14], '4') << id;
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  }
}

TEST(RequestId, IsNewEachTime_OnEachThread) {
  std::set<std::string> ids;
  internal::Mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        std::string id = new_request_id();
        internal::MutexLock lock(mutex);
        ids.insert(std::move(id));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 8000u);
}

}  // namespace
}  // namespace weir
