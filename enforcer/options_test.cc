#include "weir/enforcer/options.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/enforcer/enforcer.h"

namespace weir {
namespace {

// Returns "", or the error for options with one of them changed.
std::string error_with(const std::function<void(Options&)>& change) {
  Options options;
  options.arena_bytes = size_t{1} << 24;
  change(options);
  const auto enforcer = Enforcer::create(options);
  if (enforcer.ok()) return "";
  EXPECT_EQ(enforcer.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(enforcer.status().message());
}

TEST(OptionsTest, RefusesWhatIsOutOfRange) {
  EXPECT_EQ(error_with([](Options&) {}), "");
  EXPECT_EQ(error_with([](Options& o) { o.arena_bytes = 1 << 20; }), "");
  EXPECT_EQ(error_with([](Options& o) { o.arena_bytes = (1 << 20) - 1; }),
            "Options::arena_bytes: 1048575 is not from 1048576 to "
            "549755813888");
  EXPECT_EQ(error_with([](Options& o) { o.arena_bytes = ~size_t{0}; }),
            "Options::arena_bytes: 18446744073709551615 is not from 1048576 to "
            "549755813888");
  EXPECT_EQ(
      error_with([](Options& o) { o.arena_bytes = (size_t{1} << 39) + 1; }),
      "Options::arena_bytes: 549755813889 is not from 1048576 to "
      "549755813888");
  EXPECT_EQ(error_with([](Options& o) { o.lease_threads = 64; }), "");
  EXPECT_EQ(error_with([](Options& o) { o.lease_threads = 65; }),
            "Options::lease_threads: 65 is not from 0 to 64");
  EXPECT_EQ(error_with([](Options& o) { o.lease_threads = -1; }),
            "Options::lease_threads: -1 is not from 0 to 64");
  EXPECT_EQ(error_with([](Options& o) { o.lease_tokens = 1; }), "");
  EXPECT_EQ(error_with([](Options& o) { o.lease_tokens = 2'147'483'647; }), "");
  EXPECT_EQ(error_with([](Options& o) { o.lease_tokens = 0; }),
            "Options::lease_tokens: 0 is not from 1 to 2147483647");
  EXPECT_EQ(error_with([](Options& o) { o.lease_tokens = 2'147'483'648; }),
            "Options::lease_tokens: 2147483648 is not from 1 to 2147483647");
  EXPECT_EQ(error_with([](Options& o) { o.sync_interval = absl::Hours(24); }),
            "");
  EXPECT_EQ(error_with([](Options& o) {
              o.sync_interval = absl::Hours(24) + absl::Nanoseconds(1);
            }).substr(0, 24),
            "Options::sync_interval: ");
  EXPECT_EQ(error_with(
                [](Options& o) { o.sync_interval = absl::InfiniteDuration(); }),
            "Options::sync_interval: inf is not from 0 to 24h");
  EXPECT_EQ(
      error_with([](Options& o) { o.sync_interval = -absl::Nanoseconds(1); }),
      "Options::sync_interval: -1ns is not from 0 to 24h");
  EXPECT_EQ(error_with([](Options& o) {
              o.quota_offset = static_cast<QuotaOffset>(2);
            }),
            "Options::quota_offset: unknown value");
  EXPECT_EQ(error_with([](Options& o) {
              o.method_throttle = static_cast<MethodThrottle>(2);
            }),
            "Options::method_throttle: unknown value");
}

}  // namespace
}  // namespace weir
