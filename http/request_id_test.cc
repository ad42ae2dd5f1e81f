#include "http/request_id.h"

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "enforcer/mutex.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

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
  Mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 2000; ++j) {
        std::string id = new_request_id();
        MutexLock lock(mutex);
        ids.insert(std::move(id));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ids.size(), 8000u);
}

}  // namespace
}  // namespace weir
