#include "weir/control_plane/creation_order.h"

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

struct Listed {
  std::vector<int> things;
  std::string position;
};

Listed list(const CreationOrder<int>& order, const std::string& position,
            int limit) {
  Listed result;
  const auto next = order.page(position, limit, [&](int thing) {
    result.things.push_back(thing);
    return true;
  });
  EXPECT_TRUE(next.ok()) << next.status();
  result.position = next.value_or("");
  return result;
}

TEST(CreationOrder, PagesGoOnBehindTheLastThing) {
  CreationOrder<int> order;
  EXPECT_THAT(list(order, "", 2).things, IsEmpty());
  std::vector<int> things = {0, 1, 2, 3, 4, 5};
  std::vector<uint64_t> places;
  for (int i = 0; i < 5; ++i) places.push_back(order.add(things[i]));
  EXPECT_EQ(order.newest(), 4);

  const Listed first = list(order, "", 2);
  EXPECT_THAT(first.things, ElementsAre(4, 3));
  order.remove(places[3]);  // what the page ended with
  order.remove(places[2]);  // what the next would have begun with
  order.add(things[5]);
  const Listed second = list(order, first.position, 2);
  EXPECT_THAT(second.things, ElementsAre(1, 0));
  EXPECT_EQ(second.position, "");
  EXPECT_THAT(list(order, "", 3).things, ElementsAre(5, 4, 1));
  EXPECT_EQ(order.size(), 4u);
}

TEST(CreationOrder, OnlyWhatCountsFillsAPage) {
  CreationOrder<int> order;
  std::vector<int> things = {0, 1, 2, 3, 4, 5};
  for (int& thing : things) order.add(thing);
  std::vector<int> seen;
  const auto position = order.page("", 2, [&](int thing) {
    seen.push_back(thing);
    return thing % 2 == 0;
  });
  EXPECT_THAT(seen, ElementsAre(5, 4, 3, 2));
  EXPECT_THAT(list(order, *position, 9).things, ElementsAre(1, 0));
}

TEST(CreationOrder, LimitsAndPositionsAreChecked) {
  CreationOrder<int> order;
  std::vector<int> things(600);
  for (int& thing : things) order.add(thing);
  EXPECT_EQ(list(order, "", 0).things.size(), 25u);
  EXPECT_EQ(list(order, "", -3).things.size(), 25u);
  EXPECT_EQ(list(order, "", 501).things.size(), 500u);
  const auto code = [&](const std::string& position) {
    return order.page(position, 1, [](int) { return true; }).status().code();
  };
  EXPECT_EQ(code("nonsense"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("-1"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("18446744073709551616"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("18446744073709551615"), absl::StatusCode::kOk);
}

// A reader reads all pages, again and again, while things are added and
// removed. Every page has what is there when it is read, from where the page
// before ended.
TEST(CreationOrder, PagesAreRightWhileThingsComeAndGo) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  CreationOrder<int> order;
  std::deque<int> things;
  std::map<int, uint64_t> present;  // thing, its place; in insertion order
  const auto add = [&] {
    things.push_back(static_cast<int>(things.size()));
    present[things.back()] = order.add(things.back());
  };
  const auto remove = [&] {
    if (present.empty()) return;
    auto it = present.lower_bound(static_cast<int>(random() % things.size()));
    if (it == present.end()) it = present.begin();
    order.remove(it->second);
    present.erase(it);
  };
  for (int i = 0; i < 500; ++i) add();
  std::string position;
  constexpr int kFront = std::numeric_limits<int>::max();
  int end = kFront;  // the reader continues after this one
  for (int i = 0; i < 20'000; ++i) {
    for (int changes = static_cast<int>(random() % 8); changes > 0; --changes) {
      // The number of things goes up and down.
      if (random() % 100 < (i / 1000 % 2 == 0 ? 60 : 40)) {
        add();
      } else {
        remove();
      }
    }
    ASSERT_EQ(order.size(), present.size());
    const int limit = 1 + static_cast<int>(random() % 40);
    std::vector<int> expected;
    auto it = present.lower_bound(end);
    while (it != present.begin() && expected.size() < size_t(limit)) {
      expected.push_back((--it)->first);
    }
    const bool more = it != present.begin();
    const Listed page = list(order, position, limit);
    ASSERT_EQ(page.things, expected);
    ASSERT_EQ(!page.position.empty(), more);
    position = page.position;
    end = more ? expected.back() : kFront;
  }
  std::vector<int> all;
  order.for_each([&](int thing) { all.push_back(thing); });
  std::vector<int> expected;
  for (auto it = present.rbegin(); it != present.rend(); ++it) {
    expected.push_back(it->first);
  }
  EXPECT_EQ(all, expected);
}

TEST(CreationOrder, APageThatFindsLittleEndsEarly) {
  constexpr int kThings = 250'000;
  std::vector<int> things(kThings);
  CreationOrder<int> order;
  for (int i = 0; i < kThings; ++i) {
    things[i] = i;
    order.add(things[i]);
  }
  std::vector<int> found;
  std::string position;
  int pages = 0;
  do {
    int visited = 0;
    const auto next = order.page(position, 10, [&](int thing) {
      ++visited;
      const bool wanted = thing < 5;
      if (wanted) found.push_back(thing);
      return wanted;
    });
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_LE(visited, 100'000);
    position = *next;
    ++pages;
  } while (!position.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(found, ElementsAre(4, 3, 2, 1, 0));
}

}  // namespace
}  // namespace weir::internal
