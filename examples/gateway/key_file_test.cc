#include "examples/gateway/key_file.h"

#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

TEST(KeyFile, ReadsKeysInTheirOrder) {
  const auto keys = parse_key_file(
      "key,name,enabled\n"
      "# a comment\n"
      "0123456789abcdefghij,gold,true\r\n"
      "\n"
      "jihgfedcba9876543210,tin,false");
  ASSERT_TRUE(keys.ok()) << keys.status();
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].value(), "0123456789abcdefghij");
  EXPECT_EQ((*keys)[0].id(), "gold");
  EXPECT_EQ((*keys)[0].name(), "gold");
  EXPECT_TRUE((*keys)[0].enabled());
  EXPECT_EQ((*keys)[1].name(), "tin");
  EXPECT_FALSE((*keys)[1].enabled());
}

TEST(KeyFile, MayBeEmpty) {
  const auto keys = parse_key_file("");
  ASSERT_TRUE(keys.ok());
  EXPECT_TRUE(keys->empty());
}

TEST(KeyFile, ErrorNamesTheLine_NotTheKey) {
  for (const std::string line :
       {"secret-secret-secret", "secret,gold", "secret,gold,yes",
        "secret,gold,true,more", "secret,gold,TRUE", "secret,gold,true ",
        "secret,,true", ",secret,true"}) {
    const auto keys = parse_key_file("# one\n\n" + line + "\n");
    EXPECT_TRUE(absl::IsInvalidArgument(keys.status())) << line;
    const std::string message(keys.status().message());
    EXPECT_NE(message.find("line 3"), message.npos) << message;
    EXPECT_EQ(message.find("secret"), message.npos) << message;
  }
}

}  // namespace
}  // namespace weir
