#include "weir/data_plane/data_plane.h"

#include <memory>
#include <string_view>
#include <utility>

namespace weir::internal {

DataPlane::DataPlane(const Settings& settings, std::unique_ptr<Arena> arena,
                     std::unique_ptr<CountsFile> counts_file)
    : clock_(settings.clock != nullptr ? settings.clock
                                       : std::make_shared<SystemClock>()),
      both_throttles_(settings.both_throttles),
      arena_(std::move(arena)),
      counts_file_(std::move(counts_file)),
      clients_(*arena_, counts_file_.get()),
      leases_(settings.lease_threads > 0
                  ? std::make_unique<LeaseManager>(
                        *arena_, clients_.counts(), settings.lease_threads,
                        settings.lease_tokens, both_throttles_)
                  : nullptr) {}

ClientHandle DataPlane::resolve(std::string_view api_key) const noexcept {
  EpochDomain::Guard guard;
  Client* client = clients_.find(api_key);
  if (client == nullptr) return ClientHandle();
  // Acquire: pairs with the release in `Clients::create()`.
  const ClientState state(client->state.load(std::memory_order_acquire));
  // Deleted in the meantime.
  if (state.serial() == 0) return ClientHandle();
  return ClientHandle(client, state.serial());
}

}  // namespace weir::internal
