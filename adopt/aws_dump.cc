#include "weir/adopt/aws_dump.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/documents/document_reader.h"
#include "weir/plan/plan_json.h"
#include "weir/quota/date.h"

namespace weir {
namespace {

using Kind = DocumentNode::Kind;

constexpr std::size_t kMaxProblems = 100;
constexpr std::string_view kTagsOfAws = "aws:";

bool has_any(const DocumentNode& node,
             std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return node.find(name) != nullptr;
  });
}

bool is_plan(const DocumentNode& node) {
  return has_any(node, {"apiStages", "throttle", "quota"});
}
bool is_plan_key(const DocumentNode& node) {
  const DocumentNode* const type = node.find("type");
  return type != nullptr && type->text == "API_KEY";
}
bool is_key(const DocumentNode& node) {
  return has_any(node, {"enabled", "stageKeys", "createdDate"});
}

std::string text_of(const DocumentNode& object, std::string_view name) {
  const DocumentNode* const node = object.find(name);
  return node == nullptr || !node->is_scalar() ? "" : node->text;
}

// Whether an answer says that another page follows.
bool is_followed(const DocumentNode& root) {
  return !text_of(root, "position").empty() ||
         !text_of(root, "NextToken").empty();
}

std::optional<Day> date_of(const DocumentNode& object, std::string_view name) {
  return parse_date(text_of(object, name));
}

// A date in seconds since 1970, or in RFC 3339's format.
std::optional<absl::Time> time_of(const DocumentNode& node) {
  if (const auto seconds = node.number()) {
    constexpr double kMax = 4102444800;  // the year 2100
    if (*seconds < 0 || *seconds > kMax) return std::nullopt;
    return absl::UnixEpoch() + absl::Seconds(std::floor(*seconds));
  }
  absl::Time time;
  std::string error;
  if (!node.is_text() ||
      !absl::ParseTime(absl::RFC3339_full, node.text, &time, &error)) {
    return std::nullopt;
  }
  return time;
}

// `node` without the members that it should not have.
DocumentNode only(const DocumentNode& node,
                  std::initializer_list<std::string_view> names,
                  std::vector<std::string>* others) {
  DocumentNode out;
  out.kind = Kind::kMapping;
  out.line = node.line;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (std::find(names.begin(), names.end(), node.names[i]) == names.end()) {
      others->push_back(node.names[i]);
      continue;
    }
    out.names.push_back(node.names[i]);
    out.items.push_back(node.items[i]);
  }
  return out;
}

}  // namespace

std::string shown_key_id(std::string_view id) {
  constexpr std::size_t kMinValue = 20;
  if (id.size() < kMinValue) return internal::excerpt(id);
  return absl::StrCat(internal::excerpt(id.substr(0, 4)), "...");
}

void AwsDump::fail(const std::string& file, const DocumentNode& at,
                   std::string message) {
  if (problems.size() < kMaxProblems) {
    problems.push_back({file, at.line, std::move(message)});
  }
}

void AwsDump::add(const std::string& name, std::string_view text) {
  DocumentLimits limits;
  limits.bytes = kMaxDumpFileBytes;
  limits.values = kMaxDumpFileValues;
  const auto root = read_document(text, limits);
  if (!root.ok()) {
    fail(name, DocumentNode(), std::string(root.status().message()));
    return;
  }
  add_document(name, *root);
}

void AwsDump::add_document(const std::string& name, const DocumentNode& root) {
  if (root.find("usagePlanId") != nullptr &&
      has_any(root, {"items", "values"})) {
    count_page(absl::StrCat("get-usage of plan ", text_of(root, "usagePlanId"),
                            " from ", text_of(root, "startDate"), " to ",
                            text_of(root, "endDate")),
               name, root);
    add_usage(name, root);
    return;
  }
  const DocumentNode* list = &root;
  for (const char* member : {"items", "item"}) {
    if (const DocumentNode* found = root.find(member)) list = found;
  }
  if (list->is_sequence() && list->items.empty()) {
    // Only the file's name can tell what it lists.
    plan_keys.push_back({{name, root.line}, {}});
    return;
  }
  if (list->is_sequence() && add_list(name, *list)) {
    if (is_plan_key(list->items[0])) {
      plan_keys.back().is_followed = is_followed(root);
    } else {
      count_page(is_plan(list->items[0]) ? "get-usage-plans" : "get-api-keys",
                 name, root);
    }
  } else if (is_plan(root)) {
    add_plan(name, root);
  } else if (is_key(root)) {
    add_key(name, root);
  } else {
    notes["files that are not among the answers"].push_back(name);
  }
}

// Returns whether it is a list of plans, of keys or of a plan's keys.
bool AwsDump::add_list(const std::string& name, const DocumentNode& list) {
  const DocumentNode& first = list.items[0];
  if (is_plan_key(first)) {
    add_plan_keys(name, list);
    return true;
  }
  if (!is_plan(first) && !is_key(first)) return false;
  for (const DocumentNode& item : list.items) {
    if (is_plan(first)) {
      add_plan(name, item);
    } else {
      add_key(name, item);
    }
  }
  return true;
}

void AwsDump::add_plan(const std::string& name, const DocumentNode& item) {
  std::vector<std::string> others;
  const DocumentNode known = only(item,
                                  {"id", "name", "description", "apiStages",
                                   "throttle", "quota", "productCode", "tags"},
                                  &others);
  auto plan = usage_plan_from_value(to_value(known));
  if (!plan.ok()) {
    fail(name, item, std::string(plan.status().message()));
    return;
  }
  for (const std::string& other : others) {
    notes[absl::StrCat("plans with a member ", internal::excerpt(other),
                       ", which is left out")]
        .push_back(plan->id());
  }
  auto& tags = *plan->mutable_tags();
  std::vector<std::string> tags_of_aws;
  for (const auto& [key, value] : tags) {
    if (absl::StartsWith(key, internal::to_absl(kTagsOfAws)))
      tags_of_aws.push_back(key);
  }
  for (const std::string& key : tags_of_aws) tags.erase(key);
  if (!tags_of_aws.empty()) {
    notes["plans with tags of AWS's own (aws:...), which are left out"]
        .push_back(plan->id());
  }
  plans.push_back({*std::move(plan), {name, item.line}});
}

void AwsDump::add_key(const std::string& name, const DocumentNode& item) {
  if (!item.is_mapping()) return fail(name, item, "expected a key, an object");
  v1::ApiKey key;
  bool has_tags_of_aws = false;
  key.set_id(text_of(item, "id"));
  const auto wrong = [&](std::string_view member, std::string_view expected) {
    fail(name, item,
         absl::StrCat("key ", internal::excerpt(key.id()), ": /",
                      internal::to_absl(member), ": expected ",
                      internal::to_absl(expected)));
  };
  for (std::size_t i = 0; i < item.items.size(); ++i) {
    const std::string& member = item.names[i];
    const DocumentNode& node = item.items[i];
    if (node.is_null()) continue;
    if (member == "id" || member == "value" || member == "name" ||
        member == "description" || member == "customerId") {
      if (!node.is_scalar()) {
        wrong(member, "a string");
      } else if (member == "value") {
        key.set_value(node.text);
      } else if (member == "name") {
        key.set_name(node.text);
      } else if (member == "description") {
        key.set_description(node.text);
      } else if (member == "customerId") {
        key.set_customer_id(node.text);
      }
    } else if (member == "enabled") {
      if (node.kind != Kind::kBoolean) wrong(member, "true or false");
      key.set_enabled(node.text == "true");
    } else if (member == "createdDate" || member == "lastUpdatedDate") {
      const auto time = time_of(node);
      if (!time.has_value()) {
        wrong(member, "a date, in words or in seconds since 1970");
        continue;
      }
      (member == "createdDate" ? key.mutable_created_date()
                               : key.mutable_last_updated_date())
          ->set_seconds(absl::ToUnixSeconds(*time));
    } else if (member == "stageKeys") {
      for (const DocumentNode& stage : node.items) {
        // API Gateway writes "apiId/stage".
        if (!stage.is_text()) wrong(member, "strings");
        key.add_stage_keys(stage.text);
      }
      if (!node.is_sequence()) wrong(member, "a list");
    } else if (member == "tags") {
      if (!node.is_mapping()) wrong(member, "an object");
      for (std::size_t j = 0; j < node.items.size() && node.is_mapping(); ++j) {
        if (!node.items[j].is_scalar()) wrong(member, "strings");
        if (absl::StartsWith(node.names[j], internal::to_absl(kTagsOfAws))) {
          has_tags_of_aws = true;
        } else {
          (*key.mutable_tags())[node.names[j]] = node.items[j].text;
        }
      }
    } else {
      notes[absl::StrCat("keys with a member ", internal::excerpt(member),
                         ", which is left out")]
          .push_back(key.id());
    }
  }
  if (has_tags_of_aws) {
    notes["keys with tags of AWS's own (aws:...), which are left out"]
        .push_back(key.id());
  }
  keys.push_back({std::move(key), {name, item.line}});
}

void AwsDump::add_plan_keys(const std::string& name, const DocumentNode& list) {
  PlanKeys page{{name, list.line}, {}};
  for (const DocumentNode& item : list.items) {
    std::string id = text_of(item, "id");
    if (id.empty()) fail(name, item, "expected the id of a key");
    page.key_ids.push_back(std::move(id));
  }
  plan_keys.push_back(std::move(page));
}

void AwsDump::add_usage(const std::string& name, const DocumentNode& root) {
  UsagePage page;
  page.plan_id = text_of(root, "usagePlanId");
  page.origin = {name, root.line};
  const auto first = date_of(root, "startDate");
  const auto last = date_of(root, "endDate");
  if (!first.has_value() || !last.has_value() || *last < *first) {
    return fail(name, root, "expected a startDate and an endDate");
  }
  page.first = *first;
  page.last = *last;
  const DocumentNode* const items = root.find("items");
  const DocumentNode& keys = items != nullptr ? *items : *root.find("values");
  if (!keys.is_mapping() && !keys.is_null()) {
    return fail(name, keys, "/items: expected an object");
  }
  for (std::size_t i = 0; i < keys.items.size(); ++i) {
    add_key_usage(keys.names[i], keys.items[i], &page);
  }
  usage.push_back(std::move(page));
}

void AwsDump::add_key_usage(const std::string& key_id, const DocumentNode& days,
                            UsagePage* page) {
  const std::string& file = page->origin.file;
  const auto expected = static_cast<std::size_t>(page->last - page->first + 1);
  if (!days.is_sequence() || days.items.size() > expected) {
    return fail(
        file, days,
        absl::StrCat("key ", shown_key_id(key_id), ": expected a list of ",
                     expected, " days, [used, remaining] each"));
  }
  KeyUsage usage{key_id, {file, days.line}, {}};
  usage.days.reserve(days.items.size());
  for (const DocumentNode& day : days.items) {
    const auto number = [&](std::size_t i) -> std::optional<std::int64_t> {
      return day.is_sequence() && day.items.size() == 2 ? day.items[i].integer()
                                                        : std::nullopt;
    };
    const auto used = number(0), remaining = number(1);
    if (!used.has_value() || !remaining.has_value() || *used < 0) {
      return fail(file, day,
                  absl::StrCat("key ", shown_key_id(key_id),
                               ": expected [used, remaining], two numbers"));
    }
    usage.days.push_back({*used, *remaining});
  }
  page->keys.push_back(std::move(usage));
}

void AwsDump::count_page(const std::string& what, const std::string& name,
                         const DocumentNode& root) {
  Pages& pages = pages_[what];
  ++pages.count;
  if (!is_followed(root)) return;
  ++pages.followed;
  pages.file = name;
}

void AwsDump::finish() {
  for (const auto& [what, pages] : pages_) {
    if (pages.followed < pages.count) continue;
    problems.push_back(
        {pages.file, 0,
         absl::StrCat("says that another page follows, which is missing (",
                      what, ")")});
  }
  pages_.clear();
}

}  // namespace weir
