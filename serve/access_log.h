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
#include "enforcer/client_handle.h"
#include "gateway/request_observer.h"
#include "serve/access_record.h"
#include "serve/collector.h"
#include "serve/log_file.h"

namespace weir {

struct AccessLogOptions {
  std::string path;  // "-" is standard output
  // The id of a key, none if there is none. May lock.
  std::function<std::optional<std::string>(const ClientHandle&)> key_id;
  // Told when lines cannot be written, and when they can again; at most once a
  // minute. Called by the log's own thread, or by whoever reopens or closes it.
  std::function<void(const std::string& message)> report;
};

// A file with a line of JSON for each request: see access_log_line().
//
// A thread of its own writes it, some 20 milliseconds after the requests. When
// the disk is slow or full, lines wait in up to 17 MiB of memory, and are
// dropped and counted when that is used up: no request ever waits for the log.
// Lines are never mixed or cut, but for one that was begun when the disk became
// full: it is finished when there is room again, unless the file is reopened or
// the process ends first.
//
// *thread-safe*, but for construction and destruction.
class AccessLog final : public RequestObserver {
 public:
  // An error if the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<AccessLog>> open(
      AccessLogOptions options);
  // close().
  ~AccessLog() override;

  void observe(const AnsweredRequest& request) noexcept override;

  // Goes on with a file of the same name, which is made if the present one was
  // renamed; what was observed before goes to that. On an error goes on with
  // the present one. Standard output stays what it is.
  absl::Status reopen();

  // Has the thread write what was observed, for two seconds at most, and end.
  // Returns whether it has ended; if it did not within `patience`, as the disk
  // does not answer, the destructor waits for it.
  bool close(absl::Duration patience = absl::InfiniteDuration());

  struct Statistics {
    int64_t lines;    // written
    int64_t dropped;  // lines that never will be
    int64_t write_errors;
  };
  Statistics statistics() const;

 private:
  AccessLog(AccessLogOptions options, LogFile file);

  // The collecting thread's, or whoever collects in its place.
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
  bool torn_ = false;  // the file ends within a line, which `pending_` goes on
  absl::flat_hash_map<ClientHandle, std::string> key_ids_;

  bool failing_ = false;   // since the last time that all could be written
  bool reported_ = false;  // that it fails
  int64_t dropped_before_ = 0;
  absl::Time next_report_ = absl::InfinitePast();

  std::atomic<int64_t> lines_{0};
  std::atomic<int64_t> dropped_{0};  // beside those of the collector
  std::atomic<int64_t> write_errors_{0};
  Collector<AccessRecord> collector_;  // the last, as it uses all others
};

}  // namespace weir

#endif  // WEIR_SERVE_ACCESS_LOG_H_
