// Epochs under every order of their accesses, with few threads interrupted:
// once where readers fence, and once where what they announce reaches writers
// late, at the latest by their barrier.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "enforcer/epoch.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "tests/interleaving/interleaving.h"

namespace weir {
namespace {

using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;

// Stores that were made, and that nobody else can see yet.
class LateStores {
 public:
  static void add(std::function<void()> arrive) { all().push_back(arrive); }
  // In their order, and without an access of others between them.
  static void arrive() {
    testing::internal::scheduling_point();
    for (const auto& arrive : std::exchange(all(), {})) arrive();
  }
  static void forget() { all().clear(); }

 private:
  static std::vector<std::function<void()>>& all() {
    static auto& stores = *new std::vector<std::function<void()>>;
    return stores;
  }
};

// A ScheduledAtomic whose plain stores are late. No thread of these programs
// reads what it has stored itself.
template <class T>
class LateAtomic {
 public:
  LateAtomic(T value) : value_(value) {}

  T load(std::memory_order = std::memory_order_seq_cst) const {
    testing::internal::scheduling_point();
    return value_;
  }
  void store(T value, std::memory_order) {
    LateStores::add([this, value] { value_ = value; });
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order = std::memory_order_seq_cst) {
    testing::internal::scheduling_point();
    if (value_ == expected) {
      value_ = desired;
      return true;
    }
    expected = value_;
    return false;
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order,
                             std::memory_order) {
    return compare_exchange_strong(expected, desired);
  }
  T fetch_add(T n) {
    testing::internal::scheduling_point();
    return std::exchange(value_, value_ + n);
  }

 private:
  T value_;
};

// Readers fence: their stores are not late.
struct NoBarrier {
  bool available() const { return false; }
  bool issue() const { return false; }
};

using FencingEpochs = BasicEpochs<ScheduledAtomic, NoBarrier>;

// The kernel's: all stores arrive.
struct ArrivalOfAll {
  bool available() const { return true; }
  bool issue() const {
    LateStores::arrive();
    return true;
  }
};

struct Object {
  bool is_freed = false;
};

template <class Epochs>
struct State {
  using Reader = typename Epochs::Reader;

  // One stay, in which the object is used twice.
  void read(Reader& reader) {
    Epochs::enter(reader);
    use();
    Epochs::leave(reader);
  }
  void use() {
    const Object* object = present.load();
    EXPECT_FALSE(object->is_freed);
    elsewhere.load();
    EXPECT_FALSE(object->is_freed);
  }

  // Puts another object in the place of the present one.
  void replace(Object& next) {
    Object* old = present.exchange(&next);
    retired.emplace_back(epochs.stamp(), old);
  }
  // Frees what can be freed after that many attempts.
  void reclaim(int attempts) {
    for (int i = 0; i < attempts; ++i) {
      const uint64_t reclaimable = epochs.advance().reclaimable;
      for (const auto& [stamp, object] : retired) {
        if (stamp <= reclaimable) object->is_freed = true;
      }
    }
  }
  void expect_all_reclaimed_after_two_advances() {
    LateStores::arrive();
    reclaim(2);
    for (const auto& [stamp, object] : retired) EXPECT_TRUE(object->is_freed);
    EXPECT_FALSE(present.load()->is_freed);
  }

  Epochs epochs;
  Object objects[5];
  ScheduledAtomic<Object*> present{&objects[0]};
  ScheduledAtomic<int> elsewhere{0};
  std::vector<std::pair<uint64_t, Object*>> retired;
};

template <class Epochs>
class EpochInterleaving : public ::testing::Test {
 protected:
  using Build = std::function<void(Program&, std::shared_ptr<State<Epochs>>)>;

  static constexpr bool kIsLate = !std::is_same_v<Epochs, FencingEpochs>;
  // Interruptions: with late stores, there is one thread more.
  static constexpr int kIfThereAreFew = kIsLate ? 2 : 3;
  static constexpr int kIfThereAreMany = kIsLate ? 1 : 2;

  static Explored explore(const Build& build, int max_preemptions) {
    return testing::explore(
        [&](Program& program) {
          LateStores::forget();
          const auto state = std::make_shared<State<Epochs>>();
          build(program, state);
          // Late stores may also arrive by themselves, at any time.
          if (kIsLate) {
            program.thread([] { LateStores::arrive(); });
          }
          program.at_end(
              [=] { state->expect_all_reclaimed_after_two_advances(); });
        },
        /*max_schedules=*/3'000'000, max_preemptions);
  }
};

using Variants =
    ::testing::Types<FencingEpochs, BasicEpochs<LateAtomic, ArrivalOfAll>>;
TYPED_TEST_SUITE(EpochInterleaving, Variants);

TYPED_TEST(EpochInterleaving, NothingIsUsedAfterItWasFreed) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        program.thread([=] {
          state->read(*reader);
          state->read(*reader);
        });
        program.thread([=] {
          state->replace(state->objects[1]);
          state->reclaim(3);
          state->replace(state->objects[2]);
          state->reclaim(1);
        });
      },
      /*max_preemptions=*/2);
  EXPECT_TRUE(explored.complete);
  EXPECT_GT(explored.schedules, 100);
}

TYPED_TEST(EpochInterleaving, SeveralReadersAreWaitedFor) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        for (int i = 0; i < 2; ++i) {
          auto* reader = state->epochs.join();
          program.thread([=] { state->read(*reader); });
        }
        program.thread([=] {
          state->replace(state->objects[1]);
          state->reclaim(3);
        });
      },
      this->kIfThereAreMany);
  EXPECT_TRUE(explored.complete);
}

TYPED_TEST(EpochInterleaving, OuterStayOutlastsInnerOnes) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        program.thread([=] {
          TypeParam::enter(*reader);
          const Object* object = state->present.load();
          state->read(*reader);
          EXPECT_FALSE(object->is_freed);
          state->use();
          EXPECT_FALSE(object->is_freed);
          TypeParam::leave(*reader);
        });
        program.thread([=] {
          state->replace(state->objects[1]);
          state->reclaim(4);
        });
      },
      this->kIfThereAreFew);
  EXPECT_TRUE(explored.complete);
}

// As a new record, and as the record of a thread that has parted.
TYPED_TEST(EpochInterleaving, ReaderMayJoinDuringAScan) {
  for (const bool is_vacant : {false, true}) {
    const Explored explored = this->explore(
        [=](Program& program, auto state) {
          state->epochs.join();
          if (is_vacant) {
            TypeParam::part(*state->epochs.join());
            LateStores::arrive();
          }
          program.thread([=] {
            auto* reader = state->epochs.join();
            state->read(*reader);
            TypeParam::part(*reader);
          });
          program.thread([=] {
            state->replace(state->objects[1]);
            state->reclaim(3);
          });
        },
        /*max_preemptions=*/2);
    EXPECT_TRUE(explored.complete);
  }
}

// Two scans that began before it joined may both allow an advance. (It unlinks
// what it holds itself, to spare a thread.)
TYPED_TEST(EpochInterleaving, ReaderMayJoinDuringSeveralScans) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        program.thread([=] {
          auto* reader = state->epochs.join();
          TypeParam::enter(*reader);
          const Object* object = state->present.load();
          state->replace(state->objects[1]);
          state->elsewhere.load();
          EXPECT_FALSE(object->is_freed);
          TypeParam::leave(*reader);
        });
        for (int i = 0; i < 2; ++i) {
          program.thread([=] { state->reclaim(1); });
        }
      },
      this->kIfThereAreFew);
  EXPECT_TRUE(explored.complete);
}

TYPED_TEST(EpochInterleaving, TwoThreadsNeverShareAPlace) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        TypeParam::part(*state->epochs.join());
        LateStores::arrive();
        auto places = std::make_shared<std::vector<const void*>>();
        for (int i = 0; i < 2; ++i) {
          program.thread([=] { places->push_back(state->epochs.join()); });
        }
        program.at_end([=] {
          EXPECT_NE((*places)[0], (*places)[1]);
          EXPECT_EQ(state->epochs.counts().threads, 2u);
          EXPECT_EQ(state->epochs.counts().places, 2u);
        });
      },
      testing::kAnyPreemptions);
  EXPECT_TRUE(explored.complete);
}

TYPED_TEST(EpochInterleaving, TwoWritersAdvanceTogether) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        program.thread([=] { state->read(*reader); });
        program.thread([=] {
          state->replace(state->objects[1]);
          state->reclaim(2);
        });
        program.thread([=] { state->reclaim(2); });
      },
      this->kIfThereAreMany);
  EXPECT_TRUE(explored.complete);
}

// A version of a plan: readers see one that was whole when they looked, and is
// not used again while they do.
TYPED_TEST(EpochInterleaving, ReaderSeesTheOldVersionOrTheNew) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        auto published = std::make_shared<ScheduledAtomic<bool>>(false);
        program.thread([=] {
          const bool is_after = published->load();
          TypeParam::enter(*reader);
          const Object* seen = state->present.load();
          EXPECT_TRUE(seen == &state->objects[0] || seen == &state->objects[1]);
          if (is_after) {
            EXPECT_EQ(seen, &state->objects[1]);
          }
          EXPECT_FALSE(seen->is_freed);
          TypeParam::leave(*reader);
        });
        program.thread([=] {
          state->replace(state->objects[1]);
          published->store(true);
          state->reclaim(2);
        });
      },
      /*max_preemptions=*/3);
  EXPECT_TRUE(explored.complete);
}

// What these tests would find in a writer.
TYPED_TEST(EpochInterleaving, StampFromBeforeTheUnlinkIsTooOld) {
  static const auto wrong = [] {
    TestFixture::explore(
        [](Program& program, auto state) {
          auto* reader = state->epochs.join();
          program.thread([=] { state->read(*reader); });
          program.thread([=] {
            const uint64_t stamp = state->epochs.stamp();
            state->reclaim(1);
            state->replace(state->objects[1]);
            state->retired.back().first = stamp;
            state->reclaim(1);
          });
        },
        /*max_preemptions=*/2);
  };
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(wrong(), "under the schedule");
}

}  // namespace
}  // namespace weir
