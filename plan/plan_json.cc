#include "weir/plan/plan_json.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/json/sorted_entries.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/patch_document.h"
#include "weir/plan/canonical_plan.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// The member of `object`; null if it is absent.
const Value* find(const Struct& object, const std::string& name) {
  const auto it = object.fields().find(name);
  return it == object.fields().end() ? nullptr : &it->second;
}

// JSON Patch also accepts the number of a period, which AWS does not; and an
// unknown name should get AWS's text.
absl::Status check_period(const Value& plan) {
  const Value* quota = find(plan.struct_value(), "quota");
  if (quota == nullptr) return absl::OkStatus();
  const Value* period = find(quota->struct_value(), "period");
  if (period == nullptr || period->has_null_value() ||
      quota_period_from_name(period->string_value()).has_value()) {
    return absl::OkStatus();
  }
  return plan_error(absl::StatusCode::kInvalidArgument,
                    "/quota/period: expected DAY, WEEK or MONTH",
                    aws_text::kQuotaPeriod);
}

void write_text_if_set(std::string_view name, std::string_view text,
                       JsonWriter* json) {
  if (text.empty()) return;
  json->key(name);
  json->string(text);
}

void write_throttle(const v1::ThrottleSettings& throttle, JsonWriter* json) {
  json->begin_object();
  json->key("burstLimit");
  json->number(std::int64_t{throttle.burst_limit()});
  json->key("rateLimit");
  json->number(throttle.rate_limit() + 0.0);  // Turns negative zero into zero.
  json->end_object();
}

void write_quota(const v1::QuotaSettings& quota, JsonWriter* json) {
  json->begin_object();
  json->key("limit");
  json->number(std::int64_t{quota.limit()});
  json->key("offset");
  json->number(std::int64_t{quota.offset()});
  if (quota.period() != v1::QUOTA_PERIOD_UNSPECIFIED) {
    json->key("period");
    json->string(v1::QuotaPeriod_Name(quota.period()));
  }
  json->end_object();
}

void write_method_throttles(const v1::ApiStage& stage, JsonWriter* json) {
  json->begin_object();
  for (const auto& [key, throttle] : sorted_entries(stage.throttle())) {
    json->key(key);
    write_throttle(*throttle, json);
  }
  json->end_object();
}

void write_stage(const v1::ApiStage& stage, JsonWriter* json) {
  json->begin_object();
  json->key("apiId");
  json->string(stage.api_id());
  json->key("stage");
  json->string(stage.stage());
  if (!stage.throttle().empty()) {
    json->key("throttle");
    write_method_throttles(stage, json);
  }
  json->end_object();
}

void write_seconds_if_set(std::string_view name,
                          const google::protobuf::Timestamp& time, bool set,
                          JsonWriter* json) {
  if (!set) return;
  json->key(name);
  json->number(std::int64_t{time.seconds()});
}

void write_tags_member(
    const google::protobuf::Map<std::string, std::string>& tags,
    TagsMember member, JsonWriter* json) {
  if (tags.empty() && member == TagsMember::kIfAny) return;
  json->key("tags");
  write_tags(tags, json);
}

}  // namespace

absl::StatusOr<v1::UsagePlan> usage_plan_from_json(std::string_view json) {
  absl::StatusOr<Value> value = parse_json(json);
  if (!value.ok()) return value.status();
  return usage_plan_from_value(*std::move(value));
}

absl::StatusOr<v1::UsagePlan> usage_plan_from_value(Value value) {
  if (!value.has_struct_value()) {
    return absl::InvalidArgumentError("expected a usage plan, a JSON object");
  }
  absl::Status status = check_period(value);
  if (status.ok()) status = canonicalize_plan_numbers(&value);
  if (!status.ok()) return status;

  // Reads the document by replacing an empty one as a whole.
  v1::PatchOperation replace;
  replace.set_op("replace");
  replace.set_path("");
  *replace.mutable_value() = std::move(value);
  v1::UsagePlan plan;
  patch::JsonPatchTransaction transaction(&plan);
  status = transaction.apply(replace);
  transaction.commit();
  if (!status.ok()) {
    absl::string_view message = status.message();
    absl::ConsumePrefix(&message, "replace \"\": ");
    return absl::Status(status.code(), message);
  }

  status = canonicalize(&plan);
  if (!status.ok()) return status;
  return plan;
}

void write_tags(const google::protobuf::Map<std::string, std::string>& tags,
                JsonWriter* json) {
  json->begin_object();
  for (const auto& [key, value] : sorted_entries(tags)) {
    json->key(key);
    json->string(*value);
  }
  json->end_object();
}

void write_usage_plan(const v1::UsagePlan& plan, TagsMember tags,
                      JsonWriter* json) {
  json->begin_object();
  write_text_if_set("id", plan.id(), json);
  json->key("name");
  json->string(plan.name());
  write_text_if_set("description", plan.description(), json);
  json->key("apiStages");
  json->begin_array();
  for (const v1::ApiStage& stage : plan.api_stages()) write_stage(stage, json);
  json->end_array();
  if (plan.has_throttle()) {
    json->key("throttle");
    write_throttle(plan.throttle(), json);
  }
  if (plan.has_quota()) {
    json->key("quota");
    write_quota(plan.quota(), json);
  }
  write_text_if_set("productCode", plan.product_code(), json);
  write_tags_member(plan.tags(), tags, json);
  json->end_object();
}

std::string usage_plan_to_json(const v1::UsagePlan& plan, JsonStyle style) {
  JsonWriter json(style);
  write_usage_plan(plan, TagsMember::kAlways, &json);
  return std::move(json).text();
}

std::string method_throttles_to_json(const v1::ApiStage& stage) {
  JsonWriter json(JsonStyle::kCompact);
  write_method_throttles(stage, &json);
  return std::move(json).text();
}

absl::StatusOr<std::vector<v1::PatchOperation>> patch_operations_from_json(
    std::string_view json) {
  const absl::StatusOr<Value> body = parse_json(json);
  if (!body.ok()) return body.status();
  const Value* wrapped = find(body->struct_value(), "patchOperations");
  const Value& list = wrapped == nullptr ? *body : *wrapped;
  if (!list.has_list_value()) {
    return absl::InvalidArgumentError(
        "expected {\"patchOperations\": [...]} or an array of operations");
  }
  return patch::json_patch_from_value(list);
}

std::string patch_operations_to_json(
    absl::Span<const v1::PatchOperation> operations, JsonStyle style) {
  const std::string_view name = style == JsonStyle::kPretty
                                    ? "\"patchOperations\": "
                                    : "\"patchOperations\":";
  return absl::StrCat("{", internal::to_absl(name),
                      patch::json_patch_to_json(operations, style), "}");
}

std::string usage_to_json(const v1::Usage& usage, JsonStyle style) {
  JsonWriter json(style);
  json.begin_object();
  json.key("usagePlanId");
  json.string(usage.usage_plan_id());
  json.key("startDate");
  json.string(usage.start_date());
  json.key("endDate");
  json.string(usage.end_date());
  write_text_if_set("position", usage.position(), &json);
  json.key("values");
  json.begin_object();
  for (const v1::KeyUsage& item : usage.items()) {
    json.key(item.key_id());
    json.begin_array();
    for (const v1::DailyUsage& day : item.days()) {
      json.begin_array();
      json.number(std::int64_t{day.used()});
      json.number(std::int64_t{day.remaining()});
      json.end_array();
    }
    json.end_array();
  }
  json.end_object();
  json.end_object();
  return std::move(json).text();
}

void write_api_key(const v1::ApiKey& key, bool include_value, TagsMember tags,
                   JsonWriter* json) {
  json->begin_object();
  json->key("id");
  json->string(key.id());
  if (include_value) {
    json->key("value");
    json->string(key.value());
  }
  write_text_if_set("name", key.name(), json);
  write_text_if_set("description", key.description(), json);
  json->key("enabled");
  json->boolean(key.enabled());
  write_text_if_set("customerId", key.customer_id(), json);
  write_seconds_if_set("createdDate", key.created_date(),
                       key.has_created_date(), json);
  write_seconds_if_set("lastUpdatedDate", key.last_updated_date(),
                       key.has_last_updated_date(), json);
  json->key("stageKeys");
  json->begin_array();
  for (const std::string& stage : key.stage_keys()) json->string(stage);
  json->end_array();
  write_tags_member(key.tags(), tags, json);
  json->end_object();
}

std::string api_key_to_json(const v1::ApiKey& key, bool include_value,
                            JsonStyle style) {
  JsonWriter json(style);
  write_api_key(key, include_value, TagsMember::kAlways, &json);
  return std::move(json).text();
}

}  // namespace weir
