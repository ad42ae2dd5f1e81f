#include "weir/plan/method_matcher.h"

#include <cstddef>
#include <set>

#include "absl/strings/ascii.h"

namespace weir {
namespace {

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_greedy(std::string_view segment) {
  return is_parameter(segment) && segment[segment.size() - 2] == '+';
}

// Removes the first segment and its slash from "a/b/c", and returns "a".
std::string_view take_segment(std::string_view* rest) {
  const std::string_view segment = rest->substr(0, rest->find('/'));
  rest->remove_prefix(segment.size() < rest->size() ? segment.size() + 1
                                                    : segment.size());
  return segment;
}

int hex_value(char c) {
  if (!absl::ascii_isxdigit(c)) return -1;
  return absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
}

// A '%' that is not followed by two hexadecimal digits stands for itself.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (escape) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 +
                                   hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

MethodMatcher::MethodMatcher(const v1::ApiStage& stage) {
  std::set<std::string_view> keys;  // In byte order, unlike a protobuf map.
  for (const auto& [key, settings] : stage.throttle()) keys.insert(key);

  for (const std::string_view key : keys) {
    const std::size_t slash = key.rfind('/');
    if (slash == key.npos) continue;
    const std::string_view method = key.substr(slash + 1);
    std::string_view rest = key.substr(0, slash);
    if (!rest.empty()) rest.remove_prefix(1);

    Node* node = root_.get();
    Methods* methods = nullptr;
    while (!rest.empty()) {
      const std::string_view segment = take_segment(&rest);
      if (is_greedy(segment) && rest.empty()) {
        methods = &node->greedy_methods;
        break;
      }
      std::unique_ptr<Node>& next =
          is_parameter(segment) ? node->parameter
                                : node->literals[percent_decoded(segment)];
      if (next == nullptr) next = std::make_unique<Node>();
      node = next.get();
    }
    if (methods == nullptr) methods = &node->methods;
    const auto [found, is_new] = methods->emplace(method, key);
    if (!is_new) eclipsed_.emplace_back(found->second, key);
  }
}

std::string_view MethodMatcher::match(std::string_view path,
                                      std::string_view method) const {
  path = path.substr(0, path.find_first_of("?#"));
  if (path.empty() || path.front() != '/') return "";
  path.remove_prefix(1);
  if (!path.empty() && path.back() == '/') path.remove_suffix(1);

  const Methods* methods = find(*root_, path);
  if (methods == nullptr) return "";
  auto found = methods->find(method);
  if (found == methods->end()) found = methods->find("ANY");
  return found == methods->end() ? std::string_view() : found->second;
}

// Returns the methods of the best resource for `rest` below `node`; null if
// there is none. Recursion is as deep as the longest pattern, and enters each
// node at most once a request, since only one path leads to it.
const MethodMatcher::Methods* MethodMatcher::find(const Node& node,
                                                  std::string_view rest) {
  if (rest.empty()) return node.methods.empty() ? nullptr : &node.methods;

  std::string_view after = rest;
  std::string_view segment = take_segment(&after);
  std::string decoded;
  if (segment.find('%') != segment.npos) {
    decoded = percent_decoded(segment);
    segment = decoded;
  }
  const auto literal = node.literals.find(segment);
  if (literal != node.literals.end()) {
    if (const Methods* found = find(*literal->second, after)) return found;
  }
  if (node.parameter != nullptr && !segment.empty()) {
    if (const Methods* found = find(*node.parameter, after)) return found;
  }
  return node.greedy_methods.empty() ? nullptr : &node.greedy_methods;
}

}  // namespace weir
