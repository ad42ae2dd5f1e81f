// The access keys of those who may manage usage plans.
//
// A file of them is one that AWS's own clients read, so that operators need
// only one. Its grammar, line by line, blanks around each part ignored:
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
// Comments have lines of their own. Other names are other tools', and so are
// the lines below them that are indented further: both are ignored, as is a
// profile without any of these four. Names are read in either case. A profile
// occurs once, and so does a name in it.

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
  std::string session_token;  // "" is none
  bool read_only = false;
  std::string profile = {};  // of a file: its name
  bool no_values = false;    // may not see the values of API keys
};

// Whether `text` may be an element of "id/date/region/service/aws4_request", an
// access key's id above all: 1 to 128 of A-Z a-z 0-9 '-' '.' '_'.
bool is_scope_element(std::string_view text);

// Credentials by the id of their access key. Errors never repeat a secret, nor
// anything else that a file or variable holds. *thread-compatible*
class Credentials {
 public:
  static constexpr size_t kMaxFileBytes = 1 << 20;

  // None.
  Credentials() = default;

  // Those of a file: a regular one, of at most kMaxFileBytes, that neither its
  // group nor others may read or write (0600, 0400). FailedPrecondition if it
  // is not, InvalidArgument ("file:line: ...") for what it holds, and if that
  // is no credential at all: an empty file is not a wish for open doors.
  static absl::StatusOr<Credentials> from_file(const std::string& path);

  // Those of a file's content; errors call the file `name`.
  static absl::StatusOr<Credentials> from_text(std::string_view text,
                                               std::string_view name);

  // The one of WEIR_ACCESS_KEY_ID, WEIR_SECRET_ACCESS_KEY and, optionally,
  // WEIR_SESSION_TOKEN, which may do everything. An empty session token is
  // none. No credentials if none of the variables is set; InvalidArgument if
  // they do not make a credential: a variable that is set and empty does not
  // open the doors.
  // With `prefix` AWS, of the variables that AWS's clients read.
  static absl::StatusOr<Credentials> from_environment(
      std::string_view prefix = "WEIR");

  // InvalidArgument if it is malformed or its id is taken.
  absl::Status add(Credential credential);

  // nullptr if there is none. Good until the next add().
  const Credential* find(std::string_view access_key_id) const;

  // The one of the profile, or without a name, the only one, or that of the
  // profile "default". nullptr if there is none. Good until the next add().
  const Credential* find_profile(std::string_view name) const;

  bool empty() const { return by_id_.empty(); }

 private:
  absl::flat_hash_map<std::string, Credential> by_id_;
};

}  // namespace weir

#endif  // WEIR_MANAGEMENT_CREDENTIALS_H_
