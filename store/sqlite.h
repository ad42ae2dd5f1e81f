#ifndef WEIR_STORE_SQLITE_H_
#define WEIR_STORE_SQLITE_H_

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

// The bytes of a BLOB; std::string_view is for TEXT.
struct SqliteBlob {
  std::string_view bytes;
};

// A parameter of a statement: an integer, TEXT, a BLOB or NULL. Refers to the
// bytes it is made from. *thread-compatible*
class SqliteValue {
 public:
  SqliteValue(std::nullopt_t) {}
  SqliteValue(int64_t integer) : value_(integer) {}
  SqliteValue(std::string_view text) : value_(text) {}
  SqliteValue(const std::string& text) : value_(std::string_view(text)) {}
  SqliteValue(SqliteBlob blob) : value_(blob) {}

  // Returns an SQLite result code.
  int bind_to(sqlite3_stmt* statement, int parameter) const;

 private:
  std::variant<std::monostate, int64_t, std::string_view, SqliteBlob> value_;
};

// A row of a query's result, valid until the next one. Columns count from 0.
// *thread-compatible*
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  // The bytes of a TEXT or a BLOB.
  std::string_view bytes(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// A connection to a database file in WAL mode, set up so that a commit is on
// disk when it returns, and so that only the caller of checkpoint() waits for a
// checkpoint.
//
// Errors: Unavailable for possibly transient problems, DataLoss for damage,
// InvalidArgument for a violated constraint. Messages name the file and what to
// do, and never a parameter's value. Calls block for as long as the disk takes.
// *thread-compatible*
class SqliteConnection {
 public:
  // The file must exist. Opening with kRead changes and creates nothing, and
  // requires that the -wal and -shm files exist too.
  enum class Access { kRead, kWrite };
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> open(
      const std::string& path, Access access);

  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;
  ~SqliteConnection();

  // Runs one statement with the parameters ?1, ?2, ... and calls `visit` with
  // each row. Stops at an error of `visit`, and returns it. `sql` must be a
  // constant: it is prepared once and cached by its address.
  // REQUIRES: `visit` does not use this connection.
  absl::Status query(const char* sql,
                     std::initializer_list<SqliteValue> parameters,
                     absl::FunctionRef<absl::Status(const SqliteRow&)> visit);
  // The same, ignoring rows.
  absl::Status run(const char* sql,
                   std::initializer_list<SqliteValue> parameters = {});
  // Returns the one number that is the result of a query.
  absl::StatusOr<int64_t> number(
      const char* sql, std::initializer_list<SqliteValue> parameters = {});
  // Runs any number of statements, without caching them.
  absl::Status execute(const char* sql);

  // Runs `body` in a write transaction, which is rolled back if `body` fails.
  // Returns its status, or that of the transaction.
  absl::Status write(absl::FunctionRef<absl::Status()> body);
  // Runs `body` in a transaction, so that it reads from one snapshot.
  absl::Status read(absl::FunctionRef<absl::Status()> body);

  // How many rows the last statement inserted, updated or deleted.
  int64_t changed_rows() const { return sqlite3_changes64(sqlite_); }
  // The length of the WAL after the last commit of this connection.
  int wal_pages() const { return wal_pages_; }
  // Copies as much of the WAL to the database as its readers allow. When all is
  // copied, the next commit restarts the WAL. Other connections may write at
  // the same time.
  absl::Status checkpoint();

  const std::string& path() const { return path_; }

 private:
  explicit SqliteConnection(const std::string& path) : path_(path) {}

  absl::Status set_up(Access access);
  absl::StatusOr<sqlite3_stmt*> prepare(const char* sql);
  absl::Status atomically(const char* begin,
                          absl::FunctionRef<absl::Status()> body);
  // Repeats `look` while it fails because of the WAL's index: a read-only
  // connection takes the index for damaged while a writer is changing it.
  absl::Status look_again(absl::FunctionRef<absl::Status()> look);
  absl::Status error(int code) const;

  const std::string path_;
  sqlite3* sqlite_ = nullptr;
  absl::flat_hash_map<const char*, sqlite3_stmt*> statements_;
  int wal_pages_ = 0;
};

}  // namespace weir

#endif  // WEIR_STORE_SQLITE_H_
