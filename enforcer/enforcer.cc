#include "weir/enforcer/enforcer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/thread_number.h"
#include "weir/control_plane/control_plane.h"
#include "weir/data_plane/admission.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/key_hash.h"
#include "weir/data_plane/key_lease.h"
#include "weir/data_plane/key_table.h"
#include "weir/data_plane/lease_manager.h"
#include "weir/memory/epoch.h"
#include "weir/plan/method_key.h"

namespace weir {
namespace {

constexpr size_t kMaxRoutes = 65'535;
constexpr size_t kMaxNameCharacters = 256;

absl::Status check_name(std::string_view what, std::string_view name) {
  if (name.empty() || name.size() > kMaxNameCharacters ||
      name.find_first_of(":/") != std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::string_view(what.data(), what.size()), ": expected 1 to ",
        kMaxNameCharacters, " characters without ':' and '/'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<RouteName> route_name_of(const Enforcer::MethodName& name) {
  if (auto status = check_name("api id", name.api_id); !status.ok()) {
    return status;
  }
  if (auto status = check_name("stage", name.stage); !status.ok()) {
    return status;
  }
  if (name.method_key.empty()) return RouteName(name.api_id, name.stage, "");
  auto method_key = canonical_method_key(name.method_key);
  if (!method_key.ok()) return method_key.status();
  return RouteName(name.api_id, name.stage, *std::move(method_key));
}

}  // namespace

Enforcer::Impl::Impl(const Options& options, std::unique_ptr<Arena> arena,
                     std::unique_ptr<CountsFile> counts_file)
    : clock(options.clock != nullptr ? options.clock
                                     : std::make_shared<SystemClock>()),
      rules{options.quota_offset},
      both_throttles(options.method_throttle == MethodThrottle::kAddsToPlan),
      days_kept(options.store == nullptr ? kDaysInMemory : kDaysInStore),
      arena(std::move(arena)),
      counts_file(std::move(counts_file)),
      clients(*this->arena, this->counts_file.get()),
      leases(options.lease_threads > 0
                 ? std::make_unique<Leases>(
                       *this->arena, clients.counts(), options.lease_threads,
                       options.lease_tokens, both_throttles)
                 : nullptr) {}

absl::Status arena_exhausted() {
  return absl::ResourceExhaustedError(
      "the arena is used up; see Options::arena_bytes");
}

Enforcer::Enforcer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Enforcer::~Enforcer() {
  if (impl_->sync == nullptr) return;
  {
    MutexLock lock(impl_->mutex);
    impl_->plans.for_each([&](const PlanRecord& plan) {
      impl_->mutex.assert_held();
      impl_->end_leases(*plan.cell);
    });
  }
  // If this fails, the files of counts remain valid, and the error is logged.
  (void)impl_->sync->close();
}

absl::StatusOr<std::unique_ptr<Enforcer>> Enforcer::create(Options options) {
  if (auto status = validate_options(options); !status.ok()) return status;
  auto arena = Arena::create(options.arena_bytes, options.huge_pages
                                                      ? Arena::Pages::kHuge
                                                      : Arena::Pages::kSmall);
  if (!arena.ok()) return arena.status();
  if (options.store == nullptr) {
    return std::unique_ptr<Enforcer>(
        new Enforcer(std::make_unique<Impl>(options, *std::move(arena))));
  }
  auto recovered = Impl::recover(options, *std::move(arena));
  if (!recovered.ok()) return recovered.status();
  return std::unique_ptr<Enforcer>(new Enforcer(*std::move(recovered)));
}

inline void Enforcer::Impl::decide(Client* client, const Call& call,
                                   Instant now, Decision& decision) noexcept {
  if (client == nullptr) return;
  // Acquire: pairs with the release in `Clients::create()`.
  const ClientState state(client->state.load(std::memory_order_acquire));
  if (state.serial() == 0) return;  // deleted in the meantime
  if (call.client && state.serial() != call.client.serial_) return;
  if (!state.enabled()) {
    decision.forbidden = Forbidden::kDisabledKey;
    return;
  }
  // Acquire: pairs with the release in `Clients::link()`.
  Subscription* const all = shared.load(std::memory_order_acquire);
  if (leases != nullptr && call.cost == 1 && all == nullptr) {
    KeyLease* lease = leases->find(*client);
    if (lease != nullptr &&
        lease->spend(ThreadNumber::mine(), call.route.id_, now, decision)) {
      return;
    }
  }
  Admission{*client, all,    call.route.id_,   both_throttles, call.cost,
            now,     *arena, clients.counts(), leases.get()}
      .decide(decision);
}

Decision Enforcer::admit(const Call& call) noexcept {
  Impl& impl = *impl_;
  Decision decision;
  EpochDomain::Guard guard;
  const auto now = [&] {
    return call.now.has_value() ? *call.now : impl.clock->now();
  };
  if (call.client) {
    __builtin_prefetch(&call.client.client_->first.cell, /*rw=*/1);
    impl.clients.counts().prefetch(*call.client.client_);
    impl.decide(call.client.client_, call, now(), decision);
  } else if (call.api_key.size() <= kLongestKey) {
    // The table's memory is fetched while the clock is read.
    const uint32_t hash = impl.clients.hash(call.api_key);
    impl.clients.table().prefetch(hash);
    const Instant instant = now();
    impl.decide(impl.clients.table().find(call.api_key, hash), call, instant,
                decision);
  }
  return decision;
}

void Enforcer::admit(absl::Span<const Call> calls,
                     absl::Span<Decision> decisions) noexcept {
  // As many fetches as a core can have in flight.
  constexpr size_t kGroup = 16;
  Impl& impl = *impl_;
  const KeyTable& table = impl.clients.table();
  std::optional<Instant> now;
  while (!calls.empty()) {
    const size_t count = std::min(calls.size(), kGroup);
    EpochDomain::Guard guard;
    uint32_t hashes[kGroup];
    for (size_t i = 0; i < count; ++i) {
      const Call& call = calls[i];
      if (call.client) {
        __builtin_prefetch(call.client.client_);
        __builtin_prefetch(&call.client.client_->first.cell, /*rw=*/1);
        impl.clients.counts().prefetch(*call.client.client_);
      } else if (call.api_key.size() <= kLongestKey) {
        table.prefetch(hashes[i] = impl.clients.hash(call.api_key));
      }
      if (!call.now.has_value() && !now.has_value()) now = impl.clock->now();
    }
    for (size_t i = 0; i < count; ++i) {
      if (!calls[i].client && calls[i].api_key.size() <= kLongestKey) {
        table.prefetch_client(hashes[i]);
      }
    }
    for (size_t i = 0; i < count; ++i) {
      const Call& call = calls[i];
      Client* client = call.client.client_;
      if (!call.client && call.api_key.size() <= kLongestKey) {
        client = table.find(call.api_key, hashes[i]);
      }
      decisions[i] = Decision();
      impl.decide(client, call, call.now.has_value() ? *call.now : *now,
                  decisions[i]);
    }
    calls.remove_prefix(count);
    decisions.remove_prefix(count);
  }
}

ClientHandle Enforcer::resolve(std::string_view api_key) const noexcept {
  EpochDomain::Guard guard;
  Client* client = impl_->clients.find(api_key);
  if (client == nullptr) return ClientHandle();
  // Acquire: pairs with the release in `Clients::create()`.
  const ClientState state(client->state.load(std::memory_order_acquire));
  // Deleted in the meantime.
  if (state.serial() == 0) return ClientHandle();
  return ClientHandle(client, state.serial());
}

absl::StatusOr<Route> Enforcer::intern_route(std::string_view api_id,
                                             std::string_view stage,
                                             std::string_view method_key) {
  const MethodName name = {std::string(api_id), std::string(stage),
                           std::string(method_key)};
  const auto result = intern_routes(absl::MakeSpan(&name, 1));
  if (!result.ok()) return result.status();
  return result->front();
}

absl::StatusOr<std::vector<Route>> Enforcer::intern_routes(
    absl::Span<const MethodName> names) {
  std::vector<RouteName> canonical;
  canonical.reserve(names.size());
  for (const MethodName& name : names) {
    auto route_name = route_name_of(name);
    if (!route_name.ok()) return route_name.status();
    canonical.push_back(*std::move(route_name));
  }

  Impl::ControlLock lock(*impl_, __func__);
  RouteIds added;
  std::vector<Route> result;
  result.reserve(names.size());
  for (const RouteName& name : canonical) {
    auto it = impl_->routes.find(name);
    if (it == impl_->routes.end()) {
      const auto id =
          static_cast<uint32_t>(impl_->last_route + 1 + added.size());
      it = added.emplace(name, id).first;
    }
    result.push_back(Route(it->second));
  }
  if (added.empty()) return result;
  if (impl_->last_route + added.size() > kMaxRoutes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an enforcer has at most ", kMaxRoutes, " routes"));
  }
  impl_->last_route += static_cast<uint32_t>(added.size());
  // The plans that cover a route must know it before any request can use it.
  absl::Status status;
  impl_->plans.for_each([&](PlanRecord& plan) {
    impl_->mutex.assert_held();
    if (status.ok() && plan.compiler.add_routes(added)) {
      status = impl_->publish(plan);
    }
  });
  if (!status.ok()) return status;
  impl_->routes.merge(added);
  return result;
}

void Enforcer::maintain() {
  Impl::ControlLock lock(*impl_, __func__);
  if (impl_->leases != nullptr) impl_->leases->maintain(impl_->clock->now());
  impl_->collect();
}

void Enforcer::Impl::publish_sizes() const {
  const auto set = [](std::atomic<size_t>& published, size_t size) {
    published.store(size, std::memory_order_relaxed);
  };
  set(sizes.usage_plans, plans.size());
  set(sizes.api_keys, keys.size() - hidden_keys);
  set(sizes.arena_used_bytes, arena->used());
  set(sizes.arena_retired_bytes, arena->retired());
  set(sizes.leases, leases == nullptr ? 0 : leases->open_leases());
  set(sizes.counts_file_bytes, sync == nullptr ? 0 : counts_file->bytes());
}

Enforcer::Statistics Enforcer::statistics() const {
  const EpochDomain::Statistics readers = EpochDomain::instance().statistics();
  if (impl_->mutex.try_lock()) {
    impl_->publish_sizes();
    impl_->mutex.unlock();
  }
  const auto size = [](const std::atomic<size_t>& published) {
    return published.load(std::memory_order_relaxed);
  };
  const Impl::Sizes& sizes = impl_->sizes;
  Statistics statistics = {};
  statistics.usage_plans = size(sizes.usage_plans);
  statistics.api_keys = size(sizes.api_keys);
  statistics.arena_used_bytes = size(sizes.arena_used_bytes);
  statistics.arena_retired_bytes = size(sizes.arena_retired_bytes);
  statistics.arena_reserved_bytes = impl_->arena->reserved();
  statistics.threads = readers.threads;
  statistics.stalled_threads = readers.holding;
  statistics.stalled_ns = readers.held_ns;
  statistics.days_not_recorded = impl_->arena->lost_days();
  statistics.leases = size(sizes.leases);
  statistics.counts_from = impl_->counts_from;
  if (impl_->sync != nullptr) {
    statistics.days_not_recorded += impl_->counts_file->lost_days();
    statistics.counts_file_bytes = size(sizes.counts_file_bytes);
    statistics.synced_unix_ns = impl_->sync->synced_unix_ns();
    statistics.synced_monotonic_ns = impl_->sync->synced_monotonic_ns();
    statistics.sync_failures = impl_->sync->failures();
  }
  const CallsInProgress::Stalled stalled = impl_->calls.stalled();
  statistics.stalled_call = stalled.name;
  statistics.stalled_call_ns = stalled.ns;
  return statistics;
}

}  // namespace weir
