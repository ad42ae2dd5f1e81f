#include "weir/management/authentication.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "weir/base/status_macros.h"
#include "weir/base/text.h"
#include "weir/http/headers.h"
#include "weir/http/target.h"
#include "weir/management/sigv4.h"

namespace weir {
namespace {

constexpr absl::string_view kService = "apigateway";
constexpr size_t kMaxAuthorizationBytes = 4096;
constexpr size_t kMaxSignedHeaders = 64;

// The secret used for an unknown access key.
constexpr char kNoSecret[] = "0000000000000000000000000000000000000000";

absl::Status refused(absl::string_view why) {
  return absl::UnauthenticatedError(why);
}

absl::Status wrong_signature() {
  return refused(
      "The request signature we calculated does not match the signature you "
      "provided. Check your AWS Secret Access Key and signing method. Consult "
      "the service documentation for details.");
}

std::string_view to_std(absl::string_view text) {
  return {text.data(), text.size()};
}

// Compares in a time that depends only on the lengths.
bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

// A parsed Authorization header. Refers to its text.
struct Authorization {
  std::string_view access_key_id;
  SigningScope scope;
  std::vector<std::string> signed_headers;
  std::string_view signature;
};

absl::Status read_credential(absl::string_view text, Authorization& result) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  const auto is_element = [](absl::string_view part) {
    return is_scope_element(to_std(part));
  };
  // The check makes them safe to show below.
  if (parts.size() != 5 ||
      !std::all_of(parts.begin(), parts.end(), is_element)) {
    return refused(
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        "keyid/date/region/service/term");
  }
  result.access_key_id = to_std(parts[0]);
  result.scope = {to_std(parts[1]), to_std(parts[2]), to_std(parts[3])};
  if (parts[3] != kService) {
    return refused(absl::StrCat(
        "Credential should be scoped to correct service: '", kService, "'."));
  }
  if (parts[4] != internal::to_absl(kSigV4Terminator)) {
    return refused(absl::StrCat(
        "Credential should be scoped with a valid terminator: '",
        internal::to_absl(kSigV4Terminator), "', not '", parts[4], "'."));
  }
  return absl::OkStatus();
}

absl::Status read_signed_headers(absl::string_view text,
                                 Authorization& result) {
  std::vector<std::string>& names = result.signed_headers;
  names = absl::StrSplit(text, ';');
  const auto is_name = [](const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return absl::ascii_isgraph(c) && !absl::ascii_isupper(c) && c != ':';
    });
  };
  const auto not_ascending = [](const auto& a, const auto& b) {
    return a >= b;
  };
  if (names.size() > kMaxSignedHeaders ||
      !std::all_of(names.begin(), names.end(), is_name) ||
      std::adjacent_find(names.begin(), names.end(), not_ascending) !=
          names.end()) {
    return refused(absl::StrCat(
        "'SignedHeaders' must be at most ", kMaxSignedHeaders,
        " names in lower case and alphabetical order, divided by ';'."));
  }
  return absl::OkStatus();
}

// "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...", in any
// order.
absl::StatusOr<Authorization> parse_authorization(std::string_view value) {
  absl::string_view text = internal::to_absl(value);
  if (text.size() > kMaxAuthorizationBytes) {
    return refused(absl::StrCat("Authorization header exceeds ",
                                kMaxAuthorizationBytes, " bytes."));
  }
  if (!absl::ConsumePrefix(&text, internal::to_absl(kSigV4Algorithm)) ||
      !absl::ConsumePrefix(&text, " ")) {
    return refused(absl::StrCat("Authorization header requires algorithm '",
                                internal::to_absl(kSigV4Algorithm), "'."));
  }
  std::optional<absl::string_view> credential, signed_headers, signature;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    auto* const member = absl::ConsumePrefix(&part, "Credential=") ? &credential
                         : absl::ConsumePrefix(&part, "SignedHeaders=")
                             ? &signed_headers
                         : absl::ConsumePrefix(&part, "Signature=") ? &signature
                                                                    : nullptr;
    if (member == nullptr || member->has_value()) {
      return refused(
          "Authorization header must be 'Credential', 'SignedHeaders' and "
          "'Signature', once each.");
    }
    *member = part;
  }
  const auto required = [](absl::string_view name) {
    return refused(
        absl::StrCat("Authorization header requires '", name, "' parameter."));
  };
  if (!credential) return required("Credential");
  if (!signed_headers) return required("SignedHeaders");
  if (!signature) return required("Signature");

  Authorization result;
  auto status = read_credential(*credential, result);
  if (status.ok()) status = read_signed_headers(*signed_headers, result);
  if (!status.ok()) return status;
  result.signature = to_std(*signature);
  return result;
}

// When the request was signed: x-amz-date, or else date.
absl::StatusOr<absl::Time> time_of(const HttpRequest& request) {
  constexpr char kBasic[] = "%E4Y%m%dT%H%M%SZ";
  constexpr char kHttp[] = "%a, %d %b %E4Y %H:%M:%S GMT";
  const auto parsed = [](const char* format,
                         std::string_view text) -> std::optional<absl::Time> {
    absl::Time time;
    if (!absl::ParseTime(format, internal::to_absl(text), &time, nullptr))
      return {};
    // ParseTime() also accepts "infinite-future", and is lenient: only a time
    // that formats back to the same text is in the canonical spelling.
    const bool is_strict =
        time < absl::InfiniteFuture() && time > absl::InfinitePast() &&
        absl::FormatTime(format, time, absl::UTCTimeZone()) ==
            internal::to_absl(text);
    return is_strict ? std::optional(time) : std::nullopt;
  };
  std::optional<absl::Time> time;
  if (const auto own = first_header(request.headers, "x-amz-date")) {
    time = parsed(kBasic, *own);
  } else if (const auto date = first_header(request.headers, "date")) {
    time = parsed(kHttp, *date);
    if (!time) time = parsed(kBasic, *date);
  } else {
    return refused(
        "Authorization header requires existence of either a 'X-Amz-Date' or a "
        "'Date' header.");
  }
  if (!time) {
    return refused(
        "Date must be in ISO-8601 'basic format', YYYYMMDD'T'HHMMSS'Z'.");
  }
  return *time;
}

absl::Status check_time(absl::Time signed_at, absl::Time now) {
  const auto text = [](absl::Time time) { return signing_timestamp(time); };
  constexpr absl::Duration kSkew = Authentication::kMaxSkew;
  const int64_t minutes = absl::ToInt64Minutes(kSkew);
  if (signed_at < now - kSkew) {
    return refused(absl::StrCat("Signature expired: ", text(signed_at),
                                " is now earlier than ", text(now - kSkew),
                                " (", text(now), " - ", minutes, " min.)"));
  }
  if (signed_at > now + kSkew) {
    return refused(absl::StrCat("Signature not yet current: ", text(signed_at),
                                " is still later than ", text(now + kSkew),
                                " (", text(now), " + ", minutes, " min.)"));
  }
  return absl::OkStatus();
}

// Checks that all headers that must be signed are signed, and that each signed
// header occurs once.
absl::Status check_signed_headers(const HttpRequest& request,
                                  const std::vector<std::string>& names) {
  const auto is_signed = [&](const std::string& name) {
    return std::binary_search(names.begin(), names.end(), name);
  };
  if (!is_signed("host")) {
    return refused(
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
        "Authorization.");
  }
  for (const auto& [name, value] : request.headers) {
    if (absl::StartsWith(name, "x-amz-") && !is_signed(name)) {
      return refused(
          absl::StrCat(internal::excerpt(name),
                       " must be a 'SignedHeader' in the AWS Authorization."));
    }
  }
  for (const std::string& name : names) {
    const auto occurrences =
        std::count_if(request.headers.begin(), request.headers.end(),
                      [&](const auto& header) { return header.first == name; });
    if (occurrences == 0) return wrong_signature();
    // A forwarder may join or reorder them, and readers use the first or the
    // last: what was signed might not be what is acted on.
    if (occurrences > 1) {
      return refused(absl::StrCat(internal::excerpt(name),
                                  " is a 'SignedHeader' and must occur once."));
    }
  }
  return absl::OkStatus();
}

absl::Status check_payload_hash(const HttpRequest& request,
                                std::string_view payload_hash) {
  const auto said_hash = first_header(request.headers, "x-amz-content-sha256");
  if (said_hash && *said_hash != payload_hash) {
    return refused(
        "The provided 'x-amz-content-sha256' header does not match what was "
        "computed.");
  }
  return absl::OkStatus();
}

absl::Status check_token(const HttpRequest& request,
                         const Credential& credential) {
  if (!same_secret(
          credential.session_token,
          first_header(request.headers, "x-amz-security-token").value_or(""))) {
    return refused("The security token included in the request is invalid.");
  }
  return absl::OkStatus();
}

}  // namespace

// What a request's head says about its signature. Refers to the request and its
// target.
struct Authentication::SignedHead {
  const Target& target;
  Authorization authorization;
  std::string timestamp;

  // The signature that the request should have, if its body has this hash.
  std::string expected_signature(const HttpRequest& request,
                                 std::string_view payload_hash,
                                 std::string_view key,
                                 ParameterOrder order) const {
    return signature(
        key, string_to_sign(timestamp, authorization.scope,
                            canonical_request(request, target,
                                              authorization.signed_headers,
                                              payload_hash, order)));
  }
};

Authentication::Authentication(Credentials credentials, Clock* clock,
                               std::string region)
    : credentials_(std::make_shared<const Credentials>(std::move(credentials))),
      clock_(clock),
      region_(std::move(region)) {}

absl::StatusOr<Authentication::SignedHead> Authentication::read_head(
    const HttpRequest& request, const absl::StatusOr<Target>& target) const {
  if (!target.ok()) {
    return refused(target.status().message());
  }
  for (const auto& [name, value] : target->parameters) {
    if (absl::StartsWithIgnoreCase(name, "x-amz-")) {
      return refused(
          "Signatures in the query are not accepted; sign with an "
          "Authorization header.");
    }
  }

  const auto value = single_header(request.headers, "authorization");
  if (!value) return refused("Missing Authentication Token");
  if (value->empty()) return refused("Authorization header must occur once.");
  auto authorization = parse_authorization(*value);
  if (!authorization.ok()) return authorization.status();

  const SigningScope& scope = authorization->scope;
  if (!region_.empty() && scope.region != region_) {
    return refused(
        absl::StrCat("Credential should be scoped to a valid region, not '",
                     internal::to_absl(scope.region), "'."));
  }
  const auto time = time_of(request);
  if (!time.ok()) return time.status();
  std::string timestamp = signing_timestamp(*time);
  if (timestamp.substr(0, 8) != scope.date) {
    return refused(
        absl::StrCat("Date in Credential scope does not match YYYYMMDD from "
                     "ISO-8601 version of date from HTTP: '",
                     internal::to_absl(scope.date), "' != '",
                     timestamp.substr(0, 8), "', from '", timestamp, "'."));
  }
  auto status = check_time(*time, absl::FromUnixNanos(clock_->now().unix_ns));
  if (!status.ok()) return status;
  status = check_signed_headers(request, authorization->signed_headers);
  if (!status.ok()) return status;
  return SignedHead{*target, *std::move(authorization), std::move(timestamp)};
}

bool Authentication::is_signed(const SignedHead& head,
                               const HttpRequest& request,
                               std::string_view payload_hash,
                               std::string_view secret) {
  const std::string key = signing_key(secret, head.authorization.scope);
  const auto is_signed_in = [&](ParameterOrder order) {
    return same_secret(
        head.expected_signature(request, payload_hash, key, order),
        head.authorization.signature);
  };
  // A signature in either order covers all parameters.
  return is_signed_in(ParameterOrder::kEncoded) ||
         (head.target.parameters.size() > 1 &&
          is_signed_in(ParameterOrder::kDecoded));
}

absl::Status Authentication::check_head(const HttpRequest& head) const {
  const auto target = parse_target(head.target);
  const auto read = read_head(head, target);
  if (!read.ok()) return read.status();
  return present_credentials()->find(read->authorization.access_key_id) !=
                 nullptr
             ? absl::OkStatus()
             : wrong_signature();
}

absl::StatusOr<Caller> Authentication::authenticate(
    const HttpRequest& request, const absl::StatusOr<Target>& target) const {
  const auto head = read_head(request, target);
  if (!head.ok()) return head.status();
  const std::string payload_hash = sha256_hex(request.body);
  WEIR_RETURN_IF_ERROR(check_payload_hash(request, payload_hash));
  const auto credentials = present_credentials();
  const Credential* const known =
      credentials->find(head->authorization.access_key_id);
  const std::string_view secret =
      known != nullptr ? std::string_view(known->secret_access_key) : kNoSecret;
  if (!is_signed(*head, request, payload_hash, secret) || known == nullptr) {
    return wrong_signature();
  }
  // Only a client that knows the secret learns that the token is wrong.
  WEIR_RETURN_IF_ERROR(check_token(request, *known));
  return Caller{known->access_key_id, known->read_only, known->no_values};
}

void Authentication::replace_credentials(Credentials credentials) {
  auto replaced = std::make_shared<const Credentials>(std::move(credentials));
  internal::MutexLock lock(mutex_);
  credentials_.swap(replaced);
}

std::shared_ptr<const Credentials> Authentication::present_credentials() const {
  internal::MutexLock lock(mutex_);
  return credentials_;
}

}  // namespace weir
