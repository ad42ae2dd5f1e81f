#include "weir/store/sqlite.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weir {
namespace {

struct Meaning {
  absl::StatusCode code;
  const char* advice;
};

Meaning meaning_of(int code) {
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {absl::StatusCode::kDataLoss,
              "restore it from an export or a backup"};
    case SQLITE_FULL:
      return {absl::StatusCode::kUnavailable,
              "nothing was changed; make room on the disk"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {absl::StatusCode::kUnavailable,
              "nothing was changed; another program holds it"};
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return {absl::StatusCode::kUnavailable,
              "nothing was changed; check that it and its -wal and -shm files "
              "are there and may be used"};
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
      return {absl::StatusCode::kUnavailable,
              "nothing was changed; check the disk"};
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
      return {absl::StatusCode::kInvalidArgument, "nothing was changed"};
    default:
      return {absl::StatusCode::kInternal, "nothing was changed"};
  }
}

// Returns the file name as a URI, as SQLite requires for options.
std::string uri_of(const std::string& path, const char* options) {
  return absl::StrCat(
      "file:",
      absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}),
      options);
}

}  // namespace

int SqliteValue::bind_to(sqlite3_stmt* statement, int parameter) const {
  // SQLite would bind a null pointer as NULL.
  const auto data = [](std::string_view bytes) {
    return bytes.data() == nullptr ? "" : bytes.data();
  };
  if (const auto* integer = std::get_if<int64_t>(&value_)) {
    return sqlite3_bind_int64(statement, parameter, *integer);
  }
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    return sqlite3_bind_text64(statement, parameter, data(*text), text->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  if (const auto* blob = std::get_if<SqliteBlob>(&value_)) {
    return sqlite3_bind_blob64(statement, parameter, data(blob->bytes),
                               blob->bytes.size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, parameter);
}

std::string_view SqliteRow::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  return {static_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::open(
    const std::string& path, Access access) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(path));
  const absl::Status status = connection->set_up(access);
  if (!status.ok()) return status;
  return connection;
}

absl::Status SqliteConnection::set_up(Access access) {
  const bool writes = access == Access::kWrite;
  // Without the option, a reader would create the -shm file.
  const std::string uri = uri_of(path_, writes ? "" : "?readonly_shm=1");
  const int flags = (writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_PRIVATECACHE;
  const int code = sqlite3_open_v2(uri.c_str(), &sqlite_, flags, nullptr);
  if (code != SQLITE_OK) return error(code);
  sqlite3_extended_result_codes(sqlite_, 1);
  sqlite3_db_config(sqlite_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (writes) {
    if (sqlite3_db_readonly(sqlite_, nullptr) == 1) {
      return absl::FailedPreconditionError(
          absl::StrCat(path_, ": cannot be written; check its permissions"));
    }
    // The last connection to close keeps the -wal and -shm files, because
    // readers do not create them and may not have the permission to.
    int persist = 1;
    sqlite3_file_control(sqlite_, nullptr, SQLITE_FCNTL_PERSIST_WAL, &persist);
  }
  // No part of the file is mapped: an I/O error would raise a signal.
  constexpr char kPragmas[] =
      "PRAGMA busy_timeout = 2000;"
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA cell_size_check = ON;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA synchronous = FULL;"
      "PRAGMA mmap_size = 0;"
      "PRAGMA journal_size_limit = 33554432;"  // Bytes kept of a long WAL.
      "PRAGMA wal_autocheckpoint = 0;";
  const absl::Status status = look_again([&] { return execute(kPragmas); });
  if (!status.ok()) return status;
  sqlite3_wal_hook(
      sqlite_,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      &wal_pages_);
  return absl::OkStatus();
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(sqlite_);
}

absl::Status SqliteConnection::error(int code) const {
  const Meaning meaning = meaning_of(code);
  return absl::Status(
      meaning.code,
      absl::StrCat(
          path_, ": ",
          sqlite_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(sqlite_),
          " (code ", code, " of SQLite); ", meaning.advice));
}

absl::StatusOr<sqlite3_stmt*> SqliteConnection::prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(
        sqlite_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return error(code);
  }
  return statement;
}

absl::Status SqliteConnection::query(
    const char* sql, std::initializer_list<SqliteValue> parameters,
    absl::FunctionRef<absl::Status(const SqliteRow&)> visit) {
  const auto statement = prepare(sql);
  if (!statement.ok()) return statement.status();
  int code = SQLITE_OK;
  int parameter = 0;
  for (const SqliteValue& value : parameters) {
    code = value.bind_to(*statement, ++parameter);
    if (code != SQLITE_OK) return error(code);
  }
  absl::Status status;
  while (status.ok() && (code = sqlite3_step(*statement)) == SQLITE_ROW) {
    status = visit(SqliteRow(*statement));
  }
  if (status.ok() && code != SQLITE_DONE) status = error(code);
  sqlite3_reset(*statement);
  // The bindings refer to the caller's memory.
  sqlite3_clear_bindings(*statement);
  return status;
}

absl::Status SqliteConnection::run(
    const char* sql, std::initializer_list<SqliteValue> parameters) {
  return query(sql, parameters,
               [](const SqliteRow&) { return absl::OkStatus(); });
}

absl::StatusOr<int64_t> SqliteConnection::number(
    const char* sql, std::initializer_list<SqliteValue> parameters) {
  int64_t number = 0;
  const absl::Status status = query(sql, parameters, [&](const SqliteRow& row) {
    number = row.integer(0);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return number;
}

absl::Status SqliteConnection::execute(const char* sql) {
  const int code = sqlite3_exec(sqlite_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : error(code);
}

absl::Status SqliteConnection::write(absl::FunctionRef<absl::Status()> body) {
  // Takes the write lock now, rather than fail halfway without it.
  static constexpr char kBegin[] = "BEGIN IMMEDIATE";
  return atomically(kBegin, body);
}

absl::Status SqliteConnection::read(absl::FunctionRef<absl::Status()> body) {
  static constexpr char kBegin[] = "BEGIN";
  return atomically(kBegin, [&] {
    // BEGIN takes no snapshot; the first read does.
    static constexpr char kLook[] = "SELECT 1 FROM sqlite_master LIMIT 1";
    const absl::Status status = look_again([&] { return run(kLook); });
    return status.ok() ? body() : status;
  });
}

absl::Status SqliteConnection::look_again(
    absl::FunctionRef<absl::Status()> look) {
  constexpr int kLooks = 100;
  for (int i = 1;; ++i) {
    const absl::Status status = look();
    if (status.ok() || i == kLooks ||
        sqlite3_extended_errcode(sqlite_) != SQLITE_READONLY_RECOVERY) {
      return status;
    }
    usleep(100);
  }
}

absl::Status SqliteConnection::atomically(
    const char* begin, absl::FunctionRef<absl::Status()> body) {
  static constexpr char kCommit[] = "COMMIT";
  static constexpr char kRollback[] = "ROLLBACK";
  absl::Status status = run(begin);
  if (!status.ok()) return status;
  status = body();
  if (status.ok()) status = run(kCommit);
  // After some errors, SQLite has rolled back by itself.
  if (!status.ok() && sqlite3_get_autocommit(sqlite_) == 0) {
    run(kRollback).IgnoreError();
  }
  return status;
}

absl::Status SqliteConnection::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(
      sqlite_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : error(code);
}

}  // namespace weir
