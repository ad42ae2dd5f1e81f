#ifndef WEIR_QUOTA_TESTING_TEST_LINES_H_
#define WEIR_QUOTA_TESTING_TEST_LINES_H_

#include <atomic>
#include <cstring>
#include <limits>
#include <new>

#include "weir/memory/line_source.h"

namespace weir::testing {

// A source of lines from the heap, filled with garbage, of which at most `most`
// are out at a time. *thread-safe*
class TestLines final : public internal::LineSource {
 public:
  explicit TestLines(int most = std::numeric_limits<int>::max())
      : most_(most) {}

  void* take_line() noexcept override {
    if (out_.fetch_add(1) >= most_) {
      --out_;
      return nullptr;
    }
    void* const line = ::operator new(kLineBytes, kAlignment, std::nothrow);
    std::memset(line, 0xa5, kLineBytes);
    return line;
  }
  void return_line(void* line) noexcept override {
    ::operator delete(line, kAlignment);
    --out_;
  }
  void lost_day() noexcept override { ++lost_; }

  int out() const { return out_; }  // Lines taken and not returned.
  int lost() const { return lost_; }

 private:
  static constexpr std::align_val_t kAlignment{kLineBytes};

  const int most_;
  std::atomic<int> out_{0};
  std::atomic<int> lost_{0};
};

}  // namespace weir::testing

#endif  // WEIR_QUOTA_TESTING_TEST_LINES_H_
