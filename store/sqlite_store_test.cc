// The contents of a store, and which processes may open it. For faults see
// sqlite_store_faults_test.cc.

#include "weir/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/proto/store.pb.h"
#include "weir/store/store.h"
#include "weir/store/testing/test_changes.h"
#include "weir/tests/in_child.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr SqliteStore::Options kReadOnly{true};

std::shared_ptr<Store> open_store(const std::string& folder) {
  const auto store = SqliteStore::open(folder);
  EXPECT_TRUE(store.ok()) << store.status();
  return *store;
}

std::string text_of(const absl::Status& status) {
  return std::string(status.message());
}

v1::StoreChange no_counts(int64_t last_association_id) {
  v1::StoreChange change;
  change.mutable_put_counts()->set_last_association_id(last_association_id);
  return change;
}

TEST(SqliteStore, IsEmptyAtFirstButForItsCounts) {
  const auto store = open_store(fresh_path());
  EXPECT_THAT(contents(*store), ElementsAre("put_counts { }"));
  EXPECT_FALSE(store->is_read_only());
  EXPECT_THAT(days(*store, 0), IsEmpty());
  EXPECT_THAT(days(*store, 1), IsEmpty());
  EXPECT_THAT(blocks(*store, 1), IsEmpty());
  EXPECT_TRUE(store->commit({}).ok());
  EXPECT_TRUE(store->write_usage({}, {}).ok());
}

TEST(SqliteStore, GivesBackWhatWasCommittedInTheOrderOfComing) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  v1::StoreChange plan = put_plan("p1");
  v1::StoredTerms* terms = plan.mutable_put_usage_plan()->add_terms();
  terms->set_unix_ns(1'234'567'890'123'456'789);
  terms->set_limit(100);
  plan.mutable_put_usage_plan()->set_shared(true);
  v1::StoreChange key = put_key("k1");
  key.mutable_put_api_key()->set_enabled(true);
  key.mutable_put_api_key()->mutable_created_date()->set_nanos(5);
  v1::StoreChange extended = put_association(3, "p2", "k1");
  auto* extension = extended.mutable_put_association()->add_extensions();
  extension->set_amount(-7);
  extended.mutable_put_association()->add_extensions()->set_day(9'001);
  v1::StoreChange counts = put_counts(~uint64_t{0}, 4);
  counts.mutable_put_counts()->set_boot_id("boot");
  counts.mutable_put_counts()->set_closed(true);
  const std::vector<v1::StoreChange> put = {
      put_plan("p2"), plan,
      put_key("k3"),  key,
      counts,         put_association(1, "p2", "k3"),
      extended,       put_key("k2")};
  ASSERT_TRUE(store->commit(put).ok());

  counts.mutable_put_counts()->set_last_association_id(3);
  const auto expected =
      texts({counts, put[0], put[1], put[2], put[3], put[7], put[5], put[6]});
  EXPECT_THAT(contents(*store), ElementsAreArray(expected));
  store.reset();
  EXPECT_THAT(contents(*open_store(folder)), ElementsAreArray(expected));
}

TEST(SqliteStore, PutReplacesInPlace) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(store
                  ->commit({put_plan("p1"), put_plan("p2"), put_key("k1"),
                            put_key("k2"), put_association(1, "p1", "k1"),
                            put_association(2, "p1", "k2")})
                  .ok());
  v1::StoreChange moved = put_association(1, "p2", "k1");
  moved.mutable_put_association()->set_first_day(1);
  const std::vector<v1::StoreChange> again = {put_plan("p1", "new"),
                                              put_key("k1", "new"), moved};
  ASSERT_TRUE(store->commit(again).ok());
  EXPECT_THAT(contents(*store),
              ElementsAreArray(texts({no_counts(2), again[0], put_plan("p2"),
                                      again[1], put_key("k2"), again[2],
                                      put_association(2, "p1", "k2")})));
}

TEST(SqliteStore, DeletesAssociationsWithTheirPlanOrKey) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(store
                  ->commit({put_plan("p1"), put_plan("p2"), put_key("k1"),
                            put_key("k2"), put_association(1, "p1", "k1"),
                            put_association(2, "p1", "k2"),
                            put_association(3, "p2", "k1"),
                            put_association(4, "p2", "k2")})
                  .ok());
  ASSERT_TRUE(store->commit({delete_plan("p1")}).ok());
  EXPECT_THAT(
      contents(*store),
      ElementsAreArray(texts({no_counts(4), put_plan("p2"), put_key("k1"),
                              put_key("k2"), put_association(3, "p2", "k1"),
                              put_association(4, "p2", "k2")})));
  ASSERT_TRUE(store->commit({delete_key("k1")}).ok());
  EXPECT_THAT(
      contents(*store),
      ElementsAreArray(texts({no_counts(4), put_plan("p2"), put_key("k2"),
                              put_association(4, "p2", "k2")})));
  ASSERT_TRUE(store->commit({delete_association(4)}).ok());
  EXPECT_THAT(
      contents(*store),
      ElementsAreArray(texts({no_counts(4), put_plan("p2"), put_key("k2")})));
  // A key that is deleted and created again comes last, and has no history.
  ASSERT_TRUE(
      store->commit({put_key("k3"), delete_key("k2"), put_key("k2")}).ok());
  EXPECT_THAT(contents(*store),
              ElementsAreArray(texts({no_counts(4), put_plan("p2"),
                                      put_key("k3"), put_key("k2")})));
}

TEST(SqliteStore, DeletingWhatIsNotThereChangesNothing) {
  const auto store = open_store(fresh_path());
  EXPECT_TRUE(
      store->commit({delete_plan("p"), delete_key("k"), delete_association(1)})
          .ok());
  EXPECT_THAT(contents(*store), ElementsAre("put_counts { }"));
}

TEST(SqliteStore, LastAssociationIdNeverGoesBack) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  const auto last = [&] { return contents(*store)[0]; };
  ASSERT_TRUE(
      store->commit({put_plan("p"), put_key("k"), put_association(7, "p", "k")})
          .ok());
  ASSERT_TRUE(store->commit({delete_key("k")}).ok());
  store.reset();
  store = open_store(folder);
  EXPECT_EQ(last(), "put_counts { last_association_id: 7 }");
  ASSERT_TRUE(store->commit({no_counts(6)}).ok());
  EXPECT_EQ(last(), "put_counts { last_association_id: 7 }");
  ASSERT_TRUE(store->commit({no_counts(9)}).ok());
  ASSERT_TRUE(store->commit({no_counts(0)}).ok());
  EXPECT_EQ(last(), "put_counts { last_association_id: 9 }");
}

TEST(SqliteStore, CommitsAllOrNothing) {
  const std::string folder = fresh_path();
  const auto store = open_store(folder);
  ASSERT_TRUE(
      store->commit({put_plan("p"), put_key("k"), put_association(1, "p", "k")})
          .ok());
  const auto before = contents(*store);
  for (const v1::StoreChange& wrong :
       {put_association(2, "p", "missing"), put_association(2, "missing", "k"),
        put_association(2, "p", "k"), put_association(0, "p", "new"),
        put_plan(""), put_key(""), v1::StoreChange()}) {
    SCOPED_TRACE(wrong.ShortDebugString());
    const absl::Status status = store->commit(
        {put_key("new"), delete_key("k"), put_key("k"), put_counts(5, 5),
         put_association(9, "p", "k"), wrong, put_plan("p", "changed")});
    // By then, the pair of p and k has been freed and used again.
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(text_of(status), StartsWith("changes[5]: "));
    EXPECT_THAT(text_of(status), Not(HasSubstr("secret")));
    EXPECT_EQ(contents(*store), before);
  }
  EXPECT_THAT(
      text_of(store->commit({put_association(2, "p", "missing")})),
      StartsWith(
          "changes[0]: association 2 of key \"missing\" with usage plan "
          "\"p\": expected both to be there, and no other of the two: "));
  EXPECT_TRUE(store->commit({put_key("new")}).ok());
}

TEST(SqliteStore, CommitsTenThousandKeys) {
  const auto store = open_store(fresh_path());
  std::vector<v1::StoreChange> changes = {put_plan("p")};
  for (int i = 1; i <= 10'000; ++i) {
    changes.push_back(put_key(absl::StrCat("k", i)));
  }
  for (int i = 1; i <= 10'000; ++i) {
    changes.push_back(put_association(i, "p", absl::StrCat("k", i)));
  }
  ASSERT_TRUE(store->commit(changes).ok());
  changes.insert(changes.begin(), no_counts(10'000));
  EXPECT_THAT(contents(*store), ElementsAreArray(texts(changes)));
}

// Keys and associations alone may be written in pieces. The id of the last
// association is as good then: no later one may have it again.
TEST(SqliteStore, KnowsTheLastAssociationOfALargeCommit) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_plan("p")}).ok());
  std::vector<v1::StoreChange> changes;
  for (int i = 1; i <= 5'000; ++i) {
    changes.push_back(put_key(absl::StrCat("k", i)));
    changes.push_back(put_association(i, "p", absl::StrCat("k", i)));
  }
  ASSERT_TRUE(store->commit(changes).ok());
  store.reset();
  store = open_store(folder);
  EXPECT_EQ(contents(*store)[0], "put_counts { last_association_id: 5000 }");
}

TEST(SqliteStore, LoadsFromOneSnapshot) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(store->commit({put_plan("p"), put_key("k")}).ok());
  const auto before = contents(*store);
  std::vector<std::string> seen;
  ASSERT_TRUE(
      store
          ->load([&](const v1::StoreChange& change) {
            // Commits from inside and from another thread, while loading.
            std::thread([&] {
              EXPECT_TRUE(
                  store->commit({put_key(absl::StrCat(seen.size()))}).ok());
            }).join();
            EXPECT_EQ(contents(*store).size(), before.size() + seen.size() + 1);
            EXPECT_TRUE(store->commit({put_plan("p", "changed")}).ok());
            seen.push_back(change.ShortDebugString());
            return absl::OkStatus();
          })
          .ok());
  EXPECT_EQ(seen, before);
}

TEST(SqliteStore, StopsAtAnErrorOfTheVisitor) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(store->commit({put_plan("p"), put_key("k")}).ok());
  ASSERT_TRUE(store->write_usage({}, {{1, 0, "a"}, {1, 1, "b"}}).ok());
  for (size_t stop = 1; stop <= 3; ++stop) {
    size_t seen = 0;
    const absl::Status enough = absl::AbortedError("enough");
    EXPECT_EQ(store->load([&](const v1::StoreChange&) {
      return ++seen == stop ? enough : absl::OkStatus();
    }),
              enough);
    EXPECT_EQ(seen, stop);
  }
  int seen = 0;
  EXPECT_EQ(store->read_counts(1,
                               [&](std::string_view) {
                                 ++seen;
                                 return absl::CancelledError();
                               }),
            absl::CancelledError());
  EXPECT_EQ(seen, 1);
}

TEST(SqliteStore, KeepsBlocksOfTheGenerationsThatCount) {
  const auto store = open_store(fresh_path());
  const std::string zeros(5'000, '\0');
  ASSERT_TRUE(
      store->write_usage({}, {{1, 1, "1b"}, {1, 0, "1a"}, {2, 0, zeros}}).ok());
  ASSERT_TRUE(
      store->write_usage({}, {{1, 1, "1B"}, {1, 9, ""}, {3, 0, "3"}}).ok());
  EXPECT_THAT(blocks(*store, 1), ElementsAre("1a", "1B", ""));
  EXPECT_THAT(blocks(*store, 2), ElementsAre(zeros));
  ASSERT_TRUE(store->commit({put_counts(3, 1)}).ok());
  EXPECT_THAT(blocks(*store, 1), ElementsAre("1a", "1B", ""));
  EXPECT_THAT(blocks(*store, 2), IsEmpty());
  EXPECT_THAT(blocks(*store, 3), ElementsAre("3"));
  ASSERT_TRUE(store->commit({put_counts(3, 3)}).ok());
  EXPECT_THAT(blocks(*store, 1), IsEmpty());
  EXPECT_THAT(blocks(*store, 3), ElementsAre("3"));
}

TEST(SqliteStore, ReadsDaysOfOneAssociationOrAll) {
  const auto store = open_store(fresh_path());
  const int64_t most = (int64_t{1} << 48) - 1;
  ASSERT_TRUE(store
                  ->write_usage({{2, 9'001, 21},
                                 {1, 9'000, 10},
                                 {2, 9'000, 20},
                                 {1, 9'002, most}},
                                {})
                  .ok());
  ASSERT_TRUE(store->write_usage({{2, 9'001, 22}, {2, 9'001, 23}}, {}).ok());
  EXPECT_THAT(days(*store, 0),
              ElementsAre("1@9000=10", "2@9000=20", "2@9001=23",
                          absl::StrCat("1@9002=", most)));
  EXPECT_THAT(days(*store, 1),
              ElementsAre("1@9000=10", absl::StrCat("1@9002=", most)));
  EXPECT_THAT(days(*store, 2, 9'000, 9'000), ElementsAre("2@9000=20"));
  EXPECT_THAT(days(*store, 2, 9'001, 9'005), ElementsAre("2@9001=23"));
  EXPECT_THAT(days(*store, 0, 9'001, 9'001), ElementsAre("2@9001=23"));
  EXPECT_THAT(days(*store, 2, 9'002, 9'005), IsEmpty());
  EXPECT_THAT(days(*store, 2, 9'001, 9'000), IsEmpty());
  EXPECT_THAT(days(*store, 3), IsEmpty());
}

TEST(SqliteStore, PrunesTheEarliestDaysFirst) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(
      store
          ->write_usage({{1, 3, 1}, {2, 1, 1}, {1, 1, 1}, {1, 2, 1}, {1, 4, 1}},
                        {})
          .ok());
  EXPECT_EQ(*store->prune_days(1, 10), 0);
  EXPECT_EQ(*store->prune_days(4, 0), 0);
  EXPECT_EQ(*store->prune_days(4, 3), 3);
  EXPECT_THAT(days(*store, 0), ElementsAre("1@3=1", "1@4=1"));
  EXPECT_EQ(*store->prune_days(4, 3), 1);
  EXPECT_EQ(*store->prune_days(4, 3), 0);
  EXPECT_THAT(days(*store, 0), ElementsAre("1@4=1"));
}

TEST(SqliteStore, ThreadsCommitWriteAndReadAtOnce) {
  const auto store = open_store(fresh_path());
  ASSERT_TRUE(store->commit({put_plan("p")}).ok());
  constexpr int kRounds = 50;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (int i = 0; i < kRounds; ++i) {
      const std::string key = absl::StrCat("k", i);
      EXPECT_TRUE(
          store->commit({put_key(key), put_association(i + 1, "p", key)}).ok());
    }
  });
  threads.emplace_back([&] {
    for (Day day = 1; day <= kRounds; ++day) {
      EXPECT_TRUE(
          store->write_usage({{1, day, day}}, {{1, 0, absl::StrCat(day)}})
              .ok());
      EXPECT_TRUE(store->prune_days(day - 10, 5).ok());
    }
  });
  std::thread reader([&] {
    size_t least = 2;
    while (!stop) {
      // A key and its association appear together.
      const size_t seen = contents(*store).size();
      EXPECT_EQ(seen % 2, 0u);
      EXPECT_GE(seen, least);
      least = seen;
      const auto read = days(*store, 1);
      EXPECT_LE(read.size(), 12u);
    }
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  reader.join();
  EXPECT_EQ(contents(*store).size(), 2u + 2 * kRounds);
  EXPECT_THAT(blocks(*store, 1), ElementsAre(absl::StrCat(kRounds)));
  EXPECT_EQ(days(*store, 1).size(), 11u);
}

// -- Files --

int permissions(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

// The files of a folder, with their contents.
std::map<std::string, std::string> files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

TEST(SqliteStore, FilesAreForTheUsersEyesAlone) {
  const std::string folder = fresh_path();
  const mode_t mask = umask(0);
  const auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  umask(mask);
  EXPECT_EQ(permissions(folder), 0700);
  for (const char* name :
       {"weir.sqlite", "weir.sqlite-wal", "weir.sqlite-shm", "lock"}) {
    EXPECT_EQ(permissions(absl::StrCat(folder, "/", name)), 0600) << name;
  }
}

TEST(SqliteStore, FolderMayHaveAnyNameAndTheProcessMayMoveOn) {
  const std::string name = "with space?readonly_shm=2#%41 \"é\"";
  const std::string folder = fresh_path(name);
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(folder).parent_path());
  const auto store = open_store(name);
  std::filesystem::current_path(before);
  EXPECT_EQ(store->folder(), folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  EXPECT_EQ(contents(*store).size(), 2u);
  EXPECT_TRUE(std::filesystem::exists(folder + "/weir.sqlite"));
  const auto reader = SqliteStore::open(folder, kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(contents(**reader), contents(*store));
}

TEST(SqliteStore, FolderThatCannotBeIsAnError) {
  const std::string path = fresh_path();
  EXPECT_EQ(SqliteStore::open(path + "/deeper").status().code(),
            absl::StatusCode::kNotFound);
  std::ofstream(path) << "a file";
  const absl::Status status = SqliteStore::open(path).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(text_of(status), HasSubstr(path));
}

// -- One writer --

TEST(SqliteStore, IsOpenedOnceInAProcess) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  const std::string link = fresh_path("link");
  std::filesystem::create_symlink(folder, link);
  for (const std::string& name : {folder, link, folder + "/../store"}) {
    const absl::Status status = SqliteStore::open(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(text_of(status), absl::StrCat(folder, ": is open in process ",
                                            getpid(), ", this one"));
  }
  // The lock is still held.
  EXPECT_EQ(in_child([&] { EXPECT_FALSE(SqliteStore::open(folder).ok()); }), 0);
  store.reset();
  EXPECT_TRUE(SqliteStore::open(link).ok());
}

TEST(SqliteStore, IsOpenedByOneProcess) {
  const std::string folder = fresh_path();
  int opened[2];
  ASSERT_EQ(pipe(opened), 0);
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    const auto store = SqliteStore::open(folder);
    char byte = store.ok() ? 'y' : 'n';
    if (write(opened[1], &byte, 1) == 1) pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(opened[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  const absl::Status status = SqliteStore::open(folder).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(text_of(status),
            absl::StrCat(folder, ": is open in process ", child));
  EXPECT_TRUE(SqliteStore::open(folder, kReadOnly).ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(SqliteStore::open(folder).ok());
}

// The system names no process for an OFD lock, as for a process in a container
// that is not visible from here.
TEST(SqliteStore, NamesNoProcessThatItCannotSee) {
  const std::string folder = fresh_path();
  open_store(folder).reset();
  const int file = open((folder + "/lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  ASSERT_EQ(fcntl(file, F_OFD_SETLK, &lock), 0);
  absl::Status status = SqliteStore::open(folder).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(text_of(status), folder + ": is open in another process");
  close(file);
  EXPECT_TRUE(SqliteStore::open(folder).ok());

  // A process whose file was removed still has the folder locked.
  const int locked = open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(flock(locked, LOCK_EX), 0);
  status = SqliteStore::open(folder).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(text_of(status),
            folder +
                ": is open in another process, whose file `lock` was "
                "removed");
  close(locked);
  EXPECT_TRUE(SqliteStore::open(folder).ok());
}

TEST(SqliteStore, ARemovedLockLetsNobodyIn) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(std::filesystem::remove(folder + "/lock"));
  const auto is_refused = [&] {
    // Not in_child(), because a child inherits what is open here.
    const std::string program = absl::StrCat(
        "flock --nonblock --conflict-exit-code=7 ", folder, " true");
    return WEXITSTATUS(std::system(program.c_str())) == 7;
  };
  EXPECT_TRUE(is_refused());
  // A child's copies, and its exit, do not matter either.
  EXPECT_EQ(in_child([] {}), 0);
  EXPECT_TRUE(is_refused());
  store.reset();
  EXPECT_FALSE(is_refused());
  EXPECT_TRUE(std::filesystem::exists(folder + "/weir.sqlite"));
  store = open_store(folder);
  EXPECT_TRUE(is_refused());
}

// The parent's lock ends even if a child that was forked under it lives on.
TEST(SqliteStore, AChildDoesNotKeepItsParentsLock) {
  const std::string folder = fresh_path(), other = fresh_path("other");
  const std::string ended = fresh_path("ended");
  auto store = open_store(folder), other_store = open_store(other);
  open_store(ended).reset();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    pause();
    _exit(0);
  }
  // A child may open a folder that the parent has closed.
  EXPECT_EQ(in_child([&] { EXPECT_TRUE(SqliteStore::open(ended).ok()); }), 0);
  store.reset();
  other_store.reset();
  EXPECT_TRUE(SqliteStore::open(folder).ok());
  EXPECT_TRUE(SqliteStore::open(other).ok());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// -- Readers --

TEST(SqliteStore, ReaderSeesWhatAnotherProcessCommits) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  int ready[2];
  int seen[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(seen), 0);
  // Closed before the fork, so that the child inherits nothing open.
  store.reset();
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    char byte;
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    const auto reader = SqliteStore::open(folder, kReadOnly);
    if (!reader.ok()) _exit(2);
    if (contents(**reader).size() != 1) _exit(3);
    if (write(seen[1], "", 1) != 1) _exit(1);
    // Waits until the parent's commit is visible.
    while (contents(**reader).size() == 1) usleep(1'000);
    // Then waits for the parent's usage, after the parent has closed the store.
    while (days(**reader, 1).empty()) usleep(1'000);
    while (contents(**reader).size() == 2) usleep(1'000);
    _exit(contents(**reader).size() == 3 ? 0 : 4);
  }
  store = open_store(folder);
  ASSERT_EQ(write(ready[1], "", 1), 1);
  char byte;
  ASSERT_EQ(read(seen[0], &byte, 1), 1);
  EXPECT_TRUE(store->commit({put_key("k")}).ok());
  EXPECT_TRUE(store->write_usage({{1, 1, 1}}, {}).ok());
  store.reset();
  store = open_store(folder);
  EXPECT_TRUE(store->commit({put_key("k2")}).ok());
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SqliteStore, ReaderWritesNothing) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k"), put_counts(2, 1)}).ok());
  ASSERT_TRUE(store->write_usage({{1, 1, 1}}, {{1, 0, "block"}}).ok());
  const auto expected = contents(*store);
  store.reset();
  const auto before = files(folder);
  {
    const auto reader = SqliteStore::open(folder, kReadOnly);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_TRUE((*reader)->is_read_only());
    EXPECT_EQ(contents(**reader), expected);
    EXPECT_THAT(days(**reader, 1), ElementsAre("1@1=1"));
    EXPECT_THAT(blocks(**reader, 1), ElementsAre("block"));
    for (const absl::Status& status : {(*reader)->commit({put_key("k2")}),
                                       (*reader)->write_usage({{1, 1, 1}}, {}),
                                       (*reader)->prune_days(1, 1).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_EQ(text_of(status), absl::StrCat(folder, "/weir.sqlite",
                                              ": was opened to be read only"));
    }
    EXPECT_EQ(files(folder), before);
    // In one process, SQLite would share state between writer and reader.
    EXPECT_EQ(SqliteStore::open(folder).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(files(folder), before);
}

TEST(SqliteStore, ReaderAndWriterShareAProcess) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  const auto reader = SqliteStore::open(folder, kReadOnly);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(contents(**reader).size(), 1u);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  EXPECT_EQ(contents(**reader).size(), 2u);
  store.reset();
  EXPECT_EQ(contents(**reader).size(), 2u);
}

TEST(SqliteStore, ReaderCreatesNothing) {
  const std::string folder = fresh_path();
  EXPECT_EQ(SqliteStore::open(folder, kReadOnly).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder));
  std::filesystem::create_directory(folder);
  EXPECT_EQ(SqliteStore::open(folder, kReadOnly).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(files(folder), IsEmpty());

  open_store(folder);
  for (const char* file : {"weir.sqlite-shm", "weir.sqlite-wal"}) {
    std::filesystem::remove(absl::StrCat(folder, "/", file));
    const auto before = files(folder);
    const absl::Status status = SqliteStore::open(folder, kReadOnly).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(text_of(status), StartsWith(absl::StrCat(folder, "/weir")));
    EXPECT_THAT(text_of(status), HasSubstr("open the store once"));
    EXPECT_EQ(files(folder), before);
  }
  // As the message says.
  open_store(folder);
  EXPECT_TRUE(SqliteStore::open(folder, kReadOnly).ok());
}

}  // namespace
}  // namespace weir
