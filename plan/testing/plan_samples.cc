#include "weir/plan/testing/plan_samples.h"

#include <cmath>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace weir {
namespace {

// A number from 0 to n - 1.
int below(int n, std::mt19937_64* random) {
  return std::uniform_int_distribution<int>(0, n - 1)(*random);
}

std::int64_t between(std::int64_t min, std::int64_t max,
                     std::mt19937_64* random) {
  switch (below(4, random)) {
    case 0:
      return min;
    case 1:
      return max;
    default:
      return std::uniform_int_distribution<std::int64_t>(min, max)(*random);
  }
}

std::string random_text(int min, std::mt19937_64* random) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "Z",
                                                   "0",
                                                   " ",
                                                   "\"",
                                                   "\\",
                                                   "/",
                                                   "~1",
                                                   "\n",
                                                   "\x01",
                                                   "\x7F",
                                                   "\xC3\xA4",
                                                   "\xE2\x82\xAC",
                                                   "\xF0\x9F\x98\x80",
                                                   std::string(1, '\0')};
  std::string text;
  for (int i = below(8, random) + min; i > 0; --i) {
    text += kPieces[below(static_cast<int>(kPieces.size()), random)];
  }
  return text;
}

v1::ThrottleSettings random_throttle(std::mt19937_64* random) {
  static constexpr double kRates[] = {0, 1e-6, 1e9, 0.1, 1.0 / 3, 100, 4.35};
  v1::ThrottleSettings throttle;
  throttle.set_burst_limit(between(0, 2147483647, random));
  const int choice = below(14, random);
  throttle.set_rate_limit(
      choice < 7 ? kRates[choice]
                 : std::exp(std::uniform_real_distribution<double>(
                       std::log(1e-6) + 1e-9, std::log(1e9))(*random)));
  return throttle;
}

}  // namespace

std::uint64_t test_seed(std::uint64_t default_seed) {
  const char* seed = std::getenv("WEIR_TEST_SEED");
  return seed == nullptr ? default_seed : std::strtoull(seed, nullptr, 10);
}

v1::UsagePlan random_plan(std::mt19937_64* random) {
  static constexpr const char* kMethodKeys[] = {
      "//GET", "/pets/GET", "/pets/{id}/DELETE", "/a/~x/ANY", "/b\"\\/PUT"};
  v1::UsagePlan plan;
  if (below(2, random) == 0) plan.set_id("p1");
  plan.set_name(random_text(1, random));
  if (below(2, random) == 0) plan.set_description(random_text(0, random));
  if (below(2, random) == 0) plan.set_product_code(random_text(0, random));
  if (below(2, random) == 0) *plan.mutable_throttle() = random_throttle(random);
  if (below(2, random) == 0) {
    v1::QuotaSettings* quota = plan.mutable_quota();
    quota->set_limit(below(8, random) == 0
                         ? 0
                         : between(27, (std::int64_t{1} << 43) - 1, random));
    quota->set_period(static_cast<v1::QuotaPeriod>(1 + below(3, random)));
    const int last = quota->period() == v1::DAY    ? 0
                     : quota->period() == v1::WEEK ? 6
                                                   : 27;
    quota->set_offset(between(0, last, random));
  }
  for (int i = below(4, random); i > 0; --i) {
    v1::ApiStage* stage = plan.add_api_stages();
    stage->set_api_id(absl::StrCat("api", i));
    stage->set_stage(below(2, random) == 0 ? "prod" : "d\xC3\xA9v");
    if (!plan.has_throttle()) continue;
    for (const char* key : kMethodKeys) {
      if (below(3, random) == 0) {
        (*stage->mutable_throttle())[key] = random_throttle(random);
      }
    }
  }
  for (int i = below(4, random); i > 0; --i) {
    (*plan.mutable_tags())[random_text(1, random)] = random_text(0, random);
  }
  return plan;
}

std::string plan_bytes(const v1::UsagePlan& plan) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    plan.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace weir
