#include "weir/serve/service.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status_macros.h"
#include "weir/http/error_response.h"
#include "weir/http/headers.h"
#include "weir/http/request_id.h"
#include "weir/http/target.h"
#include "weir/management/status_response.h"
#include "weir/serve/metrics.h"
#include "weir/serve/metrics_writer.h"
#include "weir/serve/page_files.h"
#include "weir/serve/refused_keys_response.h"

namespace weir {
namespace {

constexpr std::string_view kRefusedKeys = "/-/refused-keys";

std::string_view path_of(const HttpRequest& request) {
  return std::string_view(request.target).substr(0, request.target.find('?'));
}

HttpResponse unwell(std::string_view why) {
  HttpResponse response =
      error_response(503, "ServiceUnavailableException", why);
  // A fixed 1: monitors are few, and want to notice recovery soon.
  set_header(response.headers, "retry-after", "1");
  return response;
}

HttpResponse no_such_resource() {
  return error_response(404, "NotFoundException", "No such resource");
}

GatewayOptions gateway_options(GatewayOptions options, AccessLog* access_log,
                               RefusedKeys& refused_keys, Clock* clock) {
  options.observer = access_log;
  options.refusal_observer = &refused_keys;
  options.clock = clock;
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Service>> Service::create(
    Enforcer* enforcer, ServiceOptions options) {
  std::unique_ptr<Service> service(new Service(enforcer, std::move(options)));
  WEIR_RETURN_IF_ERROR(service->routes_.follow());
  return service;
}

Service::Service(Enforcer* enforcer, ServiceOptions options)
    : enforcer_(*enforcer),
      clock_(options.clock != nullptr ? std::move(options.clock)
                                      : std::make_shared<SystemClock>()),
      started_(clock_->now().monotonic),
      has_gateway_(options.gateway_beside_management),
      max_sync_age_(options.max_sync_age),
      max_stalled_call_(options.max_stalled_call),
      access_(std::move(options.authentication)),
      own_paths_guard_(has_gateway_ ? std::make_unique<OwnPathsGuard>(enforcer)
                                    : nullptr),
      routes_(enforcer),
      version_(std::move(options.version)),
      http_(std::move(options.http)),
      access_log_(std::move(options.access_log)),
      refused_keys_(clock_->now()),
      gateway_(enforcer, &routes_, &request_counters_,
               gateway_options(std::move(options.gateway), access_log_.get(),
                               refused_keys_, clock_.get())),
      authorizer_(&gateway_, std::move(options.trusted)),
      management_(enforcer) {}

HttpResponse Service::answer(const HttpRequest& request) {
  if (!is_own_path(request.target)) {
    return has_gateway_ ? gateway_.answer(request) : no_such_resource();
  }
  const std::string_view path = path_of(request);
  if (Management::serves(request.target)) return answer_management(request);
  if (path == "/healthz" && only_reads(request)) return health();
  if (path == "/metrics" && only_reads(request)) return metrics();
  if (path == kRefusedKeys) return answer_refused_keys(request);
  if (Authorizer::serves(request.target)) return authorizer_.answer(request);
  if (const HttpResponse* file = page_file(path)) {
    return page_response(request, *file);
  }
  return no_such_resource();
}

HttpTreatment Service::treat(const HttpRequest& head) const {
  if (has_gateway_ && !is_own_path(head.target)) return treat_gateway(head);
  const std::string_view path = path_of(head);
  if (Management::serves(head.target) || path == kRefusedKeys) {
    return {HttpRequestClass::kManagement,
            /*from_head=*/!access_.check_head(head).ok()};
  }
  if (path == "/healthz" || path == "/metrics") {
    return {HttpRequestClass::kHealth, /*from_head=*/true};
  }
  if (Authorizer::serves(head.target)) return treat_gateway(head);
  return {HttpRequestClass::kManagement, /*from_head=*/true};
}

HttpTreatment Service::treat_gateway(const HttpRequest& /*head*/) const {
  return {HttpRequestClass::kGateway, /*from_head=*/true};
}

HttpResponse Service::answer_gateway(const HttpRequest& request) {
  return Authorizer::serves(request.target) ? authorizer_.answer(request)
                                            : gateway_.answer(request);
}

std::vector<std::string> Service::unreachable_stages() const {
  return has_gateway_ ? weir::unreachable_stages(enforcer_)
                      : std::vector<std::string>();
}

HttpResponse Service::answer_management(const HttpRequest& request) {
  auto target = parse_target(request.target);
  const auto caller = access_.check(request, target);
  ManagementAnswer answer =
      caller.ok()
          ? management_.answer(request, std::move(target), *caller)
          : ManagementAnswer{"Unknown", status_response(caller.status())};
  management_counters_.count(answer.operation, answer.response.status);
  answer.response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return std::move(answer.response);
}

HttpResponse Service::answer_refused_keys(const HttpRequest& request) {
  const absl::Status allowed = access_.check(request).status();
  HttpResponse response =
      allowed.ok() ? refused_keys_response(request, enforcer_, refused_keys_,
                                           clock_->now())
                   : status_response(allowed);
  management_counters_.count(ManagementCounters::kRefusedKeys, response.status);
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

HttpResponse Service::metrics() const {
  MetricsSources sources{
      &enforcer_,   &request_counters_, &management_counters_,
      &authorizer_, access_log_.get(),  version_,
      std::nullopt};
  if (http_ != nullptr) sources.http = http_();
  return {200,
          {{"content-type", MetricsWriter::kContentType}},
          metrics_text(sources)};
}

HttpResponse Service::health() const {
  const Enforcer::Statistics statistics = enforcer_.statistics();
  const absl::Duration stalled = absl::Nanoseconds(statistics.stalled_call_ns);
  if (stalled > max_stalled_call_) {
    return unwell(absl::StrCat(statistics.stalled_call,
                               "() has made no progress for ",
                               absl::ToInt64Seconds(stalled),
                               " seconds: the store's disk may not answer"));
  }
  if (max_sync_age_ > absl::ZeroDuration()) {
    // Time before this process started does not count.
    const absl::Duration age =
        absl::Nanoseconds(clock_->now().monotonic -
                          std::max(statistics.synced_monotonic_ns, started_));
    if (age > max_sync_age_) {
      return unwell(absl::StrCat("Counts were last written to the store ",
                                 absl::ToInt64Seconds(age), " seconds ago"));
    }
  }
  return {200, {{"content-type", "application/json"}}, R"({"status":"ok"})"};
}

}  // namespace weir
