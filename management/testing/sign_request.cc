#include "weir/management/testing/sign_request.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "weir/base/text.h"
#include "weir/http/target.h"
#include "weir/management/sigv4.h"

namespace weir {

absl::StatusOr<HttpRequest> signed_request(HttpRequest request,
                                           const Credential& credential,
                                           std::string_view region,
                                           int64_t unix_seconds) {
  const auto target = parse_target(request.target);
  if (!target.ok()) return target.status();

  HttpHeaders& headers = request.headers;
  const auto is_ours = [](const auto& header) {
    return header.first == "authorization" || header.first == "x-amz-date" ||
           header.first == "x-amz-security-token";
  };
  headers.erase(std::remove_if(headers.begin(), headers.end(), is_ours),
                headers.end());
  const std::string timestamp =
      signing_timestamp(absl::FromUnixSeconds(unix_seconds));
  headers.emplace_back("x-amz-date", timestamp);
  if (!credential.session_token.empty()) {
    headers.emplace_back("x-amz-security-token", credential.session_token);
  }

  std::set<std::string> sorted;
  for (const auto& header : headers) sorted.insert(header.first);
  sorted.erase("user-agent");
  const std::vector<std::string> names(sorted.begin(), sorted.end());
  const SigningScope scope{std::string_view(timestamp).substr(0, 8), region,
                           "apigateway"};
  const std::string text = string_to_sign(
      timestamp, scope,
      canonical_request(request, *target, names, sha256_hex(request.body)));
  std::string value = absl::StrCat(
      internal::to_absl(kSigV4Algorithm),
      " Credential=", credential.access_key_id, "/", scope_text(scope),
      ", SignedHeaders=", absl::StrJoin(names, ";"), ", Signature=",
      signature(signing_key(credential.secret_access_key, scope), text));
  headers.emplace_back("authorization", std::move(value));
  return request;
}

}  // namespace weir
