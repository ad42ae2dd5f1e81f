#include "weir/tests/torture/world.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/tests/patch_operations.h"

namespace weir::torture {
namespace {

std::string stage_name(int plan) {
  return absl::StrCat(api_id(plan), ":", kStage);
}

// As long as descriptions are: some fill pages.
std::string description(int64_t number) {
  return absl::StrCat("d", number, std::string(number % 5000, '.'));
}

// The bursts are so large and the rates so high that quotas matter more often.
double rate_of(const Operation& operation) {
  return static_cast<double>(operation.burst);
}

void add_stage(int plan, v1::UsagePlan& document) {
  v1::ApiStage* const stage = document.add_api_stages();
  stage->set_api_id(api_id(plan));
  stage->set_stage(kStage);
}

void set_quota(const Operation& operation, v1::QuotaSettings& quota) {
  quota.set_limit(operation.number);
  quota.set_period(operation.period);
  quota.set_offset(operation.offset);
}

const char* name_of(Deed deed) {
  static constexpr const char* kNames[kDeeds] = {
      "advance",         "pause",      "sync",        "usage",
      "create plan",     "patch plan", "delete plan", "share plan",
      "unshare",         "create key", "import keys", "import flock",
      "overwrite key",   "enable key", "disable key", "delete key",
      "delete idle key", "attach",     "detach",      "extend"};
  return kNames[static_cast<int>(deed)];
}

const char* name_of(Change change) {
  static constexpr const char* kNames[kChanges] = {
      "limit",       "quota",     "remove quota", "throttle", "remove throttle",
      "description", "add stage", "remove stage", "nonsense"};
  return kNames[static_cast<int>(change)];
}

}  // namespace

std::string to_string(const Operation& operation) {
  std::string text = absl::StrCat(name_of(operation.deed));
  if (operation.deed == Deed::kPatchPlan) {
    absl::StrAppend(&text, " (", name_of(operation.change), ")");
  }
  return absl::StrCat(text, " plan ", operation.plan, ", key ", operation.key,
                      ", keys ", absl::Hex(operation.keys), ", flock ",
                      operation.flock, ", number ", operation.number, ", at ",
                      absl::FormatTime(absl::RFC3339_full,
                                       absl::FromUnixNanos(operation.unix_ns),
                                       absl::UTCTimeZone()));
}

std::string plan_id(int plan) { return absl::StrCat("plan-", plan); }
std::string api_id(int plan) { return absl::StrCat("api-", plan); }
std::string key_id(int key) { return absl::StrCat("key-", key); }
std::string key_value(int key) {
  return absl::StrCat("the-value-of-the-key-", key);
}
std::string idle_key_id(int64_t flock, int64_t number) {
  return absl::StrCat("idle-", flock, "-", number);
}

v1::UsagePlan new_plan(const Operation& operation) {
  v1::UsagePlan plan;
  plan.set_id(plan_id(operation.plan));
  plan.set_name(absl::StrCat("made at ", operation.unix_ns));
  add_stage(operation.plan, plan);
  set_quota(operation, *plan.mutable_quota());
  return plan;
}

v1::ApiKey new_key(int key) {
  v1::ApiKey document;
  document.set_id(key_id(key));
  document.set_value(key_value(key));
  document.set_name(absl::StrCat("name of ", key));
  document.set_enabled(true);
  return document;
}

v1::ApiKey new_idle_key(int64_t flock, int64_t number) {
  v1::ApiKey document;
  document.set_id(idle_key_id(flock, number));
  document.set_value(absl::StrCat("the-value-of-", document.id()));
  document.set_enabled(number % 2 == 0);
  return document;
}

std::vector<v1::ApiKey> new_keys(const Operation& operation) {
  std::vector<v1::ApiKey> keys;
  if (operation.deed == Deed::kImportFlock) {
    for (int64_t i = 0; i < operation.number; ++i) {
      keys.push_back(new_idle_key(operation.flock, i));
    }
  } else {
    for (int key = 0; key < kKeys; ++key) {
      if ((operation.keys >> key & 1) != 0) keys.push_back(new_key(key));
    }
  }
  return keys;
}

v1::ApiKey overwriting_key(const Operation& operation) {
  v1::ApiKey key = new_key(operation.key);
  key.clear_id();
  key.set_name(absl::StrCat("overwritten at ", operation.unix_ns));
  return key;
}

std::vector<v1::PatchOperation> patch_of(const Operation& operation_) {
  const Operation& o = operation_;
  switch (o.change) {
    case Change::kLimit:
      return {replace("/quota/limit", o.number)};
    case Change::kQuota:
      return {
          replace("/quota/limit", o.number),
          operation("replace", "/quota/period", v1::QuotaPeriod_Name(o.period)),
          replace("/quota/offset", o.offset)};
    case Change::kRemoveQuota:
      return {operation("remove", "/quota")};
    case Change::kThrottle:
      return {replace("/throttle/burstLimit", o.burst),
              operation("replace", "/throttle/rateLimit",
                        absl::StrCat(rate_of(o)))};
    case Change::kRemoveThrottle:
      return {operation("remove", "/throttle")};
    case Change::kDescription:
      return {operation("replace", "/description", description(o.number))};
    case Change::kAddStage:
      return {operation("add", "/apiStages", stage_name(o.plan))};
    case Change::kRemoveStage:
      return {operation("remove", "/apiStages", stage_name(o.plan))};
    case Change::kNonsense:
      break;
  }
  return {operation("replace", "/description", "never seen"),
          replace("/quota/limit", -1)};
}

absl::StatusCode change_plan(const Operation& operation, v1::UsagePlan& plan) {
  switch (operation.change) {
    case Change::kLimit:
      // A quota needs a period, and no more of an offset than it has, if any.
      if (!plan.has_quota() ||
          (operation.number > 0 && plan.quota().offset() > operation.number)) {
        return absl::StatusCode::kInvalidArgument;
      }
      plan.mutable_quota()->set_limit(operation.number);
      return absl::StatusCode::kOk;
    case Change::kQuota:
      set_quota(operation, *plan.mutable_quota());
      return absl::StatusCode::kOk;
    case Change::kRemoveQuota:
      plan.clear_quota();
      return absl::StatusCode::kOk;
    case Change::kThrottle:
      plan.mutable_throttle()->set_burst_limit(operation.burst);
      plan.mutable_throttle()->set_rate_limit(rate_of(operation));
      return absl::StatusCode::kOk;
    case Change::kRemoveThrottle:
      plan.clear_throttle();
      return absl::StatusCode::kOk;
    case Change::kDescription:
      plan.set_description(description(operation.number));
      return absl::StatusCode::kOk;
    case Change::kAddStage:
      if (plan.api_stages_size() > 0) return absl::StatusCode::kAlreadyExists;
      add_stage(operation.plan, plan);
      return absl::StatusCode::kOk;
    case Change::kRemoveStage:
      if (plan.api_stages_size() == 0) return absl::StatusCode::kNotFound;
      plan.clear_api_stages();
      return absl::StatusCode::kOk;
    case Change::kNonsense:
      break;
  }
  return absl::StatusCode::kInvalidArgument;
}

}  // namespace weir::torture
