#include "weir/cli/progress.h"

#include <ostream>

#include "weir/cli/printable.h"

namespace weir::cli {

Progress::~Progress() {
  if (shown_) console_.err << "\r\x1b[K" << std::flush;
}

void Progress::show(std::string_view phase, std::int64_t lines) {
  if (!console_.err_is_terminal) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  console_.err << "\rweir: " << phase << " " << with_commas(lines) << " lines "
               << std::flush;
  shown_ = true;
  next_ = now + std::chrono::milliseconds(200);
}

}  // namespace weir::cli
