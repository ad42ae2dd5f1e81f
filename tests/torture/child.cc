#include "weir/tests/torture/child.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/sqlite_store.h"
#include "weir/store/store.h"
#include "weir/tests/torture/calls.h"
#include "weir/tests/torture/observer.h"
#include "weir/tests/torture/shared_pages.h"
#include "weir/tests/torture/world.h"

namespace weir::torture {
namespace {

// The simulated time that all processes share.
class SharedClock final : public Clock {
 public:
  explicit SharedClock(const SharedPages& pages) : pages_(pages) {}

  Instant now() noexcept override {
    const int64_t now = pages_.clock.load(std::memory_order_relaxed);
    return {now, now};
  }

 private:
  const SharedPages& pages_;
};

// Of which this thread is the only writer.
void add(Counter& counter, int64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n,
                std::memory_order_release);
}

// What a decision says must go together, whatever was decided.
bool is_well_formed(const Decision& d) {
  const bool quota_ok =
      d.quota_limit < 0
          ? d.quota_remaining == -1 && d.calendar.is_none()
          : d.quota_remaining >= 0 && d.quota_remaining <= d.quota_limit;
  return quota_ok && d.admitted() == (d.retry_after_ns == 0) &&
         (d.outcome == Outcome::kForbidden) ==
             (d.forbidden != Forbidden::kNo) &&
         (d.outcome == Outcome::kQuotaExceeded) == (d.limit == Limit::kQuota);
}

std::string to_string(const Decision& d) {
  return absl::StrCat("outcome ", static_cast<int>(d.outcome), ", forbidden ",
                      static_cast<int>(d.forbidden), ", limit ",
                      static_cast<int>(d.limit), ", retry after ",
                      d.retry_after_ns, ", quota ", d.quota_remaining, " of ",
                      d.quota_limit, ", calendar ", d.calendar.id());
}

class Child {
 public:
  Child(SharedPages& pages, const ChildFiles& files)
      : pages_(pages),
        round_(pages.round),
        settings_(pages.round.settings),
        files_(files) {}

  int work();
  int check();

 private:
  absl::Status open();
  absl::Status write_observation();
  // Ends the process, at once.
  void fail(const std::string& what) {
    round_.fail(what);
    _exit(kFoundWrong);
  }
  void fail_unless_ok(const char* what, const absl::Status& status) {
    if (!status.ok()) fail(absl::StrCat(what, ": ", status.ToString()));
  }

  void request(int thread);
  void request_once(Random& random, Notes& notes);
  void operate();
  void perform(const Operation& operation, int number);
  absl::Status call(const Operation& operation);
  absl::Status report_usage(const Operation& operation);
  absl::Status sync();
  // Notes that what the operation begins or ends is in doubt; or, after it,
  // what has become of it.
  void settle(const Operation& operation, bool done);
  int64_t acknowledged(int slot) const;
  int64_t in_doubt(const Operation& operation) const;

  int64_t now() const { return pages_.clock; }
  Day today() const { return day_of(now()); }

  SharedPages& pages_;
  Round& round_;
  // A copy: the next child's are set while this one works.
  const Settings settings_;
  const ChildFiles& files_;
  std::unique_ptr<Enforcer> enforcer_;
  Routes routes_;
};

// Has the store say that it was last open before the machine was started.
absl::Status lose_power(Store& store) {
  v1::StoreChange counts;
  const absl::Status found = store.load([&](const v1::StoreChange& change) {
    counts = change;
    return absl::CancelledError("the rest does not matter");
  });
  if (!absl::IsCancelled(found)) return found;
  counts.mutable_put_counts()->set_boot_id("another boot");
  return store.commit({counts});
}

absl::Status Child::open() {
  Options options;
  options.clock = std::make_shared<SharedClock>(pages_);
  options.arena_bytes = size_t{1} << 28;
  options.huge_pages = false;
  options.lease_threads = settings_.lease_threads;
  options.sync_interval = absl::Milliseconds(settings_.sync_milliseconds);
  if (!files_.store.empty()) {
    auto store = SqliteStore::open(files_.store, {settings_.read_only});
    if (!store.ok()) return store.status();
    options.store = *std::move(store);
    if (settings_.power_loss) {
      if (auto status = lose_power(*options.store); !status.ok()) return status;
    }
  }
  auto enforcer = Enforcer::create(std::move(options));
  if (!enforcer.ok()) return enforcer.status();
  enforcer_ = *std::move(enforcer);
  const auto routes = routes_of(*enforcer_);
  if (!routes.ok()) return routes.status();
  routes_ = *routes;
  return absl::OkStatus();
}

absl::Status Child::write_observation() {
  const auto observation =
      observe(*enforcer_, routes_, today(), settings_.days_observed,
              settings_.find_shared);
  if (!observation.ok()) return observation.status();
  std::ofstream file(files_.observation, std::ios::binary | std::ios::trunc);
  if (!observation->SerializeToOstream(&file) || !file.flush()) {
    return absl::UnavailableError(files_.observation);
  }
  round_.observed = true;
  return absl::OkStatus();
}

int Child::check() {
  fail_unless_ok("opening", open());
  fail_unless_ok("looking at everything", write_observation());
  if (settings_.die_at_end) raise(SIGKILL);
  return kClosedInOrder;
}

int Child::work() {
  fail_unless_ok("opening", open());
  if (settings_.sync_at_start) fail_unless_ok("first sync", sync());
  round_.ready = true;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this, i] { request(i); });
  }
  operate();
  for (std::thread& thread : threads) thread.join();
  if (settings_.observe_at_end) {
    fail_unless_ok("looking at everything", write_observation());
  }
  return kClosedInOrder;
}

// -- Requests --

void Child::request(int thread) {
  Random random(static_cast<uint64_t>(settings_.seed) + thread);
  while (!round_.stop) {
    for (int i = 0; i < 64; ++i) request_once(random, round_.notes[thread]);
    // Where processors are few, the operator is to come by one as well.
    if (random() % 4 == 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    }
  }
}

void Child::request_once(Random& random, Notes& notes) {
  static const auto* const kValues = [] {
    auto* values = new std::array<std::string, kKeys>;
    for (int key = 0; key < kKeys; ++key) (*values)[key] = key_value(key);
    return values;
  }();
  constexpr int kMaxCalls = 5;
  const uint64_t draw = random();
  const int key = draw % 2 == 0 ? 0 : static_cast<int>(draw / 2 % kKeys);
  const int plan = static_cast<int>((draw >> 16) % kPlans);
  const uint32_t cost =
      draw >> 32 & 7 ? 1 : static_cast<uint32_t>(draw >> 35 & 7);
  const bool by_handle = (draw >> 40) % 8 == 0;
  const size_t calls = (draw >> 44) % 8 == 0 ? kMaxCalls : 1;

  const Standing before(round_.standings[key][plan].load());
  const Day day_before = today();
  notes.in_flight.store(
      InFlight{key, plan, static_cast<int64_t>(calls * cost)}.bits());
  Call call;
  call.api_key = (*kValues)[key];
  call.route = routes_[plan];
  call.cost = cost;
  if (by_handle) {
    call.client = enforcer_->resolve(call.api_key);
    if (!call.client) call.api_key = "";
  }
  std::array<Decision, kMaxCalls> decisions;
  if (calls == 1) {
    decisions[0] = enforcer_->admit(call);
  } else {
    std::array<Call, kMaxCalls> batch;
    batch.fill(call);
    enforcer_->admit(batch, absl::MakeSpan(decisions));
  }

  const Standing after(round_.standings[key][plan].load());
  const Day day_after = today();
  for (size_t i = 0; i < calls; ++i) {
    const Decision& decision = decisions[i];
    if (!is_well_formed(decision)) {
      fail(absl::StrCat("a decision that contradicts itself, on key ", key,
                        " of plan ", plan, ": ", to_string(decision)));
    }
    add(decision.admitted() ? notes.admitted : notes.refused, 1);
    if (!decision.admitted() || cost == 0) continue;
    // A decision names the day if there is a quota.
    const bool has_quota = decision.quota_limit >= 0;
    const Day day = has_quota ? decision.day : day_before;
    if (day < day_before || day > day_after) {
      fail(absl::StrCat("admitted on day ", day, ", from ", day_before, " to ",
                        day_after));
    }
    if (day_before != day_after) add(notes.at_midnight[key][plan], cost);
    if (before.settled() && before.bits() == after.bits() &&
        (has_quota || day_before == day_after)) {
      add(notes.acknowledged[before.slot()][day - settings_.first_day], cost);
    } else {
      add(notes.unsettled[key][plan], cost);
    }
  }
  notes.in_flight.store(0);
}

// -- The operator --

void Child::operate() {
  for (int i = 0; i < round_.operation_count && !round_.stop; ++i) {
    perform(round_.operations[i], i);
    if (settings_.lease_threads > 0) enforcer_->maintain();
  }
  while (!round_.stop) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (settings_.lease_threads > 0) enforcer_->maintain();
  }
}

void Child::perform(const Operation& operation, int number) {
  const auto look = [&] {
    return operation.plan < 0
               ? Look()
               : look_at(*enforcer_, routes_, operation.key, operation.plan);
  };
  round_.before[number] = look();
  const bool succeeds = operation.expected == absl::StatusCode::kOk;
  if (succeeds) settle(operation, /*done=*/false);
  round_.begun = number + 1;
  const absl::Status status = call(operation);
  if (status.code() != operation.expected) {
    fail(absl::StrCat("operation ", number, ", ", to_string(operation),
                      ": expected ",
                      absl::StatusCodeToString(operation.expected), ", got ",
                      status.ToString()));
  }
  round_.returned = number + 1;
  if (succeeds) settle(operation, /*done=*/true);
  round_.after[number] = look();
  round_.looked = number + 1;
}

absl::Status Child::call(const Operation& operation) {
  switch (operation.deed) {
    case Deed::kAdvance:
      pages_.clock += operation.number;
      return absl::OkStatus();
    case Deed::kPause:
      std::this_thread::sleep_for(std::chrono::microseconds(operation.number));
      return absl::OkStatus();
    case Deed::kSync:
      return sync();
    case Deed::kUsage:
      return report_usage(operation);
    default:
      return torture::call(*enforcer_, operation);
  }
}

void Child::settle(const Operation& operation, bool done) {
  const auto ends = [&](int key, int plan) {
    auto& standing = round_.standings[key][plan];
    if (done) {
      standing = 0;
    } else if (const Standing present(standing); present.slot() != 0) {
      standing = Standing::of(present.slot(), false).bits();
    }
  };
  switch (operation.deed) {
    case Deed::kAttach:
      round_.standings[operation.key][operation.plan] =
          Standing::of(operation.slot, done).bits();
      return;
    case Deed::kImportKeys: {
      if (operation.plan < 0) return;
      int slot = operation.slot;
      for (int key = 0; key < kKeys; ++key) {
        if ((operation.keys >> key & 1) == 0) continue;
        round_.standings[key][operation.plan] =
            Standing::of(slot++, done).bits();
      }
      return;
    }
    case Deed::kOverwriteKey:
      for (int plan = 0; plan < kPlans; ++plan) {
        if (plan != operation.plan) {
          ends(operation.key, plan);
          continue;
        }
        // Unless it stays as it is.
        auto& standing = round_.standings[operation.key][plan];
        const int slot = Standing(standing).slot();
        if (slot == 0 || slot == operation.slot) {
          standing = Standing::of(operation.slot, done).bits();
        }
      }
      return;
    case Deed::kDetach:
      ends(operation.key, operation.plan);
      return;
    case Deed::kDeleteKey:
      for (int plan = 0; plan < kPlans; ++plan) ends(operation.key, plan);
      return;
    case Deed::kDeletePlan:
      for (int key = 0; key < kKeys; ++key) ends(key, operation.plan);
      return;
    default:
      return;
  }
}

int64_t Child::acknowledged(int slot) const {
  int64_t sum = 0;
  for (const Notes& notes : round_.notes) {
    for (const Counter& day : notes.acknowledged[slot]) sum += day;
  }
  return sum;
}

// What may be counted for the key, or will be, without being acknowledged.
int64_t Child::in_doubt(const Operation& operation) const {
  constexpr int64_t kMaxInFlight = 5 * 7;
  int64_t sum = kThreads * kMaxInFlight;
  for (const Notes& notes : round_.notes) {
    sum += notes.unsettled[operation.key][operation.plan];
  }
  return sum;
}

// Of the days of the round; what was used before has ended, but for today's.
absl::Status Child::report_usage(const Operation& operation) {
  const int slot =
      Standing(round_.standings[operation.key][operation.plan]).slot();
  const int64_t at_least = slot == 0 ? 0 : acknowledged(slot);
  const auto days = usage_of(*enforcer_, operation.plan, operation.key,
                             settings_.first_day, today());
  if (!days.ok()) return days.status();
  int64_t used = 0;
  for (const v1::DailyUsage& day : *days) used += day.used();
  used -= round_.used_before[slot];
  const int64_t most = acknowledged(slot) + in_doubt(operation) +
                       settings_.leased * (1 + today() - settings_.first_day);
  if (at_least <= used && used <= most) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(used, " are reported, and ", at_least,
                                          " to ", most, " were admitted"));
}

// Notes what must be there afterwards, whatever happens to the machine.
absl::Status Child::sync() {
  const int next = 1 - round_.last_synced;
  for (int slot = 0; slot < kSlots; ++slot) {
    for (int day = 0; day < kDays; ++day) {
      int64_t sum = 0;
      for (const Notes& notes : round_.notes) {
        sum += notes.acknowledged[slot][day];
      }
      round_.synced[next][slot][day].store(sum, std::memory_order_relaxed);
    }
  }
  const absl::Status status = enforcer_->sync();
  if (status.ok()) round_.last_synced = next;
  return status;
}

int run(const ChildFiles& files, int (Child::*body)()) {
  const auto pages = map_shared_pages(files.pages);
  return pages.ok() ? (Child(**pages, files).*body)() : kFoundWrong;
}

}  // namespace

int work(const ChildFiles& files) { return run(files, &Child::work); }

int check(const ChildFiles& files) { return run(files, &Child::check); }

}  // namespace weir::torture
