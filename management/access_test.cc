#include "weir/management/access.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

absl::Status check(HttpHeaders headers) {
  return Access(nullptr)
      .check({"POST", "/usageplans", std::move(headers), ""})
      .status();
}

TEST(IsLoopbackHost, IsForNamesThatDnsCannotMove) {
  for (const char* host :
       {"localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:8080", "127.8.9.1",
        "[::1]", "[::1]:65535"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", ":80", "localhost.example.com", "notlocalhost", "example.com:80",
        "127.0.0.1.example.com", "127.1", "128.0.0.1", "0.0.0.0", "[::]", "::1",
        "[::1", "localhost:80:80", "localhost:x", "localhost ", "127.0.0.1/x",
        "localhost@example.com", "2130706433"}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

TEST(Access, WithoutCredentialsIsForThisMachine) {
  EXPECT_TRUE(check({{"host", "localhost:8080"}}).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(check({})));
  EXPECT_TRUE(absl::IsPermissionDenied(check({{"host", "evil.example"}})));
  EXPECT_TRUE(absl::IsPermissionDenied(
      check({{"host", "localhost"}, {"host", "localhost"}})));
}

TEST(Access, SaysWhyItRefuses) {
  EXPECT_EQ(check({{"host", "example.com"}}).message(),
            "Without credentials, requests have to name the loopback interface "
            "as their Host, such as localhost");
  EXPECT_EQ(check({{"host", "localhost"}, {"origin", "null"}}).message(),
            "Without credentials, pages of other sites are not served");
  // Of a head alone, the same.
  const Access access(nullptr);
  EXPECT_TRUE(
      access.check_head({"POST", "/x", {{"host", "localhost"}}, ""}).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(
      access.check_head({"POST", "/x", {{"host", "example.com"}}, ""})));
}

TEST(Access, WithoutCredentialsPagesOfOthersAreRefused) {
  const auto from = [](const std::string& name, const std::string& value) {
    return check({{"host", "localhost:8080"}, {name, value}});
  };
  EXPECT_TRUE(from("origin", "http://localhost:8080").ok());
  EXPECT_TRUE(from("origin", "https://localhost:8080").ok());
  EXPECT_TRUE(from("sec-fetch-site", "same-origin").ok());
  EXPECT_TRUE(from("sec-fetch-site", "none").ok());
  for (const char* origin :
       {"null", "", "http://localhost", "http://localhost:8081",
        "http://evil.example", "http://127.0.0.1:8080"}) {
    EXPECT_TRUE(absl::IsPermissionDenied(from("origin", origin))) << origin;
  }
  for (const char* site : {"cross-site", "same-site", ""}) {
    EXPECT_TRUE(absl::IsPermissionDenied(from("sec-fetch-site", site))) << site;
  }
}

}  // namespace
}  // namespace weir
