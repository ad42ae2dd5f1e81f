#include "weir/gateway/trusted_peers.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "weir/base/text.h"

namespace weir {
namespace {

constexpr int kIpv4Bits = 32;
constexpr int kIpv6Bits = 128;
// The prefix of "::ffff:0:0/96".
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                             0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;

absl::Status bad_range(std::string_view range, std::string_view why = "") {
  return absl::InvalidArgumentError(absl::StrCat(
      "expected ADDRESS/BITS, such as 10.0.0.0/8 or fd00::/8, got ",
      internal::excerpt(range), why.empty() ? "" : ": ",
      internal::to_absl(why)));
}

// Returns -1 if `text` is not a number up to `most`.
int parse_bits(std::string_view text, int most) {
  int bits;
  const bool is_number =
      std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
      absl::SimpleAtoi(internal::to_absl(text), &bits);
  return is_number && bits <= most ? bits : -1;
}

}  // namespace

TrustedPeers TrustedPeers::loopback() {
  TrustedPeers peers;
  (void)peers.add("127.0.0.0/8");
  (void)peers.add("::1");
  return peers;
}

absl::Status TrustedPeers::add(std::string_view range) {
  const size_t slash = std::min(range.find('/'), range.size());
  const std::string_view address_text = range.substr(0, slash);
  Range added;
  if (!parse(address_text, added.address)) return bad_range(range);
  added.bits = added.address.bits;
  if (slash < range.size()) {
    // The bits of a mapped address count from the start of the IPv6 form.
    const bool is_mapped = added.address.bits == kIpv4Bits &&
                           address_text.find(':') != address_text.npos;
    const int unwritten = is_mapped ? kMappedBits : 0;
    const int bits =
        parse_bits(range.substr(slash + 1), unwritten + added.address.bits);
    if (bits < 0) {
      return bad_range(range, absl::StrCat("BITS is no number up to ",
                                           unwritten + added.address.bits));
    }
    if (bits < unwritten) {
      return bad_range(range, "IPv4 addresses in IPv6 have 96 bits or more");
    }
    added.bits = bits - unwritten;
  }
  ranges_.push_back(added);
  return absl::OkStatus();
}

bool TrustedPeers::include(const HttpRequest& request) const {
  if (request.over_unix_socket) return true;
  // A link-local address comes with its zone: "fe80::1%eth0".
  const std::string_view text = request.peer_address;
  Address peer;
  return parse(text.substr(0, text.find('%')), peer) &&
         std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const Range& range) { return contains(range, peer); });
}

bool TrustedPeers::parse(std::string_view text, Address& address) {
  const std::string whole(text);
  // inet_pton() would stop at the null byte.
  if (whole.find('\0') != whole.npos) return false;
  if (inet_pton(AF_INET, whole.c_str(), address.bytes.data()) == 1) {
    address.bits = kIpv4Bits;
    return true;
  }
  if (inet_pton(AF_INET6, whole.c_str(), address.bytes.data()) != 1) {
    return false;
  }
  address.bits = kIpv6Bits;
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    std::copy(address.bytes.begin() + kMapped.size(), address.bytes.end(),
              address.bytes.begin());
    address.bits = kIpv4Bits;
  }
  return true;
}

bool TrustedPeers::contains(const Range& range, const Address& address) {
  if (range.address.bits != address.bits) return false;
  const auto own = range.address.bytes.begin();
  const int whole = range.bits / 8;
  if (!std::equal(own, own + whole, address.bytes.begin())) return false;
  const int rest = range.bits % 8;
  return rest == 0 ||
         (own[whole] ^ address.bytes[static_cast<size_t>(whole)]) >>
                 (8 - rest) ==
             0;
}

}  // namespace weir
