// Authentication of requests by AWS Signature Version 4.

#ifndef WEIR_MANAGEMENT_AUTHENTICATION_H_
#define WEIR_MANAGEMENT_AUTHENTICATION_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "weir/base/clock.h"
#include "weir/base/mutex.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/caller.h"
#include "weir/management/credentials.h"

namespace weir {

// Accepts a request that one of its credentials signed in an Authorization
// header, for the service "apigateway", at most kMaxSkew before or after now.
//
// The signature must cover the host and every x-amz-* header. It always covers
// method, path, query, time and body; the body is hashed here, whatever a
// header says about it. Other headers may be unsigned, such as content-type:
// curl does not sign the one that it adds, and nothing here depends on it.
// Anyone who sees a request can replay it within kMaxSkew: use TLS on untrusted
// networks.
//
// An unknown access key gets the same answer as a wrong signature, after the
// same work. (A server that uses check_head() does not read the body then,
// which is observable.)
//
// Keeps no state between requests, not even the keys derived from secrets: that
// costs 10 of a check's 25 us, and clients cannot fill any cache. *thread-safe*
class Authentication {
 public:
  static constexpr absl::Duration kMaxSkew = absl::Minutes(5);

  // `clock` must outlive this object. Scopes must name `region`; "" allows any.
  Authentication(Credentials credentials, Clock* clock,
                 std::string region = "");

  // Returns who signed `request`, which must be as sent: its target not
  // decoded, no header removed or changed. Unauthenticated if the request is
  // not accepted, with AWS's message for the case if it has one; messages
  // contain no secrets. Hashes the body and allocates; takes a lock briefly.
  absl::StatusOr<Caller> authenticate(const HttpRequest& request) const {
    return authenticate(request, parse_target(request.target));
  }
  // The same, for callers that have parsed the request's target.
  absl::StatusOr<Caller> authenticate(
      const HttpRequest& request, const absl::StatusOr<Target>& target) const;

  // Whether `head`, a request without its body, can turn out to be correctly
  // signed: it has everything that a signature needs, a valid time, and a known
  // access key. Otherwise the error of authenticate(). Does not block.
  absl::Status check_head(const HttpRequest& head) const;

  // Replaces all credentials. Every `authenticate()` that begins after this has
  // returned uses the new ones; one that overlaps uses either all the new or
  // all the old ones. With no credentials, every request is refused.
  void replace_credentials(Credentials credentials);

 private:
  struct SignedHead;

  absl::StatusOr<SignedHead> read_head(
      const HttpRequest& request, const absl::StatusOr<Target>& target) const;
  static bool is_signed(const SignedHead& head, const HttpRequest& request,
                        std::string_view payload_hash, std::string_view secret);
  std::shared_ptr<const Credentials> present_credentials() const;

  mutable internal::Mutex mutex_;
  std::shared_ptr<const Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
  Clock* const clock_;
  const std::string region_;
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_AUTHENTICATION_H_
