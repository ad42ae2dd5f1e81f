#include "gateway/gateway.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/types/span.h"
#include "enforcer/decision.h"
#include "gateway/stage_target.h"
#include "http/headers.h"
#include "http/request_id.h"
#include "json/text.h"

namespace weir {
namespace {

constexpr char kStandIn[] =
    R"({"message":"Admitted. There is no upstream behind this gateway."})";

// Replaces what the upstream says under this name.
void set_header(HttpHeaders& headers, std::string name,
                std::string_view value) {
  headers.erase(
      std::remove_if(headers.begin(), headers.end(),
                     [&](const auto& header) { return header.first == name; }),
      headers.end());
  headers.emplace_back(std::move(name), value);
}

}  // namespace

Gateway::Gateway(Enforcer* enforcer, const LiveRoutes* routes,
                 RequestCounters* counters, std::unique_ptr<Upstream> upstream,
                 const GatewayOptions& options)
    : enforcer_(*enforcer),
      routes_(*routes),
      counters_(*counters),
      upstream_(std::move(upstream)),
      options_(options) {}

HttpResponse Gateway::answer(const HttpRequest& request) {
  const bool observed = options_.observer != nullptr;
  AnsweredRequest answered;
  answered.method = request.method;
  answered.target = request.target;
  answered.stage_target = parse_stage_target(request.target);
  Call call;
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
  HttpResponse response = response_to(request, answered);
  answered.status = response.status;
  report(answered, call.api_key);
  return response;
}

HttpResponse Gateway::response_to(const HttpRequest& request,
                                  const AnsweredRequest& answered) {
  const Decision& decision = answered.decision;
  HttpResponse response;
  const HttpAnswer refusal = http_answer(decision);
  if (!decision.admitted()) {
    response.status = refusal.status;
    response.headers = {{"content-type", "application/json"},
                        {"x-amzn-errortype", std::string(refusal.error_type)}};
    response.body = refusal.body;
  } else if (upstream_ != nullptr) {
    response = upstream_->forward(request, *answered.stage_target);
  } else {
    response.headers = {{"content-type", "application/json"}};
    response.body = kStandIn;
  }

  std::array<char, kMaxRateLimitHeaderBytes> storage;
  std::array<HttpHeader, kMaxRateLimitHeaders> limits;
  const size_t count =
      rate_limit_headers(decision, options_.headers, absl::MakeSpan(storage),
                         absl::MakeSpan(limits));
  for (size_t i = 0; i < count; ++i) {
    set_header(response.headers, absl::AsciiStrToLower(to_absl(limits[i].name)),
               limits[i].value);
  }
  set_header(response.headers, "x-amzn-requestid", new_request_id());
  return response;
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
