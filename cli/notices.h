// What a command says while it runs.

#ifndef WEIR_CLI_NOTICES_H_
#define WEIR_CLI_NOTICES_H_

#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "cli/console.h"
#include "enforcer/mutex.h"

namespace weir::cli {

// Lines for people, on standard error, by any thread. Nobody waits for their
// reader: what finds no room is left out, and counted in the next line that
// finds some. *thread-safe*
class Notices {
 public:
  // REQUIRES: `console` outlives this.
  explicit Notices(const Console& console) : console_(console) {}

  // "weir: " and `text`, made printable, and as much of it as a pipe takes at
  // once.
  void say(std::string_view text);

 private:
  bool has_room() const;

  const Console& console_;
  Mutex mutex_;
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_NOTICES_H_
