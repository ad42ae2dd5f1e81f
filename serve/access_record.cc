#include "weir/serve/access_record.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "weir/enforcer/decision_names.h"
#include "weir/gateway/stage_target.h"
#include "weir/json/json_writer.h"

namespace weir {
namespace {

double seconds(int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

// Writes `text`, or null if it is empty.
void write_text(std::string_view text, JsonWriter& json) {
  if (text.empty()) {
    json.null();
  } else {
    json.string(text);
  }
}

}  // namespace

AccessRecord::AccessRecord(const AnsweredRequest& request)
    : method(request.method.substr(0, kMaxMethod)),
      method_key(request.method_key),
      client(request.client),
      outcome(request.decision.outcome),
      limit(request.decision.limit),
      cost(request.cost),
      status(request.status),
      retry_after_ns(request.decision.retry_after_ns),
      arrived_unix_ns(request.arrived.unix_ns),
      latency_ns(request.latency_ns) {
  if (request.stage_target.has_value()) {
    stage = request.stage_target->stage;
    path = request.stage_target->path;
  } else {
    path = request.target.substr(
        0, std::min(request.target.find('?'), kMaxStrayTarget));
  }
}

int64_t AccessRecord::bytes() const {
  return static_cast<int64_t>(sizeof(*this) + stage.size() + path.size() +
                              method.size() + method_key.size());
}

std::string access_log_line(const AccessRecord& record,
                            const std::optional<std::string>& key_id) {
  const StageNames names = stage_names(record.stage);
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("time");
  json.string(absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ",
                               absl::FromUnixNanos(record.arrived_unix_ns),
                               absl::UTCTimeZone()));
  json.key("key_id");
  write_text(key_id.value_or(""), json);
  json.key("api_id");
  write_text(names.api_id, json);
  json.key("stage");
  write_text(names.stage, json);
  json.key("method");
  json.string(record.method);
  json.key("path");
  json.string(record.path);
  json.key("method_key");
  write_text(record.method_key, json);
  json.key("outcome");
  json.string(name_of(record.outcome));
  json.key("limit");
  write_text(name_of(record.limit), json);
  json.key("cost");
  json.number(int64_t{record.cost});
  json.key("retry_after");
  if (record.outcome == Outcome::kAdmitted ||
      record.retry_after_ns == Decision::kNever) {
    json.null();
  } else {
    json.plain_number(seconds(record.retry_after_ns));
  }
  json.key("status");
  json.number(int64_t{record.status});
  json.key("latency");
  json.plain_number(seconds(record.latency_ns));
  json.end_object();
  return std::move(json).text() + "\n";
}

}  // namespace weir
