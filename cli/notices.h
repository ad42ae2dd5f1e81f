// Messages of a running command.

#ifndef WEIR_CLI_NOTICES_H_
#define WEIR_CLI_NOTICES_H_

#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "weir/base/mutex.h"
#include "weir/cli/console.h"

namespace weir::cli {

// Writes human-readable lines to standard error, from any thread. Never waits
// for their reader: a line that finds no room in the pipe is dropped, and
// counted in the next line that finds room. *thread-safe*
class Notices {
 public:
  // REQUIRES: `console` outlives this object.
  explicit Notices(const Console& console) : console_(console) {}

  // Writes "weir: " and `text`, made printable and truncated to what a pipe
  // takes at once.
  void say(std::string_view text);

 private:
  bool has_room() const;

  const Console& console_;
  internal::Mutex mutex_;
  int64_t left_out_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_NOTICES_H_
