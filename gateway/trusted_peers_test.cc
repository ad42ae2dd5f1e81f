#include "weir/gateway/trusted_peers.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "weir/http/message.h"

namespace weir {
namespace {

HttpRequest from(const std::string& peer) {
  HttpRequest request;
  request.peer_address = peer;
  return request;
}

bool includes(const std::string& range, const std::string& peer) {
  TrustedPeers peers;
  EXPECT_EQ(peers.add(range), absl::OkStatus()) << range;
  return peers.include(from(peer));
}

TEST(TrustedPeers, RangesEndAtABit) {
  const struct {
    const char* range;
    std::vector<const char*> in;
    std::vector<const char*> out;
  } kCases[] = {
      {"10.0.0.0/8",
       {"10.0.0.0", "10.255.255.255"},
       {"9.255.255.255", "11.0.0.0"}},
      {"10.1.2.3/8", {"10.9.9.9"}, {"11.1.2.3"}},
      {"192.0.2.64/26",
       {"192.0.2.64", "192.0.2.127"},
       {"192.0.2.63", "192.0.2.128"}},
      {"192.0.2.7/32", {"192.0.2.7"}, {"192.0.2.6"}},
      {"192.0.2.7", {"192.0.2.7"}, {"192.0.2.6", "192.0.3.7"}},
      {"192.0.2.6/31", {"192.0.2.6", "192.0.2.7"}, {"192.0.2.8", "192.0.2.5"}},
      {"128.0.0.0/1", {"255.1.1.1"}, {"127.1.1.1"}},
      {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::1", "::"}},
      {"::/0", {"::1", "ffff::"}, {"127.0.0.1", "::ffff:127.0.0.1"}},
      {"fd00::/8", {"fd12:3456::1"}, {"fc00::1", "fe00::1"}},
      {"2001:db8::/33", {"2001:db8:7fff::"}, {"2001:db8:8000::"}},
      {"::1", {"::1", "0:0:0:0:0:0:0:1"}, {"::2", "::", "0.0.0.1"}},
      {"fe80::/10", {"fe80::1%eth0", "fe80::1"}, {"fec0::1%eth0"}}};
  for (const auto& [range, in, out] : kCases) {
    for (const char* peer : in)
      EXPECT_TRUE(includes(range, peer)) << range << " " << peer;
    for (const char* peer : out)
      EXPECT_FALSE(includes(range, peer)) << range << " " << peer;
  }
}

// A socket that listens on :: has IPv4 peers in this form.
TEST(TrustedPeers, MappedAddressesAreIpv4) {
  for (const char* range :
       {"10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:a00:0/104"}) {
    for (const char* peer : {"10.1.2.3", "::ffff:10.1.2.3", "::FFFF:a01:203"}) {
      EXPECT_TRUE(includes(range, peer)) << range << " " << peer;
    }
    for (const char* peer : {"11.1.2.3", "::ffff:11.1.2.3", "::10.1.2.3"}) {
      EXPECT_FALSE(includes(range, peer)) << range << " " << peer;
    }
  }
  EXPECT_TRUE(includes("::ffff:10.1.2.3", "10.1.2.3"));
  EXPECT_TRUE(includes("::ffff:0:0/96", "10.1.2.3"));
}

TEST(TrustedPeers, Loopback) {
  const TrustedPeers peers = TrustedPeers::loopback();
  for (const char* peer :
       {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(peers.include(from(peer))) << peer;
  }
  for (const char* peer : {"128.0.0.1", "10.0.0.1", "::", "::2", "0.0.0.0"}) {
    EXPECT_FALSE(peers.include(from(peer))) << peer;
  }
}

TEST(TrustedPeers, UnixSocketsAreTrusted_AndUnknownAddressesAreNot) {
  HttpRequest request;
  EXPECT_FALSE(TrustedPeers::loopback().include(request));
  request.over_unix_socket = true;
  EXPECT_TRUE(TrustedPeers::loopback().include(request));
  EXPECT_TRUE(TrustedPeers().include(request));
  EXPECT_FALSE(TrustedPeers().include(from("127.0.0.1")));
  for (const std::string& peer :
       {std::string("127.0.0.1\0", 10), std::string("localhost"),
        std::string("127.0.0.1:80"), std::string("127.1"),
        std::string("[::1]")}) {
    EXPECT_FALSE(TrustedPeers::loopback().include(from(peer))) << peer;
  }
}

TEST(TrustedPeers, SeveralRangesAddUp) {
  TrustedPeers peers;
  ASSERT_TRUE(peers.add("10.0.0.0/8").ok());
  ASSERT_TRUE(peers.add("fd00::/8").ok());
  EXPECT_TRUE(peers.include(from("10.1.1.1")));
  EXPECT_TRUE(peers.include(from("fd00::1")));
  EXPECT_FALSE(peers.include(from("127.0.0.1")));
}

TEST(TrustedPeers, NoRange) {
  for (const std::string& range : {std::string(),
                                   std::string("/"),
                                   std::string("/8"),
                                   std::string("10.0.0.0/"),
                                   std::string("10.0.0.0/33"),
                                   std::string("10.0.0.0/-1"),
                                   std::string("10.0.0.0/+8"),
                                   std::string("10.0.0.0/ 8"),
                                   std::string("10.0.0.0/8 "),
                                   std::string(" 10.0.0.0/8"),
                                   std::string("10.0.0.0/8/8"),
                                   std::string("10.0.0.0/255.0.0.0"),
                                   std::string("10.0.0/8"),
                                   std::string("010.0.0.0/8"),
                                   std::string("::1/129"),
                                   std::string("::ffff:10.0.0.0/8"),
                                   std::string("::ffff:10.0.0.0/95"),
                                   std::string("::ffff:10.0.0.0/129"),
                                   std::string("localhost"),
                                   std::string("fe80::1%eth0/64"),
                                   std::string("[::1]/128"),
                                   std::string("*"),
                                   std::string("10.0.0.0/99999999999999999999"),
                                   std::string("10.0.0.0\0/8", 11)}) {
    TrustedPeers peers;
    const absl::Status status = peers.add(range);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << range;
    EXPECT_TRUE(absl::StrContains(status.message(), "expected ADDRESS/BITS"))
        << range;
    EXPECT_FALSE(peers.include(from("10.0.0.0"))) << range;
  }
  for (const auto& [range, why] :
       {std::pair{"10.0.0.0/33", ": BITS is no number up to 32"},
        {"10.0.0.0/-1", ": BITS is no number up to 32"},
        {"::1/129", ": BITS is no number up to 128"},
        {"::ffff:10.0.0.0/129", ": BITS is no number up to 128"},
        {"::ffff:10.0.0.0/95", ": IPv4 addresses in IPv6 have 96 bits or more"},
        {"*", "got \"*\""}}) {
    EXPECT_TRUE(absl::EndsWith(TrustedPeers().add(range).message(), why))
        << range;
  }
}

}  // namespace
}  // namespace weir
