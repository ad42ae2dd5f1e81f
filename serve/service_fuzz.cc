// A fuzz target for the service, above the socket. An input is a request as
// text, see request_from_text(), or several of them separated by a line "====",
// for one service.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "weir/base/clock.h"
#include "weir/enforcer/enforcer.h"
#include "weir/gateway/authorizer.h"
#include "weir/gateway/request_observer.h"
#include "weir/gateway/stage_target.h"
#include "weir/http/message.h"
#include "weir/json/json_reader.h"
#include "weir/management/authentication.h"
#include "weir/management/credentials.h"
#include "weir/management/management.h"
#include "weir/management/testing/sigv4_samples.h"
#include "weir/plan/plan_json.h"
#include "weir/proto/api_key.pb.h"
#include "weir/serve/access_record.h"
#include "weir/serve/service.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir {
namespace {

constexpr int kMaxRequests = 8;
// The key value that inputs may use to be admitted.
constexpr char kKnownValue[] = "the-known-value-of-a-key";
// The origin whose pages may use the API.
constexpr char kOrigin[] = "https://www.example.com";

// The value of a key that the input cannot contain: an answer that shows it has
// read it from the key.
std::string secret_of(std::string_view input) {
  return absl::StrFormat("secret-%016x", std::hash<std::string_view>()(input));
}

std::string_view take_until(std::string_view& rest, std::string_view divider) {
  const std::string_view part = rest.substr(0, rest.find(divider));
  rest.remove_prefix(std::min(part.size() + divider.size(), rest.size()));
  return part;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

void check(const HttpRequest& request, const HttpResponse& response,
           std::string_view secret) {
  require(response.status >= 200 && response.status <= 599, "a status");
  bool has_error_type = false;
  int allowed_origins = 0;
  for (const auto& [name, value] : response.headers) {
    if (name == "access-control-allow-origin") {
      ++allowed_origins;
      require(value == kOrigin, "one origin is allowed");
    }
    has_error_type = has_error_type || name == "x-amzn-errortype";
    require(!contains(name + value, "\n") && !contains(name + value, "\r"),
            "headers are lines");
  }
  require(allowed_origins <= 1, "and said once");
  if (Authorizer::serves(request.target)) {
    require(response.status == 200 || response.status == 400 ||
                response.status == 403 || response.status == 429,
            "what proxies understand");
    require(response.status != 200 || response.body.empty(),
            "a proxy is told to go on without a body");
  }
  if (request.target.rfind("/-/refused-keys", 0) == 0) {
    require(parse_json(response.body).ok(), "refused keys are JSON");
  }
  if (Management::serves(request.target)) {
    require(allowed_origins == 0, "management is for its own page");
    require(has_error_type == (response.status >= 400), "errors have types");
    require(response.body.empty() || parse_json(response.body).ok(),
            "what is answered is JSON");
    require(response.body.empty() ==
                (response.status == 202 || response.status == 204),
            "and is there");
  }
  // A value is shown only if it was asked for, or if the key was just created.
  require(
      !contains(response.body, secret) ||
          contains(request.target, "includeValue") ||
          (request.method != "POST" && contains(request.target, "/keys/")) ||
          (request.method == "POST" && response.status == 201),
      "secrets are kept");
}

// For every target, the access log has a line of JSON without the query.
void check_log_line(const HttpRequest& request) {
  AnsweredRequest answered;
  answered.method = request.method;
  answered.target = request.target;
  answered.stage_target = parse_stage_target(request.target);
  const std::string line =
      access_log_line(AccessRecord(answered), std::nullopt);
  require(line.find('\n') == line.size() - 1, "a line");
  const auto json = parse_json(line);
  require(json.ok(), "of JSON");
  const auto& path = json->struct_value().fields().at("path").string_value();
  require(!contains(path, "?"), "without the query");
}

class Subject {
 public:
  Subject(std::string_view secret, bool with_credentials) {
    Options options;
    options.clock = clock_;
    // Small, because a larger arena would take most of an input's time.
    options.arena_bytes = size_t{1} << 20;
    options.huge_pages = false;
    enforcer_ = *Enforcer::create(options);
    const auto plan = enforcer_->create_usage_plan(*usage_plan_from_json(
        R"({"id":"gold","name":"gold","apiStages":[{"apiId":"a1","stage":)"
        R"("prod","throttle":{"/pets/GET":{"rateLimit":1,"burstLimit":1}}}],)"
        R"("throttle":{"rateLimit":2,"burstLimit":2},"quota":{"limit":9,)"
        R"("period":"WEEK"},"tags":{"a":"b"}})"));
    require(plan.ok(), "the plan");
    add_key("blue", secret);
    add_key("green", kKnownValue);
    ServiceOptions service;
    service.clock = clock_;
    require(service.gateway.cors.allow("a1", kOrigin).ok(), "an origin");
    if (with_credentials) {
      Credentials credentials;
      require(credentials.add({kSampleId, kSampleSecret, "", false}).ok(),
              "one");
      service.authentication = std::make_unique<Authentication>(
          std::move(credentials), clock_.get());
    }
    auto created = Service::create(enforcer_.get(), std::move(service));
    require(created.ok(), "the service");
    service_ = *std::move(created);
  }

  HttpResponse answer(const HttpRequest& request) {
    return service_->answer(request);
  }

 private:
  void add_key(std::string_view id, std::string_view value) {
    v1::ApiKey key;
    key.set_id(std::string(id));
    key.set_name(std::string(id));
    key.set_value(std::string(value));
    key.set_enabled(true);
    require(enforcer_->create_api_key(key).ok(), "a key");
    require(enforcer_->create_usage_plan_key("gold", id).ok(), "under it");
  }

  const std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(1'772'600'000'000'000'000);
  std::unique_ptr<Enforcer> enforcer_;
  std::unique_ptr<Service> service_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string secret = weir::secret_of(rest);
  weir::Subject open(secret, /*with_credentials=*/false);
  // Shared by all inputs: no input changes it.
  static auto& closed =
      *new weir::Subject("a-secret-of-somebody", /*with_credentials=*/true);
  for (int i = 0; i < weir::kMaxRequests && !rest.empty(); ++i) {
    weir::HttpRequest request =
        weir::request_from_text(weir::take_until(rest, "\n====\n"));
    const weir::HttpResponse refused = closed.answer(request);
    weir::require(
        !weir::Management::serves(request.target) || refused.status == 401,
        "nobody can sign by chance");
    // Without these, most inputs would fail the access check.
    request.headers.emplace_back("host", "localhost");
    request.peer_address = "127.0.0.1";
    weir::check(request, open.answer(request), secret);
    weir::check_log_line(request);
  }
  return 0;
}
