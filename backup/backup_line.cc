#include "weir/backup/backup_line.h"

#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"
#include "weir/patch/message_json.h"
#include "weir/quota/calendar.h"
#include "weir/quota/date.h"
#include "weir/quota/quota_counter.h"

namespace weir {
namespace {

using google::protobuf::ListValue;

absl::StatusOr<Day> required_date(const std::string& date) {
  if (const auto day = parse_date(date)) return *day;
  return absl::InvalidArgumentError(absl::StrCat(
      "expected a date as yyyy-mm-dd, from ", format_date(0), " to ",
      format_date(kLastDay), ", got ", internal::excerpt(date)));
}

absl::StatusOr<DayWord> day_word(const std::string& date, double used) {
  const auto day = required_date(date);
  if (!day.ok()) return day.status();
  if (!(used >= 0 && used <= static_cast<double>(DayWord::kMaxCount)) ||
      used != std::floor(used)) {
    return absl::InvalidArgumentError(
        absl::StrCat(date, ": expected a whole number of requests, 0 to ",
                     DayWord::kMaxCount));
  }
  return DayWord(*day, static_cast<int64_t>(used));
}

absl::StatusOr<DayWord> day_word(const ListValue& pair) {
  if (pair.values_size() != 2 || !pair.values(0).has_string_value() ||
      !pair.values(1).has_number_value()) {
    return absl::InvalidArgumentError("expected [\"yyyy-mm-dd\", number]");
  }
  return day_word(pair.values(0).string_value(), pair.values(1).number_value());
}

}  // namespace

absl::StatusOr<std::string> backup_line_to_json(const v1::BackupLine& line) {
  const auto value = patch::message_to_json(line);
  if (!value.ok()) return value.status();
  std::string json = value_to_json(*value);
  if (json.size() > kMaxJsonBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("needs a line of more than ", kMaxJsonBytes, " bytes"));
  }
  return json;
}

absl::StatusOr<v1::BackupLine> backup_line_from_json(std::string_view json) {
  const auto value = parse_json(json);
  if (!value.ok()) {
    return absl::InvalidArgumentError(value.status().message());
  }
  v1::BackupLine line;
  const absl::Status status = patch::message_from_json(*value, &line);
  if (!status.ok()) return status;
  if (line.line_case() == v1::BackupLine::LINE_NOT_SET) {
    return absl::InvalidArgumentError(
        "expected an object with one member: \"weirExport\", \"usagePlan\", "
        "\"apiKey\", \"association\", \"usage\" or \"end\"");
  }
  return line;
}

v1::BackupUsage backup_usage(int64_t association,
                             const AssociationCounts& counts) {
  v1::BackupUsage usage;
  usage.set_association(association);
  v1::BackupUsage::Day& today = *usage.mutable_today();
  today.set_date(format_date(counts.today.day()));
  today.set_used(counts.today.count());
  today.set_closed(counts.today.closed());
  v1::BackupUsage::Period& period = *usage.mutable_period();
  period.set_calendar(counts.period.calendar().id());
  period.set_date(format_date(counts.period.day()));
  period.set_used_before(counts.period.count());
  for (const DayWord day : counts.days) {
    ListValue& pair = *usage.add_days();
    pair.add_values()->set_string_value(format_date(day.day()));
    pair.add_values()->set_number_value(static_cast<double>(day.count()));
  }
  return usage;
}

absl::StatusOr<AssociationCounts> counts_of(const v1::BackupUsage& usage) {
  AssociationCounts counts;
  const auto today =
      day_word(usage.today().date(), static_cast<double>(usage.today().used()));
  if (!today.ok())
    return internal::with_prefix(today.status(), "/usage/today: ");
  counts.today = usage.today().closed() ? today->as_closed() : *today;

  const v1::BackupUsage::Period& period = usage.period();
  const auto date = required_date(period.date());
  if (!date.ok())
    return internal::with_prefix(date.status(), "/usage/period: ");
  if (period.calendar() < 0 || period.calendar() >= QuotaCalendar::kIds ||
      period.used_before() < 0 ||
      period.used_before() > PeriodWord::kMaxCount) {
    return absl::InvalidArgumentError(
        absl::StrCat("/usage/period: expected a calendar from 0 to ",
                     QuotaCalendar::kIds - 1, " and a number from 0 to ",
                     PeriodWord::kMaxCount));
  }
  counts.period = PeriodWord(QuotaCalendar::from_id(period.calendar()), *date,
                             period.used_before());
  if (!QuotaWords{counts.today, counts.period, PeriodWord()}.are_possible()) {
    return absl::InvalidArgumentError(
        "/usage/period/date: expected that of today or, if today is closed, a "
        "later one");
  }

  for (int i = 0; i < usage.days_size(); ++i) {
    auto day = day_word(usage.days(i));
    if (day.ok() && (day->count() == 0 || day->day() >= today->day() ||
                     (i > 0 && day->day() <= counts.days.back().day()))) {
      day = absl::InvalidArgumentError(
          "expected a day with requests, between the one before and today");
    }
    if (!day.ok()) {
      return internal::with_prefix(day.status(),
                                   absl::StrCat("/usage/days/", i, ": "));
    }
    counts.days.push_back(*day);
  }
  return counts;
}

}  // namespace weir
