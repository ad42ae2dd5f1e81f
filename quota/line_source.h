#ifndef WEIR_QUOTA_LINE_SOURCE_H_
#define WEIR_QUOTA_LINE_SOURCE_H_

#include "quota/calendar.h"

namespace weir {

// Where daily logs get their memory: whole cache lines, from an arena for
// instance. It is called by whichever request closes a day, so no function may
// block, and none should allocate. Implementations must be *thread-safe*.
class LineSource {
 public:
  static constexpr int kLineBytes = 64;

  virtual ~LineSource() = default;

  // kLineBytes of memory aligned to kLineBytes, with any content; nullptr if
  // there is none.
  [[nodiscard]] virtual void* take_line() noexcept = 0;

  // Takes back what take_line() gave. Nobody uses it any more.
  virtual void return_line(void* line) noexcept = 0;

  // The usage of `day` could not be logged because there was no line. Called
  // once for a day of one key; counting is not affected.
  virtual void lost_day(Day day) noexcept = 0;
};

}  // namespace weir

#endif  // WEIR_QUOTA_LINE_SOURCE_H_
