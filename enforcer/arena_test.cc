#include "enforcer/arena.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "enforcer/epoch.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

bool is_zero(const void* block, size_t bytes) {
  const char* begin = static_cast<const char*>(block);
  return std::all_of(begin, begin + bytes, [](char c) { return c == 0; });
}

TEST(Arena, BlocksAreAlignedZeroedAndApart) {
  const auto arena = *Arena::create(kMegabyte);
  std::vector<std::pair<char*, size_t>> blocks;
  for (size_t bytes : {1, 63, 64, 65, 200, 4096, 64}) {
    char* block = static_cast<char*>(arena->allocate(bytes));
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
    EXPECT_TRUE(is_zero(block, bytes));
    for (const auto& [other, size] : blocks) {
      EXPECT_TRUE(block >= other + size || block + bytes <= other);
    }
    blocks.emplace_back(block, bytes);
    std::memset(block, 0xff, bytes);
  }
}

TEST(Arena, FreedBlocksAreUsedAgainAndZeroed) {
  const auto arena = *Arena::create(kMegabyte);
  void* block = arena->allocate(256);
  std::memset(block, 0xff, 256);
  const size_t used = arena->used();
  arena->free(block, 256);
  EXPECT_EQ(arena->used(), used - 256);
  EXPECT_EQ(arena->allocate(200), block);
  EXPECT_TRUE(is_zero(block, 256));
  EXPECT_EQ(arena->used(), used);
}

TEST(Arena, UsedUpArenaSaysSoAndGoesOn) {
  const auto arena = *Arena::create(kMegabyte);
  EXPECT_EQ(arena->allocate(2 * kMegabyte), nullptr);
  size_t lines = 0;
  void* last = nullptr;
  while (void* line = arena->take_line()) {
    last = line;
    ++lines;
  }
  EXPECT_EQ(lines, kMegabyte / 64);
  EXPECT_EQ(arena->allocate(64), nullptr);
  arena->return_line(last);
  arena->collect();
  EXPECT_EQ(arena->allocate(64), last);
}

TEST(Arena, RetiredBlockWaitsForItsReaders) {
  const auto arena = *Arena::create(kMegabyte);
  void* block = arena->allocate(512);
  static int disposed;
  disposed = 0;
  {
    EpochDomain::Guard guard;
    arena->retire(block, 512, [](Arena&, void*) { ++disposed; });
    for (int i = 0; i < 10; ++i) arena->collect();
    EXPECT_EQ(disposed, 0);
    EXPECT_NE(arena->allocate(512), block);
  }
  for (int i = 0; i < 3; ++i) arena->collect();
  EXPECT_EQ(disposed, 1);
  EXPECT_EQ(arena->allocate(512), block);
}

TEST(Arena, ThreadsTakeAndReturnLinesOfTheirOwn) {
  const auto arena = *Arena::create(16 * kMegabyte);
  std::vector<std::vector<void*>> kept(4);
  std::vector<std::thread> threads;
  for (auto& mine : kept) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        void* line = arena->take_line();
        ASSERT_NE(line, nullptr);
        std::memset(line, i, 64);
        if (i % 2 == 0) {
          mine.push_back(line);
        } else {
          arena->return_line(line);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<void*> all;
  for (const auto& mine : kept) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 40'000u);
  arena->collect();
  EXPECT_EQ(arena->used(), 40'000u * 64);
  // What was returned is handed out again, once.
  for (int i = 0; i < 40'000; ++i) {
    EXPECT_TRUE(all.insert(arena->allocate(64)).second);
  }
}

TEST(Arena, TooSmallAnArenaIsRefused) {
  EXPECT_EQ(Arena::create(1000).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace weir
