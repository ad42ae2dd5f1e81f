// Errors that speak to two readers: a message for the person who wrote the
// document, and the text that API Gateway answers for clients that match on it.

#ifndef WEIR_PLAN_PLAN_ERROR_H_
#define WEIR_PLAN_PLAN_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace weir {

// Returns an error whose message() is `message` and whose aws_message() is
// `aws_text`. An empty `aws_text` means that AWS's text is not known.
absl::Status plan_error(absl::StatusCode code, std::string_view message,
                        std::string_view aws_text = {});

// The text that API Gateway returns in `{"message": ...}` for this error;
// `status.message()` if AWS's text is not known. "" for OK.
std::string aws_message(const absl::Status& status);

// The exact texts of API Gateway.
namespace aws_text {

inline constexpr std::string_view kUnknownUsagePlan =
    "Invalid Usage Plan ID specified";
inline constexpr std::string_view kInvalidApiStage =
    "Invalid API Stage specified";
inline constexpr std::string_view kQuotaPeriod =
    "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, "
    "MONTH]";
inline constexpr std::string_view kQuotaLimit =
    "Usage Plan quota limit must be a non-negative numeric";
inline constexpr std::string_view kQuotaOffsetDay =
    "Usage Plan quota offset must be zero in the DAY period";
inline constexpr std::string_view kQuotaOffsetWeek =
    "Usage Plan quota offset must be between 0 and 6 inclusive in the WEEK "
    "period";
inline constexpr std::string_view kQuotaOffsetMonth =
    "Usage Plan quota offset must be between 0 and 27 inclusive in the MONTH "
    "period";
inline constexpr std::string_view kMethodThrottleWithoutPlanThrottle =
    "Can not define fine grain throttling if usage plan throttle is not "
    "defined.";
inline constexpr std::string_view kUnknownApiKey =
    "Invalid API Key identifier specified";
// The text of GetUsage for an unknown key.
inline constexpr std::string_view kUnknownKeyOfUsage =
    "Invalid Key identifier specified";
inline constexpr std::string_view kDuplicateApiKey = "API Key already exists";
inline constexpr std::string_view kApiKeyValueTooShort =
    "API Key value should be at least 20 characters";
inline constexpr std::string_view kApiKeyValueTooLong =
    "API Key value exceeds maximum size of 128 characters";
inline constexpr std::string_view kApiKeyName =
    "Invalid API Key name, can be at most 1024 characters.";
inline constexpr std::string_view kApiKeyDescription =
    "Invalid API Key description specified.";
inline constexpr std::string_view kTagKey =
    "Invalid tag key. Tag keys cannot start with 'aws:' (case insensitive)";

// `supported` are the paths that `op` may have, in AWS's spelling and order.
std::string invalid_patch_path(std::string_view path, std::string_view op,
                               absl::Span<const std::string_view> supported);

std::string unknown_api_stage(std::string_view api_id, std::string_view stage,
                              std::string_view usage_plan_id);

std::string invalid_method(std::string_view resource_path,
                           std::string_view method);

std::string usage_plan_has_stages(std::string_view usage_plan_id,
                                  std::string_view api_id,
                                  std::string_view stage);

}  // namespace aws_text
}  // namespace weir

#endif  // WEIR_PLAN_PLAN_ERROR_H_
