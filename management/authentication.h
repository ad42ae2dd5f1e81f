// Who sent a request: AWS Signature Version 4, checked.

#ifndef WEIR_MANAGEMENT_AUTHENTICATION_H_
#define WEIR_MANAGEMENT_AUTHENTICATION_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "enforcer/clock.h"
#include "enforcer/mutex.h"
#include "http/message.h"
#include "management/caller.h"
#include "management/credentials.h"

namespace weir {

// Believes a request that one of its credentials signed in an Authorization
// header, for the service "apigateway", no longer than kMaxSkew ago or ahead.
//
// The signature must cover the host and every x-amz-* header; and covers,
// always, method, path, query, time and the body, which is hashed here whatever
// a header says of it. Other headers may go unsigned, content-type among them:
// curl does not sign the one that it adds itself, and nothing here goes by it.
// A request may be sent again within kMaxSkew by whoever sees it: in the open,
// use TLS.
//
// An unknown access key is answered as a wrong signature is, after the same
// work. (A server that goes by check_head() reads no body then, which tells.)
//
// Keeps nothing between requests, not even the keys derived from secrets: that
// costs 10 of a check's 25 us, and there is nothing to fill up. *thread-safe*
class Authentication {
 public:
  static constexpr absl::Duration kMaxSkew = absl::Minutes(5);

  // `clock` must outlive this. Scopes must name `region`; "" is any.
  Authentication(Credentials credentials, Clock* clock,
                 std::string region = "");

  // Who signed `request`, which must be as it was sent: its target undecoded,
  // no header left out or changed. Otherwise Unauthenticated, with the text
  // that AWS has for the case, if it has one; texts repeat nothing that is
  // secret. Hashes the body and allocates; takes a lock for an instant.
  absl::StatusOr<Caller> authenticate(const HttpRequest& request) const;

  // Whether `head`, a request without its body, may turn out to be signed: it
  // says all that a signature needs, at the right time, for an access key that
  // there is. Otherwise the error of authenticate(). Does not block.
  absl::Status check_head(const HttpRequest& head) const;

  // These alone are believed by every `authenticate()` that begins after this
  // has returned; one that overlaps has either these or those before, whole.
  // Without any, nobody is believed.
  void replace_credentials(Credentials credentials);

 private:
  struct SignedHead;

  absl::StatusOr<SignedHead> read_head(const HttpRequest& request) const;
  std::shared_ptr<const Credentials> present_credentials() const;

  mutable Mutex mutex_;
  std::shared_ptr<const Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
  Clock* const clock_;
  const std::string region_;
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_AUTHENTICATION_H_
