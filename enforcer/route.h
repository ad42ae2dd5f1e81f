#ifndef WEIR_ENFORCER_ROUTE_H_
#define WEIR_ENFORCER_ROUTE_H_

#include <cstdint>
#include <string>

namespace weir {

namespace internal {
class ControlPlane;
class DataPlane;
}  // namespace internal

// A method of an API stage, as a small integer that `Enforcer::intern_route()`
// returned. Valid only with the enforcer that returned it, for the lifetime of
// that enforcer. No plan covers a default-constructed route.
// *thread-compatible*
class Route {
 public:
  Route() = default;
  friend bool operator==(Route a, Route b) { return a.id_ == b.id_; }
  friend bool operator!=(Route a, Route b) { return a.id_ != b.id_; }

 private:
  friend class internal::ControlPlane;
  friend class internal::DataPlane;
  explicit Route(uint32_t id) : id_(id) {}
  uint32_t id_ = 0;
};

// The name of a method: see `Enforcer::intern_route()`.
struct MethodName {
  std::string api_id;
  std::string stage;
  std::string method_key;
};

}  // namespace weir

#endif  // WEIR_ENFORCER_ROUTE_H_
