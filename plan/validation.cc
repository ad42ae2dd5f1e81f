#include "weir/plan/validation.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"
#include "weir/json/sorted_entries.h"
#include "weir/patch/json_pointer.h"
#include "weir/plan/method_key.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

constexpr int kMaxTags = 50;
constexpr std::size_t kMaxProblemsInStatus = 8;

std::string child(std::string_view path, std::string_view name) {
  return absl::StrCat(internal::to_absl(path),
                      patch::JsonPointer({std::string(name)}).to_string());
}

class Validator {
 public:
  Validator(const v1::UsagePlan& plan, const PlanRules& rules,
            const PlanChanges* changes)
      : plan_(plan), rules_(rules), changes_(changes) {}

  std::vector<PlanProblem> validate() && {
    check_text("/name", plan_.name(), 1, 1024);
    check_text("/description", plan_.description(), 0, 125000);
    check_api_stages();
    if (plan_.has_throttle()) check_throttle("/throttle", plan_.throttle());
    if (plan_.has_quota()) check_quota(plan_.quota());
    check_text("/productCode", plan_.product_code(), 0,
               kMaxProductCodeCharacters);
    return std::move(*this).validate_tags();
  }

  std::vector<PlanProblem> validate_tags() && {
    check_tags();
    return std::move(problems_);
  }

 private:
  void check_api_stages() {
    check_count("/apiStages", plan_.api_stages_size(), kMaxApiStages);
    std::set<std::pair<std::string_view, std::string_view>> seen;
    for (int i = 0; i < plan_.api_stages_size(); ++i) {
      const v1::ApiStage& stage = plan_.api_stages(i);
      if (!may_be_spoiled(stage)) continue;
      const std::string path = absl::StrCat("/apiStages/", i);
      check_stage_name(path + "/apiId", stage.api_id(), stage);
      check_stage_name(path + "/stage", stage.stage(), stage);
      if (!seen.insert({stage.api_id(), stage.stage()}).second) {
        report(path, absl::StrCat("stage ", internal::excerpt(stage.api_id()),
                                  " : ", internal::excerpt(stage.stage()),
                                  " is there twice"));
      }
      check_method_throttles(path + "/throttle", stage);
    }
  }

  bool may_be_spoiled(const v1::ApiStage& stage) const {
    if (changes_ == nullptr) return true;
    if (!plan_.has_throttle() && !stage.throttle().empty()) return true;
    return changes_->stages.count(name_of(stage)) > 0;
  }

  // API id and stage form `apiId:stage`, which is a segment of a path.
  void check_stage_name(std::string_view path, std::string_view name,
                        const v1::ApiStage& stage) {
    const std::string aws_text =
        aws_text::unknown_api_stage(stage.api_id(), stage.stage(), plan_.id());
    check_text(path, name, 1, 256, aws_text);
    if (name.find_first_of(":/") != name.npos) {
      report(path,
             absl::StrCat("expected text without ':' and '/', got ",
                          internal::excerpt(name)),
             aws_text);
    }
  }

  void check_method_throttles(const std::string& path,
                              const v1::ApiStage& stage) {
    if (stage.throttle().empty()) return;
    if (!plan_.has_throttle()) {
      report(path, "methods can be throttled only if /throttle is set",
             aws_text::kMethodThrottleWithoutPlanThrottle);
    }
    check_count(path, stage.throttle().size(), kMaxMethodThrottles);
    for (const auto& [key, throttle] : sorted_entries(stage.throttle())) {
      const absl::StatusOr<std::string> canonical = canonical_method_key(key);
      const bool is_canonical = canonical.ok() && *canonical == key;
      // Checked first, because building a path takes longer than checking.
      if (is_canonical && is_valid(*throttle)) continue;
      const std::string method_path = child(path, key);
      if (!canonical.ok()) {
        report(method_path, std::string(canonical.status().message()),
               aws_message(canonical.status()));
      } else if (!is_canonical) {
        // All keys of a map being canonical, no method is named twice.
        report(method_path, absl::StrCat("expected the key ",
                                         internal::excerpt(*canonical)));
      }
      check_throttle(method_path, *throttle);
    }
  }

  static bool is_rate(double rate) {
    // Not written as "not out of range", which NaN would pass.
    return rate == 0 || (rate >= kMinRate && rate <= kMaxRate);
  }

  static bool is_valid(const v1::ThrottleSettings& throttle) {
    return is_rate(throttle.rate_limit()) && throttle.burst_limit() >= 0 &&
           throttle.burst_limit() <= kMaxBurst;
  }

  void check_throttle(std::string_view path,
                      const v1::ThrottleSettings& throttle) {
    if (is_valid(throttle)) return;
    check_range(child(path, "burstLimit"), throttle.burst_limit(), 0,
                kMaxBurst);
    if (!is_rate(throttle.rate_limit())) {
      report(child(path, "rateLimit"),
             absl::StrCat("expected 0, or 0.000001 to 1000000000, got ",
                          throttle.rate_limit()));
    }
  }

  void check_quota(const v1::QuotaSettings& quota) {
    const bool limit_ok = check_limit(quota);
    const bool period_ok = quota.period() == v1::DAY ||
                           quota.period() == v1::WEEK ||
                           quota.period() == v1::MONTH;
    if (rules_.quota_offset == PlanRules::QuotaOffset::kRequests) {
      // If the limit is invalid or 0, only the range of the offset is checked.
      // With 0 the offset is kept for the next limit, so that suspending a plan
      // is one operation.
      const bool compares = limit_ok && quota.limit() > 0;
      check_range("/quota/offset", quota.offset(), 0,
                  compares ? quota.limit() : kMaxQuotaLimit);
    } else if (period_ok) {
      check_start_day(quota);
    }
    if (!period_ok) {
      report("/quota/period", "expected DAY, WEEK or MONTH",
             aws_text::kQuotaPeriod);
    }
  }

  // A limit of 0 suspends a plan, but a missing limit must not.
  bool check_limit(const v1::QuotaSettings& quota) {
    if (quota.has_limit()) {
      return check_range("/quota/limit", quota.limit(), 0, kMaxQuotaLimit,
                         aws_text::kQuotaLimit);
    }
    report("/quota/limit",
           absl::StrCat("expected 0 to ", kMaxQuotaLimit, ", got none"),
           aws_text::kQuotaLimit);
    return false;
  }

  void check_start_day(const v1::QuotaSettings& quota) {
    constexpr std::string_view kPath = "/quota/offset";
    if (quota.period() == v1::DAY) {
      check_range(kPath, quota.offset(), 0, 0, aws_text::kQuotaOffsetDay);
    } else if (quota.period() == v1::WEEK) {
      check_range(kPath, quota.offset(), 0, 6, aws_text::kQuotaOffsetWeek);
    } else {
      check_range(kPath, quota.offset(), 0, 27, aws_text::kQuotaOffsetMonth);
    }
  }

  void check_tags() {
    check_count("/tags", plan_.tags().size(), kMaxTags);
    for (const auto& [key, value] : sorted_entries(plan_.tags())) {
      const std::string path = child("/tags", key);
      check_text(path, key, 1, 128);
      check_text(path, *value, 0, 256);
    }
  }

  void check_text(std::string_view path, std::string_view text, std::size_t min,
                  std::size_t max, std::string_view aws_text = {}) {
    const std::optional<std::size_t> count =
        internal::utf8_character_count(text);
    if (!count.has_value()) {
      report(path,
             absl::StrCat("expected UTF-8, got ", internal::excerpt(text)),
             aws_text);
    } else if (*count < min || *count > max) {
      report(path,
             absl::StrCat("expected ", min, " to ", max, " characters, got ",
                          *count),
             aws_text);
    }
  }

  void check_count(std::string_view path, std::size_t count, std::size_t max) {
    if (count > max) {
      report(path, absl::StrCat("expected at most ", max, ", got ", count));
    }
  }

  bool check_range(std::string_view path, std::int64_t value, std::int64_t min,
                   std::int64_t max, std::string_view aws_text = {}) {
    if (value >= min && value <= max) return true;
    const std::string expected =
        min == max ? absl::StrCat(min) : absl::StrCat(min, " to ", max);
    report(path, absl::StrCat("expected ", expected, ", got ", value),
           aws_text);
    return false;
  }

  void report(std::string_view path, std::string message,
              std::string_view aws_text = {}) {
    problems_.push_back(
        {std::string(path), std::move(message), std::string(aws_text)});
  }

  const v1::UsagePlan& plan_;
  const PlanRules& rules_;
  const PlanChanges* const changes_;
  std::vector<PlanProblem> problems_;
};

}  // namespace

std::vector<PlanProblem> validate_usage_plan(const v1::UsagePlan& plan,
                                             const PlanRules& rules,
                                             const PlanChanges* changes) {
  return Validator(plan, rules, changes).validate();
}

std::vector<PlanProblem> validate_tags(
    const google::protobuf::Map<std::string, std::string>& tags) {
  v1::UsagePlan plan;
  *plan.mutable_tags() = tags;
  return Validator(plan, PlanRules(), nullptr).validate_tags();
}

std::optional<v1::QuotaPeriod> quota_period_from_name(std::string_view name) {
  if (name == "DAY") return v1::DAY;
  if (name == "WEEK") return v1::WEEK;
  if (name == "MONTH") return v1::MONTH;
  return std::nullopt;
}

absl::Status to_status(absl::Span<const PlanProblem> problems,
                       std::string_view what) {
  if (problems.empty()) return absl::OkStatus();
  std::string message = absl::StrCat("invalid ", internal::to_absl(what));
  std::string_view separator = ": ";
  for (const PlanProblem& problem : problems.subspan(0, kMaxProblemsInStatus)) {
    absl::StrAppend(&message, internal::to_absl(separator), problem.path, ": ",
                    problem.message);
    separator = "; ";
  }
  if (problems.size() > kMaxProblemsInStatus) {
    absl::StrAppend(&message, "; and ", problems.size() - kMaxProblemsInStatus,
                    " more");
  }
  const auto known =
      std::find_if(problems.begin(), problems.end(),
                   [](const PlanProblem& p) { return !p.aws_text.empty(); });
  return plan_error(absl::StatusCode::kInvalidArgument, message,
                    known == problems.end() ? "" : known->aws_text);
}

absl::Status check_tag_key(std::string_view key) {
  if (!absl::StartsWithIgnoreCase(internal::to_absl(key), "aws:")) {
    return absl::OkStatus();
  }
  return plan_error(absl::StatusCode::kInvalidArgument, aws_text::kTagKey,
                    aws_text::kTagKey);
}

}  // namespace weir
