#include "examples/gateway/management.h"

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "json/json_writer.h"
#include "plan/plan_error.h"
#include "plan/plan_json.h"
#include "plan/plan_patch.h"

namespace weir {
namespace {

struct ErrorClass {
  int status;
  const char* type;
};

ErrorClass error_class(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return {400, "BadRequestException"};
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return {401, "UnauthorizedException"};
    case absl::StatusCode::kNotFound:
      return {404, "NotFoundException"};
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return {409, "ConflictException"};
    case absl::StatusCode::kResourceExhausted:
      return {429, "LimitExceededException"};
    default:
      return {503, "ServiceUnavailableException"};
  }
}

ManagementReply error_reply(const absl::Status& status) {
  const auto [code, type] = error_class(status.code());
  JsonWriter json(JsonStyle::kCompact);
  json.begin_object();
  json.key("message");
  json.string(aws_message(status));
  json.end_object();
  return {code, json.text(), type};
}

template <class T, class Write>
ManagementReply reply(const absl::StatusOr<T>& result, Write write) {
  if (!result.ok()) return error_reply(result.status());
  return {200, write(*result), ""};
}

std::string plan_json(const v1::UsagePlan& plan) {
  return usage_plan_to_json(plan);
}

std::string usage_json(const v1::Usage& usage) { return usage_to_json(usage); }

std::string parameter(const ManagementRequest& request, const char* name) {
  const auto found = request.parameters.find(name);
  return found == request.parameters.end() ? "" : found->second;
}

absl::StatusOr<v1::Usage> usage(const Enforcer& enforcer,
                                const std::string& plan_id,
                                const ManagementRequest& request) {
  UsageRequest query;
  query.usage_plan_id = plan_id;
  query.start_date = parameter(request, "startDate");
  query.end_date = parameter(request, "endDate");
  query.key_id = parameter(request, "keyId");
  query.page.position = parameter(request, "position");
  const std::string limit = parameter(request, "limit");
  if (!limit.empty() && !absl::SimpleAtoi(limit, &query.page.limit)) {
    return absl::InvalidArgumentError("limit is not a number");
  }
  return enforcer.get_usage(query);
}

absl::StatusOr<v1::UsagePlan> patch_plan(Enforcer& enforcer, LiveRoutes& routes,
                                         const std::string& plan_id,
                                         std::string_view body) {
  const auto operations = patch_operations_from_json(body);
  if (!operations.ok()) return operations.status();
  const auto plan = enforcer.get_usage_plan(plan_id);
  if (!plan.ok()) return plan;
  const auto wanted = patch_usage_plan(*plan, *operations);
  if (!wanted.ok()) return wanted;
  // The routes come first: they may not fit.
  if (auto status = routes.prepare(*wanted); !status.ok()) return status;
  auto patched = enforcer.apply_patch(plan_id, *operations);
  if (!patched.ok()) return patched;
  if (auto status = routes.refresh(plan_id); !status.ok()) return status;
  return patched;
}

absl::StatusOr<v1::Usage> patch_usage(Enforcer& enforcer,
                                      const std::string& plan_id,
                                      const std::string& key_id,
                                      std::string_view body) {
  const auto operations = patch_operations_from_json(body);
  if (!operations.ok()) return operations.status();
  return enforcer.update_usage(plan_id, key_id, *operations);
}

}  // namespace

ManagementReply manage(Enforcer& enforcer, LiveRoutes& routes,
                       const ManagementRequest& request) {
  // "", "usageplans", id, ...
  const std::vector<std::string> path = absl::StrSplit(request.path, '/');
  const bool get = request.method == "GET";
  const bool patch = request.method == "PATCH";
  if (path.size() == 3) {
    if (get) return reply(enforcer.get_usage_plan(path[2]), plan_json);
    if (patch)
      return reply(patch_plan(enforcer, routes, path[2], request.body),
                   plan_json);
  }
  if (get && path.size() == 4 && path[3] == "usage") {
    return reply(usage(enforcer, path[2], request), usage_json);
  }
  if (patch && path.size() == 6 && path[3] == "keys" && path[5] == "usage") {
    return reply(patch_usage(enforcer, path[2], path[4], request.body),
                 usage_json);
  }
  return error_reply(absl::NotFoundError("Not Found"));
}

}  // namespace weir
