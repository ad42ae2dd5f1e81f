#ifndef WEIR_ENFORCER_REQUESTS_H_
#define WEIR_ENFORCER_REQUESTS_H_

#include <map>
#include <string>
#include <vector>

namespace weir {

// What calls of an Enforcer's control plane take and return.

// What import_api_keys() does with a key whose value already exists.
enum class ExistingKeys {
  kRefuse,     // AlreadyExists
  kOverwrite,  // the new key replaces the existing one
};

// One page of a list, sorted by creation, newest first.
template <class T>
struct Page {
  std::vector<T> items;
  std::string position;  // where the next page begins; "" at the end
};

// Which page to return. `position` is the one that the previous page returned,
// or "" for the first page. `limit` is the maximum number of items: up to 500,
// and 25 if it is 0 or less. If few items match a filter, a page may end early
// or even be empty; `Page::position` says whether there is more.
struct PageRequest {
  std::string position;
  int limit = 0;
};

// Which API keys to list: those that meet every condition that is not "".
struct ApiKeyFilter {
  std::string name_prefix;
  std::string customer_id;
};

// Changes to tags: `set` is applied first, then `remove`, which ignores tags
// that do not exist.
struct TagChanges {
  std::map<std::string, std::string> set;
  std::vector<std::string> remove;
};

struct UsageRequest {
  std::string usage_plan_id;
  std::string start_date;  // yyyy-mm-dd, UTC, inclusive
  std::string end_date;    // the same; at most 89 days later, 399 with a store
  std::string key_id;      // "": all keys of the plan
  PageRequest page;        // counts keys; only without `key_id`
};

}  // namespace weir

#endif  // WEIR_ENFORCER_REQUESTS_H_
