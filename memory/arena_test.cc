#include "weir/memory/arena.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "weir/memory/epoch.h"

namespace weir::internal {
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
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 128, 0u);
    EXPECT_EQ(arena->at(arena->pair_of(block)), block);
    EXPECT_NE(arena->pair_of(block), 0u);
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
  EXPECT_EQ(lines, kMegabyte / 64 - 2);
  EXPECT_EQ(arena->allocate(64), nullptr);
  arena->return_line(last);
  arena->collect();
  // There is no room for the list of lines to hand out.
  EXPECT_EQ(arena->take_line(), nullptr);
  EXPECT_EQ(arena->used(), kMegabyte - 128 - 64);
}

TEST(Arena, ReturnedLinesAreTakenAgain) {
  const auto arena = *Arena::create(16 * kMegabyte);
  std::vector<void*> lines;
  for (int i = 0; i < 2000; ++i) lines.push_back(arena->take_line());
  const size_t used = arena->used();
  for (int round = 0; round < 100; ++round) {
    for (void* line : lines) arena->return_line(line);
    std::set<void*> all;
    for (void*& line : lines) {
      if (all.size() % 100 == 0) arena->collect();
      line = arena->take_line();
      ASSERT_TRUE(all.insert(line).second);
    }
  }
  for (int i = 0; i < 3; ++i) arena->collect();
  // And the list of lines to hand out.
  EXPECT_LE(arena->used(), used + 3 * 4096);
}

TEST(Arena, SizesInARowShareBlocks) {
  const auto arena = *Arena::create(64 * kMegabyte);
  // Like a growing table of routes: each version is a little larger.
  for (size_t bytes = 100; bytes < 400'000; bytes += 8) {
    arena->free(arena->allocate(bytes), bytes);
  }
  EXPECT_EQ(arena->used(), 0u);
  // Only one block of each class was ever taken.
  size_t blocks = 0;
  while (arena->allocate(kMegabyte) != nullptr) ++blocks;
  EXPECT_GE(blocks, 60u);
}

TEST(Arena, LargeBlocksComeBackZeroed) {
  const auto arena = *Arena::create(64 * kMegabyte);
  // Not at the beginning of a page.
  arena->allocate(128);
  for (size_t bytes : {size_t{300'000}, 3 * kMegabyte}) {
    void* block = arena->allocate(bytes);
    std::memset(block, 0xff, bytes);
    arena->free(block, bytes);
    EXPECT_EQ(arena->allocate(bytes), block);
    EXPECT_TRUE(is_zero(block, bytes));
  }
}

// Large blocks begin and end inside pages that they share with others. Their
// memory goes back to the system and is zero afterwards; their neighbors'
// stays.
TEST(Arena, LargeBlocksLeaveTheirNeighboursAlone) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (size_t bytes : {size_t{256} << 10, (size_t{256} << 10) + 1,
                       size_t{320} << 10, size_t{3} << 20}) {
    for (size_t offset = 0; offset < page; offset += page / 8) {
      const auto arena = *Arena::create(16 * kMegabyte);
      // Makes the block begin `offset` bytes into a page.
      size_t to_fill = offset + page - Arena::kPairBytes;
      for (; to_fill > 0; to_fill -= Arena::kPairBytes) {
        std::memset(arena->allocate(Arena::kPairBytes), 0xab, 128);
      }
      char* block = static_cast<char*>(arena->allocate(bytes));
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % page, offset);
      std::memset(block, 0xff, bytes);
      char* behind = static_cast<char*>(arena->allocate(2 * page));
      std::memset(behind, 0xcd, 2 * page);
      const auto expect_neighbours_unchanged = [&] {
        const auto* begin = static_cast<char*>(arena->at(1));
        ASSERT_TRUE(std::all_of(begin, static_cast<const char*>(block),
                                [](char c) { return c == '\xab'; }))
            << bytes << " bytes at " << offset;
        ASSERT_TRUE(std::all_of(behind, behind + 2 * page,
                                [](char c) { return c == '\xcd'; }))
            << bytes << " bytes at " << offset;
      };
      arena->free(block, bytes);
      expect_neighbours_unchanged();
      ASSERT_EQ(arena->allocate(bytes), block);
      ASSERT_TRUE(is_zero(block, bytes));
      expect_neighbours_unchanged();
      // The same for a block that readers may have held.
      std::memset(block, 0xff, bytes);
      arena->retire(block, bytes);
      for (int i = 0; i < 3; ++i) arena->collect();
      expect_neighbours_unchanged();
      ASSERT_EQ(arena->allocate(bytes), block);
      ASSERT_TRUE(is_zero(block, bytes));
    }
  }
}

// Unused memory is given back to the system: a table that was dropped costs
// nothing.
TEST(Arena, FreedLargeBlocksTakeNoMemory) {
  const auto arena = *Arena::create(64 * kMegabyte, Arena::Pages::kSmall);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  arena->allocate(128);
  for (size_t bytes : {size_t{256} << 10, 8 * kMegabyte}) {
    char* block = static_cast<char*>(arena->allocate(bytes));
    std::memset(block, 0xff, bytes);
    char* first = block + page - reinterpret_cast<uintptr_t>(block) % page;
    std::vector<unsigned char> present(bytes / page - 1);
    const auto pages_in_memory = [&] {
      EXPECT_EQ(mincore(first, present.size() * page, present.data()), 0);
      return std::count_if(present.begin(), present.end(),
                           [](unsigned char p) { return (p & 1) != 0; });
    };
    EXPECT_EQ(pages_in_memory(), static_cast<ptrdiff_t>(present.size()));
    arena->free(block, bytes);
    EXPECT_EQ(pages_in_memory(), 0) << bytes;
  }
}

// What is handed out next has its pages in advance, and what is further on has
// none yet.
TEST(Arena, GivesPagesAMegabyteAhead) {
#ifndef MADV_POPULATE_WRITE
  GTEST_SKIP() << "the system's headers do not know how";
#else
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const size_t size : {16 * kMegabyte, 3 * kMegabyte}) {
    const auto arena = *Arena::create(size, Arena::Pages::kSmall);
    char* const begin = static_cast<char*>(arena->at(0));
    if (madvise(begin, page, MADV_POPULATE_WRITE) != 0) {
      GTEST_SKIP() << "the system cannot";
    }
    std::vector<unsigned char> present(size / page);
    const auto expect_present = [&](size_t bytes) {
      ASSERT_EQ(mincore(begin, size, present.data()), 0);
      const size_t pages = std::min(bytes, size) / page;
      for (size_t i = 0; i < present.size(); ++i) {
        ASSERT_EQ(present[i] & 1, i < pages ? 1 : 0) << i;
      }
    };
    expect_present(page);
    arena->collect();
    expect_present(4 * kMegabyte);
    while (arena->end() < 3 * kMegabyte - 128) arena->take_line();
    arena->collect();
    expect_present(4 * kMegabyte);
    while (arena->end() < 3 * kMegabyte && arena->take_line() != nullptr) {
    }
    arena->collect();
    expect_present(6 * kMegabyte);
  }
#endif
}

TEST(Arena, ClientsBlocksAreTheirOwnAndKeepWhatTheyHold) {
  const auto arena = *Arena::create(kMegabyte);
  void* block = arena->allocate(128, Arena::Use::kClient);
  std::memset(block, 0xff, 128);
  arena->retire(block, 128, {}, Arena::Use::kClient);
  EXPECT_EQ(arena->retired(), 128u);
  for (int i = 0; i < 3; ++i) arena->collect();
  EXPECT_EQ(arena->retired(), 0u);
  EXPECT_EQ(arena->used(), 0u);
  EXPECT_NE(arena->allocate(128), block);
  EXPECT_EQ(arena->allocate(128, Arena::Use::kClient), block);
  EXPECT_FALSE(is_zero(block, 128));

  // Of every size.
  block = arena->allocate(300'000, Arena::Use::kClient);
  std::memset(block, 0xff, 300'000);
  arena->free(block, 300'000, Arena::Use::kClient);
  EXPECT_EQ(arena->allocate(300'000, Arena::Use::kClient), block);
  EXPECT_EQ(std::count(static_cast<char*>(block),
                       static_cast<char*>(block) + 300'000, '\xff'),
            300'000);
}

TEST(Arena, RetiredBlockWaitsForItsReaders) {
  const auto arena = *Arena::create(kMegabyte);
  void* block = arena->allocate(512);
  static int disposed;
  disposed = 0;
  {
    EpochDomain::Guard guard;
    arena->retire(block, 512, {[](void*, void*) { ++disposed; }, nullptr});
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
  // And the list of lines to hand out.
  EXPECT_LE(arena->used(), 40'000u * 64 + 4096);
  // What was returned is handed out once more, and only once.
  for (int i = 0; i < 40'000; ++i) {
    if (i % 500 == 0) arena->collect();
    EXPECT_TRUE(all.insert(arena->take_line()).second);
  }
}

// Only the list of returned lines orders the two threads.
TEST(Arena, ReturnedLinesArriveWithWhatIsInThem) {
  const auto arena = *Arena::create(16 * kMegabyte);
  constexpr size_t kLines = 20'000;
  std::vector<void*> lines;
  for (size_t i = 0; i < kLines; ++i) lines.push_back(arena->take_line());
  const size_t used = arena->used();
  std::thread returner([&] {
    for (void* line : lines) {
      std::memset(line, 1, 64);
      arena->return_line(line);
    }
  });
  // Except for the list of lines to hand out.
  while (arena->used() > used - kLines * 64 + 3 * 4096) arena->collect();
  returner.join();
}

TEST(Arena, ListOfLinesIsKeptForThoseWhoMayLookAtIt) {
  const auto arena = *Arena::create(kMegabyte);
  void* line = arena->take_line();
  arena->return_line(line);
  arena->collect();
  line = arena->take_line();
  EpochDomain::Guard guard;
  arena->return_line(line);
  for (int i = 0; i < 10; ++i) arena->collect();
  EXPECT_EQ(arena->retired(), 128u);
  EXPECT_EQ(arena->used(), 128u);
}

TEST(Arena, LinesComeBackToOneThreadAtATime) {
  const auto arena = *Arena::create(16 * kMegabyte);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (uint64_t id = 1; id <= 3; ++id) {
    threads.emplace_back([&, id] {
      std::vector<std::atomic<uint64_t>*> mine;
      for (int i = 0; i < 60'000; ++i) {
        EpochDomain::Guard guard;
        auto* line = static_cast<std::atomic<uint64_t>*>(arena->take_line());
        ASSERT_NE(line, nullptr);
        line->store(id);
        mine.push_back(line);
        if (mine.size() < 20) continue;
        for (std::atomic<uint64_t>* held : mine) {
          ASSERT_EQ(held->load(), id);
          arena->return_line(held);
        }
        mine.clear();
      }
    });
  }
  std::thread collector([&] {
    while (!stop) arena->collect();
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  collector.join();
}

TEST(Arena, InOthersMemoryTouchesNothingBeyondItsLimit) {
  alignas(Arena::kPairBytes) static char memory[64 << 10];
  const auto arena = Arena::over(memory, sizeof memory, 1024);
  const auto take_all = [&] {
    size_t lines = 0;
    while (void* line = arena->take_line()) {
      std::memset(line, 1, 64);
      ++lines;
    }
    return lines;
  };
  EXPECT_EQ(take_all(), (1024 - Arena::kPairBytes) / 64);
  EXPECT_EQ(arena->allocate(1), nullptr);
  EXPECT_EQ(arena->end(), 1024u);
  EXPECT_TRUE(is_zero(memory, Arena::kPairBytes));
  EXPECT_TRUE(is_zero(memory + 1024, sizeof memory - 1024));
  arena->extend(2048);
  EXPECT_EQ(take_all(), 1024u / 64);
  EXPECT_TRUE(is_zero(memory + 2048, sizeof memory - 2048));
  // What comes back is handed out again, once there is memory for the list of
  // it.
  arena->return_line(memory + 1024);
  arena->extend(4096);
  arena->collect();
  EXPECT_EQ(arena->take_line(), memory + 1024);
  // Large blocks are also zeroed when they are reused.
  arena->extend(sizeof memory);
  void* block = arena->allocate(32 << 10);
  std::memset(block, 1, 32 << 10);
  arena->free(block, 32 << 10);
  EXPECT_EQ(arena->allocate(32 << 10), block);
  EXPECT_TRUE(is_zero(block, 32 << 10));

  std::memset(memory, 0, sizeof memory);
  // A limit inside the gap that aligns the next block.
  arena->start_over(1000);
  EXPECT_EQ(take_all(), (1000 - Arena::kPairBytes) / 64);
  EXPECT_EQ(arena->allocate(1), nullptr);
  EXPECT_TRUE(is_zero(memory + 960, sizeof memory - 960));

  std::memset(memory, 0, sizeof memory);
  arena->start_over(1024);
  EXPECT_EQ(arena->used(), 0u);
  EXPECT_EQ(take_all(), (1024 - Arena::kPairBytes) / 64);
}

// Pages of a file would keep their contents.
TEST(Arena, LargeBlocksOfSharedMemoryComeBackZeroed) {
  constexpr size_t kBytes = kMegabyte;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const auto arena = Arena::over(memory, kBytes, kBytes);
  void* block = arena->allocate(kBytes / 2);
  std::memset(block, 0xff, kBytes / 2);
  arena->free(block, kBytes / 2);
  EXPECT_EQ(arena->allocate(kBytes / 2), block);
  EXPECT_TRUE(is_zero(block, kBytes / 2));
  munmap(memory, kBytes);
}

TEST(Arena, ExtendsWhileThreadsTakeLines) {
  constexpr size_t kBytes = 4 * kMegabyte;
  const auto memory = *Arena::create(2 * kBytes);
  auto* bytes = static_cast<char*>(memory->allocate(kBytes));
  const auto arena = Arena::over(bytes, kBytes, Arena::kPairBytes);
  std::atomic<size_t> limit{Arena::kPairBytes};
  std::atomic<size_t> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (taken < kBytes / 64 - 2) {
        EpochDomain::Guard guard;
        auto* line = static_cast<char*>(arena->take_line());
        if (line == nullptr) continue;
        ++taken;
        ASSERT_LE(line + 64, bytes + limit);
        ASSERT_TRUE(is_zero(line, 64));
        std::memset(line, 1, 64);
      }
    });
  }
  for (size_t next = 0; next <= kBytes; next += kBytes / 64) {
    limit = std::max(next, Arena::kPairBytes);
    arena->extend(limit);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, kBytes / 64 - 2);
}

// The system hands out address space from high to low addresses: what an arena
// reserves for alignment, and gives back, lies next to other mappings.
TEST(Arena, TakesTheAddressSpaceOfNoOther) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto address_space = [&] {
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * page;
  };
  // Before, so that only the arenas are counted.
  std::vector<std::unique_ptr<Arena>> arenas(8);
  const size_t before = address_space();
  size_t reserved = 0;
  for (size_t i = 0; i < arenas.size(); ++i) {
    // The odd pages make the next arena begin elsewhere.
    arenas[i] = *Arena::create(4 * kMegabyte + i * 3 * page);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arenas[i]->at(0)) % (2 * kMegabyte),
              0u);
    reserved += arenas[i]->reserved();
    std::memset(arenas[i]->at(0), static_cast<int>(i + 1),
                arenas[i]->reserved());
  }
  EXPECT_GE(address_space(), before + reserved);
  // Some for the heap.
  EXPECT_LT(address_space(), before + reserved + kMegabyte);
  for (size_t i = 0; i < arenas.size(); ++i) {
    const char* begin = static_cast<char*>(arenas[i]->at(0));
    ASSERT_TRUE(std::all_of(begin, begin + arenas[i]->reserved(), [&](char c) {
      return c == static_cast<char>(i + 1);
    }));
  }
  arenas.clear();
  EXPECT_LT(address_space(), before + kMegabyte);
}

// A process may have too little address space for what is asked for.
TEST(Arena, TakesWhatAddressSpaceThereIs) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &limit), 0);
  const rlimit before = limit;
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  limit.rlim_cur =
      pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) + 40 * kMegabyte;
  if (setrlimit(RLIMIT_AS, &limit) != 0) GTEST_SKIP() << "no limits here";
  const auto arena = Arena::create(256 * kMegabyte);
  const auto small = Arena::create(16 * kMegabyte);
  setrlimit(RLIMIT_AS, &before);
  ASSERT_TRUE(arena.ok()) << arena.status();
  EXPECT_EQ((*arena)->reserved(), 32 * kMegabyte);
  // There is no room for it next to the first.
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_LE((*small)->reserved(), 8 * kMegabyte);
  EXPECT_NE((*arena)->allocate(28 * kMegabyte), nullptr);
}

TEST(Arena, TooSmallAnArenaIsRefused) {
  EXPECT_EQ(Arena::create(1000).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Arena, BeginsWithAHugePage) {
  constexpr size_t kHugePage = 2 * kMegabyte;
  // A kernel may align a mapping on its own, depending on its size.
  for (size_t bytes : {kHugePage, kHugePage + 128, 5 * kMegabyte + 4096}) {
    const auto arena = *Arena::create(bytes);
    const auto address = reinterpret_cast<uintptr_t>(arena->allocate(1));
    EXPECT_EQ(address % kHugePage, Arena::kPairBytes) << bytes;
  }
}

// Makes the system refuse this process more than `bytes` of further address
// space.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(size_t bytes) {
    size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    rlimit limit = before_;
    limit.rlim_cur = pages * static_cast<size_t>(sysconf(_SC_PAGESIZE)) + bytes;
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_;
};

TEST(Arena, TakesWhatALimitOfTheAddressSpaceLeaves) {
  const AddressSpaceLimit limit(8 * kMegabyte);
  const auto arena = Arena::create(64 * kMegabyte);
  ASSERT_TRUE(arena.ok()) << arena.status();
  EXPECT_NE((*arena)->allocate(3 * kMegabyte), nullptr);
  EXPECT_EQ((*arena)->allocate(3 * kMegabyte), nullptr);
}

TEST(Arena, SaysThatALimitOfTheAddressSpaceLeavesTooLittle) {
  absl::Status status;
  {
    const AddressSpaceLimit limit(kMegabyte / 2);
    status = Arena::create(64 * kMegabyte).status();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(),
            "cannot reserve 1048576 bytes or more of address space for the "
            "arena (asked for 67108864)");
}

}  // namespace
}  // namespace weir::internal
