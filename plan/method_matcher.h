// Finds the throttled method that a request is for.

#ifndef WEIR_PLAN_METHOD_MATCHER_H_
#define WEIR_PLAN_METHOD_MATCHER_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/usage_plan.pb.h"

namespace weir {

// The method throttles of one API stage, searched by the path and method of
// requests. First the resource is found, as an API does it: segment by segment,
// where a literal goes before a parameter ("{id}", exactly one segment), and
// that before a greedy one ("{proxy+}" at the end, one or more). Then the
// method: itself, else "ANY". A resource is known here by its throttles alone,
// so with throttles on "/pets/mine/PUT" and "/pets/{id}/GET", `GET /pets/mine`
// is a method without a throttle.
//
// Takes time in proportion to the path, but for paths that several patterns
// begin to match: those cost at most a walk over all patterns. *thread-safe*
class MethodMatcher {
 public:
  // REQUIRES: the method keys of `stage` are canonical (see
  // canonical_method_key()). Keys that differ in names of parameters alone
  // match the same requests: the first in byte order is found.
  explicit MethodMatcher(const v1::ApiStage& stage);
  MethodMatcher(MethodMatcher&&) = default;
  MethodMatcher& operator=(MethodMatcher&&) = default;

  // The method key for a request, or "" if no throttled method matches; good as
  // long as the matcher lives. `path` is as it was sent, below the stage:
  // percent-encoded segments match what they decode to; a query and one slash
  // at the end are ignored. Allocates only for segments with a '%'.
  std::string_view match(std::string_view path, std::string_view method) const;

  // The keys that no request finds, each after the one that is found instead:
  // they differ in the names of parameters alone, or in how they are encoded.
  const std::vector<std::pair<std::string, std::string>>& eclipsed() const {
    return eclipsed_;
  }

 private:
  using Methods = std::map<std::string, std::string, std::less<>>;

  // What may follow a path.
  struct Node {
    Methods methods;         // keys by method, if the path may end here
    Methods greedy_methods;  // the same for "{proxy+}" here
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
    std::unique_ptr<Node> parameter;
  };

  static const Methods* find(const Node& node, std::string_view rest);

  std::unique_ptr<Node> root_ = std::make_unique<Node>();
  std::vector<std::pair<std::string, std::string>> eclipsed_;
};

}  // namespace weir

#endif  // WEIR_PLAN_METHOD_MATCHER_H_
