#include "weir/tests/interleaving/weak_memory.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <set>
#include <vector>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "weir/tests/interleaving/interleaving.h"

namespace weir::testing {
namespace {

using Order = std::memory_order;

constexpr Order kRelaxed = std::memory_order_relaxed;
constexpr Order kAcquire = std::memory_order_acquire;
constexpr Order kRelease = std::memory_order_release;
constexpr Order kAcqRel = std::memory_order_acq_rel;
constexpr Order kSeqCst = std::memory_order_seq_cst;

constexpr Bounds kTwoLate{kAnyPreemptions, 2};

struct Words {
  ScheduledAtomic<int> x{0};
  ScheduledAtomic<int> y{0};
  int plain = 0;
  int seen[4] = {};
};

// A part of a program: one thread's.
using Body = std::function<void(Words&)>;

// Everything that the bodies may come to have seen, as digits.
std::set<int> outcomes(const std::vector<Body>& bodies,
                       const Bounds& bounds = kTwoLate) {
  std::set<int> outcomes;
  const Explored explored = explore(
      [&](Program& program) {
        auto words = std::make_shared<Words>();
        for (const Body& body : bodies) {
          program.thread([=] { body(*words); });
        }
        program.at_end([=, &outcomes] {
          int outcome = 0;
          for (const int seen : words->seen) outcome = outcome * 10 + seen;
          outcomes.insert(outcome);
        });
      },
      bounds);
  EXPECT_TRUE(explored.complete);
  return outcomes;
}

// A message: x is the data and y the flag.
std::set<int> message_passing(Order store, Order load) {
  return outcomes({[=](Words& words) {
                     words.x.store(1, kRelaxed);
                     words.y.store(1, store);
                   },
                   [=](Words& words) {
                     words.seen[2] = words.y.load(load);
                     words.seen[3] = words.x.load(kRelaxed);
                   }});
}

TEST(WeakMemory, MessageNeedsAReleaseAndAnAcquire) {
  const std::set<int> right = {0, 1, 11};
  const std::set<int> wrong = {0, 1, 10, 11};
  EXPECT_EQ(message_passing(kRelease, kAcquire), right);
  EXPECT_EQ(message_passing(kSeqCst, kSeqCst), right);
  EXPECT_EQ(message_passing(kRelaxed, kAcquire), wrong);
  EXPECT_EQ(message_passing(kRelease, kRelaxed), wrong);
  EXPECT_EQ(message_passing(kRelaxed, kRelaxed), wrong);
}

TEST(WeakMemory, WithoutLateReadsOrdersAreSequentiallyConsistent) {
  EXPECT_EQ(outcomes({[](Words& words) {
                        words.x.store(1, kRelaxed);
                        words.y.store(1, kRelaxed);
                      },
                      [](Words& words) {
                        words.seen[2] = words.y.load(kRelaxed);
                        words.seen[3] = words.x.load(kRelaxed);
                      }},
                     Bounds{}),
            (std::set<int>{0, 1, 11}));
}

TEST(WeakMemory, FencesPassAMessageOn) {
  const auto with = [](Order writers, Order readers) {
    return outcomes({[=](Words& words) {
                       words.x.store(1, kRelaxed);
                       scheduled_fence(writers);
                       words.y.store(1, kRelaxed);
                     },
                     [=](Words& words) {
                       words.seen[2] = words.y.load(kRelaxed);
                       scheduled_fence(readers);
                       words.seen[3] = words.x.load(kRelaxed);
                     }});
  };
  EXPECT_EQ(with(kRelease, kAcquire).count(10), 0u);
  EXPECT_EQ(with(kSeqCst, kSeqCst).count(10), 0u);
  EXPECT_EQ(with(kAcquire, kAcquire).count(10), 1u);
  EXPECT_EQ(with(kRelease, kRelease).count(10), 1u);
}

TEST(WeakMemory, TwoWhoWriteAndThenReadMayMissEachOther) {
  const auto with = [](Order order, bool fence) {
    return outcomes({[=](Words& words) {
                       words.x.store(1, order);
                       if (fence) scheduled_fence(kSeqCst);
                       words.seen[2] = words.y.load(order);
                     },
                     [=](Words& words) {
                       words.y.store(1, order);
                       if (fence) scheduled_fence(kSeqCst);
                       words.seen[3] = words.x.load(order);
                     }});
  };
  EXPECT_EQ(with(kRelaxed, false), (std::set<int>{0, 1, 10, 11}));
  EXPECT_EQ(with(kSeqCst, false), (std::set<int>{1, 10, 11}));
  EXPECT_EQ(with(kRelaxed, true), (std::set<int>{1, 10, 11}));
}

// A fence also stands behind what its thread has merely read.
TEST(WeakMemory, FencesOrderWhatWasRead) {
  const auto seen = outcomes({[](Words& words) { words.x.store(1, kRelaxed); },
                              [](Words& words) {
                                words.seen[1] = words.x.load(kRelaxed);
                                scheduled_fence(kSeqCst);
                                words.seen[2] = words.y.load(kRelaxed);
                              },
                              [](Words& words) {
                                words.y.store(1, kRelaxed);
                                scheduled_fence(kSeqCst);
                                words.seen[3] = words.x.load(kRelaxed);
                              }});
  EXPECT_EQ(seen.count(100), 0u);
  EXPECT_EQ(seen.count(101), 1u);
  EXPECT_EQ(seen.count(110), 1u);
}

TEST(WeakMemory, NoMoreReadsAreLateThanMayBe) {
  const auto with = [](int late_reads) {
    return outcomes({[](Words& words) {
                       words.x.store(1, kRelaxed);
                       words.y.store(1, kRelaxed);
                       words.plain = 1;
                     },
                     [](Words& words) {
                       words.seen[2] = words.x.load(kRelaxed);
                       words.seen[3] = words.y.load(kRelaxed);
                       // Whether the other one had ended before.
                       words.seen[1] = words.plain;
                     }},
                    Bounds{0, late_reads});
  };
  EXPECT_EQ(with(0), (std::set<int>{0, 111}));
  EXPECT_EQ(with(1), (std::set<int>{0, 101, 110, 111}));
  EXPECT_EQ(with(2), (std::set<int>{0, 100, 101, 110, 111}));
}

// The reader's store is plain: the other side's barrier orders it.
TEST(WeakMemory, ABarrierForAllStandsForTheOthersFence) {
  const auto with = [](bool barrier) {
    return outcomes({[](Words& words) {
                       words.x.store(1, kRelease);
                       words.seen[2] = words.y.load(kAcquire);
                     },
                     [=](Words& words) {
                       words.y.store(1, kRelease);
                       if (barrier) fence_all_threads();
                       words.seen[3] = words.x.load(kAcquire);
                     }});
  };
  EXPECT_EQ(with(true), (std::set<int>{1, 10, 11}));
  EXPECT_EQ(with(false), (std::set<int>{0, 1, 10, 11}));
}

TEST(WeakMemory, AThreadNeverReadsOlderThanItHasRead) {
  const std::set<int> seen = outcomes({[](Words& words) {
                                         words.x.store(1, kRelaxed);
                                         words.x.store(2, kRelaxed);
                                       },
                                       [](Words& words) {
                                         words.seen[2] = words.x.load(kRelaxed);
                                         words.seen[3] = words.x.load(kRelaxed);
                                       }});
  EXPECT_EQ(seen, (std::set<int>{0, 1, 2, 11, 12, 22}));
}

TEST(WeakMemory, AReadModifyWriteTakesTheNewestAndPassesOnWhatItReplaces) {
  EXPECT_EQ(outcomes({[](Words& words) { words.x.fetch_add(1, kRelaxed); },
                      [](Words& words) { words.x.fetch_add(1, kRelaxed); },
                      [](Words& words) {
                        const int x = words.x.load(kRelaxed);
                        words.seen[3] = x == 2 ? 2 : 0;
                      }}),
            (std::set<int>{0, 2}));
  // 1 releases; 2 replaces it, and releases nothing of its own.
  const auto chain = [](Order order) {
    return outcomes({[](Words& words) {
                       words.x.store(1, kRelaxed);
                       words.y.store(1, kRelease);
                     },
                     [=](Words& words) {
                       int one = 1;
                       words.y.compare_exchange_strong(one, 2, order, order);
                     },
                     [](Words& words) {
                       words.seen[2] = words.y.load(kAcquire);
                       words.seen[3] = words.x.load(kRelaxed);
                     }});
  };
  EXPECT_EQ(chain(kRelaxed).count(20), 0u);
  EXPECT_EQ(chain(kRelaxed).count(21), 1u);
}

TEST(WeakMemory, AFailedCompareExchangeMayReadAnOldValue) {
  const auto with = [](Order failure) {
    return outcomes({[](Words& words) {
                       words.x.store(1, kRelaxed);
                       words.y.store(1, kRelease);
                       words.y.store(2, kRelease);
                     },
                     [=](Words& words) {
                       int expected = 3;
                       EXPECT_FALSE(words.y.compare_exchange_strong(
                           expected, 4, kAcqRel, failure));
                       words.seen[2] = expected;
                       words.seen[3] = words.x.load(kRelaxed);
                     }},
                    Bounds{0, 2});
  };
  EXPECT_EQ(with(kAcquire), (std::set<int>{0, 1, 11, 21}));
  EXPECT_EQ(with(kRelaxed).count(20), 1u);
  // What succeeds has read the newest.
  EXPECT_EQ(outcomes({[](Words& words) { words.x.store(1, kRelaxed); },
                      [](Words& words) {
                        int zero = 0;
                        words.seen[3] = words.x.compare_exchange_strong(
                            zero, 5, kRelaxed, kRelaxed);
                        words.seen[2] = words.x.load(kRelaxed);
                      }}),
            (std::set<int>{10, 11, 51}));
}

// -- Races --

void pass_plain_message(Program& program, Order store, Order load) {
  auto words = std::make_shared<Words>();
  program.thread([=] {
    note_write(&words->plain);
    words->plain = 1;
    words->y.store(1, store);
  });
  program.thread([=] {
    if (words->y.load(load) == 0) return;
    note_read(&words->plain);
    EXPECT_EQ(words->plain, 1);
  });
}

TEST(WeakMemory, PlainMessageWithoutAnOrderIsARace) {
  const auto with = [](Order store, Order load) {
    return explore([=](Program& program) {
             pass_plain_message(program, store, load);
           })
        .complete;
  };
  EXPECT_TRUE(with(kRelease, kAcquire));
  EXPECT_TRUE(with(kSeqCst, kSeqCst));
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(with(kRelaxed, kAcquire),
                                         "a plain read races with a write");
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(with(kRelease, kRelaxed),
                                         "a plain read races with a write");
  // A fence orders nothing by itself.
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(explore([](Program& program) {
                                           auto words =
                                               std::make_shared<Words>();
                                           program.thread([=] {
                                             note_write(&words->plain);
                                             fence_all_threads();
                                           });
                                           program.thread([=] {
                                             fence_all_threads();
                                             note_read(&words->plain);
                                           });
                                         }),
                                         "a plain read races with a write");
}

// Memory that was read is written again: by a thread that knows the reader is
// done with it, or does not.
TEST(WeakMemory, PlainReadBeforeAWriteNeedsAnOrderToo) {
  const auto with = [](Order store) {
    return explore([=](Program& program) {
             auto words = std::make_shared<Words>();
             program.thread([=] {
               note_read(&words->plain);
               words->y.store(1, store);
             });
             program.thread([=] {
               if (words->y.load(kAcquire) == 1) note_write(&words->plain);
             });
           })
        .complete;
  };
  EXPECT_TRUE(with(kRelease));
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      with(kRelaxed), "a plain write races with another access");
}

TEST(WeakMemory, AnAtomicIsPublishedBeforeItIsUsed) {
  const auto with = [](Order store, Order load) {
    return explore([=](Program& program) {
             auto pointer =
                 std::make_shared<ScheduledAtomic<ScheduledAtomic<int>*>>(
                     nullptr);
             auto memory = std::make_shared<uint64_t>();
             program.thread([=] {
               pointer->store(new (memory.get()) ScheduledAtomic<int>(7),
                              store);
             });
             program.thread([=] {
               if (const auto* made = pointer->load(load)) {
                 EXPECT_EQ(made->load(kRelaxed), 7);
               }
             });
           })
        .complete;
  };
  EXPECT_TRUE(with(kRelease, kAcquire));
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      with(kRelaxed, kAcquire), "an atomic is used, but was not made before");
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      with(kRelease, kRelaxed), "an atomic is used, but was not made before");
}

TEST(WeakMemory, ScheduleTellsLateReads) {
  EXPECT_NONFATAL_FAILURE_ON_ALL_THREADS(
      explore(
          [](Program& program) {
            auto words = std::make_shared<Words>();
            program.thread([=] { words->x.store(1, kRelease); });
            program.thread([=] { EXPECT_EQ(words->x.load(kAcquire), 1); });
          },
          Bounds{0, 1}),
      "under the schedule: 0 1-1");
}

}  // namespace
}  // namespace weir::testing
