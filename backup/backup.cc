#include "weir/backup/backup.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/types/span.h"
#include "weir/backup/backup_line.h"
#include "weir/backup/current_counts.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/counts/counts_block.h"
#include "weir/json/json_reader.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/backup.pb.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/quota/packed_words.h"

namespace weir {
namespace {

constexpr int kVersion = 1;
constexpr int64_t kLinesToProgress = 1024;

// -- Export --

// The number of associations whose days are in memory at a time. The store's
// days are all read once for each such group.
constexpr size_t kAssociationsAtOnce = size_t{1} << 18;
// Attempts to load, because a process that starts creates new files of counts
// and removes those that the store referred to.
constexpr int kAttempts = 5;

class Exporter {
 public:
  Exporter(Store& store, std::ostream& out, BackupProgress progress)
      : store_(store), out_(out), progress_(progress) {}

  absl::Status run() {
    absl::Status status;
    for (int i = 0; i < kAttempts; ++i) {
      status = store_.load(
          [&](const v1::StoreChange& change) { return take(change); });
      if (!absl::IsNotFound(status) || lines_ > 0) break;
    }
    for (size_t i = 0; status.ok() && i < associations_.size();
         i += kAssociationsAtOnce) {
      status = write_usage(
          absl::MakeConstSpan(associations_).subspan(i, kAssociationsAtOnce));
    }
    if (status.ok() && !missing_.empty()) status = check_missing();
    if (absl::IsNotFound(status)) return absl::DataLossError(status.message());
    if (!status.ok()) return status;
    v1::BackupLine end;
    end.mutable_end()->set_lines(lines_);
    return write(end, "the end");
  }

 private:
  absl::Status take(const v1::StoreChange& change) {
    v1::BackupLine line;
    switch (change.change_case()) {
      case v1::StoreChange::kPutCounts: {
        auto present = PresentCounts::read(store_, change.put_counts());
        if (!present.ok()) return present.status();
        present_ = *std::move(present);
        line.mutable_weir_export()->set_version(kVersion);
        line.mutable_weir_export()->set_last_association_id(
            change.put_counts().last_association_id());
        return write(line, "the header");
      }
      case v1::StoreChange::kPutUsagePlan:
        *line.mutable_usage_plan() = change.put_usage_plan();
        return write(
            line, absl::StrCat("usage plan ", line.usage_plan().plan().id()));
      case v1::StoreChange::kPutApiKey:
        *line.mutable_api_key() = change.put_api_key();
        return write(line, absl::StrCat("API key ", line.api_key().id()));
      case v1::StoreChange::kPutAssociation:
        *line.mutable_association() = change.put_association();
        associations_.push_back(line.association().id());
        return write(line,
                     absl::StrCat("association ", line.association().id()));
      default:
        return absl::InternalError("a store gave what it does not hold");
    }
  }

  absl::Status write_usage(absl::Span<const int64_t> associations) {
    absl::flat_hash_map<int64_t, AssociationCounts> usage;
    for (const int64_t association : associations) {
      if (const auto entry = present_.find(association)) {
        usage[association] = {entry->today,
                              entry->period,
                              {entry->days.begin(), entry->days.end()}};
      } else if (present_.are_complete()) {
        missing_.insert(association);
      }
    }
    // Read after the counts: a day that had ended then is in the store by now,
    // or among the days of the counts.
    absl::Status status =
        store_.read_days(0, 0, kLastDay, [&](const DailyCount& day) {
          const auto it = usage.find(day.association);
          if (it == usage.end() || day.used == 0) return;
          it->second.days.emplace_back(day.day, day.used);
        });
    for (auto it = associations.begin();
         status.ok() && it != associations.end(); ++it) {
      const auto found = usage.find(*it);
      if (found == usage.end()) continue;
      AssociationCounts& counts = found->second;
      keep_ended_days(counts);
      v1::BackupLine line;
      *line.mutable_usage() = backup_usage(*it, counts);
      status = write(line, absl::StrCat("association ", *it));
    }
    return status;
  }

  // Sorts the days, and removes duplicates and the day still being counted.
  static void keep_ended_days(AssociationCounts& counts) {
    std::vector<DayWord>& days = counts.days;
    days.erase(std::remove_if(days.begin(), days.end(),
                              [&](DayWord day) {
                                return day.day() >= counts.today.day();
                              }),
               days.end());
    std::sort(days.begin(), days.end(), [](DayWord a, DayWord b) {
      return a.day() != b.day() ? a.day() < b.day() : a.count() > b.count();
    });
    days.erase(
        std::unique(days.begin(), days.end(),
                    [](DayWord a, DayWord b) { return a.day() == b.day(); }),
        days.end());
  }

  // An association without counts may have ended since it was loaded. It is an
  // error only if the store still has it.
  absl::Status check_missing() {
    return store_.load([&](const v1::StoreChange& change) {
      const v1::StoredAssociation& association = change.put_association();
      if (!missing_.contains(association.id())) return absl::OkStatus();
      return absl::DataLossError(absl::StrCat(
          store_.folder(), ": the counts of API key ", association.key_id(),
          " under usage plan ", association.usage_plan_id(), " are missing"));
    });
  }

  absl::Status write(const v1::BackupLine& line, std::string_view what) {
    const auto json = backup_line_to_json(line);
    if (!json.ok()) {
      return internal::with_prefix(json.status(),
                                   absl::StrCat(internal::to_absl(what), ": "));
    }
    out_ << *json << '\n';
    if (++lines_ % kLinesToProgress == 0) progress_(lines_);
    return absl::OkStatus();
  }

  Store& store_;
  std::ostream& out_;
  const BackupProgress progress_;
  PresentCounts present_;
  std::vector<int64_t> associations_;
  absl::flat_hash_set<int64_t> missing_;
  int64_t lines_ = 0;
};

// -- Import --

// The limits of one transaction.
constexpr size_t kMaxChanges = 2'000;
constexpr size_t kMaxDays = 20'000;
constexpr size_t kMaxBlocks = 64;
// The size of a block of a sync.
constexpr size_t kBlockBytes = 512 * internal::SyncedCounts::kBytes;
constexpr uint64_t kGeneration = 1;

// Buffers what is to be written, and writes it when it is enough.
class Writer {
 public:
  explicit Writer(Store& store) : store_(store) {}

  absl::Status put(v1::StoreChange change) {
    changes_.push_back(std::move(change));
    return changes_.size() < kMaxChanges ? absl::OkStatus() : flush_changes();
  }

  absl::Status put(int64_t association, const AssociationCounts& counts) {
    for (const DayWord day : counts.days) {
      days_.push_back({association, day.day(), day.count()});
    }
    internal::append_counts({association, counts.today, counts.period}, block_);
    if (block_.size() >= kBlockBytes) end_block();
    return days_.size() < kMaxDays && blocks_.size() < kMaxBlocks
               ? absl::OkStatus()
               : flush_usage();
  }

  // Writes the rest. From then on the store refers to its counts.
  absl::Status finish(int64_t last_association_id) {
    if (!block_.empty()) end_block();
    WEIR_RETURN_IF_ERROR(flush_usage());
    v1::StoreChange change;
    v1::StoredCounts& counts = *change.mutable_put_counts();
    counts.set_synced_generation(kGeneration);
    counts.set_synced_unix_ns(absl::GetCurrentTimeNanos());
    counts.set_last_association_id(last_association_id);
    changes_.push_back(std::move(change));
    return flush_changes();
  }

 private:
  void end_block() {
    blocks_.push_back({kGeneration, next_block_++, std::move(block_)});
    block_.clear();
  }
  absl::Status flush_changes() {
    const absl::Status status = store_.commit(changes_);
    changes_.clear();
    return status;
  }
  absl::Status flush_usage() {
    const absl::Status status = store_.write_usage(days_, blocks_);
    days_.clear();
    blocks_.clear();
    return status;
  }

  Store& store_;
  std::vector<v1::StoreChange> changes_;
  std::vector<DailyCount> days_;
  std::vector<CountsBlock> blocks_;
  std::string block_;
  uint32_t next_block_ = 0;
};

absl::Status invalid(std::string_view what) {
  return absl::InvalidArgumentError(internal::to_absl(what));
}

class Importer {
 public:
  Importer(const PlanRules& rules, Store& store)
      : rules_(rules), store_(store), writer_(store) {}

  absl::Status check_unused() {
    return store_.load([&](const v1::StoreChange& change) {
      v1::StoreChange unused;
      unused.mutable_put_counts();
      if (change.SerializeAsString() == unused.SerializeAsString()) {
        return absl::OkStatus();
      }
      return absl::FailedPreconditionError(absl::StrCat(
          store_.folder(),
          ": holds something already: an export is read into a new store"));
    });
  }

  // Imports the next line.
  absl::Status take(const v1::BackupLine& line) {
    ++lines_;
    if ((lines_ == 1) != line.has_weir_export()) {
      return invalid(
          "expected \"weirExport\" in the first line, and only there");
    }
    if (ended_) return invalid("expected nothing behind \"end\"");
    switch (line.line_case()) {
      case v1::BackupLine::kWeirExport:
        return take(line.weir_export());
      case v1::BackupLine::kUsagePlan:
        return take(line.usage_plan());
      case v1::BackupLine::kApiKey:
        return take(line.api_key());
      case v1::BackupLine::kAssociation:
        return take(line.association());
      case v1::BackupLine::kUsage:
        return take(line.usage());
      default:
        return take(line.end());
    }
  }

  absl::Status finish() {
    if (!ended_) return invalid("the text ends early: there is no \"end\"");
    return writer_.finish(last_association_id_);
  }

 private:
  absl::Status take(const v1::BackupHeader& header) {
    if (header.version() != kVersion) {
      return invalid(absl::StrCat("expected version ", kVersion, ", got ",
                                  header.version()));
    }
    last_association_id_ = header.last_association_id();
    return absl::OkStatus();
  }

  absl::Status take(const v1::StoredPlan& plan) {
    const auto status = to_status(validate_usage_plan(plan.plan(), rules_));
    if (!status.ok()) return internal::with_prefix(status, "/usagePlan/plan: ");
    if (plan.plan().id().empty() || !plans_.insert(plan.plan().id()).second) {
      return invalid("/usagePlan/plan/id: expected an id of its own");
    }
    v1::StoreChange change;
    *change.mutable_put_usage_plan() = plan;
    return writer_.put(std::move(change));
  }

  absl::Status take(const v1::ApiKey& key) {
    if (key.id().empty() || !keys_.insert(key.id()).second) {
      return invalid("/apiKey/id: expected an id of its own");
    }
    if (key.value().empty() || !values_.insert(key.value()).second) {
      return invalid("/apiKey/value: expected a value of its own");
    }
    v1::StoreChange change;
    *change.mutable_put_api_key() = key;
    return writer_.put(std::move(change));
  }

  absl::Status take(const v1::StoredAssociation& association) {
    if (association.id() <= association_ ||
        association.id() > last_association_id_) {
      return invalid(absl::StrCat(
          "/association/id: expected more than the one before, ", association_,
          ", and no more than lastAssociationId, ", last_association_id_));
    }
    association_ = association.id();
    if (!plans_.contains(association.usage_plan_id())) {
      return invalid("/association/usagePlanId: there is no such plan");
    }
    if (!keys_.contains(association.key_id())) {
      return invalid("/association/keyId: there is no such key");
    }
    // Ids of plans and keys hold no '/'.
    if (!pairs_
             .insert(absl::StrCat(association.usage_plan_id(), "/",
                                  association.key_id()))
             .second) {
      return invalid("/association: expected one of this plan and key");
    }
    unused_.insert(association_);
    v1::StoreChange change;
    *change.mutable_put_association() = association;
    return writer_.put(std::move(change));
  }

  absl::Status take(const v1::BackupUsage& usage) {
    if (unused_.erase(usage.association()) == 0) {
      return invalid(
          "/usage/association: expected the id of an association before, once");
    }
    const auto counts = counts_of(usage);
    if (!counts.ok()) return counts.status();
    return writer_.put(usage.association(), *counts);
  }

  absl::Status take(const v1::BackupEnd& end) {
    ended_ = true;
    if (end.lines() == lines_ - 1) return absl::OkStatus();
    return invalid(absl::StrCat("/end/lines: expected ", end.lines(),
                                " lines before this one, found ", lines_ - 1));
  }

  const PlanRules rules_;
  Store& store_;
  Writer writer_;
  int64_t lines_ = 0;
  bool ended_ = false;
  int64_t last_association_id_ = 0;
  int64_t association_ = 0;  // The id of the latest association.
  absl::flat_hash_set<std::string> plans_;
  absl::flat_hash_set<std::string> keys_;
  absl::flat_hash_set<std::string> values_;
  absl::flat_hash_set<std::string> pairs_;  // "plan/key"
  absl::flat_hash_set<int64_t> unused_;     // Associations without usage yet.
};

// "line 17: message", or "line 17, column 3: message" for an error of
// parse_json().
absl::Status at_line(int64_t number, const absl::Status& status) {
  absl::string_view message = status.message();
  const bool has_column = absl::ConsumePrefix(&message, "line 1, ");
  return absl::Status(
      status.code(),
      absl::StrCat("line ", number, has_column ? ", " : ": ", message));
}

}  // namespace

absl::Status export_store(Store& store, std::ostream& out,
                          BackupProgress progress) {
  return Exporter(store, out, progress).run();
}

absl::Status import_lines(
    absl::FunctionRef<absl::StatusOr<bool>(v1::BackupLine*)> next,
    const PlanRules& rules, Store& store) {
  Importer importer(rules, store);
  WEIR_RETURN_IF_ERROR(importer.check_unused());
  for (;;) {
    v1::BackupLine line;
    const auto is_there = next(&line);
    if (!is_there.ok()) return is_there.status();
    if (!*is_there) return importer.finish();
    WEIR_RETURN_IF_ERROR(importer.take(line));
  }
}

absl::StatusOr<int64_t> import_store(std::istream& in, const PlanRules& rules,
                                     Store& store, BackupProgress progress) {
  constexpr size_t kBufferBytes = kMaxJsonBytes + 2;
  const std::unique_ptr<char[]> buffer(new char[kBufferBytes]);
  int64_t number = 0;
  const auto next = [&](v1::BackupLine* line) -> absl::StatusOr<bool> {
    if (number > 0 && number % kLinesToProgress == 0) progress(number);
    if (in.peek() == std::istream::traits_type::eof()) {
      if (in.bad()) return absl::UnavailableError("cannot be read");
      return false;
    }
    ++number;
    in.getline(buffer.get(), kBufferBytes);
    if (in.bad()) return absl::UnavailableError("cannot be read");
    if (in.fail()) {
      in.clear();  // Not a read error.
      return invalid(absl::StrCat("is longer than ", kMaxJsonBytes, " bytes"));
    }
    // gcount() includes the "\n", unless the line ended with the stream.
    const auto size = static_cast<size_t>(in.gcount()) - (in.eof() ? 0 : 1);
    auto read = backup_line_from_json(std::string_view(buffer.get(), size));
    if (!read.ok()) return read.status();
    *line = *std::move(read);
    return true;
  };
  const absl::Status status = import_lines(next, rules, store);
  if (absl::IsInvalidArgument(status)) {
    return at_line(std::max<int64_t>(number, 1), status);
  }
  if (!status.ok()) return status;
  return number;
}

}  // namespace weir
