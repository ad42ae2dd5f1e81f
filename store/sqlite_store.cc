#include "weir/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message_lite.h"
#include "weir/base/file_descriptor.h"
#include "weir/base/file_error.h"
#include "weir/base/mutex.h"
#include "weir/base/sync_path.h"
#include "weir/base/text.h"
#include "weir/store/folder_lock.h"
#include "weir/store/sqlite.h"

namespace weir {
namespace {

constexpr int64_t kApplicationId = 0x57656972;  // "Weir"
constexpr int64_t kVersion = 1;

// Ordinals increase, so they give the order of creation; replacing a document
// keeps its row. Associations refer to plan and key by ordinals, which are
// smaller than ids.
//
// `extensions` is a StoredAssociation with nothing else in it. The days of an
// association remain after it is deleted, until they are pruned. The day comes
// first in the primary key: writes are near the end, pruning is at the
// beginning, and n days of one association are n lookups.
constexpr char kCreate[] =
    "CREATE TABLE usage_plans("
    "  ordinal INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE CHECK(id <> ''),"
    "  document BLOB NOT NULL) STRICT;"
    "CREATE TABLE api_keys("
    "  ordinal INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE CHECK(id <> ''),"
    "  document BLOB NOT NULL) STRICT;"
    "CREATE TABLE associations("
    "  id INTEGER PRIMARY KEY CHECK(id > 0),"
    "  plan INTEGER NOT NULL REFERENCES usage_plans ON DELETE CASCADE,"
    "  key INTEGER NOT NULL REFERENCES api_keys ON DELETE CASCADE,"
    "  first_day INTEGER NOT NULL,"
    "  extensions BLOB,"
    "  UNIQUE(key, plan)) STRICT;"
    "CREATE TABLE daily_usage("
    "  day INTEGER,"
    "  association INTEGER,"
    "  used INTEGER NOT NULL,"
    "  PRIMARY KEY(day, association)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE counts("
    "  generation INTEGER,"
    "  block INTEGER,"
    "  counts BLOB NOT NULL,"
    "  PRIMARY KEY(generation, block)) STRICT, WITHOUT ROWID;"
    // One row. The column last_association_id is authoritative; the number in
    // the document is ignored.
    "CREATE TABLE state("
    "  counts BLOB NOT NULL,"
    "  last_association_id INTEGER NOT NULL,"
    "  failed_commits INTEGER NOT NULL) STRICT;"
    "INSERT INTO state VALUES(x'', 0, 0);"
    "PRAGMA application_id = 0x57656972;"
    "PRAGMA user_version = 1;";

// The keys of a commit that is written in pieces and not finished: loads do not
// show them or their associations yet. The table is created when it is first
// needed, so stores that are older, or small, do not have it.
constexpr char kCreateUnfinished[] =
    "CREATE TABLE IF NOT EXISTS unfinished_keys("
    "  ordinal INTEGER PRIMARY KEY) STRICT";
constexpr char kCountUnfinishedTables[] =
    "SELECT count(*) FROM sqlite_schema"
    " WHERE type = 'table' AND name = 'unfinished_keys'";
constexpr char kAddUnfinishedKey[] =
    "INSERT INTO api_keys(id, document) VALUES(?1, ?2) ON CONFLICT DO NOTHING";
constexpr char kMarkUnfinished[] =
    "INSERT INTO unfinished_keys SELECT ordinal FROM api_keys WHERE id = ?1";
constexpr char kFinish[] = "DELETE FROM unfinished_keys";
constexpr char kDropUnfinishedKeys[] =
    "DELETE FROM api_keys WHERE ordinal IN"
    " (SELECT ordinal FROM unfinished_keys ORDER BY ordinal LIMIT ?1)";
constexpr char kUnmarkDropped[] =
    "DELETE FROM unfinished_keys WHERE ordinal IN"
    " (SELECT ordinal FROM unfinished_keys ORDER BY ordinal LIMIT ?1)";
constexpr char kDropUnfinishedKey[] =
    "DELETE FROM api_keys WHERE id = ?1"
    " AND ordinal IN (SELECT ordinal FROM unfinished_keys)";
constexpr char kUnmarkMissing[] =
    "DELETE FROM unfinished_keys"
    " WHERE ordinal NOT IN (SELECT ordinal FROM api_keys)";

constexpr char kApplicationIdOf[] = "PRAGMA application_id";
constexpr char kVersionOf[] = "PRAGMA user_version";
constexpr char kCountTables[] =
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
constexpr char kCountStates[] = "SELECT count(*) FROM state";
constexpr char kUseWal[] = "PRAGMA journal_mode = WAL";
// In KiB, allocated as needed. New keys go anywhere in the index of ids.
constexpr char kUseLargeCache[] = "PRAGMA cache_size = -16384";

constexpr char kPutPlan[] =
    "INSERT INTO usage_plans(id, document) VALUES(?1, ?2)"
    " ON CONFLICT(id) DO UPDATE SET document = ?2";
constexpr char kDeletePlan[] = "DELETE FROM usage_plans WHERE id = ?1";
constexpr char kPutKey[] =
    "INSERT INTO api_keys(id, document) VALUES(?1, ?2)"
    " ON CONFLICT(id) DO UPDATE SET document = ?2";
constexpr char kDeleteKey[] = "DELETE FROM api_keys WHERE id = ?1";
constexpr char kPutAssociation[] =
    "INSERT INTO associations VALUES(?1,"
    " (SELECT ordinal FROM usage_plans WHERE id = ?2),"
    " (SELECT ordinal FROM api_keys WHERE id = ?3), ?4, ?5)"
    " ON CONFLICT(id) DO UPDATE SET plan = excluded.plan, key = excluded.key,"
    " first_day = excluded.first_day, extensions = excluded.extensions";
constexpr char kDeleteAssociation[] = "DELETE FROM associations WHERE id = ?1";
constexpr char kRaiseLastAssociation[] =
    "UPDATE state SET last_association_id = max(last_association_id, ?1)";
constexpr char kCountFailedCommit[] =
    "UPDATE state SET failed_commits = failed_commits + 1";
constexpr char kPutState[] = "UPDATE state SET counts = ?1";
constexpr char kDropOtherCounts[] =
    "DELETE FROM counts WHERE generation NOT IN (?1, ?2)";

constexpr char kGetState[] = "SELECT counts, last_association_id FROM state";
constexpr char kGetPlans[] =
    "SELECT document FROM usage_plans ORDER BY ordinal";
constexpr char kGetKeys[] = "SELECT document FROM api_keys ORDER BY ordinal";
constexpr char kGetFinishedKeys[] =
    "SELECT document FROM api_keys"
    " WHERE ordinal NOT IN (SELECT ordinal FROM unfinished_keys)"
    " ORDER BY ordinal";
// Outer joins, so that a missing plan or key is detected.
#define WEIR_ASSOCIATIONS                                                  \
  "SELECT a.id, p.id, k.id, a.first_day, a.extensions FROM associations a" \
  " LEFT JOIN usage_plans p ON p.ordinal = a.plan"                         \
  " LEFT JOIN api_keys k ON k.ordinal = a.key"
constexpr char kGetAssociations[] = WEIR_ASSOCIATIONS " ORDER BY a.id";
constexpr char kGetFinishedAssociations[] = WEIR_ASSOCIATIONS
    " WHERE a.key NOT IN (SELECT ordinal FROM unfinished_keys) ORDER BY a.id";
#undef WEIR_ASSOCIATIONS

constexpr char kPutDay[] =
    "INSERT INTO daily_usage VALUES(?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET used = ?3";
constexpr char kPutBlock[] =
    "INSERT INTO counts VALUES(?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET counts = ?3";
constexpr char kGetBlocks[] =
    "SELECT counts FROM counts WHERE generation = ?1 ORDER BY block";
constexpr char kGetFirstDay[] = "SELECT ifnull(min(day), 0) FROM daily_usage";
constexpr char kGetLastDay[] = "SELECT ifnull(max(day), -1) FROM daily_usage";
constexpr char kGetDay[] =
    "SELECT used FROM daily_usage WHERE day = ?1 AND association = ?2";
constexpr char kGetDays[] =
    "SELECT day, association, used FROM daily_usage"
    " WHERE day BETWEEN ?1 AND ?2 ORDER BY day, association";
constexpr char kPruneDays[] =
    "DELETE FROM daily_usage WHERE (day, association) IN"
    " (SELECT day, association FROM daily_usage WHERE day < ?1"
    "  ORDER BY day, association LIMIT ?2)";

// The number of changes in one transaction, while other writers wait a few
// milliseconds.
constexpr size_t kPiece = 2'000;

// In pages of 4 KiB: how long the WAL gets before a write of usage, which no
// caller waits for, copies it to the database; and before a commit does so.
constexpr int kLongWal = 1'000;
constexpr int kTooLongWal = 16'000;

absl::Status damaged(const std::string& path, std::string_view what) {
  return absl::DataLossError(
      absl::StrCat(path, ": is damaged: ", internal::to_absl(what),
                   "; restore it from an export or a backup"));
}

absl::Status parse(const SqliteConnection& database, std::string_view bytes,
                   google::protobuf::MessageLite* document) {
  if (document->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::OkStatus();
  }
  return damaged(database.path(),
                 absl::StrCat("a ", document->GetTypeName(), " is illegible"));
}

int64_t as_integer(uint64_t generation) {
  return static_cast<int64_t>(generation);
}

absl::Status sync_folder(const std::string& folder) {
  const int error = internal::sync_path(folder);
  return error == 0 ? absl::OkStatus()
                    : internal::file_error(folder, "cannot be synced", error);
}

absl::Status create_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder + "/..");
  if (errno == EEXIST) return absl::OkStatus();
  return internal::file_error(folder, "cannot be created", errno);
}

// Makes sure that the database exists, even if it has no page. SQLite gives its
// other files the same permissions.
absl::Status create_database(const std::string& folder,
                             const std::string& path) {
  struct stat status;
  // SQLite treats a file of one byte as empty.
  if (stat(path.c_str(), &status) == 0 && status.st_size > 1) {
    return absl::OkStatus();
  }
  // A store has a page before it has a WAL, and keeps both.
  if (stat((path + "-wal").c_str(), &status) == 0) {
    return damaged(path, "it is empty, or missing");
  }
  // O_EXCL: an existing file must not be opened, because closing it would drop
  // SQLite's locks.
  const internal::Descriptor file(
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.is_open()) return sync_folder(folder);
  if (errno == EEXIST) return absl::OkStatus();
  return internal::file_error(path, "cannot be created", errno);
}

absl::Status check_readable(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    return internal::file_error(path, "cannot be found", errno);
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    if (stat((path + suffix).c_str(), &status) == 0) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        path, suffix,
        ": is missing; open the store once to be written, which creates it"));
  }
  return absl::OkStatus();
}

// Checks that the database is a store's. Reads a page or two.
absl::Status check_identity(SqliteConnection& database) {
  const auto application = database.number(kApplicationIdOf);
  if (!application.ok()) return application.status();
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat(database.path(), ": is not a database of Weir's"));
  }
  const auto version = database.number(kVersionOf);
  if (!version.ok()) return version.status();
  if (*version != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        database.path(), ": has version ", *version,
        " of the schema, and this program knows version ", kVersion));
  }
  const auto states = database.number(kCountStates);
  if (!states.ok()) return states.status();
  if (*states != 1) return damaged(database.path(), "its state is missing");
  return absl::OkStatus();
}

// Creates the schema in a database that has just been created. Does not change
// the schema of any other.
absl::Status prepare_to_write(SqliteConnection& database) {
  const auto tables = database.number(kCountTables);
  if (!tables.ok()) return tables.status();
  const auto application = database.number(kApplicationIdOf);
  if (!application.ok()) return application.status();
  const bool is_new = *tables == 0 && *application == 0;
  absl::Status status = is_new ? absl::OkStatus() : check_identity(database);
  if (!status.ok()) return status;
  std::string mode;
  status = database.query(kUseWal, {}, [&](const SqliteRow& row) {
    mode = row.bytes(0);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (mode != "wal") {
    return absl::FailedPreconditionError(absl::StrCat(
        database.path(), ": needs shared memory, which its file system lacks"));
  }
  status = database.run(kUseLargeCache);
  if (!status.ok() || !is_new) return status;
  return database.write([&] { return database.execute(kCreate); });
}

absl::Status put_association(SqliteConnection& database,
                             const v1::StoredAssociation& association) {
  std::string extensions;
  if (association.extensions_size() > 0) {
    v1::StoredAssociation document;
    *document.mutable_extensions() = association.extensions();
    extensions = document.SerializeAsString();
  }
  const absl::Status status =
      database.run(kPutAssociation,
                   {association.id(), association.usage_plan_id(),
                    association.key_id(), association.first_day(),
                    extensions.empty() ? SqliteValue(std::nullopt)
                                       : SqliteValue(SqliteBlob{extensions})});
  if (!absl::IsInvalidArgument(status)) return status;
  return internal::with_prefix(
      status,
      absl::StrCat("association ", association.id(), " of key ",
                   internal::excerpt(association.key_id()), " with usage plan ",
                   internal::excerpt(association.usage_plan_id()),
                   ": expected both to be there, and no other of the two: "));
}

absl::Status put_counts(SqliteConnection& database,
                        const v1::StoredCounts& counts) {
  const std::string document = counts.SerializeAsString();
  const absl::Status status = database.run(kPutState, {SqliteBlob{document}});
  if (!status.ok()) return status;
  return database.run(kDropOtherCounts,
                      {as_integer(counts.generation()),
                       as_integer(counts.synced_generation())});
}

absl::Status apply(SqliteConnection& database, const v1::StoreChange& change) {
  switch (change.change_case()) {
    case v1::StoreChange::kPutUsagePlan: {
      const std::string document = change.put_usage_plan().SerializeAsString();
      return database.run(kPutPlan, {change.put_usage_plan().plan().id(),
                                     SqliteBlob{document}});
    }
    case v1::StoreChange::kDeleteUsagePlan:
      return database.run(kDeletePlan, {change.delete_usage_plan()});
    case v1::StoreChange::kPutApiKey: {
      const std::string document = change.put_api_key().SerializeAsString();
      return database.run(kPutKey,
                          {change.put_api_key().id(), SqliteBlob{document}});
    }
    case v1::StoreChange::kDeleteApiKey:
      return database.run(kDeleteKey, {change.delete_api_key()});
    case v1::StoreChange::kPutAssociation:
      return put_association(database, change.put_association());
    case v1::StoreChange::kDeleteAssociation:
      return database.run(kDeleteAssociation, {change.delete_association()});
    case v1::StoreChange::kPutCounts:
      return put_counts(database, change.put_counts());
    case v1::StoreChange::CHANGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("expected a change");
}

// The greatest association id in the change.
int64_t association_in(const v1::StoreChange& change) {
  return change.has_put_counts() ? change.put_counts().last_association_id()
                                 : change.put_association().id();
}

absl::Status apply_all(SqliteConnection& database,
                       absl::Span<const v1::StoreChange> changes) {
  int64_t last_association = 0;
  for (size_t i = 0; i < changes.size(); ++i) {
    const absl::Status status = apply(database, changes[i]);
    if (absl::IsInvalidArgument(status)) {
      return internal::with_prefix(status, absl::StrCat("changes[", i, "]: "));
    }
    if (!status.ok()) return status;
    last_association = std::max(last_association, association_in(changes[i]));
  }
  if (last_association == 0) return absl::OkStatus();
  return database.run(kRaiseLastAssociation, {last_association});
}

// Drops at most `most` keys of unfinished commits, with their associations.
// Returns how many it dropped.
absl::StatusOr<int64_t> drop_unfinished(SqliteConnection& database,
                                        int64_t most) {
  absl::Status status = database.run(kDropUnfinishedKeys, {most});
  if (!status.ok()) return status;
  status = database.run(kUnmarkDropped, {most});
  if (!status.ok()) return status;
  return database.changed_rows();
}

// The same for keys that `changes` put: such a key must be inserted as a new
// one, and must not replace the unfinished one with its id.
absl::Status drop_unfinished(SqliteConnection& database,
                             absl::Span<const v1::StoreChange> changes) {
  for (const v1::StoreChange& change : changes) {
    if (!change.has_put_api_key()) continue;
    const absl::Status status =
        database.run(kDropUnfinishedKey, {change.put_api_key().id()});
    if (!status.ok()) return status;
  }
  return database.run(kUnmarkMissing);
}

// Whether `changes` may be written in pieces.
bool is_divisible(absl::Span<const v1::StoreChange> changes) {
  return changes.size() > kPiece &&
         std::all_of(changes.begin(), changes.end(),
                     [](const v1::StoreChange& change) {
                       return change.has_put_api_key() ||
                              change.has_put_association() ||
                              change.change_case() ==
                                  v1::StoreChange::kDeleteAssociation;
                     });
}

// A commit that is written in pieces. New keys and their associations come
// first: loads do not show them until finish(), which writes all other changes.
class CommitInPieces {
 public:
  explicit CommitInPieces(absl::Span<const v1::StoreChange> changes)
      : changes_(changes) {}

  bool has_more() const { return next_ < changes_.size(); }

  // Writes what is new in the next piece. To be called in a transaction.
  absl::Status write_piece(SqliteConnection& database) {
    absl::Status status;
    if (next_ == 0) status = database.run(kCreateUnfinished);
    const size_t end = std::min(next_ + kPiece, changes_.size());
    for (; status.ok() && next_ < end; ++next_) {
      bool is_done = false;
      status = write_new(database, changes_[next_], is_done);
      if (absl::IsInvalidArgument(status)) {
        status = internal::with_prefix(status,
                                       absl::StrCat("changes[", next_, "]: "));
      }
      if (status.ok() && !is_done) rest_.push_back(next_);
    }
    return status;
  }

  // Writes all other changes, and makes everything visible.
  absl::Status finish(SqliteConnection& database) {
    int64_t last_association = 0;
    for (const v1::StoreChange& change : changes_) {
      last_association = std::max(last_association, association_in(change));
    }
    for (const size_t i : rest_) {
      const absl::Status status = apply(database, changes_[i]);
      if (absl::IsInvalidArgument(status)) {
        return internal::with_prefix(status,
                                     absl::StrCat("changes[", i, "]: "));
      }
      if (!status.ok()) return status;
    }
    if (last_association > 0) {
      const absl::Status status =
          database.run(kRaiseLastAssociation, {last_association});
      if (!status.ok()) return status;
    }
    return database.run(kFinish);
  }

 private:
  absl::Status write_new(SqliteConnection& database,
                         const v1::StoreChange& change, bool& is_done) {
    if (change.has_put_api_key()) {
      const v1::ApiKey& key = change.put_api_key();
      const std::string document = key.SerializeAsString();
      absl::Status status =
          database.run(kAddUnfinishedKey, {key.id(), SqliteBlob{document}});
      is_done = status.ok() && database.changed_rows() > 0;
      if (!is_done) return status;
      new_keys_.insert(key.id());
      return database.run(kMarkUnfinished, {key.id()});
    }
    is_done = change.has_put_association() &&
              new_keys_.contains(change.put_association().key_id());
    return is_done ? put_association(database, change.put_association())
                   : absl::OkStatus();
  }

  const absl::Span<const v1::StoreChange> changes_;
  size_t next_ = 0;
  std::vector<size_t> rest_;
  absl::flat_hash_set<std::string> new_keys_;
};

// All changes are passed in one message, whose memory is reused.
absl::Status load_from(
    SqliteConnection& database,
    absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) {
  const auto has_unfinished = database.number(kCountUnfinishedTables);
  if (!has_unfinished.ok()) return has_unfinished.status();
  v1::StoreChange change;
  absl::Status status =
      database.query(kGetState, {}, [&](const SqliteRow& row) {
        v1::StoredCounts* counts = change.mutable_put_counts();
        const absl::Status parsed = parse(database, row.bytes(0), counts);
        if (!parsed.ok()) return parsed;
        counts->set_last_association_id(row.integer(1));
        return visit(change);
      });
  if (!status.ok()) return status;
  status = database.query(kGetPlans, {}, [&](const SqliteRow& row) {
    const absl::Status parsed =
        parse(database, row.bytes(0), change.mutable_put_usage_plan());
    return parsed.ok() ? visit(change) : parsed;
  });
  if (!status.ok()) return status;
  status = database.query(*has_unfinished > 0 ? kGetFinishedKeys : kGetKeys, {},
                          [&](const SqliteRow& row) {
                            const absl::Status parsed =
                                parse(database, row.bytes(0),
                                      change.mutable_put_api_key());
                            return parsed.ok() ? visit(change) : parsed;
                          });
  if (!status.ok()) return status;
  return database.query(
      *has_unfinished > 0 ? kGetFinishedAssociations : kGetAssociations, {},
      [&](const SqliteRow& row) {
        v1::StoredAssociation* association = change.mutable_put_association();
        const absl::Status parsed = parse(database, row.bytes(4), association);
        if (!parsed.ok()) return parsed;
        if (row.is_null(1) || row.is_null(2)) {
          return damaged(
              database.path(),
              absl::StrCat("association ", row.integer(0),
                           " is of a plan or a key that is missing"));
        }
        association->set_id(row.integer(0));
        association->set_usage_plan_id(std::string(row.bytes(1)));
        association->set_key_id(std::string(row.bytes(2)));
        association->set_first_day(static_cast<Day>(row.integer(3)));
        return visit(change);
      });
}

absl::Status days_of_all(SqliteConnection& database, Day first, Day last,
                         absl::FunctionRef<void(const DailyCount&)> visit) {
  return database.query(kGetDays, {first, last}, [&](const SqliteRow& row) {
    visit({row.integer(1), static_cast<Day>(row.integer(0)), row.integer(2)});
    return absl::OkStatus();
  });
}

absl::Status days_of(SqliteConnection& database, int64_t association, Day first,
                     Day last,
                     absl::FunctionRef<void(const DailyCount&)> visit) {
  const auto earliest = database.number(kGetFirstDay);
  if (!earliest.ok()) return earliest.status();
  const auto latest = database.number(kGetLastDay);
  if (!latest.ok()) return latest.status();
  const int64_t end = std::min<int64_t>(last, *latest);
  for (int64_t day = std::max<int64_t>(first, *earliest); day <= end; ++day) {
    const absl::Status status =
        database.query(kGetDay, {day, association}, [&](const SqliteRow& row) {
          visit({association, static_cast<Day>(day), row.integer(0)});
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Makes fork() wait while it exists. Otherwise a child might find SQLite's own
// mutexes locked, by threads that it does not have, and could not use SQLite at
// all.
class ForkHold {
 public:
  ForkHold() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.lock(); }
  ~ForkHold() ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_.unlock(); }
  ForkHold(const ForkHold&) = delete;
  ForkHold& operator=(const ForkHold&) = delete;

 private:
  internal::Mutex
      mutex_;  // Not shared with any other: fork() waits for every Mutex.
};

}  // namespace

struct SqliteStore::Impl {
  using Body = absl::FunctionRef<absl::Status(SqliteConnection&)>;

  Impl(std::string folder, Options options, std::unique_ptr<FolderLock> lock)
      : folder(std::move(folder)),
        path(this->folder + "/weir.sqlite"),
        read_only(options.read_only),
        lock(std::move(lock)) {}

  absl::Status open();

  // Writes atomically what `body` writes.
  absl::Status write(Body body);
  absl::Status commit_in_pieces(absl::Span<const v1::StoreChange> changes);
  // Removes what a failed commit in pieces has left.
  // REQUIRES: no such commit is in progress, and `dividing` is held or no other
  // thread has the store yet.
  absl::Status take_back();
  absl::Status commit_at_once(absl::Span<const v1::StoreChange> changes);
  // Called between two pieces.
  void let_others_write() {
    shorten_wal();
    internal::MutexLock hold(writing);
    writing.let_others_in();
  }
  // Calls `body` in a transaction, so that it reads from one snapshot.
  absl::Status read(Body body);
  // Calls `body` with a connection that no other thread uses.
  absl::Status with_reader(Body body);
  // Copies the WAL to the database if it is long.
  void shorten_wal();

  absl::Status check_process() const;
  absl::Status check_writable() const;

  const pid_t process = getpid();
  const std::string folder;
  const std::string path;
  const bool read_only;
  // Released last.
  const std::unique_ptr<FolderLock> lock;
  // Held by a commit in pieces, one at a time. Lock it before `writing`.
  internal::Mutex dividing;
  // Whether a commit in pieces has failed and could not be removed.
  std::atomic<bool> has_leftovers{false};
  internal::Mutex writing;
  // nullptr if the store is read-only.
  std::unique_ptr<SqliteConnection> writer ABSL_GUARDED_BY(writing);
  internal::Mutex resting;
  // The connections that are not in use.
  std::vector<std::unique_ptr<SqliteConnection>> readers
      ABSL_GUARDED_BY(resting);
};

absl::Status SqliteStore::Impl::open() {
  if (read_only) return read(check_identity);
  absl::Status status = create_database(folder, path);
  if (!status.ok()) return status;
  auto database =
      SqliteConnection::open(path, SqliteConnection::Access::kWrite);
  if (!database.ok()) return database.status();
  status = prepare_to_write(**database);
  if (!status.ok()) return status;
  const auto has_unfinished = (*database)->number(kCountUnfinishedTables);
  if (!has_unfinished.ok()) return has_unfinished.status();
  {
    internal::MutexLock hold(writing);
    writer = *std::move(database);
  }
  // If there is no room for this, the next commit tries again.
  if (*has_unfinished > 0) take_back().IgnoreError();
  return absl::OkStatus();
}

absl::Status SqliteStore::Impl::check_process() const {
  if (getpid() == process) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": was opened by process ", process,
                   ", and cannot be used by this one, forked from it"));
}

absl::Status SqliteStore::Impl::check_writable() const {
  absl::Status status = check_process();
  if (status.ok() && read_only) {
    status = absl::FailedPreconditionError(
        absl::StrCat(path, ": was opened to be read only"));
  }
  return status;
}

absl::Status SqliteStore::Impl::write(Body body) {
  absl::Status status = check_writable();
  if (!status.ok()) return status;
  internal::MutexLock hold(writing);
  SqliteConnection& database = *writer;
  bool is_written = false;
  status = database.write([&] {
    const absl::Status written = body(database);
    is_written = written.ok();
    return written;
  });
  if (!status.ok() && is_written) {
    // The commit could not be synced, but all of it may be in the WAL, and
    // would be recovered from there if the process were killed now. The next
    // write overwrites it, even if it fails in the same way.
    database.run(kCountFailedCommit).IgnoreError();
  }
  if (status.ok() && database.wal_pages() >= kTooLongWal) {
    // If this fails, the data is just as safe in the WAL.
    database.checkpoint().IgnoreError();
  }
  return status;
}

absl::Status SqliteStore::Impl::take_back() {
  for (;;) {
    int64_t dropped = 0;
    const absl::Status status = write([&](SqliteConnection& database) {
      const auto count = drop_unfinished(database, kPiece);
      if (count.ok()) dropped = *count;
      return count.status();
    });
    has_leftovers = !status.ok();
    if (!status.ok() || dropped == 0) return status;
    let_others_write();
  }
}

absl::Status SqliteStore::Impl::commit_in_pieces(
    absl::Span<const v1::StoreChange> changes) {
  internal::MutexLock alone(dividing);
  // Leftovers of an earlier commit would be mistaken for part of this one.
  absl::Status status = has_leftovers ? take_back() : absl::OkStatus();
  if (!status.ok()) return status;
  CommitInPieces commit(changes);
  bool has_begun = false;  // If so, the table of unfinished keys exists.
  while (status.ok() && commit.has_more()) {
    status = write([&](SqliteConnection& database) {
      return commit.write_piece(database);
    });
    if (!status.ok()) break;
    has_begun = true;
    let_others_write();
  }
  if (status.ok()) {
    status = write(
        [&](SqliteConnection& database) { return commit.finish(database); });
  }
  if (!status.ok() && has_begun) {
    has_leftovers = true;
    take_back().IgnoreError();
  }
  return status;
}

absl::Status SqliteStore::Impl::commit_at_once(
    absl::Span<const v1::StoreChange> changes) {
  if (has_leftovers) {
    internal::MutexLock alone(dividing);
    // Even if there is no room for this, there may be for the commit.
    if (has_leftovers) take_back().IgnoreError();
  }
  return write([&](SqliteConnection& database) {
    if (has_leftovers) {
      const absl::Status status = drop_unfinished(database, changes);
      if (!status.ok()) return status;
    }
    return apply_all(database, changes);
  });
}

void SqliteStore::Impl::shorten_wal() {
  {
    internal::MutexLock hold(writing);
    if (writer->wal_pages() < kLongWal) return;
  }
  // Uses a separate connection, so that commits continue. If this fails, the
  // data is just as safe in the WAL, and the next call tries again.
  with_reader([](SqliteConnection& database) {
    return database.checkpoint();
  }).IgnoreError();
}

absl::Status SqliteStore::Impl::with_reader(Body body) {
  const absl::Status status = check_process();
  if (!status.ok()) return status;
  const ForkHold hold_fork;
  std::unique_ptr<SqliteConnection> reader;
  {
    internal::MutexLock hold(resting);
    if (!readers.empty()) {
      reader = std::move(readers.back());
      readers.pop_back();
    }
  }
  if (reader == nullptr) {
    auto access = SqliteConnection::Access::kWrite;  // For checkpoints.
    if (read_only) {
      access = SqliteConnection::Access::kRead;
      const absl::Status readable = check_readable(path);
      if (!readable.ok()) return readable;
    }
    auto opened = SqliteConnection::open(path, access);
    if (!opened.ok()) return opened.status();
    reader = *std::move(opened);
  }
  absl::Status result = body(*reader);
  internal::MutexLock hold(resting);
  readers.push_back(std::move(reader));
  return result;
}

absl::Status SqliteStore::Impl::read(Body body) {
  return with_reader([&](SqliteConnection& database) {
    return database.read([&] { return body(database); });
  });
}

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::shared_ptr<SqliteStore>> SqliteStore::open(
    const std::string& folder) {
  return open(folder, Options());
}

absl::StatusOr<std::shared_ptr<SqliteStore>> SqliteStore::open(
    const std::string& folder, Options options) {
  const ForkHold hold_fork;
  if (!options.read_only) {
    const absl::Status created = create_folder(folder);
    if (!created.ok()) return created;
  }
  // The process may change its working directory.
  std::error_code error;
  const std::string real = std::filesystem::canonical(folder, error).string();
  if (error)
    return internal::file_error(folder, "cannot be opened", error.value());
  auto lock = options.read_only ? FolderLock::to_read(real)
                                : FolderLock::to_write(real);
  if (!lock.ok()) return lock.status();
  auto impl = std::make_unique<Impl>(real, options, *std::move(lock));
  const absl::Status opened = impl->open();
  if (!opened.ok()) return opened;
  return std::shared_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

SqliteStore::~SqliteStore() {
  if (getpid() != impl_->process) {
    // SQLite would write to files that the parent still uses, and unlock what
    // it has not locked here. So leave this copy of the connections alone.
    static_cast<void>(impl_.release());
    return;
  }
  const ForkHold hold_fork;
  impl_.reset();
}

absl::Status SqliteStore::commit(absl::Span<const v1::StoreChange> changes) {
  const absl::Status status = impl_->check_writable();
  if (!status.ok()) return status;
  return is_divisible(changes) ? impl_->commit_in_pieces(changes)
                               : impl_->commit_at_once(changes);
}

absl::Status SqliteStore::load(
    absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) {
  return impl_->read(
      [&](SqliteConnection& database) { return load_from(database, visit); });
}

absl::Status SqliteStore::write_usage(absl::Span<const DailyCount> days,
                                      absl::Span<const CountsBlock> blocks) {
  const auto put_all = [&](SqliteConnection& database) {
    absl::Status status;
    for (const DailyCount& day : days) {
      status = database.run(kPutDay, {day.day, day.association, day.used});
      if (!status.ok()) return status;
    }
    for (const CountsBlock& block : blocks) {
      status =
          database.run(kPutBlock, {as_integer(block.generation), block.number,
                                   SqliteBlob{block.counts}});
      if (!status.ok()) return status;
    }
    return status;
  };
  const absl::Status status = impl_->write(put_all);
  if (status.ok()) impl_->shorten_wal();
  return status;
}

absl::Status SqliteStore::read_counts(
    uint64_t generation,
    absl::FunctionRef<absl::Status(std::string_view counts)> visit) {
  return impl_->read([&](SqliteConnection& database) {
    return database.query(
        kGetBlocks, {as_integer(generation)},
        [&](const SqliteRow& row) { return visit(row.bytes(0)); });
  });
}

absl::Status SqliteStore::read_days(
    int64_t association, Day first, Day last,
    absl::FunctionRef<void(const DailyCount&)> visit) {
  return impl_->read([&](SqliteConnection& database) {
    return association == 0
               ? days_of_all(database, first, last, visit)
               : days_of(database, association, first, last, visit);
  });
}

absl::StatusOr<int64_t> SqliteStore::prune_days(Day day, int64_t most) {
  int64_t pruned = 0;
  const absl::Status status = impl_->write([&](SqliteConnection& database) {
    const absl::Status status =
        database.run(kPruneDays, {day, std::max<int64_t>(most, 0)});
    pruned = database.changed_rows();
    return status;
  });
  if (!status.ok()) return status;
  impl_->shorten_wal();
  return pruned;
}

std::string SqliteStore::folder() const { return impl_->folder; }

bool SqliteStore::is_read_only() const { return impl_->read_only; }

}  // namespace weir
