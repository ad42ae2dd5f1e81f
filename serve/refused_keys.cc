#include "weir/serve/refused_keys.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/time/time.h"

namespace weir {
namespace {

constexpr int64_t kMaxWaiting = 1 << 14;  // refusals
constexpr size_t kMaxStage = 128;         // longer names are truncated

}  // namespace

RefusedKeys::RefusedKeys(Instant now)
    : origin_(now),
      collector_(CollectorOptions{kMaxWaiting},
                 {[this](Event&& event) { take(event); },
                  [this] {
                    end_round();
                    return absl::InfiniteDuration();
                  }}) {}

void RefusedKeys::observe(const AnsweredRequest& request) noexcept {
  Event event{request.client,
              request.decision.outcome,
              request.decision.forbidden,
              request.decision.limit,
              {},
              request.arrived};
  if (request.stage_target.has_value()) {
    event.stage = request.stage_target->stage.substr(0, kMaxStage);
  }
  collector_.leave(std::move(event), 1);
}

int64_t RefusedKeys::number_of(Instant time) const {
  return std::max<int64_t>(0, time.monotonic - origin_.monotonic) / kMinute;
}

RefusedKeys::Minute& RefusedKeys::minute(int64_t number) {
  Minute& minute = minutes_[static_cast<size_t>(number) % kMinutes];
  if (minute.number < number) {
    minute.number = number;
    minute.total = {};
    minute.unknown_key = 0;
    minute.uncounted = 0;
    minute.keys.clear();
  }
  return minute;
}

void RefusedKeys::take(const Event& event) {
  latest_ = std::max(latest_, number_of(event.time));
  Minute& minute = this->minute(number_of(event.time));
  if (!event.client) {
    ++minute.unknown_key;
    return;
  }
  const auto outcome = static_cast<size_t>(event.outcome);
  ++minute.total[outcome];
  Refusals& refusals = minute.keys.count(event.client);
  ++refusals.by_outcome[outcome];
  refusals.forbidden = event.forbidden;
  refusals.limit = event.limit;
  refusals.stage = event.stage;
  refusals.unix_ns = event.time.unix_ns;
}

void RefusedKeys::end_round() {
  const int64_t dropped = collector_.dropped();
  minute(latest_).uncounted += dropped - std::exchange(dropped_, dropped);
}

RefusedKeys::Report RefusedKeys::report(Instant now, size_t most_keys) {
  Report report;
  const int64_t last = number_of(now);
  const int64_t first =
      std::max<int64_t>(0, last - static_cast<int64_t>(kMinutes) + 1);
  report.since_unix_ns =
      now.unix_ns - (now.monotonic - origin_.monotonic - first * kMinute);
  absl::flat_hash_map<ClientHandle, RefusedKey> keys;
  int64_t least = 0;  // upper bound for a key without any counter
  collector_.collect([&] {
    for (int64_t number = first; number <= last; ++number) {
      add(minute(number), keys, report);
      least += minute(number).keys.least();
    }
  });
  for (auto& [client, key] : keys) {
    key.client = client;
    key.uncertain += least;
    report.keys.push_back(std::move(key));
  }
  const auto by_refused = [](const RefusedKey& a, const RefusedKey& b) {
    // Ties are broken so that reports have a stable order.
    return std::tuple(b.refused, b.refusals.unix_ns, a.client) <
           std::tuple(a.refused, a.refusals.unix_ns, b.client);
  };
  std::sort(report.keys.begin(), report.keys.end(), by_refused);
  if (report.keys.size() > most_keys) report.keys.resize(most_keys);
  return report;
}

// Minutes must be added from first to last, so that the latest refusal wins.
void RefusedKeys::add(const Minute& minute,
                      absl::flat_hash_map<ClientHandle, RefusedKey>& keys,
                      Report& report) const {
  for (size_t i = 0; i < kOutcomes; ++i) report.total[i] += minute.total[i];
  report.unknown_key += minute.unknown_key;
  report.uncounted += minute.uncounted;
  const int64_t least = minute.keys.least();
  for (const auto& counter : minute.keys.counters()) {
    RefusedKey& key = keys[counter.key];
    key.refused += counter.seen;
    key.uncertain += counter.taken_over - least;
    auto by_outcome = key.refusals.by_outcome;
    for (size_t i = 0; i < kOutcomes; ++i) {
      by_outcome[i] += counter.value.by_outcome[i];
    }
    key.refusals = counter.value;
    key.refusals.by_outcome = by_outcome;
  }
}

}  // namespace weir
