// Finds the throttled method that a request is for.

#ifndef WEIR_PLAN_METHOD_MATCHER_H_
#define WEIR_PLAN_METHOD_MATCHER_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/proto/usage_plan.pb.h"

namespace weir {

// Finds the method throttle of one API stage for the path and method of a
// request. It first finds the resource as an API does, segment by segment: a
// literal has precedence over a parameter ("{id}", exactly one segment), and a
// parameter over a greedy one ("{proxy+}" at the end, one or more segments).
// Then it finds the method itself, or else "ANY". Only resources with throttles
// are known here, so with throttles on "/pets/mine/PUT" and "/pets/{id}/GET",
// `GET /pets/mine` is a method without a throttle.
//
// Takes time linear in the path, except for paths that several patterns begin
// to match: those cost at most a walk over all patterns. *thread-safe*
class MethodMatcher {
 public:
  // REQUIRES: the method keys of `stage` are canonical (see
  // canonical_method_key()). Keys that differ only in the names of parameters
  // match the same requests: the first in byte order is found.
  explicit MethodMatcher(const v1::ApiStage& stage);
  MethodMatcher(MethodMatcher&&) = default;
  MethodMatcher& operator=(MethodMatcher&&) = default;

  // Returns the method key for a request, or "" if no throttled method matches;
  // valid as long as the matcher lives. `path` is the path below the stage, as
  // it was sent: percent-encoded segments match what they decode to, and a
  // query and one slash at the end are ignored. Allocates only for segments
  // with a '%'.
  std::string_view match(std::string_view path, std::string_view method) const;

  // The keys that no request finds, each after the key that is found instead.
  // The two differ only in the names of parameters or in the encoding.
  const std::vector<std::pair<std::string, std::string>>& eclipsed() const {
    return eclipsed_;
  }

 private:
  using Methods = std::map<std::string, std::string, std::less<>>;

  // A tree node: the methods and segments that may follow a path.
  struct Node {
    Methods methods;         // Keys by method, if the path may end here.
    Methods greedy_methods;  // The same for "{proxy+}" here.
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
  };

  static const Methods* find(const Node& node, std::string_view rest);

  std::unique_ptr<Node> root_ = std::make_unique<Node>();
  std::vector<std::pair<std::string, std::string>> eclipsed_;
};

}  // namespace weir

#endif  // WEIR_PLAN_METHOD_MATCHER_H_
