#include "weir/serve/metrics_writer.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "weir/serve/testing/metrics_parser.h"

namespace weir {
namespace {

TEST(MetricsWriter, WritesMetrics) {
  MetricsWriter metrics;
  metrics.begin_counter("a_total", "Things.");
  metrics.add({{"outcome", "good"}, {"of", "1"}}, int64_t{17});
  metrics.add({{"outcome", "bad"}, {"of", "1"}}, int64_t{0});
  metrics.begin_gauge("b_seconds", "Time.");
  metrics.add(0.25);
  EXPECT_EQ(metrics.text(),
            "# HELP a_total Things.\n"
            "# TYPE a_total counter\n"
            "a_total{outcome=\"good\",of=\"1\"} 17\n"
            "a_total{outcome=\"bad\",of=\"1\"} 0\n"
            "# HELP b_seconds Time.\n"
            "# TYPE b_seconds gauge\n"
            "b_seconds 0.25\n");
}

TEST(MetricsWriter, Escapes) {
  MetricsWriter metrics;
  metrics.begin_gauge("a", "back\\slash \"quote\"\nline");
  metrics.add({{"l", "back\\slash \"quote\"\nline caf\xC3\xA9 {},="}},
              int64_t{1});
  EXPECT_EQ(metrics.text(),
            "# HELP a back\\\\slash \"quote\"\\nline\n"
            "# TYPE a gauge\n"
            "a{l=\"back\\\\slash \\\"quote\\\"\\nline caf\xC3\xA9 {},=\"} 1\n");
  const auto parsed = parse_metrics(metrics.text());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->at("a").help, "back\\slash \"quote\"\nline");
}

TEST(MetricsWriter, WritesEveryNumber) {
  const auto written = [](auto value) {
    MetricsWriter metrics;
    metrics.begin_gauge("a", "A.");
    metrics.add(value);
    const std::string text = metrics.text();
    return text.substr(text.rfind(' ') + 1);
  };
  EXPECT_EQ(written(std::numeric_limits<int64_t>::max()),
            "9223372036854775807\n");
  EXPECT_EQ(written(int64_t{-1}), "-1\n");
  EXPECT_EQ(written(0.1), "0.1\n");
  EXPECT_EQ(written(1789300800.123), "1789300800.123\n");
  EXPECT_EQ(written(1e300), "1e+300\n");
  EXPECT_EQ(written(-2.2250738585072014e-308), "-2.2250738585072014e-308\n");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "+Inf\n");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "-Inf\n");
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "NaN\n");
}

// The tests of metrics are as good as what they read them with.
TEST(MetricsParser, RefusesWhatIsWrong) {
  const std::string good = "# HELP a_total A.\n# TYPE a_total counter\n";
  EXPECT_TRUE(parse_metrics(good + "a_total 1\n").ok());
  for (const char* samples : {"a_total 1",
                              "a_total  1\n",
                              "a_total\n",
                              "a_total x\n",
                              "b 1\n",
                              "a_total 1\na_total 1\n",
                              "\n",
                              "a_total{} 1\n",
                              "a_total{x=1} 1\n",
                              "a_total{x=\"1} 1\n",
                              "a_total{x=\"1\",} 1\n",
                              "a_total{x=\"\\t\"} 1\n",
                              "a_total{x=\"1\",x=\"2\"} 1\n",
                              "a_total{1x=\"1\"} 1\n",
                              "a_total -1\n",
                              "a_total 1 \n",
                              "a_total NaN\n",
                              "# TYPE b gauge\n",
                              "# HELP a_total A.\n",
                              "# TYPE a_total counter\n",
                              "# a\n",
                              "# HELP b B.\n",
                              "# HELP b B.\n# TYPE b counter\n",
                              "# HELP b_total B.\n# TYPE b_total gauge\n",
                              "# HELP b B.\n# TYPE b gauge\na_total 1\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(parse_metrics(good + samples).status()))
        << samples;
  }
  EXPECT_FALSE(parse_metrics("a_total 1\n").ok());
}

}  // namespace
}  // namespace weir
