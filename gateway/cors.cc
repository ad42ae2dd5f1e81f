#include "weir/gateway/cors.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/http/grammar.h"
#include "weir/http/headers.h"
#include "weir/http/target.h"

namespace weir {
namespace {

constexpr char kMethods[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
// How long browsers may cache a preflight, in seconds: Chromium's maximum.
constexpr char kMaxAge[] = "7200";
constexpr size_t kMaxRequestedBytes = 1024;
constexpr std::string_view kCorsPrefix = "access-control-";

absl::Status bad_origin(std::string_view origin, std::string_view why = "") {
  return absl::InvalidArgumentError(absl::StrCat(
      "expected an origin such as https://www.example.com, or *, got ",
      internal::excerpt(origin), why.empty() ? "" : ": ",
      internal::to_absl(why)));
}

bool is_scheme(std::string_view text) {
  return !text.empty() && absl::ascii_isalpha(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
         });
}

bool is_host(std::string_view text) {
  const bool is_ipv6 =
      text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (is_ipv6) text = text.substr(1, text.size() - 2);
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_ipv6 ? absl::ascii_isxdigit(c) || c == ':' || c == '.'
                   : absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

// The origin as browsers write it: in lower case, without the scheme's default
// port.
absl::StatusOr<std::string> canonical_origin(std::string_view text) {
  if (text == "*") return std::string(text);
  if (text == "null") {
    return bad_origin(text, "this is the origin of every local file");
  }
  const std::string lower = absl::AsciiStrToLower(internal::to_absl(text));
  const size_t scheme_end = lower.find("://");
  if (scheme_end == lower.npos) return bad_origin(text, "it has no scheme");
  const std::string scheme = lower.substr(0, scheme_end);
  std::string host = lower.substr(scheme_end + 3);
  if (host.find_first_of("/?#") != host.npos) {
    return bad_origin(text, "it ends before the path");
  }
  if (host.find('*') != host.npos) {
    return bad_origin(text, "a * stands for all origins, alone");
  }
  int port = -1;
  const size_t colon = host.rfind(':');
  if (colon != host.npos && host.back() != ']') {
    const std::string digits = host.substr(colon + 1);
    if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
        !absl::SimpleAtoi(digits, &port) || port > 65535) {
      return bad_origin(text, "its port is no number up to 65535");
    }
    host.resize(colon);
  }
  if (!is_scheme(scheme) || !is_host(host)) return bad_origin(text);
  const bool is_own_port = port == -1 || (scheme == "http" && port == 80) ||
                           (scheme == "https" && port == 443);
  return is_own_port ? absl::StrCat(scheme, "://", host)
                     : absl::StrCat(scheme, "://", host, ":", port);
}

bool is_preflight(const ClientRequest& request) {
  return request.method == "OPTIONS" &&
         first_header(request.headers, "origin").has_value() &&
         first_header(request.headers, "access-control-request-method")
             .has_value();
}

// x-api-key, and the headers asked for if they are well-formed.
std::string allowed_headers(const ClientRequest& request) {
  const std::string_view requested =
      single_header(request.headers, "access-control-request-headers")
          .value_or("");
  std::string allowed = "x-api-key";
  if (requested.size() > kMaxRequestedBytes) return allowed;
  std::string all = allowed;
  for (absl::string_view part :
       absl::StrSplit(internal::to_absl(requested), ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty() || absl::EqualsIgnoreCase(part, allowed)) continue;
    if (!is_token({part.data(), part.size()})) return allowed;
    absl::StrAppend(&all, ", ", part);
  }
  return all;
}

// Removes the Access-Control headers. Returns the names that they expose.
std::vector<std::string> take_cors_headers(HttpHeaders& headers) {
  std::vector<std::string> exposed;
  HttpHeaders others;
  for (auto& [name, value] : headers) {
    if (name == "access-control-expose-headers") {
      exposed.push_back(std::move(value));
    } else if (!absl::StartsWith(name, internal::to_absl(kCorsPrefix))) {
      others.emplace_back(std::move(name), std::move(value));
    }
  }
  headers = std::move(others);
  return exposed;
}

void vary_by_origin(HttpHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (name != "vary") continue;
    for (const absl::string_view part : absl::StrSplit(value, ',')) {
      const auto field = absl::StripAsciiWhitespace(part);
      if (field == "*" || absl::EqualsIgnoreCase(field, "origin")) return;
    }
  }
  headers.emplace_back("vary", "Origin");
}

}  // namespace

absl::Status CorsOrigins::add(std::string_view origin) {
  auto canonical = canonical_origin(origin);
  if (!canonical.ok()) return canonical.status();
  origins_.insert(*std::move(canonical));
  return absl::OkStatus();
}

std::string_view CorsOrigins::allowed(std::string_view origin) const {
  if (origin.empty()) return "";
  if (origins_.count("*") != 0) return "*";
  const auto found = origins_.find(origin);
  return found == origins_.end() ? "" : std::string_view(*found);
}

absl::Status CorsRules::allow(std::string_view api_id,
                              std::string_view origin) {
  // These separate a stage or stand for all APIs, so no API's id has them.
  if (api_id.empty() || api_id.find_first_of("/:*") != api_id.npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected the id of an API, without a stage, got ",
                     internal::excerpt(api_id)));
  }
  CorsOrigins origins;
  WEIR_RETURN_IF_ERROR(origins.add(origin));
  return apis_[std::string(api_id)].add(origin);
}

const CorsOrigins* CorsRules::find(std::string_view stage) const {
  if (apis_.empty()) return nullptr;
  const std::string_view api_id = stage.substr(0, stage.find('/'));
  auto found = apis_.find(api_id);
  if (found == apis_.end() && api_id.find('%') != api_id.npos) {
    const auto decoded = percent_decoded(api_id);
    if (decoded.ok()) found = apis_.find(*decoded);
  }
  return found == apis_.end() ? nullptr : &found->second;
}

bool passes_without_key(const ClientRequest& request) {
  return is_preflight(request) ||
         (request.method == "OPTIONS" &&
          !first_header(request.headers, "x-api-key").has_value());
}

HttpResponse options_response() { return {204, {{"allow", kMethods}}, ""}; }

void add_cors_headers(const CorsOrigins& origins, const ClientRequest& request,
                      std::string_view exposed, HttpResponse& response) {
  HttpHeaders& headers = response.headers;
  const std::vector<std::string> also_exposed = take_cors_headers(headers);
  vary_by_origin(headers);
  const std::string_view allowed =
      origins.allowed(single_header(request.headers, "origin").value_or(""));
  if (allowed.empty()) return;
  headers.emplace_back("access-control-allow-origin", allowed);
  if (is_preflight(request)) {
    headers.emplace_back("access-control-allow-methods", kMethods);
    headers.emplace_back("access-control-allow-headers",
                         allowed_headers(request));
    headers.emplace_back("access-control-max-age", kMaxAge);
    return;
  }
  headers.emplace_back("access-control-expose-headers", exposed);
  for (const std::string& value : also_exposed) {
    headers.emplace_back("access-control-expose-headers", value);
  }
}

}  // namespace weir
