#include "weir/base/text.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"

namespace weir::internal {
namespace {

TEST(Excerpt, QuotesAndEscapes) {
  EXPECT_EQ(excerpt("abc"), "\"abc\"");
  EXPECT_EQ(excerpt(""), "\"\"");
  EXPECT_EQ(excerpt("a\"b\n\xFF"), "\"a\\\"b\\n\\xff\"");
}

TEST(Excerpt, IsBounded) {
  EXPECT_EQ(excerpt(std::string(64, 'x')), '"' + std::string(64, 'x') + '"');
  EXPECT_EQ(excerpt(std::string(65, 'x')),
            '"' + std::string(64, 'x') + "\"...");
  EXPECT_EQ(excerpt("abcd", 3), "\"abc\"...");
}

TEST(WithPrefix, KeepsCodeAndPayloads) {
  absl::Status error = absl::NotFoundError("b");
  error.SetPayload("url", absl::Cord("payload"));
  const absl::Status prefixed = with_prefix(error, "a: ");
  EXPECT_EQ(prefixed.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(prefixed.message(), "a: b");
  EXPECT_EQ(prefixed.GetPayload("url"), absl::Cord("payload"));
}

TEST(WithPrefix, LeavesOkAlone) {
  EXPECT_TRUE(with_prefix(absl::OkStatus(), "a: ").ok());
}

}  // namespace
}  // namespace weir::internal
