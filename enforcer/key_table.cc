#include "enforcer/key_table.h"

#include <unistd.h>

#include <cstdlib>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace weir {
namespace {

struct Secret {
  Secret() {
    // Fails only for more than 256 bytes, or on kernels without getrandom(2).
    if (getentropy(words, sizeof(words)) != 0) std::abort();
  }
  uint64_t words[2];
};

}  // namespace

uint64_t key_table_internal::keyed_hash(std::string_view key) noexcept {
  static const Secret secret;
  return absl::HashOf(secret.words[0], secret.words[1],
                      absl::string_view(key.data(), key.size()));
}

}  // namespace weir
