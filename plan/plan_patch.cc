#include "weir/plan/plan_patch.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/json_pointer.h"
#include "weir/plan/canonical_plan.h"
#include "weir/plan/method_key.h"
#include "weir/plan/patch_paths.h"
#include "weir/plan/plan_changes.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

using google::protobuf::Value;

// The payload of errors that exceeds_patch_limit() finds.
constexpr char kPatchLimitUrl[] = "weir.v1/patch_limit";

// What a path of the dialect names.
enum class Target {
  kMember,           // A member of the plan.
  kThrottleMember,   // A member of /throttle.
  kQuotaMember,      // A member of /quota.
  kStages,           // The set of stages.
  kMethodThrottles,  // A stage's map of throttles.
  kMethod,           // One entry of that map.
  kMethodMember,     // A member of that entry.
};

// A path of the dialect, with the operations that it supports.
struct Row {
  std::string_view path;
  unsigned ops;
  Target target;
  std::string_view aws_bad_value = {};
};

// AWS's spelling, "apidId" included.
constexpr char kThrottlesPath[] = "/apiStages/<apidId:stageName>/throttle";
constexpr char kMethodPath[] =
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>";
constexpr char kMethodRatePath[] =
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "rateLimit";
constexpr char kMethodBurstPath[] =
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/"
    "burstLimit";

// In the order in which AWS's errors list the paths of `remove`.
constexpr Row kRows[] = {
    {"/name", kReplaceOp, Target::kMember},
    {"/description", kReplaceOp, Target::kMember},
    {"/apiStages", kAddOp | kRemoveOp, Target::kStages},
    {"/quota", kRemoveOp, Target::kMember},
    {"/quota/limit", kUpsertOps, Target::kQuotaMember, aws_text::kQuotaLimit},
    {"/quota/offset", kUpsertOps, Target::kQuotaMember},
    {"/quota/period", kUpsertOps, Target::kQuotaMember, aws_text::kQuotaPeriod},
    {"/throttle", kRemoveOp, Target::kMember},
    {"/throttle/rateLimit", kUpsertOps, Target::kThrottleMember},
    {"/throttle/burstLimit", kUpsertOps, Target::kThrottleMember},
    {"/productCode", kUpsertOps | kRemoveOp, Target::kMember},
    {kMethodPath, kRemoveOp, Target::kMethod},
    {kThrottlesPath, kUpsertOps | kRemoveOp, Target::kMethodThrottles},
    {kMethodRatePath, kUpsertOps, Target::kMethodMember},
    {kMethodBurstPath, kUpsertOps, Target::kMethodMember},
};

constexpr std::size_t kMaxStageBytes = 4096;  // More than validation accepts.
constexpr std::size_t kMaxPathBytesInErrors = 256;
constexpr std::size_t kMaxOpBytesInErrors = 32;

// Validation bounds the result, and the request bounds what is written.
patch::PatchLimits limits() {
  patch::PatchLimits limits;
  limits.max_document_bytes = patch::PatchLimits::kUnlimited;
  return limits;
}

bool consume_prefix(std::string_view* text, std::string_view prefix) {
  if (text->substr(0, prefix.size()) != prefix) return false;
  text->remove_prefix(prefix.size());
  return true;
}

bool consume_suffix(std::string_view* text, std::string_view suffix) {
  if (text->size() < suffix.size() ||
      text->substr(text->size() - suffix.size()) != suffix) {
    return false;
  }
  text->remove_suffix(suffix.size());
  return true;
}

// A parsed path. The views refer to the text that was parsed.
struct Path {
  std::string shape;        // As kRows spells it, if it is in kRows.
  std::string_view last;    // The last segment.
  std::string_view stage;   // `apiId:stage`
  std::string_view method;  // `{resourcePath}/{httpMethod}`, in any spelling.
};

Path parse_path(std::string_view text) {
  // AWS's own examples have a space at the end.
  while (consume_suffix(&text, " ")) {
  }
  Path path;
  path.shape = std::string(text);
  path.last = text.substr(text.rfind('/') + 1);
  if (!consume_prefix(&text, "/apiStages/")) return path;
  path.stage = text.substr(0, text.find('/'));
  text.remove_prefix(path.stage.size());
  path.shape =
      absl::StrCat("/apiStages/<apidId:stageName>", internal::to_absl(text));
  if (!consume_prefix(&text, "/throttle/")) return path;
  // Only the end matters: a resource path may have any number of segments.
  path.shape = consume_suffix(&text, "/rateLimit")    ? kMethodRatePath
               : consume_suffix(&text, "/burstLimit") ? kMethodBurstPath
                                                      : kMethodPath;
  path.method = text;
  return path;
}

absl::Status unsupported(const v1::PatchOperation& operation) {
  const std::string aws_text = invalid_path_text(
      kRows, operation.path(), operation.op().substr(0, kMaxOpBytesInErrors));
  const std::string message =
      patch_op(operation.op()) == kNoOp
          ? "expected the operation add, replace or remove"
          : absl::CHexEscape(aws_text);
  return plan_error(absl::StatusCode::kInvalidArgument, message, aws_text);
}

// Splits `apiId:stage`.
absl::StatusOr<StageName> parse_stage(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view api_id = text.substr(0, colon);
  const std::string_view stage = text.substr(std::min(colon + 1, text.size()));
  if (api_id.empty() || stage.empty() || stage.find(':') != stage.npos ||
      text.size() > kMaxStageBytes) {
    return plan_error(
        absl::StatusCode::kInvalidArgument,
        absl::StrCat("expected apiId:stage, got ", internal::excerpt(text)),
        aws_text::kInvalidApiStage);
  }
  return StageName{std::string(api_id), std::string(stage)};
}

// The index of the stage; absent if the plan does not have it.
std::optional<int> find_stage(const v1::UsagePlan& plan,
                              const StageName& name) {
  for (int i = 0; i < plan.api_stages_size(); ++i) {
    const v1::ApiStage& stage = plan.api_stages(i);
    if (stage.api_id() == name.first && stage.stage() == name.second) return i;
  }
  return std::nullopt;
}

// The index of the stage that `text` names.
absl::StatusOr<int> require_stage(const v1::UsagePlan& plan,
                                  std::string_view text) {
  const absl::StatusOr<StageName> name = parse_stage(text);
  if (!name.ok()) return name.status();
  const std::optional<int> index = find_stage(plan, *name);
  if (index.has_value()) return *index;
  return plan_error(
      absl::StatusCode::kNotFound,
      absl::StrCat("the plan does not have the stage ",
                   internal::excerpt(text)),
      aws_text::unknown_api_stage(name->first, name->second, plan.id()));
}

// An operation of RFC 6902 on the plan's own document.
v1::PatchOperation json_patch(PatchOp op, std::vector<std::string> pointer,
                              Value value = {}) {
  v1::PatchOperation operation;
  operation.set_path(patch::JsonPointer(std::move(pointer)).to_string());
  if (op == kRemoveOp) {
    operation.set_op("remove");
  } else {
    // In RFC 6902, `add` sets a member whether or not it exists.
    operation.set_op("add");
    *operation.mutable_value() = std::move(value);
  }
  return operation;
}

Value object_of(const std::string& name, Value value) {
  Value object;
  (*object.mutable_struct_value()->mutable_fields())[name] = std::move(value);
  return object;
}

Value string_value(std::string text) {
  Value value;
  value.set_string_value(std::move(text));
  return value;
}

absl::StatusOr<v1::PatchOperation> translate_stages(
    PatchOp op, const v1::PatchOperation& operation,
    const v1::UsagePlan& plan) {
  const std::string& text = operation.value().string_value();
  if (op == kRemoveOp) {
    const absl::StatusOr<int> index = require_stage(plan, text);
    if (!index.ok()) return index.status();
    return json_patch(kRemoveOp, {"apiStages", absl::StrCat(*index)});
  }
  absl::StatusOr<StageName> name = parse_stage(text);
  if (!name.ok()) return name.status();
  if (find_stage(plan, *name).has_value()) {
    return absl::AlreadyExistsError(absl::StrCat(
        "the plan has the stage ", internal::excerpt(text), " already"));
  }
  Value stage = object_of("apiId", string_value(name->first));
  (*stage.mutable_struct_value()->mutable_fields())["stage"] =
      string_value(name->second);
  return json_patch(kAddOp, {"apiStages", "-"}, std::move(stage));
}

// The value of `throttle` of a stage, with canonical method keys.
absl::StatusOr<Value> throttle_map(Value value) {
  if (value.kind_case() == Value::kStringValue) {
    absl::StatusOr<Value> parsed = parse_json(value.string_value());
    if (!parsed.ok()) return parsed.status();
    value = *std::move(parsed);
  }
  if (!value.has_struct_value()) {
    return absl::InvalidArgumentError(
        "expected a JSON object, or a string that holds one");
  }
  auto& throttles = *value.mutable_struct_value()->mutable_fields();
  absl::Status status = canonicalize_method_keys(&throttles);
  for (auto& [key, throttle] : throttles) {
    if (!status.ok()) break;
    status = internal::with_prefix(canonicalize_numbers(&throttle),
                                   internal::excerpt(key));
  }
  if (!status.ok()) return status;
  return value;
}

// The value of an upsert of the member `name`, in its canonical form.
absl::StatusOr<Value> upsert_value(const v1::PatchOperation& operation,
                                   const Row& row, std::string_view name) {
  Value value = operation.value();
  // In JSON Patch, null clears a field. Here only `remove` does.
  if (value.kind_case() == Value::KIND_NOT_SET || value.has_null_value()) {
    return absl::InvalidArgumentError("expected a value");
  }
  if (row.target == Target::kMethodThrottles) return throttle_map(value);
  // JSON Patch also accepts the number of a period, which AWS does not.
  if (row.path == "/quota/period" &&
      !quota_period_from_name(value.string_value()).has_value()) {
    return absl::InvalidArgumentError("expected DAY, WEEK or MONTH");
  }
  if (row.target != Target::kMember) {
    const absl::Status status = canonicalize_number(name, &value);
    if (!status.ok()) return status;
  }
  return value;
}

// Sets a member of the object at `pointer`, which is created if it is absent.
v1::PatchOperation upsert_member(std::vector<std::string> pointer, bool exists,
                                 std::string name, Value value) {
  if (!exists) {
    return json_patch(kAddOp, std::move(pointer), object_of(name, value));
  }
  pointer.push_back(std::move(name));
  return json_patch(kAddOp, std::move(pointer), std::move(value));
}

// Translates `operation`, whose path is `path` and which is an `op` of `row`,
// to one operation of RFC 6902 on `plan`.
absl::StatusOr<v1::PatchOperation> translate(
    const v1::PatchOperation& operation, PatchOp op, const Path& path,
    const Row& row, const v1::UsagePlan& plan) {
  if (row.target == Target::kStages) {
    return translate_stages(op, operation, plan);
  }
  Value value;
  if (op != kRemoveOp) {
    absl::StatusOr<Value> given = upsert_value(operation, row, path.last);
    if (!given.ok()) return given.status();
    value = *std::move(given);
  }
  std::string name(path.last);
  if (row.target == Target::kMember) return json_patch(op, {name}, value);
  if (row.target == Target::kQuotaMember) {
    return upsert_member({"quota"}, plan.has_quota(), name, value);
  }
  if (row.target == Target::kThrottleMember) {
    return upsert_member({"throttle"}, plan.has_throttle(), name, value);
  }

  const absl::StatusOr<int> index = require_stage(plan, path.stage);
  if (!index.ok()) return index.status();
  std::vector<std::string> pointer = {"apiStages", absl::StrCat(*index),
                                      "throttle"};
  if (row.target == Target::kMethodThrottles) {
    return json_patch(op, pointer, value);
  }
  const absl::StatusOr<std::string> key = canonical_method_key(path.method);
  if (!key.ok()) return key.status();
  const bool exists = plan.api_stages(*index).throttle().contains(*key);
  pointer.push_back(*key);
  if (row.target == Target::kMethod) {
    if (exists) return json_patch(kRemoveOp, pointer);
    return absl::NotFoundError(absl::StrCat("the stage has no throttle for ",
                                            internal::excerpt(*key)));
  }
  return upsert_member(pointer, exists, name, value);
}

// Records what an applied operation has touched.
void note_changes(const v1::PatchOperation& operation, const Row& row,
                  const Path& path, PlanChanges* changes) {
  const std::string_view stage = row.target == Target::kStages
                                     ? operation.value().string_value()
                                     : path.stage;
  if (stage.empty()) return;
  StageName name = *parse_stage(stage);
  if (row.target == Target::kStages && operation.op() == "add") {
    changes->added_stages.insert(name);
  }
  changes->stages.insert(std::move(name));
}

// Removes from an error of JSON Patch the words that name the operation, which
// is the translated one that the client never saw. No pointer made here has a
// space.
absl::Status strip_operation(const absl::Status& status) {
  const std::string message(status.message());
  const std::size_t end = message.find("\": ");
  return absl::Status(status.code(),
                      end == message.npos ? message : message.substr(end + 3));
}

}  // namespace

bool exceeds_patch_limit(const absl::Status& status) {
  return status.GetPayload(kPatchLimitUrl).has_value();
}

PlanPatch::PlanPatch(v1::UsagePlan* plan)
    : plan_(*plan), transaction_(plan, limits()) {}

absl::Status PlanPatch::apply(absl::Span<const v1::PatchOperation> operations) {
  absl::Status status = apply_all(operations);
  if (absl::IsResourceExhausted(status)) {
    status.SetPayload(kPatchLimitUrl, absl::Cord());
  }
  return status;
}

absl::Status PlanPatch::apply_all(
    absl::Span<const v1::PatchOperation> operations) {
  if (operations.size() > kMaxPlanPatchOperations) {
    return absl::ResourceExhaustedError(
        absl::StrCat("patch of ", operations.size(), " operations, more than ",
                     kMaxPlanPatchOperations));
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const v1::PatchOperation& operation = operations[i];
    const absl::Status status = apply(operation);
    if (status.ok()) continue;
    transaction_.roll_back();
    return internal::with_prefix(
        status,
        absl::StrCat(
            "operations[", i, "] ",
            absl::CHexEscape(operation.op().substr(0, kMaxOpBytesInErrors)),
            " ", internal::excerpt(operation.path(), kMaxPathBytesInErrors),
            ": "));
  }
  return absl::OkStatus();
}

absl::Status PlanPatch::apply(const v1::PatchOperation& operation) {
  if (operation.path().size() > patch::JsonPointer::kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a path of at most ",
                     patch::JsonPointer::kMaxBytes, " bytes"));
  }
  const PatchOp op = patch_op(operation.op());
  const Path path = parse_path(operation.path());
  const Row* row = find_row(kRows, path.shape, op);
  if (row == nullptr) return unsupported(operation);

  const absl::StatusOr<v1::PatchOperation> translated =
      translate(operation, op, path, *row, plan_);
  const absl::Status status =
      translated.ok() ? strip_operation(transaction_.apply(*translated))
                      : translated.status();
  const bool was_clear = op == kRemoveOp && row->target == Target::kMember &&
                         absl::IsNotFound(status);
  if (status.ok()) note_changes(operation, *row, path, &changes_);
  if (status.ok() || was_clear) return absl::OkStatus();
  if (row->aws_bad_value.empty()) return status;
  return plan_error(status.code(), std::string(status.message()),
                    row->aws_bad_value);
}

absl::StatusOr<v1::UsagePlan> patch_usage_plan(
    const v1::UsagePlan& plan, absl::Span<const v1::PatchOperation> operations,
    const PlanRules& rules) {
  v1::UsagePlan patched = plan;
  PlanPatch patch(&patched);
  absl::Status status = patch.apply(operations);
  if (status.ok()) status = to_status(validate_usage_plan(patched, rules));
  if (!status.ok()) return status;
  patch.commit();
  return patched;
}

}  // namespace weir
