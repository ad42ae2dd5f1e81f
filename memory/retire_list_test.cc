#include "weir/memory/retire_list.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "weir/memory/epoch.h"

namespace weir::internal {
namespace {

class RetireListTest : public ::testing::Test {
 protected:
  void add(int number) { list_.add(std::make_unique<int>(number)); }
  // What `attempts` calls of reclaim() dispose of.
  std::vector<int> reclaim(int attempts) {
    std::vector<int> disposed;
    for (int i = 0; i < attempts; ++i) {
      list_.reclaim([&](std::unique_ptr<int> number) {
        disposed.push_back(*number);
        if (*number < 0) add(-*number);
      });
    }
    return disposed;
  }

  RetireList<std::unique_ptr<int>> list_;
};

using Numbers = std::vector<int>;

TEST_F(RetireListTest, ObjectsAreTakenOutOnceOldestFirst) {
  for (int i = 1; i <= 4; ++i) add(i);
  EXPECT_EQ(reclaim(1), Numbers()) << "a reader could have entered by now";
  EXPECT_EQ(reclaim(3), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(reclaim(3), Numbers());
}

TEST_F(RetireListTest, ReaderKeepsWhatItCouldReachAndNoMore) {
  add(1);
  ASSERT_EQ(reclaim(1), Numbers());
  std::optional<EpochDomain::Guard> reader(std::in_place);
  add(2);
  EXPECT_EQ(reclaim(100), Numbers{1});
  reader.reset();
  EXPECT_EQ(reclaim(3), Numbers{2});
}

TEST_F(RetireListTest, DisposalMayRetire) {
  add(-7);
  add(8);
  EXPECT_EQ(reclaim(6), (Numbers{-7, 8, 7}));
}

TEST_F(RetireListTest, ClearedListIsEmpty) {
  add(1);
  list_.clear();
  EXPECT_EQ(reclaim(3), Numbers());
}

TEST_F(RetireListTest, EmptyListLeavesTheEpochAlone) {
  const uint64_t stamp = EpochDomain::instance().stamp();
  EXPECT_EQ(reclaim(3), Numbers());
  EXPECT_EQ(EpochDomain::instance().stamp(), stamp);
}

}  // namespace
}  // namespace weir::internal
