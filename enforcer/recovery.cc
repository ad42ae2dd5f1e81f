// What a store holds, taken over when an enforcer is made.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "enforcer/clients.h"
#include "enforcer/enforcer.h"
#include "enforcer/enforcer_impl.h"
#include "enforcer/key_record.h"
#include "enforcer/stored.h"
#include "enforcer/usage_sync.h"
#include "json/text.h"
#include "plan/validation.h"
#include "quota/counts.h"
#include "quota/words.h"
#include "store/counts_block.h"
#include "store/counts_file.h"
#include "store/counts_reader.h"
#include "store/store.h"

namespace weir {
namespace {

using Statistics = Enforcer::Statistics;

// What associations had counted, by id.
class PastCounts {
 public:
  absl::Status add(int64_t association, const CountsCopy& counts) {
    const auto [it, is_new] = entries_.try_emplace(
        association, Entry{counts.first_day, counts.words, days_.size(),
                           counts.days.size()});
    if (!is_new) {
      return absl::DataLossError(
          absl::StrCat("counts of association ", association, " twice"));
    }
    days_.insert(days_.end(), counts.days.begin(), counts.days.end());
    return absl::OkStatus();
  }

  bool has(int64_t association) const { return entries_.contains(association); }
  // REQUIRES: it has them.
  CountsCopy of(int64_t association) const {
    const Entry& entry = entries_.at(association);
    return {entry.first_day, entry.words,
            absl::MakeConstSpan(days_).subspan(entry.begin, entry.size)};
  }
  void clear() {
    entries_.clear();
    days_.clear();
  }

 private:
  struct Entry {
    Day first_day;
    QuotaWords words;
    size_t begin;  // in `days_`
    size_t size;
  };
  absl::flat_hash_map<int64_t, Entry> entries_;
  std::vector<DayWord> days_;
};

using Synced = absl::flat_hash_map<int64_t, SyncedCounts>;

absl::StatusOr<Synced> read_synced(Store& store, uint64_t generation) {
  Synced synced;
  if (generation == 0) return synced;
  auto status = store.read_counts(generation, [&](std::string_view block) {
    return read_counts_block(block, [&](const SyncedCounts& counts) {
      synced[counts.association] = counts;
    });
  });
  if (!status.ok()) return status;
  return synced;
}

// Takes for past counts what was last synced, with the days before.
absl::Status take_synced(Store& store, const Synced& synced, PastCounts& past) {
  Day last = 0;
  for (const auto& [association, counts] : synced) {
    last = std::max(last, counts.today.day());
  }
  absl::flat_hash_map<int64_t, std::vector<DayWord>> days;
  auto status =
      store.read_days(0, std::max(last - DailyLog::kDays + 1, 0), last,
                      [&](const DailyCount& day) {
                        const auto it = synced.find(day.association);
                        if (it != synced.end() &&
                            day.day < it->second.today.day() && day.used > 0) {
                          days[day.association].emplace_back(day.day, day.used);
                        }
                      });
  if (!status.ok()) return status;
  for (const auto& [association, counts] : synced) {
    status = past.add(association, {/*first_day=*/0,
                                    {counts.today, counts.period, PeriodWord()},
                                    days[association]});
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// What the store says its counts are, read from the files or, where these
// cannot be what they were, as last synced.
struct Past {
  PastCounts counts;
  Synced synced;
  Statistics::Counts from = Statistics::Counts::kNew;
  // Associations up to this id have counts, if they come from the files.
  int64_t last_association = 0;
};

absl::StatusOr<Past> read_past(Store& store, const v1::StoredCounts& state,
                               bool restore_counts) {
  Past past;
  auto synced = read_synced(store, state.synced_generation());
  if (!synced.ok()) return synced.status();
  past.synced = *std::move(synced);
  if (state.generation() != 0 &&
      (state.closed() || state.boot_id() == boot_id())) {
    const auto files =
        read_counts_files(store.folder(), state.generation(),
                          [&](int64_t association, const CountsCopy& counts) {
                            return past.counts.add(association, counts);
                          });
    if (files.ok()) {
      past.from = Statistics::Counts::kExact;
      past.last_association = files->last_association;
      return past;
    }
    if (store.is_read_only() && absl::IsNotFound(files.status())) {
      return files.status();
    }
    if (!restore_counts) {
      return absl::DataLossError(absl::StrCat(
          files.status().message(),
          "; Options::restore_counts starts from the counts of the last sync, "
          "at ",
          absl::FormatTime(absl::FromUnixNanos(state.synced_unix_ns()),
                           absl::UTCTimeZone())));
    }
    past.counts.clear();
  }
  if (state.synced_generation() == 0 && state.generation() == 0) return past;
  past.from = Statistics::Counts::kSynced;
  auto status = take_synced(store, past.synced, past.counts);
  if (!status.ok()) return status;
  return past;
}

absl::Status damaged(absl::string_view what, const absl::Status& status) {
  return absl::DataLossError(absl::StrCat(what, ": ", status.message()));
}

}  // namespace

absl::Status Enforcer::Impl::recover(const Options& options) {
  Store& from = *options.store;
  MutexLock lock(mutex);
  v1::StoredCounts state;
  Past past;

  const auto begin = [&](const v1::StoredCounts& stored) -> absl::Status {
    mutex.assert_held();
    state = stored;
    last_association_id = state.last_association_id();
    auto read = read_past(from, state, options.restore_counts);
    if (!read.ok()) return read.status();
    past = *std::move(read);
    counts_from = past.from;
    if (from.is_read_only()) return absl::OkStatus();
    state.set_generation(
        std::max(state.generation(), state.synced_generation()) + 1);
    state.set_boot_id(boot_id());
    state.set_closed(false);
    auto file = CountsFile::create(from.folder(), state.generation(),
                                   arena->reserved() / Arena::kPairBytes);
    if (!file.ok()) return file.status();
    counts = *std::move(file);
    clients.use(*counts);
    sync = std::make_unique<UsageSync>(options.store, *counts, clock, mutex,
                                       state, days_kept);
    return absl::OkStatus();
  };
  const auto take_plan = [&](const v1::StoredPlan& stored) -> absl::Status {
    mutex.assert_held();
    const std::string what = absl::StrCat("usage plan ", stored.plan().id());
    if (auto status = to_status(validate_usage_plan(stored.plan(), rules));
        !status.ok()) {
      return with_prefix(absl::FailedPreconditionError(status.message()),
                         absl::StrCat(what, " is none under these options: "));
    }
    auto terms = terms_of(stored);
    if (!terms.ok()) return terms.status();
    PlanRecord record;
    record.document = stored.plan();
    record.terms = *std::move(terms);
    if (!is_id(record.id()) || plans.find(record.id()) != nullptr) {
      return absl::DataLossError(absl::StrCat(what, ": its id"));
    }
    if (auto status = add_plan(std::move(record)); !status.ok()) return status;
    return stored.shared() ? share(*plans.find(stored.plan().id()))
                           : absl::OkStatus();
  };
  const auto take_key = [&](const v1::ApiKey& key) -> absl::Status {
    mutex.assert_held();
    auto status = check_api_key_value(key.value());
    if (status.ok()) status = check_api_key(key);
    if (!status.ok())
      return damaged(absl::StrCat("API key ", key.id()), status);
    if (!is_id(key.id()) || keys.find(key.id()) != nullptr ||
        clients.find(key.value()) != nullptr) {
      return absl::DataLossError(
          absl::StrCat("API key ", key.id(), ": its id or its value"));
    }
    return add_key(key.id(), key.value(), key, KeyRecord::dates_of(key)) ==
                   nullptr
               ? arena_exhausted()
               : absl::OkStatus();
  };
  const auto take_association =
      [&](const v1::StoredAssociation& stored) -> absl::Status {
    mutex.assert_held();
    PlanRecord* plan = plans.find(stored.usage_plan_id());
    KeyRecord* key = keys.find(stored.key_id());
    if (plan == nullptr || key == nullptr || key->find(*plan) != nullptr ||
        stored.first_day() < 0 || stored.first_day() > kLastDay) {
      return absl::DataLossError(absl::StrCat(
          "association ", stored.id(), " of API key ", stored.key_id(),
          " and usage plan ", stored.usage_plan_id(), " is damaged"));
    }
    auto extensions = extensions_of(stored);
    if (!extensions.ok()) return extensions.status();
    CountsCopy copy = CountsCopy::at_start(
        stored.first_day(), quota_terms(plan->document, rules).calendar);
    if (past.counts.has(stored.id())) {
      copy = past.counts.of(stored.id());
      copy.first_day = stored.first_day();
    } else if (stored.id() <= past.last_association && !from.is_read_only()) {
      return absl::DataLossError(absl::StrCat(
          "the counts of API key ", stored.key_id(), " under usage plan ",
          stored.usage_plan_id(), " are missing from ", from.folder(),
          "/counts-", state.generation() - 1,
          "; Options::restore_counts starts from those of the last sync"));
    }
    // What was stored held, even if it was not yet counted by.
    if (!extensions->empty()) {
      const QuotaExtension& last = extensions->back().extension;
      copy.words.extension =
          PeriodWord(last.calendar, last.period_start, last.amount);
    }
    if (auto status = associate(*key, *plan, stored.id(), copy); !status.ok()) {
      return status;
    }
    Association& association = *key->find(*plan);
    if (!extensions->empty()) {
      association.extensions = std::make_unique<std::vector<ExtensionChange>>(
          *std::move(extensions));
    }
    if (sync != nullptr) {
      if (const auto it = past.synced.find(stored.id());
          it != past.synced.end()) {
        sync->resume(arena->pair_of(association.subscription), it->second);
      }
    }
    return absl::OkStatus();
  };

  auto status = from.load([&](const v1::StoreChange& change) {
    switch (change.change_case()) {
      case v1::StoreChange::kPutCounts:
        return begin(change.put_counts());
      case v1::StoreChange::kPutUsagePlan:
        return take_plan(change.put_usage_plan());
      case v1::StoreChange::kPutApiKey:
        return take_key(change.put_api_key());
      case v1::StoreChange::kPutAssociation:
        return take_association(change.put_association());
      default:
        return absl::InternalError("a store gave what it does not hold");
    }
  });
  if (!status.ok()) return status;
  store = options.store;
  if (counts == nullptr) return absl::OkStatus();

  // Until here the store's counts are in the files of before; from here on, in
  // the new ones.
  v1::StoreChange change;
  *change.mutable_put_counts() = state;
  if (status = store->commit({change}); !status.ok()) return status;
  if (status = CountsFile::remove_others(store->folder(), state.generation());
      !status.ok()) {
    return status;
  }
  collect();
  if (options.sync_interval > absl::ZeroDuration()) {
    sync->start(options.sync_interval);
  }
  return absl::OkStatus();
}

// -- Writing to it --

absl::Status Enforcer::Impl::commit_all(std::vector<v1::StoreChange> changes) {
  changes.insert(changes.begin(), taken_back.begin(), taken_back.end());
  auto status = store->commit(changes);
  if (status.ok()) taken_back.clear();
  return status;
}

void Enforcer::Impl::take_back(std::vector<v1::StoreChange> changes) {
  if (store == nullptr) return;
  taken_back.insert(taken_back.end(), changes.begin(), changes.end());
  (void)commit_all({});
}

void Enforcer::Impl::collect() {
  arena->collect();
  if (counts != nullptr) {
    // Without room on the disk days may be lost, which statistics show.
    (void)counts->collect(association_count);
  }
}

absl::Status Enforcer::sync() {
  return impl_->sync == nullptr ? absl::OkStatus() : impl_->sync->sync();
}

}  // namespace weir
