#include "weir/backup/backup.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "weir/counts/boot_id.h"
#include "weir/counts/counts_block.h"
#include "weir/counts/counts_file.h"
#include "weir/plan/plan_json.h"
#include "weir/plan/validation.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/packed_words.h"
#include "weir/store/store.h"

namespace weir {
namespace {

constexpr Day kDay = 9558;  // 2026-03-03

unsigned first_seed() {
  const char* const seed = std::getenv("WEIR_TEST_SEED");
  return seed == nullptr ? 1 : static_cast<unsigned>(std::atoi(seed));
}

// A store in memory.
class MemoryStore : public Store {
 public:
  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    if (room == 0) return absl::UnavailableError("no room");
    --room;
    for (const v1::StoreChange& change : changes) {
      if (change.has_put_counts()) {
        counts = change;
      } else {
        things.push_back(change);
      }
    }
    return absl::OkStatus();
  }
  absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) override {
    absl::Status status = visit(counts);
    for (size_t i = 0; status.ok() && i < things.size(); ++i) {
      status = visit(things[i]);
    }
    return status;
  }
  absl::Status write_usage(absl::Span<const DailyCount> more,
                           absl::Span<const CountsBlock> more_blocks) override {
    if (room == 0) return absl::UnavailableError("no room");
    --room;
    for (const DailyCount& day : more) {
      days[{day.day, day.association}] = day.used;
    }
    for (const CountsBlock& block : more_blocks) {
      blocks[{block.generation, block.number}] = block.counts;
    }
    return absl::OkStatus();
  }
  absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view)> visit) override {
    for (const auto& [id, block] : blocks) {
      if (id.first != generation) continue;
      if (auto status = visit(block); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) override {
    for (const auto& [id, used] : days) {
      if (id.first >= first && id.first <= last &&
          (association == 0 || association == id.second)) {
        visit({id.second, id.first, used});
      }
    }
    return absl::OkStatus();
  }
  absl::StatusOr<int64_t> prune_days(Day, int64_t) override { return 0; }
  std::string folder() const override { return place; }
  bool is_read_only() const override { return false; }

  v1::StoreChange counts = [] {
    v1::StoreChange change;
    change.mutable_put_counts();
    return change;
  }();
  std::vector<v1::StoreChange> things;
  std::map<std::pair<Day, int64_t>, int64_t> days;
  std::map<std::pair<uint64_t, uint32_t>, std::string> blocks;
  int room = 1'000'000;  // The number of transactions that fit.
  std::string place = "/memory";
};

void ignore(int64_t) {}

std::string exported(Store& store) {
  std::ostringstream out;
  const absl::Status status = export_store(store, out, ignore);
  EXPECT_TRUE(status.ok()) << status;
  return out.str();
}

absl::Status imported(const std::string& text, Store& store,
                      PlanRules rules = {}) {
  std::istringstream in(text);
  return import_store(in, rules, store, ignore).status();
}

// A header, a plan, two keys, their associations, usage and the end.
const char* const kLines[] = {
    R"({"weirExport":{"lastAssociationId":"9","version":1}})",
    R"({"usagePlan":{"plan":{"apiStages":[{"apiId":"a","stage":"s"}],"id":"p1","name":"basic","quota":{"limit":"100","offset":"3","period":"WEEK"},"tags":{"a":"1","b":"2"},"throttle":{"burstLimit":"5","rateLimit":0.1}},"terms":[{"calendar":2,"initialDiscount":"3","limit":"100","unixNs":"1772000000123456789"}]}})",
    R"({"apiKey":{"createdDate":"2026-03-01T10:00:00.123456789Z","enabled":true,"id":"k1","lastUpdatedDate":"2026-03-01T10:00:01Z","name":"one","value":"a-value-of-twenty-bytes"}})",
    R"({"apiKey":{"id":"k2","value":"another-of-twenty-bytes"}})",
    R"({"association":{"firstDay":9500,"id":"3","keyId":"k2","usagePlanId":"p1"}})",
    R"({"association":{"extensions":[{"amount":"-5","calendar":2,"day":9555,"unixNs":"1772000000123456789"}],"firstDay":9550,"id":"7","keyId":"k1","usagePlanId":"p1"}})",
    R"({"usage":{"association":"7","days":[["2026-02-23",100],["2026-03-02",17]],"period":{"calendar":2,"date":"2026-03-03","usedBefore":"21"},"today":{"date":"2026-03-03","used":"4"}}})",
    R"({"end":{"lines":"7"}})",
};

std::string text_of(const std::vector<std::string>& lines) {
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

std::vector<std::string> lines() {
  return {std::begin(kLines), std::end(kLines)};
}

TEST(Backup, GivesBackWhatItWasGiven) {
  MemoryStore store;
  const absl::Status status = imported(text_of(lines()), store);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(exported(store), text_of(lines()));

  // The state from which an enforcer continues.
  const v1::StoredCounts& counts = store.counts.put_counts();
  EXPECT_EQ(counts.generation(), 0u);
  EXPECT_EQ(counts.last_association_id(), 9);
  ASSERT_EQ(store.blocks.size(), 1u);
  const auto& [id, block] = *store.blocks.begin();
  EXPECT_EQ(id.first, counts.synced_generation());
  int entries = 0;
  ASSERT_TRUE(
      internal::read_counts_block(block, [&](const internal::SyncedCounts&
                                                 synced) {
        ++entries;
        EXPECT_EQ(synced.association, 7);
        EXPECT_EQ(synced.today.bits(), DayWord(kDay, 4).bits());
        EXPECT_EQ(synced.period.bits(),
                  PeriodWord(QuotaCalendar::weekly(), kDay, 21).bits());
      }).ok());
  EXPECT_EQ(entries, 1);
  EXPECT_EQ(store.days.size(), 2u);
  EXPECT_EQ((store.days[{kDay - 1, 7}]), 17);
}

TEST(Backup, ExportsAStoreThatHoldsNothing) {
  MemoryStore store, again;
  EXPECT_EQ(exported(store),
            "{\"weirExport\":{\"version\":1}}\n{\"end\":{\"lines\":\"1\"}}\n");
  EXPECT_TRUE(imported(exported(store), again).ok());
  EXPECT_EQ(exported(again), exported(store));
}

// The store may also have the day still being counted, a later one, and days of
// associations that ended. None of them is exported.
TEST(Backup, ExportsEachEndedDayOnce) {
  MemoryStore store;
  ASSERT_TRUE(imported(text_of(lines()), store).ok());
  store.days[{kDay, 7}] = 1;
  store.days[{kDay + 1, 7}] = 1;
  store.days[{kDay - 2, 5}] = 1;
  EXPECT_EQ(exported(store), text_of(lines()));
}

TEST(Backup, TakesOtherLineEndsAndSpacing) {
  MemoryStore store;
  std::string text = text_of(lines());
  text = absl::StrReplaceAll(text, {{"\n", "\r\n"}, {":{", " : {"}});
  text.resize(text.size() - 2);
  const absl::Status status = imported(text, store);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(exported(store), text_of(lines()));
}

TEST(Backup, RoundTripsManyKeys) {
  const unsigned seed = first_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  // More than fit in one transaction and one block.
  constexpr int kKeys = 1100;
  std::vector<std::string> all = {
      absl::StrCat(R"({"weirExport":{"lastAssociationId":")", kKeys + 5,
                   R"(","version":1}})"),
      kLines[1]};
  std::vector<std::string> associations, usages;
  for (int i = 0; i < kKeys; ++i) {
    all.push_back(absl::StrCat(R"({"apiKey":{"id":"k)", i,
                               R"(","value":"a-value-of-many-bytes-)", i,
                               "\"}}"));
    associations.push_back(
        absl::StrCat(R"({"association":{"firstDay":9500,"id":")", i + 1,
                     R"(","keyId":"k)", i, R"(","usagePlanId":"p1"}})"));
    if (random() % 4 == 0) continue;
    std::string days;
    for (int day = 1; day < 28; ++day) {
      if (random() % 8 != 0) continue;
      absl::StrAppend(&days, days.empty() ? R"(,"days":[)" : ",", "[\"2026-02-",
                      day < 10 ? "0" : "", day, "\",", 1 + random() % 99, "]");
    }
    if (!days.empty()) days += "]";
    usages.push_back(absl::StrCat(
        R"({"usage":{"association":")", i + 1, "\"", days,
        R"(,"period":{"calendar":2,"date":"2026-03-03","usedBefore":")",
        1 + random() % 99, R"("},"today":{)",
        random() % 2 == 0 ? R"("closed":true,)" : "",
        R"("date":"2026-03-03","used":")", 1 + random() % 99, "\"}}}"));
  }
  for (const auto* more : {&associations, &usages}) {
    all.insert(all.end(), more->begin(), more->end());
  }
  all.push_back(absl::StrCat(R"({"end":{"lines":")", all.size(), "\"}}"));
  MemoryStore store;
  const absl::Status status = imported(text_of(all), store);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(exported(store) == text_of(all));
  EXPECT_GT(store.blocks.size(), 1u);

  // Both report progress.
  std::vector<int64_t> expected, told;
  for (int64_t lines = 1024; lines < static_cast<int64_t>(all.size());
       lines += 1024) {
    expected.push_back(lines);
  }
  const auto tell = [&](int64_t lines) { told.push_back(lines); };
  std::stringstream text;
  ASSERT_TRUE(export_store(store, text, tell).ok());
  EXPECT_EQ(told, expected);
  told.clear();
  MemoryStore again;
  ASSERT_TRUE(import_store(text, {}, again, tell).ok());
  EXPECT_EQ(told, expected);
}

TEST(Backup, NamesTheLineThatIsWrong) {
  const struct {
    size_t line;  // The line that is replaced.
    std::string text;
    std::string message;
  } kCases[] = {
      {1, "", "line 1, column 1: "},
      {1, R"({"end":{}})", "line 1: expected \"weirExport\" in the first line"},
      {1, R"({"weirExport":{"version":2}})",
       "line 1: expected version 1, got 2"},
      {2, kLines[0], "line 2: expected \"weirExport\" in the first line"},
      {2, R"({"usagePlan":{"plan":{"id":"p1"}}})", "line 2: /usagePlan/plan: "},
      {2, R"({"usagePlan":{"plan":{"name":"p"}}})",
       "line 2: /usagePlan/plan/id"},
      {3, kLines[1], "line 3: /usagePlan/plan/id: expected an id of its own"},
      {3, "{\"apiKey\":]}", "line 3, column 11: "},
      {3, R"({"apiKey":{"id":"k1"}})", "line 3: /apiKey/value"},
      {3, R"({"apiKey":{"value":"another-of-twenty-bytes"}})",
       "line 3: /apiKey/id"},
      {4, R"({"apiKey":{"id":"k1","value":"v2"}})", "line 4: /apiKey/id"},
      {4, R"({"apiKey":{"id":"k2","value":"a-value-of-twenty-bytes"}})",
       "line 4: /apiKey/value: expected a value of its own"},
      {5, R"({"association":{"id":"3","usagePlanId":"p2","keyId":"k1"}})",
       "line 5: /association/usagePlanId: there is no such plan"},
      {5, R"({"association":{"id":"3","usagePlanId":"p1","keyId":"k3"}})",
       "line 5: /association/keyId: there is no such key"},
      {5, R"({"association":{"id":"10","usagePlanId":"p1","keyId":"k1"}})",
       "line 5: /association/id: expected more than the one before, 0, and no "
       "more than lastAssociationId, 9"},
      {6, R"({"association":{"id":"3","usagePlanId":"p1","keyId":"k1"}})",
       "line 6: /association/id: expected more than the one before, 3"},
      {6, R"({"association":{"id":"4","usagePlanId":"p1","keyId":"k2"}})",
       "line 6: /association: expected one of this plan and key"},
      {7, R"({"usage":{"association":"4"}})", "line 7: /usage/association"},
      {7, R"({"usage":{"association":"7"}})", "line 7: /usage/today"},
      {8, R"({"end":{"lines":"8"}})",
       "line 8: /end/lines: expected 8 lines before this one, found 7"},
      {8, R"({"end":{"lines":"6"}})",
       "line 8: /end/lines: expected 6 lines before this one, found 7"},
      {8, kLines[6], "line 8: /usage/association"},
  };
  for (const auto& c : kCases) {
    std::vector<std::string> all = lines();
    all[c.line - 1] = c.text;
    MemoryStore store;
    const absl::Status status = imported(text_of(all), store);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.text << status;
    EXPECT_EQ(status.message().find(c.message), 0u) << c.text << status;
  }
}

TEST(Backup, NoticesTextThatIsCutShortOrLonger) {
  const std::string text = text_of(lines());
  // The last line end is optional.
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    MemoryStore store;
    EXPECT_TRUE(absl::IsInvalidArgument(imported(text.substr(0, size), store)))
        << size;
  }
  MemoryStore store;
  EXPECT_EQ(imported(text + kLines[3] + "\n", store).message(),
            "line 9: expected nothing behind \"end\"");
  EXPECT_EQ(
      imported(absl::StrCat(kLines[0], "\n", kLines[1], "\n"), store).message(),
      "line 2: the text ends early: there is no \"end\"");
  EXPECT_EQ(imported("", store).message(),
            "line 1: the text ends early: there is no \"end\"");
}

TEST(Backup, BoundsItsLines) {
  MemoryStore store;
  std::string text = text_of(lines());
  EXPECT_EQ(imported(std::string(7 << 20, ' ') + text, store).message(),
            "line 1: is longer than 6291456 bytes");
  const size_t room = (size_t{6} << 20) - std::string_view(kLines[0]).size();
  EXPECT_TRUE(imported(std::string(room, ' ') + text, store).ok());
}

TEST(Backup, AnswersForTheRulesOfPlans) {
  std::string text = text_of(lines());
  PlanRules start_day;
  start_day.quota_offset = PlanRules::QuotaOffset::kStartDay;
  MemoryStore store;
  EXPECT_TRUE(imported(text, store, start_day).ok());
  text = absl::StrReplaceAll(text, {{R"("offset":"3")", R"("offset":"50")"}});
  MemoryStore other;
  EXPECT_TRUE(imported(text, other).ok());
  MemoryStore third;
  EXPECT_TRUE(absl::IsInvalidArgument(imported(text, third, start_day)));
}

TEST(Backup, ChangesNoStoreThatWasUsed) {
  for (const int what : {0, 1}) {
    MemoryStore store;
    if (what == 0) {
      store.counts.mutable_put_counts()->set_generation(1);
    } else {
      store.things.emplace_back().mutable_put_api_key()->set_id("k1");
    }
    const std::string before = exported(store);
    const absl::Status status = imported(text_of(lines()), store);
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_EQ(exported(store), before);
  }
}

// The files of counts are valid, but lack a key that the store has.
TEST(Backup, NamesTheKeyWhoseCountsAreMissing) {
  MemoryStore store;
  ASSERT_TRUE(imported(text_of(lines()), store).ok());
  store.place = absl::StrCat(::testing::TempDir(), "counts-XXXXXX");
  ASSERT_NE(mkdtemp(store.place.data()), nullptr);
  const auto file = internal::CountsFile::create(store.place, 2, 1'000);
  ASSERT_TRUE(file.ok()) << file.status();
  const auto copy = CountsCopy::at_start(kDay, QuotaCalendar::weekly());
  ASSERT_TRUE((*file)->start(1, 7, copy).ok());
  v1::StoredCounts& counts = *store.counts.mutable_put_counts();
  counts.set_generation(2);
  counts.set_boot_id(internal::to_string(internal::current_boot_id()));

  std::ostringstream out;
  EXPECT_EQ(export_store(store, out, ignore),
            absl::DataLossError(absl::StrCat(store.place,
                                             ": the counts of API key k2 under "
                                             "usage plan p1 are missing")));
  ASSERT_TRUE((*file)->start(2, 3, copy).ok());
  EXPECT_TRUE(export_store(store, out, ignore).ok());
}

TEST(Backup, SaysWhatTheStoreSays) {
  for (const int room : {0, 1}) {
    MemoryStore store;
    store.room = room;
    EXPECT_EQ(imported(text_of(lines()), store),
              absl::UnavailableError("no room"));
  }
}

TEST(Backup, ReadsAnyBytes) {
  const std::string text = text_of(lines());
  for (unsigned seed = first_seed(); seed < first_seed() + 500; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::string bytes = text;
    for (int i = 0; i < 3; ++i) {
      const size_t at = random() % bytes.size();
      if (random() % 2 == 0) {
        bytes[at] = static_cast<char>(random());
      } else {
        bytes.erase(at, random() % 20);
      }
    }
    MemoryStore store;
    // What was imported can be exported.
    if (!imported(bytes, store).ok()) continue;
    MemoryStore again;
    const absl::Status status = imported(exported(store), again);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(exported(again), exported(store));
  }
}

}  // namespace
}  // namespace weir
