#include "weir/plan/method_matcher.h"

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir {
namespace {

MethodMatcher matcher(std::initializer_list<const char*> keys) {
  v1::ApiStage stage;
  for (const char* key : keys) (*stage.mutable_throttle())[key];
  return MethodMatcher(stage);
}

TEST(MethodMatcher, FindsNothingInAStageWithoutThrottles) {
  EXPECT_EQ(matcher({}).match("/", "GET"), "");
  EXPECT_EQ(matcher({}).match("/pets", "GET"), "");
}

TEST(MethodMatcher, MatchesPathAndMethod) {
  const MethodMatcher m = matcher({"/pets/GET", "/pets/toys/POST", "//GET"});
  EXPECT_EQ(m.match("/pets", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/pets/toys", "POST"), "/pets/toys/POST");
  EXPECT_EQ(m.match("/", "GET"), "//GET");
  EXPECT_EQ(m.match("/pets", "POST"), "");
  EXPECT_EQ(m.match("/pets", "get"), "");
  EXPECT_EQ(m.match("/pet", "GET"), "");
  EXPECT_EQ(m.match("/petshop", "GET"), "");
  EXPECT_EQ(m.match("/pets/toys/1", "POST"), "");
}

TEST(MethodMatcher, TakesOnlyPathsFromTheRoot) {
  const MethodMatcher m = matcher({"/pets/GET", "//OPTIONS"});
  EXPECT_EQ(m.match("pets", "GET"), "");
  EXPECT_EQ(m.match("*", "OPTIONS"), "");
  EXPECT_EQ(m.match("", "OPTIONS"), "");
}

TEST(MethodMatcher, IgnoresQueryAndOneSlashAtTheEnd) {
  const MethodMatcher m = matcher({"/pets/GET", "//GET"});
  EXPECT_EQ(m.match("/pets?limit=1/2", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/pets#top", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/pets/", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/pets/?limit=1", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/?a", "GET"), "//GET");
}

TEST(MethodMatcher, ParameterTakesExactlyOneSegment) {
  const MethodMatcher m = matcher({"/pets/{id}/GET", "/pets/{id}/toys/GET"});
  EXPECT_EQ(m.match("/pets/17", "GET"), "/pets/{id}/GET");
  EXPECT_EQ(m.match("/pets/{id}", "GET"), "/pets/{id}/GET");
  EXPECT_EQ(m.match("/pets/17/toys", "GET"), "/pets/{id}/toys/GET");
  EXPECT_EQ(m.match("/pets", "GET"), "");
  EXPECT_EQ(m.match("/pets//", "GET"), "");
  EXPECT_EQ(m.match("/pets//toys", "GET"), "");
  EXPECT_EQ(m.match("/pets/17/18", "GET"), "");
}

// A throttle must not apply to the resources next to its own.
TEST(MethodMatcher, BracesThatEncloseNoName_AreLiteral) {
  for (const char* segment : {"{}", "{", "}", "}{", "{id", "id}", "x{id}",
                              "{id}x", "{+}x", "x{}", "{}{", "+{", "%7B%7D"}) {
    const std::string key = absl::StrCat("/pets/", segment, "/GET");
    const MethodMatcher m = matcher({key.c_str()});
    EXPECT_EQ(m.match(absl::StrCat("/pets/", segment), "GET"), key);
    EXPECT_EQ(m.match("/pets/17", "GET"), "") << segment;
    EXPECT_EQ(m.match("/pets/17/18", "GET"), "") << segment;
  }
  EXPECT_EQ(matcher({"/{}/GET"}).match("/%7b%7D", "GET"), "/{}/GET");
  // The shortest names.
  EXPECT_EQ(matcher({"/pets/{a}/GET"}).match("/pets/17", "GET"),
            "/pets/{a}/GET");
  EXPECT_EQ(matcher({"/pets/{a}/GET"}).match("/pets/17/18", "GET"), "");
  EXPECT_EQ(matcher({"/pets/{a+}/GET"}).match("/pets/17/18", "GET"),
            "/pets/{a+}/GET");
}

TEST(MethodMatcher, GreedyTakesOneSegmentOrMore) {
  const MethodMatcher m = matcher({"/files/{proxy+}/GET", "/{all+}/ANY"});
  EXPECT_EQ(m.match("/files/a", "GET"), "/files/{proxy+}/GET");
  EXPECT_EQ(m.match("/files/a/b/c", "GET"), "/files/{proxy+}/GET");
  EXPECT_EQ(m.match("/files", "GET"), "/{all+}/ANY");
  EXPECT_EQ(m.match("/other/a", "PUT"), "/{all+}/ANY");
  EXPECT_EQ(m.match("/", "GET"), "");
}

TEST(MethodMatcher, LiteralBeatsParameterBeatsGreedy) {
  const MethodMatcher m = matcher(
      {"/pets/mine/GET", "/pets/{id}/GET", "/pets/{rest+}/GET", "/{any+}/GET"});
  EXPECT_EQ(m.match("/pets/mine", "GET"), "/pets/mine/GET");
  EXPECT_EQ(m.match("/pets/17", "GET"), "/pets/{id}/GET");
  EXPECT_EQ(m.match("/pets/17/toys", "GET"), "/pets/{rest+}/GET");
  EXPECT_EQ(m.match("/pets/mine/toys", "GET"), "/pets/{rest+}/GET");
  EXPECT_EQ(m.match("/dogs", "GET"), "/{any+}/GET");
}

TEST(MethodMatcher, GoesBackWhereALiteralLeadsNowhere) {
  const MethodMatcher m = matcher({"/pets/mine/GET", "/pets/{id}/toys/GET"});
  EXPECT_EQ(m.match("/pets/mine/toys", "GET"), "/pets/{id}/toys/GET");
}

TEST(MethodMatcher, ExactMethodBeatsAny) {
  const MethodMatcher m = matcher({"/pets/GET", "/pets/ANY"});
  EXPECT_EQ(m.match("/pets", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/pets", "DELETE"), "/pets/ANY");
}

TEST(MethodMatcher, ResourceIsChosenBeforeMethod) {
  const MethodMatcher m = matcher({"/pets/mine/PUT", "/pets/{id}/GET"});
  EXPECT_EQ(m.match("/pets/mine", "PUT"), "/pets/mine/PUT");
  EXPECT_EQ(m.match("/pets/mine", "GET"), "");
}

TEST(MethodMatcher, PercentEncodingDoesNotHideAPath) {
  const MethodMatcher m = matcher({"/pets/GET", "/caf%C3%A9/GET", "/a%zz/GET"});
  EXPECT_EQ(m.match("/p%65ts", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/%70%65%74%73", "GET"), "/pets/GET");
  EXPECT_EQ(m.match("/caf%c3%a9", "GET"), "/caf%C3%A9/GET");
  EXPECT_EQ(m.match("/a%zz", "GET"), "/a%zz/GET");
  EXPECT_EQ(m.match("/pets%", "GET"), "");
  EXPECT_EQ(m.match("/pets%6", "GET"), "");
  // An encoded slash is part of its segment.
  EXPECT_EQ(matcher({"/a/b/GET"}).match("/a%2Fb", "GET"), "");
}

TEST(MethodMatcher, ParametersOfOtherNamesAreTheSameResource) {
  const MethodMatcher m =
      matcher({"/pets/{id}/GET", "/pets/{name}/PUT", "/pets/{name}/GET"});
  EXPECT_EQ(m.match("/pets/17", "GET"), "/pets/{id}/GET");
  EXPECT_EQ(m.match("/pets/17", "PUT"), "/pets/{name}/PUT");
  ASSERT_EQ(m.eclipsed().size(), 1u);
  EXPECT_EQ(m.eclipsed()[0].first, "/pets/{id}/GET");
  EXPECT_EQ(m.eclipsed()[0].second, "/pets/{name}/GET");
}

TEST(MethodMatcher, SeveralMatchesOfOneRequest_AreNotEclipsed) {
  EXPECT_TRUE(matcher({"/pets/mine/GET", "/pets/{id}/GET", "/pets/{id}/ANY",
                       "/pets/{rest+}/GET", "/{any+}/GET", "//GET"})
                  .eclipsed()
                  .empty());
  EXPECT_EQ(matcher({"/{a+}/GET", "/{b+}/GET", "/%70/GET", "/p/GET"})
                .eclipsed()
                .size(),
            2u);
}

TEST(MethodMatcher, GreedyInTheMiddleIsAPlainParameter) {
  const MethodMatcher m = matcher({"/a/{x+}/b/GET"});
  EXPECT_EQ(m.match("/a/1/b", "GET"), "/a/{x+}/b/GET");
  EXPECT_EQ(m.match("/a/1/2/b", "GET"), "");
}

TEST(MethodMatcher, OutlivesTheStage) {
  auto stage = std::make_unique<v1::ApiStage>();
  (*stage->mutable_throttle())["/pets/GET"];
  const MethodMatcher m(*stage);
  stage.reset();
  EXPECT_EQ(m.match("/pets", "GET"), "/pets/GET");
}

// A search that tried both literal and parameter at each of 200 levels would
// never end.
TEST(MethodMatcher, HostilePathsAreCheap) {
  v1::ApiStage stage;
  std::string literal, parameter;
  for (int i = 0; i < 200; ++i) {
    literal += "/a";
    parameter += "/{p}";
    (*stage.mutable_throttle())[literal + parameter + "/x/GET"];
  }
  const MethodMatcher m(stage);
  std::string path;
  for (int i = 0; i < 30000; ++i) path += "/a";

  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(m.match(path, "GET"), "");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace weir
