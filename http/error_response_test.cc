#include "weir/http/error_response.h"

#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/http/headers.h"
#include "weir/http/message.h"
#include "weir/http/refusal_answer.h"

namespace weir {
namespace {

TEST(ErrorResponse, IsAsAwsClientsReadIt) {
  const HttpResponse response =
      error_response(404, "NotFoundException", "No \"such\" thing");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"message":"No \"such\" thing"})");
  EXPECT_EQ(first_header(response.headers, "x-amzn-errortype"),
            "NotFoundException");
  EXPECT_EQ(first_header(response.headers, "retry-after"), std::nullopt);
}

TEST(RefusalAnswer, SaysWhyAndIsOneOfItsOwn) {
  const auto say = [](const HttpResponse& response) {
    return absl::StrCat(
        response.status, " ",
        std::string(*first_header(response.headers, "x-amzn-errortype")), " ",
        response.body);
  };
  const auto busy = [](const char* message) {
    return absl::StrCat("503 ServiceUnavailableException {\"message\":\"",
                        message, "\"}");
  };
  EXPECT_EQ(
      say(refusal_answer(HttpRefusal::kBodyTooLarge)),
      "413 RequestEntityTooLargeException {\"message\":\"Request body too "
      "large\"}");
  EXPECT_EQ(say(refusal_answer(HttpRefusal::kTimeout)),
            "408 RequestTimeoutException {\"message\":\"The request was not "
            "there in time\"}");
  EXPECT_EQ(say(refusal_answer(HttpRefusal::kConnections)),
            busy("Too many connections"));
  EXPECT_EQ(say(refusal_answer(HttpRefusal::kRequests)),
            busy("Too many requests at once"));
  EXPECT_EQ(say(refusal_answer(HttpRefusal::kMemory)),
            busy("Too many request bodies and answers at once"));
  EXPECT_EQ(say(refusal_answer(HttpRefusal::kHeadTooLarge)),
            "431 BadRequestException {\"message\":\"Request header fields too "
            "large\"}");
  EXPECT_EQ(
      say(target_too_long_answer()),
      "414 BadRequestException {\"message\":\"Request target too long\"}");
  EXPECT_EQ(say(malformed_answer("text")),
            "400 BadRequestException {\"message\":\"text\"}");
  EXPECT_EQ(say(internal_error_answer()),
            "500 InternalFailure {\"message\":\"Internal server error\"}");
  const auto id = [](const HttpResponse& response) {
    return std::string(*first_header(response.headers, "x-amzn-requestid"));
  };
  EXPECT_EQ(id(internal_error_answer()).size(), 36u);
  EXPECT_NE(id(internal_error_answer()), id(internal_error_answer()));
}

// Each of 1 to 5 seconds as often, or clients would return together.
TEST(ErrorResponse, SpreadsThoseWhoAreToComeAgain) {
  constexpr int kAnswers = 5'000;
  std::array<int, kMaxOverloadRetryAfter> counts = {};
  for (int i = 0; i < kAnswers; ++i) {
    const HttpResponse response =
        error_response(i % 2 == 0 ? 429 : 503, "Type", "text");
    const std::string wait(*first_header(response.headers, "retry-after"));
    ASSERT_EQ(wait.size(), 1u);
    ASSERT_GE(wait[0], '1');
    ASSERT_LE(wait[0], '5');
    ++counts[wait[0] - '1'];
  }
  // 1,000 of each, by more than ten standard deviations.
  for (const int count : counts) {
    EXPECT_GT(count, 700);
    EXPECT_LT(count, 1300);
  }
}

}  // namespace
}  // namespace weir
