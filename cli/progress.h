// The progress display of a command.

#ifndef WEIR_CLI_PROGRESS_H_
#define WEIR_CLI_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string_view>

#include "weir/cli/console.h"

namespace weir::cli {

// Shows progress on `console.err`, if that is a terminal, in one line that is
// overwritten and finally erased. Shows nothing in the first second.
// *thread-compatible*
class Progress {
 public:
  explicit Progress(const Console& console) : console_(console) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Shows "weir: PHASE 1,234 lines". Cheap.
  void show(std::string_view phase, std::int64_t lines);

 private:
  const Console& console_;
  std::chrono::steady_clock::time_point next_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(1);
  bool shown_ = false;
};

}  // namespace weir::cli

#endif  // WEIR_CLI_PROGRESS_H_
