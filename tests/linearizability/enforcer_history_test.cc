// Linearizability of what threads see of one key: requests during an operator's
// changes.
//
// A request is not one moment but a few, in this order: it sees whether the key
// is enabled, finds the key's plan, reads that plan's version, asks its bucket,
// asks its quota; and from when it has the version, it sees at some moment how
// far the quota was extended. Each of these alone is linearizable, and of a
// patch all is seen or nothing. That is the model.
//
// It is exact, but for what `admit()` says: a request may be refused early. So
// a refusal by the bucket is right if it would be with what the other requests
// that overlap this one take and give back: the costs of those that are not
// counted in the bucket at that moment, taken at the latest of their times. No
// admission is allowed anything, nor any refusal by the quota.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/enforcer.h"
#include "weir/enforcer/route.h"
#include "weir/proto/api_key.pb.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"
#include "weir/quota/calendar.h"
#include "weir/tests/linearizability/linearizability.h"
#include "weir/tests/linearizability/recorder.h"
#include "weir/tests/linearizability/rounds.h"
#include "weir/tests/linearizability/team.h"
#include "weir/tests/patch_operations.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

using testing::is_linearizable;
using testing::Operation;
using testing::play_rounds;
using testing::Recorder;
using testing::Team;

constexpr int64_t kToken = 1'000'000;  // nanoseconds, at 1000 a second
constexpr int kNone = -1;

// A version of the plan. No two of one round have the same burst, so that a
// decision tells which one made it.
struct Version {
  int64_t burst;
  int64_t limit;  // of a day
  int64_t since;  // when it was published
};

struct EnforcerModel {
  // What the key has used under one association.
  struct Association {
    int64_t full_at = 0;
    Day day = 0;
    int64_t used = 0;
    Day extended = kNone;
    int64_t extension = 0;

    auto fields() const {
      return std::make_tuple(full_at, day, used, extended, extension);
    }
    friend bool operator==(const Association& a, const Association& b) {
      return a.fields() == b.fields();
    }
    template <class H>
    friend H AbslHashValue(H h, const Association& a) {
      return H::combine(std::move(h), a.fields());
    }
  };

  struct State {
    bool enabled = true;
    int present = 0;  // association, kNone: none
    int version = 0;
    std::vector<Association> associations;
    // By request: which association it found.
    std::vector<int> found;
    uint64_t counted = 0;   // requests that hold their tokens for good
    int64_t looked_at = 0;  // what an update_usage() found used

    auto fields() const {
      return std::tie(enabled, present, version, associations, found, counted,
                      looked_at);
    }
    friend bool operator==(const State& a, const State& b) {
      return a.fields() == b.fields();
    }
    template <class H>
    friend H AbslHashValue(H h, const State& s) {
      return H::combine(std::move(h), s.fields());
    }
  };

  struct Event {
    enum Kind { kAdmit, kPatch, kEnable, kAssociate, kDissociate, kExtend };
    enum Part : unsigned {
      kEnabled = 1,
      kFind = 2,
      kPlan = 4,
      kTokens = 8,
      kCap = 16,
      kCount = 32,
      kAllOfARequest = 63,
      kStore = 64,  // of kExtend; its first part is kCount
    };

    Kind kind;
    int64_t value;  // cost; version; on or off; what shall remain
    Decision decision;
    int64_t at;  // when the operator called

    unsigned parts;
    // Of a request: its number, and what it shares its time with.
    int request;
    std::vector<int> rivals;
    Day latest;
  };
  using History = std::vector<Operation<Event>>;

  // REQUIRES: the versions in the order of their publication.
  EnforcerModel(std::vector<Version> versions, const History& calls)
      : versions(std::move(versions)) {
    for (const Operation<Event>& call : calls) {
      if (call.event.kind == Event::kAdmit) requests.push_back(&call.event);
    }
  }

  // Each call as the moments that it consists of, unless none overlaps that
  // could tell them apart.
  History moments_of(const History& calls) const {
    History moments;
    int request = 0;
    for (const Operation<Event>& call : calls) {
      std::vector<unsigned> parts;
      Operation<Event> moment = call;
      if (call.event.kind == Event::kAdmit) {
        moment.event.request = request++;
        parts = parts_of(call, calls, moment.event);
      } else if (call.event.kind == Event::kExtend) {
        parts = {Event::kCount, Event::kStore};
      } else {
        parts = {0};
      }
      int previous = Operation<Event>::kNothing;
      int plan = Operation<Event>::kNothing;
      for (const unsigned part : parts) {
        moment.event.parts = part;
        moment.after = part == Event::kCap ? plan : previous;
        const int index = static_cast<int>(moments.size());
        moments.push_back(moment);
        if (part == Event::kPlan) plan = index;
        if (part != Event::kCap) previous = index;
      }
    }
    return moments;
  }

  std::vector<unsigned> parts_of(const Operation<Event>& call,
                                 const History& calls, Event& event) const {
    bool operated = false;
    int other_request = 0;
    for (const Operation<Event>& other : calls) {
      const bool admits = other.event.kind == Event::kAdmit;
      const int number = admits ? other_request++ : kNone;
      if (&other == &call || !other.overlaps(call)) continue;
      if (!admits) {
        operated = true;
      } else if (other.event.decision.forbidden == Forbidden::kNo) {
        event.rivals.push_back(number);
        event.latest = std::max(event.latest,
                                day_of(other.event.decision.made_at_unix_ns));
      }
    }
    if (operated && event.decision.forbidden != Forbidden::kNo) {
      return {Event::kEnabled, Event::kFind};
    }
    if (operated) {
      return {Event::kEnabled, Event::kFind,   Event::kPlan,
              Event::kCap,     Event::kTokens, Event::kCount};
    }
    if (event.rivals.empty()) return {Event::kAllOfARequest};
    return {Event::kEnabled | Event::kFind | Event::kPlan | Event::kTokens,
            Event::kCap | Event::kCount};
  }

  bool step(const Event& event, State& state) const {
    if (event.kind == Event::kAdmit) return admit(event, state);
    switch (event.kind) {
      case Event::kPatch:
        state.version = static_cast<int>(event.value);
        break;
      case Event::kEnable:
        state.enabled = event.value != 0;
        break;
      case Event::kAssociate:
        state.present = static_cast<int>(state.associations.size());
        state.associations.push_back({0, day_of(event.at), 0, kNone, 0});
        break;
      case Event::kDissociate:
        state.present = kNone;
        break;
      default:
        extend(event, state);
    }
    return true;
  }

  void extend(const Event& event, State& state) const {
    Association& key = state.associations[state.present];
    const Day today = day_of(event.at);
    if (event.parts == Event::kCount) {
      state.looked_at = key.day == today ? key.used : 0;
    } else {
      key.extended = today;
      key.extension =
          state.looked_at + event.value - versions[state.version].limit;
      state.looked_at = 0;
    }
  }

  bool admit(const Event& event, State& state) const {
    const Decision& decision = event.decision;
    if ((event.parts & Event::kEnabled) != 0) {
      const bool disabled = decision.forbidden == Forbidden::kDisabledKey;
      if (state.enabled == disabled) return false;
    }
    if (decision.forbidden == Forbidden::kDisabledKey) return true;
    int& found = state.found[event.request];
    if ((event.parts & Event::kFind) != 0) {
      found = state.present;
      const bool no_plan = decision.forbidden == Forbidden::kNoPlan;
      if ((found == kNone) != no_plan) return false;
    }
    if (decision.forbidden == Forbidden::kNoPlan) return true;
    const int version = version_of(decision);
    if (version == kNone) return false;
    if ((event.parts & Event::kPlan) != 0 && state.version != version) {
      return false;
    }
    if ((event.parts & Event::kTokens) != 0 &&
        !ask_bucket(event, versions[version], state)) {
      return false;
    }
    if ((event.parts & Event::kCap) != 0) {
      const Association& key = state.associations[found];
      const int64_t extension =
          key.extended == decision.day ? key.extension : 0;
      if (decision.quota_limit !=
          std::max<int64_t>(0, versions[version].limit + extension)) {
        return false;
      }
    }
    return (event.parts & Event::kCount) == 0 ||
           ask_quota(event, state.associations[found]);
  }

  bool ask_bucket(const Event& event, const Version& version,
                  State& state) const {
    const Decision& decision = event.decision;
    if (decision.outcome == Outcome::kQuotaExceeded) return true;
    Association& key = state.associations[state.found[event.request]];
    const int64_t at = std::max(decision.made_at_unix_ns, version.since);
    // What may be borrowed just now.
    int64_t borrowed = 0;
    int64_t borrowed_at = at;
    for (const int rival : event.rivals) {
      if ((state.counted & uint64_t{1} << rival) != 0) continue;
      borrowed += requests[rival]->value;
      borrowed_at =
          std::max({borrowed_at, requests[rival]->decision.made_at_unix_ns});
    }
    const int64_t room = at + version.burst * kToken;
    const int64_t most =
        std::max({key.full_at, borrowed_at}) + borrowed * kToken;
    int64_t full_at = std::max(key.full_at, at);
    if (decision.admitted()) {
      full_at += event.value * kToken;
      if (full_at > room) return false;
      state.counted |= uint64_t{1} << event.request;
      if (event.value > 0) key.full_at = full_at;
      return decision.tokens_remaining() <= whole_tokens(room - full_at) &&
             decision.tokens_remaining() >=
                 whole_tokens(room - most - event.value * kToken);
    }
    return most + event.value * kToken > room &&
           decision.tokens_remaining() <= whole_tokens(room - full_at) &&
           decision.tokens_remaining() >= whole_tokens(room - most);
  }

  static bool ask_quota(const Event& event, Association& key) {
    const Decision& decision = event.decision;
    const Day own = std::max(key.day, day_of(decision.made_at_unix_ns));
    if (decision.day < own || decision.day > std::max(own, event.latest)) {
      return false;
    }
    const bool counts = decision.admitted() && event.value > 0;
    if (decision.day > own || (counts && own > key.day)) {
      key.day = decision.day;
      key.used = 0;
    }
    const int64_t used = key.day == decision.day ? key.used : 0;
    const int64_t remaining = std::max<int64_t>(0, decision.quota_limit - used);
    if (!decision.admitted()) {
      return decision.quota_remaining == remaining &&
             (decision.outcome == Outcome::kThrottled ||
              event.value > remaining);
    }
    key.used += event.value;
    return event.value <= remaining &&
           decision.quota_remaining == remaining - event.value;
  }

  static int64_t whole_tokens(int64_t units) {
    return std::max<int64_t>(0, units) / kToken;
  }

  int version_of(const Decision& decision) const {
    for (size_t i = 0; i < versions.size(); ++i) {
      if (versions[i].burst == decision.burst) return static_cast<int>(i);
    }
    return kNone;
  }

  std::string describe(const Event& event) const {
    switch (event.kind) {
      case Event::kAdmit:
        return describe_request(event);
      case Event::kPatch:
        return absl::StrFormat("patch: burst %d, quota %d",
                               versions[event.value].burst,
                               versions[event.value].limit);
      case Event::kEnable:
        return event.value != 0 ? "enable" : "disable";
      case Event::kAssociate:
        return "associate";
      case Event::kDissociate:
        return "dissociate";
      default:
        return absl::StrFormat(
            "set remaining to %d [%s]", event.value,
            event.parts == Event::kCount ? "looks" : "writes");
    }
  }

  static std::string describe_request(const Event& event) {
    static constexpr const char* kOutcomes[] = {"admitted", "throttled",
                                                "quota exceeded", "forbidden"};
    static constexpr const char* kParts[] = {"enabled", "find", "plan",
                                             "tokens",  "cap",  "count"};
    const Decision& decision = event.decision;
    std::string text =
        absl::StrFormat("admit(%d) -> %s", event.value,
                        kOutcomes[static_cast<int>(decision.outcome)]);
    if (decision.forbidden == Forbidden::kNo) {
      absl::StrAppendFormat(
          &text, ", %d of %d tokens, %d of %d requests, day %d, %d ns",
          decision.tokens_remaining(), decision.burst, decision.quota_remaining,
          decision.quota_limit, decision.day, decision.made_at_unix_ns % kHour);
    } else {
      absl::StrAppendFormat(&text, " (%d)",
                            static_cast<int>(decision.forbidden));
    }
    for (int part = 0; part < 6; ++part) {
      if ((event.parts & 1u << part) != 0) {
        absl::StrAppend(&text, " [", kParts[part], "]");
      }
    }
    return text;
  }

  const std::vector<Version> versions;
  std::vector<const Event*> requests;
};

using Event = EnforcerModel::Event;

// Stands still until moved. Who reads it is then a little late.
class RestlessClock final : public Clock {
 public:
  explicit RestlessClock(int64_t now) : now_(now) {}

  Instant now() noexcept override {
    const int64_t now = now_.load();
    Team::pause();
    return {now, now};
  }
  int64_t read() const { return now_.load(); }
  void advance(int64_t nanoseconds) { now_.fetch_add(nanoseconds); }
  void set(int64_t now) { now_.store(now); }

 private:
  std::atomic<int64_t> now_;
};

// What the operator of a test does.
enum Act { kPatches, kExtends, kDisables, kDissociates, kMovesTime };

class EnforcerHistory : public ::testing::Test {
 protected:
  static constexpr int kThreads = 3;  // the operator and two that ask
  static constexpr int kRequests = 8;
  static constexpr int kActs = 3;
  static constexpr char kValue[] = "a-key-that-is-asked-about";
  static constexpr int64_t kBeginning = 20'500 * kNanosPerDay;
  // A throttle of 1,000 a second is exact for 27 years of changes: "Why the
  // line never ends" in docs/throttle.md.
  static constexpr int64_t kLifetime = 20 * 365 * kNanosPerDay;

  EnforcerHistory() { make_enforcer(); }

  // A new enforcer, at the beginning of time.
  void make_enforcer() {
    enforcer_.reset();
    clock_->set(kBeginning);
    Options options;
    options.clock = clock_;
    enforcer_ = *Enforcer::create(options);
    v1::UsagePlan plan;
    plan.set_id("plan");
    plan.set_name("plan");
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id("api");
    stage->set_stage("prod");
    plan.mutable_throttle()->set_rate_limit(1000);
    plan.mutable_throttle()->set_burst_limit(1);
    plan.mutable_quota()->set_limit(1);
    plan.mutable_quota()->set_period(v1::DAY);
    EXPECT_TRUE(enforcer_->create_usage_plan(plan).ok());
    v1::ApiKey key;
    key.set_id("key");
    key.set_value(kValue);
    key.set_enabled(true);
    EXPECT_TRUE(enforcer_->create_api_key(key).ok());
    EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
    route_ = *enforcer_->intern_route("api", "prod");
  }

  void play(const std::vector<Act>& acts) {
    play_rounds(kThreads, [&](Team& team) { play_round(team, acts); });
  }

  void play_round(Team& team, const std::vector<Act>& acts) {
    if (clock_->read() - kBeginning > kLifetime) make_enforcer();
    // Time repays everything, and the key begins anew.
    clock_->advance(kHour);
    versions_.clear();
    publish(Team::random(), 1000);
    set_enabled(true);
    (void)enforcer_->delete_usage_plan_key("plan", "key");
    EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
    EnforcerModel::State initial;
    initial.associations.push_back({0, day_of(clock_->read()), 0, kNone, 0});
    initial.found.assign(kRequests * (kThreads - 1), kNone);

    Recorder<Event> calls(kThreads);
    team.run([&](int thread) {
      if (thread == 0) {
        operate(acts, calls);
      } else {
        ask(thread, calls);
      }
    });
    const auto history = calls.history();
    const EnforcerModel model(versions_, history);
    EXPECT_TRUE(is_linearizable(model, initial, model.moments_of(history)));
  }

  void ask(int thread, Recorder<Event>& calls) {
    for (int i = 0; i < kRequests; ++i) {
      const auto cost = static_cast<uint32_t>(Team::random()() % 4);
      Team::pause();
      const int64_t before = clock_->read();
      Decision decision;
      calls.record(thread, [&] {
        decision = enforcer_->admit({kValue, route_, cost, std::nullopt});
        return request(cost, decision);
      });
      if (decision.forbidden == Forbidden::kNo) {
        EXPECT_GE(decision.made_at_unix_ns, before);
        EXPECT_LE(decision.made_at_unix_ns, clock_->read());
      }
    }
  }

  // The enforcer is busy with the operator for longer than with a request: a
  // few acts are enough to meet them all.
  void operate(const std::vector<Act>& acts, Recorder<Event>& calls) {
    Team::Random& random = Team::random();
    const bool time_moves =
        std::find(acts.begin(), acts.end(), kMovesTime) != acts.end();
    bool enabled = true;
    bool associated = true;
    for (int i = 0; i < kActs && !acts.empty(); ++i) {
      Team::pause();
      const auto value = static_cast<int64_t>(random() % 5);
      const auto record = [&](Event::Kind kind, int64_t value, auto act) {
        calls.record(0, [&] {
          act();
          return operation(kind, value);
        });
      };
      switch (acts[random() % acts.size()]) {
        case kPatches:
          record(Event::kPatch, static_cast<int64_t>(versions_.size()), [&] {
            static constexpr int64_t kRates[] = {1000, 10, 1'000'000, 1};
            publish(random, time_moves ? 1000 : kRates[value % 4]);
          });
          break;
        case kExtends:
          if (!associated) break;
          record(Event::kExtend, value, [&] {
            EXPECT_TRUE(
                enforcer_
                    ->update_usage("plan", "key",
                                   {replace("/remaining", absl::StrCat(value))})
                    .ok());
          });
          break;
        case kDisables:
          enabled = !enabled;
          record(Event::kEnable, enabled, [&] { set_enabled(enabled); });
          break;
        case kDissociates:
          if (associated) {
            record(Event::kDissociate, 0, [&] {
              EXPECT_TRUE(enforcer_->delete_usage_plan_key("plan", "key").ok());
            });
          } else {
            record(Event::kAssociate, 0, [&] {
              EXPECT_TRUE(enforcer_->create_usage_plan_key("plan", "key").ok());
            });
          }
          associated = !associated;
          break;
        case kMovesTime:
          clock_->advance(value == 0 ? kNanosPerDay : value * kToken / 2);
      }
    }
  }

  // A version with a burst that is new in this round.
  void publish(Team::Random& random, int64_t rate) {
    int64_t burst;
    do {
      burst = static_cast<int64_t>(random() % 16);
    } while (std::any_of(versions_.begin(), versions_.end(),
                         [&](const Version& v) { return v.burst == burst; }));
    const Version version{burst, static_cast<int64_t>(1 + random() % 12),
                          clock_->read()};
    versions_.push_back(version);
    const auto patched = enforcer_->apply_patch(
        "plan", {replace("/throttle/rateLimit", absl::StrCat(rate)),
                 replace("/throttle/burstLimit", absl::StrCat(version.burst)),
                 replace("/quota/limit", absl::StrCat(version.limit))});
    EXPECT_TRUE(patched.ok()) << patched.status();
  }

  void set_enabled(bool enabled) {
    EXPECT_TRUE(
        enforcer_
            ->update_api_key("key",
                             {replace("/enabled", enabled ? "true" : "false")})
            .ok());
  }

  static Event request(int64_t cost, const Decision& decision) {
    return {Event::kAdmit, cost, decision, 0, 0, kNone, {}, 0};
  }
  Event operation(Event::Kind kind, int64_t value) const {
    return {kind, value, {}, clock_->read(), 0, kNone, {}, 0};
  }

  const std::shared_ptr<RestlessClock> clock_ =
      std::make_shared<RestlessClock>(kBeginning);
  std::unique_ptr<Enforcer> enforcer_;
  Route route_;
  std::vector<Version> versions_;
};

TEST_F(EnforcerHistory, RequestsAmongThemselves) { play({}); }

TEST_F(EnforcerHistory, BesidePatches) { play({kPatches}); }

TEST_F(EnforcerHistory, BesideExtensions) { play({kExtends}); }

TEST_F(EnforcerHistory, BesideAKeyThatComesAndGoes) {
  play({kDisables, kDissociates});
}

TEST_F(EnforcerHistory, BesideAllOfIt) {
  play({kPatches, kExtends, kDisables, kDissociates});
}

TEST_F(EnforcerHistory, BesideAllOfItAsTimeGoesOn) {
  play({kPatches, kExtends, kDisables, kDissociates, kMovesTime});
}

}  // namespace
}  // namespace weir
