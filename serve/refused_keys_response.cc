#include "weir/serve/refused_keys_response.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/decision_names.h"
#include "weir/gateway/stage_target.h"
#include "weir/http/error_response.h"
#include "weir/http/target.h"
#include "weir/json/json_writer.h"
#include "weir/management/status_response.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

constexpr int kDefaultLimit = 20;
constexpr int kMaxKeys = 100;

absl::StatusOr<int> limit_of(const HttpRequest& request) {
  const auto target = parse_target(request.target);
  if (!target.ok()) return target.status();
  const auto text = target->parameter("limit");
  if (!text.has_value()) return kDefaultLimit;
  int limit;
  if (!absl::SimpleAtoi(internal::to_absl(*text), &limit) || limit < 1 ||
      limit > kMaxKeys) {
    return absl::InvalidArgumentError("limit: expected a number from 1 to 100");
  }
  return limit;
}

std::string time_text(int64_t unix_ns) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ",
                          absl::FromUnixNanos(unix_ns), absl::UTCTimeZone());
}

// The reason of the refusal: a limit, or why the key may not call.
const char* reason(const RefusedKeys::Refusals& refusals) {
  switch (refusals.forbidden) {
    case Forbidden::kDisabledKey:
      return "disabled_key";
    case Forbidden::kNoPlan:
      return "stage";
    case Forbidden::kNo:
    case Forbidden::kUnknownKey:
      break;
  }
  return name_of(refusals.limit);
}

bool has_stage(const v1::UsagePlan& plan, const StageNames& names) {
  for (const v1::ApiStage& stage : plan.api_stages()) {
    if (stage.api_id() == names.api_id && stage.stage() == names.stage) {
      return true;
    }
  }
  return false;
}

// The key's plan that covers the stage, or else the key's only plan.
std::optional<v1::UsagePlan> plan_of(const Enforcer& enforcer,
                                     std::string_view key_id,
                                     const StageNames& names) {
  constexpr int kPage = 500;
  // The list of no key would be that of all plans.
  if (key_id.empty()) return std::nullopt;
  auto plans = enforcer.list_usage_plans({"", kPage}, key_id);
  if (!plans.ok()) return std::nullopt;
  for (v1::UsagePlan& plan : plans->items) {
    if (has_stage(plan, names)) return std::move(plan);
  }
  if (plans->items.size() != 1) return std::nullopt;
  return std::move(plans->items.front());
}

void write_text(const char* name, std::string_view text, JsonWriter& json) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.string(text);
  }
}

// Writes all outcomes except kAdmitted, which is the first.
void write_refusals(const std::array<int64_t, kOutcomes>& by_outcome,
                    JsonWriter& json) {
  for (size_t i = 1; i < kOutcomes; ++i) {
    json.key(kOutcomeNames[i]);
    json.number(by_outcome[i]);
  }
}

void write_key(const RefusedKeys::RefusedKey& key, const Enforcer& enforcer,
               JsonWriter& json) {
  const RefusedKeys::Refusals& refusals = key.refusals;
  const StageNames names = stage_names(refusals.stage);
  // Any of these may have been deleted.
  const std::string id = enforcer.api_key_id(key.client).value_or("");
  const v1::ApiKey present = enforcer.get_api_key(id).value_or(v1::ApiKey());
  const v1::UsagePlan plan =
      plan_of(enforcer, id, names).value_or(v1::UsagePlan());
  json.begin_object();
  write_text("key_id", id, json);
  write_text("key_name", present.name(), json);
  write_text("usage_plan_id", plan.id(), json);
  write_text("usage_plan_name", plan.name(), json);
  json.key("refused");
  json.number(key.refused);
  write_refusals(refusals.by_outcome, json);
  json.key("uncertain");
  json.number(key.uncertain);
  write_text("limit", reason(refusals), json);
  write_text("api_id", names.api_id, json);
  write_text("stage", names.stage, json);
  json.key("last_time");
  json.string(time_text(refusals.unix_ns));
  json.end_object();
}

}  // namespace

HttpResponse refused_keys_response(const HttpRequest& request,
                                   const Enforcer& enforcer,
                                   RefusedKeys& refused_keys, Instant now) {
  if (!only_reads(request)) {
    HttpResponse response = error_response(405, "MethodNotAllowedException",
                                           "The method is not allowed");
    response.headers.emplace_back("allow", "GET, HEAD");
    return response;
  }
  const auto limit = limit_of(request);
  if (!limit.ok()) return status_response(limit.status());
  const RefusedKeys::Report report =
      refused_keys.report(now, static_cast<size_t>(*limit));
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("since");
  json.string(time_text(report.since_unix_ns));
  json.key("until");
  json.string(time_text(now.unix_ns));
  write_refusals(report.total, json);
  json.key("unknown_key");
  json.number(report.unknown_key);
  json.key("uncounted");
  json.number(report.uncounted);
  json.key("keys");
  json.begin_array();
  for (const auto& key : report.keys) write_key(key, enforcer, json);
  json.end_array();
  json.end_object();
  return {200, {{"content-type", "application/json"}}, std::move(json).text()};
}

}  // namespace weir
