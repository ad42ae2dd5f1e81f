#include "weir/cli/replay/log/log_format.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "weir/base/text.h"
#include "weir/cli/replay/log/named_reader.h"
#include "weir/cli/replay/log/request_line.h"
#include "weir/cli/replay/log/scan.h"
#include "weir/cli/replay/log/text_reader.h"
#include "weir/cli/replay/log/text_splitters.h"

namespace weir::cli {
namespace {

using MadeReader = absl::StatusOr<std::unique_ptr<LogReader>>;

// -- Text --

bool has(const SplitRecord& record, std::size_t field) {
  return record.fields[field].data() != nullptr;
}

bool is_combined(std::string_view, const SplitRecord& record) {
  return has(record, kClfReferer) && has(record, kClfAgent);
}

// Here the second field is the client's address. In the common format, which
// may begin with an address such as 2001:db8::1, it is the ident, "-".
bool is_vhost(std::string_view line, const SplitRecord& record) {
  const std::string_view vhost = take_field(&line);
  const std::size_t colon = vhost.rfind(':');
  return colon != vhost.npos && is_number(vhost.substr(colon + 1)) &&
         record.fields[kClfHost] != "-" && is_combined(line, record);
}

bool is_traefik(std::string_view, const SplitRecord& record) {
  const std::string_view duration = record.fields[kClfDuration];
  return duration.size() > 2 && duration.substr(duration.size() - 2) == "ms" &&
         is_number(duration.substr(0, duration.size() - 2));
}

// Whether there is no blank before the request, or a route key in it: no other
// format has these.
bool is_api_gateway(std::string_view line, const SplitRecord& record) {
  const std::size_t request =
      static_cast<std::size_t>(record.fields[kClfMethod].data() - line.data());
  return request >= 2 &&
         (line[request - 2] == ']' || record.fields[kClfPath].front() != '/');
}

constexpr TextFormat kCommon = {
    split_common, "host ident user time method path protocol status size",
    "host",       kClfRest,
    '\\',         nullptr};
constexpr TextFormat kCombined = {
    split_common,
    "host ident user time method path protocol status size referer agent",
    "host",
    kClfRest,
    '\\',
    is_combined};
constexpr TextFormat kVhost = {
    split_vhost,
    "host ident user time method path protocol status size referer agent vhost",
    "host",
    kClfRest,
    '\\',
    is_vhost};
constexpr TextFormat kTraefik = {
    split_traefik,
    "host ident user time method path protocol status size referer agent count "
    "router service duration",
    "host",
    kClfRest,
    '\0',
    is_traefik};
constexpr TextFormat kApiGatewayClf = {
    split_api_gateway,
    "ip caller user requestTime httpMethod resourcePath protocol status "
    "responseLength requestId extendedRequestId",
    "ip",
    kClfRest,
    '\0',
    is_api_gateway};
constexpr TextFormat kEnvoy = {
    split_envoy,
    "time method path protocol status flags received sent duration "
    "upstream_time forwarded_for agent request_id authority upstream_host",
    "forwarded_for",
    10,
    '\0',
    nullptr};
constexpr TextFormat kAlb = {
    split_alb,
    "type time elb client target request_processing_time "
    "target_processing_time response_processing_time status target_status "
    "received sent method path protocol agent ssl_cipher ssl_protocol "
    "target_group_arn trace_id domain_name chosen_cert_arn "
    "matched_rule_priority request_creation_time actions redirect_url "
    "error_reason",
    "client",
    kMaxTextFields,
    '\\',
    nullptr};
constexpr TextFormat kHaproxy = {
    split_haproxy,
    "host time frontend backend timers status size captured method path "
    "protocol",
    "host",
    kMaxTextFields,
    '#',
    nullptr};
constexpr TextFormat kWeirText = {split_weir, "time key stage path method cost",
                                  "key",      kMaxTextFields,
                                  '\0',       nullptr};

template <const TextFormat& format>
MadeReader make_text(const FieldChoice& choice) {
  return TextReader::create(format, choice);
}

// -- With names --

NamedFormat access_log() {
  NamedFormat format;
  format.required = "key_id|api_id|stage|outcome";
  format.time = "time";
  format.method = "method";
  format.target = "path";
  format.key = "key_id";
  format.api = "api_id";
  format.stage = "stage";
  format.cost = "cost";
  return format;
}

NamedFormat api_gateway() {
  NamedFormat format;
  format.time = "requestTimeEpoch|requestTime";
  format.method = "httpMethod";
  format.resource = "resourcePath";
  format.route = "routeKey";
  format.target = "path";
  format.key =
      "apiKeyId|identity.apiKeyId|apiKey|identity.apiKey|ip|sourceIp|"
      "identity.sourceIp";
  format.api = "apiId";
  format.stage = "stage";
  return format;
}

NamedFormat caddy() {
  NamedFormat format;
  format.required = "request|logger";
  format.logger = "logger";
  format.logger_prefix = "http.log.access";
  format.time = "ts";
  format.method = "request.method";
  format.target = "request.uri";
  format.key = "request.client_ip|request.remote_ip";
  return format;
}

NamedFormat traefik() {
  NamedFormat format;
  format.required = "RequestPath";
  format.time = "StartUTC|StartLocal|time";
  format.method = "RequestMethod";
  format.target = "RequestPath";
  format.key = "ClientHost";
  return format;
}

NamedFormat any_json() {
  NamedFormat format;
  format.time =
      "msec|time_iso8601|timestamp|@timestamp|time|ts|start_time|time_local";
  format.request = "request|request_line";
  format.method = "request_method|method|http_method";
  format.target = "request_uri|uri|path|request_path|url";
  format.key =
      "remote_addr|client_ip|remote_ip|clientip|client|ip|x_forwarded_for";
  return format;
}

NamedFormat w3c() {
  NamedFormat format;
  format.time = "time";
  format.date = "date";
  format.method = "cs-method";
  format.target = "cs-uri-stem";
  format.query = "cs-uri-query";
  format.key = "c-ip";
  return format;
}

NamedFormat cloud_front() {
  NamedFormat format = w3c();
  format.required = "x-edge-location";
  format.percent_encoded = true;
  return format;
}

// Combines the names of a format with the reader of its records.
template <NamedFormat (*describe)(),
          std::unique_ptr<LogReader> (*make)(const NamedFormat&,
                                             const FieldChoice&)>
MadeReader make_named(const FieldChoice& choice) {
  static const NamedFormat format = describe();
  return make(format, choice);
}

// The most distinctive first. Only a log's first lines are tried with all.
constexpr LogFormat kFormats[] = {
    {"weir-access", "the access log of weir serve",
     make_named<access_log, make_json_reader>},
    {"apigateway-json", "API Gateway, JSON",
     make_named<api_gateway, make_json_reader>},
    {"caddy", "Caddy, JSON", make_named<caddy, make_json_reader>},
    {"traefik-json", "Traefik, JSON", make_named<traefik, make_json_reader>},
    {"json", "JSON lines of nginx, Envoy and others",
     make_named<any_json, make_json_reader>},
    {"apigateway-xml", "API Gateway, XML",
     make_named<api_gateway, make_xml_reader>},
    {"cloudfront", "CloudFront, standard logs",
     make_named<cloud_front, make_w3c_reader>},
    {"w3c", "W3C extended, as of IIS", make_named<w3c, make_w3c_reader>},
    {"envoy", "Envoy and Istio, their default formats", make_text<kEnvoy>},
    {"alb", "Application and Classic Load Balancer", make_text<kAlb>},
    {"haproxy", "HAProxy, option httplog", make_text<kHaproxy>},
    {"weir", "time key apiId:stage /path/METHOD [cost]", make_text<kWeirText>},
    {"apigateway-clf", "API Gateway, CLF", make_text<kApiGatewayClf>},
    {"traefik", "Traefik, Common Log Format", make_text<kTraefik>},
    {"vhost_combined", "Apache, vhost_combined", make_text<kVhost>},
    {"combined", "Apache and nginx, combined", make_text<kCombined>},
    {"common", "Apache and nginx, common", make_text<kCommon>},
    {"apigateway-csv", "API Gateway, CSV",
     make_named<api_gateway, make_csv_reader>},
};

}  // namespace

absl::Span<const LogFormat> log_formats() { return kFormats; }

const LogFormat* find_log_format(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kFormats), std::end(kFormats),
                   [&](const LogFormat& f) { return f.name == name; });
  return found == std::end(kFormats) ? nullptr : found;
}

std::string log_format_names() {
  return absl::StrJoin(kFormats, ", ",
                       [](std::string* text, const LogFormat& format) {
                         absl::StrAppend(text, internal::to_absl(format.name));
                       });
}

const LogFormat& closest_log_format(std::string_view line) {
  skip_blanks(&line);
  const std::string_view name = line.substr(0, 1) == "{"   ? "json"
                                : line.substr(0, 1) == "<" ? "apigateway-xml"
                                : line.find(" [") != line.npos ? "common"
                                                               : "weir";
  return *find_log_format(name);
}

}  // namespace weir::cli
