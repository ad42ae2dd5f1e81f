// API keys and their associations with plans.

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/random_id.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"
#include "weir/control_plane/control_lock.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/key_record.h"
#include "weir/control_plane/store_changes.h"
#include "weir/data_plane/clients.h"
#include "weir/json/json_value.h"
#include "weir/plan/patch_paths.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/plan_error.h"

namespace weir::internal {
namespace {

constexpr size_t kMinValue = 20;
constexpr size_t kMaxValue = 128;
constexpr size_t kMaxName = 1024;
constexpr size_t kMaxDescription = 125'000;
constexpr size_t kMaxStageKey = 513;
constexpr int kMaxStageKeys = 1000;

absl::Status bad(std::string_view aws_text) {
  return plan_error(absl::StatusCode::kInvalidArgument, aws_text, aws_text);
}

bool fits(std::string_view text, size_t most_characters) {
  if (text.empty()) return true;
  const auto characters = utf8_character_count(text);
  return characters.has_value() && *characters <= most_characters;
}

void set_name(const std::string& text, v1::ApiKey& key) { key.set_name(text); }
void set_description(const std::string& text, v1::ApiKey& key) {
  key.set_description(text);
}
void set_enabled(const std::string& text, v1::ApiKey& key) {
  // API Gateway takes any text but "true" for false.
  key.set_enabled(absl::EqualsIgnoreCase(text, "true"));
}
void set_customer_id(const std::string& text, v1::ApiKey& key) {
  key.set_customer_id(text);
}
void add_stage(const std::string& text, v1::ApiKey& key) {
  const auto& stages = key.stage_keys();
  if (std::find(stages.begin(), stages.end(), text) == stages.end()) {
    key.add_stage_keys(text);
  }
}
void remove_stage(const std::string& text, v1::ApiKey& key) {
  auto& stages = *key.mutable_stage_keys();
  stages.erase(std::remove(stages.begin(), stages.end(), text), stages.end());
}

// How many keys a list looks at before it lets other calls in: a millisecond or
// so.
constexpr int kPiece = 1024;

// The operations of update_api_key().
struct Row {
  std::string_view path;
  unsigned ops;
  void (*apply)(const std::string& text, v1::ApiKey& key);
};
constexpr Row kRows[] = {
    {"/description", kReplaceOp, set_description},
    {"/enabled", kReplaceOp, set_enabled},
    {"/name", kReplaceOp, set_name},
    {"/customerId", kReplaceOp, set_customer_id},
    {"/stages", kAddOp, add_stage},
    {"/stages", kRemoveOp, remove_stage},
};

// The text of an operation's value. `/enabled` may also be a boolean.
absl::StatusOr<std::string> text_of(const v1::PatchOperation& operation) {
  const google::protobuf::Value& value = operation.value();
  const bool is_flag = operation.path() == "/enabled";
  if (value.kind_case() == google::protobuf::Value::kStringValue) {
    return value.string_value();
  }
  if (is_flag && value.kind_case() == google::protobuf::Value::kBoolValue) {
    return std::string(value.bool_value() ? "true" : "false");
  }
  return absl::InvalidArgumentError(
      absl::StrCat(operation.op(), " ", operation.path(), ": expected ",
                   is_flag ? "\"true\" or \"false\"" : "a string", ", got ",
                   describe_value(value)));
}

absl::Status apply(const v1::PatchOperation& operation, v1::ApiKey& key) {
  const Row* row = find_row(kRows, operation.path(), patch_op(operation.op()));
  if (row == nullptr) return invalid_path(kRows, operation);
  const auto text = text_of(operation);
  if (text.ok()) row->apply(*text, key);
  return text.status();
}

// Whether it is "apiId/stage".
bool is_stage_key(std::string_view text) {
  const size_t slash = text.find('/');
  return is_utf8(text) && text.size() <= kMaxStageKey && slash > 0 &&
         slash != text.npos && slash + 1 < text.size() &&
         text.find('/', slash + 1) == text.npos;
}

absl::Status unknown_key() {
  return plan_error(absl::StatusCode::kNotFound, aws_text::kUnknownApiKey,
                    aws_text::kUnknownApiKey);
}

}  // namespace

absl::Status check_api_key_value(std::string_view value) {
  if (value.size() < kMinValue) return bad(aws_text::kApiKeyValueTooShort);
  if (value.size() > kMaxValue) return bad(aws_text::kApiKeyValueTooLong);
  if (!std::all_of(value.begin(), value.end(), absl::ascii_isgraph)) {
    return absl::InvalidArgumentError(
        "API Key value: expected printable ASCII characters without spaces");
  }
  return absl::OkStatus();
}

absl::Status value_is_taken() {
  return plan_error(absl::StatusCode::kAlreadyExists,
                    aws_text::kDuplicateApiKey, aws_text::kDuplicateApiKey);
}

absl::Status check_api_key(const v1::ApiKey& key) {
  if (!fits(key.name(), kMaxName)) return bad(aws_text::kApiKeyName);
  if (!fits(key.description(), kMaxDescription)) {
    return bad(aws_text::kApiKeyDescription);
  }
  if (!fits(key.customer_id(), kMaxName)) {
    return absl::InvalidArgumentError(
        absl::StrCat("API Key customer id: expected at most ", kMaxName,
                     " characters of UTF-8"));
  }
  if (key.stage_keys_size() > kMaxStageKeys ||
      !std::all_of(key.stage_keys().begin(), key.stage_keys().end(),
                   is_stage_key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("API Key stages: expected at most ", kMaxStageKeys,
                     " of the form apiId/stage"));
  }
  return to_status(validate_tags(key.tags()), "API key");
}

void apply(const TagChanges& changes,
           google::protobuf::Map<std::string, std::string>& tags) {
  for (const auto& [name, value] : changes.set) tags[name] = value;
  for (const std::string& name : changes.remove) tags.erase(name);
}

// -- Records --

absl::StatusOr<KeyRecord*> ControlPlane::find_key(
    std::string_view key_id) const {
  KeyRecord* key = keys_.find(key_id);
  if (key == nullptr || is_hidden(*key)) return unknown_key();
  return key;
}

absl::StatusOr<ControlPlane::PlanKey> ControlPlane::find_plan_key(
    std::string_view plan_id, std::string_view key_id) const {
  const auto plan = find_plan(plan_id);
  if (!plan.ok()) return plan.status();
  const auto key = find_key(key_id);
  if (!key.ok()) return key.status();
  Association* association = (*key)->find(**plan);
  if (association == nullptr) return unknown_key();
  return PlanKey{*key, association};
}

KeyRecord* ControlPlane::add_key(std::string_view id, std::string_view value,
                                 const v1::ApiKey& key,
                                 KeyRecord::Dates dates) {
  Client* client = clients_.create(value, key.enabled());
  if (client == nullptr) return nullptr;
  // The serial of a client is the number of its record: see api_key_id().
  return &keys_.insert(KeyRecord(id, key, dates, *client));
}

void ControlPlane::remove_key(KeyRecord& key) {
  const ClientState state(key.client().state.load(std::memory_order_relaxed));
  deleted_keys_.emplace_back(state.serial(), key.id());
  if (deleted_keys_.size() > kDeletedKeys) deleted_keys_.pop_front();
  while (!key.associations.empty()) {
    dissociate(key, *key.associations.back().plan);
  }
  clients_.remove(key.client());
  keys_.erase(key.id());
}

void ControlPlane::associate(KeyRecord& key, PlanRecord& plan, int64_t id,
                             Subscription& subscription) {
  clients_.publish(key.client(), subscription, *plan.cell);
  ++association_count_;
  key.associations.push_back(
      {&plan, &subscription, plan.keys.add(key), id, /*extensions=*/nullptr});
}

void ControlPlane::dissociate(KeyRecord& key, PlanRecord& plan) {
  Association& association = *key.find(plan);
  end_leases(*association.subscription);
  clients_.unsubscribe(key.client(), *association.subscription);
  plan.keys.remove(association.place);
  --association_count_;
  key.associations.erase(&association);
}

// -- API keys --

absl::StatusOr<std::string> ControlPlane::api_key_id(
    const ClientHandle& client) const {
  ControlLock lock(*this, __func__);
  const KeyRecord* const key = find_record(client.serial_);
  if (key != nullptr) return std::string(key->id());
  const auto deleted = std::find_if(
      deleted_keys_.rbegin(), deleted_keys_.rend(),
      [&](const auto& entry) { return entry.first == client.serial_; });
  if (deleted != deleted_keys_.rend()) return deleted->second;
  return unknown_key();
}

absl::StatusOr<v1::ApiKey> ControlPlane::create_api_key(const v1::ApiKey& key) {
  std::string generated;
  if (key.value().empty()) generated = RandomText().secret();
  const std::string& value = key.value().empty() ? generated : key.value();
  WEIR_RETURN_IF_ERROR(check_api_key_value(value));
  WEIR_RETURN_IF_ERROR(check_api_key(key));
  WEIR_RETURN_IF_ERROR(check_new_tags(key.tags()));
  std::string id = key.id();

  ControlLock lock(*this, __func__);
  WEIR_RETURN_IF_ERROR(choose_id(keys_, ids_, id));
  if (clients_.find(value) != nullptr) return value_is_taken();
  const int64_t now = clock_->now().unix_ns;
  v1::ApiKey document = key;
  document.set_id(id);
  document.set_value(value);
  KeyRecord::set_dates({now, now}, document);
  collect();
  KeyRecord* const record = add_key(id, value, document, {now, now});
  if (record == nullptr) return arena_exhausted();
  // The key is known already, but under no plan.
  if (auto status = commit([&] { return put_api_key(document); });
      !status.ok()) {
    remove_key(*record);
    return status;
  }
  return document;
}

absl::StatusOr<v1::ApiKey> ControlPlane::get_api_key(std::string_view key_id,
                                                     bool include_value) const {
  ControlLock lock(*this, __func__);
  const auto key = find_key(key_id);
  if (!key.ok()) return key.status();
  return (*key)->document(include_value);
}

absl::StatusOr<Page<v1::ApiKey>> ControlPlane::list_api_keys(
    const PageRequest& page, bool include_values,
    const ApiKeyFilter& filter) const {
  ControlLock lock(*this, __func__);
  Page<v1::ApiKey> result;
  const auto list = [&]() -> absl::StatusOr<const Registry<KeyRecord>*> {
    mutex_.assert_held();
    return &keys_;
  };
  auto position =
      page_in_pieces(lock, page, kPiece, list, [&](const KeyRecord& key) {
        mutex_.assert_held();
        if (is_hidden(key)) return false;
        v1::ApiKey document = key.document(include_values);
        const bool wanted =
            absl::StartsWith(document.name(), filter.name_prefix) &&
            (filter.customer_id.empty() ||
             document.customer_id() == filter.customer_id);
        if (wanted) result.items.push_back(std::move(document));
        return wanted;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::StatusOr<v1::ApiKey> ControlPlane::update_key(
    std::string_view key_id,
    absl::FunctionRef<absl::Status(v1::ApiKey&)> change) {
  const auto key = find_key(key_id);
  if (!key.ok()) return key.status();
  v1::ApiKey document = (*key)->document(/*include_value=*/true);
  WEIR_RETURN_IF_ERROR(change(document));
  WEIR_RETURN_IF_ERROR(check_api_key(document));
  KeyRecord::set_dates(
      {KeyRecord::dates_of(document).created_unix_ns, clock_->now().unix_ns},
      document);
  WEIR_RETURN_IF_ERROR(commit([&] { return put_api_key(document); }));
  (*key)->update(document);
  clients_.set_enabled((*key)->client(), document.enabled());
  document.clear_value();
  return document;
}

absl::StatusOr<v1::ApiKey> ControlPlane::update_api_key(
    std::string_view key_id, absl::Span<const v1::PatchOperation> operations) {
  ControlLock lock(*this, __func__);
  lock.await_turn("", key_id);
  return update_key(key_id, [&](v1::ApiKey& document) {
    return apply_each(operations, [&](const v1::PatchOperation& operation) {
      return apply(operation, document);
    });
  });
}

absl::StatusOr<v1::ApiKey> ControlPlane::tag_api_key(
    std::string_view key_id, const TagChanges& changes) {
  ControlLock lock(*this, __func__);
  lock.await_turn("", key_id);
  return update_key(key_id, [&](v1::ApiKey& document) -> absl::Status {
    WEIR_RETURN_IF_ERROR(check_new_tags(changes.set));
    apply(changes, *document.mutable_tags());
    return absl::OkStatus();
  });
}

absl::Status ControlPlane::delete_api_key(std::string_view key_id) {
  ControlLock lock(*this, __func__);
  lock.await_turn("", key_id);
  const auto key = find_key(key_id);
  if (!key.ok()) return key.status();
  WEIR_RETURN_IF_ERROR(
      commit([&] { return weir::internal::delete_api_key(key_id); }));
  remove_key(**key);
  collect();
  return absl::OkStatus();
}

// -- Which keys a plan applies to --

absl::StatusOr<v1::UsagePlanKey> ControlPlane::create_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, key_id);
  const auto found_plan = find_plan(plan_id);
  if (!found_plan.ok()) return found_plan.status();
  const auto found_key = find_key(key_id);
  if (!found_key.ok()) return found_key.status();
  PlanRecord& plan = **found_plan;
  KeyRecord& key = **found_key;
  if (key.find(plan) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("API key ", to_absl(key.id()),
                     " is associated with usage plan ", plan.id(), " already"));
  }
  // A first plan conflicts with none.
  if (!key.associations.empty()) {
    std::set<StageName> stages;
    for (const v1::ApiStage& stage : plan.document.api_stages()) {
      stages.insert(name_of(stage));
    }
    WEIR_RETURN_IF_ERROR(check_stages(key, plan, stages));
  }
  const Day today = day_of(clock_->now().unix_ns);
  const int64_t id = ++last_association_id_;
  collect();
  const auto subscription = clients_.prepare(
      key.client(),
      CountsCopy::at_start(today, quota_terms(plan.document, rules_).calendar),
      id);
  if (!subscription.ok()) return subscription.status();
  if (auto status =
          commit([&] { return put_association(id, plan_id, key_id, today); });
      !status.ok()) {
    clients_.discard(key.client(), **subscription);
    return status;
  }
  associate(key, plan, id, **subscription);
  return key.plan_key();
}

absl::StatusOr<v1::UsagePlanKey> ControlPlane::get_usage_plan_key(
    std::string_view plan_id, std::string_view key_id) const {
  ControlLock lock(*this, __func__);
  const auto found = find_plan_key(plan_id, key_id);
  if (!found.ok()) return found.status();
  return found->key->plan_key();
}

absl::StatusOr<Page<v1::UsagePlanKey>> ControlPlane::list_usage_plan_keys(
    std::string_view plan_id, const PageRequest& page,
    std::string_view name_prefix) const {
  ControlLock lock(*this, __func__);
  Page<v1::UsagePlanKey> result;
  const auto list = [&]() -> absl::StatusOr<const CreationOrder<KeyRecord>*> {
    mutex_.assert_held();
    const auto plan = find_plan(plan_id);
    if (!plan.ok()) return plan.status();
    return &(*plan)->keys;
  };
  auto position =
      page_in_pieces(lock, page, kPiece, list, [&](const KeyRecord& key) {
        v1::UsagePlanKey plan_key = key.plan_key();
        const bool wanted =
            absl::StartsWith(plan_key.name(), to_absl(name_prefix));
        if (wanted) result.items.push_back(std::move(plan_key));
        return wanted;
      });
  if (!position.ok()) return position.status();
  result.position = *std::move(position);
  return result;
}

absl::Status ControlPlane::delete_usage_plan_key(std::string_view plan_id,
                                                 std::string_view key_id) {
  ControlLock lock(*this, __func__);
  lock.await_turn(plan_id, key_id);
  const auto found = find_plan_key(plan_id, key_id);
  if (!found.ok()) return found.status();
  const int64_t id = found->association->id;
  WEIR_RETURN_IF_ERROR(commit([&] { return delete_association(id); }));
  dissociate(*found->key, *found->association->plan);
  collect();
  return absl::OkStatus();
}

}  // namespace weir::internal
