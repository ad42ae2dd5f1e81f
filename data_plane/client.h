#ifndef WEIR_DATA_PLANE_CLIENT_H_
#define WEIR_DATA_PLANE_CLIENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weir/data_plane/subscription.h"
#include "weir/throttle/token_bucket.h"

namespace weir::internal {

// A client's state besides its key, in one word, so that one load reads all of
// it. Zero is no client.
class ClientState {
 public:
  explicit constexpr ClientState(uint64_t bits = 0) noexcept : bits_(bits) {}
  constexpr ClientState(uint64_t serial, size_t key_size, bool enabled) noexcept
      : bits_(serial << 16 | key_size << 8 | (enabled ? kEnabled : 0)) {}

  constexpr uint64_t bits() const noexcept { return bits_; }
  // Unique among the clients of an enforcer; never 0. 48 bits.
  constexpr uint64_t serial() const noexcept { return bits_ >> 16; }
  constexpr size_t key_size() const noexcept { return bits_ >> 8 & 0xff; }
  constexpr bool enabled() const noexcept { return bits_ & kEnabled; }
  // For the control plane: `Client::first` is in use, or readers may still hold
  // it.
  constexpr bool first_taken() const noexcept { return bits_ & kFirstTaken; }

  constexpr ClientState with_enabled(bool enabled) const noexcept {
    return with(kEnabled, enabled);
  }
  constexpr ClientState with_first_taken(bool taken) const noexcept {
    return with(kFirstTaken, taken);
  }

 private:
  static constexpr uint64_t kEnabled = 1;
  static constexpr uint64_t kFirstTaken = 2;

  constexpr ClientState with(uint64_t flag, bool set) const noexcept {
    return ClientState((bits_ & ~flag) | (set ? flag : 0));
  }

  uint64_t bits_;
};

// An API key as the data plane knows it: one block of the arena, a pair of
// cache lines if the key has at most kInlineKey bytes. The first line has what
// identifies the key, the second what a request changes.
struct alignas(128) Client {
  static constexpr size_t kInlineKey = 40;

  static constexpr size_t bytes(size_t key_size) {
    return sizeof(Client) + (key_size > kInlineKey ? key_size : 0);
  }

  // Where the bytes of a key of this size are.
  char* key_bytes(size_t size) {
    return size > kInlineKey ? reinterpret_cast<char*>(this + 1) : inline_key;
  }
  // REQUIRES: the block is a client's, and remains so during the call.
  std::string_view key() const {
    const size_t size =
        ClientState(state.load(std::memory_order_relaxed)).key_size();
    return {const_cast<Client*>(this)->key_bytes(size), size};
  }

  // A ClientState: from the block's first use for a client on, this is always
  // the state of its client, or 0.
  std::atomic<uint64_t> state;
  char inline_key[kInlineKey];
  // Under one plan; subscriptions under other plans follow in its list.
  Subscription first;
};

static_assert(sizeof(Client) == 128, "a pair of lines");
static_assert(offsetof(Client, first.cell) == 64 + sizeof(TokenBucket),
              "what requests change is on the second line: the first method's "
              "bucket and what follows it; what they compare, on the first");

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_CLIENT_H_
