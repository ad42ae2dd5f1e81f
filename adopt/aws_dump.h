// Files with the AWS CLI's output about usage plans, keys and usage.

#ifndef WEIR_ADOPT_AWS_DUMP_H_
#define WEIR_ADOPT_AWS_DUMP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weir/documents/document_node.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"

namespace weir {

// Bounds of one file. A page of 500 keys and 90 days has 140,000 values.
inline constexpr std::size_t kMaxDumpFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxDumpFileValues = 4'000'000;

// A problem of a dump: "get-api-keys.json:17: the key has no value".
struct DumpProblem {
  std::string file;  // "" for the dump as a whole
  std::int64_t line = 0;
  std::string message;  // never a key's value
};

// What a dump contains that a store cannot hold, or that users should know:
// "disabled keys" and their ids.
using DumpNotes = std::map<std::string, std::vector<std::string>>;

// A key's id as errors and notes show it. Old tools use values as ids, so of an
// id as long as a value only the first four characters are shown.
std::string shown_key_id(std::string_view id);

// The answers of get-usage-plans, get-api-keys, get-usage-plan-keys and
// get-usage, as JSON or YAML, each in one file, or in several, one per page.
// *thread-compatible*
class AwsDump {
 public:
  struct Origin {
    std::string file;
    std::int64_t line = 0;
  };
  struct Plan {
    v1::UsagePlan plan;
    Origin origin;
  };
  struct Key {
    v1::ApiKey key;
    Origin origin;
  };
  // A page of the keys of a plan. Only the file's name may tell which plan.
  struct PlanKeys {
    Origin origin;
    std::vector<std::string> key_ids;
    bool is_followed = false;  // it says that there is another page
  };
  // What a key used on a day, and what remained.
  struct DayUsage {
    std::int64_t used;
    std::int64_t remaining;
  };
  struct KeyUsage {
    std::string key_id;
    Origin origin;
    std::vector<DayUsage> days;
  };
  struct UsagePage {
    std::string plan_id;
    Origin origin;
    Day first = 0;
    Day last = 0;
    std::vector<KeyUsage> keys;
  };

  // Adds a file called `name`. Its content tells what it is; for an empty list,
  // its name does.
  void add(const std::string& name, std::string_view text);

  // Must be called after the last add(). Adds a problem if pages are missing.
  void finish();

  std::vector<Plan> plans;
  std::vector<Key> keys;
  std::vector<PlanKeys> plan_keys;
  std::vector<UsagePage> usage;
  DumpNotes notes;
  std::vector<DumpProblem> problems;

 private:
  // The pages of one answer: their number, and how many of them say that
  // another one follows.
  struct Pages {
    std::string file;  // a page that says so
    int count = 0;
    int followed = 0;
  };

  void add_document(const std::string& name, const DocumentNode& root);
  bool add_list(const std::string& name, const DocumentNode& list);
  void add_plan(const std::string& name, const DocumentNode& item);
  void add_key(const std::string& name, const DocumentNode& item);
  void add_plan_keys(const std::string& name, const DocumentNode& list);
  void add_usage(const std::string& name, const DocumentNode& root);
  void add_key_usage(const std::string& key_id, const DocumentNode& days,
                     UsagePage* page);
  void count_page(const std::string& what, const std::string& name,
                  const DocumentNode& root);
  void fail(const std::string& file, const DocumentNode& at,
            std::string message);

  std::map<std::string, Pages> pages_;
};

}  // namespace weir

#endif  // WEIR_ADOPT_AWS_DUMP_H_
