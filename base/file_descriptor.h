#ifndef WEIR_BASE_FILE_DESCRIPTOR_H_
#define WEIR_BASE_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace weir::internal {

// An owned file descriptor, closed on destruction, or none.
// *thread-compatible*
class Descriptor {
 public:
  Descriptor() = default;
  // Takes the result of open(): a negative number is none.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (is_open()) close(number_);
  }

  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_ = -1;
};

}  // namespace weir::internal

#endif  // WEIR_BASE_FILE_DESCRIPTOR_H_
