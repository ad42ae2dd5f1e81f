#include "weir/counts/counts_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/base/file_descriptor.h"
#include "weir/base/mutex.h"
#include "weir/counts/boot_id.h"
#include "weir/counts/counts_reader.h"
#include "weir/counts/counts_record.h"
#include "weir/counts/mapped_file.h"
#include "weir/memory/epoch.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/daily_log.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_counter.h"
#include "weir/quota/quota_terms.h"
#include "weir/tests/in_child.h"

namespace weir::internal {
namespace {

constexpr Day kDay = 9307;
constexpr QuotaTerms kMonthly{QuotaCalendar::monthly(), 1'000'000'000, 0};
constexpr size_t kMaxRecords = 1'000'000;
constexpr size_t kMegabyte = size_t{1} << 20;

uint64_t seed() {
  const char* const text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20'250'625 : std::stoull(text);
}

// An empty folder, private to the test.
std::string new_folder() {
  std::string folder = absl::StrCat(::testing::TempDir(), "counts-XXXXXX");
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  return folder;
}

std::string counts_of(const std::string& folder, uint64_t generation) {
  return counts_path(folder, CountsHeader::kRecords, generation);
}
std::string days_of(const std::string& folder, uint64_t generation) {
  return counts_path(folder, CountsHeader::kLines, generation);
}

struct Kept {
  Day first_day;
  QuotaWords words;
  std::vector<DayWord> days;

  CountsCopy copy() const { return {first_day, words, days}; }
  // The usage by day.
  std::map<Day, int64_t> used() const {
    std::map<Day, int64_t> used;
    for (const DayWord day : days) used[day.day()] = day.count();
    if (words.today.count() > 0) {
      used[words.today.day()] = words.today.count();
    }
    return used;
  }
};

bool operator==(const Kept& a, const Kept& b) {
  return a.first_day == b.first_day &&
         a.words.today.bits() == b.words.today.bits() &&
         a.words.period.bits() == b.words.period.bits() &&
         a.words.extension.bits() == b.words.extension.bits() &&
         std::equal(a.days.begin(), a.days.end(), b.days.begin(), b.days.end(),
                    [](DayWord x, DayWord y) { return x.bits() == y.bits(); });
}

// The contents of the files, by association.
absl::StatusOr<std::map<int64_t, Kept>> read_all(const std::string& folder,
                                                 uint64_t generation) {
  std::map<int64_t, Kept> all;
  const auto info = read_counts_files(
      folder, generation, [&](int64_t association, const CountsCopy& counts) {
        const Kept kept{counts.first_day,
                        counts.words,
                        {counts.days.begin(), counts.days.end()}};
        EXPECT_TRUE(all.emplace(association, kept).second);
        return absl::OkStatus();
      });
  if (!info.ok()) return info.status();
  EXPECT_EQ(info->boot_id, to_string(current_boot_id()));
  return all;
}

void take(CountsFile& file, uint32_t number, Day day, int64_t cost) {
  const EpochDomain::Guard guard;
  Counts& counts = file.records()[number].counts;
  EXPECT_TRUE(counts.quota.take(kMonthly, day, cost, counts.log, file.lines())
                  .admitted);
}

// Whether memory is accessible, rather than just reserved address space.
bool can_be_read(const char* address) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const bool can_be = write(ends[1], address, 1) == 1;
  close(ends[0]);
  close(ends[1]);
  return can_be;
}

TEST(MappedFile, HasAsMuchAsItWasExtendedTo) {
  constexpr size_t kStep = 2 * kMegabyte;
  const std::string path = new_folder() + "/file";
  const auto file = *MappedFile::create(path, 8 * kMegabyte - 1);
  EXPECT_EQ(file->reserved(), 8 * kMegabyte);
  EXPECT_EQ(file->size(), 0u);
  const auto expect_size = [&](size_t size) {
    EXPECT_EQ(file->size(), size);
    EXPECT_TRUE(can_be_read(file->base() + size - 1));
    if (size < file->reserved()) {
      EXPECT_FALSE(can_be_read(file->base() + size));
      EXPECT_FALSE(can_be_read(file->base() + file->reserved() - 1));
    }
    if (!file->is_memory()) {
      EXPECT_EQ(std::filesystem::file_size(path), size);
    }
  };
  ASSERT_TRUE(file->extend(1).ok());
  expect_size(kStep);
  ASSERT_TRUE(file->extend(kStep).ok());
  expect_size(kStep);
  file->base()[0] = 'a';
  // As in a child.
  const Descriptor former = file->become_memory();
  EXPECT_TRUE(former.is_open());
  expect_size(kStep);
  EXPECT_EQ(file->base()[0], '\0');
  EXPECT_TRUE(absl::IsFailedPrecondition(file->flush()));
  ASSERT_TRUE(file->extend(kStep + 1).ok());
  expect_size(2 * kStep);
  const absl::Status status = file->extend(4 * kStep + 1);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  expect_size(2 * kStep);
  ASSERT_TRUE(file->extend(4 * kStep).ok());
  expect_size(4 * kStep);
  // The file is unchanged.
  EXPECT_EQ(std::filesystem::file_size(path), kStep);
  EXPECT_EQ(std::ifstream(path).get(), 'a');
}

TEST(BootId, ReadsAsTheSystemWritesIt) {
  std::string text;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
  EXPECT_EQ(to_string(current_boot_id()), text);
}

std::unique_ptr<CountsFile> create(const std::string& folder,
                                   uint64_t generation = 1) {
  auto file = CountsFile::create(folder, generation, kMaxRecords);
  EXPECT_TRUE(file.ok()) << file.status();
  return *std::move(file);
}

absl::Status start(CountsFile& file, uint32_t number, int64_t association,
                   Day day = kDay) {
  return file.start(number, association,
                    CountsCopy::at_start(day, kMonthly.calendar));
}

TEST(CountsFile, KeepsWhatWasCounted) {
  const std::string folder = new_folder();
  {
    const auto file = create(folder);
    ASSERT_TRUE(start(*file, 3, 1000).ok());
    ASSERT_TRUE(start(*file, 70'000, 2000).ok());
    take(*file, 3, kDay, 5);
    take(*file, 3, kDay + 1, 6);
    take(*file, 3, kDay + 20, 7);
    take(*file, 70'000, kDay + 3, 8);
    ASSERT_TRUE(file->records()[3]
                    .counts.quota
                    .set_remaining(kMonthly, kDay + 20, 9,
                                   file->records()[3].counts.log)
                    .ok());
  }
  const auto all = read_all(folder, 1);
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 2u);
  const Kept& first = all->at(1000);
  EXPECT_EQ(first.first_day, kDay);
  EXPECT_EQ(first.used(),
            (std::map<Day, int64_t>{{kDay, 5}, {kDay + 1, 6}, {kDay + 20, 7}}));
  EXPECT_NE(first.words.extension.bits(), 0u);
  EXPECT_EQ(all->at(2000).used(), (std::map<Day, int64_t>{{kDay + 3, 8}}));
  struct stat status;
  ASSERT_EQ(stat(counts_of(folder, 1).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(CountsFile, GoesOnInTheNextGeneration) {
  const std::string folder = new_folder();
  auto file = create(folder, 1);
  for (uint32_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(start(*file, i, i * 1000).ok());
  }
  std::mt19937_64 random(seed());
  std::map<int64_t, std::map<Day, int64_t>> used;
  Day day = kDay;
  for (uint64_t generation = 1; generation <= 5; ++generation) {
    for (int i = 0; i < 3'000; ++i) {
      day += random() % 100 == 0;
      const uint32_t number = 1 + random() % 100;
      take(*file, number, day, 2);
      used[file->records()[number].association][day] += 2;
    }
    file = nullptr;
    const auto all = read_all(folder, generation);
    ASSERT_TRUE(all.ok()) << all.status();
    file = create(folder, generation + 1);
    // The records may have other numbers now.
    uint32_t number = 101;
    for (const auto& [association, kept] : *all) {
      auto recent = used[association];
      recent.erase(recent.begin(), recent.lower_bound(day - 90));
      auto recent_kept = kept.used();
      recent_kept.erase(recent_kept.begin(), recent_kept.lower_bound(day - 90));
      EXPECT_EQ(recent_kept, recent);
      ASSERT_TRUE(file->start(--number, association, kept.copy()).ok());
    }
    const auto again = read_all(folder, generation + 1);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *all);
    ASSERT_TRUE(CountsFile::remove(folder, generation).ok());
  }
  // Restored counters continue: the month's sum is that of the log.
  for (uint32_t number = 1; number <= 100; ++number) {
    const CountsRecord& record = file->records()[number];
    int64_t total = 0;
    for (const auto& [on, count] : used[record.association]) {
      if (on >= kMonthly.calendar.period_start(day)) total += count;
    }
    EXPECT_EQ(record.counts.quota.read(kMonthly, day, record.counts.log)
                  .used_in_period,
              total);
  }
}

TEST(CountsFile, ForgetsWhatHasEnded) {
  const std::string folder = new_folder();
  const auto file = create(folder);
  ASSERT_TRUE(start(*file, 3, 1000).ok());
  for (int i = 0; i < 30; ++i) take(*file, 3, kDay + i, 1);
  file->end(3);
  EXPECT_TRUE(read_all(folder, 1)->empty());
  ASSERT_TRUE(start(*file, 3, 1001, kDay + 40).ok());
  ASSERT_TRUE(file->collect(1).ok());
  for (int i = 40; i < 60; ++i) take(*file, 3, kDay + i, 1);
  const auto all = *read_all(folder, 1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all.at(1001).used().size(), 20u);
}

TEST(CountsFile, ReplacesLeftoversAndRemovesThem) {
  const std::string folder = new_folder();
  for (const std::string& path :
       {counts_of(folder, 1), days_of(folder, 1), counts_of(folder, 2),
        days_of(folder, 17), folder + "/counts-x", folder + "/store.db"}) {
    std::ofstream(path) << std::string(10'000, 'x');
  }
  const auto file = create(folder);
  EXPECT_TRUE(read_all(folder, 1)->empty());
  EXPECT_TRUE(CountsFile::remove_others(folder, 1).ok());
  const auto is_there = [](const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
  };
  EXPECT_TRUE(is_there(counts_of(folder, 1)));
  EXPECT_TRUE(is_there(days_of(folder, 1)));
  EXPECT_FALSE(is_there(counts_of(folder, 2)));
  EXPECT_FALSE(is_there(days_of(folder, 17)));
  EXPECT_TRUE(is_there(folder + "/counts-x"));
  EXPECT_TRUE(is_there(folder + "/store.db"));
  EXPECT_TRUE(CountsFile::remove(folder, 1).ok());
  EXPECT_TRUE(CountsFile::remove(folder, 1).ok());
  EXPECT_TRUE(absl::IsNotFound(read_all(folder, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(
      CountsFile::create(folder + "/nowhere", 1, 100).status()));
}

// While this exists, the disk is full: files cannot grow beyond `bytes`.
class FullDisk {
 public:
  explicit FullDisk(size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

TEST(CountsFile, FullDiskIsAnErrorAndNoMore) {
  const std::string folder = new_folder();
  {
    const FullDisk full(kMegabyte / 4);
    const auto file = CountsFile::create(folder, 1, kMaxRecords);
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(start(**file, 4000, 1).ok());
    const auto status = start(**file, 4096, 2);
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), counts_of(folder, 1)));
    EXPECT_TRUE(absl::StrContains(status.message(), "File too large"));
    struct stat file_status;
    ASSERT_EQ(stat(counts_of(folder, 1).c_str(), &file_status), 0);
    EXPECT_LE(static_cast<size_t>(file_status.st_size), kMegabyte / 4);
  }
  EXPECT_EQ(read_all(folder, 1)->size(), 1u);
  {
    const FullDisk full(0);
    EXPECT_TRUE(absl::IsUnavailable(
        CountsFile::create(folder, 2, kMaxRecords).status()));
  }
  EXPECT_NE(access(counts_of(folder, 2).c_str(), F_OK), 0);
}

TEST(CountsFile, WithoutRoomForLinesOnlyDaysAreLost) {
  const std::string folder = new_folder();
  const auto file = create(folder);
  constexpr uint32_t kKeys = 40'000;  // More than fit in the first 2 megabytes.
  for (uint32_t i = 1; i <= kKeys; ++i) ASSERT_TRUE(start(*file, i, i).ok());
  {
    const FullDisk full(2 * kMegabyte);
    const auto status = file->collect(kKeys);
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), days_of(folder, 1)));
    for (uint32_t i = 1; i <= kKeys; ++i) take(*file, i, kDay, 1);
    for (uint32_t i = 1; i <= kKeys; ++i) take(*file, i, kDay + 1, 1);
  }
  const int64_t lost = file->lost_days();
  EXPECT_GT(lost, kKeys - 2 * kMegabyte / 64);
  EXPECT_LT(lost, kKeys);
  ASSERT_TRUE(file->collect(kKeys).ok());
  for (uint32_t i = 1; i <= kKeys; ++i) take(*file, i, kDay + 2, 1);
  EXPECT_EQ(file->lost_days(), lost);
  const auto all = read_all(folder, 1);
  ASSERT_TRUE(all.ok()) << all.status();
  int64_t days = 0;
  for (const auto& [association, kept] : *all) {
    days += static_cast<int64_t>(kept.days.size());
  }
  EXPECT_EQ(days, 2 * kKeys - lost);
}

TEST(CountsFile, GrowsWhileThreadsCountAndIsReadMeanwhile) {
  const std::string folder = new_folder();
  const auto file = create(folder);
  constexpr uint32_t kKeys = 64;
  constexpr uint32_t kPassing = 500;
  for (uint32_t i = 1; i <= kKeys; ++i) {
    ASSERT_TRUE(start(*file, i, 1'000'000 + i).ok());
  }
  std::atomic<Day> day{kDay};
  std::atomic<bool> over{false};
  std::atomic<int64_t> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = static_cast<uint32_t>(t); !over; ++i) {
        take(*file, 1 + i % kKeys, day, 1);
        ++taken;
      }
    });
  }
  threads.emplace_back([&] {
    while (!over) {
      const auto all = read_all(folder, 1);
      EXPECT_TRUE(all.ok()) << all.status();
      if (!all.ok()) return;
      for (uint32_t i = 1; i <= kKeys; ++i)
        EXPECT_EQ(all->count(1'000'000 + i), 1u);
    }
  });
  // Meanwhile, keys come and go, and the files grow.
  std::mt19937_64 random(seed());
  std::map<uint32_t, int64_t> present;
  int64_t association = 2'000'000;
  for (uint32_t i = 0; i < 30'000; ++i) {
    const uint32_t number = kKeys + 1 + random() % kPassing + i;
    if (const auto it = present.find(number); it != present.end()) {
      file->end(number);
      present.erase(it);
    } else {
      ASSERT_TRUE(start(*file, number, ++association, day).ok());
      present[number] = association;
      take(*file, number, day, 1);
      take(*file, number, day + 1, 1);
    }
    if (i % 350 == 0) {
      ++day;
      ASSERT_TRUE(file->collect(kKeys + present.size()).ok());
    }
  }
  over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(file->lost_days(), 0);
  const auto all = *read_all(folder, 1);
  EXPECT_EQ(all.size(), kKeys + present.size());
  int64_t total = 0;
  for (uint32_t i = 1; i <= kKeys; ++i) {
    for (const auto& [on, count] : all.at(1'000'000 + i).used()) {
      total += count;
    }
  }
  EXPECT_EQ(total, taken);
}

// Memory that the process to be killed shares with the test.
struct Ledger {
  static constexpr uint32_t kKeys = 4;
  static constexpr int kDays = 90;

  std::atomic<int> day;
  std::atomic<int64_t> begun[kKeys];
  std::atomic<int64_t> done[kKeys][kDays];
};

[[noreturn]] void count_until_killed(const std::string& folder,
                                     Ledger& ledger) {
  const auto file = CountsFile::create(folder, 1, kMaxRecords);
  if (!file.ok()) _exit(1);
  for (uint32_t i = 0; i < Ledger::kKeys; ++i) {
    if (!start(**file, 1 + i, 1000 + i).ok()) _exit(2);
  }
  if (!(*file)->collect(Ledger::kKeys).ok()) _exit(3);
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (uint32_t i = 0;; i = (i + 1) % Ledger::kKeys) {
        Counts& counts = (*file)->records()[1 + i].counts;
        const EpochDomain::Guard guard;
        ++ledger.begun[i];
        const auto decision = counts.quota.take(kMonthly, kDay + ledger.day, 1,
                                                counts.log, (*file)->lines());
        if (decision.admitted) ++ledger.done[i][decision.state.day - kDay];
      }
    });
  }
  // Midnights, one after another.
  for (;;) {
    if (ledger.day < Ledger::kDays - 2) ++ledger.day;
    usleep(50);
  }
}

TEST(CountsFile, LosesNothingWhenTheProcessIsKilled) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 20; ++round) {
    const std::string folder = new_folder();
    auto* ledger = static_cast<Ledger*>(
        mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(ledger, MAP_FAILED);
    const pid_t child = fork();
    if (child == 0) count_until_killed(folder, *ledger);
    while (ledger->begun[0] == 0) usleep(100);
    usleep(static_cast<useconds_t>(random() % 10'000));
    kill(child, SIGKILL);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));

    const auto all = read_all(folder, 1);
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(all->size(), Ledger::kKeys);
    const auto next = create(folder, 2);
    for (uint32_t i = 0; i < Ledger::kKeys; ++i) {
      const Kept& kept = all->at(1000 + i);
      auto used = kept.used();
      int64_t total = 0;
      for (int d = 0; d < Ledger::kDays; ++d) {
        // Each thread may have counted one more than it noted.
        EXPECT_GE(used[kDay + d], ledger->done[i][d]);
        EXPECT_LE(used[kDay + d], ledger->done[i][d] + 3);
        total += used[kDay + d];
      }
      EXPECT_LE(total, ledger->begun[i]);
      // The next process continues from there.
      ASSERT_TRUE(next->start(1 + i, 1000 + i, kept.copy()).ok());
      take(*next, 1 + i, kDay + ledger->day + 1, 7);
      const Counts& counts = next->records()[1 + i].counts;
      EXPECT_EQ(counts.log.sum(kDay, kDay + ledger->day), total);
    }
    munmap(ledger, sizeof(Ledger));
  }
}

TEST(CountsFile, ChildGoesOnWithACopy) {
  const std::string folder = new_folder();
  const auto file = create(folder);
  ASSERT_TRUE(start(*file, 1, 1000).ok());
  ASSERT_TRUE(start(*file, 2, 2000).ok());
  for (int i = 0; i < 20; ++i) take(*file, 1, kDay + i, 10);
  std::atomic<bool> over{false};
  std::atomic<Day> day{kDay};
  std::atomic<int64_t> others{0};
  std::thread thread([&] {
    for (; !over; ++others) {
      take(*file, 2, day, 1);
      if (others % 64 == 0 && day < kDay + 90) ++day;
    }
  });
  while (others == 0) std::this_thread::yield();
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      if (!file->is_copy() || file->flush().ok()) _exit(1);
      const Counts& first = file->records()[1].counts;
      if (first.log.sum(kDay, kDay + 18) != 190) _exit(2);
      if (first.quota.counted().count != 10) _exit(3);
      // Counts across midnights, and for new keys.
      for (int i = 20; i < 60; ++i) take(*file, 1, kDay + i, 1000);
      if (first.log.sum(kDay, kDay + 58) != 200 + 39'000) _exit(4);
      const Counts& second = file->records()[2].counts;
      // The thread may have been at a midnight: the counter's current day may
      // be in the log already.
      const auto present = second.quota.counted();
      const int64_t before =
          second.log.sum(kDay, present.day - 1) + present.count;
      for (int i = 0; i < 5; ++i) take(*file, 2, kDay + 92 + i, 7);
      if (second.log.sum(kDay, kDay + 99) != before + 28) _exit(5);
      if (!start(*file, 50'000, 3000).ok()) _exit(6);
      if (!file->collect(100'000).ok()) _exit(7);
      for (int i = 0; i < 60; ++i) take(*file, 50'000, kDay + i, 1);
      if (file->lost_days() != 0) _exit(8);
      // The child's own children get a copy too.
      const pid_t grandchild = fork();
      if (grandchild == 0) {
        take(*file, 50'000, kDay + 60, 1);
        _exit(0);
      }
      int status;
      waitpid(grandchild, &status, 0);
      if (status != 0) _exit(9);
      if (file->records()[50'000].counts.quota.counted().day != kDay + 59) {
        _exit(10);
      }
      _exit(::testing::Test::HasFailure() ? 11 : 0);
    }
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  over = true;
  thread.join();
  // The children's usage is not in the parent's files.
  const auto all = *read_all(folder, 1);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all.at(1000).used().size(), 20u);
  int64_t total = 0;
  for (const auto& [on, count] : all.at(2000).used()) total += count;
  EXPECT_EQ(total, others);
}

// Files are created and destroyed under a Mutex, as in the control plane.
TEST(CountsFile, FilesMayBeginAndEndWhileTheProcessForks) {
  std::atomic<bool> over{false};
  std::atomic<int> files{0};
  std::thread thread([&, folder = new_folder()] {
    Mutex control;
    for (; !over; ++files) {
      MutexLock lock(control);
      const auto file = create(folder, 1 + files);
      ASSERT_TRUE(start(*file, 1, 1000).ok());
      take(*file, 1, kDay, 10);
    }
  });
  while (files == 0) std::this_thread::yield();
  for (int round = 0; round < 100; ++round) EXPECT_EQ(in_child([] {}), 0);
  over = true;
  thread.join();
}

// Two files with a thousand records, each with a log, and ways to damage them.
class DamagedCounts : public ::testing::Test {
 protected:
  static constexpr uint32_t kRecords = 1000;

  void SetUp() override {
    const auto file = create(folder_);
    for (uint32_t i = 1; i <= kRecords; ++i) {
      ASSERT_TRUE(start(*file, i, 1'000'000 + i).ok());
      for (uint32_t d = 0; d < 3 * (i % 10); ++d) {
        take(*file, i, kDay + static_cast<Day>(3 * d), 1);
      }
    }
    lines_address_ =
        reinterpret_cast<const CountsHeader*>(file->records())->lines_address;
  }

  template <class T>
  T peek(const std::string& path, size_t offset) {
    T value;
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(&value), sizeof value);
    EXPECT_TRUE(file.good());
    return value;
  }
  template <class T>
  void poke(const std::string& path, size_t offset, T value) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
    EXPECT_TRUE(file.good());
  }

  // Damages a file, expects an error, and restores the bytes.
  template <class T>
  void expect_loss(const std::string& path, size_t offset, T value,
                   const std::string& message) {
    SCOPED_TRACE(absl::StrCat(path, " ", offset, ": ", message));
    const T before = peek<T>(path, offset);
    poke(path, offset, value);
    expect_loss(path, message);
    poke(path, offset, before);
  }
  void expect_loss(const std::string& path, const std::string& message) {
    const auto status = read_all(folder_, 1).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), path + ": at offset "))
        << status;
    EXPECT_TRUE(absl::StrContains(status.message(), message)) << status;
  }

  // The offsets of the head of a record's log, and of the line it points to.
  static size_t head_of(uint32_t number) {
    return number * sizeof(CountsRecord) + offsetof(Counts, log);
  }
  size_t first_line_of(uint32_t number) {
    return (peek<uint64_t>(counts_, head_of(number)) & ~uint64_t{63}) -
           lines_address_;
  }

  const std::string folder_ = new_folder();
  const std::string counts_ = counts_of(folder_, 1);
  const std::string days_ = days_of(folder_, 1);
  uint64_t lines_address_;
};

TEST_F(DamagedCounts, IsReadWhenItIsNot) {
  EXPECT_EQ(read_all(folder_, 1)->size(), kRecords);
  const auto info = inspect_counts_files(folder_, 1);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->boot_id, to_string(current_boot_id()));
}

TEST_F(DamagedCounts, TellsOfAHeader) {
  for (const std::string& path : {counts_, days_}) {
    expect_loss(path, 0, uint64_t{0}, "not how a file of counts begins");
    expect_loss(path, 8, uint32_t{2},
                "another version: its format is 2, this one reads 1");
    for (size_t offset = 12; offset < 56; ++offset) {
      expect_loss(path, offset,
                  static_cast<char>(peek<char>(path, offset) ^ 0x10),
                  "check value does not match");
    }
    expect_loss(path, 56, uint64_t{0}, "size is missing");
    expect_loss(path, 56, uint64_t{1} << 40, "cut short");
  }
  EXPECT_TRUE(absl::IsDataLoss([&] {
    poke(counts_, 8, uint32_t{9});
    return inspect_counts_files(folder_, 1).status();
  }()));
}

TEST_F(DamagedCounts, TellsOfFilesThatAreNotThese) {
  const auto other = create(folder_, 2);
  std::rename(days_of(folder_, 2).c_str(), days_.c_str());
  expect_loss(days_, "of generation 2, not 1");
  std::rename(counts_of(folder_, 2).c_str(), days_.c_str());
  expect_loss(days_, "of the other kind");
}

TEST_F(DamagedCounts, TellsOfFilesThatAreCutShort) {
  for (const std::string& path : {days_, counts_}) {
    for (const off_t size : {off_t{1'000'000}, off_t{4096}, off_t{64},
                             off_t{63}, off_t{1}, off_t{0}}) {
      ASSERT_EQ(truncate(path.c_str(), size), 0);
      expect_loss(path, size >= 64 ? "cut short" : "ends within its header");
    }
  }
}

TEST_F(DamagedCounts, TellsWhoseRecordsAreNot) {
  const auto at = [](size_t offset) {
    return 7 * sizeof(CountsRecord) + offset;
  };
  // The first day, the association and the check value.
  std::vector<size_t> offsets = {24, 25, 26, 27};
  for (size_t i = 40; i < 56; ++i) offsets.push_back(i);
  for (const size_t offset : offsets) {
    expect_loss(counts_, at(offset),
                static_cast<char>(peek<char>(counts_, at(offset)) ^ 0x04),
                "check value does not match (record 7)");
  }
  // A record in the place of another.
  struct Bytes {
    char bytes[sizeof(CountsRecord)];
  };
  expect_loss(counts_, at(0), peek<Bytes>(counts_, at(sizeof(CountsRecord))),
              "check value does not match (record 7)");
}

TEST_F(DamagedCounts, TellsOfWordsThatNoCounterHolds) {
  const auto at = [](size_t offset) {
    return 9 * sizeof(CountsRecord) + offset;
  };
  const auto today = peek<uint64_t>(counts_, at(0));
  const auto period = peek<uint64_t>(counts_, at(8));
  const std::string what = "no counter holds such words (record 9)";
  expect_loss(counts_, at(0), today + (uint64_t{1} << 48), what);
  expect_loss(counts_, at(0), today - (uint64_t{1} << 48), what);
  expect_loss(counts_, at(0), uint64_t{0}, what);
  expect_loss(counts_, at(8), period + (uint64_t{1} << 43), what);
  expect_loss(counts_, at(8), period | uint64_t{63} << 58, what);
  expect_loss(counts_, at(16), uint64_t{63} << 58, what);
  // A closed day that is later than the period's.
  expect_loss(counts_, at(0), (today + (uint64_t{1} << 48)) | uint64_t{1} << 63,
              what);
}

TEST_F(DamagedCounts, TellsOfLogsThatCannotBe) {
  const uint32_t number = 9;  // Has 27 days, in several lines.
  const size_t head = head_of(number);
  const auto bits = peek<uint64_t>(counts_, head);
  const size_t line = first_line_of(number);
  const std::string no_line = "the address of a line that does not exist";
  expect_loss(counts_, head, uint64_t{1} << 62, no_line);
  expect_loss(counts_, head, lines_address_, no_line);
  expect_loss(counts_, head, lines_address_ + 64, no_line);
  expect_loss(counts_, head, bits + (uint64_t{1} << 40), no_line);
  expect_loss(counts_, head, uint64_t{5}, no_line);
  expect_loss(counts_, head, bits | 63, "a group that does not exist");
  // The list: a cycle, a line that does not exist, an unaligned address.
  expect_loss(days_, line, bits, "a duplicate group of days");
  expect_loss(days_, line, uint64_t{1} << 62, no_line);
  expect_loss(days_, line, (bits ^ 1) + 8, "");
  // Entries: without a count, closed, of another slot, after the current day.
  const auto entry_at = [&] {
    for (size_t i = 1; i < 8; ++i) {
      if (peek<uint64_t>(days_, line + 8 * i) != 0) return line + 8 * i;
    }
    return size_t{0};
  }();
  ASSERT_NE(entry_at, 0u);
  const auto entry = peek<uint64_t>(days_, entry_at);
  const std::string no_day = "a day that is not of its place";
  expect_loss(days_, entry_at, entry & ~((uint64_t{1} << 48) - 1), no_day);
  expect_loss(days_, entry_at, entry | uint64_t{1} << 63, no_day);
  expect_loss(days_, entry_at, entry + (uint64_t{1} << 48), no_day);
  const std::string not_counted = "a day that the counter has not counted";
  poke(days_, entry_at, entry + (uint64_t{DailyLog::kDays} << 48));
  expect_loss(counts_, not_counted);
  poke(days_, entry_at, entry - (uint64_t{DailyLog::kDays} << 48));
  expect_loss(counts_, not_counted);
  poke(days_, entry_at, entry);
  poke(counts_, head, bits ^ 1);
  expect_loss(days_, no_day);
  poke(counts_, head, bits);
  EXPECT_EQ(read_all(folder_, 1)->size(), kRecords);
}

// Whatever the bytes, reading terminates, and counting can resume from the
// result.
TEST_F(DamagedCounts, NeverBreaksTheReader) {
  std::mt19937_64 random(seed());
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed()));
  for (const std::string& path : {counts_, days_}) {
    ASSERT_EQ(truncate(path.c_str(), 2 * kMegabyte), 0);
  }
  int losses = 0;
  for (int round = 0; round < 150; ++round) {
    struct Change {
      std::string path;
      size_t offset;
      uint64_t before;
    };
    std::vector<Change> changes;
    for (uint64_t i = 1 + random() % 4; i > 0; --i) {
      const std::string& path = random() % 2 == 0 ? counts_ : days_;
      const size_t offset = random() % (kRecords * 64 / 8) * 8;
      const auto before = peek<uint64_t>(path, offset);
      changes.push_back({path, offset, before});
      const uint64_t others[] = {
          before ^ uint64_t{1} << random() % 64,
          random(),
          0,
          ~uint64_t{0},
          lines_address_ + random() % (2 * kMegabyte),
          peek<uint64_t>(path, random() % (kRecords * 64 / 8) * 8)};
      poke(path, offset, others[random() % std::size(others)]);
    }
    Counts counts;
    const auto info = read_counts_files(
        folder_, 1, [&](int64_t association, const CountsCopy& copy) {
          EXPECT_GT(association, 0);
          EXPECT_TRUE(copy.words.are_possible());
          counts.quota.resume(copy.first_day, copy.words);
          return absl::OkStatus();
        });
    EXPECT_TRUE(info.ok() || absl::IsDataLoss(info.status())) << info.status();
    losses += !info.ok();
    std::reverse(changes.begin(), changes.end());
    for (const Change& change : changes) {
      poke(change.path, change.offset, change.before);
    }
  }
  EXPECT_GT(losses, 50);
  EXPECT_EQ(read_all(folder_, 1)->size(), kRecords);
}

}  // namespace
}  // namespace weir::internal
