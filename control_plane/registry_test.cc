#include "weir/control_plane/registry.h"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/random_id.h"

namespace weir::internal {
namespace {

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

struct Thing {
  std::string_view id() const { return name; }
  std::string name;
};

TEST(Registry, AgreesWithAModelAndKeepsThingsWhereTheyAre) {
  SCOPED_TRACE(testing::Message() << "WEIR_TEST_SEED=" << seed());
  std::mt19937_64 random(seed());
  Registry<Thing> registry;
  std::map<std::string, Thing*> model;
  std::vector<std::string> order;  // of coming
  for (int i = 0; i < 25'000; ++i) {
    const std::string id = absl::StrCat("id-", random() % 2000);
    registry.prefetch(id);
    const auto it = model.find(id);
    Thing* const found = registry.find(id);
    ASSERT_EQ(found, it == model.end() ? nullptr : it->second);
    if (found == nullptr) {
      model[id] = &registry.insert(Thing{id});
      order.push_back(id);
    } else {
      ASSERT_EQ(found->name, id);
      registry.erase(id);
      model.erase(it);
      order.erase(std::find(order.begin(), order.end(), id));
    }
    ASSERT_EQ(registry.size(), model.size());
  }
  std::vector<std::string> listed;
  registry.for_each([&](const Thing& thing) { listed.push_back(thing.name); });
  std::reverse(order.begin(), order.end());
  EXPECT_EQ(listed, order);
}

TEST(Registry, ErasedThingsLeaveRoomAndNothingBehind) {
  Registry<Thing> registry;
  const Thing* first = &registry.insert(Thing{"first"});
  const Thing* second = &registry.insert(Thing{"second"});
  registry.erase("first");
  registry.erase("second");
  EXPECT_EQ(registry.find("first"), nullptr);
  EXPECT_EQ(first->name, "");
  EXPECT_EQ(&registry.insert(Thing{"third"}), second);
  EXPECT_EQ(&registry.insert(Thing{"fourth"}), first);
  EXPECT_EQ(registry.find("third"), second);
}

// Inserting into memory that holds no object would move into an object that
// does not exist.
TEST(Registry, EveryThingWasConstructed) {
  struct Constructed {
    Constructed() = default;
    explicit Constructed(std::string name) : name(std::move(name)) {}
    // An object that is assigned to keeps its own mark.
    Constructed& operator=(Constructed&& other) noexcept {
      name = std::move(other.name);
      return *this;
    }
    std::string_view id() const { return name; }
    uint64_t mark = 0x5afe5afe5afe5afe;
    std::string name;
  };
  Registry<Constructed> registry;
  // Some chunks.
  for (int i = 0; i < 3000; ++i) {
    const Constructed& thing =
        registry.insert(Constructed(absl::StrCat("a-name-of-some-length-", i)));
    ASSERT_EQ(thing.mark, 0x5afe5afe5afe5afe) << i;
  }
}

TEST(Registry, IdsAreChosenOrChecked) {
  Registry<Thing> registry;
  RandomText random;
  registry.insert(Thing{"taken"});
  const auto choose = [&](std::string id) {
    const absl::Status status = choose_id(registry, random, id);
    EXPECT_EQ(status.ok(), registry.find(id) == nullptr && is_id(id));
    return std::pair(status.code(), id);
  };
  EXPECT_EQ(choose("").second.size(), 10u);
  EXPECT_NE(choose("").second, choose("").second);
  EXPECT_EQ(choose("mine").second, "mine");
  EXPECT_EQ(choose("taken").first, absl::StatusCode::kAlreadyExists);
  for (const std::string& bad :
       {std::string("a b"), std::string("\xc3\xa9"), std::string(65, 'a'),
        std::string(1, '\0'), std::string("a/b")}) {
    EXPECT_EQ(choose(bad).first, absl::StatusCode::kInvalidArgument) << bad;
  }
}

}  // namespace
}  // namespace weir::internal
