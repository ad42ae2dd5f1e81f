// A store whose files are damaged, cut short or missing, whose disk is full, or
// that is of another boot: an enforcer says so, or begins with what is right.

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/store.h"
#include "weir/tests/in_child.h"
#include "weir/tests/torture/calls.h"
#include "weir/tests/torture/model.h"
#include "weir/tests/torture/observation.pb.h"
#include "weir/tests/torture/observer.h"
#include "weir/tests/torture/scenario.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using Counts = Enforcer::Statistics::Counts;

constexpr int64_t kBegin = start_of(9'500);
constexpr int kDays = 90;
constexpr uintmax_t kPage = 4096;

void write_file(const fs::path& path, const Observation& observation) {
  std::ofstream file(path, std::ios::binary);
  EXPECT_TRUE(observation.SerializeToOstream(&file));
}

Observation read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Observation observation;
  EXPECT_TRUE(observation.ParseFromIstream(&file)) << path;
  return observation;
}

// What is there but usage, and what follows from it.
std::string documents_of(Observation observation) {
  for (Observation::Standing& standing : *observation.mutable_standings()) {
    Observation::Standing bare;
    bare.set_plan_id(standing.plan_id());
    bare.set_key_id(standing.key_id());
    standing = bare;
  }
  return observation.SerializeAsString();
}

class DamageTest : public ::testing::Test {
 protected:
  DamageTest()
      : folder_(fs::path(::testing::TempDir()) /
                absl::StrCat("damage_", ::testing::UnitTest::GetInstance()
                                            ->current_test_info()
                                            ->name())),
        store_(folder_ / "store") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~DamageTest() override { fs::remove_all(folder_); }

  absl::StatusOr<std::unique_ptr<Enforcer>> open(const fs::path& path,
                                                 bool restore_counts = false,
                                                 bool read_only = false) const {
    auto store = SqliteStore::open(path, {read_only});
    if (!store.ok()) return store.status();
    Options options;
    options.clock = clock_;
    options.store = *std::move(store);
    options.sync_interval = absl::ZeroDuration();
    options.restore_counts = restore_counts;
    options.arena_bytes = size_t{1} << 26;
    options.huge_pages = false;
    return Enforcer::create(std::move(options));
  }

  Observation see(Enforcer& enforcer) const {
    const auto routes = routes_of(enforcer);
    EXPECT_TRUE(routes.ok()) << routes.status();
    auto seen = observe(enforcer, *routes, day_of(clock_->now().unix_ns), kDays,
                        /*find_shared=*/false);
    EXPECT_TRUE(seen.ok()) << seen.status();
    return *std::move(seen);
  }

  // Has the store say that it was last open before the machine was started.
  static void lose_power(const fs::path& path) {
    const auto store = SqliteStore::open(path);
    ASSERT_TRUE(store.ok()) << store.status();
    v1::StoreChange counts;
    const auto status = (*store)->load([&](const v1::StoreChange& change) {
      counts = change;
      return absl::CancelledError("the rest does not matter");
    });
    ASSERT_TRUE(absl::IsCancelled(status)) << status;
    counts.mutable_put_counts()->set_boot_id("another boot");
    counts.mutable_put_counts()->set_closed(false);
    ASSERT_TRUE((*store)->commit({counts}).ok());
  }

  // A process has a store for some weeks and is killed. What was there at its
  // last sync is in `synced_`, what was there at its end in `last_`.
  void live_and_be_killed() {
    EXPECT_EQ(in_child([&] {
                auto enforcer = *open(store_);
                const Routes routes = *routes_of(*enforcer);
                Random random(1);
                const auto operations = think_up(Model(kBegin), 150, random);
                for (size_t i = 0; i < operations.size(); ++i) {
                  perform(*enforcer, routes, operations[i]);
                  if (i != 120) continue;
                  EXPECT_TRUE(enforcer->sync().ok());
                  write_file(folder_ / "synced", see(*enforcer));
                }
                write_file(folder_ / "last", see(*enforcer));
                std::ofstream(folder_ / "time") << clock_->now().unix_ns;
                raise(SIGKILL);
              }),
              -SIGKILL);
    synced_ = read_file(folder_ / "synced");
    last_ = read_file(folder_ / "last");
    int64_t time = 0;
    std::ifstream(folder_ / "time") >> time;
    clock_->advance(time - clock_->now().unix_ns);
  }

  void perform(Enforcer& enforcer, const Routes& routes,
               const Operation& operation) {
    if (operation.deed == Deed::kSync) return;
    if (operation.deed == Deed::kAdvance) clock_->advance(operation.number);
    EXPECT_EQ(call(enforcer, operation).code(), operation.expected)
        << to_string(operation);
    for (int key = 0; key < kKeys; ++key) {
      for (int plan = 0; plan < kPlans; ++plan) {
        admit(enforcer, routes, key, plan);
      }
    }
  }

  static bool admit(Enforcer& enforcer, const Routes& routes, int key,
                    int plan) {
    const std::string value = key_value(key);
    Call call;
    call.api_key = value;
    call.route = routes[plan];
    return enforcer.admit(call).admitted();
  }

  // A store like the one that was left, to be damaged.
  fs::path copy() {
    const fs::path path = folder_ / absl::StrCat("copy-", ++copies_);
    fs::copy(store_, path, fs::copy_options::recursive);
    return path;
  }

  // Whether usage is no less than at the last sync and no more than at the end.
  void expect_no_older_than_the_sync(const Observation& seen) {
    EXPECT_EQ(documents_of(seen), documents_of(last_));
    ASSERT_EQ(seen.standings_size(), last_.standings_size());
    for (int i = 0; i < seen.standings_size(); ++i) {
      const Observation::Standing& standing = seen.standings(i);
      const Observation::Standing& last = last_.standings(i);
      for (int day = 0; day < standing.used_size(); ++day) {
        EXPECT_LE(standing.used(day), last.used(day));
        EXPECT_GE(standing.used(day), synced_on(standing, day));
      }
    }
  }

  // What the last sync knew of that day; an association that began since, or
  // began again, had nothing then.
  int64_t synced_on(const Observation::Standing& standing, int day) const {
    for (const Observation::Standing& synced : synced_.standings()) {
      if (synced.plan_id() != standing.plan_id() ||
          synced.key_id() != standing.key_id()) {
        continue;
      }
      const int then = day + last_.today() - synced_.today();
      if (then < 0 || then >= synced.used_size()) return 0;
      return std::min(synced.used(then), last_used(standing, day));
    }
    return 0;
  }
  int64_t last_used(const Observation::Standing& standing, int day) const {
    for (const Observation::Standing& last : last_.standings()) {
      if (last.plan_id() == standing.plan_id() &&
          last.key_id() == standing.key_id()) {
        return last.used(day);
      }
    }
    return 0;
  }

  const fs::path folder_;
  const fs::path store_;
  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(kBegin);
  int copies_ = 0;
  Observation synced_;
  Observation last_;
};

// -- Damaged files --

struct Damage {
  const char* what;
  std::function<void(const fs::path&)> inflict;
};

void overwrite(const fs::path& path, uintmax_t offset, char with) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file << std::string(kPage, with);
}

const std::vector<Damage>& damages() {
  static const auto* const kDamages = new std::vector<Damage>{
      {"missing", [](const fs::path& path) { fs::remove(path); }},
      {"empty", [](const fs::path& path) { fs::resize_file(path, 0); }},
      {"cut in half",
       [](const fs::path& path) {
         fs::resize_file(path, fs::file_size(path) / 2);
       }},
      {"cut within its first page",
       [](const fs::path& path) { fs::resize_file(path, 100); }},
      {"first page zero",
       [](const fs::path& path) { overwrite(path, 0, '\0'); }},
      {"first page rubbish",
       [](const fs::path& path) { overwrite(path, 0, '\x5a'); }},
      {"second page zero",
       [](const fs::path& path) { overwrite(path, kPage, '\0'); }},
      {"second page rubbish",
       [](const fs::path& path) { overwrite(path, kPage, '\x5a'); }},
  };
  return *kDamages;
}

// The file whose name begins so.
fs::path file_of(const fs::path& store, const std::string& prefix) {
  for (const auto& entry : fs::directory_iterator(store)) {
    if (absl::StartsWith(entry.path().filename().string(), prefix)) {
      return entry.path();
    }
  }
  ADD_FAILURE() << prefix << " is not there";
  return {};
}

TEST_F(DamageTest, NothingIsLostWhenNothingIsDamaged) {
  live_and_be_killed();
  for (const bool read_only : {true, false}) {
    const auto enforcer = open(store_, /*restore_counts=*/false, read_only);
    ASSERT_TRUE(enforcer.ok()) << enforcer.status();
    EXPECT_EQ(see(**enforcer).SerializeAsString(), last_.SerializeAsString());
  }
}

// Either it is noticed, with the file and the way out, or it was where nothing
// is. The way out leads back to the last sync.
TEST_F(DamageTest, DamagedCountsAreNoticedAndRestored) {
  live_and_be_killed();
  for (const char* const name : {"counts-", "days-"}) {
    int noticed = 0;
    for (const Damage& damage : damages()) {
      SCOPED_TRACE(absl::StrCat(name, ": ", damage.what));
      const fs::path path = copy();
      const fs::path file = file_of(path, name);
      damage.inflict(file);
      const auto enforcer = open(path);
      if (enforcer.ok()) {
        EXPECT_EQ(see(**enforcer).SerializeAsString(),
                  last_.SerializeAsString());
        continue;
      }
      ++noticed;
      const std::string message(enforcer.status().message());
      EXPECT_EQ(enforcer.status().code(), absl::StatusCode::kDataLoss)
          << message;
      EXPECT_THAT(message, HasSubstr(name));
      EXPECT_THAT(message, HasSubstr(path.string()));
      EXPECT_THAT(message, HasSubstr("restore_counts"));
      const auto restored = open(path, /*restore_counts=*/true);
      ASSERT_TRUE(restored.ok()) << restored.status();
      EXPECT_EQ((*restored)->statistics().counts_from, Counts::kSynced);
      expect_no_older_than_the_sync(see(**restored));
    }
    EXPECT_GE(noticed, 6) << name;
  }
}

// No counts can make up for plans and keys.
TEST_F(DamageTest, DamagedDatabaseIsNoticed) {
  live_and_be_killed();
  // Otherwise most of it would still be in the log.
  open(store_).value().reset();
  for (const Damage& damage : damages()) {
    SCOPED_TRACE(damage.what);
    const fs::path path = copy();
    damage.inflict(path / "weir.sqlite");
    for (const bool restore_counts : {false, true}) {
      const auto enforcer = open(path, restore_counts);
      ASSERT_FALSE(enforcer.ok());
      EXPECT_THAT(std::string(enforcer.status().message()),
                  HasSubstr(path.string()));
    }
  }
}

// -- Other boots --

// What is on disk after a loss of power: the database, and of the counts
// whatever the system had written.
TEST_F(DamageTest, BeginsWithTheLastSyncAfterALossOfPower) {
  live_and_be_killed();
  lose_power(store_);
  for (const bool remove : {false, true}) {
    const fs::path path = copy();
    overwrite(file_of(path, "counts-"), kPage, '\x5a');
    if (remove) {
      fs::remove(file_of(path, "counts-"));
      fs::remove(file_of(path, "days-"));
    }
    Observation seen;
    {
      const auto enforcer = open(path);
      ASSERT_TRUE(enforcer.ok()) << enforcer.status();
      EXPECT_EQ((*enforcer)->statistics().counts_from, Counts::kSynced);
      seen = see(**enforcer);
      expect_no_older_than_the_sync(seen);
    }
    // That is what holds from now on.
    const auto again = open(path);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->statistics().counts_from, Counts::kExact);
    EXPECT_EQ(see(**again).SerializeAsString(), seen.SerializeAsString());
  }
}

// A sync that is not completed has written some days already. They are not part
// of what an enforcer begins with, and are not to turn up later.
TEST_F(DamageTest, ForgetsWhatAnUnfinishedSyncWrote) {
  live_and_be_killed();
  const Day today = day_of(clock_->now().unix_ns);
  {
    const auto store = SqliteStore::open(store_);
    ASSERT_TRUE(store.ok()) << store.status();
    std::vector<DailyCount> days;
    ASSERT_TRUE((*store)
                    ->load([&](const v1::StoreChange& change) {
                      if (!change.has_put_association()) {
                        return absl::OkStatus();
                      }
                      for (const Day day : {today, today + 1}) {
                        days.push_back({change.put_association().id(), day, 7});
                      }
                      return absl::OkStatus();
                    })
                    .ok());
    ASSERT_FALSE(days.empty());
    ASSERT_TRUE((*store)->write_usage(days, {}).ok());
  }
  int64_t used_since = -1;
  for (int i = 0; i < 3; ++i) {
    lose_power(store_);
    const auto enforcer = open(store_);
    ASSERT_TRUE(enforcer.ok()) << enforcer.status();
    clock_->advance(2 * kNanosPerDay);
    int64_t used = 0;
    const Observation seen = see(**enforcer);
    for (const Observation::Standing& standing : seen.standings()) {
      if (standing.used_size() == 0) continue;  // an idle one
      for (const Day day : {today, today + 1}) {
        used += standing.used(kDays - 1 - (seen.today() - day));
      }
    }
    if (used_since >= 0) {
      EXPECT_EQ(used, used_since);
    }
    used_since = used;
    // The days are past, and what is synced is of a later one.
    const Routes routes = *routes_of(**enforcer);
    for (int key = 0; key < kKeys; ++key) {
      for (int plan = 0; plan < kPlans; ++plan) {
        admit(**enforcer, routes, key, plan);
      }
    }
    ASSERT_TRUE((*enforcer)->sync().ok());
  }
}

// -- Disks --

// A disk of our own, which only this process and its children see.
bool mount_disk(const fs::path& path, const std::string& options) {
  fs::create_directories(path);
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("weir", path.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

bool remount(const fs::path& path, unsigned long flags,
             const std::string& options) {
  return mount("weir", path.c_str(), "tmpfs", MS_REMOUNT | flags,
               options.c_str()) == 0;
}

// Writes a file until nothing more can be written.
void fill(const fs::path& path) {
  for (const size_t size : {size_t{1} << 16, size_t{1}}) {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    const std::string piece(size, 'x');
    while (file.write(piece.data(), static_cast<std::streamsize>(size)) &&
           file.flush()) {
    }
  }
}

constexpr int kNoDisk = 77;

// Requests continue and are counted regardless of the state of the disk;
// changes are refused, and succeed again when there is room.
TEST_F(DamageTest, GoesOnWithAFullDisk) {
  const fs::path disk = folder_ / "disk";
  const int ended = in_child([&] {
    if (!mount_disk(disk, "size=24m")) _exit(kNoDisk);
    int64_t admitted = 0;
    Observation before;
    const int killed = in_child([&] {
      auto enforcer = *open(disk / "store");
      const Routes routes = *routes_of(*enforcer);
      Operation plan;
      plan.plan = 0;
      plan.deed = Deed::kCreatePlan;
      plan.number = int64_t{1} << 40;
      plan.period = v1::MONTH;
      ASSERT_TRUE(call(*enforcer, plan).ok());
      plan.deed = Deed::kImportKeys;
      plan.keys = (1u << kKeys) - 1;
      ASSERT_TRUE(call(*enforcer, plan).ok());

      fill(disk / "rubbish");
      Operation patch = plan;
      patch.deed = Deed::kPatchPlan;
      patch.change = Change::kDescription;
      patch.number = 4999;
      absl::Status refused;
      // What room the log still has is used up first.
      for (int i = 0; refused.ok() && i < 10'000; ++i) {
        refused = call(*enforcer, patch);
      }
      EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable) << refused;
      EXPECT_THAT(std::string(refused.message()), HasSubstr(disk.string()));
      Operation flock = plan;
      flock.deed = Deed::kImportFlock;
      flock.number = 5'000;
      EXPECT_EQ(call(*enforcer, flock).code(), absl::StatusCode::kUnavailable);
      EXPECT_EQ(enforcer->statistics().api_keys, size_t{kKeys});

      // Threads, over midnights that all take lines for their logs.
      std::atomic<int64_t> count{0};
      for (int day = 0; day < 30; ++day) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 2; ++t) {
          threads.emplace_back([&] {
            for (int key = 0; key < kKeys; ++key) {
              for (int i = 0; i < 20; ++i) {
                count += admit(*enforcer, routes, key, 0);
              }
            }
          });
        }
        for (std::thread& thread : threads) thread.join();
        (void)enforcer->sync();
        clock_->advance(kNanosPerDay);
      }
      EXPECT_EQ(count, 30 * 2 * 20 * kKeys);
      EXPECT_GT(enforcer->statistics().sync_failures, 0);
      EXPECT_EQ(enforcer->statistics().days_not_recorded, 0);

      fs::remove(disk / "rubbish");
      EXPECT_TRUE(call(*enforcer, patch).ok());
      EXPECT_TRUE(call(*enforcer, flock).ok());
      EXPECT_TRUE(enforcer->sync().ok());
      write_file(folder_ / "before", see(*enforcer));
      std::ofstream(folder_ / "admitted") << count;
      if (!HasFailure()) raise(SIGKILL);
    });
    EXPECT_EQ(killed, -SIGKILL);
    clock_->advance(30 * kNanosPerDay);
    std::ifstream(folder_ / "admitted") >> admitted;
    const auto enforcer = open(disk / "store");
    ASSERT_TRUE(enforcer.ok()) << enforcer.status();
    const Observation after = see(**enforcer);
    EXPECT_EQ(after.SerializeAsString(),
              read_file(folder_ / "before").SerializeAsString());
    int64_t used = 0;
    for (const Observation::Standing& standing : after.standings()) {
      for (const int64_t day : standing.used()) used += day;
    }
    EXPECT_EQ(used, admitted);
  });
  if (ended == kNoDisk) GTEST_SKIP() << "no disk can be mounted here";
  EXPECT_EQ(ended, 0);
}

// Even a start needs room, and says so; and leaves everything as it was.
TEST_F(DamageTest, DoesNotStartOnAFullDisk) {
  live_and_be_killed();
  const fs::path disk = folder_ / "disk";
  const int ended = in_child([&] {
    if (!mount_disk(disk, "size=24m")) _exit(kNoDisk);
    fs::copy(store_, disk / "store", fs::copy_options::recursive);
    fill(disk / "rubbish");
    for (int i = 0; i < 2; ++i) {
      const auto enforcer = open(disk / "store");
      ASSERT_FALSE(enforcer.ok());
      EXPECT_EQ(enforcer.status().code(), absl::StatusCode::kUnavailable)
          << enforcer.status();
      EXPECT_THAT(std::string(enforcer.status().message()),
                  HasSubstr(disk.string()));
    }
    fs::remove(disk / "rubbish");
    const auto enforcer = open(disk / "store");
    ASSERT_TRUE(enforcer.ok()) << enforcer.status();
    EXPECT_EQ(see(**enforcer).SerializeAsString(), last_.SerializeAsString());
  });
  if (ended == kNoDisk) GTEST_SKIP() << "no disk can be mounted here";
  EXPECT_EQ(ended, 0);
}

TEST_F(DamageTest, SaysThatAFolderCannotBeWritten) {
  live_and_be_killed();
  const fs::path disk = folder_ / "disk";
  const int ended = in_child([&] {
    if (!mount_disk(disk, "size=64m")) _exit(kNoDisk);
    fs::copy(store_, disk / "store", fs::copy_options::recursive);
    // One who only reads needs what an owner has left open.
    ASSERT_TRUE(remount(disk, MS_RDONLY, ""));
    const auto enforcer = open(disk / "store");
    ASSERT_FALSE(enforcer.ok());
    EXPECT_THAT(std::string(enforcer.status().message()),
                HasSubstr(disk.string()));
    EXPECT_THAT(std::string(enforcer.status().message()),
                HasSubstr("Read-only"));
    const auto reader =
        open(disk / "store", /*restore_counts=*/false, /*read_only=*/true);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ(see(**reader).SerializeAsString(), last_.SerializeAsString());
  });
  if (ended == kNoDisk) GTEST_SKIP() << "no disk can be mounted here";
  EXPECT_EQ(ended, 0);
}

// -- Other processes --

TEST_F(DamageTest, ASecondProcessIsToldOfTheFirst) {
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t first = fork();
  if (first == 0) {
    alarm(60);
    const auto enforcer = open(store_);
    const char is_open = enforcer.ok();
    if (write(told[1], &is_open, 1) == 1) pause();
    _exit(1);
  }
  char is_open = 0;
  ASSERT_EQ(read(told[0], &is_open, 1), 1);
  EXPECT_TRUE(is_open);
  const auto second = open(store_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              AllOf(HasSubstr(store_.string()), HasSubstr(absl::StrCat(first))))
      << second.status();
  kill(first, SIGKILL);
  EXPECT_EQ(waitpid(first, nullptr, 0), first);
  EXPECT_TRUE(open(store_).ok());
}

}  // namespace
}  // namespace weir::torture
