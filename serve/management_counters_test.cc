#include "weir/serve/management_counters.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace weir {
namespace {

using Calls = std::map<std::pair<std::string, std::string>, int64_t>;

// Without those that are zero.
Calls calls(const ManagementCounters& counters) {
  Calls result;
  counters.for_each(
      [&](std::string_view operation, std::string_view status, int64_t calls) {
        if (calls > 0)
          result[{std::string(operation), std::string(status)}] = calls;
      });
  return result;
}

TEST(ManagementCounters, CountByOperationAndClass) {
  ManagementCounters counters;
  counters.count("UpdateUsagePlan", 200);
  counters.count("UpdateUsagePlan", 202);
  counters.count("UpdateUsagePlan", 409);
  counters.count("GetUsage", 503);
  counters.count("GetUsage", 304);
  EXPECT_EQ(calls(counters), (Calls{{{"UpdateUsagePlan", "2xx"}, 2},
                                    {{"UpdateUsagePlan", "4xx"}, 1},
                                    {{"GetUsage", "5xx"}, 1},
                                    {{"GetUsage", "3xx"}, 1}}));
}

// What clients choose makes no new numbers.
TEST(ManagementCounters, OtherOperations_CountTogether) {
  ManagementCounters counters(std::vector<const char*>{"One"});
  counters.count("Two", 404);
  counters.count("", 404);
  counters.count("Unknown", 404);
  counters.count("One", 0);
  counters.count("One", 999);
  EXPECT_EQ(calls(counters), (Calls{{{"Unknown", "4xx"}, 3},
                                    {{"One", "2xx"}, 1},
                                    {{"One", "5xx"}, 1}}));
}

TEST(ManagementCounters, LoseNothing) {
  ManagementCounters counters;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) counters.count("GetApiKey", 200);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(calls(counters), (Calls{{{"GetApiKey", "2xx"}, 4000}}));
}

}  // namespace
}  // namespace weir
