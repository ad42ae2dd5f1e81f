// For tests: changes to commit, and the contents of a store.

#ifndef WEIR_STORE_TESTING_TEST_CHANGES_H_
#define WEIR_STORE_TESTING_TEST_CHANGES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/store.h"

namespace weir {

inline v1::StoreChange put_plan(const std::string& id,
                                const std::string& name = "plan") {
  v1::StoreChange change;
  change.mutable_put_usage_plan()->mutable_plan()->set_id(id);
  change.mutable_put_usage_plan()->mutable_plan()->set_name(name);
  return change;
}

inline v1::StoreChange put_key(const std::string& id,
                               const std::string& name = "key") {
  v1::StoreChange change;
  change.mutable_put_api_key()->set_id(id);
  change.mutable_put_api_key()->set_value("the-secret-value-of-" + id);
  change.mutable_put_api_key()->set_name(name);
  return change;
}

inline v1::StoreChange put_association(int64_t id, const std::string& plan,
                                       const std::string& key) {
  v1::StoreChange change;
  change.mutable_put_association()->set_id(id);
  change.mutable_put_association()->set_usage_plan_id(plan);
  change.mutable_put_association()->set_key_id(key);
  change.mutable_put_association()->set_first_day(9'000);
  return change;
}

inline v1::StoreChange put_counts(uint64_t generation, uint64_t synced) {
  v1::StoreChange change;
  change.mutable_put_counts()->set_generation(generation);
  change.mutable_put_counts()->set_synced_generation(synced);
  return change;
}

inline v1::StoreChange delete_plan(const std::string& id) {
  v1::StoreChange change;
  change.set_delete_usage_plan(id);
  return change;
}

inline v1::StoreChange delete_key(const std::string& id) {
  v1::StoreChange change;
  change.set_delete_api_key(id);
  return change;
}

inline v1::StoreChange delete_association(int64_t id) {
  v1::StoreChange change;
  change.set_delete_association(id);
  return change;
}

inline std::vector<std::string> texts(
    const std::vector<v1::StoreChange>& changes) {
  std::vector<std::string> texts;
  for (const v1::StoreChange& change : changes) {
    texts.push_back(change.ShortDebugString());
  }
  return texts;
}

// The changes from load(), followed by the error if there is one.
inline std::vector<std::string> contents(Store& store) {
  std::vector<std::string> texts;
  const absl::Status status = store.load([&](const v1::StoreChange& change) {
    texts.push_back(change.ShortDebugString());
    return absl::OkStatus();
  });
  if (!status.ok()) texts.push_back(status.ToString());
  return texts;
}

// "association@day=used" for each day, in the order of read_days().
inline std::vector<std::string> days(Store& store, int64_t association,
                                     Day first = 0, Day last = kLastDay) {
  std::vector<std::string> texts;
  const absl::Status status =
      store.read_days(association, first, last, [&](const DailyCount& count) {
        texts.push_back(
            absl::StrCat(count.association, "@", count.day, "=", count.used));
      });
  if (!status.ok()) texts.push_back(status.ToString());
  return texts;
}

inline std::vector<std::string> blocks(Store& store, uint64_t generation) {
  std::vector<std::string> blocks;
  const absl::Status status =
      store.read_counts(generation, [&](std::string_view counts) {
        blocks.emplace_back(counts);
        return absl::OkStatus();
      });
  if (!status.ok()) blocks.push_back(status.ToString());
  return blocks;
}

// A path, private to the test, at which nothing exists.
inline std::string fresh_path(const std::string& name = "store") {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::filesystem::path folder =
      std::filesystem::canonical(testing::TempDir()) /
      absl::StrCat(test->test_suite_name(), ".", test->name());
  std::filesystem::create_directories(folder);
  std::filesystem::remove_all(folder / name);
  return folder / name;
}

}  // namespace weir

#endif  // WEIR_STORE_TESTING_TEST_CHANGES_H_
