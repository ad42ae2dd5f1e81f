#include "weir/plan_files/plan_builder.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/patch/json_pointer.h"
#include "weir/plan/method_key.h"
#include "weir/plan/validation.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

std::string pointer_to(const std::string& holder, std::string_view name) {
  return holder + patch::JsonPointer({std::string(name)}).to_string();
}

// "a, b and c"
std::string list_of(std::initializer_list<std::string_view> names) {
  std::string text;
  std::size_t left = names.size();
  for (const std::string_view name : names) {
    absl::StrAppend(&text, internal::to_absl(name),
                    left > 2   ? ", "
                    : left > 1 ? " and "
                               : "");
    --left;
  }
  return text;
}

}  // namespace

void PlanBuilder::fail(const DocumentPlace& place, std::string message) {
  filed_.problems.push_back({place, std::move(message)});
}

void PlanBuilder::begin(const DocumentPlace& place,
                        std::string_view default_name) {
  filed_.name = std::string(default_name);
  filed_.plan.set_name(std::string(default_name));
  filed_.places.add("", place);
}

At PlanBuilder::at(const DocumentNode& node, std::string path) {
  return {resolver_.resolve(node), {std::move(path), node.line}};
}

std::optional<At> PlanBuilder::member(const At& object, std::string_view name) {
  if (object.value.node == nullptr) return std::nullopt;
  const DocumentNode* const node = object.value.node->find(name);
  if (node == nullptr) return std::nullopt;
  At value = at(*node, member_path(object.place.path, name));
  if (value.value.is_absent()) return std::nullopt;
  return value;
}

std::vector<At> PlanBuilder::elements(const At& list) {
  std::vector<At> found;
  if (!is_known(list)) return found;
  const DocumentNode& node = *list.value.node;
  if (!node.is_sequence()) {
    fail(list.place, absl::StrCat("expected a list, got ", describe(node)));
    return found;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    At value = at(node.items[i], element_path(list.place.path, i));
    if (!value.value.is_absent()) found.push_back(std::move(value));
  }
  return found;
}

bool PlanBuilder::is_object(const At& value) {
  if (!is_known(value)) return false;
  if (value.value.node->is_mapping()) return true;
  fail(value.place,
       absl::StrCat("expected an object, got ", describe(*value.value.node)));
  return false;
}

void PlanBuilder::expect_members(
    const At& object, std::initializer_list<std::string_view> names) {
  if (object.value.node == nullptr) return;
  const DocumentNode& node = *object.value.node;
  for (std::size_t i = 0; i < node.names.size(); ++i) {
    if (std::find(names.begin(), names.end(), node.names[i]) != names.end()) {
      continue;
    }
    fail({member_path(object.place.path, node.names[i]), node.items[i].line},
         absl::StrCat("unknown member: there are ", list_of(names)));
  }
}

bool PlanBuilder::is_known(const At& value) {
  if (value.value.node != nullptr) return true;
  fail(value.place, value.value.why);
  return false;
}

std::optional<At> PlanBuilder::find(const At& object, std::string_view name,
                                    std::string pointer) {
  std::optional<At> value = member(object, name);
  filed_.places.add(std::move(pointer),
                    value.has_value()
                        ? value->place
                        : DocumentPlace{member_path(object.place.path, name),
                                        object.place.line});
  return value;
}

std::optional<std::string> PlanBuilder::text(const At& value) {
  if (value.value.is_reference()) return value.value.name;
  const DocumentNode& node = *value.value.node;
  if (node.is_scalar() && !node.is_null()) return node.text;
  fail(value.place, absl::StrCat("expected a string, got ", describe(node)));
  return std::nullopt;
}

void PlanBuilder::read_text(const At& object, std::string_view name,
                            std::string pointer, std::string* out) {
  const auto value = find(object, name, std::move(pointer));
  if (!value.has_value()) return;
  if (auto found = text(*value)) *out = *std::move(found);
}

void PlanBuilder::read_stage_name(const At& object, std::string_view name,
                                  std::string pointer, std::string* out) {
  const auto value = find(object, name, std::move(pointer));
  if (!value.has_value()) return;
  auto found = text(*value);
  if (!found.has_value()) return;
  *out = *std::move(found);
  // The name of a reference may not be a valid API id or stage.
  if (value->value.is_reference()) {
    for (char& c : *out) {
      if (c == ':' || c == '/') c = '.';
    }
  }
}

void PlanBuilder::read_integer(const At& object, std::string_view name,
                               std::string pointer, std::int64_t* out) {
  const auto value = find(object, name, std::move(pointer));
  if (!value.has_value() || !is_known(*value)) return;
  if (const auto number = value->value.node->integer()) {
    *out = *number;
  } else {
    fail(value->place, absl::StrCat("expected a whole number, got ",
                                    describe(*value->value.node)));
  }
}

void PlanBuilder::read_number(const At& object, std::string_view name,
                              std::string pointer, double* out) {
  const auto value = find(object, name, std::move(pointer));
  if (!value.has_value() || !is_known(*value)) return;
  if (const auto number = value->value.node->number()) {
    *out = *number;
  } else {
    fail(value->place,
         absl::StrCat("expected a number, got ", describe(*value->value.node)));
  }
}

void PlanBuilder::read_throttle(const At& object, const LimitNames& names,
                                const std::string& pointer,
                                v1::ThrottleSettings* out) {
  filed_.places.add(pointer, object.place);
  if (!is_object(object)) return;
  std::int64_t burst = 0;
  double rate = 0;
  read_integer(object, names.burst, pointer + "/burstLimit", &burst);
  read_number(object, names.rate, pointer + "/rateLimit", &rate);
  out->set_burst_limit(burst);
  out->set_rate_limit(rate);
}

void PlanBuilder::read_quota(const At& object, const LimitNames& names,
                             v1::QuotaSettings* out) {
  filed_.places.add("/quota", object.place);
  if (!is_object(object)) return;
  std::int64_t limit = 0, offset = 0;
  read_integer(object, names.limit, "/quota/limit", &limit);
  read_integer(object, names.offset, "/quota/offset", &offset);
  out->set_limit(limit);
  out->set_offset(offset);
  const auto value = find(object, names.period, "/quota/period");
  if (!value.has_value() || !is_known(*value)) return;
  const auto period = quota_period_from_name(value->value.node->text);
  if (period.has_value() && value->value.node->is_text()) {
    out->set_period(*period);
  } else {
    fail(value->place, absl::StrCat("expected DAY, WEEK or MONTH, got ",
                                    describe(*value->value.node)));
  }
}

void PlanBuilder::read_method(const At& object, const LimitNames& names,
                              std::string_view spelling, int stage,
                              v1::ApiStage* out) {
  const auto key = canonical_method_key(spelling);
  if (!key.ok()) {
    fail(object.place, std::string(key.status().message()));
    return;
  }
  if (out->throttle().contains(*key)) {
    fail(object.place, std::string(duplicate_method_key(*key).message()));
    return;
  }
  read_throttle(
      object, names,
      pointer_to(absl::StrCat("/apiStages/", stage, "/throttle"), *key),
      &(*out->mutable_throttle())[*key]);
}

void PlanBuilder::read_tag(std::string_view key, const At& value) {
  filed_.places.add(pointer_to("/tags", key), value.place);
  if (auto found = text(value)) {
    (*filed_.plan.mutable_tags())[std::string(key)] = *std::move(found);
  }
}

}  // namespace weir
