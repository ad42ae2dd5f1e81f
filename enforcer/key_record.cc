#include "enforcer/key_record.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace weir {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

void set_time(int64_t unix_ns, google::protobuf::Timestamp& timestamp) {
  timestamp.set_seconds(unix_ns / kNanosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(unix_ns % kNanosPerSecond));
}

}  // namespace

KeyRecord::KeyRecord(std::string_view id, const v1::ApiKey& key,
                     int64_t now_unix_ns, Client* client)
    : client_(client),
      created_unix_ns_(now_unix_ns),
      updated_unix_ns_(now_unix_ns) {
  set_text(id, key);
}

void KeyRecord::set_text(std::string_view id, const v1::ApiKey& key) {
  v1::ApiKey rest;
  if (!key.name().empty()) rest.set_name(key.name());
  if (!key.description().empty()) rest.set_description(key.description());
  if (!key.customer_id().empty()) rest.set_customer_id(key.customer_id());
  std::string text;
  text.reserve(1 + id.size() + rest.ByteSizeLong());
  text.push_back(static_cast<char>(id.size()));
  text += id;
  rest.AppendToString(&text);
  text_ = std::move(text);
}

void KeyRecord::parse_rest(v1::ApiKey& key) const {
  const size_t begin = 1 + id().size();
  key.ParseFromArray(text_.data() + begin,
                     static_cast<int>(text_.size() - begin));
}

v1::ApiKey KeyRecord::document(bool include_value) const {
  v1::ApiKey key;
  parse_rest(key);
  key.set_id(std::string(id()));
  if (include_value) key.set_value(std::string(client_->key()));
  // Relaxed: see `admit()`.
  key.set_enabled(client_->enabled.load(std::memory_order_relaxed));
  set_time(created_unix_ns_, *key.mutable_created_date());
  set_time(updated_unix_ns_, *key.mutable_last_updated_date());
  return key;
}

v1::UsagePlanKey KeyRecord::plan_key() const {
  v1::ApiKey rest;
  parse_rest(rest);
  v1::UsagePlanKey result;
  result.set_id(std::string(id()));
  result.set_type("API_KEY");
  result.set_name(std::move(*rest.mutable_name()));
  return result;
}

void KeyRecord::update(const v1::ApiKey& key, int64_t now_unix_ns) {
  set_text(std::string(id()), key);
  updated_unix_ns_ = now_unix_ns;
  // Relaxed: see `admit()`.
  client_->enabled.store(key.enabled(), std::memory_order_relaxed);
}

Association* KeyRecord::find(const PlanRecord& plan) {
  const auto it = std::find_if(
      associations.begin(), associations.end(),
      [&](const Association& other) { return other.plan == &plan; });
  return it == associations.end() ? nullptr : &*it;
}

const Association* KeyRecord::find(const PlanRecord& plan) const {
  return const_cast<KeyRecord*>(this)->find(plan);
}

}  // namespace weir
