#ifndef WEIR_BASE_RANDOM_ID_H_
#define WEIR_BASE_RANDOM_ID_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace weir::internal {

// Draws ids and secrets from the kernel's random source, which is read once for
// about 25 ids or six secrets. Bytes are wiped once used. After a fork both
// processes would draw the same text, so an object that draws secrets must not
// be kept for the next call. *thread-compatible*
class RandomText {
 public:
  RandomText() = default;
  ~RandomText();
  RandomText(const RandomText&) = delete;
  RandomText& operator=(const RandomText&) = delete;

  // Ten characters of [a-z0-9], as API Gateway's ids are.
  std::string id();

  // A key's secret value: 40 characters of [A-Za-z0-9], 238 bits.
  std::string secret();

 private:
  template <size_t kLength, size_t kCharacters>
  std::string draw();

  std::array<unsigned char, 256> bytes_;
  size_t left_ = 0;  // unused, at the front of `bytes_`
};

// Whether `id` is valid: 1 to 64 characters of [A-Za-z0-9_-].
bool is_id(std::string_view id);

}  // namespace weir::internal

#endif  // WEIR_BASE_RANDOM_ID_H_
