// Stores when processes are killed or forked, disks are full or failing, and
// files are damaged.

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/sqlite.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/store.h"
#include "weir/store/testing/test_changes.h"
#include "weir/tests/in_child.h"

namespace {

std::atomic<int> syncs{0};
std::atomic<int> sync_error{0};

int sync_file(long call, int file) {
  ++syncs;
  if (sync_error != 0) {
    errno = sync_error;
    return -1;
  }
  return static_cast<int>(syscall(call, file));
}

}  // namespace

// These replace the C library's functions, for SQLite too.
extern "C" int fsync(int file) { return sync_file(SYS_fsync, file); }
extern "C" int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }

namespace weir {
namespace {

using ::testing::ElementsAre;
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

// While this exists, SQLite calls `function` instead of the system call.
class SystemCall {
 public:
  template <class Function>
  SystemCall(const char* name, Function* function) : name_(name) {
    set(reinterpret_cast<sqlite3_syscall_ptr>(function));
  }
  ~SystemCall() { set(nullptr); }

 private:
  void set(sqlite3_syscall_ptr function) {
    sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
    vfs->xSetSystemCall(vfs, name_, function);
  }

  const char* name_;
};

// -- Killed processes --

TEST(SqliteStoreFaults, KilledProcessHasWhatItWasTold) {
  const std::string folder = fresh_path();
  ASSERT_TRUE(open_store(folder)->commit({put_plan("p")}).ok());
  std::mt19937 random(1);
  int done = 0;  // Rounds that a process has reported as written.
  for (int kill_round = 0; kill_round < 10; ++kill_round) {
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(10);
      const auto store = SqliteStore::open(folder);
      if (!store.ok()) _exit(1);
      for (int i = done + 1;; ++i) {
        const std::string key = absl::StrCat("k", i);
        if (!(*store)
                 ->commit({put_key(key), put_association(i, "p", key)})
                 .ok() ||
            !(*store)
                 ->write_usage({{1, i, i}}, {{1, 0, absl::StrCat(i)}})
                 .ok() ||
            write(told[1], &i, sizeof i) != sizeof i) {
          _exit(2);
        }
      }
    }
    close(told[1]);
    const int before = done;
    const int enough = done + 1 + static_cast<int>(random() % 10);
    while (done < enough && read(told[0], &done, sizeof done) == sizeof done) {
    }
    usleep(random() % 1'000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(told[0], &done, sizeof done) == sizeof done) {
    }
    close(told[0]);
    ASSERT_GT(done, before);

    const auto store = open_store(folder);
    const auto seen = contents(*store);
    const int keys = static_cast<int>(seen.size() - 2) / 2;
    ASSERT_TRUE(keys == done || keys == done + 1) << keys << ", " << done;
    ASSERT_EQ(seen.size(), 2u + 2 * keys);
    for (int i = 0; i < keys; ++i) {
      ASSERT_THAT(seen[2 + i], HasSubstr(absl::StrCat("\"k", i + 1, "\"")));
    }
    const int used = static_cast<int>(days(*store, 1).size());
    ASSERT_TRUE(used == keys || used == keys - 1) << used << ", " << keys;
    ASSERT_GE(used, done);
    ASSERT_THAT(blocks(*store, 1), ElementsAre(absl::StrCat(used)));
    // Repeats the write that was interrupted.
    if (used < keys) {
      ASSERT_TRUE(
          store->write_usage({{1, keys, 1}}, {{1, 0, absl::StrCat(keys)}})
              .ok());
    }
    done = keys;
  }
}

TEST(SqliteStoreFaults, KilledWhileItIsCreatedItIsCreatedAgain) {
  std::mt19937 random(1);
  for (int i = 0; i < 12; ++i) {
    const std::string folder = fresh_path();
    const pid_t child = fork();
    if (child == 0) {
      SqliteStore::open(folder).status().IgnoreError();
      _exit(0);
    }
    usleep(random() % 5'000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    ASSERT_THAT(contents(*open_store(folder)), ElementsAre("put_counts { }"));
  }
}

// -- The disk --

TEST(SqliteStoreFaults, WhatIsWrittenIsSynced) {
  const auto store = open_store(fresh_path());
  for (int i = 1; i < 5; ++i) {
    int before = syncs;
    ASSERT_TRUE(store->commit({put_key(absl::StrCat(i))}).ok());
    EXPECT_GT(syncs, before);
    before = syncs;
    ASSERT_TRUE(store->write_usage({{1, i, 1}}, {}).ok());
    EXPECT_GT(syncs, before);
    before = syncs;
    ASSERT_TRUE(store->prune_days(i + 1, 1).ok());
    EXPECT_GT(syncs, before);
  }
}

TEST(SqliteStoreFaults, FailedSyncChangesNothing) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  const auto before = contents(*store);
  sync_error = EIO;
  for (int i = 0; i < 3; ++i) {
    const absl::Status status = store->commit({put_key("new")});
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(text_of(status), StartsWith(folder + "/weir.sqlite: "));
    EXPECT_THAT(text_of(status), HasSubstr("disk I/O error"));
    EXPECT_EQ(contents(*store), before);
    // The state that would be left if the process were killed now.
    const std::string copy = fresh_path("copy");
    std::filesystem::create_directory(copy);
    for (const char* file : {"/weir.sqlite", "/weir.sqlite-wal"}) {
      std::filesystem::copy_file(folder + file, copy + file);
    }
    sync_error = 0;
    EXPECT_EQ(contents(*open_store(copy)), before);
    sync_error = EIO;
  }
  sync_error = 0;
  EXPECT_TRUE(store->commit({put_key("after")}).ok());
  store.reset();
  store = open_store(folder);
  EXPECT_EQ(contents(*store).size(), before.size() + 1);
  EXPECT_EQ(contents(*store).back(), put_key("after").ShortDebugString());
}

template <class File>
ssize_t no_room(int, const void*, size_t, File...) {
  errno = ENOSPC;
  return -1;
}

TEST(SqliteStoreFaults, FullDiskChangesNothing) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  ASSERT_TRUE(store->write_usage({{1, 1, 1}}, {{1, 0, "block"}}).ok());
  const auto before = contents(*store);
  const std::string secret(10'000, 's');
  v1::StoreChange change = put_key("new");
  change.mutable_put_api_key()->set_value(secret);
  {
    const SystemCall write("write", no_room<int>);
    const SystemCall pwrite("pwrite", no_room<off_t>);
    const SystemCall pwrite64("pwrite64", no_room<off64_t>);
    for (const absl::Status& status :
         {store->commit({change}), store->write_usage({{1, 1, 2}}, {}),
          store->write_usage({}, {{1, 0, "other"}}),
          store->prune_days(5, 5).status()}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
      EXPECT_THAT(text_of(status), StartsWith(folder + "/weir.sqlite: "));
      EXPECT_THAT(text_of(status), HasSubstr("make room on the disk"));
      EXPECT_THAT(text_of(status), Not(HasSubstr("sss")));
    }
    EXPECT_EQ(contents(*store), before);
  }
  EXPECT_THAT(days(*store, 1), ElementsAre("1@1=1"));
  EXPECT_THAT(blocks(*store, 1), ElementsAre("block"));
  EXPECT_TRUE(store->commit({change}).ok());
  store.reset();
  EXPECT_EQ(contents(*open_store(folder)).size(), before.size() + 1);
}

// -- Commits in pieces --

std::vector<v1::StoreChange> many_keys(int count) {
  std::vector<v1::StoreChange> changes;
  for (int i = 0; i < count; ++i) {
    changes.push_back(put_key(absl::StrCat("m", i)));
    changes.push_back(put_association(i + 10, "p", absl::StrCat("m", i)));
  }
  return changes;
}

TEST(SqliteStoreFaults, ManyKeysAreThereTogetherAndHinderNobody) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_plan("p"), put_key("m7", "old")}).ok());
  const size_t before = contents(*store).size();
  const auto changes = many_keys(20'000);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    EXPECT_TRUE(store->commit(changes).ok());
    done = true;
  });
  size_t own = 0;
  while (!done) {
    ASSERT_TRUE(store->commit({put_key(absl::StrCat("own", own++))}).ok());
    const size_t now = contents(*store).size();
    // (The commit may have ended just now.)
    EXPECT_TRUE(now == before + own || now == before + own + changes.size() - 1)
        << now;
  }
  writer.join();
  EXPECT_GT(own, 3u);
  const auto expected = contents(*store);
  EXPECT_EQ(expected.size(), before + own + changes.size() - 1);
  EXPECT_THAT(expected, Not(::testing::Contains(HasSubstr("\"old\""))));
  store.reset();
  EXPECT_EQ(contents(*open_store(folder)), expected);
}

TEST(SqliteStoreFaults, ManyKeysOfAKilledProcessAreAllThereOrNone) {
  const auto changes = many_keys(6'000);
  int none = 0;
  for (int round = 0; round < 6; ++round) {
    const std::string folder = fresh_path();
    ASSERT_TRUE(open_store(folder)->commit({put_plan("p")}).ok());
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      const auto store = SqliteStore::open(folder);
      // A reader cannot open a WAL that has no commit yet.
      if (!store.ok() || !(*store)->commit({put_key("first")}).ok() ||
          write(told[1], "", 1) != 1) {
        _exit(1);
      }
      _exit((*store)->commit(changes).ok() ? 0 : 2);
    }
    char byte;
    ASSERT_EQ(read(told[0], &byte, 1), 1);
    close(told[0]);
    close(told[1]);
    usleep(8'000 * round);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::vector<std::string> seen;
    {
      const auto reader = SqliteStore::open(folder, kReadOnly);
      ASSERT_TRUE(reader.ok()) << reader.status();
      seen = contents(**reader);
    }
    EXPECT_TRUE(seen.size() == 3 || seen.size() == 3 + changes.size())
        << seen.size();
    none += seen.size() == 3;
    auto store = open_store(folder);
    EXPECT_EQ(contents(*store), seen);
    // Leftovers do not prevent the same commit from succeeding.
    EXPECT_TRUE(store->commit(changes).ok());
    EXPECT_EQ(contents(*store).size(), 3 + changes.size());
  }
  EXPECT_GT(none, 0);
}

TEST(SqliteStoreFaults, ManyKeysOfWhichOneIsWrongAreNotThere) {
  auto store = open_store(fresh_path());
  ASSERT_TRUE(store->commit({put_plan("p")}).ok());
  const auto before = contents(*store);
  auto changes = many_keys(3'000);
  changes.push_back(put_association(1, "no such plan", "m5"));
  const absl::Status status = store->commit(changes);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(text_of(status), StartsWith("changes[6000]: "));
  EXPECT_EQ(contents(*store), before);
  changes.pop_back();
  EXPECT_TRUE(store->commit(changes).ok());
  EXPECT_EQ(contents(*store).size(), before.size() + changes.size());
}

// The kernel refuses in the middle of a long write.
TEST(SqliteStoreFaults, WriteThatIsCutShortChangesNothing) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  const auto before = contents(*store);
  std::vector<v1::StoreChange> changes;
  for (int i = 0; i < 5'000; ++i) {
    changes.push_back(put_key(absl::StrCat("new", i), std::string(300, 'n')));
  }
  signal(SIGXFSZ, SIG_IGN);
  rlimit usual;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &usual), 0);
  const rlimit little{1'000'001, usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status status = store->commit(changes);
  const absl::Status small = store->commit({put_key("small")});
  // A key of the failed commit, which may not have been removed yet.
  const absl::Status same = store->commit({put_key("new7", "own")});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &usual), 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(text_of(status), HasSubstr("disk I/O error"));
  EXPECT_TRUE(small.ok()) << small;
  EXPECT_TRUE(same.ok()) << same;
  EXPECT_EQ(contents(*store).size(), before.size() + 2);
  EXPECT_THAT(contents(*store), ::testing::Contains(HasSubstr("\"own\"")));
  ASSERT_TRUE(store->commit(changes).ok());
  store.reset();
  EXPECT_EQ(contents(*open_store(folder)).size(),
            before.size() + 1 + changes.size());
}

int open_without_writing(const char* path, int flags, int mode) {
  if ((flags & (O_RDWR | O_WRONLY | O_CREAT)) == 0) {
    return open(path, flags, mode);
  }
  errno = EROFS;
  return -1;
}

TEST(SqliteStoreFaults, CanBeReadWhereNothingCanBeWritten) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  const auto expected = contents(*store);
  const auto read = [&] {
    const SystemCall call("open", open_without_writing);
    const auto reader = SqliteStore::open(folder, kReadOnly);
    return reader.ok() ? contents(**reader)
                       : std::vector<std::string>{reader.status().ToString()};
  };
  EXPECT_EQ(read(), expected);
  store.reset();
  EXPECT_EQ(read(), expected);
  const SystemCall call("open", open_without_writing);
  EXPECT_EQ(SqliteStore::open(folder).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

int64_t size_of(const std::string& path) {
  return static_cast<int64_t>(std::filesystem::file_size(path));
}

TEST(SqliteStoreFaults, WalStaysShort) {
  const std::string folder = fresh_path();
  auto store = open_store(folder);
  const std::string wal = folder + "/weir.sqlite-wal";
  constexpr int kMegabyte = 1 << 20;
  for (int i = 0; i < 20; ++i) {
    const std::string block(kMegabyte, static_cast<char>('a' + i));
    ASSERT_TRUE(store->write_usage({}, {{1, 0, block}}).ok());
    ASSERT_LT(size_of(wal), 8 * kMegabyte);
  }
  // Without writes of usage, commits leave the WAL until it is long.
  int64_t longest = 0;
  for (int i = 0; i < 80; ++i) {
    const std::string name(kMegabyte, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(store->commit({put_plan("p", name)}).ok());
    longest = std::max(longest, size_of(wal));
  }
  EXPECT_GT(longest, 50 * kMegabyte);
  EXPECT_LT(longest, 70 * kMegabyte);
  store.reset();
  EXPECT_LT(size_of(wal), 1 * kMegabyte);
}

// -- Damage --

constexpr int kPage = 4'096;

void overwrite(const std::string& path, int64_t offset,
               const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
}

TEST(SqliteStoreFaults, DamagedPagesAreNoticed) {
  const std::string folder = fresh_path();
  const std::string path = folder + "/weir.sqlite";
  auto store = open_store(folder);
  std::vector<v1::StoreChange> changes = {put_plan("p")};
  for (int i = 1; i <= 500; ++i) {
    const std::string key = absl::StrCat("k", i);
    changes.push_back(put_key(key));
    changes.push_back(put_association(i, "p", key));
  }
  ASSERT_TRUE(store->commit(changes).ok());
  const auto expected = contents(*store);
  store.reset();
  const std::string good = fresh_path("good");
  std::filesystem::copy_file(path, good);

  int noticed = 0;
  const int64_t pages = size_of(path) / kPage;
  ASSERT_GT(pages, 15);
  for (int64_t page = 0; page < pages; ++page) {
    SCOPED_TRACE(page);
    std::filesystem::copy_file(
        good, path, std::filesystem::copy_options::overwrite_existing);
    overwrite(path, page * kPage, std::string(64, '\xff'));
    const auto damaged = SqliteStore::open(folder);
    absl::Status status = damaged.status();
    if (status.ok()) {
      status = (*damaged)->load(
          [](const v1::StoreChange&) { return absl::OkStatus(); });
    }
    if (status.ok()) {
      // The damage is not in what is loaded, but in an index or another table.
      EXPECT_EQ(contents(**damaged), expected);
      status = (*damaged)->commit({put_key("k100"), put_key("new")});
      if (status.ok()) status = (*damaged)->write_usage({{1, 1, 1}}, {});
    }
    if (status.ok()) continue;
    ++noticed;
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(text_of(status), StartsWith(path + ": "));
    EXPECT_THAT(text_of(status), HasSubstr("from an export or a backup"));
    EXPECT_THAT(text_of(status), Not(HasSubstr("secret")));
  }
  EXPECT_GT(noticed, 10);
}

TEST(SqliteStoreFaults, IllegibleDocumentsAreNoticed) {
  const std::string folder = fresh_path();
  const std::string path = folder + "/weir.sqlite";
  auto store = open_store(folder);
  ASSERT_TRUE(store->commit({put_key("the-id")}).ok());
  store.reset();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  // The document begins with the id's length: longer than the document.
  const size_t at = bytes.find("\x06the-id");
  ASSERT_NE(at, std::string::npos);
  overwrite(path, static_cast<int64_t>(at), "\x7f");
  store = open_store(folder);
  EXPECT_THAT(contents(*store).back(),
              StartsWith("DATA_LOSS: " + path +
                         ": is damaged: a weir.v1.ApiKey is illegible; "));
}

TEST(SqliteStoreFaults, LostBytesAreNoticed) {
  const std::string folder = fresh_path();
  const std::string path = folder + "/weir.sqlite";
  open_store(folder);
  for (const int64_t left : {size_of(path) - kPage, int64_t{kPage},
                             int64_t{100}, int64_t{1}, int64_t{0}}) {
    SCOPED_TRACE(left);
    std::filesystem::resize_file(path, left);
    auto store = SqliteStore::open(folder);
    absl::Status status = store.status();
    if (status.ok()) {
      status = (*store)->load(
          [](const v1::StoreChange&) { return absl::OkStatus(); });
      if (status.ok()) status = (*store)->commit({put_key("k")});
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(text_of(status), HasSubstr(path));
  }
  std::filesystem::remove(path);
  EXPECT_EQ(SqliteStore::open(folder).status().code(),
            absl::StatusCode::kDataLoss);
}

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(SqliteStoreFaults, OpensNothingButAStoreOfItsVersion) {
  const std::string folder = fresh_path();
  const std::string path = folder + "/weir.sqlite";
  const auto refusal = [&](absl::StatusCode code) {
    std::string text;
    for (const auto options : {SqliteStore::Options(), kReadOnly}) {
      const absl::Status status = SqliteStore::open(folder, options).status();
      EXPECT_EQ(status.code(), code) << status;
      text = text_of(status);
      EXPECT_THAT(text, StartsWith(path + ": "));
    }
    return text;
  };
  open_store(folder);
  run_sql(path, "PRAGMA user_version = 7");
  EXPECT_THAT(refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("has version 7 of the schema, and this program knows "
                        "version 1"));
  run_sql(path, "PRAGMA user_version = 1; PRAGMA application_id = 7");
  EXPECT_THAT(refusal(absl::StatusCode::kFailedPrecondition),
              HasSubstr("is not a database of Weir's"));
  run_sql(path, "PRAGMA application_id = 0x57656972; DELETE FROM state");
  EXPECT_THAT(refusal(absl::StatusCode::kDataLoss), HasSubstr("state"));
  std::ofstream(path) << std::string(10'000, 'x');
  EXPECT_THAT(refusal(absl::StatusCode::kDataLoss),
              HasSubstr("not a database"));

  // A foreign database is left unchanged.
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  run_sql(path, "CREATE TABLE theirs(a)");
  std::ifstream file(path, std::ios::binary);
  const std::string before(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(SqliteStore::open(folder).status().code(),
            absl::StatusCode::kFailedPrecondition);
  file.seekg(0);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), before);
}

// -- Forks --

// Errors of SQLite are explained, and failed changes have no effect.
TEST(SqliteConnection, SaysWhatIsWrongAndWhatToDo) {
  const std::string folder = fresh_path();
  ASSERT_TRUE(SqliteStore::open(folder).ok());
  using Access = SqliteConnection::Access;
  const std::string path = folder + "/weir.sqlite";
  const auto one = *SqliteConnection::open(path, Access::kWrite);
  const auto other = *SqliteConnection::open(path, Access::kWrite);
  ASSERT_TRUE(one->execute("CREATE TABLE t (n INTEGER PRIMARY KEY, v)").ok());
  const auto expect = [&](const absl::Status& status, absl::StatusCode code,
                          const std::string& end) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), folder + "/")) << status;
    EXPECT_TRUE(absl::EndsWith(status.message(), " of SQLite); " + end))
        << status;
  };
  static constexpr char kInsert[] = "INSERT INTO t VALUES (?1, ?2)";
  static constexpr char kCount[] = "SELECT count(*) FROM t";
  static constexpr char kNonsense[] = "SELECT nonsense";
  ASSERT_TRUE(one->run(kInsert, {int64_t{1}, std::string_view("a")}).ok());
  // A connection writes after reading what another has changed since. The error
  // has the extended result code.
  expect(one->read([&] {
    EXPECT_EQ(*one->number(kCount), 1);
    EXPECT_TRUE(other->run(kInsert, {int64_t{2}, std::string_view()}).ok());
    EXPECT_EQ(*one->number(kCount), 1);
    const absl::Status status = one->run(kInsert, {int64_t{3}, std::nullopt});
    EXPECT_TRUE(absl::StrContains(
        status.message(),
        absl::StrCat(" (code ", SQLITE_BUSY_SNAPSHOT, " of SQLite)")))
        << status;
    return status;
  }),
         absl::StatusCode::kUnavailable,
         "nothing was changed; another program holds it");
  expect(one->write([&]() -> absl::Status {
    EXPECT_TRUE(one->run(kInsert, {int64_t{3}, SqliteBlob{}}).ok());
    return one->run(kInsert, {int64_t{2}, std::nullopt});
  }),
         absl::StatusCode::kInvalidArgument, "nothing was changed");
  expect(one->run(kNonsense), absl::StatusCode::kInternal,
         "nothing was changed");
  const auto reader = *SqliteConnection::open(path, Access::kRead);
  expect(reader->run(kInsert, {int64_t{3}, std::nullopt}),
         absl::StatusCode::kUnavailable,
         "nothing was changed; check that it and its -wal and -shm files are "
         "there and may be used");
  EXPECT_EQ(*reader->number(kCount), 2);
  expect(SqliteConnection::open(folder + "/none", Access::kWrite).status(),
         absl::StatusCode::kUnavailable,
         "nothing was changed; check that it and its -wal and -shm files are "
         "there and may be used");
  // Each value is of its own type.
  static constexpr char kType[] = "SELECT typeof(?1)";
  const auto type_of = [&](const SqliteValue& value) {
    std::string type;
    EXPECT_TRUE(one->query(kType, {value},
                           [&](const SqliteRow& row) {
                             type = std::string(row.bytes(0));
                             return absl::OkStatus();
                           })
                    .ok());
    return type;
  };
  EXPECT_EQ(type_of(std::nullopt), "null");
  EXPECT_EQ(type_of(int64_t{0}), "integer");
  EXPECT_EQ(type_of(std::string_view()), "text");
  EXPECT_EQ(type_of(SqliteBlob{}), "blob");
}

TEST(SqliteStoreFaults, ChildLeavesTheStoreToItsParent) {
  const std::string folder = fresh_path();
  const std::string other = fresh_path("other");
  auto store = open_store(folder);
  auto reader = *SqliteStore::open(folder, kReadOnly);
  ASSERT_TRUE(store->commit({put_key("k")}).ok());
  ASSERT_EQ(contents(*reader).size(), 2u);
  const auto refused = [](const absl::Status& status) {
    return status.code() == absl::StatusCode::kFailedPrecondition &&
           text_of(status).find(absl::StrCat("process ", getppid())) !=
               std::string::npos;
  };
  const auto ignore = [](const auto&) { return absl::OkStatus(); };
  const auto child = [&] {
    EXPECT_TRUE(refused(store->commit({put_key("child")})));
    EXPECT_TRUE(refused(store->load(ignore)));
    EXPECT_TRUE(refused(store->write_usage({{1, 1, 1}}, {})));
    EXPECT_TRUE(refused(store->read_counts(1, ignore)));
    EXPECT_TRUE(refused(store->read_days(1, 1, 1, [](const DailyCount&) {})));
    EXPECT_TRUE(refused(store->prune_days(1, 1).status()));
    EXPECT_TRUE(refused(reader->load(ignore)));
    EXPECT_TRUE(refused(SqliteStore::open(folder).status()));
    store.reset();
    reader.reset();
    EXPECT_TRUE(refused(SqliteStore::open(folder).status()));
    EXPECT_TRUE(refused(SqliteStore::open(folder, kReadOnly).status()));
    const auto own = SqliteStore::open(other);
    ASSERT_TRUE(own.ok()) << own.status();
    EXPECT_TRUE((*own)->commit({put_key("own")}).ok());
  };
  EXPECT_EQ(in_child(child), 0);

  EXPECT_TRUE(store->commit({put_key("k2")}).ok());
  EXPECT_EQ(contents(*reader).size(), 3u);
  EXPECT_EQ(contents(*open_store(other)).size(), 2u);
  reader.reset();
  store.reset();
  // If nothing is inherited, only the lock decides.
  const pid_t parent = getpid();
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t stranger = fork();
  if (stranger == 0) {
    alarm(10);
    char byte;
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    const absl::Status status = SqliteStore::open(folder).status();
    _exit(text_of(status) ==
                  absl::StrCat(folder, ": is open in process ", parent)
              ? 0
              : 2);
  }
  store = open_store(folder);
  // When a child exits, or destroys its copy of the store, the lock remains.
  EXPECT_EQ(in_child([&] { store.reset(); }), 0);
  ASSERT_EQ(write(ready[1], "", 1), 1);
  int status = -1;
  waitpid(stranger, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SqliteStoreFaults, ChildUsesStoresWhateverItsParentsThreadsWereAt) {
  if (!kChildMayAllocate) GTEST_SKIP();
  const std::string folder = fresh_path();
  const std::string other = fresh_path("other");
  const auto store = open_store(folder);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    for (int i = 0; !stop; ++i) {
      EXPECT_TRUE(store->commit({put_key(absl::StrCat(i % 50))}).ok());
    }
  });
  threads.emplace_back([&] {
    while (!stop) EXPECT_GE(contents(*store).size(), 1u);
  });
  threads.emplace_back([&] {
    while (!stop) {
      const auto reader = SqliteStore::open(folder, kReadOnly);
      EXPECT_TRUE(reader.ok()) << reader.status();
    }
  });
  for (int i = 1; i <= 12 && !HasFailure(); ++i) {
    EXPECT_EQ(in_child([&] {
                const auto own = SqliteStore::open(other);
                ASSERT_TRUE(own.ok()) << own.status();
                EXPECT_TRUE((*own)->commit({put_key(absl::StrCat(i))}).ok());
                EXPECT_EQ(contents(**own).size(), 1u + i);
              }),
              0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(contents(*store), Not(IsEmpty()));
}

}  // namespace
}  // namespace weir
