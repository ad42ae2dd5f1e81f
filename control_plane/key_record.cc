#include "weir/control_plane/key_record.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace weir::internal {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

void set_time(int64_t unix_ns, google::protobuf::Timestamp& timestamp) {
  timestamp.set_seconds(unix_ns / kNanosPerSecond);
  timestamp.set_nanos(static_cast<int32_t>(unix_ns % kNanosPerSecond));
}

int64_t time_of(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() * kNanosPerSecond + timestamp.nanos();
}

// See `KeyRecord::text_`.
std::string text_of(std::string_view id, const v1::ApiKey& key) {
  std::string rest;
  if (!key.name().empty() || !key.description().empty() ||
      !key.customer_id().empty() || !key.tags().empty() ||
      !key.stage_keys().empty()) {
    v1::ApiKey document;
    document.set_name(key.name());
    document.set_description(key.description());
    document.set_customer_id(key.customer_id());
    *document.mutable_tags() = key.tags();
    *document.mutable_stage_keys() = key.stage_keys();
    rest = document.SerializeAsString();
  }
  std::string text;
  text.reserve(1 + id.size() + rest.size());
  text.push_back(static_cast<char>(id.size()));
  text.append(id);
  text.append(rest);
  return text;
}

}  // namespace

KeyRecord::KeyRecord(std::string_view id, const v1::ApiKey& key, Dates dates,
                     Client& client)
    : text_(text_of(id, key)), client_(&client), dates_(dates) {}

void KeyRecord::parse_rest(v1::ApiKey& key) const {
  const size_t begin = 1 + id().size();
  if (begin == text_.size()) return;
  key.ParseFromArray(text_.data() + begin,
                     static_cast<int>(text_.size() - begin));
}

v1::ApiKey KeyRecord::document(bool include_value) const {
  v1::ApiKey key;
  parse_rest(key);
  key.set_id(id().data(), id().size());
  if (include_value) {
    key.set_value(client_->key().data(), client_->key().size());
  }
  key.set_enabled(
      ClientState(client_->state.load(std::memory_order_relaxed)).enabled());
  set_dates(dates_, key);
  return key;
}

KeyRecord::Dates KeyRecord::dates_of(const v1::ApiKey& document) {
  return {time_of(document.created_date()),
          time_of(document.last_updated_date())};
}

void KeyRecord::set_dates(Dates dates, v1::ApiKey& document) {
  set_time(dates.created_unix_ns, *document.mutable_created_date());
  set_time(dates.updated_unix_ns, *document.mutable_last_updated_date());
}

v1::UsagePlanKey KeyRecord::plan_key() const {
  v1::ApiKey rest;
  parse_rest(rest);
  v1::UsagePlanKey result;
  result.set_id(id().data(), id().size());
  result.set_type("API_KEY");
  result.set_name(std::move(*rest.mutable_name()));
  return result;
}

void KeyRecord::update(const v1::ApiKey& document) {
  text_ = text_of(id(), document);
  dates_ = dates_of(document);
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

}  // namespace weir::internal
