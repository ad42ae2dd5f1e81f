#ifndef WEIR_ENFORCER_CLIENT_HANDLE_H_
#define WEIR_ENFORCER_CLIENT_HANDLE_H_

#include <cstdint>
#include <functional>
#include <utility>

namespace weir {

namespace internal {
class ControlPlane;
class DataPlane;
struct Client;
}  // namespace internal

// A client that `Enforcer::resolve()` looked up, for gateways that know the
// client of a connection: requests with a handle skip the lookup. Valid only
// with the enforcer that returned it, for the lifetime of that enforcer. A
// handle is always safe to use: after its key is deleted, its requests are
// forbidden (kUnknownKey), as are those with the key. A default-constructed
// handle is empty. *thread-compatible*
class ClientHandle {
 public:
  ClientHandle() = default;
  explicit operator bool() const { return client_ != nullptr; }

  friend bool operator==(const ClientHandle& a, const ClientHandle& b) {
    return a.client_ == b.client_ && a.serial_ == b.serial_;
  }
  friend bool operator!=(const ClientHandle& a, const ClientHandle& b) {
    return !(a == b);
  }
  // An arbitrary but stable order, for sorted output.
  friend bool operator<(const ClientHandle& a, const ClientHandle& b) {
    return a.serial_ != b.serial_ ? a.serial_ < b.serial_
                                  : std::less<>()(a.client_, b.client_);
  }
  // For Abseil's hash tables.
  template <class Hash>
  friend Hash AbslHashValue(Hash hash, const ClientHandle& handle) {
    return Hash::combine(std::move(hash), handle.client_, handle.serial_);
  }

 private:
  friend class internal::ControlPlane;
  friend class internal::DataPlane;
  ClientHandle(internal::Client* client, uint64_t serial)
      : client_(client), serial_(serial) {}

  internal::Client* client_ = nullptr;
  uint64_t serial_ = 0;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_CLIENT_HANDLE_H_
