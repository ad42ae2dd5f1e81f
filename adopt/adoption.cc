#include "weir/adopt/adoption.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "weir/backup/backup.h"
#include "weir/backup/backup_line.h"
#include "weir/base/random_id.h"
#include "weir/base/text.h"
#include "weir/enforcer/enforcer.h"
#include "weir/plan/plan_compiler.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/packed_words.h"
#include "weir/quota/quota_terms.h"

namespace weir {
namespace {

constexpr std::size_t kMaxProblems = 100;
// The default and the maximum page size of GetUsage.
constexpr std::size_t kPageSizes[] = {25, 500};

// Whether `name` contains `id` as one or more whole words: "-" and "_" may be
// in ids, and also separate them.
bool names(std::string_view name, std::string_view id) {
  const auto is_letter = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
  };
  for (std::size_t at = name.find(id); at != name.npos;
       at = name.find(id, at + 1)) {
    const std::size_t end = at + id.size();
    if ((at == 0 || !is_letter(name[at - 1])) &&
        (end == name.size() || !is_letter(name[end]))) {
      return true;
    }
  }
  return false;
}

// Walks the days of a key under a plan, and tracks what its period had used and
// what remained.
class PeriodWalk {
 public:
  PeriodWalk(const QuotaTerms& terms, Day first_day)
      : terms_(terms), first_day_(first_day) {}

  // Takes the next day. Returns the extension that begins on it, if `usage`
  // does not follow from the plan without one.
  std::optional<QuotaExtension> next(Day day, const AwsDump::DayUsage& usage) {
    const Day start = terms_.calendar.period_start(day);
    if (start != start_) {
      start_ = start;
      used_ = extension_ = 0;
    }
    used_ += usage.used;
    const int64_t cap = planned_cap(terms_, first_day_, day);
    const int64_t remaining =
        std::max<int64_t>(extended_cap(cap, extension_) - used_, 0);
    if (usage.remaining < 0 || usage.remaining == remaining) {
      return std::nullopt;
    }
    extension_ = usage.remaining + used_ - cap;
    return QuotaExtension{terms_.calendar, start, extension_};
  }

  Day start() const { return start_; }
  int64_t used() const { return used_; }

 private:
  const QuotaTerms terms_;
  const Day first_day_;
  Day start_ = -1;
  int64_t used_ = 0;
  int64_t extension_ = 0;
};

template <class T>
void reverse(std::vector<T>& list) {
  std::reverse(list.begin(), list.end());
}

}  // namespace

void Adoption::fail(const AwsDump::Origin& origin, std::string message) {
  if (problems_.size() < kMaxProblems) {
    problems_.push_back({origin.file, origin.line, std::move(message)});
  }
}

void Adoption::note(const std::string& what, std::string_view of) {
  report_.notes[what].push_back(std::string(of));
}

std::vector<DumpProblem> Adoption::take(AwsDump dump) {
  problems_ = std::move(dump.problems);
  report_.notes = std::move(dump.notes);
  plans_ = std::move(dump.plans);
  keys_ = std::move(dump.keys);
  // Lists are newest first; a store keeps the order of creation.
  reverse(plans_);
  reverse(keys_);
  if (plans_.empty()) fail({}, "contains no usage plans: get-usage-plans");
  check_plans();
  const bool plans_are_valid = problems_.empty();
  index();
  take_plan_keys(dump.plan_keys);
  // An invalid quota has no periods.
  if (plans_are_valid) take_usage(dump.usage);
  if (problems_.empty()) check_in_an_enforcer();
  if (problems_.empty()) make_notes();
  return problems_;
}

void Adoption::check_plans() {
  for (const AwsDump::Plan& plan : plans_) {
    for (const PlanProblem& problem : validate_usage_plan(plan.plan, rules_)) {
      fail(plan.origin,
           absl::StrCat("plan ", internal::excerpt(plan.plan.id()), ": ",
                        problem.path, ": ", problem.message));
    }
  }
}

// Indexes ids and values, and checks that each is unique.
void Adoption::index() {
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    const std::string& id = plans_[i].plan.id();
    if (!internal::is_id(id)) {
      fail(plans_[i].origin,
           absl::StrCat("plan ", internal::excerpt(plans_[i].plan.name()),
                        ": expected an id of 1 to 64 letters, digits, '_' and "
                        "'-', got ",
                        internal::excerpt(id)));
    } else if (!plan_places_.emplace(id, i).second) {
      fail(plans_[i].origin, absl::StrCat("plan ", id, " is there twice"));
    }
  }
  absl::flat_hash_map<std::string, std::size_t> values;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const v1::ApiKey& key = keys_[i].key;
    if (!internal::is_id(key.id())) {
      fail(keys_[i].origin, absl::StrCat("key ", internal::excerpt(key.name()),
                                         ": expected an id of 1 to 64 letters, "
                                         "digits, '_' and '-', got ",
                                         internal::excerpt(key.id())));
    } else if (!key_places_.emplace(key.id(), i).second) {
      fail(keys_[i].origin, absl::StrCat("key ", key.id(), " is there twice"));
    } else if (key.value().empty()) {
      fail(keys_[i].origin,
           absl::StrCat("key ", key.id(),
                        " has no value: get-api-keys needs --include-values"));
    } else if (const auto [it, is_new] = values.emplace(key.value(), i);
               !is_new) {
      fail(keys_[i].origin, absl::StrCat("key ", key.id(), " has the value of ",
                                         keys_[it->second].key.id()));
    }
  }
}

// The plan whose keys a file lists: the longest id in the file's name, or the
// only plan. Null if there is none.
const std::string* Adoption::plan_named_by(const AwsDump::Origin& origin) {
  const std::string* best = nullptr;
  for (const auto& [id, place] : plan_places_) {
    if (names(origin.file, id) &&
        (best == nullptr || id.size() > best->size())) {
      best = &id;
    }
  }
  if (best == nullptr && plan_places_.size() == 1) {
    best = &plan_places_.begin()->first;
  }
  return best;
}

void Adoption::take_plan_keys(const std::vector<AwsDump::PlanKeys>& pages) {
  struct Pages {
    int count = 0, followed = 0;
    std::vector<std::size_t> keys;  // in the order listed
  };
  std::map<std::size_t, Pages> by_plan;
  for (const AwsDump::PlanKeys& page : pages) {
    const std::string* const plan_id = plan_named_by(page.origin);
    if (plan_id == nullptr) {
      // An empty list may belong to any plan.
      if (page.key_ids.empty()) continue;
      fail(page.origin,
           "lists the keys of a plan that its name does not tell: call it "
           "usage-plan-keys-PLAN_ID.json");
      continue;
    }
    Pages& plan = by_plan[plan_places_[*plan_id]];
    ++plan.count;
    plan.followed += page.is_followed ? 1 : 0;
    for (const std::string& key_id : page.key_ids) {
      const auto key = key_places_.find(key_id);
      if (key == key_places_.end()) {
        fail(page.origin, absl::StrCat("plan ", *plan_id, " has a key ",
                                       internal::excerpt(key_id),
                                       " that get-api-keys does not have"));
      } else {
        plan.keys.push_back(key->second);
      }
    }
  }
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    const std::string& id = plans_[i].plan.id();
    const auto it = by_plan.find(i);
    if (it == by_plan.end()) {
      fail(plans_[i].origin, absl::StrCat("the keys of plan ", id,
                                          " are missing: get-usage-plan-keys"));
      continue;
    }
    Pages& plan = it->second;
    if (plan.followed >= plan.count) {
      fail(plans_[i].origin,
           absl::StrCat("the list of the keys of plan ", id,
                        " says that another page follows, which is missing"));
    }
    reverse(plan.keys);
    for (const std::size_t key : plan.keys) {
      if (!places_.emplace(std::make_pair(i, key), associations_.size())
               .second) {
        fail(plans_[i].origin, absl::StrCat("plan ", id, " has the key ",
                                            keys_[key].key.id(), " twice"));
        continue;
      }
      associations_.push_back({i, key, {}, 0});
    }
  }
}

void Adoption::take_usage(const std::vector<AwsDump::UsagePage>& pages) {
  std::set<std::size_t> reported;
  std::map<std::size_t, std::size_t> keys_of_plan;
  for (const Association& association : associations_) {
    ++keys_of_plan[association.plan];
  }
  std::map<std::size_t, std::size_t> pages_of_plan;
  for (const AwsDump::UsagePage& page : pages) {
    if (const auto plan = plan_places_.find(page.plan_id);
        plan != plan_places_.end()) {
      ++pages_of_plan[plan->second];
    }
  }
  for (const AwsDump::UsagePage& page : pages) {
    const auto found = plan_places_.find(page.plan_id);
    if (found == plan_places_.end()) {
      note("usage of plans that are not there, which is left out",
           page.plan_id);
      continue;
    }
    const std::size_t plan = found->second;
    const Day last = std::min(page.last, today_);
    if (reported.empty() || page.first < report_.first_day) {
      report_.first_day = page.first;
    }
    report_.last_day = std::max(report_.last_day, last);
    reported.insert(plan);
    const QuotaTerms terms = quota_terms(plans_[plan].plan, rules_);
    if (!terms.calendar.is_none() && last >= page.first &&
        terms.calendar.period_start(last) < page.first) {
      note(
          "plans whose usage is not from the start of the period on: what was "
          "used before shows in what remains",
          page.plan_id);
    }
    if (pages_of_plan[plan] == 1 && keys_of_plan[plan] > page.keys.size() &&
        std::find(std::begin(kPageSizes), std::end(kPageSizes),
                  page.keys.size()) != std::end(kPageSizes)) {
      note(
          "plans whose usage is of as many keys as a page has, and that have "
          "more keys: is a page missing?",
          page.plan_id);
    }
    for (const AwsDump::KeyUsage& usage : page.keys) {
      take_key_usage(page, usage, plan);
    }
    for (Association& association : associations_) {
      if (association.plan == plan) {
        association.last = std::max(association.last, last);
      }
    }
  }
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    if (reported.count(i) == 0) {
      fail(plans_[i].origin,
           absl::StrCat("the usage of plan ", plans_[i].plan.id(),
                        " is missing: get-usage"));
    }
  }
}

void Adoption::take_key_usage(const AwsDump::UsagePage& page,
                              const AwsDump::KeyUsage& usage,
                              std::size_t plan) {
  const auto key = key_places_.find(usage.key_id);
  const auto place = key == key_places_.end()
                         ? places_.end()
                         : places_.find(std::make_pair(plan, key->second));
  if (place == places_.end()) {
    note("usage of keys that the plan does not have, which is left out",
         absl::StrCat(shown_key_id(usage.key_id), " of ", page.plan_id));
    return;
  }
  Association& association = associations_[place->second];
  for (std::size_t i = 0; i < usage.days.size(); ++i) {
    const Day day = page.first + static_cast<Day>(i);
    const AwsDump::DayUsage& numbers = usage.days[i];
    const auto problem = [&](std::string_view what) {
      fail(usage.origin,
           absl::StrCat("key ", usage.key_id, " of plan ", page.plan_id,
                        ", day ", i + 1, ": ", internal::to_absl(what)));
    };
    if (numbers.used > kMaxQuota || numbers.remaining > kMaxQuota) {
      return problem("expected less than 2^43 requests");
    }
    if (day > today_) {
      if (numbers.used > 0) problem("requests on a day that is still to come");
      continue;
    }
    const auto [it, is_new] = association.days.emplace(day, numbers);
    if (!is_new && (it->second.used != numbers.used ||
                    it->second.remaining != numbers.remaining)) {
      return problem("another file says otherwise of this day");
    }
  }
}

// Has an enforcer check the rest: plans, keys, and which plans a key may have.
void Adoption::check_in_an_enforcer() {
  Options options;
  options.quota_offset = rules_.quota_offset;
  auto enforcer = Enforcer::create(std::move(options));
  if (!enforcer.ok()) {
    return fail({}, std::string(enforcer.status().message()));
  }
  for (const AwsDump::Plan& plan : plans_) {
    const auto created = (*enforcer)->create_usage_plan(plan.plan);
    if (!created.ok()) {
      fail(plan.origin, absl::StrCat("plan ", plan.plan.id(), ": ",
                                     created.status().message()));
    }
  }
  if (!problems_.empty()) return;
  std::vector<v1::ApiKey> keys;
  keys.reserve(keys_.size());
  for (const AwsDump::Key& key : keys_) keys.push_back(key.key);
  std::vector<std::vector<std::string>> plan_ids(keys_.size());
  for (const Association& association : associations_) {
    plan_ids[association.key].push_back(plans_[association.plan].plan.id());
  }
  std::vector<absl::Status> statuses;
  const auto imported = (*enforcer)->import_api_keys(keys, plan_ids, &statuses);
  if (!imported.ok()) fail({}, std::string(imported.status().message()));
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].ok()) continue;
    fail(keys_[i].origin,
         absl::StrCat("key ", keys_[i].key.id(), ": ", statuses[i].message()));
  }
}

// Notes what a reader of the report may not expect.
void Adoption::make_notes() {
  report_.plans = plans_.size();
  report_.keys = keys_.size();
  report_.associations = associations_.size();
  std::vector<bool> has_plan(keys_.size());
  for (const Association& association : associations_) {
    has_plan[association.key] = true;
    const std::string what =
        absl::StrCat(keys_[association.key].key.id(), " of ",
                     plans_[association.plan].plan.id());
    v1::StoredAssociation stored;
    add_extensions(association, &stored);
    const v1::BackupUsage usage = usage_of(association, 1);
    if (usage.days_size() > 0 || usage.today().used() > 0 ||
        stored.extensions_size() > 0) {
      ++report_.used_associations;
    }
    const QuotaTerms terms = quota_terms(plans_[association.plan].plan, rules_);
    const int last = stored.extensions_size() - 1;
    if (last >= 0 && stored.extensions(last).amount() != 0 &&
        stored.extensions(last).day() ==
            terms.calendar.period_start(association.last)) {
      note(
          "keys whose remaining quota is not the limit minus the usage, kept "
          "as an extension",
          what);
    }
  }
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const v1::ApiKey& key = keys_[i].key;
    if (!key.enabled()) note("keys that are disabled", key.id());
    if (!has_plan[i])
      note("keys without a plan, which admit nothing", key.id());
    if (key.stage_keys_size() > 0) {
      note("keys with stageKeys, which are kept and have no effect", key.id());
    }
    if (!key.customer_id().empty()) {
      note("keys with a customerId, which is kept and has no effect", key.id());
    }
  }
  for (const AwsDump::Plan& plan : plans_) {
    const v1::UsagePlan& document = plan.plan;
    if (document.api_stages().empty()) {
      note("plans without stages, which admit nothing", document.id());
    }
    if (!document.product_code().empty()) {
      note("plans with a productCode, which is kept and has no effect",
           document.id());
    }
    report_.has_offsets |= document.quota().offset() != 0;
  }
}

// -- Lines --

v1::StoredPlan Adoption::stored_plan(const v1::UsagePlan& plan) const {
  v1::StoredPlan stored;
  *stored.mutable_plan() = plan;
  const QuotaTerms terms = quota_terms(plan, rules_);
  // As far as is known, these terms have always applied.
  v1::StoredTerms& held = *stored.add_terms();
  held.set_calendar(terms.calendar.id());
  held.set_limit(terms.limit);
  held.set_initial_discount(terms.initial_discount);
  return stored;
}

// A dump does not say when a key was attached. It was not before the key was
// created, and not after it was first used.
Day Adoption::first_day_of(const Association& association) const {
  const v1::ApiKey& key = keys_[association.key].key;
  Day first = association.last;
  if (key.has_created_date()) {
    const absl::Time created =
        absl::FromUnixSeconds(key.created_date().seconds());
    first = std::min(first, day_of(absl::ToUnixNanos(created)));
  }
  for (const auto& [day, usage] : association.days) {
    if (usage.used > 0) return std::min(first, day);
  }
  return first;
}

void Adoption::add_extensions(const Association& association,
                              v1::StoredAssociation* stored) const {
  const QuotaTerms terms = quota_terms(plans_[association.plan].plan, rules_);
  if (terms.calendar.is_none()) return;
  PeriodWalk walk(terms, first_day_of(association));
  for (const auto& [day, usage] : association.days) {
    const auto extension = walk.next(day, usage);
    if (!extension.has_value()) continue;
    v1::StoredExtension& item = *stored->add_extensions();
    item.set_unix_ns(start_of(day));
    item.set_calendar(extension->calendar.id());
    item.set_day(extension->period_start);
    item.set_amount(std::clamp(extension->amount, -PeriodWord::kMaxSigned,
                               PeriodWord::kMaxSigned));
  }
}

v1::BackupUsage Adoption::usage_of(const Association& association,
                                   int64_t id) const {
  const QuotaTerms terms = quota_terms(plans_[association.plan].plan, rules_);
  const Day start = terms.calendar.period_start(association.last);
  AssociationCounts counts;
  int64_t before = 0;
  counts.today = DayWord(association.last, 0);
  for (const auto& [day, usage] : association.days) {
    if (day == association.last) {
      counts.today = DayWord(day, usage.used);
    } else if (day < association.last && usage.used > 0) {
      counts.days.emplace_back(day, usage.used);
      if (day >= start) before += usage.used;
    }
  }
  counts.period = PeriodWord(terms.calendar, association.last,
                             std::min(before, PeriodWord::kMaxCount));
  return backup_usage(id, counts);
}

absl::Status Adoption::write(Store& store,
                             absl::FunctionRef<void(int64_t)> progress) const {
  const auto associations = static_cast<int64_t>(associations_.size());
  std::size_t plan = 0, key = 0, association = 0, usage = 0;
  int64_t lines = 0;
  bool ended = false;
  const auto next = [&](v1::BackupLine* line) -> absl::StatusOr<bool> {
    if (lines % 1024 == 1023) progress(lines);
    if (lines == 0) {
      line->mutable_weir_export()->set_version(1);
      line->mutable_weir_export()->set_last_association_id(associations);
    } else if (plan < plans_.size()) {
      *line->mutable_usage_plan() = stored_plan(plans_[plan++].plan);
    } else if (key < keys_.size()) {
      *line->mutable_api_key() = keys_[key++].key;
    } else if (association < associations_.size()) {
      const Association& item = associations_[association++];
      v1::StoredAssociation& stored = *line->mutable_association();
      stored.set_id(static_cast<int64_t>(association));
      stored.set_usage_plan_id(plans_[item.plan].plan.id());
      stored.set_key_id(keys_[item.key].key.id());
      stored.set_first_day(first_day_of(item));
      add_extensions(item, &stored);
    } else if (usage < associations_.size()) {
      const Association& item = associations_[usage++];
      *line->mutable_usage() = usage_of(item, static_cast<int64_t>(usage));
    } else if (!ended) {
      line->mutable_end()->set_lines(lines);
      ended = true;
    } else {
      return false;
    }
    ++lines;
    return true;
  };
  return import_lines(next, rules_, store);
}

}  // namespace weir
