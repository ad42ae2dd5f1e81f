// The small world of the torture test: the possible plans and keys, and the
// operations on them.

#ifndef WEIR_TESTS_TORTURE_WORLD_H_
#define WEIR_TESTS_TORTURE_WORLD_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::torture {

using Random = std::mt19937_64;

inline constexpr int kPlans = 4;
// Those that make requests. Others are imported by the thousand, and idle.
inline constexpr int kKeys = 12;

enum class Deed : uint8_t {
  kAdvance,  // the clock, by `number` nanoseconds
  kPause,    // for `number` microseconds of real time
  kSync,
  kUsage,  // report what the key has used of the plan
  kCreatePlan,
  kPatchPlan,
  kDeletePlan,
  kSharePlan,
  kUnsharePlan,
  kCreateKey,
  kImportKeys,    // of `keys`, under the plan if there is one
  kImportFlock,   // `number` idle ones, of flock `flock`, likewise
  kOverwriteKey,  // by one of the same value, under the plan alone, if any
  kEnableKey,
  kDisableKey,
  kDeleteKey,
  kDeleteIdleKey,  // number `number` of flock `flock`
  kAttach,
  kDetach,
  kExtend,  // sets what remains to `number`
};
inline constexpr int kDeeds = static_cast<int>(Deed::kExtend) + 1;

// What a patch changes, by `number` and `limits`.
enum class Change : uint8_t {
  kLimit,
  kQuota,  // limit, period and offset
  kRemoveQuota,
  kThrottle,
  kRemoveThrottle,
  kDescription,
  kAddStage,
  kRemoveStage,
  kNonsense,  // a description, then a limit that cannot be
};
inline constexpr int kChanges = static_cast<int>(Change::kNonsense) + 1;

// One call of the operator's. Plain data: it lies in memory that processes
// share. After the call, the key's standing with the plan is looked at, even
// where the call concerns only one of the two.
struct Operation {
  Deed deed = Deed::kPause;
  Change change = Change::kLimit;
  int32_t plan = -1;  // -1: none
  int32_t key = 0;
  uint32_t keys = 0;  // a bit for each
  int32_t flock = 0;
  // Of the association that this makes, or the first of several: where what it
  // is admitted to is tallied.
  int32_t slot = 0;
  int64_t number = 0;
  // A new quota; or the rate and the burst.
  v1::QuotaPeriod period = v1::DAY;
  int64_t offset = 0;
  int64_t burst = 0;
  // When, by the simulated clock.
  int64_t unix_ns = 0;
  absl::StatusCode expected = absl::StatusCode::kOk;
};

// "patch plan-2: limit 17, at 2026-03-01T...".
std::string to_string(const Operation& operation);

std::string plan_id(int plan);
std::string api_id(int plan);
inline constexpr char kStage[] = "prod";
std::string key_id(int key);
std::string key_value(int key);
std::string idle_key_id(int64_t flock, int64_t number);

// The documents that an operation brings.
v1::UsagePlan new_plan(const Operation& operation);
v1::ApiKey new_key(int key);
v1::ApiKey new_idle_key(int64_t flock, int64_t number);
// The keys of an import, in their order.
std::vector<v1::ApiKey> new_keys(const Operation& operation);
// What overwrites a key.
v1::ApiKey overwriting_key(const Operation& operation);
std::vector<v1::PatchOperation> patch_of(const Operation& operation);

// What the patch leads to: OK, and `plan` as it is then; else its error.
absl::StatusCode change_plan(const Operation& operation, v1::UsagePlan& plan);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_WORLD_H_
