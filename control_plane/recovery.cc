// Recovery: makes an enforcer from what a store holds.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/key_record.h"
#include "weir/control_plane/store_changes.h"
#include "weir/control_plane/usage_sync.h"
#include "weir/counts/boot_id.h"
#include "weir/counts/counts_block.h"
#include "weir/counts/counts_file.h"
#include "weir/counts/counts_reader.h"
#include "weir/counts/counts_record.h"
#include "weir/data_plane/clients.h"
#include "weir/plan/validation.h"
#include "weir/quota/counts.h"
#include "weir/quota/packed_words.h"
#include "weir/store/store.h"

namespace weir::internal {
namespace {

using Statistics = EnforcerStatistics;

constexpr char kWayOut[] =
    "; with Options::restore_counts an enforcer begins with the counts of the "
    "last sync";

// Values by the ids of associations. Ids are mostly looked up in ascending
// order, so memory is read in one direction.
template <class T>
class ById {
 public:
  void add(const T& thing) { things_.push_back(thing); }
  void clear() { things_.clear(); }

  // Call before the first find() and after the last add(). False if two values
  // have the same id.
  bool sort() {
    const auto comes_before = [](const T& a, const T& b) {
      return a.association < b.association;
    };
    std::sort(things_.begin(), things_.end(), comes_before);
    next_ = 0;
    return std::adjacent_find(things_.begin(), things_.end(),
                              [&](const T& a, const T& b) {
                                return !comes_before(a, b);
                              }) == things_.end();
  }

  // nullptr if there is none.
  const T* find(int64_t association) const {
    if (next_ == things_.size() || things_[next_].association != association) {
      const auto it = std::lower_bound(
          things_.begin(), things_.end(), association,
          [](const T& thing, int64_t id) { return thing.association < id; });
      next_ = static_cast<size_t>(it - things_.begin());
      if (it == things_.end() || it->association != association) return nullptr;
    }
    return &things_[next_++];
  }

  const std::vector<T>& all() const { return things_; }

 private:
  std::vector<T> things_;
  mutable size_t next_ = 0;
};

using Synced = ById<SyncedCounts>;

// What associations have counted.
class PastCounts {
 public:
  void add(int64_t association, const CountsCopy& counts) {
    entries_.add({association, counts.first_day, counts.words, days_.size(),
                  counts.days.size()});
    days_.insert(days_.end(), counts.days.begin(), counts.days.end());
  }
  // See ById.
  bool sort() { return entries_.sort(); }
  std::optional<CountsCopy> find(int64_t association) const {
    const Entry* entry = entries_.find(association);
    if (entry == nullptr) return std::nullopt;
    return CountsCopy{
        entry->first_day, entry->words,
        absl::MakeConstSpan(days_).subspan(entry->begin, entry->size)};
  }
  void clear() {
    entries_.clear();
    days_.clear();
  }

 private:
  struct Entry {
    int64_t association;
    Day first_day;
    QuotaWords words;
    size_t begin;  // in `days_`
    size_t size;
  };
  ById<Entry> entries_;
  std::vector<DayWord> days_;
};

absl::StatusOr<Synced> read_synced(Store& store, uint64_t generation) {
  Synced synced;
  if (generation == 0) return synced;
  auto status = store.read_counts(generation, [&](std::string_view block) {
    return read_counts_block(
        block, [&](const SyncedCounts& counts) { synced.add(counts); });
  });
  if (!status.ok()) return status;
  if (!synced.sort()) {
    return absl::DataLossError(absl::StrCat(
        store.folder(), ": the counts of the last sync are damaged"));
  }
  return synced;
}

// Takes as past counts those of the last complete sync, with the days before:
// of one association or, if it is 0, of all. Days written by a sync that was
// not completed do not count; they are added to `undone`, as days on which
// nothing was used.
absl::Status take_synced(Store& store, const Synced& synced,
                         int64_t association, PastCounts& past,
                         std::vector<DailyCount>& undone) {
  Day last = 0;
  for (const SyncedCounts& counts : synced.all()) {
    last = std::max(last, counts.today.day());
  }
  absl::flat_hash_map<int64_t, std::vector<DayWord>> days;
  auto status = store.read_days(
      association, std::max(last - DailyLog::kDays + 1, 0), kLastDay,
      [&](const DailyCount& day) {
        const SyncedCounts* counts = synced.find(day.association);
        if (day.used == 0) return;
        if (counts == nullptr || day.day >= counts->today.day()) {
          undone.push_back({day.association, day.day, 0});
        } else {
          days[day.association].emplace_back(day.day, day.used);
        }
      });
  if (!status.ok()) return status;
  for (const SyncedCounts& counts : synced.all()) {
    if (association != 0 && counts.association != association) continue;
    past.add(counts.association, {/*first_day=*/0,
                                  {counts.today, counts.period, PeriodWord()},
                                  days[counts.association]});
  }
  past.sort();
  return absl::OkStatus();
}

absl::StatusOr<v1::StoredCounts> read_state(Store& store) {
  v1::StoredCounts state;
  const auto status = store.load([&](const v1::StoreChange& change) {
    state = change.put_counts();
    return absl::CancelledError("the rest is read later");
  });
  if (absl::IsCancelled(status)) return state;
  return status;
}

// What associations have counted, and what the store has of it.
struct Past {
  v1::StoredCounts state;
  PastCounts counts;
  Synced synced;
  std::vector<DailyCount> undone;
  Statistics::Counts from = Statistics::Counts::kNew;
};

// Reads the counts from the files or, if power was lost or the files are
// damaged, those of the last sync.
absl::StatusOr<Past> read_past(Store& store, bool restore_counts) {
  Past past;
  auto state = read_state(store);
  if (!state.ok()) return state.status();
  past.state = *std::move(state);
  auto synced = read_synced(store, past.state.synced_generation());
  if (!synced.ok()) return synced.status();
  past.synced = *std::move(synced);
  if (are_in_files(past.state)) {
    const auto files =
        read_counts_files(store.folder(), past.state.generation(),
                          [&](int64_t association, const CountsCopy& counts) {
                            past.counts.add(association, counts);
                            return absl::OkStatus();
                          });
    absl::Status status = files.status();
    if (status.ok() && !past.counts.sort()) {
      status = absl::DataLossError(
          absl::StrCat(counts_path(store.folder(), CountsHeader::kRecords,
                                   past.state.generation()),
                       ": two records are of one association"));
    }
    if (status.ok()) {
      past.from = Statistics::Counts::kExact;
      return past;
    }
    if (!restore_counts) {
      return absl::Status(absl::IsUnavailable(status)
                              ? status.code()
                              : absl::StatusCode::kDataLoss,
                          absl::StrCat(status.message(), kWayOut));
    }
    past.counts.clear();
    past.from = Statistics::Counts::kSynced;
  } else if (past.state.synced_generation() != 0) {
    past.from = Statistics::Counts::kSynced;
  }
  WEIR_RETURN_IF_ERROR(take_synced(store, past.synced, /*association=*/0,
                                   past.counts, past.undone));
  return past;
}

}  // namespace

// Fills a new enforcer. REQUIRES: its mutex is held.
class ControlPlane::Recovery {
 public:
  Recovery(ControlPlane& plane, Store& store, bool restore_counts, Past past)
      : plane_(plane),
        store_(store),
        restore_counts_(restore_counts),
        past_(std::move(past)) {}

  absl::Status take(const v1::StoreChange& change) {
    plane_.mutex_.assert_held();
    switch (change.change_case()) {
      case v1::StoreChange::kPutCounts:
        plane_.last_association_id_ = change.put_counts().last_association_id();
        return absl::OkStatus();
      case v1::StoreChange::kPutUsagePlan:
        return take_plan(change.put_usage_plan());
      case v1::StoreChange::kPutApiKey:
        return take_key(change.put_api_key());
      case v1::StoreChange::kPutAssociation:
        return take_association(change.put_association());
      default:
        return absl::InternalError("unexpected change type from Store::load()");
    }
  }

  // Days that are in the store and must not be.
  const std::vector<DailyCount>& undone() const { return past_.undone; }

 private:
  absl::Status take_plan(const v1::StoredPlan& stored) {
    plane_.mutex_.assert_held();
    PlanRecord plan;
    plan.document = stored.plan();
    const std::string what = absl::StrCat("usage plan ", plan.id());
    if (!is_id(plan.id()) || plane_.plans_.find(plan.id()) != nullptr) {
      return absl::DataLossError(absl::StrCat(what, ": its id is damaged"));
    }
    if (auto status =
            to_status(validate_usage_plan(plan.document, plane_.rules_));
        !status.ok()) {
      return absl::FailedPreconditionError(absl::StrCat(
          what, " is not valid under these options: ", status.message()));
    }
    auto terms = terms_of(stored);
    if (!terms.ok()) return terms.status();
    plan.terms = *std::move(terms);
    WEIR_RETURN_IF_ERROR(plane_.add_plan(std::move(plan)));
    return stored.shared()
               ? plane_.share(*plane_.plans_.find(stored.plan().id()))
               : absl::OkStatus();
  }

  absl::Status take_key(const v1::ApiKey& key) {
    plane_.mutex_.assert_held();
    if (!is_id(key.id()) || plane_.keys_.find(key.id()) != nullptr ||
        !check_api_key_value(key.value()).ok() || !check_api_key(key).ok() ||
        plane_.clients_.find(key.value()) != nullptr) {
      return absl::DataLossError(
          absl::StrCat("API key ", key.id(), " is damaged"));
    }
    return plane_.add_key(key.id(), key.value(), key,
                          KeyRecord::dates_of(key)) == nullptr
               ? arena_exhausted()
               : absl::OkStatus();
  }

  absl::Status take_association(const v1::StoredAssociation& stored) {
    plane_.mutex_.assert_held();
    PlanRecord* const plan = plane_.plans_.find(stored.usage_plan_id());
    KeyRecord* const key = plane_.keys_.find(stored.key_id());
    const auto what = [&] {
      return absl::StrCat("API key ", stored.key_id(), " under usage plan ",
                          stored.usage_plan_id());
    };
    if (plan == nullptr || key == nullptr || key->find(*plan) != nullptr ||
        stored.first_day() < 0 || stored.first_day() > kLastDay) {
      return absl::DataLossError(absl::StrCat(what(), " is damaged"));
    }
    auto extensions = extensions_of(stored);
    if (!extensions.ok()) return extensions.status();

    // A record is written before its association is committed. (But with a
    // read-only store, the files may have been read before the one and the
    // store after the other.)
    std::optional<CountsCopy> past = past_.counts.find(stored.id());
    if (!past.has_value() && past_.from == Statistics::Counts::kExact &&
        !store_.is_read_only()) {
      auto status = restore(stored.id(), what());
      if (!status.ok()) return status;
      past = restored_.find(stored.id());
    }
    CountsCopy counts = past.value_or(CountsCopy::at_start(
        stored.first_day(),
        quota_terms(plan->document, plane_.rules_).calendar));
    counts.first_day = stored.first_day();
    // Extensions that were acknowledged hold, however old the counts are.
    if (!extensions->empty()) {
      const QuotaExtension& last = extensions->back().extension;
      counts.words.extension =
          PeriodWord(last.calendar, last.period_start, last.amount);
    }
    const auto subscription =
        plane_.clients_.prepare(key->client(), counts, stored.id());
    if (!subscription.ok()) return subscription.status();
    plane_.associate(*key, *plan, stored.id(), **subscription);
    if (!extensions->empty()) {
      key->find(*plan)->extensions =
          std::make_unique<std::vector<ExtensionChange>>(
              *std::move(extensions));
    }
    const SyncedCounts* const synced = past_.synced.find(stored.id());
    if (plane_.sync_ != nullptr && synced != nullptr) {
      plane_.sync_->resume(plane_.arena_.pair_of(*subscription), *synced);
    }
    return absl::OkStatus();
  }

  // The files are readable, but have no counts of this association: takes those
  // of the last sync, if any.
  absl::Status restore(int64_t association, const std::string& what) {
    plane_.mutex_.assert_held();
    if (!restore_counts_) {
      return absl::DataLossError(
          absl::StrCat(counts_path(store_.folder(), CountsHeader::kRecords,
                                   past_.state.generation()),
                       ": the counts of ", what, " are missing", kWayOut));
    }
    plane_.counts_from_ = Statistics::Counts::kSynced;
    restored_.clear();
    return take_synced(store_, past_.synced, association, restored_,
                       past_.undone);
  }

  ControlPlane& plane_;
  Store& store_;
  const bool restore_counts_;
  Past past_;
  PastCounts restored_;  // of one association
};

absl::StatusOr<Planes> ControlPlane::create(const Options& options) {
  auto arena = Arena::create(options.arena_bytes, options.huge_pages
                                                      ? Arena::Pages::kHuge
                                                      : Arena::Pages::kSmall);
  if (!arena.ok()) return arena.status();
  if (options.store != nullptr) return recover(options, *std::move(arena));
  return make(options, *std::move(arena), /*counts_file=*/nullptr);
}

Planes ControlPlane::make(const Options& options, std::unique_ptr<Arena> arena,
                          std::unique_ptr<CountsFile> counts_file) {
  DataPlane::Settings settings;
  settings.clock = options.clock;
  settings.both_throttles =
      options.method_throttle == MethodThrottle::kAddsToPlan;
  settings.lease_threads = options.lease_threads;
  settings.lease_tokens = options.lease_tokens;
  Planes planes;
  planes.data_plane = std::make_unique<DataPlane>(settings, std::move(arena),
                                                  std::move(counts_file));
  planes.control_plane =
      std::make_unique<ControlPlane>(options, *planes.data_plane);
  return planes;
}

absl::StatusOr<Planes> ControlPlane::recover(const Options& options,
                                             std::unique_ptr<Arena> arena) {
  Store& store = *options.store;
  auto past = read_past(store, options.restore_counts);
  if (!past.ok()) return past.status();

  // The old files are only read, and the store refers to them until the end.
  v1::StoredCounts state = past->state;
  state.set_generation(std::max(state.generation(), state.synced_generation()) +
                       1);
  state.set_boot_id(to_string(current_boot_id()));
  state.set_closed(false);
  std::unique_ptr<CountsFile> file;
  if (!store.is_read_only()) {
    auto created = CountsFile::create(store.folder(), state.generation(),
                                      arena->reserved() / Arena::kPairBytes);
    if (!created.ok()) return created.status();
    file = *std::move(created);
  }
  Planes planes = make(options, std::move(arena), std::move(file));
  ControlPlane* const control = planes.control_plane.get();
  control->counts_from_ = past->from;
  if (control->counts_file_ != nullptr) {
    control->sync_ = std::make_unique<UsageSync>(
        options.store, *control->counts_file_, control->clock_, control->mutex_,
        state, control->days_kept_, options.log);
  }
  {
    MutexLock lock(control->mutex_);
    Recovery recovery(*control, store, options.restore_counts,
                      *std::move(past));
    auto status = store.load([&](const v1::StoreChange& change) {
      control->mutex_.assert_held();
      return recovery.take(change);
    });
    if (!status.ok()) return status;
    // Set only now, so that what was loaded is not stored again.
    control->store_ = options.store;
    if (control->sync_ == nullptr) return planes;

    if (!recovery.undone().empty()) {
      status = store.write_usage(recovery.undone(), {});
      if (!status.ok()) return status;
    }
    status = control->commit([&] {
      v1::StoreChange change;
      *change.mutable_put_counts() = state;
      return change;
    });
    if (!status.ok()) return status;
    status = CountsFile::remove_others(store.folder(), state.generation());
    if (!status.ok()) return status;
    control->collect();
  }
  if (options.log != nullptr &&
      control->counts_from_ == Statistics::Counts::kSynced) {
    options.log(
        absl::LogSeverity::kWarning,
        absl::StrCat("counts begin with those of the sync at ",
                     absl::FormatTime(
                         absl::RFC3339_sec,
                         absl::FromUnixNanos(control->sync_->synced_unix_ns()),
                         absl::UTCTimeZone())));
  }
  if (options.sync_interval > absl::ZeroDuration()) {
    control->sync_->start(options.sync_interval);
  }
  return planes;
}

}  // namespace weir::internal
