// The steps of AWS Signature Version 4, from a request to the text that is
// hashed and signed. These are pure functions; management/authentication.h
// checks requests.

#ifndef WEIR_MANAGEMENT_SIGV4_H_
#define WEIR_MANAGEMENT_SIGV4_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "weir/http/message.h"
#include "weir/http/target.h"

namespace weir {

inline constexpr std::string_view kSigV4Algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kSigV4Terminator = "aws4_request";

// The scope in which a signing key is valid.
struct SigningScope {
  std::string_view date;  // "20150830", the first part of a timestamp
  std::string_view region;
  std::string_view service;
};

// "20150830/us-east-1/apigateway/aws4_request"
std::string scope_text(const SigningScope& scope);

// "20150830T123600Z"
std::string signing_timestamp(absl::Time time);

// In lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

// The path as signed for all services except S3: without empty and dot
// segments, each segment percent-encoded once more than it was sent. Paths that
// differ only in such segments have the same signature, so a router must not
// give such a variant of a signed path another effect.
std::string canonical_path(std::string_view raw_path);

// How a signer sorts the parameters: in their encoded form, as AWS specifies;
// or in their decoded form, as AWS's SDK for Go does, where "a-1" is less than
// "a:1".
enum class ParameterOrder { kEncoded, kDecoded };

// The parameters, sorted by name, then value. Each is decoded and encoded
// again, so that different spellings are equal.
std::string canonical_query(const Target& target,
                            ParameterOrder order = ParameterOrder::kEncoded);

// "name:value\n" for each of `names`, in their order. The value is all values
// of that name, joined by ',', without blanks around them and with each run of
// blanks in them replaced by one space.
std::string canonical_headers(const HttpHeaders& headers,
                              const std::vector<std::string>& names);

// The text that is hashed. `target` is the target of `request`;
// `signed_headers` are in lower case and sorted. `payload_hash` is sha256_hex()
// of the body.
std::string canonical_request(const HttpRequest& request, const Target& target,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash,
                              ParameterOrder order = ParameterOrder::kEncoded);

// The text that is signed.
std::string string_to_sign(std::string_view timestamp,
                           const SigningScope& scope,
                           std::string_view canonical_request);

// The signing key: 32 bytes.
std::string signing_key(std::string_view secret_access_key,
                        const SigningScope& scope);

// In 64 lower-case hexadecimal digits.
std::string signature(std::string_view signing_key,
                      std::string_view string_to_sign);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_SIGV4_H_
