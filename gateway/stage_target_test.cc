#include "weir/gateway/stage_target.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace weir {
namespace {

// "stage|path|query", or "refused".
std::string parsed(std::string_view target) {
  const auto result = parse_stage_target(target);
  if (!result.has_value()) return "refused";
  return std::string(result->stage) + "|" + std::string(result->path) + "|" +
         std::string(result->query);
}

TEST(StageTarget, Divides) {
  EXPECT_EQ(parsed("/a1/prod/pets/7?x=1"), "a1/prod|/pets/7|x=1");
  EXPECT_EQ(parsed("/a1/prod/pets/"), "a1/prod|/pets/|");
  EXPECT_EQ(parsed("/a1/prod/"), "a1/prod|/|");
  EXPECT_EQ(parsed("/a1/prod/?"), "a1/prod|/|");
}

TEST(StageNames, AreDecoded) {
  const auto names = [](std::string_view stage) {
    const StageNames result = stage_names(stage);
    return result.api_id + "|" + result.stage;
  };
  EXPECT_EQ(names("shop/prod"), "shop|prod");
  EXPECT_EQ(names("sho%70/pr%2Fod"), "shop|pr/od");
  EXPECT_EQ(names("s/p%"), "s|p%");
  EXPECT_EQ(names("shop"), "shop|");
  EXPECT_EQ(names(""), "|");
}

TEST(StageTarget, StageAlone_IsItsRoot) {
  EXPECT_EQ(parsed("/a1/prod"), "a1/prod|/|");
  EXPECT_EQ(parsed("/a1/prod?pets"), "a1/prod|/|pets");
}

TEST(StageTarget, PartsAreAsSent) {
  EXPECT_EQ(parsed("/a1/pro%64/p%65ts?%2e%2E"), "a1/pro%64|/p%65ts|%2e%2E");
  EXPECT_EQ(parsed("/a1/prod/a%2Fb"), "a1/prod|/a%2Fb|");
  EXPECT_EQ(parsed("/a1/prod/caf%C3%A9"), "a1/prod|/caf%C3%A9|");
  EXPECT_EQ(parsed("/a1/$default/-._~!&'()*+,=:@"),
            "a1/$default|/-._~!&'()*+,=:@|");
}

TEST(StageTarget, OtherForms_AreRefused) {
  for (const char* target :
       {"", "*", "/", "/a1", "/a1/", "/a1?/prod/x", "a1/prod/x",
        "http://h/a1/prod/x", "h:80", "?/a1/prod/x"}) {
    EXPECT_EQ(parsed(target), "refused") << target;
  }
}

// A server that removes them finds another path than the limits did.
TEST(StageTarget, DotSegments_AreRefused) {
  for (const char* target :
       {"/a1/prod/x/../pets", "/a1/prod/./pets", "/a1/prod/..", "/a1/prod/.",
        "/a1/../a1/prod/pets", "/../a1/prod/pets", "/./a1/prod/pets",
        "/a1/prod/%2e%2e/pets", "/a1/prod/%2E/pets", "/a1/prod/.%2e",
        "/a1/prod/x%2F..%2Fpets", "/a1/prod/x%2f.%2fpets", "/a1/%2e%2e/x",
        "/a1/prod/x%5C..%5Cpets", "/a1/prod/..%5Cpets", "/a1/prod/..%2Fpets",
        "/a1/prod/../?x"}) {
    EXPECT_EQ(parsed(target), "refused") << target;
  }
  EXPECT_EQ(parsed("/a1/prod/.well-known/a..b/..."),
            "a1/prod|/.well-known/a..b/...|");
  EXPECT_EQ(parsed("/a1/prod/x?../.."), "a1/prod|/x|../..");
  // What decoding once does not make dots of is a name with a percent sign.
  EXPECT_EQ(parsed("/a1/prod/%252e%252e"), "a1/prod|/%252e%252e|");
}

TEST(StageTarget, EmptySegments_AreRefused) {
  for (const char* target :
       {"//a1/prod/pets", "/a1//prod/pets", "/a1/prod//pets", "/a1/prod//",
        "/a1/prod/pets//", "//", "/a1//"}) {
    EXPECT_EQ(parsed(target), "refused") << target;
  }
  EXPECT_EQ(parsed("/a1/prod/x?a//b"), "a1/prod|/x|a//b");
  EXPECT_EQ(parsed("/a1/prod/http%3A%2F%2Fexample.com"),
            "a1/prod|/http%3A%2F%2Fexample.com|");
}

TEST(StageTarget, ParametersOfSegments_AreRefused) {
  EXPECT_EQ(parsed("/a1/prod/pets;v=1"), "refused");
  EXPECT_EQ(parsed("/a1/prod/..;/pets"), "refused");
  EXPECT_EQ(parsed("/a1/prod;x/pets"), "refused");
  EXPECT_EQ(parsed("/a1/prod/pets%3Bv=1?a;b"), "a1/prod|/pets%3Bv=1|a;b");
}

TEST(StageTarget, OtherCharacters_AreRefused) {
  for (int c = 0; c < 256; ++c) {
    const std::string character(1, static_cast<char>(c));
    const bool in_path = parsed("/a1/prod/x" + character) != "refused";
    const bool in_query = parsed("/a1/prod/x?" + character) != "refused";
    if (c <= ' ' || c >= 0x7F || c == '#') {
      EXPECT_FALSE(in_path) << c;
      EXPECT_FALSE(in_query) << c;
    } else {
      EXPECT_EQ(in_path, std::string_view("\"<>[]\\^`{|};%").find(character) ==
                             std::string_view::npos)
          << character;
      EXPECT_TRUE(in_query) << character;
    }
  }
}

TEST(StageTarget, BadEncodings_AreRefused) {
  for (const char* segment :
       {"%", "%4", "%zz", "%4g", "%%41", "%00", "%0d%0aHost:%20x", "%7f", "%ff",
        "%C0%AE%C0%AE", "%c0%af", "%ED%A0%80", "caf%C3"}) {
    EXPECT_EQ(parsed(std::string("/a1/prod/") + segment), "refused") << segment;
    EXPECT_EQ(parsed(std::string("/a1/") + segment + "/x"), "refused")
        << segment;
  }
}

// What is below a stage is judged as with the stage before it.
TEST(StageTarget, PathsBelowAStage_AreJudgedByThemselves) {
  for (const char* path :
       {"/",      "/pets",      "/pets/",       "/p?x",          "/p?",
        "/p#x",   "/p?a#b",     "//",           "//p",           "/p//",
        "/.",     "/./p",       "/p/..",        "/%2e",          "/p/%2E%2e",
        "/p;v=1", "/%zz",       "/%",           "/%2",           "/%00",
        "/%ff",   "/caf%C3%A9", "/caf\xC3\xA9", "/{id}",         "/a b",
        "/a\\b",  "/a%5c..",    "/p?q=\"",      "/p?q=\xC3\xA9", "/...",
        "/.x"}) {
    const auto below = parse_unambiguous_path(path);
    const std::string whole = std::string("/a1/prod") + path;
    EXPECT_EQ(parsed(whole), below.has_value()
                                 ? "a1/prod|" + std::string(below->path) + "|" +
                                       std::string(below->query)
                                 : "refused")
        << path;
  }
  for (const char* path : {"", "pets", "?x", "*", "http://h/p"}) {
    EXPECT_FALSE(parse_unambiguous_path(path).has_value()) << path;
  }
}

TEST(StageTarget, MethodsOfApis) {
  for (const char* method :
       {"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"}) {
    EXPECT_TRUE(is_api_method(method)) << method;
  }
  for (const char* method : {"", "get", "TRACE", "CONNECT", "ANY", "GET "}) {
    EXPECT_FALSE(is_api_method(method)) << method;
  }
}

}  // namespace
}  // namespace weir
