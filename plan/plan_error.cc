#include "weir/plan/plan_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "weir/base/text.h"

namespace weir {
namespace {

constexpr char kAwsTextUrl[] = "weir.v1/aws_text";

struct StringViewFormatter {
  void operator()(std::string* out, std::string_view text) const {
    out->append(text);
  }
};

}  // namespace

absl::Status plan_error(absl::StatusCode code, std::string_view message,
                        std::string_view aws_text) {
  absl::Status status(code, internal::to_absl(message));
  if (!aws_text.empty()) {
    status.SetPayload(kAwsTextUrl, absl::Cord(internal::to_absl(aws_text)));
  }
  return status;
}

std::string aws_message(const absl::Status& status) {
  const absl::optional<absl::Cord> text = status.GetPayload(kAwsTextUrl);
  return text.has_value() ? std::string(*text) : std::string(status.message());
}

namespace aws_text {

std::string invalid_patch_path(std::string_view path, std::string_view op,
                               absl::Span<const std::string_view> supported) {
  // AWS writes two spaces after "path".
  return absl::StrCat(
      "Invalid patch path  '", internal::to_absl(path), "' specified for op '",
      internal::to_absl(op), "'. Must be one of: [",
      absl::StrJoin(supported, ", ", StringViewFormatter()), "]");
}

std::string unknown_api_stage(std::string_view api_id, std::string_view stage,
                              std::string_view usage_plan_id) {
  return absl::StrCat("Invalid API Stage {api: ", internal::to_absl(api_id),
                      ", stage: ", internal::to_absl(stage),
                      "} specified for usageplan ",
                      internal::to_absl(usage_plan_id));
}

std::string invalid_method(std::string_view resource_path,
                           std::string_view method) {
  return absl::StrCat(
      "Invalid method {resourcePath: ", internal::to_absl(resource_path),
      ",method: ", internal::to_absl(method), "} specified");
}

std::string usage_plan_has_stages(std::string_view usage_plan_id,
                                  std::string_view api_id,
                                  std::string_view stage) {
  return absl::StrCat("Cannot delete Usage Plan ",
                      internal::to_absl(usage_plan_id),
                      " because there are API Stages associated with it, "
                      "including ",
                      internal::to_absl(api_id), ":", internal::to_absl(stage));
}

}  // namespace aws_text
}  // namespace weir
