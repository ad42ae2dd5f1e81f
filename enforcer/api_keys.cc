// API keys, and which plans they are associated with.

#include <algorithm>
#include <new>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "enforcer/client.h"
#include "enforcer/enforcer.h"
#include "enforcer/enforcer_impl.h"
#include "enforcer/random_id.h"
#include "json/text.h"
#include "json/utf8.h"
#include "plan/plan_changes.h"
#include "plan/plan_error.h"

namespace weir {
namespace {

constexpr size_t kShortestValue = 20;
constexpr size_t kLongestValue = 128;
constexpr size_t kLongestName = 1024;
constexpr size_t kLongestDescription = 125'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

absl::Status bad(std::string_view aws_text) {
  return plan_error(absl::StatusCode::kInvalidArgument, aws_text, aws_text);
}

bool fits(std::string_view text, size_t most_characters) {
  const auto characters = utf8_character_count(text);
  return characters.has_value() && *characters <= most_characters;
}

absl::Status validate(const v1::ApiKey& key) {
  if (key.value().size() < kShortestValue) {
    return bad(aws_text::kApiKeyValueTooShort);
  }
  if (key.value().size() > kLongestValue) {
    return bad(aws_text::kApiKeyValueTooLong);
  }
  if (!std::all_of(key.value().begin(), key.value().end(),
                   absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "API Key value: expected printable ASCII characters without spaces");
  }
  if (!fits(key.name(), kLongestName)) return bad(aws_text::kApiKeyName);
  if (!fits(key.description(), kLongestDescription)) {
    return bad(aws_text::kApiKeyDescription);
  }
  if (!fits(key.customer_id(), kLongestName)) {
    return absl::InvalidArgumentError(
        absl::StrCat("API Key customer id: expected at most ", kLongestName,
                     " characters of UTF-8"));
  }
  return absl::OkStatus();
}

void set_time(int64_t unix_ns, google::protobuf::Timestamp& timestamp) {
  timestamp.set_seconds(unix_ns / kNanosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(unix_ns % kNanosPerSecond));
}

v1::ApiKey shown(const v1::ApiKey& key, bool include_value) {
  v1::ApiKey result = key;
  if (!include_value) result.clear_value();
  return result;
}

v1::UsagePlanKey association_of(const v1::ApiKey& key) {
  v1::UsagePlanKey result;
  result.set_id(key.id());
  result.set_type("API_KEY");
  result.set_name(key.name());
  return result;
}

// What an operation of update_api_key() sets, as text.
std::string text_of(const google::protobuf::Value& value) {
  if (value.kind_case() == google::protobuf::Value::kBoolValue) {
    return value.bool_value() ? "true" : "false";
  }
  return value.string_value();
}

absl::Status apply(const v1::PatchOperation& operation, v1::ApiKey& key) {
  const std::string text = text_of(operation.value());
  if (operation.op() == "replace") {
    if (operation.path() == "/name") {
      key.set_name(text);
      return absl::OkStatus();
    }
    if (operation.path() == "/description") {
      key.set_description(text);
      return absl::OkStatus();
    }
    if (operation.path() == "/enabled") {
      // API Gateway takes whatever is not true for false.
      key.set_enabled(absl::EqualsIgnoreCase(text, "true"));
      return absl::OkStatus();
    }
    if (operation.path() == "/customerId") {
      key.set_customer_id(text);
      return absl::OkStatus();
    }
  }
  static constexpr std::string_view kReplaceable[] = {
      "/description", "/enabled", "/name", "/customerId"};
  return bad(aws_text::invalid_patch_path(
      operation.path(), operation.op(),
      operation.op() == "replace" ? absl::MakeConstSpan(kReplaceable)
                                  : absl::Span<const std::string_view>()));
}

}  // namespace

absl::StatusOr<KeyRecord*> Enforcer::Impl::find_key(
    std::string_view key_id) const {
  KeyRecord* key = keys.find(key_id);
  if (key != nullptr) return key;
  return plan_error(absl::StatusCode::kNotFound, aws_text::kUnknownApiKey,
                    aws_text::kUnknownApiKey);
}

absl::StatusOr<Association*> Enforcer::Impl::find_association(
    std::string_view plan_id, std::string_view key_id) const {
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  Association* association = (*plan)->keys.find(key_id);
  if (association != nullptr) return association;
  return plan_error(absl::StatusCode::kNotFound, aws_text::kUnknownApiKey,
                    aws_text::kUnknownApiKey);
}

absl::StatusOr<v1::ApiKey> Enforcer::create_api_key(const v1::ApiKey& key) {
  v1::ApiKey document = key;
  if (document.value().empty()) document.set_value(random_secret());
  if (auto status = validate(document); !status.ok()) return status;

  MutexLock lock(impl_->mutex);
  if (auto status = choose_id(impl_->keys, *document.mutable_id());
      !status.ok()) {
    return status;
  }
  if (impl_->clients.find(document.value()) != nullptr) {
    return plan_error(absl::StatusCode::kAlreadyExists,
                      aws_text::kDuplicateApiKey, aws_text::kDuplicateApiKey);
  }
  const int64_t now = impl_->clock->now().unix;
  set_time(now, *document.mutable_created_date());
  set_time(now, *document.mutable_last_updated_date());

  impl_->arena->collect();
  Client* client = impl_->clients.create(document.value(), document.enabled());
  if (client == nullptr) return arena_exhausted();
  auto record = std::make_unique<KeyRecord>();
  record->document = document;
  record->client = client;
  impl_->keys.insert(document.id(), std::move(record));
  return document;
}

absl::StatusOr<v1::ApiKey> Enforcer::get_api_key(std::string_view key_id,
                                                 bool include_value) const {
  MutexLock lock(impl_->mutex);
  const auto key = impl_->find_key(key_id);
  if (!key.ok()) return key.status();
  return shown((*key)->document, include_value);
}

absl::StatusOr<Page<v1::ApiKey>> Enforcer::list_api_keys(
    const PageRequest& page, bool include_values) const {
  MutexLock lock(impl_->mutex);
  Page<v1::ApiKey> result;
  auto position =
      impl_->keys.page(page.position, page.limit, [&](const KeyRecord& key) {
        result.items.push_back(shown(key.document, include_values));
        return true;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::StatusOr<v1::ApiKey> Enforcer::update_api_key(
    std::string_view key_id, absl::Span<const v1::PatchOperation> operations) {
  MutexLock lock(impl_->mutex);
  const auto key = impl_->find_key(key_id);
  if (!key.ok()) return key.status();
  v1::ApiKey document = (*key)->document;
  for (size_t i = 0; i < operations.size(); ++i) {
    if (auto status = apply(operations[i], document); !status.ok()) {
      return with_prefix(status, absl::StrCat("operations[", i, "]: "));
    }
  }
  if (auto status = validate(document); !status.ok()) return status;
  set_time(impl_->clock->now().unix, *document.mutable_last_updated_date());
  (*key)->document = document;
  impl_->clients.set_enabled(*(*key)->client, document.enabled());
  return shown(document, /*include_value=*/false);
}

absl::Status Enforcer::delete_api_key(std::string_view key_id) {
  MutexLock lock(impl_->mutex);
  const auto found = impl_->find_key(key_id);
  if (!found.ok()) return found.status();
  KeyRecord& key = **found;
  while (!key.plans.empty()) impl_->dissociate(key, *key.plans.back());
  impl_->clients.remove(*key.client);
  impl_->arena->collect();
  impl_->keys.erase(key_id);
  return absl::OkStatus();
}

absl::StatusOr<v1::UsagePlanKey> Enforcer::create_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) {
  MutexLock lock(impl_->mutex);
  const auto found_plan = impl_->find_plan(plan_id);
  if (!found_plan.ok()) return found_plan.status();
  const auto found_key = impl_->find_key(key_id);
  if (!found_key.ok()) return found_key.status();
  PlanRecord& plan = **found_plan;
  KeyRecord& key = **found_key;
  if (plan.keys.find(key_id) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        "API key ", key.document.id(), " is associated with usage plan ",
        plan.document.id(), " already"));
  }
  // A first plan comes into conflict with none.
  if (!key.plans.empty()) {
    std::set<StageName> stages;
    for (const v1::ApiStage& stage : plan.document.api_stages()) {
      stages.insert(name_of(stage));
    }
    if (auto status = impl_->check_stages(key, plan, stages); !status.ok()) {
      return status;
    }
  }

  impl_->arena->collect();
  Subscription* subscription = impl_->clients.subscribe(
      *key.client, *plan.cell, day_of(impl_->clock->now().unix),
      quota_terms(plan.document, impl_->rules).calendar);
  if (subscription == nullptr) return arena_exhausted();
  auto association = std::make_unique<Association>();
  association->key_id = key.document.id();
  association->subscription = subscription;
  plan.keys.insert(key.document.id(), std::move(association));
  key.plans.push_back(&plan);
  return association_of(key.document);
}

void Enforcer::Impl::dissociate(KeyRecord& key, PlanRecord& plan) {
  clients.unsubscribe(*key.client,
                      *plan.keys.find(key.document.id())->subscription);
  plan.keys.erase(key.document.id());
  key.plans.erase(std::find(key.plans.begin(), key.plans.end(), &plan));
}

absl::StatusOr<v1::UsagePlanKey> Enforcer::get_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) const {
  MutexLock lock(impl_->mutex);
  const auto association = impl_->find_association(plan_id, key_id);
  if (!association.ok()) return association.status();
  return association_of(impl_->keys.find(key_id)->document);
}

absl::StatusOr<Page<v1::UsagePlanKey>> Enforcer::list_usage_plan_keys(
    std::string_view plan_id, const PageRequest& page) const {
  MutexLock lock(impl_->mutex);
  const auto plan = impl_->find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  Page<v1::UsagePlanKey> result;
  auto position = (*plan)->keys.page(
      page.position, page.limit, [&](const Association& association) {
        impl_->mutex.assert_held();
        result.items.push_back(
            association_of(impl_->keys.find(association.key_id)->document));
        return true;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::Status Enforcer::delete_usage_plan_key(std::string_view plan_id,
                                             std::string_view key_id) {
  MutexLock lock(impl_->mutex);
  if (auto association = impl_->find_association(plan_id, key_id);
      !association.ok()) {
    return association.status();
  }
  impl_->dissociate(*impl_->keys.find(key_id), *impl_->plans.find(plan_id));
  impl_->arena->collect();
  return absl::OkStatus();
}

}  // namespace weir
