#ifndef WEIR_MEMORY_LINE_SOURCE_H_
#define WEIR_MEMORY_LINE_SOURCE_H_

namespace weir::internal {

// The source of the daily logs' memory: whole cache lines, for example from an
// arena. Requests call it when they close a day, so no function may block, and
// none should allocate. Implementations must be *thread-safe*.
class LineSource {
 public:
  static constexpr int kLineBytes = 64;

  virtual ~LineSource() = default;

  // Returns kLineBytes of memory aligned to kLineBytes, with any content;
  // nullptr if there is none.
  [[nodiscard]] virtual void* take_line() noexcept = 0;

  // Takes back a line from take_line() that is no longer in use.
  virtual void return_line(void* line) noexcept = 0;

  // Reports that a day's usage could not be logged because there was no line.
  // Called once for each such day of a key; counting is not affected.
  virtual void lost_day() noexcept = 0;
};

}  // namespace weir::internal

#endif  // WEIR_MEMORY_LINE_SOURCE_H_
