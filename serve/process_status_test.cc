#include "weir/serve/process_status.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace weir {
namespace {

double seconds_of(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

TEST(ProcessStatus, IsThatOfThisProcess) {
  const auto status = process_status();
  ASSERT_TRUE(status.has_value());
  EXPECT_LE(status->start_unix_seconds, seconds_of(CLOCK_REALTIME) + 2);
  EXPECT_GT(status->start_unix_seconds, seconds_of(CLOCK_REALTIME) - 3600);
  EXPECT_GT(status->resident_memory_bytes, 1 << 20);
  EXPECT_GT(status->virtual_memory_bytes, status->resident_memory_bytes);
  EXPECT_GT(status->max_fds, status->open_fds);
}

// Agrees with what the kernel reports in other files, for any process name.
TEST(ProcessStatus, FindsEachFieldWhateverTheName) {
  char before[16] = "";
  prctl(PR_GET_NAME, before);
  for (const char* name : {"plain", "a b", "a) b", ") 1 2 3", "((", "))"}) {
    prctl(PR_SET_NAME, name);
    int64_t pages = 0, resident_pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident_pages;
    const auto status = process_status();
    ASSERT_TRUE(status.has_value()) << name;
    const int64_t page = sysconf(_SC_PAGESIZE);
    // The process may allocate between the two readings.
    EXPECT_NEAR(static_cast<double>(status->virtual_memory_bytes),
                static_cast<double>(pages * page), 1 << 20)
        << name;
    EXPECT_NEAR(static_cast<double>(status->resident_memory_bytes),
                static_cast<double>(resident_pages * page), 1 << 20)
        << name;
    EXPECT_GT(status->start_unix_seconds, seconds_of(CLOCK_REALTIME) - 3600);
  }
  prctl(PR_SET_NAME, before);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(process_status()->max_fds, static_cast<int64_t>(limit.rlim_cur));
}

TEST(ProcessStatus, CountsDescriptors) {
  const auto before = process_status();
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto after = process_status();
  close(fd);
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_GE(before->open_fds, 3);
  EXPECT_EQ(after->open_fds, before->open_fds + 1);
}

// A descriptor that is opened is not seen at once, and is before long.
TEST(ProcessStatus, RecentOnesAreReadNowAndThen) {
  const auto before = recent_process_status();
  ASSERT_TRUE(before.has_value());
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const auto seen = [] { return recent_process_status()->open_fds; };
  const double begin = seconds_of(CLOCK_MONOTONIC);
  while (seen() == before->open_fds) {
    ASSERT_LT(seconds_of(CLOCK_MONOTONIC), begin + 60);
  }
  EXPECT_EQ(seen(), before->open_fds + 1);
  close(fd);
  // (Unless the test was stopped for a tenth of a second.)
  int kept = 0;
  for (int i = 0; i < 100; ++i) kept += seen() == before->open_fds + 1;
  EXPECT_GT(kept, 0);
}

TEST(ProcessStatus, CountsTheTimeOfTheProcessor) {
  while (seconds_of(CLOCK_PROCESS_CPUTIME_ID) < 0.1) {
  }
  const auto status = process_status();
  ASSERT_TRUE(status.has_value());
  EXPECT_GE(status->cpu_seconds, 0.05);
  EXPECT_LE(status->cpu_seconds, seconds_of(CLOCK_PROCESS_CPUTIME_ID) + 0.05);
}

TEST(ProcessStatus, GrowsWithTheMemory) {
  const auto before = process_status();
  const std::string memory(size_t{16} << 20, 'x');
  const auto after = process_status();
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_GE(after->resident_memory_bytes - before->resident_memory_bytes,
            static_cast<int64_t>(memory.size()) * 9 / 10);
}

}  // namespace
}  // namespace weir
