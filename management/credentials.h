// The access keys that may manage usage plans.
//
// AWS's own clients can read the same credentials file, so that operators need
// only one. Its grammar, line by line; blanks around each part are ignored:
//
//     file    = { line }
//     line    = "" | "#" text | ";" text | "[" profile "]" | name "=" value
//
//     [deploy]
//     aws_access_key_id = AKIDEXAMPLE
//     aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
//     aws_session_token = FwoGZXIvYXdzE...      optional
//     weir_access = read-only                   or full, which is the default,
//                                               or no-values
//
// Comments have lines of their own. Other names belong to other tools, as do
// the more deeply indented lines below them: both are ignored, as is a profile
// without any of these four. Names are case-insensitive. A profile may occur
// only once, and so may a name in it.

#ifndef WEIR_MANAGEMENT_CREDENTIALS_H_
#define WEIR_MANAGEMENT_CREDENTIALS_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

struct Credential {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // "" for none
  bool read_only = false;
  std::string profile = {};  // its name in a file
  bool no_values = false;    // may not see the values of API keys
};

// Whether `text` may be an element of "id/date/region/service/aws4_request", in
// particular an access key's id: 1 to 128 of A-Z a-z 0-9 '-' '.' '_'.
bool is_scope_element(std::string_view text);

// Credentials, indexed by the id of their access key. Errors never contain a
// secret, nor anything else from a file or variable. *thread-compatible*
class Credentials {
 public:
  static constexpr size_t kMaxFileBytes = 1 << 20;

  // Holds no credentials.
  Credentials() = default;

  // Reads a file. It must be a regular file of at most kMaxFileBytes that
  // neither its group nor others may access (0600, 0400); FailedPrecondition if
  // it is not. InvalidArgument ("file:line: ...") for malformed content, and
  // for a file without credentials: an empty file must not disable
  // authentication.
  static absl::StatusOr<Credentials> from_file(const std::string& path);

  // Parses a file's content; errors call the file `name`.
  static absl::StatusOr<Credentials> from_text(std::string_view text,
                                               std::string_view name);

  // The credential in WEIR_ACCESS_KEY_ID, WEIR_SECRET_ACCESS_KEY and,
  // optionally, WEIR_SESSION_TOKEN; it has full access. An empty session token
  // is none. No credentials if none of the variables is set; InvalidArgument if
  // they do not make a credential: a variable that is set but empty must not
  // disable authentication. With the `prefix` "AWS", reads the variables of
  // AWS's clients.
  static absl::StatusOr<Credentials> from_environment(
      std::string_view prefix = "WEIR");

  // InvalidArgument if it is malformed or its id is taken.
  absl::Status add(Credential credential);

  // nullptr if there is none. Valid until the next add().
  const Credential* find(std::string_view access_key_id) const;

  // The credential of the profile `name`. If `name` is empty, the only
  // credential, or else that of the profile "default". nullptr if there is
  // none. Valid until the next add().
  const Credential* find_profile(std::string_view name) const;

  bool empty() const { return by_id_.empty(); }

 private:
  absl::flat_hash_map<std::string, Credential> by_id_;
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_CREDENTIALS_H_
