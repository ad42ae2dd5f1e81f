#include "weir/tests/torture/parent.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <new>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "weir/base/text.h"
#include "weir/quota/calendar.h"
#include "weir/tests/torture/child.h"
#include "weir/tests/torture/scenario.h"

namespace weir::torture {
namespace {

// Longer than anything takes on the slowest of machines.
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr absl::Duration kReportEvery = absl::Seconds(5);
constexpr int64_t kBeginning = start_of(9'500) + 7 * kNanosPerDay / 24;
constexpr int64_t kLeaseTokens = 64;
// Operations that a child comes to within a second or so.
constexpr int kSoon = 150;

void sleep_for(absl::Duration duration) { absl::SleepFor(duration); }

}  // namespace

Parent::Parent(const ParentOptions& options)
    : options_(options), random_(static_cast<uint64_t>(options.seed)) {}

absl::Status Parent::run() {
  const auto pages = map_shared_pages(options_.folder + "/pages");
  if (!pages.ok()) return pages.status();
  pages_ = *pages;
  const absl::Time end = absl::Now() + absl::Seconds(options_.seconds);
  absl::Time next_report = absl::Now() + kReportEvery;
  while (absl::Now() < end) {
    ++rounds_;
    if (const auto status = play_round(); !status.ok()) {
      write_history();
      report("failed: ");
      return internal::with_prefix(status,
                                   absl::StrCat("round ", rounds_, ": "));
    }
    count();
    if (absl::Now() >= next_report) {
      report("");
      next_report += kReportEvery;
    }
  }
  report("all right: ");
  return absl::OkStatus();
}

void Parent::start_store() {
  if (!store_.empty()) std::filesystem::remove_all(store_);
  ++stores_;
  store_ = absl::StrCat(options_.folder, "/store-", stores_);
  std::filesystem::create_directory(store_);
  // Time begins anew too: quotas end in 2089.
  pages_->clock = kBeginning;
  model_ = std::make_unique<Model>(pages_->clock);
  closed_in_order_ = true;
}

Parent::Ending Parent::choose_ending() {
  if (options_.memory) return Ending::kInOrder;
  static constexpr Ending kOften[] = {
      Ending::kInOrder, Ending::kAtStart,   Ending::kAnyTime,
      Ending::kAnyTime, Ending::kAnyTime,   Ending::kAtStep,
      Ending::kAtStep,  Ending::kAtStep,    Ending::kInSync,
      Ending::kClosing, Ending::kPowerLoss, Ending::kPowerLoss};
  return kOften[below(std::size(kOften))];
}

void Parent::prepare(Ending ending) {
  Round& round = *new (&pages_->round) Round();
  Settings& settings = round.settings;
  settings.seed = static_cast<int64_t>(random_());
  settings.first_day = day_of(model_->now());
  if (below(4) == 0) {
    settings.lease_threads = kThreads;
    settings.leased = kThreads * kLeaseTokens;
  }
  settings.sync_milliseconds = below(3) == 0 ? 1 : 1 + below(100);
  // What it does by itself would be in the way of the operator's.
  if (ending == Ending::kPowerLoss && below(2) == 0) {
    settings.sync_milliseconds = 0;
  }
  // Now and then as far back as usage is kept, less what may just be forgotten.
  settings.days_observed = !options_.memory && below(8) == 0 ? 395 : 100;
  if (options_.memory) settings.days_observed = 90;
  settings.sync_at_start = ending == Ending::kPowerLoss && !closed_in_order_;
  settings.observe_at_end = ending == Ending::kInOrder;

  const std::vector<Operation> operations =
      think_up(*model_, kMaxOperations - 50, random_);
  round.operation_count = static_cast<int>(operations.size());
  std::copy(operations.begin(), operations.end(), round.operations);
  model_->for_each_association([&](int key, int plan, int slot) {
    round.standings[key][plan] = Standing::of(slot, true).bits();
    round.used_before[slot] = model_->counted(key, plan, settings.first_day);
  });
}

absl::Status Parent::play_round() {
  pending_.reset();
  lost_power_ = false;
  if (model_ == nullptr || options_.memory || below(50) == 0) start_store();
  const Ending ending = choose_ending();
  ++endings_[static_cast<int>(ending)];
  prepare(ending);
  if (auto status = let_work(ending); !status.ok()) return status;
  if (auto status = replay(); !status.ok()) return status;
  absl::StatusOr<Observation> before = absl::NotFoundError("nobody looked");
  if (ending == Ending::kInOrder) {
    before = read_observation();
    if (!before.ok() || options_.memory) {
      return before.ok() ? accept(*before) : before.status();
    }
  }
  if (ending != Ending::kPowerLoss && below(5) == 0 && can_be_read()) {
    // One who only looks sees the same, and leaves it so.
    const auto seen = look(/*read_only=*/true, /*die=*/false);
    if (!seen.ok()) return seen.status();
    if (before.ok()) before = seen;
  }
  // What had been counted before the round was synced, or may not have been.
  lost_power_ =
      ending == Ending::kPowerLoss && (closed_in_order_ || pages_->round.ready);
  const bool die = below(2) == 0;
  const auto after = look(/*read_only=*/false, die);
  if (!after.ok()) return after.status();
  closed_in_order_ = !die;
  if (before.ok()) {
    before->set_shared_plans_known(true);
    *before->mutable_shared_plans() = after->shared_plans();
    if (before->SerializeAsString() != after->SerializeAsString()) {
      return absl::DataLossError(
          "what was seen before it was closed is not what is seen after");
    }
  }
  return accept(*after);
}

// -- Children --

absl::StatusOr<Process> Parent::start_child(const char* what) {
  return Process::start(
      {absl::StrCat("--child=", what),
       absl::StrCat("--pages=", options_.folder, "/pages"),
       absl::StrCat("--store=", options_.memory ? "" : store_),
       absl::StrCat("--observation=", options_.folder, "/observation")});
}

absl::Status Parent::failure_of(const Process& child) const {
  const Round& round = pages_->round;
  if (round.failed) return absl::DataLossError(round.failure);
  return absl::DataLossError(absl::StrCat("a child ", child.ending()));
}

absl::Status Parent::wait_for_start(Process& child) {
  const absl::Time begin = absl::Now();
  const bool ready =
      child.wait_until([&] { return pages_->round.ready.load(); }, kPatience);
  if (ready) {
    start_time_ = start_time_ * 0.8 + (absl::Now() - begin) * 0.2;
    return absl::OkStatus();
  }
  if (child.has_ended()) return failure_of(child);
  return absl::DataLossError("a child has not opened its store in a minute");
}

absl::Status Parent::kill_at_step(Process& child, bool sync) {
  Round& round = pages_->round;
  std::map<Deed, std::vector<int>> steps;
  for (int i = 0; i < std::min(round.operation_count, kSoon); ++i) {
    steps[round.operations[i].deed].push_back(i);
  }
  int step = static_cast<int>(below(kSoon));
  if (sync) {
    // The first one of all has more to do than others.
    const std::vector<int>& syncs = steps[Deed::kSync];
    if (syncs.empty()) return absl::OkStatus();
    step = below(2) == 0 ? syncs[0] : syncs[below(std::size(syncs))];
  } else if (below(2) == 0) {
    // What is done seldom is as good a moment as what is done often.
    const auto deed = std::next(steps.begin(), below(std::size(steps)));
    step = deed->second[below(std::size(deed->second))];
  }
  if (!child.wait_until([&] { return round.begun > step; }, kPatience)) {
    if (child.has_ended()) return failure_of(child);
    return absl::DataLossError(absl::StrCat(
        "an operation has not begun in a minute; last: ",
        to_string(round.operations[std::max(round.begun.load() - 1, 0)])));
  }
  sleep_for(absl::Microseconds(below(below(2) == 0 ? 100 : 3000)));
  return absl::OkStatus();
}

absl::Status Parent::let_work(Ending ending) {
  absl::StatusOr<Process> child = start_child("work");
  if (!child.ok()) return child.status();
  Round& round = pages_->round;
  // Power is lost at any of these moments.
  Ending moment = ending;
  if (ending == Ending::kPowerLoss) {
    static constexpr Ending kMoments[] = {Ending::kAtStart, Ending::kAnyTime,
                                          Ending::kInSync};
    moment = kMoments[below(std::size(kMoments))];
  }
  if (moment == Ending::kAtStart) {
    sleep_for(start_time_ * (static_cast<double>(below(1300)) / 1000));
  } else {
    if (auto status = wait_for_start(*child); !status.ok()) return status;
    if (moment == Ending::kAtStep || moment == Ending::kInSync) {
      auto status = kill_at_step(*child, moment == Ending::kInSync);
      if (!status.ok()) return status;
    } else {
      sleep_for(absl::Milliseconds(1 + below(below(2) == 0 ? 50 : 400)));
      if (ending == Ending::kAnyTime && below(3) == 0) {
        // Others may read concurrently; what they see is of no single moment.
        const auto seen = look(/*read_only=*/true, /*die=*/false);
        if (!seen.ok())
          return internal::with_prefix(seen.status(),
                                       "read beside the owner: ");
      }
    }
  }
  if (ending == Ending::kInOrder || ending == Ending::kClosing) {
    round.stop = true;
    if (ending == Ending::kClosing) {
      sleep_for(absl::Microseconds(below(10'000)));
    } else {
      child->wait_until([] { return false; }, kPatience);
      if (child->exit_code() != kClosedInOrder || !child->has_ended()) {
        return failure_of(*child);
      }
    }
  }
  child->kill();
  // It may have found something before it was killed.
  if (round.failed || child->exit_code().value_or(0) != 0) {
    return failure_of(*child);
  }
  return absl::OkStatus();
}

absl::StatusOr<Observation> Parent::look(bool read_only, bool die) {
  Round& round = pages_->round;
  round.settings.read_only = read_only;
  round.settings.die_at_end = die;
  round.settings.power_loss = lost_power_;
  round.settings.lease_threads = 0;
  if (!read_only && !lost_power_ && below(6) == 0) {
    // Another one is killed on the way; one that changes nothing.
    round.settings.find_shared = false;
    const auto first = start_child("check");
    if (!first.ok()) return first.status();
    sleep_for(start_time_ * (static_cast<double>(below(1300)) / 1000));
  }
  round.settings.find_shared = !read_only;
  round.observed = false;
  absl::StatusOr<Process> child = start_child("check");
  if (!child.ok()) return child.status();
  child->wait_until([] { return false; }, kPatience);
  if (!child->has_ended()) {
    return absl::DataLossError("a check has not ended in a minute");
  }
  if (!round.observed || round.failed ||
      child->exit_code().has_value() == die) {
    return failure_of(*child);
  }
  return read_observation();
}

bool Parent::can_be_read() const {
  constexpr uintmax_t kWalHeader = 32;
  std::error_code error;
  return std::filesystem::file_size(store_ + "/weir.sqlite-wal", error) !=
             kWalHeader &&
         !error;
}

absl::StatusOr<Observation> Parent::read_observation() {
  std::ifstream file(options_.folder + "/observation", std::ios::binary);
  Observation observation;
  if (!observation.ParseFromIstream(&file)) {
    return absl::InternalError("a child's observation cannot be read");
  }
  return observation;
}

// -- What must be true --

absl::Status Parent::replay() {
  const Round& round = pages_->round;
  const auto wrong = [&](int i, const absl::Status& status) {
    return internal::with_prefix(
        status, absl::StrCat("operation ", i, ", ",
                             to_string(round.operations[i]), ": "));
  };
  for (int i = 0; i < round.returned; ++i) {
    const Operation& operation = round.operations[i];
    model_->apply(operation);
    if (i >= round.looked) continue;
    const auto status = model_->learn(operation, round.before[i],
                                      round.after[i], round.settings.leased);
    if (!status.ok()) return wrong(i, status);
  }
  if (round.begun > round.returned) {
    pending_ = round.operations[round.returned];
    // Whether the clock was advanced can be seen.
    if (pending_->deed == Deed::kAdvance) {
      if (pages_->clock != model_->now()) model_->apply(*pending_);
      pending_.reset();
    }
  }
  return absl::OkStatus();
}

Tallies Parent::tallies(const Model& model) const {
  const Round& round = pages_->round;
  Tallies tallies;
  model.for_each_association([&](int key, int plan, int slot) {
    Tally& tally = tallies[slot];
    for (int i = 0; i < kDays; ++i) {
      int64_t sum = 0;
      for (const Notes& notes : round.notes) {
        sum += notes.acknowledged[slot][i];
      }
      const Day day = round.settings.first_day + i;
      const int64_t synced = round.synced[round.last_synced][slot][i];
      if (sum != 0) tally.returned[day] = sum;
      if (sum != 0) tally.at_least[day] = lost_power_ ? synced : sum;
      if (lost_power_) tally.lost += sum - synced;
    }
    for (const Notes& notes : round.notes) {
      tally.possible += notes.unsettled[key][plan];
      const InFlight request = InFlight::from(notes.in_flight);
      tally.at_midnight += notes.at_midnight[key][plan];
      if (request.key == key && request.plan == plan) {
        tally.possible += request.cost;
        tally.at_midnight += request.cost;
      }
    }
    // What threads held when they were killed; and, in a call that began before
    // midnight and ended after, may have left counted.
    tally.possible += round.settings.leased *
                      (1 + day_of(model.now()) - round.settings.first_day);
    if (lost_power_) tally.lost += tally.possible;
  });
  return tallies;
}

absl::Status Parent::accept(const Observation& observation) {
  const auto check = [&](Model& model) {
    auto status = model.check_documents(observation);
    if (status.ok()) status = model.check_usage(observation, tallies(model));
    return status;
  };
  Model without = *model_;
  absl::Status status = check(without);
  if (status.ok()) {
    *model_ = std::move(without);
  } else if (pending_.has_value()) {
    const absl::Status first = status;
    model_->apply(*pending_);
    status = check(*model_);
    if (!status.ok()) {
      status = internal::with_prefix(
          status, absl::StrCat("neither without the call in flight, ",
                               to_string(*pending_), ": ", first.message(),
                               "\nnor with it: "));
    }
  }
  if (status.ok()) model_->accept(observation);
  return status;
}

// -- What there is to tell --

void Parent::count() {
  const Round& round = pages_->round;
  pending_calls_ += pending_.has_value();
  calls_ += round.returned;
  for (int i = 0; i < round.returned; ++i) {
    patches_ += round.operations[i].deed == Deed::kPatchPlan;
  }
  for (const Notes& notes : round.notes) {
    admitted_ += notes.admitted;
    refused_ += notes.refused;
  }
}

void Parent::write_history() const {
  const Round& round = pages_->round;
  std::ofstream file(options_.folder + "/history");
  const auto write = [&](const Look& look) {
    if (look.forbidden) {
      file << "forbidden";
    } else {
      file << look.remaining << " of " << look.limit << " remain";
    }
  };
  for (int i = 0; i < round.begun; ++i) {
    file << i << ": " << to_string(round.operations[i]) << "\n    expected "
         << absl::StatusCodeToString(round.operations[i].expected)
         << "; before: ";
    write(round.before[i]);
    file << "; after: ";
    if (i < round.looked) {
      write(round.after[i]);
    } else {
      file << (i < round.returned ? "it returned" : "in flight");
    }
    file << "\n";
  }
}

void Parent::report(const char* prefix) const {
  const auto ended = [&](Ending ending) {
    return endings_[static_cast<int>(ending)];
  };
  const int64_t in_order = ended(Ending::kInOrder);
  std::cout << prefix << rounds_ << " rounds, " << rounds_ - in_order
            << " killed (" << ended(Ending::kAtStart) << " as they opened, "
            << ended(Ending::kAtStep) << " after a call began, "
            << ended(Ending::kInSync) << " in a sync, "
            << ended(Ending::kClosing) << " as they closed, "
            << ended(Ending::kPowerLoss) << " with the power), " << in_order
            << " closed in order; " << stores_ << " stores, " << calls_
            << " calls (" << patches_ << " patches, " << pending_calls_
            << " in flight at the end), " << admitted_ << " admissions, "
            << refused_ << " refusals, "
            << (pages_->clock - kBeginning) / kNanosPerDay << " days\n"
            << std::flush;
}

}  // namespace weir::torture
