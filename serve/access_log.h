#ifndef WEIR_SERVE_ACCESS_LOG_H_
#define WEIR_SERVE_ACCESS_LOG_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/enforcer/client_handle.h"
#include "weir/gateway/request_observer.h"
#include "weir/serve/access_record.h"
#include "weir/serve/collector.h"
#include "weir/serve/log_file.h"

namespace weir {

struct AccessLogOptions {
  std::string path;  // "-" is standard output
  // Returns the id of a key, or nullopt if the key does not exist. May lock.
  std::function<std::optional<std::string>(const ClientHandle&)> key_id;
  // Called when lines cannot be written, and when they can again; at most once
  // a minute. Called on the log's thread, or on the thread that reopens or
  // closes the log.
  std::function<void(const std::string& message)> report;
};

// A file with one line of JSON for each request: see access_log_line().
//
// The log's own thread writes the lines some 20 milliseconds after the
// requests. When the disk is slow or full, lines wait in up to 17 MiB of
// memory; beyond that they are dropped and counted. No request ever waits for
// the log. Lines are never interleaved or truncated, except one that was begun
// when the disk became full: it is completed when there is room again, unless
// the file is reopened or the process ends first.
//
// *thread-safe*, except construction and destruction.
class AccessLog final : public RequestObserver {
 public:
  // Returns an error if the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<AccessLog>> open(
      AccessLogOptions options);
  // Calls close().
  ~AccessLog() override;

  void observe(const AnsweredRequest& request) noexcept override;

  // Opens the file again by its name, and creates it if the current one was
  // renamed. Lines not yet written go to the new file. On an error the log
  // keeps the current file. Standard output stays the same.
  absl::Status reopen();

  // Has the thread write the requests observed so far, for at most two seconds,
  // and end. Returns whether it ended within `patience`. If it did not, because
  // the disk does not respond, the destructor waits for it.
  bool close(absl::Duration patience = absl::InfiniteDuration());

  struct Statistics {
    int64_t lines;    // written
    int64_t dropped;  // lines that will never be written
    int64_t write_errors;
  };
  Statistics statistics() const;

 private:
  AccessLog(AccessLogOptions options, LogFile file);

  // Called on the collecting thread, or on one that collects in its place.
  void take(const AccessRecord& record);
  absl::Duration end_round();
  void end();
  void write_pending(absl::Duration patience);
  void failed(const absl::Status& status);
  void recovered();
  void drop_torn_line();
  std::optional<std::string> key_id(const ClientHandle& client);
  void report(const std::string& what);

  const AccessLogOptions options_;
  LogFile file_;
  std::string pending_;  // lines to be written
  int64_t pending_lines_ = 0;
  bool torn_ = false;  // the file ends inside a line that `pending_` continues
  absl::flat_hash_map<ClientHandle, std::string> key_ids_;

  bool failing_ = false;   // the last write failed
  bool reported_ = false;  // the failure was reported
  int64_t dropped_before_ = 0;
  absl::Time next_report_ = absl::InfinitePast();

  std::atomic<int64_t> lines_{0};
  std::atomic<int64_t> dropped_{0};  // not counting those of the collector
  std::atomic<int64_t> write_errors_{0};
  Collector<AccessRecord> collector_;  // last, because it uses all others
};

}  // namespace weir

#endif  // WEIR_SERVE_ACCESS_LOG_H_
