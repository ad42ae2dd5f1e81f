// The peers that are trusted to describe other clients' requests.

#ifndef WEIR_GATEWAY_TRUSTED_PEERS_H_
#define WEIR_GATEWAY_TRUSTED_PEERS_H_

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "weir/http/message.h"

namespace weir {

// A set of IP address ranges. An IPv4 address mapped into IPv6
// ("::ffff:10.0.0.1") counts as the IPv4 address, in ranges and in peers.
// *thread-compatible*
class TrustedPeers {
 public:
  // 127.0.0.0/8 and ::1.
  static TrustedPeers loopback();

  // Adds a range: "ADDRESS/BITS", or "ADDRESS" for a single one. Bits of the
  // address after the first BITS are ignored. InvalidArgument for anything
  // else, such as a name or a zone.
  absl::Status add(std::string_view range);

  // Whether the request came over a unix-domain socket, whose permissions
  // control who may connect, or from an address in one of the ranges.
  bool include(const HttpRequest& request) const;

 private:
  struct Address {
    std::array<uint8_t, 16> bytes = {};
    int bits = 0;  // length of the address: 32 or 128
  };
  struct Range {
    Address address;
    int bits;  // number of leading bits that must match
  };

  static bool parse(std::string_view text, Address& address);
  static bool contains(const Range& range, const Address& address);

  std::vector<Range> ranges_;
};

}  // namespace weir

#endif  // WEIR_GATEWAY_TRUSTED_PEERS_H_
