#include "weir/serve/access_log.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace weir {
namespace {

constexpr int64_t kMaxWaitingBytes = int64_t{16} << 20;
constexpr size_t kMaxPendingBytes = 1 << 20;
constexpr size_t kWriteBytes = 1 << 18;  // enough for a write
constexpr size_t kMaxKeyIds = 1 << 16;   // size of the cache

constexpr absl::Duration kPipePatience = absl::Milliseconds(100);
constexpr absl::Duration kClosingPatience = absl::Seconds(2);
constexpr absl::Duration kRetryInterval = absl::Seconds(1);
constexpr absl::Duration kReportInterval = absl::Minutes(1);

}  // namespace

absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::open(
    AccessLogOptions options) {
  auto file = LogFile::open(options.path);
  if (!file.ok()) return file.status();
  return std::unique_ptr<AccessLog>(
      new AccessLog(std::move(options), *std::move(file)));
}

AccessLog::AccessLog(AccessLogOptions options, LogFile file)
    : options_(std::move(options)),
      file_(std::move(file)),
      collector_(CollectorOptions{kMaxWaitingBytes},
                 {[this](AccessRecord&& record) { take(record); },
                  [this] { return end_round(); }, [this] { end(); }}) {}

AccessLog::~AccessLog() { close(); }

void AccessLog::observe(const AnsweredRequest& request) noexcept {
  AccessRecord record(request);
  const int64_t bytes = record.bytes();
  collector_.leave(std::move(record), bytes);
}

absl::Status AccessLog::reopen() {
  auto file = LogFile::open(options_.path);
  if (!file.ok()) return file.status();
  collector_.collect([&] {
    if (torn_) drop_torn_line();
    file_ = *std::move(file);
    write_pending(kPipePatience);
  });
  return absl::OkStatus();
}

bool AccessLog::close(absl::Duration patience) {
  return collector_.stop(patience);
}

void AccessLog::end() {
  write_pending(kClosingPatience);
  if (pending_lines_ == 0) return;
  dropped_.fetch_add(pending_lines_);
  report(absl::StrCat(std::exchange(pending_lines_, 0),
                      " lines could not be written"));
  pending_.clear();
}

AccessLog::Statistics AccessLog::statistics() const {
  return {lines_.load(), dropped_.load() + collector_.dropped(),
          write_errors_.load()};
}

void AccessLog::take(const AccessRecord& record) {
  if (pending_.size() >= kWriteBytes && !failing_) write_pending(kPipePatience);
  if (pending_.size() >= kMaxPendingBytes) {
    dropped_.fetch_add(1);
    return;
  }
  absl::StrAppend(&pending_, access_log_line(record, key_id(record.client)));
  ++pending_lines_;
}

absl::Duration AccessLog::end_round() {
  write_pending(kPipePatience);
  return failing_ ? kRetryInterval : absl::InfiniteDuration();
}

void AccessLog::write_pending(absl::Duration patience) {
  if (pending_.empty()) return;
  const LogFile::Appended appended = file_.append(pending_, patience);
  const auto end =
      pending_.begin() + static_cast<std::ptrdiff_t>(appended.bytes);
  if (appended.bytes > 0) {
    torn_ = *(end - 1) != '\n';
    const auto lines = std::count(pending_.begin(), end, '\n');
    lines_.fetch_add(lines);
    pending_lines_ -= lines;
    pending_.erase(pending_.begin(), end);
  }
  if (!appended.status.ok()) {
    failed(appended.status);
  } else if (failing_) {
    recovered();
  }
}

void AccessLog::failed(const absl::Status& status) {
  write_errors_.fetch_add(1);
  if (std::exchange(failing_, true)) return;
  dropped_before_ = statistics().dropped;
  reported_ = absl::Now() >= next_report_;
  if (!reported_) return;
  next_report_ = absl::Now() + kReportInterval;
  report(absl::StrCat("cannot be written: ", status.message(),
                      "; lines wait in memory while there is room"));
}

void AccessLog::recovered() {
  failing_ = false;
  if (!std::exchange(reported_, false)) return;
  report(absl::StrCat("is written again; ",
                      statistics().dropped - dropped_before_,
                      " lines were dropped"));
}

// Drops the rest of a line whose beginning is in another file.
void AccessLog::drop_torn_line() {
  const size_t end = pending_.find('\n');
  pending_.erase(0, end == pending_.npos ? end : end + 1);
  --pending_lines_;
  dropped_.fetch_add(1);
  torn_ = false;
}

// A key's id never changes, so most ids come from the cache, without a lock.
std::optional<std::string> AccessLog::key_id(const ClientHandle& client) {
  if (!client) return std::nullopt;
  const auto known = key_ids_.find(client);
  if (known != key_ids_.end()) return known->second;
  auto id = options_.key_id(client);
  if (key_ids_.size() == kMaxKeyIds) key_ids_.clear();
  if (id.has_value()) key_ids_.emplace(client, *id);
  return id;
}

void AccessLog::report(const std::string& what) {
  options_.report(absl::StrCat("access log: ", options_.path, ": ", what));
}

}  // namespace weir
