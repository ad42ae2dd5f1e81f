// The tables of docs/patch.md: each row is run, and the matrix of operations
// has a row for each of its cells. The document explains the columns.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_error.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/tests/markdown.h"

namespace weir {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;
using ::testing::HasSubstr;
using testing::read_file;
using testing::TableRow;
using testing::tables;
using Patch = std::vector<v1::PatchOperation>;

constexpr char kDocument[] = "docs/patch.md";
constexpr char kKey[] = "a-key-of-twenty-and-more-characters";

// -- Markdown --

// The content of the fenced block that begins with "```" and `language`.
std::string block(const std::string& document, const std::string& language) {
  const std::string fence = absl::StrCat("```", language, "\n");
  const size_t begin = document.find(fence) + fence.size();
  EXPECT_GE(begin, fence.size()) << "no block of " << language;
  return document.substr(begin, document.find("```", begin) - begin);
}

// The texts between backticks, and what stands around them: one more.
struct Spans {
  std::vector<std::string> code;
  std::vector<std::string> around;
};

Spans spans_of(const std::string& cell) {
  Spans spans;
  bool is_code = false;
  for (const auto part : absl::StrSplit(cell, '`')) {
    (is_code ? spans.code : spans.around)
        .emplace_back(absl::StripAsciiWhitespace(part));
    is_code = !is_code;
  }
  return spans;
}

// -- What cells mean --

template <typename T>
T from_json(const std::string& json) {
  T message;
  const auto status =
      google::protobuf::util::JsonStringToMessage(json, &message);
  EXPECT_TRUE(status.ok()) << status.ToString() << " in " << json;
  return message;
}

void put(const std::string& name, const Value& value, Struct* object) {
  if (value.has_null_value()) {
    object->mutable_fields()->erase(name);
  } else {
    (*object->mutable_fields())[name] = value;
  }
}

// Changes the plan as a cell says.
void change(const std::string& cell, Struct* plan) {
  const auto members = from_json<Struct>(cell);
  for (const auto& [name, value] : members.fields()) {
    if (!absl::StartsWith(name, "/")) {
      put(name, value, plan);
      continue;
    }
    Struct* stage = (*plan->mutable_fields())["apiStages"]
                        .mutable_list_value()
                        ->mutable_values(0)
                        ->mutable_struct_value();
    put(name, value,
        (*stage->mutable_fields())["throttle"].mutable_struct_value());
  }
}

v1::UsagePlan to_plan(const Struct& document) {
  std::string json;
  EXPECT_TRUE(
      google::protobuf::util::MessageToJsonString(document, &json).ok());
  const auto plan = usage_plan_from_json(json);
  EXPECT_TRUE(plan.ok()) << plan.status() << " in " << json;
  return plan.ok() ? *plan : v1::UsagePlan();
}

// `replace /name "gold"`, `copy /description from /name`
v1::PatchOperation to_operation(const std::string& text) {
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::MaxSplits(' ', 2));
  v1::PatchOperation operation;
  operation.set_op(words[0]);
  operation.set_path(words.at(1));
  if (words.size() < 3) return operation;
  if (absl::StartsWith(words[2], "from ")) {
    operation.set_from(words[2].substr(5));
  } else {
    *operation.mutable_value() = from_json<Value>(words[2]);
  }
  return operation;
}

std::vector<Patch> to_patches(const std::string& cell) {
  const Spans spans = spans_of(cell);
  std::vector<Patch> patches(1);
  for (size_t i = 0; i < spans.code.size(); ++i) {
    if (spans.around[i] == "then") {
      patches.emplace_back();
    } else {
      EXPECT_EQ(spans.around[i], i == 0 ? "" : ",");
    }
    patches.back().push_back(to_operation(spans.code[i]));
  }
  return patches;
}

// `api:test /toys/GET 2 on 03-09`, `after 10s 4`, `0 (retry in 3s)`,
// `forbidden`, `-`.
struct Item {
  std::string stage = "prod";
  std::string method = "/pets/GET";
  std::optional<std::string> day;
  std::optional<absl::Duration> after;
  std::optional<absl::Duration> retry;
  std::string value;
};

absl::Duration to_duration(const std::string& text) {
  absl::Duration duration = absl::InfiniteDuration();
  if (text != "never") {
    EXPECT_TRUE(absl::ParseDuration(text, &duration)) << text;
  }
  return duration;
}

std::vector<Item> to_items(const std::string& cell) {
  std::vector<Item> items;
  for (const auto text : absl::StrSplit(cell, ", ", absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(text, ' ');
    Item item;
    for (size_t i = 0; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (absl::StartsWith(word, "api:")) {
        item.stage = word.substr(4);
      } else if (word == "after") {
        item.after = to_duration(words.at(++i));
      } else if (word == "on") {
        item.day = words.at(++i);
      } else if (word == "(retry") {
        if (words.at(i + 1) == "in") ++i;
        item.retry =
            to_duration(std::string(absl::StripSuffix(words.at(++i), ")")));
      } else if (word[0] == '/') {
        item.method = word;
      } else {
        item.value = word;
      }
    }
    items.push_back(std::move(item));
  }
  return items;
}

// What a row says of the patch.
struct Answer {
  std::string change = "{}";  // what the plan has that it had not
  std::string error;          // `NotFound: text`; "" if the patch succeeds
  std::string again;          // the code if it is sent again; "" for OK
};

// `{...}`, `NotFound: text` or nothing; then perhaps `, again `, and a code.
Answer to_answer(const std::string& cell) {
  Spans spans = spans_of(cell);
  Answer answer;
  const size_t last = spans.code.size();
  if (last > 0 && absl::EndsWith(spans.around[last - 1], ", again")) {
    answer.again = spans.code.back();
    spans.code.pop_back();
  }
  if (spans.code.empty()) {
    EXPECT_TRUE(absl::StartsWith(cell, "nothing")) << cell;
  } else {
    (spans.code[0][0] == '{' ? answer.change : answer.error) = spans.code[0];
  }
  return answer;
}

std::string code_name(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return "";
    case absl::StatusCode::kInvalidArgument:
      return "InvalidArgument";
    case absl::StatusCode::kNotFound:
      return "NotFound";
    case absl::StatusCode::kAlreadyExists:
      return "AlreadyExists";
    default:
      return absl::StatusCodeToString(code);
  }
}

// `expected` is a code, perhaps with a part of the message; "" for OK.
void expect_status(const absl::Status& status, const std::string& expected) {
  const std::vector<std::string> parts =
      absl::StrSplit(expected, absl::MaxSplits(": ", 1));
  EXPECT_EQ(code_name(status.code()), parts[0]) << status;
  if (parts.size() < 2) return;
  EXPECT_THAT(absl::StrCat(status.message(), "\n", aws_message(status)),
              HasSubstr(parts[1]));
}

// -- The enforcer on which a row is run --

absl::Time noon(const std::string& day) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full,
                              absl::StrCat("2026-", day, "T12:00:00Z"), &time,
                              &error))
      << error;
  return time;
}

constexpr char kToday[] = "03-10";

class World {
 public:
  World(const v1::UsagePlan& plan, const std::vector<Item>& used)
      : clock_(std::make_shared<ManualClock>(absl::ToUnixNanos(
            noon(used.empty() ? kToday : used[0].day.value_or(kToday))))) {
    Options options;
    options.clock = clock_;
    options.arena_bytes = size_t{1} << 24;
    enforcer_ = *Enforcer::create(options);
    const auto created = enforcer_->create_usage_plan(plan);
    EXPECT_TRUE(created.ok()) << created.status();
    v1::ApiKey key;
    key.set_id("k1");
    key.set_value(kKey);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key(plan.id(), "k1").ok());
    for (const Item& item : used) {
      advance_to(noon(item.day.value_or(kToday)));
      uint32_t cost = 0;
      EXPECT_TRUE(absl::SimpleAtoi(item.value, &cost)) << item.value;
      EXPECT_TRUE(admit(item, cost).admitted());
    }
    advance_to(noon(kToday));
  }

  Enforcer& enforcer() { return *enforcer_; }

  void expect(const Item& item, int64_t (*left)(const Decision&)) {
    if (item.after.has_value()) advance_to(noon(kToday) + *item.after);
    const Decision now = admit(item, 0);
    if (item.value == "forbidden") {
      EXPECT_EQ(now.outcome, Outcome::kForbidden);
      return;
    }
    EXPECT_NE(now.outcome, Outcome::kForbidden);
    EXPECT_EQ(absl::StrCat(left(now)), item.value == "-" ? "-1" : item.value);
    if (!item.retry.has_value()) return;
    const Decision next = admit(item, 1);
    EXPECT_FALSE(next.admitted());
    EXPECT_EQ(next.retry_after(), *item.retry);
  }

 private:
  Decision admit(const Item& item, uint32_t cost) {
    const auto route = enforcer_->intern_route("api", item.stage, item.method);
    EXPECT_TRUE(route.ok()) << route.status();
    return enforcer_->admit({kKey, *route, cost, std::nullopt});
  }

  void advance_to(absl::Time time) {
    const int64_t step = absl::ToUnixNanos(time) - clock_->now().unix_ns;
    ASSERT_GE(step, 0) << "items must be in the order of time";
    clock_->advance(step);
  }

  const std::shared_ptr<ManualClock> clock_;
  std::unique_ptr<Enforcer> enforcer_;
};

// -- The tests --

class PatchDocument : public ::testing::Test {
 protected:
  Struct base() const { return from_json<Struct>(block(document_, "json")); }

  std::vector<TableRow> effects() const {
    return tables(document_,
                  "| before | used | operation | after | tokens left | quota "
                  "left |");
  }
  std::vector<TableRow> refusals() const {
    return tables(document_, "| operation | answer |");
  }

  // Runs a row once, or with the last patch sent once more.
  void run(const TableRow& row, bool again, const std::string& items,
           int64_t (*left)(const Decision&)) {
    Struct plan = base();
    for (const std::string& cell : spans_of(row.cells[0]).code) {
      change(cell, &plan);
    }
    World world(to_plan(plan), to_items(row.cells[1]));
    const Answer answer = to_answer(row.cells[3]);
    change(answer.change, &plan);

    const auto send = [&](const Patch& patch, const std::string& expected) {
      expect_status(world.enforcer().apply_patch("p1", patch).status(),
                    expected);
    };
    std::vector<Patch> patches = to_patches(row.cells[2]);
    const Patch last = std::move(patches.back());
    patches.pop_back();
    for (const Patch& patch : patches) send(patch, "");
    send(last, answer.error);
    if (again) send(last, answer.error + answer.again);
    EXPECT_EQ(usage_plan_to_json(*world.enforcer().get_usage_plan("p1")),
              usage_plan_to_json(to_plan(plan)));
    for (const Item& item : to_items(items)) world.expect(item, left);
  }

  const std::string document_ = read_file(kDocument);
};

TEST_F(PatchDocument, TellsTheTruthInEveryRow) {
  for (const TableRow& row : effects()) {
    SCOPED_TRACE(absl::StrCat(kDocument, ":", row.line, ": ",
                              absl::StrJoin(row.cells, " | ")));
    ASSERT_EQ(row.cells.size(), 6u);
    for (const bool again : {false, true}) {
      SCOPED_TRACE(again ? "sent again" : "sent once");
      run(row, again, row.cells[4],
          [](const Decision& d) { return d.tokens_remaining(); });
      run(row, again, row.cells[5],
          [](const Decision& d) { return d.quota_remaining; });
    }
  }
}

TEST_F(PatchDocument, NamesWhatIsRefused) {
  for (const TableRow& row : refusals()) {
    SCOPED_TRACE(absl::StrCat(kDocument, ":", row.line, ": ",
                              absl::StrJoin(row.cells, " | ")));
    ASSERT_EQ(row.cells.size(), 2u);
    run({row.line, {"", "7", row.cells[0], row.cells[1]}}, /*again=*/false, "3",
        [](const Decision& d) { return d.tokens_remaining(); });
  }
}

// The matrix's name for an operation's path.
std::string matrix_path(const std::string& path) {
  constexpr char kStages[] = "/apiStages/";
  if (!absl::StartsWith(path, kStages)) return path;
  const size_t end_of_stage = path.find('/', sizeof(kStages) - 1);
  const std::string rest = path.substr(end_of_stage);
  std::string name = "/apiStages/{apiId:stage}/throttle";
  if (rest == "/throttle") return name;
  absl::StrAppend(&name, "/{resourcePath}/{httpMethod}");
  for (const char* member : {"/rateLimit", "/burstLimit"}) {
    if (absl::EndsWith(rest, member)) absl::StrAppend(&name, member);
  }
  return name;
}

TEST_F(PatchDocument, HasARowForEachCellOfTheMatrix) {
  std::set<std::string> shown;
  for (const TableRow& row : effects()) {
    if (!to_answer(row.cells.at(3)).error.empty()) continue;
    for (const Patch& patch : to_patches(row.cells.at(2))) {
      for (const v1::PatchOperation& operation : patch) {
        shown.insert(
            absl::StrCat(operation.op(), " ", matrix_path(operation.path())));
      }
    }
  }
  std::set<std::string> refused;
  for (const TableRow& row : refusals()) {
    const v1::PatchOperation operation = to_patches(row.cells.at(0))[0][0];
    refused.insert(
        absl::StrCat(operation.op(), " ", matrix_path(operation.path())));
  }
  for (const TableRow& row :
       tables(document_, "| path | add | replace | remove | value |")) {
    const std::string path = spans_of(row.cells.at(0)).code.at(0);
    const char* const kOps[] = {"add", "replace", "remove"};
    for (int i = 0; i < 3; ++i) {
      const bool supported = row.cells.at(i + 1) == "yes";
      const std::string cell = absl::StrCat(kOps[i], " ", path);
      EXPECT_EQ(shown.erase(cell), supported) << cell;
      EXPECT_EQ(refused.erase(cell), !supported) << cell;
    }
  }
  EXPECT_THAT(shown, ::testing::IsEmpty()) << "not in the matrix";
}

TEST_F(PatchDocument, ShowsTheExampleThatIsTested) {
  EXPECT_THAT(read_file("patch/json_diff_example_test.cc"),
              HasSubstr(block(document_, "cpp")));
}

}  // namespace
}  // namespace weir
