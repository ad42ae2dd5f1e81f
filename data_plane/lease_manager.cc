#include "weir/data_plane/lease_manager.h"

#include <algorithm>

#include "weir/memory/epoch.h"
#include "weir/plan/compiled_plan.h"
#include "weir/quota/calendar.h"
#include "weir/quota/counts.h"
#include "weir/quota/quota_counter.h"
#include "weir/throttle/token_clock.h"

namespace weir::internal {
namespace {

// Finds the subscription that a note names, if the client still has it.
Subscription* find_subscription(Client& client, uint64_t serial,
                                const Subscription* subscription) {
  const ClientState state(client.state.load(std::memory_order_relaxed));
  if (serial == 0 || state.serial() != serial) return nullptr;
  for (Subscription* it = &client.first; it != nullptr;
       it = it->next.load(std::memory_order_relaxed)) {
    if (it == subscription) return it;
  }
  return nullptr;
}

}  // namespace

LeaseManager::LeaseManager(Arena& arena, const CountsLocator& counts,
                           int threads, int64_t tokens, bool both_throttles)
    : arena_(arena),
      counts_(counts),
      threads_(std::min(threads, ThreadNumber::kMax)),
      tokens_(tokens),
      both_throttles_(both_throttles),
      notes_(new Note[static_cast<size_t>(threads_) * kNotes]()) {}

// Relaxed throughout: see `Note`.
void LeaseManager::note_collision(const Client& client,
                                  const Subscription& subscription,
                                  uint32_t route) noexcept {
  // A thread without a number is beyond them, too.
  const auto thread = static_cast<unsigned>(ThreadNumber::mine());
  if (thread >= static_cast<unsigned>(threads_)) return;
  Note& note = notes_[size_t{thread} * kNotes + place_of(client) % kNotes];
  const bool is_same =
      note.subscription.load(std::memory_order_relaxed) == &subscription &&
      note.route.load(std::memory_order_relaxed) == route;
  note.subscription.store(&subscription, std::memory_order_relaxed);
  note.route.store(route, std::memory_order_relaxed);
  note.client.store(&client, std::memory_order_relaxed);
  note.serial.store(
      ClientState(client.state.load(std::memory_order_relaxed)).serial(),
      std::memory_order_relaxed);
  note.collisions.store(
      is_same ? note.collisions.load(std::memory_order_relaxed) + 1 : 1,
      std::memory_order_relaxed);
}

void LeaseManager::maintain(Instant now) {
  if (const uint64_t forks = ThreadNumber::forks(); forks != forks_) {
    forks_ = forks;
    for (LeaseRecord& record : leases_) record.lease->close_for_the_gone(now);
  }
  make_ready();
  for (LeaseRecord& record : leases_) review(record, now);
  const auto ended = std::partition(
      leases_.begin(), leases_.end(),
      [](const LeaseRecord& record) { return record.lease->reserve() > 0; });
  for (auto it = ended; it != leases_.end(); ++it) {
    KeyLease* const lease = it->lease;
    // Relaxed: nothing else is published.
    table_[place_of(*lease->client())].store(nullptr,
                                             std::memory_order_relaxed);
    arena_.retire(lease, KeyLease::bytes(lease->count()));
  }
  leases_.erase(ended, leases_.end());
  for (int thread = 0; thread < threads_; ++thread) {
    for (size_t i = 0; i < kNotes; ++i) {
      answer(notes_[static_cast<size_t>(thread) * kNotes + i], thread, now);
    }
  }
  make_ready();
}

// Closes the slots of a lease that is over, and slots that are no longer
// filled.
void LeaseManager::review(LeaseRecord& record, Instant now) {
  KeyLease& lease = *record.lease;
  if (lease.is_over(now)) lease.close_all();
  for (int i = 0; i < lease.count(); ++i) {
    SlotRecord& slot = record.slots[static_cast<size_t>(i)];
    if (slot.announced != 0) continue;
    const uint64_t fills = lease.fills(i);
    slot.idle_calls = fills == slot.fills ? slot.idle_calls + 1 : 0;
    slot.fills = fills;
    if (slot.idle_calls >= kIdleCalls) lease.close(i);
  }
}

// Makes slots ready once every thread that may not know of their reserve has
// left. A thread inside a call usually leaves it in a moment; if it does not,
// the next call tries again.
void LeaseManager::make_ready() {
  uint64_t newest = 0;
  for (const LeaseRecord& record : leases_) {
    for (const SlotRecord& slot : record.slots) {
      newest = std::max(newest, slot.announced);
    }
  }
  if (newest == 0) return;
  uint64_t reclaimable = 0;
  for (int attempt = 0; attempt < 4 && reclaimable < newest; ++attempt) {
    reclaimable = EpochDomain::instance().reclaimable();
  }
  for (LeaseRecord& record : leases_) {
    for (int i = 0; i < record.lease->count(); ++i) {
      SlotRecord& slot = record.slots[static_cast<size_t>(i)];
      if (slot.announced == 0 || slot.announced > reclaimable) continue;
      slot = {0, record.lease->fills(i), 0};
      record.lease->make_ready(i);
    }
  }
}

void LeaseManager::answer(Note& note, int thread, Instant now) {
  if (note.collisions.exchange(0, std::memory_order_relaxed) < kCollisions) {
    return;
  }
  auto* client =
      const_cast<Client*>(note.client.load(std::memory_order_relaxed));
  if (client == nullptr) return;
  Subscription* subscription =
      find_subscription(*client, note.serial.load(std::memory_order_relaxed),
                        note.subscription.load(std::memory_order_relaxed));
  if (subscription == nullptr) return;
  const uint32_t route = note.route.load(std::memory_order_relaxed);
  auto it = std::find_if(leases_.begin(), leases_.end(),
                         [&](const LeaseRecord& record) {
                           return record.lease->client() == client;
                         });
  LeaseRecord* record =
      it != leases_.end() ? &*it : begin(*client, *subscription, route, now);
  // One lease per client: another route may get one when this one ends.
  if (record == nullptr || record->is_ended ||
      record->lease->subscription() != subscription ||
      record->lease->route() != route || record->lease->is_over(now) ||
      !record->lease->announce(thread)) {
    return;
  }
  // The stamp follows the reserve: a thread that enters later sees the reserve.
  record->slots[static_cast<size_t>(thread)].announced =
      EpochDomain::instance().stamp();
}

// Begins a lease without slots; nullptr if there is no place for one, or the
// key has no tokens to spare.
LeaseManager::LeaseRecord* LeaseManager::begin(const Client& client,
                                               Subscription& subscription,
                                               uint32_t route, Instant now) {
  std::atomic<KeyLease*>& place = table_[place_of(client)];
  if (leases_.size() == kMaxLeases ||
      place.load(std::memory_order_relaxed) != nullptr) {
    return nullptr;
  }
  const PlanCell* cell = subscription.cell.load(std::memory_order_relaxed);
  if (cell == nullptr) return nullptr;
  const CompiledPlan& plan = *cell->plan.load(std::memory_order_relaxed);
  const CompiledPlan::Rule rule = plan.rule(route);
  if (rule == CompiledPlan::kNotCovered) return nullptr;

  KeyLease::Gate gates[2];
  int gate_count = 0;
  int64_t tokens = tokens_;
  const auto add = [&](TokenBucket& bucket, const CompiledThrottle& throttle,
                       bool is_method) {
    gates[gate_count++] = {&bucket, {is_method, throttle.slot}, throttle.clock};
    const TokenClock& clock = throttle.clock;
    const int64_t available =
        clock.available(clock.at(now.monotonic), bucket.word());
    // Most of the burst stays available to all, and a bucket that is more than
    // half empty needs all its tokens.
    tokens = available < clock.burst() / 2
                 ? 0
                 : std::min(tokens, clock.burst() / (4 * threads_));
  };
  if (rule >= CompiledPlan::kFirstMethod) {
    const CompiledThrottle& throttle = plan.method(rule);
    TokenBucket* bucket =
        subscription.methods.find_or_add(throttle.slot, arena_);
    if (bucket == nullptr) return nullptr;
    add(*bucket, throttle, true);
  }
  if (plan.throttle() != nullptr && (gate_count == 0 || both_throttles_)) {
    add(subscription.bucket, *plan.throttle(), false);
  }
  Counts& counts = counts_.of(subscription);
  const QuotaState quota =
      counts.quota.read(plan.quota(), day_of(now.unix_ns), counts.log);
  if (quota.cap != QuotaState::kNoCap) {
    tokens = std::min(tokens, quota.remaining() / (8 * threads_));
  }
  if (tokens < 2) return nullptr;

  void* memory = arena_.allocate(KeyLease::bytes(threads_));
  if (memory == nullptr) return nullptr;
  KeyLease* lease = KeyLease::make(
      memory, threads_,
      {&client, &subscription, &counts, cell, route, quota.day, tokens});
  for (int i = 0; i < gate_count; ++i) lease->add_gate(gates[i]);
  leases_.push_back(
      {lease, false, std::vector<SlotRecord>(static_cast<size_t>(threads_))});
  // Release: pairs with the acquire in `find()`.
  place.store(lease, std::memory_order_release);
  return &leases_.back();
}

size_t LeaseManager::open_leases() const {
  return static_cast<size_t>(std::count_if(
      leases_.begin(), leases_.end(), [](const LeaseRecord& record) {
        for (int i = 0; i < record.lease->count(); ++i) {
          if (record.lease->is_open(i)) return true;
        }
        return false;
      }));
}

void LeaseManager::end(const PlanCell& cell) noexcept {
  for (LeaseRecord& record : leases_) {
    if (record.lease->cell() != &cell) continue;
    record.is_ended = true;
    record.lease->close_all();
  }
}

void LeaseManager::end(const Subscription& subscription) noexcept {
  for (LeaseRecord& record : leases_) {
    if (record.lease->subscription() != &subscription) continue;
    record.is_ended = true;
    record.lease->close_all();
  }
}

}  // namespace weir::internal
