#include "weir/patch/message_json.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"
#include "weir/proto/usage_plan.pb.h"

namespace weir::patch {
namespace {

constexpr char kPlan[] =
    R"({"apiStages":[{"apiId":"a","stage":"s","throttle":{"//GET":)"
    R"({"burstLimit":"9007199254740993","rateLimit":0.1}}}],"id":"p1",)"
    R"("quota":{"limit":"5","period":"WEEK"},"tags":{"a":"1","b":"2"}})";

TEST(MessageJson, IsReadAsItWasWritten) {
  v1::UsagePlan plan;
  ASSERT_TRUE(message_from_json(*parse_json(kPlan), &plan).ok());
  EXPECT_EQ(plan.api_stages(0).throttle().at("//GET").burst_limit(),
            9'007'199'254'740'993);
  EXPECT_EQ(plan.quota().period(), v1::WEEK);
  const v1::UsagePlan before = plan;
  const auto json = message_to_json(plan);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(value_to_json(*json), kPlan);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(plan, before));
}

TEST(MessageJson, RefusesWhatIsNoSuchMessage) {
  for (const char* json : {"[]", "null", "1", R"({"colour":"red"})",
                           R"({"id":1})", R"({"quota":{"limit":"x"}})"}) {
    v1::UsagePlan plan;
    EXPECT_TRUE(
        absl::IsInvalidArgument(message_from_json(*parse_json(json), &plan)))
        << json;
  }
}

// Untrusted names may have any length.
TEST(MessageJson, NamesPlacesInShort) {
  const std::string name(64, 'x');  // of its pointer, "/xxx", 64 are shown
  const auto error_of = [](const std::string& name) {
    v1::UsagePlan plan;
    return std::string(
        message_from_json(
            *parse_json(absl::StrCat(R"({"tags":{")", name, R"(":5}})")), &plan)
            .message());
  };
  EXPECT_EQ(error_of(name.substr(1))
                .find(absl::StrCat("/tags/", name.substr(1), ": ")),
            0u)
      << error_of(name.substr(1));
  for (const std::string& longer : {name, std::string(100'000, 'x')}) {
    EXPECT_EQ(
        error_of(longer).find(absl::StrCat("/tags/", name.substr(1), "...: ")),
        0u);
    EXPECT_LT(error_of(longer).size(), 200u);
  }
}

}  // namespace
}  // namespace weir::patch
