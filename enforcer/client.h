#ifndef WEIR_ENFORCER_CLIENT_H_
#define WEIR_ENFORCER_CLIENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir {

struct Subscription;

// What the data plane knows of an API key. Lives in the arena; its key bytes
// follow it.
struct Client {
  static constexpr size_t bytes(size_t key_size) {
    return sizeof(Client) + key_size;
  }

  std::string_view key() const {
    return {reinterpret_cast<const char*>(this + 1), key_size};
  }
  char* key_bytes() { return reinterpret_cast<char*>(this + 1); }

  uint64_t hash;
  std::atomic<Subscription*> subscriptions;  // a list; stored with release
  uint32_t key_size;
  std::atomic<bool> enabled;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CLIENT_H_
