// The lifecycle of an enforcer, and its statistics.

#include "weir/c_api/enforcer.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/log_severity.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/status_macros.h"
#include "weir/c_api/structs.h"
#include "weir/c_api/text.h"
#include "weir/enforcer/options.h"
#include "weir/enforcer/version.h"
#include "weir/store/sqlite_store.h"

namespace weir::c_api {
namespace {

int32_t severity_of(absl::LogSeverity severity) {
  switch (severity) {
    case absl::LogSeverity::kInfo:
      return WEIR_LOG_INFO;
    case absl::LogSeverity::kWarning:
      return WEIR_LOG_WARNING;
    default:
      return WEIR_LOG_ERROR;
  }
}

// Converts all options except the store. Numbers out of range remain, so that
// Enforcer::create() refuses them.
Options options_of(const weir_options& from) {
  Options to;
  to.restore_counts = from.restore_counts != 0;
  if (from.sync_interval_ns != 0) {
    to.sync_interval = from.sync_interval_ns < 0
                           ? absl::ZeroDuration()
                           : absl::Nanoseconds(from.sync_interval_ns);
  }
  to.quota_offset = static_cast<QuotaOffset>(from.quota_offset);
  to.method_throttle = static_cast<MethodThrottle>(from.method_throttle);
  if (from.arena_bytes != 0) to.arena_bytes = from.arena_bytes;
  to.huge_pages = from.no_huge_pages == 0;
  to.lease_threads = from.lease_threads;
  if (from.lease_tokens != 0) to.lease_tokens = from.lease_tokens;
  if (from.log != nullptr) {
    to.log = [log = from.log, context = from.log_context](
                 absl::LogSeverity severity, std::string_view message) {
      const std::string text(message);  // Adds a terminating NUL.
      log(context, severity_of(severity), text.c_str(), text.size());
    };
  }
  return to;
}

absl::StatusOr<std::unique_ptr<Enforcer>> open(const weir_options& from) {
  Options options = options_of(from);
  // Before a folder is created for the store.
  WEIR_RETURN_IF_ERROR(validate_options(options));
  const std::string_view folder = view(from.store, from.store_size);
  if (!folder.empty()) {
    SqliteStore::Options store_options;
    store_options.read_only = from.store_read_only != 0;
    auto store = SqliteStore::open(std::string(folder), store_options);
    if (!store.ok()) return store.status();
    options.store = *std::move(store);
  }
  return Enforcer::create(std::move(options));
}

}  // namespace
}  // namespace weir::c_api

using namespace weir;         // NOLINT: the functions below are C's
using namespace weir::c_api;  // NOLINT

uint32_t weir_abi_version(void) { return WEIR_ABI_VERSION; }

const char* weir_version(void) { return kVersion; }

weir_code weir_open(const weir_options* options, weir_enforcer** enforcer,
                    weir_text* answer) {
  auto opened = weir::c_api::open(options == nullptr ? weir_options()
                                                     : read_struct(options));
  *enforcer = opened.ok() ? reinterpret_cast<weir_enforcer*>(opened->release())
                          : nullptr;
  return finish(opened.status(), answer);
}

void weir_close(weir_enforcer* enforcer) {
  delete reinterpret_cast<Enforcer*>(enforcer);
}

weir_code weir_sync(weir_enforcer* enforcer, weir_text* answer) {
  return finish(enforcer_of(enforcer).sync(), answer);
}

void weir_get_statistics(const weir_enforcer* enforcer,
                         weir_statistics* statistics) {
  const Enforcer::Statistics from = enforcer_of(enforcer).statistics();
  weir_statistics to = {};
  to.usage_plans = from.usage_plans;
  to.api_keys = from.api_keys;
  to.arena_used_bytes = from.arena_used_bytes;
  to.arena_retired_bytes = from.arena_retired_bytes;
  to.arena_reserved_bytes = from.arena_reserved_bytes;
  to.threads = from.threads;
  to.stalled_threads = from.stalled_threads;
  to.stalled_ns = from.stalled_ns;
  to.days_not_recorded = from.days_not_recorded;
  to.leases = from.leases;
  to.counts_file_bytes = from.counts_file_bytes;
  to.synced_unix_ns = from.synced_unix_ns;
  to.sync_failures = from.sync_failures;
  static_assert(static_cast<int>(Enforcer::Statistics::Counts::kSynced) ==
                WEIR_COUNTS_SYNCED);
  to.counts_from = static_cast<int32_t>(from.counts_from);
  write_struct(to, statistics);
}
