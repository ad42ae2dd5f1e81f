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
  const std::optional<StageTarget> target = parse_stage_target(request.target);
  Call call;
  call.api_key = single_header(request.headers, "x-api-key").value_or("");
  if (target.has_value()) call.route = routes_.find(*target, request.method);
  const Decision decision = enforcer_.admit(call);
  counters_.count(decision.outcome);

  HttpResponse response;
  const HttpAnswer refusal = http_answer(decision);
  if (!decision.admitted()) {
    response.status = refusal.status;
    response.headers = {{"content-type", "application/json"},
                        {"x-amzn-errortype", std::string(refusal.error_type)}};
    response.body = refusal.body;
  } else if (upstream_ != nullptr) {
    response = upstream_->forward(request, *target);
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

}  // namespace weir
