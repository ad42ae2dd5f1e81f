// AWS Signature Version 4, piece by piece: from a request to what is hashed and
// signed. These are pure functions; whether a request is to be believed is
// management/authentication.h.

#ifndef WEIR_MANAGEMENT_SIGV4_H_
#define WEIR_MANAGEMENT_SIGV4_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "http/message.h"
#include "http/target.h"

namespace weir {

inline constexpr std::string_view kSigV4Algorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kSigV4Terminator = "aws4_request";

// What a signing key is good for.
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

// The path as it is signed for all services but S3: without empty and dot
// segments, each segment percent-encoded once more than it was sent. Paths that
// differ in such segments alone have the same signature, so whoever routes
// requests must not take one for the other to any effect.
std::string canonical_path(std::string_view raw_path);

// How a signer sorts the parameters: as AWS says, by what is encoded; or, as
// AWS's SDK for Go, by what that stands for, where "a-1" is less than "a:1".
enum class ParameterOrder { kEncoded, kDecoded };

// Parameters sorted by name, then value, each encoded anew: what counts is what
// they stand for, not how they were spelled.
std::string canonical_query(const Target& target,
                            ParameterOrder order = ParameterOrder::kEncoded);

// "name:value\n" for each of `names`, in their order: all values of that name,
// joined by ',', with blanks around them removed and blanks in them made one
// space.
std::string canonical_headers(const HttpHeaders& headers,
                              const std::vector<std::string>& names);

// What is hashed. `target` is that of `request`; `signed_headers` are in lower
// case and sorted. `payload_hash` is sha256_hex() of the body.
std::string canonical_request(const HttpRequest& request, const Target& target,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash,
                              ParameterOrder order = ParameterOrder::kEncoded);

// What is signed.
std::string string_to_sign(std::string_view timestamp,
                           const SigningScope& scope,
                           std::string_view canonical_request);

// The key to sign with: 32 bytes.
std::string signing_key(std::string_view secret_access_key,
                        const SigningScope& scope);

// In 64 lower-case hexadecimal digits.
std::string signature(std::string_view signing_key,
                      std::string_view string_to_sign);

}  // namespace weir

#endif  // WEIR_MANAGEMENT_SIGV4_H_
