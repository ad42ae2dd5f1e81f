// The tables of docs/quota.md: each row is run on an enforcer. The document
// explains the columns.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/markdown.h"
#include "weir/tests/patch_operations.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using testing::read_file;
using testing::TableRow;
using testing::tables;
using Patch = std::vector<v1::PatchOperation>;

constexpr char kDocument[] = "docs/quota.md";
constexpr char kKey[] = "a-key-of-twenty-and-more-characters";
constexpr char kKeyId[] = "k1";

// -- What cells mean --

// `2028-02-29 23:59:59 use 40`, `06-18 second 45`, `41 refused for 12h`.
struct Item {
  std::string date;  // yyyy-mm-dd; "" if it is that of the item before
  std::string time;  // "" if there is none
  std::vector<std::string> words;
};

bool is_date(const std::string& word) {
  return word.find_first_not_of("0123456789-") == std::string::npos &&
         word.rfind('-') != std::string::npos && word.rfind('-') >= 2;
}

std::vector<Item> to_items(const std::string& cell) {
  std::vector<Item> items;
  for (const auto text : absl::StrSplit(cell, ", ", absl::SkipEmpty())) {
    Item item;
    for (const auto view : absl::StrSplit(text, ' ')) {
      std::string word(view);
      if (is_date(word)) {
        item.date = word.size() == 5 ? absl::StrCat("2025-", word) : word;
      } else if (absl::StrContains(word, ":")) {
        item.time = word.size() == 5 ? absl::StrCat(word, ":00") : word;
      } else {
        item.words.push_back(std::move(word));
      }
    }
    items.push_back(std::move(item));
  }
  return items;
}

int64_t to_number(const std::string& word) {
  int64_t number = -1;
  EXPECT_TRUE(absl::SimpleAtoi(word, &number)) << word;
  return number;
}

absl::Duration to_duration(const std::string& text) {
  absl::Duration duration = absl::InfiniteDuration();
  if (text != "ever") {
    EXPECT_TRUE(absl::ParseDuration(text, &duration)) << text;
  }
  return duration;
}

// What words such as `limit 80 period DAY` set; `no quota` removes it.
Patch to_patch(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"no", "quota"}) {
    return {operation("remove", "/quota")};
  }
  Patch patch;
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string& member = words[i] == "start" ? "offset" : words[i];
    patch.push_back(replace(absl::StrCat("/quota/", member), words[i + 1]));
  }
  return patch;
}

// The text between backticks.
std::string code(const std::string& cell) {
  return std::string(absl::StripSuffix(absl::StripPrefix(cell, "`"), "`"));
}

// `InvalidArgument: text`
std::string to_text(const absl::Status& status) {
  const std::string name = absl::IsInvalidArgument(status) ? "InvalidArgument"
                           : absl::IsFailedPrecondition(status)
                               ? "FailedPrecondition"
                               : absl::StatusCodeToString(status.code());
  return absl::StrCat(name, ": ", status.message());
}

// -- The enforcer on which a row is run --

class World {
 public:
  // `100 WEEK offset 30`, `none`; with two plans `100 DAY / 50 MONTH`.
  World(const std::string& quotas, bool by_start_day) {
    Options options;
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 24;
    options.quota_offset =
        by_start_day ? QuotaOffset::kStartDay : QuotaOffset::kRequests;
    enforcer_ = *Enforcer::create(options);
    for (const auto quota : absl::StrSplit(quotas, " / ")) {
      plans_.push_back(plans_.empty() ? "first" : "second");
      v1::UsagePlan plan;
      plan.set_id(plans_.back());
      plan.set_name(plans_.back());
      v1::ApiStage* stage = plan.add_api_stages();
      stage->set_api_id("api");
      stage->set_stage(plans_.back());
      const auto created = enforcer_->create_usage_plan(plan);
      EXPECT_TRUE(created.ok()) << created.status();
      if (quota == "none") continue;
      std::vector<std::string> words = absl::StrSplit(quota, ' ');
      words.insert(words.begin(), "limit");
      words.insert(words.begin() + 2, "period");
      patch(plans_.back(), to_patch(words));
    }
    v1::ApiKey key;
    key.set_id(kKeyId);
    key.set_value(kKey);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
  }

  Enforcer& enforcer() { return *enforcer_; }

  // Does what an item says, on its day. The first one attaches the key.
  void run(Item item) {
    go_to(item);
    if (!is_attached_) attach("first");
    std::string plan = "first";
    if (!item.words.empty() && item.words.back() == "second") {
      plan = "second";
      item.words.pop_back();
    }
    if (item.words.empty()) return;
    const std::string& verb = item.words[0];
    if (verb == "use") {
      const Decision made = admit(plan, to_number(item.words.at(1)));
      EXPECT_TRUE(made.admitted()) << made.quota_remaining << " left";
    } else if (verb == "remaining") {
      const auto updated = update_usage(plan, item.words.at(1));
      EXPECT_TRUE(updated.ok()) << updated.status();
    } else if (verb == "attach") {
      attach(plan);
    } else if (verb == "detach") {
      const auto status = enforcer_->delete_usage_plan_key(plan, kKeyId);
      EXPECT_TRUE(status.ok()) << status;
    } else if (verb == "enable" || verb == "disable") {
      v1::PatchOperation operation;
      operation.set_op("replace");
      operation.set_path("/enabled");
      operation.mutable_value()->set_bool_value(verb == "enable");
      EXPECT_TRUE(enforcer_->update_api_key(kKeyId, {operation}).ok());
    } else {
      patch(plan, to_patch(item.words));
    }
  }

  // Checks what an item says: `45`, `second -`, `forbidden`, or
  // `41 refused for 12h`.
  void expect(const Item& item) {
    go_to(item);
    const bool second = item.words.at(0) == "second";
    const std::string plan = second ? "second" : "first";
    const std::string& value = item.words.at(second ? 1 : 0);
    const Decision now = admit(plan, 0);
    if (value == "forbidden") {
      EXPECT_EQ(now.outcome, Outcome::kForbidden);
    } else if (item.words.back() == value) {
      EXPECT_TRUE(now.admitted());
      EXPECT_EQ(now.quota_remaining, value == "-" ? -1 : to_number(value));
    } else {
      expect_refused(plan, to_number(value), to_duration(item.words.back()));
    }
  }

  void expect_refused(const std::string& plan, int64_t cost,
                      absl::Duration retry_after) {
    const Decision made = admit(plan, cost);
    EXPECT_EQ(made.outcome, Outcome::kQuotaExceeded);
    EXPECT_EQ(made.limit, Limit::kQuota);
    EXPECT_EQ(made.retry_after(), retry_after);
    EXPECT_LT(made.quota_remaining, cost);
  }

  // After the time that the item states, a nanosecond makes the difference.
  void expect_admitted_later(const Item& item) {
    const bool second = item.words.at(0) == "second";
    const std::string plan = second ? "second" : "first";
    const int64_t cost = to_number(item.words.at(second ? 1 : 0));
    const absl::Duration wait = to_duration(item.words.back());
    clock_->advance(absl::ToInt64Nanoseconds(wait) - 1);
    expect_refused(plan, cost, absl::Nanoseconds(1));
    clock_->advance(1);
    EXPECT_TRUE(admit(plan, cost).admitted());
  }

  // `06-18 10/90, 0/90`: from day to day, or on days that they name.
  void expect_usage(const std::string& cell) {
    const std::vector<Item> items = to_items(cell);
    if (items.empty()) return;
    std::vector<absl::CivilDay> days;
    for (const Item& item : items) {
      days.push_back(days.empty() ? absl::CivilDay() : days.back() + 1);
      if (!item.date.empty()) {
        EXPECT_TRUE(absl::ParseCivilTime(item.date, &days.back()));
      }
    }
    const auto usage =
        enforcer_->get_usage({"first",
                              absl::FormatCivilTime(days.front()),
                              absl::FormatCivilTime(days.back()),
                              kKeyId,
                              {}});
    ASSERT_TRUE(usage.ok()) << usage.status();
    ASSERT_EQ(usage->items_size(), 1);
    for (size_t i = 0; i < items.size(); ++i) {
      const v1::DailyUsage& day =
          usage->items(0).days(static_cast<int>(days[i] - days.front()));
      EXPECT_EQ(absl::StrCat(day.used(), "/", day.remaining()),
                items[i].words.at(0))
          << absl::FormatCivilTime(days[i]);
    }
  }

  absl::StatusOr<v1::Usage> update_usage(const std::string& plan,
                                         const std::string& json) {
    v1::PatchOperation operation;
    operation.set_op("replace");
    operation.set_path("/remaining");
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(
                    json, operation.mutable_value())
                    .ok());
    return enforcer_->update_usage(plan, kKeyId, {operation});
  }

 private:
  // An earlier time steps the clock back.
  void go_to(const Item& item) {
    if (item.date.empty() && item.time.empty()) return;
    if (!item.date.empty()) date_ = item.date;
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(
        absl::RFC3339_full,
        absl::StrCat(date_, "T", item.time.empty() ? "12:00:00" : item.time,
                     "Z"),
        &time, &error))
        << error;
    const int64_t step = absl::ToUnixNanos(time) - clock_->now().unix_ns;
    if (step >= 0) {
      clock_->advance(step);
    } else {
      clock_->step_wall_clock(step);
    }
  }

  void attach(const std::string& plan) {
    is_attached_ = true;
    const auto attached = enforcer_->create_usage_plan_key(plan, kKeyId);
    EXPECT_TRUE(attached.ok()) << attached.status();
  }

  void patch(const std::string& plan, const Patch& patch) {
    const auto patched = enforcer_->apply_patch(plan, patch);
    EXPECT_TRUE(patched.ok()) << patched.status();
  }

  Decision admit(const std::string& plan, int64_t cost) {
    const auto route = enforcer_->intern_route("api", plan);
    EXPECT_TRUE(route.ok()) << route.status();
    return enforcer_->admit(
        {kKey, *route, static_cast<uint32_t>(cost), std::nullopt});
  }

  // Plans are made on a day long before.
  const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(
      absl::ToUnixNanos(absl::FromUnixSeconds(946'684'800)));
  std::unique_ptr<Enforcer> enforcer_;
  std::vector<std::string> plans_;
  std::string date_;
  bool is_attached_ = false;
};

// -- The tests --

class QuotaDocument : public ::testing::Test {
 protected:
  static std::string describe(const TableRow& row) {
    return absl::StrCat(kDocument, ":", row.line, ": ",
                        absl::StrJoin(row.cells, " | "));
  }

  const std::string document_ = read_file(kDocument);
};

TEST_F(QuotaDocument, TellsTheTruthInEveryRow) {
  for (const TableRow& row :
       tables(document_, "| quota | what happens | left | by day |")) {
    SCOPED_TRACE(describe(row));
    ASSERT_EQ(row.cells.size(), 4u);
    const bool by_start_day = absl::StrContains(row.cells[0], " start ");
    const std::vector<Item> steps = to_items(row.cells[1]);
    const std::vector<Item> checks = to_items(row.cells[2]);
    World world(row.cells[0], by_start_day);
    for (const Item& step : steps) world.run(step);
    for (const Item& check : checks) world.expect(check);
    world.expect_usage(row.cells[3]);

    // Each wait once more, up to its end.
    for (size_t i = 0; i < checks.size(); ++i) {
      const std::vector<std::string>& words = checks[i].words;
      if (words.back() == "ever" || words.size() < 3) continue;
      World waiting(row.cells[0], by_start_day);
      for (const Item& step : steps) waiting.run(step);
      for (size_t j = 0; j <= i; ++j) waiting.expect(checks[j]);
      waiting.expect_admitted_later(checks[i]);
    }
  }
}

TEST_F(QuotaDocument, NamesWhatCannotRemain) {
  for (const TableRow& row : tables(document_, "| quota | value | answer |")) {
    SCOPED_TRACE(describe(row));
    ASSERT_EQ(row.cells.size(), 3u);
    World world(row.cells[0], /*by_start_day=*/false);
    for (const Item& step : to_items("06-18 use 60")) world.run(step);
    const auto updated = world.update_usage("first", code(row.cells[1]));
    EXPECT_EQ(to_text(updated.status()), code(row.cells[2]));
    const std::string left = row.cells[0] == "none" ? "-" : "40";
    for (const Item& check : to_items(left)) world.expect(check);
  }
}

TEST_F(QuotaDocument, NamesTheDatesThatAreRefused) {
  for (const TableRow& row :
       tables(document_, "| startDate | endDate | answer |")) {
    SCOPED_TRACE(describe(row));
    ASSERT_EQ(row.cells.size(), 3u);
    World world("100 DAY", /*by_start_day=*/false);
    for (const Item& step : to_items("06-18 use 60")) world.run(step);
    UsageRequest request;
    request.usage_plan_id = "first";
    request.start_date = row.cells[0];
    request.end_date = row.cells[1];
    EXPECT_EQ(to_text(world.enforcer().get_usage(request).status()),
              code(row.cells[2]));
  }
}

TEST_F(QuotaDocument, NamesTestsThatExist) {
  const std::string source = read_file("quota/quota_counter_test.cc");
  for (const TableRow& row : tables(document_, "| when | then | test |")) {
    SCOPED_TRACE(describe(row));
    EXPECT_THAT(source, HasSubstr(absl::StrCat("TEST_F(QuotaCounterTest, ",
                                               code(row.cells.at(2)), ")")));
  }
}

}  // namespace
}  // namespace weir
