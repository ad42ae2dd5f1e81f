#include "weir/gateway/gateway.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "weir/base/text.h"
#include "weir/http/headers.h"
#include "weir/http/random_sequence.h"
#include "weir/http/request_id.h"

namespace weir {
namespace {

constexpr char kFixedAnswer[] =
    R"({"message":"Admitted. There is no upstream behind this gateway."})";

// Room for the headers of an answer, except those of CORS.
constexpr size_t kMaxHeaders = 8;

// Our headers that a page may want to read.
std::string exposed_headers(HeaderFormat format) {
  const char* limits = "";
  switch (format) {
    case HeaderFormat::kOff:
      break;
    case HeaderFormat::kXRateLimitDelta:
    case HeaderFormat::kXRateLimitEpoch:
      limits = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, ";
      break;
    case HeaderFormat::kIetfDraft10:
    case HeaderFormat::kIetfDraft11:
      limits = "RateLimit, RateLimit-Policy, ";
      break;
  }
  return absl::StrCat("Retry-After, ", limits,
                      "x-amzn-RequestId, x-amzn-ErrorType");
}

// A random number from 0 to `most`.
int64_t random_wait(int64_t most) {
  if (most <= 0) return 0;
  thread_local RandomSequence sequence;
  return static_cast<int64_t>(sequence.next() %
                              (static_cast<uint64_t>(most) + 1));
}

}  // namespace

Gateway::Gateway(Enforcer* enforcer, const LiveRoutes* routes,
                 RequestCounters* counters, const GatewayOptions& options)
    : enforcer_(*enforcer),
      routes_(*routes),
      counters_(*counters),
      options_(options),
      exposed_headers_(exposed_headers(options.headers.format)) {}

HttpResponse Gateway::answer(const HttpRequest& request) {
  return answer(request, Asker::kClient);
}

HttpResponse Gateway::authorize(const ClientRequest& request) {
  return answer(request, Asker::kProxy);
}

HttpResponse Gateway::answer(const ClientRequest& request, Asker asker) {
  const std::optional<StageTarget> target = parse_stage_target(request.target);
  const CorsOrigins* origins =
      target.has_value() ? options_.cors.find(target->stage) : nullptr;
  HttpResponse response;
  if (origins == nullptr || !passes_without_key(request)) {
    response = answer_decided(request, target, asker);
  } else if (asker == Asker::kClient) {
    response = options_response();
  }
  if (origins != nullptr) {
    weir::add_cors_headers(*origins, request, exposed_headers_, response);
  }
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

void Gateway::add_cors_headers(const HttpRequest& request,
                               HttpResponse& response) const {
  const std::optional<StageTarget> target = parse_stage_target(request.target);
  if (!target.has_value()) return;
  const CorsOrigins* origins = options_.cors.find(target->stage);
  if (origins == nullptr) return;
  weir::add_cors_headers(*origins, request, exposed_headers_, response);
}

HttpResponse Gateway::answer_decided(const ClientRequest& request,
                                     const std::optional<StageTarget>& target,
                                     Asker asker) {
  const bool observed = options_.observer != nullptr;
  AnsweredRequest answered;
  answered.method = request.method;
  answered.target = request.target;
  answered.stage_target = target;
  Call call;
  call.cost = request.cost;
  call.api_key = single_header(request.headers, "x-api-key").value_or("");
  std::string method_key;
  if (observed) {
    answered.arrived = options_.clock->now();
    answered.client = call.client = enforcer_.resolve(call.api_key);
  }
  if (answered.stage_target.has_value()) {
    call.route =
        observed
            ? routes_.find(*answered.stage_target, request.method, method_key)
            : routes_.find(*answered.stage_target, request.method);
  }
  answered.method_key = method_key;
  answered.cost = call.cost;
  answered.decision = enforcer_.admit(call);
  counters_.count(answered.decision.outcome);
  HttpResponse response;
  response.headers.reserve(kMaxHeaders);
  if (answered.decision.admitted()) {
    if (asker == Asker::kClient) {
      response.headers.emplace_back("content-type", "application/json");
      response.body = kFixedAnswer;
    }
  } else {
    const HttpAnswer refusal = http_answer(answered.decision);
    response.status = refusal.status;
    response.headers.emplace_back("content-type", "application/json");
    response.headers.emplace_back("x-amzn-errortype", refusal.error_type);
    response.body = refusal.body;
  }
  add_rate_limit_headers(answered.decision, response.headers);
  answered.status = response.status;
  report(answered, call.api_key);
  return response;
}

void Gateway::add_rate_limit_headers(const Decision& decision,
                                     HttpHeaders& headers) const {
  RateLimitHeaderOptions options = options_.headers;
  options.added_wait = random_wait(options_.spread_retries);
  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> limits;
  const size_t count = rate_limit_headers(
      decision, options, absl::MakeSpan(storage), absl::MakeSpan(limits));
  for (size_t i = 0; i < count; ++i) {
    headers.emplace_back(
        absl::AsciiStrToLower(internal::to_absl(limits[i].name)),
        limits[i].value);
  }
}

void Gateway::report(AnsweredRequest& answered,
                     std::string_view api_key) const {
  const Decision& decision = answered.decision;
  const bool observed = options_.observer != nullptr;
  const bool refused =
      options_.refusal_observer != nullptr && !decision.admitted();
  if (!observed && !refused) return;
  const bool is_known = decision.outcome != Outcome::kForbidden ||
                        decision.forbidden != Forbidden::kUnknownKey;
  if (is_known && !answered.client) {
    answered.client = enforcer_.resolve(api_key);
  }
  const Instant now = options_.clock->now();
  if (!observed) answered.arrived = now;
  answered.latency_ns = now.monotonic - answered.arrived.monotonic;
  if (observed) options_.observer->observe(answered);
  if (refused) options_.refusal_observer->observe(answered);
}

}  // namespace weir
