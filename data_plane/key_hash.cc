#include "weir/data_plane/key_hash.h"

#include <unistd.h>

#include <cstdlib>

namespace weir::internal {

KeyHash::KeyHash() {
  // getentropy(3) returns at most 256 bytes.
  constexpr size_t kMax = 256;
  auto* bytes = reinterpret_cast<char*>(secret_);
  for (size_t done = 0; done < sizeof(secret_); done += kMax) {
    const size_t n =
        sizeof(secret_) - done < kMax ? sizeof(secret_) - done : kMax;
    // Fails only on kernels without getrandom(2).
    if (getentropy(bytes + done, n) != 0) std::abort();
  }
}

}  // namespace weir::internal
