// Epochs under every order of their accesses, with few interruptions of
// threads, and with a read of an old value where the memory orders allow it:
// once where readers fence, and once where writers have a barrier for all
// threads.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "weir/memory/epoch.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir::internal {
namespace {

using testing::Bounds;
using testing::Explored;
using testing::Program;
using testing::ScheduledAtomic;

// Readers fence.
struct NoBarrier {
  bool available() const { return false; }
  bool issue() const { return false; }
  static void fence() { testing::scheduled_fence(std::memory_order_seq_cst); }
};

// The kernel's.
struct BarrierForAll {
  bool available() const { return true; }
  bool issue() const {
    testing::fence_all_threads();
    return true;
  }
  static void fence() { ADD_FAILURE() << "there is no need for it"; }
};

struct Object {
  bool is_freed = false;
};

template <class Epochs>
struct State {
  using Reader = typename Epochs::Reader;

  // One stay inside, in which the object is used twice.
  void read(Reader& reader) {
    Epochs::enter(reader);
    use();
    Epochs::leave(reader);
  }
  void use() {
    const Object* object = present.load(std::memory_order_acquire);
    expect_in_use(*object);
    elsewhere.load(std::memory_order_relaxed);
    expect_in_use(*object);
  }
  static void expect_in_use(const Object& object) {
    testing::note_read(&object);
    EXPECT_FALSE(object.is_freed);
  }

  // Replaces the current object with another.
  void replace(Object& next) {
    Object* old = present.load(std::memory_order_relaxed);
    present.store(&next, std::memory_order_release);
    retired.emplace_back(epochs.stamp(), old);
  }
  // Frees what can be freed after this many attempts.
  void reclaim(int attempts) {
    for (int i = 0; i < attempts; ++i) {
      const uint64_t reclaimable = epochs.advance().reclaimable;
      for (const auto& [stamp, object] : retired) {
        if (stamp > reclaimable || object->is_freed) continue;
        testing::note_write(object);
        object->is_freed = true;
      }
    }
  }
  void expect_all_reclaimed_after_two_advances() {
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

  static Explored explore(const Build& build, int max_preemptions) {
    const auto program = [&](Program& program) {
      const auto state = std::make_shared<State<Epochs>>();
      build(program, state);
      program.at_end([=] { state->expect_all_reclaimed_after_two_advances(); });
    };
    const Explored explored =
        testing::explore(program, /*max_schedules=*/3'000'000, max_preemptions);
    if (!explored.complete) return explored;
    const Explored late = testing::explore(
        program,
        Bounds{std::min(max_preemptions, kPreemptionsIfLate), kLateReads},
        /*max_schedules=*/3'000'000);
    return {explored.schedules + late.schedules, late.complete};
  }

  static constexpr int kPreemptionsIfLate = 1;
  static constexpr int kLateReads = 1;
};

using Variants = ::testing::Types<BasicEpochs<ScheduledAtomic, NoBarrier>,
                                  BasicEpochs<ScheduledAtomic, BarrierForAll>>;
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
      /*max_preemptions=*/2);
  EXPECT_TRUE(explored.complete);
}

TYPED_TEST(EpochInterleaving, OuterStayOutlastsInnerOnes) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        program.thread([=] {
          TypeParam::enter(*reader);
          const Object* object = state->present.load(std::memory_order_acquire);
          state->read(*reader);
          state->expect_in_use(*object);
          state->use();
          state->expect_in_use(*object);
          TypeParam::leave(*reader);
        });
        program.thread([=] {
          state->replace(state->objects[1]);
          state->reclaim(4);
        });
      },
      /*max_preemptions=*/3);
  EXPECT_TRUE(explored.complete);
}

// With a new record, and with the record of a thread that has parted.
TYPED_TEST(EpochInterleaving, ReaderMayJoinDuringAScan) {
  for (const bool is_vacant : {false, true}) {
    const Explored explored = this->explore(
        [=](Program& program, auto state) {
          state->epochs.join();
          if (is_vacant) {
            TypeParam::part(*state->epochs.join());
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
// the object that it holds itself, to save a thread.)
TYPED_TEST(EpochInterleaving, ReaderMayJoinDuringSeveralScans) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        program.thread([=] {
          auto* reader = state->epochs.join();
          TypeParam::enter(*reader);
          const Object* object = state->present.load(std::memory_order_acquire);
          state->replace(state->objects[1]);
          state->elsewhere.load(std::memory_order_relaxed);
          state->expect_in_use(*object);
          TypeParam::leave(*reader);
        });
        for (int i = 0; i < 2; ++i) {
          program.thread([=] { state->reclaim(1); });
        }
      },
      /*max_preemptions=*/3);
  EXPECT_TRUE(explored.complete);
}

TYPED_TEST(EpochInterleaving, TwoThreadsNeverShareAPlace) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        TypeParam::part(*state->epochs.join());
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

// The members of a record are its owner's, without atomics; then the next
// owner's.
TYPED_TEST(EpochInterleaving, PlacesAreHandedOnWhole) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        for (int i = 0; i < 3; ++i) {
          program.thread([=] {
            auto* reader = state->epochs.join();
            testing::note_write(reader);
            state->read(*reader);
            testing::note_write(reader);
            TypeParam::part(*reader);
          });
        }
      },
      /*max_preemptions=*/1);
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
      /*max_preemptions=*/2);
  EXPECT_TRUE(explored.complete);
}

// A writer that one reader holds back frees what another writer's scans allow,
// without looking at the reader that those scans have seen leave.
TYPED_TEST(EpochInterleaving, AnAdvanceTellsOthersWhoHasLeft) {
  const Explored explored = testing::explore(
      [](Program& program) {
        const auto state = std::make_shared<State<TypeParam>>();
        auto* seen_to_leave = state->epochs.join();
        auto* holding_back = state->epochs.join();  // is looked at first
        program.thread([=] { state->read(*seen_to_leave); });
        program.thread([=] {
          state->replace(state->objects[1]);
          state->epochs.advance();
          state->epochs.advance();
        });
        program.thread([=] {
          TypeParam::enter(*holding_back);
          TypeParam::leave(*holding_back);
        });
        program.thread([=] { state->reclaim(1); });
      },
      Bounds{/*preemptions=*/2, /*late_reads=*/0});
  EXPECT_TRUE(explored.complete);
}

// A version of a plan: the version that readers see is whole, and is not reused
// while they use it.
TYPED_TEST(EpochInterleaving, ReaderSeesTheOldVersionOrTheNew) {
  const Explored explored = this->explore(
      [](Program& program, auto state) {
        auto* reader = state->epochs.join();
        auto published = std::make_shared<ScheduledAtomic<bool>>(false);
        program.thread([=] {
          const bool is_after = published->load();
          TypeParam::enter(*reader);
          const Object* seen = state->present.load(std::memory_order_acquire);
          EXPECT_TRUE(seen == &state->objects[0] || seen == &state->objects[1]);
          if (is_after) {
            EXPECT_EQ(seen, &state->objects[1]);
          }
          state->expect_in_use(*seen);
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

// Faults of a writer that these tests find.
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
}  // namespace weir::internal
