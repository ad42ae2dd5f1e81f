#include "weir/management/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "weir/base/text.h"

namespace weir {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string result(SHA256_DIGEST_LENGTH, '\0');
  // Fails if there is no memory. Aborts, so that no wrong result is compared.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           bytes_of(message), message.size(),
           reinterpret_cast<unsigned char*>(result.data()),
           nullptr) == nullptr) {
    std::abort();
  }
  return result;
}

std::string hex(std::string_view bytes) {
  return absl::BytesToHexString(internal::to_absl(bytes));
}

}  // namespace

std::string scope_text(const SigningScope& scope) {
  return absl::StrCat(internal::to_absl(scope.date), "/",
                      internal::to_absl(scope.region), "/",
                      internal::to_absl(scope.service), "/",
                      internal::to_absl(kSigV4Terminator));
}

std::string signing_timestamp(absl::Time time) {
  return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone());
}

std::string sha256_hex(std::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  if (SHA256(bytes_of(bytes), bytes.size(),
             reinterpret_cast<unsigned char*>(digest.data())) == nullptr) {
    std::abort();
  }
  return hex(digest);
}

std::string canonical_path(std::string_view raw_path) {
  std::vector<absl::string_view> segments;
  for (const auto segment : absl::StrSplit(internal::to_absl(raw_path), '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  const bool is_folder = !segments.empty() && raw_path.back() == '/';
  return percent_encoded(
      absl::StrCat("/", absl::StrJoin(segments, "/"), is_folder ? "/" : ""),
      /*slashes_kept=*/true);
}

std::string canonical_query(const Target& target, ParameterOrder order) {
  auto parameters = target.parameters;
  const auto sort = [&] { std::sort(parameters.begin(), parameters.end()); };
  if (order == ParameterOrder::kDecoded) sort();
  for (auto& [name, value] : parameters) {
    name = percent_encoded(name);
    value = percent_encoded(value);
  }
  if (order == ParameterOrder::kEncoded) sort();
  return absl::StrJoin(parameters, "&", absl::PairFormatter("="));
}

std::string canonical_headers(const HttpHeaders& headers,
                              const std::vector<std::string>& names) {
  std::string result;
  for (const std::string& wanted : names) {
    std::vector<std::string> values;
    for (const auto& [name, value] : headers) {
      if (name != wanted) continue;
      values.push_back(absl::StrJoin(
          absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty()),
          " "));
    }
    absl::StrAppend(&result, wanted, ":", absl::StrJoin(values, ","), "\n");
  }
  return result;
}

std::string canonical_request(const HttpRequest& request, const Target& target,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash,
                              ParameterOrder order) {
  return absl::StrCat(request.method, "\n", canonical_path(target.raw_path),
                      "\n", canonical_query(target, order), "\n",
                      canonical_headers(request.headers, signed_headers), "\n",
                      absl::StrJoin(signed_headers, ";"), "\n",
                      internal::to_absl(payload_hash));
}

std::string string_to_sign(std::string_view timestamp,
                           const SigningScope& scope,
                           std::string_view canonical_request) {
  return absl::StrCat(internal::to_absl(kSigV4Algorithm), "\n",
                      internal::to_absl(timestamp), "\n", scope_text(scope),
                      "\n", sha256_hex(canonical_request));
}

std::string signing_key(std::string_view secret_access_key,
                        const SigningScope& scope) {
  std::string key = absl::StrCat("AWS4", internal::to_absl(secret_access_key));
  for (const std::string_view part :
       {scope.date, scope.region, scope.service, kSigV4Terminator}) {
    key = hmac_sha256(key, part);
  }
  return key;
}

std::string signature(std::string_view signing_key,
                      std::string_view string_to_sign) {
  return hex(hmac_sha256(signing_key, string_to_sign));
}

}  // namespace weir
