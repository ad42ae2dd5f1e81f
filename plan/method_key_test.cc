#include "weir/plan/method_key.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/plan/plan_error.h"

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

std::string canonical(std::string_view spelling) {
  const auto key = canonical_method_key(spelling);
  return key.ok() ? *key : aws_message(key.status());
}

TEST(CanonicalMethodKey, TakesEverySpellingOfAResource) {
  EXPECT_EQ(canonical("/pets/GET"), "/pets/GET");
  EXPECT_EQ(canonical("pets/GET"), "/pets/GET");
  EXPECT_EQ(canonical("~1pets/GET"), "/pets/GET");
  EXPECT_EQ(canonical("~1pets~1GET"), "/pets/GET");
  EXPECT_EQ(canonical("//pets/GET"), "/pets/GET");
  EXPECT_EQ(canonical("//a/b/{id}/GET"), "/a/b/{id}/GET");
  EXPECT_EQ(canonical("a~1b~1{proxy+}/ANY"), "/a/b/{proxy+}/ANY");
}

TEST(CanonicalMethodKey, TakesEverySpellingOfTheRoot) {
  EXPECT_EQ(canonical("//GET"), "//GET");
  EXPECT_EQ(canonical("/GET"), "//GET");
  EXPECT_EQ(canonical("~1/GET"), "//GET");
  EXPECT_EQ(canonical("~1~1GET"), "//GET");
}

TEST(CanonicalMethodKey, TakesEveryHttpMethodAndNoOther) {
  for (const char* method :
       {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}) {
    EXPECT_EQ(canonical(std::string("/a/") + method),
              std::string("/a/") + method);
  }
  for (const char* method : {"get", "TRACE", "*", "", "GET ", "rateLimit"}) {
    EXPECT_EQ(canonical(std::string("/a/") + method),
              std::string("Invalid method {resourcePath: /a,method: ") +
                  method + "} specified");
  }
  EXPECT_EQ(canonical("*/*"),
            "Invalid method {resourcePath: *,method: *} specified");
  EXPECT_EQ(canonical("GET"),
            "Invalid method {resourcePath: ,method: GET} specified");
  EXPECT_EQ(canonical(""),
            "Invalid method {resourcePath: ,method: } specified");
}

TEST(CanonicalMethodKey, UnescapesOnce) {
  EXPECT_EQ(canonical("/~0user/GET"), "/~user/GET");
  EXPECT_EQ(canonical("/~user/GET"), "/~user/GET");
  // A "~1" that remains after unescaping would become "/" the next time.
  EXPECT_EQ(canonical("/~01/GET"),
            "Invalid method {resourcePath: /~1,method: GET} specified");
  EXPECT_EQ(canonical("/~00/GET"),
            "Invalid method {resourcePath: /~0,method: GET} specified");
}

TEST(CanonicalMethodKey, RefusesWhatIsNotVisibleAscii) {
  for (const char* path : {"/a b", "/a\n", "/\x7f", "/p\xC3\xA4", "/\xFF"}) {
    const auto key = canonical_method_key(std::string(path) + "/GET");
    ASSERT_FALSE(key.ok()) << path;
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
    for (const char c : std::string(key.status().message())) {
      EXPECT_TRUE(c >= ' ' && c < 0x7F);
    }
  }
}

TEST(CanonicalMethodKey, IsBounded) {
  const std::string longest =
      "/" + std::string(kMaxMethodKeyBytes - 5, 'a') + "/GET";
  ASSERT_EQ(longest.size(), kMaxMethodKeyBytes);
  EXPECT_EQ(canonical(longest), longest);
  const auto key = canonical_method_key("/a" + longest);
  ASSERT_FALSE(key.ok());
  EXPECT_LT(key.status().message().size(), 300u);
  EXPECT_THAT(std::string(key.status().message()),
              HasSubstr("at most 1024 bytes"));
}

TEST(CanonicalMethodKey, KeepsWhatIsCanonical) {
  for (const char* spelling :
       {"pets/GET", "/GET", "~1a~1b/ANY", "///x//PUT", "/~0/GET", "a/~/PUT"}) {
    const std::string once = canonical(spelling);
    EXPECT_EQ(canonical(once), once) << spelling;
  }
}

TEST(CanonicalizeMethodKeys, RewritesEveryKey) {
  google::protobuf::Map<std::string, int> map;
  map["pets/GET"] = 1;
  map["~1/GET"] = 2;
  map["/a/PUT"] = 3;
  ASSERT_TRUE(canonicalize_method_keys(&map).ok());
  EXPECT_THAT(map, UnorderedElementsAre(Pair("/pets/GET", 1), Pair("//GET", 2),
                                        Pair("/a/PUT", 3)));
}

TEST(CanonicalizeMethodKeys, RefusesTwoSpellingsOfOneMethod) {
  google::protobuf::Map<std::string, int> map;
  map["pets/GET"] = 1;
  map["/pets/GET"] = 2;
  const absl::Status status = canonicalize_method_keys(&map);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"/pets/GET\""));
  EXPECT_THAT(map,
              UnorderedElementsAre(Pair("pets/GET", 1), Pair("/pets/GET", 2)));
}

}  // namespace
}  // namespace weir
