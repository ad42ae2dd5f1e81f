#include "weir/plan/canonical_plan.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/json/json_value.h"
#include "weir/patch/json_pointer.h"
#include "weir/plan/method_key.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using google::protobuf::Value;

enum class Number { kBurst, kRate, kQuota };

std::optional<Number> number_called(std::string_view name) {
  if (name == "burstLimit" || name == "burst_limit") return Number::kBurst;
  if (name == "rateLimit" || name == "rate_limit") return Number::kRate;
  if (name == "limit" || name == "offset") return Number::kQuota;
  return std::nullopt;
}

std::string range_of(Number number) {
  switch (number) {
    case Number::kBurst:
      return absl::StrCat("a whole number from 0 to ", kMaxBurst);
    case Number::kRate:
      return "0, or 0.000001 to 1000000000";
    case Number::kQuota:
      break;
  }
  return absl::StrCat("a whole number from 0 to ", kMaxQuotaLimit);
}

template <class T>
bool parses_as(std::string_view text) {
  T number;
  const char* const end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed_to != end) return false;
  return std::isfinite(static_cast<double>(number));
}

bool is_text_of(Number number, std::string_view text) {
  return number == Number::kRate ? parses_as<double>(text)
                                 : parses_as<std::int64_t>(text);
}

bool is_whole(double number) {
  // Both bounds are exact: powers of two.
  return number >= -0x1p63 && number < 0x1p63 && number == std::trunc(number);
}

void canonicalize_throttle(v1::ThrottleSettings* throttle) {
  // Negative zero is equal to zero.
  if (throttle->rate_limit() == 0) throttle->set_rate_limit(0);
}

Value* find(Value* object, const std::string& name) {
  if (!object->has_struct_value()) return nullptr;
  auto& fields = *object->mutable_struct_value()->mutable_fields();
  const auto it = fields.find(name);
  return it == fields.end() ? nullptr : &it->second;
}

// The same for the object at `pointer`; null if there is none.
absl::Status canonicalize_at(const std::string& pointer, Value* object) {
  if (object == nullptr) return absl::OkStatus();
  return internal::with_prefix(canonicalize_numbers(object), pointer);
}

absl::Status canonicalize_stage(const std::string& pointer, Value* stage) {
  Value* const methods = find(stage, "throttle");
  if (methods == nullptr || !methods->has_struct_value()) {
    return absl::OkStatus();
  }
  for (auto& [key, throttle] :
       *methods->mutable_struct_value()->mutable_fields()) {
    const std::string method =
        patch::JsonPointer({key.substr(0, kMaxMethodKeyBytes)}).to_string();
    auto status = canonicalize_at(
        absl::StrCat(pointer, "/throttle", absl::CHexEscape(method)),
        &throttle);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status canonicalize(v1::UsagePlan* plan) {
  for (int i = 0; i < plan->api_stages_size(); ++i) {
    auto& methods = *plan->mutable_api_stages(i)->mutable_throttle();
    if (auto status = canonicalize_method_keys(&methods); !status.ok()) {
      return internal::with_prefix(
          status, absl::StrCat("/apiStages/", i, "/throttle: "));
    }
    for (auto& [key, throttle] : methods) canonicalize_throttle(&throttle);
  }
  if (plan->has_throttle()) canonicalize_throttle(plan->mutable_throttle());
  return absl::OkStatus();
}

absl::Status canonicalize_number(std::string_view name, Value* value) {
  const std::optional<Number> number = number_called(name);
  // null means that the number is absent.
  if (!number.has_value() || value->has_null_value()) return absl::OkStatus();
  const auto wrong = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected ", range_of(*number), ", got ", describe_value(*value)));
  };
  if (value->kind_case() == Value::kNumberValue) {
    if (value->number_value() == 0) value->set_number_value(0);
    const bool fits = *number == Number::kRate
                          ? std::isfinite(value->number_value())
                          : is_whole(value->number_value());
    return fits ? absl::OkStatus() : wrong();
  }
  if (value->kind_case() != Value::kStringValue) return wrong();
  std::string_view text = value->string_value();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  if (!is_text_of(*number, text)) return wrong();
  double parsed = 1;
  if (*number == Number::kRate) {
    std::from_chars(text.data(), text.data() + text.size(), parsed);
  }
  value->set_string_value(parsed == 0 ? "0" : std::string(text));
  return absl::OkStatus();
}

absl::Status canonicalize_numbers(Value* object) {
  if (!object->has_struct_value()) return absl::OkStatus();
  for (auto& [name, value] :
       *object->mutable_struct_value()->mutable_fields()) {
    auto status = canonicalize_number(name, &value);
    if (!status.ok()) {
      return internal::with_prefix(status, absl::StrCat("/", name, ": "));
    }
  }
  return absl::OkStatus();
}

absl::Status canonicalize_plan_numbers(Value* plan) {
  for (const char* name : {"throttle", "quota"}) {
    auto status = canonicalize_at(absl::StrCat("/", name), find(plan, name));
    if (!status.ok()) return status;
  }
  for (const char* name : {"apiStages", "api_stages"}) {
    Value* const stages = find(plan, name);
    if (stages == nullptr || !stages->has_list_value()) continue;
    auto& elements = *stages->mutable_list_value()->mutable_values();
    for (int i = 0; i < elements.size(); ++i) {
      auto status =
          canonicalize_stage(absl::StrCat("/", name, "/", i), &elements[i]);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace weir
