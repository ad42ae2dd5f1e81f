#include "weir/cli/usage/usage_query.h"

#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "weir/cli/usage/usage_chart.h"
#include "weir/cli/usage/usage_report.h"
#include "weir/plan/plan_compiler.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/date.h"

namespace weir::cli {
namespace {

constexpr int kPage = 500;  // an enforcer's maximum

UsageRequest request_of(const UsageQuery& query, absl::CivilDay first,
                        absl::CivilDay last) {
  UsageRequest request;
  request.usage_plan_id = query.plan_id;
  request.key_id = query.key_id;
  request.start_date = absl::FormatCivilTime(first);
  request.end_date = absl::FormatCivilTime(last);
  request.page.limit = kPage;
  return request;
}

// Visits the usage of all keys a page at a time, or of one key as one page.
absl::Status each_page(const Enforcer& enforcer, const UsageQuery& query,
                       absl::FunctionRef<void(const v1::Usage&)> visit) {
  UsageRequest request = request_of(query, query.first, query.last);
  do {
    const auto page = enforcer.get_usage(request);
    if (!page.ok()) return page.status();
    visit(*page);
    request.page.position = page->position();
  } while (!request.page.position.empty());
  return absl::OkStatus();
}

// The usage of one key, including what its first period used before.
absl::StatusOr<UsageReport> report_of_key(const Enforcer& enforcer,
                                          const UsageQuery& query,
                                          const v1::UsagePlan& plan) {
  const QuotaCalendar calendar = quota_terms(plan, query.rules).calendar;
  const absl::CivilDay begin =
      kDayZero +
      calendar.period_start(static_cast<Day>(query.first - kDayZero));
  v1::KeyUsage usage;
  if (begin < query.first) {
    const auto before =
        enforcer.get_usage(request_of(query, begin, query.first - 1));
    if (!before.ok()) return before.status();
    usage = before->items(0);
  }
  const auto asked =
      enforcer.get_usage(request_of(query, query.first, query.last));
  if (!asked.ok()) return asked.status();
  usage.mutable_days()->MergeFrom(asked->items(0).days());
  return UsageReport{query.plan_id, query.key_id, 1,
                     usage_days(usage, begin, query.first, calendar)};
}

absl::StatusOr<UsageReport> report_of_all(const Enforcer& enforcer,
                                          const UsageQuery& query,
                                          std::ostream& out) {
  UsageReport report;
  report.plan_id = query.plan_id;
  for (absl::CivilDay day = query.first; day <= query.last; ++day) {
    report.days.push_back({day, 0, 0, std::nullopt});
  }
  const bool rows = query.format == UsageFormat::kTable;
  if (rows) out << usage_table_head();
  const absl::Status status =
      each_page(enforcer, query, [&](const v1::Usage& page) {
        for (const v1::KeyUsage& usage : page.items()) {
          add_key(usage, &report);
          if (rows) out << usage_table_row(usage);
        }
      });
  if (!status.ok()) return status;
  if (rows) out << usage_table_end(report);
  return report;
}

absl::Status write_csv(const Enforcer& enforcer, const UsageQuery& query,
                       std::ostream& out) {
  bool is_head = true;
  return each_page(enforcer, query, [&](const v1::Usage& page) {
    if (std::exchange(is_head, false)) out << usage_csv_head();
    for (const v1::KeyUsage& usage : page.items()) {
      out << usage_csv_rows(usage, query.first);
    }
  });
}

absl::Status write_json(const Enforcer& enforcer, const UsageQuery& query,
                        std::ostream& out) {
  bool is_head = true;
  bool is_first = true;
  const absl::Status status =
      each_page(enforcer, query, [&](const v1::Usage& page) {
        if (std::exchange(is_head, false)) out << usage_json_head(page);
        for (const v1::KeyUsage& usage : page.items()) {
          out << usage_json_item(usage, std::exchange(is_first, false));
        }
      });
  if (!status.ok()) return status;
  out << usage_json_end();
  return absl::OkStatus();
}

}  // namespace

absl::Status write_usage(const Enforcer& enforcer, const UsageQuery& query,
                         std::ostream& out) {
  if (query.format == UsageFormat::kCsv) {
    return write_csv(enforcer, query, out);
  }
  if (query.format == UsageFormat::kJson) {
    return write_json(enforcer, query, out);
  }
  const auto plan = enforcer.get_usage_plan(query.plan_id);
  if (!plan.ok()) return plan.status();
  const bool one = !query.key_id.empty();
  const auto report = one ? report_of_key(enforcer, query, *plan)
                          : report_of_all(enforcer, query, out);
  if (!report.ok()) return report.status();
  if (query.format == UsageFormat::kChart) {
    out << usage_text_chart(*report, query.width, query.utf8);
  } else if (query.format == UsageFormat::kSvg) {
    out << usage_svg(*report);
  } else if (one) {
    out << usage_table(*report);
  }
  return absl::OkStatus();
}

}  // namespace weir::cli
