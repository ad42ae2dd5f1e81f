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
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/store.h"

namespace weir {

// A store in an SQLite database, the file `weir.sqlite` of a folder on a local
// file system. Only one process at a time may open it for writing; others may
// read it at the same time.
//
// The database is in WAL mode: `weir.sqlite-wal` and `weir.sqlite-shm` belong
// to it and must stay with it. Copy the whole folder while no process writes to
// it, or use `sqlite3 weir.sqlite ".backup FILE"`. The WAL is kept short, but
// while a call of any process reads, it grows by what is written.
//
// fork() waits until no thread is inside a store. In a child, the stores that
// were open refuse every call (FailedPrecondition), destroying them does
// nothing, and their folders cannot be opened; all other folders can.
// *thread-safe*
class SqliteStore final : public Store {
 public:
  struct Options {
    // Creates and changes nothing, takes no lock, and blocks no other process.
    // The three files must exist: a copy without the last two must be opened
    // for writing once.
    bool read_only = false;
  };

  // Opens a folder, for writing unless `options.read_only` is set. For writing,
  // creates the folder if it is missing (but not its parent) and any missing
  // files, readable only by this user, because API keys are secrets.
  //
  // FailedPrecondition, with the reason, for a folder that this or another
  // process has open for writing, for a database that is not a store or has
  // another version, and for missing permissions. NotFound if there is no store
  // to read.
  static absl::StatusOr<std::shared_ptr<SqliteStore>> open(
      const std::string& folder);
  static absl::StatusOr<std::shared_ptr<SqliteStore>> open(
      const std::string& folder, Options options);

  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore() override;

  // InvalidArgument for a change that does not fit the contents, and for an
  // empty id. Deleting what does not exist changes nothing. Associations are
  // ordered by id, so the id of a new one must be the greatest.
  //
  // Very many keys and associations that are put in one call are written in
  // pieces, and other writes come in between: no other call may concern the
  // same keys, or delete the plans. load() returns none of them until all are
  // written.
  absl::Status commit(absl::Span<const v1::StoreChange> changes) override;
  // Reads a snapshot: commits continue during the call, and `visit` itself may
  // commit.
  absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) override;

  // Commits wait while this writes, so write large amounts in pieces: a
  // thousand days, or a megabyte of blocks, take a few milliseconds.
  absl::Status write_usage(absl::Span<const DailyCount> days,
                           absl::Span<const CountsBlock> blocks) override;
  absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view counts)> visit) override;
  absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) override;
  absl::StatusOr<int64_t> prune_days(Day day, int64_t most) override;

  // The path has no symbolic links.
  std::string folder() const override;
  bool is_read_only() const override;

 private:
  struct Impl;

  explicit SqliteStore(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace weir

#endif  // WEIR_STORE_SQLITE_STORE_H_
