#ifndef WEIR_STORE_SQLITE_STORE_H_
#define WEIR_STORE_SQLITE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/store.pb.h"
#include "quota/calendar.h"
#include "store/store.h"

namespace weir {

// A store in an SQLite database, the file `weir.sqlite` of a folder on a local
// file system. One process at a time opens it to be written; others may read it
// meanwhile.
//
// The database is in WAL mode: `weir.sqlite-wal` and `weir.sqlite-shm` belong
// to it and stay with it. Copy the whole folder while no process writes to it,
// or use `sqlite3 weir.sqlite ".backup FILE"`. The WAL is kept short, but while
// somebody reads, in one call and in any process, it grows by what is written.
//
// fork() waits until nobody is inside a store. In a child, the stores that were
// open refuse every call (FailedPrecondition), destroying them does nothing,
// and their folders cannot be opened; all other folders can. *thread-safe*
class SqliteStore final : public Store {
 public:
  struct Options {
    // Neither creates nor changes anything, takes no lock, and hinders nobody.
    // The three files have to be there: a copy without the last two has to be
    // opened once to be written.
    bool read_only = false;
  };

  // To be written, a folder is created if it is missing (not so its parent),
  // and in it what is missing: for this user's eyes alone, as the keys are
  // secrets.
  //
  // FailedPrecondition, with the reason, for a folder that another process, or
  // this one, has open to be written, for a database that is not a store's or
  // is of another version, and for a lack of permissions. NotFound if there is
  // nothing to be read.
  static absl::StatusOr<std::shared_ptr<SqliteStore>> open(
      const std::string& folder);
  static absl::StatusOr<std::shared_ptr<SqliteStore>> open(
      const std::string& folder, Options options);

  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() override;

  // A change that does not fit what is there is InvalidArgument, as is an id
  // that is empty; deleting what is not there changes nothing. Associations
  // come in the order of their ids, so a new one's has to be the greatest.
  //
  // Very many keys and associations that are put together are written in
  // pieces, and what others write comes in between: no other call may be about
  // the same keys, or delete the plans. Nobody loads them before all are there.
  absl::Status commit(absl::Span<const v1::StoreChange> changes) override;
  // From a snapshot: commits go on meanwhile, and `visit` may make some.
  absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) override;

  // Commits wait while this writes, so much is better written in pieces: a
  // thousand days, or a megabyte of blocks, take some milliseconds.
  absl::Status write_usage(absl::Span<const DailyCount> days,
                           absl::Span<const CountsBlock> blocks) override;
  absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view counts)> visit) override;
  absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) override;
  absl::StatusOr<int64_t> prune_days(Day day, int64_t most) override;

  // Without symbolic links.
  std::string folder() const override;
  bool is_read_only() const override;

 private:
  struct Impl;

  explicit SqliteStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace weir

#endif  // WEIR_STORE_SQLITE_STORE_H_
