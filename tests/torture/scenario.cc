#include "weir/tests/torture/scenario.h"

#include <cmath>
#include <cstddef>

#include "weir/quota/calendar.h"
#include "weir/tests/time_constants.h"
#include "weir/tests/torture/shared_pages.h"

namespace weir::torture {
namespace {

constexpr int64_t kMaxRound = 50 * kNanosPerDay;
static_assert(kMaxRound < (kDays - 1) * kNanosPerDay);
// Idle keys beyond this would only make rounds slower.
constexpr size_t kMaxKeys = 12'000;
constexpr int kFlocks = 8;
constexpr int kSmallFlock = 40;
constexpr int kLargeFlock = 10'000;

// How often an operator does what, in the order of `Deed`.
constexpr int kWeights[kDeeds] = {
    /*kAdvance=*/30,      /*kPause=*/20,     /*kSync=*/6,
    /*kUsage=*/8,         /*kCreatePlan=*/6, /*kPatchPlan=*/24,
    /*kDeletePlan=*/4,    /*kSharePlan=*/1,  /*kUnsharePlan=*/3,
    /*kCreateKey=*/8,     /*kImportKeys=*/6, /*kImportFlock=*/1,
    /*kOverwriteKey=*/6,
    /*kEnableKey=*/8,     /*kDisableKey=*/3, /*kDeleteKey=*/4,
    /*kDeleteIdleKey=*/2, /*kAttach=*/30,    /*kDetach=*/4,
    /*kExtend=*/12};

class Operator {
 public:
  Operator(Model model, Random& random)
      : model_(std::move(model)), begin_(model_.now()), random_(random) {}

  std::vector<Operation> work(int count) {
    if (model_.keys() == 0) furnish();
    while (static_cast<int>(operations_.size()) < count) {
      // One that fails changes nothing, and is kept now and then.
      const Operation operation = any();
      const bool keep = one_in(20);
      add(operation);
      const bool succeeds =
          operations_.back().expected == absl::StatusCode::kOk;
      if (!succeeds && !keep) operations_.pop_back();
    }
    return std::move(operations_);
  }

 private:
  int64_t below(int64_t n) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(n));
  }
  bool one_in(int64_t n) { return below(n) == 0; }
  // Of all orders of magnitude alike, from 1.
  int64_t magnitude(double most) {
    return static_cast<int64_t>(
        std::exp(std::log(most) * static_cast<double>(below(1'000'001)) / 1e6));
  }

  void add(Operation operation) {
    operation.unix_ns = model_.now();
    operation.expected = model_.apply(operation);
    operations_.push_back(operation);
  }

  // All plans, and all keys under one of them or more.
  void furnish() {
    for (int plan = 0; plan < kPlans; ++plan) {
      Operation operation = any_quota();
      operation.deed = Deed::kCreatePlan;
      operation.plan = plan;
      add(operation);
    }
    Operation import;
    import.deed = Deed::kImportKeys;
    import.plan = 0;
    import.keys = (1u << kKeys) - 1;
    import.slot = model_.next_slot();
    add(import);
    for (int key = 0; key < kKeys; ++key) {
      Operation attach;
      attach.deed = Deed::kAttach;
      attach.plan = 1 + key % (kPlans - 1);
      attach.key = key;
      attach.slot = model_.next_slot();
      add(attach);
    }
  }

  Operation any_quota() {
    Operation operation;
    operation.number = magnitude(1e6);
    operation.offset = one_in(2) ? below(operation.number + 1) : 0;
    operation.period = static_cast<v1::QuotaPeriod>(v1::DAY + below(3));
    return operation;
  }

  Deed any_deed() {
    static const int64_t kSum = [] {
      int64_t sum = 0;
      for (const int weight : kWeights) sum += weight;
      return sum;
    }();
    int64_t left = below(kSum);
    int deed = 0;
    while (left >= kWeights[deed]) left -= kWeights[deed++];
    return static_cast<Deed>(deed);
  }

  // Now and then time is about to pass midnight, now and then it does.
  int64_t any_advance() {
    const int64_t left = begin_ + kMaxRound - model_.now();
    const int64_t to_midnight =
        start_of(day_of(model_.now()) + 1) - model_.now();
    int64_t step = magnitude(3600.0) * kSecond / 10;
    if (one_in(4)) step = to_midnight - (one_in(3) ? 1 : 0);
    if (one_in(20)) step = (1 + below(9)) * kNanosPerDay + below(kSecond);
    if (one_in(60)) step = 31 * kNanosPerDay;
    return step > left ? 0 : step;
  }

  Operation any() {
    Operation operation = any_quota();
    operation.deed = any_deed();
    operation.plan = static_cast<int32_t>(below(kPlans));
    operation.key = static_cast<int32_t>(below(kKeys));
    operation.flock = static_cast<int32_t>(below(kFlocks));
    operation.slot = model_.next_slot();
    const bool full = operation.slot + kKeys >= kSlots;
    switch (operation.deed) {
      case Deed::kAdvance:
        operation.number = any_advance();
        break;
      case Deed::kPause:
        operation.number = below(3000);
        break;
      case Deed::kPatchPlan:
        operation.change = static_cast<Change>(below(kChanges));
        // Or else plans would hardly ever have quotas, and stages.
        if (operation.change == Change::kRemoveQuota && !one_in(4)) {
          operation.change = Change::kLimit;
        }
        if (operation.change == Change::kRemoveStage && !one_in(3)) {
          operation.change = Change::kQuota;
        }
        if (operation.change == Change::kLimit && one_in(6)) {
          operation.number = 0;  // suspended
        }
        operation.burst = magnitude(1e6);
        break;
      case Deed::kImportKeys:
        operation.keys =
            full ? 0 : static_cast<uint32_t>(random_()) & ((1u << kKeys) - 1);
        if (one_in(3)) operation.plan = -1;
        break;
      case Deed::kImportFlock: {
        const bool large = one_in(10);
        operation.number = large ? kLargeFlock : 1 + below(kSmallFlock);
        if (model_.keys() + operation.number > kMaxKeys) operation.number = 0;
        if (one_in(3)) operation.plan = -1;
        break;
      }
      case Deed::kOverwriteKey:
        if (one_in(4)) operation.plan = -1;
        if (full) operation.deed = Deed::kSync;
        break;
      case Deed::kDeleteIdleKey:
        operation.number = below(kSmallFlock);
        break;
      case Deed::kAttach:
        if (full) operation.deed = Deed::kSync;
        break;
      case Deed::kExtend:
        operation.number -= 1;  // 0 as well
        break;
      default:
        break;
    }
    return operation;
  }

  Model model_;
  const int64_t begin_;
  Random& random_;
  std::vector<Operation> operations_;
};

}  // namespace

std::vector<Operation> think_up(Model model, int count, Random& random) {
  return Operator(std::move(model), random).work(count);
}

}  // namespace weir::torture
