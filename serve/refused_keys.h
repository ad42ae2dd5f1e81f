// The API keys that were refused most often in the last minutes.

#ifndef WEIR_SERVE_REFUSED_KEYS_H_
#define WEIR_SERVE_REFUSED_KEYS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "weir/base/clock.h"
#include "weir/enforcer/client_handle.h"
#include "weir/enforcer/decision.h"
#include "weir/enforcer/decision_names.h"
#include "weir/gateway/request_observer.h"
#include "weir/serve/collector.h"
#include "weir/serve/space_saving.h"

namespace weir {

// Counts refusals by key in the current minute and the five before.
//
// Memory is bounded (under a megabyte), whatever clients do: each minute has
// counters for 512 keys, see SpaceSaving. So with up to 512 refused keys a
// minute all counts are exact. With more, every key with more than 1/512 of a
// minute's refusals is found, and its count is too low by at most
// `RefusedKey::uncertain`.
//
// Requests do not wait for the counting: see Collector. *thread-safe*
class RefusedKeys final : public RequestObserver {
 public:
  static constexpr int64_t kMinute = 60'000'000'000;
  static constexpr size_t kMinutes = 6;
  static constexpr size_t kKeysAMinute = 512;

  struct Refusals {
    std::array<int64_t, kOutcomes> by_outcome{};
    // Of the last refusal.
    Forbidden forbidden = Forbidden::kNo;
    Limit limit = Limit::kNone;
    std::string stage;  // "shop/prod", as sent; "" if in no stage
    int64_t unix_ns = 0;
  };
  struct RefusedKey {
    ClientHandle client;
    int64_t refused = 0;    // in total; too low by at most `uncertain`
    int64_t uncertain = 0;  // 0: all counts are exact
    Refusals refusals;
  };
  struct Report {
    int64_t since_unix_ns;  // when the first of the minutes began
    std::array<int64_t, kOutcomes> total{};  // of known keys
    int64_t unknown_key = 0;                 // without a key, or an unknown one
    int64_t uncounted = 0;         // arrived faster than they could be counted
    std::vector<RefusedKey> keys;  // the most refused first
  };

  explicit RefusedKeys(Instant now);

  void observe(const AnsweredRequest& request) noexcept override;

  // Reports at most `most_keys` keys. Includes all requests observed before the
  // call. Locks.
  Report report(Instant now, size_t most_keys);

 private:
  struct Event {
    ClientHandle client;
    Outcome outcome;
    Forbidden forbidden;
    Limit limit;
    std::string stage;
    Instant time;
  };
  struct Minute {
    int64_t number = -1;  // minutes since `origin_`; -1 if unused
    std::array<int64_t, kOutcomes> total{};
    int64_t unknown_key = 0;
    int64_t uncounted = 0;
    SpaceSaving<ClientHandle, Refusals> keys{kKeysAMinute};
  };

  int64_t number_of(Instant time) const;
  Minute& minute(int64_t number);
  void take(const Event& event);
  void end_round();
  void add(const Minute& minute,
           absl::flat_hash_map<ClientHandle, RefusedKey>& keys,
           Report& report) const;

  const Instant origin_;
  // Minute n is at n % kMinutes. Only the collecting thread uses the next
  // three.
  std::array<Minute, kMinutes> minutes_;
  int64_t latest_ = 0;          // number of the latest minute
  int64_t dropped_ = 0;         // the collector's, as of the last round
  Collector<Event> collector_;  // last, because it uses all others
};

}  // namespace weir

#endif  // WEIR_SERVE_REFUSED_KEYS_H_
