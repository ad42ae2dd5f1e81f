#include "weir/gateway/authorizer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"
#include "weir/gateway/client_request.h"
#include "weir/http/error_response.h"
#include "weir/http/headers.h"
#include "weir/http/request_id.h"

namespace weir {
namespace {

constexpr std::string_view kPrefix = "/-/authorize";
constexpr char kCost[] = "x-weir-cost";

// The headers in which a proxy describes the client's request.
struct HeaderPair {
  const char* method;
  const char* uri;
};
constexpr HeaderPair kForwarded = {"x-forwarded-method", "x-forwarded-uri"};
constexpr HeaderPair kOriginal = {"x-original-method", "x-original-uri"};

// The client's request.
struct Subject {
  std::string_view method;
  std::string target;  // "/{apiId}/{stage}/path?query"
};

// The parsed target of an authorization request. If nothing is below the stage,
// only the proxy has chosen the target and its query.
struct Question {
  std::string_view target;   // without the prefix
  bool has_stage;            // unlike "/shop"
  bool is_below_stage;       // "/shop/prod/", "/shop/prod/pets"
  std::string_view path;     // "/shop/prod"
  std::string_view options;  // the query; "" if something is below the stage
};

Question parse_question(std::string_view target) {
  Question question;
  question.target = target.substr(kPrefix.size());
  const size_t path_end =
      std::min(question.target.find('?'), question.target.size());
  question.path = question.target.substr(0, path_end);
  const auto slashes =
      std::count(question.path.begin(), question.path.end(), '/');
  question.has_stage = slashes >= 2;
  question.is_below_stage = slashes > 2;
  if (!question.is_below_stage && path_end < question.target.size()) {
    question.options = question.target.substr(path_end + 1);
  }
  return question;
}

bool is_given(const HttpHeaders& headers, const HeaderPair& pair) {
  return first_header(headers, pair.method).has_value() ||
         first_header(headers, pair.uri).has_value();
}

absl::StatusOr<std::string_view> value_of(const HttpHeaders& headers,
                                          const char* name) {
  const auto value = single_header(headers, name);
  if (value.has_value() && !value->empty()) return *value;
  return absl::InvalidArgumentError(absl::StrCat(
      "expected one ", name,
      ": the proxy has to set both the method and the URI of a request"));
}

// "/pets?x" of the stage "/shop/prod".
std::string target_in_stage(std::string_view stage, std::string_view uri) {
  // Not appended: "dev/pets" would be in the stage "proddev". The result is not
  // a valid target.
  if (uri.front() != '/') return std::string(uri);
  return absl::StrCat(internal::to_absl(stage), internal::to_absl(uri));
}

absl::StatusOr<Subject> subject_of(const HttpRequest& request,
                                   const Question& question) {
  // Without a stage, the client's "/prod/pets" would choose it.
  if (!question.has_stage) {
    return absl::InvalidArgumentError(
        "expected /-/authorize/{apiId}/{stage}: the proxy has to name both");
  }
  const bool forwarded = is_given(request.headers, kForwarded);
  const bool original = is_given(request.headers, kOriginal);
  if (forwarded && original) {
    return absl::InvalidArgumentError(
        "both X-Forwarded-Method or -Uri and X-Original-Method or -URI are "
        "given: the proxy has to remove those that it does not set");
  }
  if (!forwarded && !original) {
    return Subject{
        request.method,
        std::string(question.is_below_stage ? question.target : question.path)};
  }
  if (question.is_below_stage) {
    return absl::InvalidArgumentError(absl::StrCat(
        forwarded ? "X-Forwarded" : "X-Original",
        "-Method or its URI is given, and so is a path below the stage: the "
        "proxy has to remove the one or the other"));
  }
  const HeaderPair& pair = forwarded ? kForwarded : kOriginal;
  const auto method = value_of(request.headers, pair.method);
  if (!method.ok()) return method.status();
  const auto uri = value_of(request.headers, pair.uri);
  if (!uri.ok()) return uri.status();
  return Subject{*method, target_in_stage(question.path, *uri)};
}

absl::StatusOr<uint32_t> cost_of(const HttpHeaders& headers) {
  const auto text = single_header(headers, kCost);
  if (!text.has_value()) return uint32_t{1};
  uint32_t cost;
  if (!std::all_of(text->begin(), text->end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(internal::to_absl(*text), &cost) || cost < 1 ||
      cost > Authorizer::kMaxCost) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected one ", kCost, ", a whole number from 1 to ",
                     Authorizer::kMaxCost));
  }
  return cost;
}

// Whether every refusal must be 403.
bool denies_with_403(std::string_view options) {
  for (const absl::string_view option :
       absl::StrSplit(internal::to_absl(options), '&')) {
    if (option == "deny=403") return true;
  }
  return false;
}

// Moves the status and the body of a refusal into headers.
void deny_with_403(HttpResponse& response) {
  HttpHeaders& headers = response.headers;
  headers.erase(std::remove_if(headers.begin(), headers.end(),
                               [](const auto& header) {
                                 return header.first == "content-type";
                               }),
                headers.end());
  headers.emplace_back("x-weir-status", std::to_string(response.status));
  headers.emplace_back("x-weir-body", std::move(response.body));
  response.status = 403;
  response.body.clear();
}

}  // namespace

Authorizer::Authorizer(Gateway* gateway, TrustedPeers trusted)
    : gateway_(*gateway), trusted_(std::move(trusted)) {}

bool Authorizer::serves(std::string_view target) {
  return target.size() > kPrefix.size() && target[kPrefix.size()] == '/' &&
         target.substr(0, kPrefix.size()) == kPrefix;
}

HttpResponse Authorizer::answer(const HttpRequest& request) {
  HttpResponse response = decide(request);
  if (response.status != 200 &&
      denies_with_403(parse_question(request.target).options)) {
    deny_with_403(response);
  }
  return response;
}

HttpResponse Authorizer::decide(const HttpRequest& request) {
  if (!trusted_.include(request)) {
    return reject(
        Rejection::kUntrustedPeer,
        absl::StrCat(request.peer_address.empty() ? "an unknown address"
                                                  : request.peer_address,
                     " is not trusted to say what other clients ask "
                     "(--trust)"));
  }
  const auto subject = subject_of(request, parse_question(request.target));
  if (!subject.ok()) {
    return reject(Rejection::kBadRequest,
                  std::string(subject.status().message()));
  }
  const auto cost = cost_of(request.headers);
  if (!cost.ok()) {
    return reject(Rejection::kBadRequest, std::string(cost.status().message()));
  }
  return gateway_.authorize(
      {subject->method, subject->target, request.headers, *cost});
}

HttpResponse Authorizer::reject(Rejection rejection, std::string_view message) {
  const bool untrusted = rejection == Rejection::kUntrustedPeer;
  rejections_[static_cast<size_t>(rejection)].fetch_add(
      1, std::memory_order_relaxed);
  HttpResponse response = error_response(
      untrusted ? 403 : 400,
      untrusted ? "AccessDeniedException" : "BadRequestException", message);
  response.headers.emplace_back("x-amzn-requestid", new_request_id());
  return response;
}

std::array<int64_t, 2> Authorizer::rejections() const {
  return {rejections_[0].load(std::memory_order_relaxed),
          rejections_[1].load(std::memory_order_relaxed)};
}

}  // namespace weir
