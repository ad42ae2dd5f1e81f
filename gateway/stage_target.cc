#include "weir/gateway/stage_target.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "weir/base/utf8.h"
#include "weir/http/target.h"

namespace weir {
namespace {

// A set of the bytes allowed in a part of a target.
using Bytes = std::array<bool, 256>;

constexpr Bytes bytes_of(std::string_view text) {
  Bytes bytes = {};
  for (const char c : text) bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}

// pchar and '/' of RFC 3986 section 3.3, without ';'.
constexpr Bytes kPathBytes = bytes_of(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "/%-._~!$&'()*+,=:@");

constexpr Bytes query_bytes() {
  Bytes bytes = {};
  for (int c = '!'; c <= '~'; ++c) bytes[c] = c != '#';
  return bytes;
}
constexpr Bytes kQueryBytes = query_bytes();

bool consists_of(const Bytes& bytes, std::string_view text) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return bytes[static_cast<unsigned char>(c)];
  });
}

bool has_dot_segment(std::string_view path) {
  for (bool last = false; !last;) {
    const size_t end = path.find_first_of("/\\");
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    last = end == path.npos;
    if (!last) path.remove_prefix(end + 1);
  }
  return false;
}

bool is_unambiguous(std::string_view path) {
  if (!consists_of(kPathBytes, path) || path.find("//") != path.npos) {
    return false;
  }
  if (path.find('%') == path.npos) {
    return path.find("/.") == path.npos || !has_dot_segment(path);
  }
  const auto decoded = percent_decoded(path);
  return decoded.ok() && internal::is_utf8(*decoded) &&
         std::none_of(decoded->begin(), decoded->end(), absl::ascii_iscntrl) &&
         !has_dot_segment(*decoded);
}

}  // namespace

std::optional<PathAndQuery> parse_unambiguous_path(std::string_view target) {
  if (target.empty() || target.front() != '/') return std::nullopt;
  const size_t path_end = std::min(target.find('?'), target.size());
  const PathAndQuery result = {
      target.substr(0, path_end),
      target.substr(std::min(path_end + 1, target.size()))};
  if (!is_unambiguous(result.path) || !consists_of(kQueryBytes, result.query)) {
    return std::nullopt;
  }
  return result;
}

std::optional<StageTarget> parse_stage_target(std::string_view target) {
  const std::optional<PathAndQuery> parts = parse_unambiguous_path(target);
  if (!parts.has_value()) return std::nullopt;

  const std::string_view path = parts->path.substr(1);
  const size_t api_end = path.find('/');
  if (api_end == path.npos || api_end + 1 == path.size()) return std::nullopt;
  const size_t stage_end = std::min(path.find('/', api_end + 1), path.size());
  return StageTarget{path.substr(0, stage_end),
                     stage_end < path.size() ? path.substr(stage_end) : "/",
                     parts->query};
}

bool is_api_method(std::string_view method) {
  constexpr std::string_view kMethods[] = {"GET",   "PUT",     "POST", "DELETE",
                                           "PATCH", "OPTIONS", "HEAD"};
  return std::find(std::begin(kMethods), std::end(kMethods), method) !=
         std::end(kMethods);
}

StageNames stage_names(std::string_view stage) {
  const auto decoded = [](std::string_view name) {
    return percent_decoded(name).value_or(std::string(name));
  };
  const size_t slash = std::min(stage.find('/'), stage.size());
  return {decoded(stage.substr(0, slash)),
          decoded(stage.substr(std::min(slash + 1, stage.size())))};
}

}  // namespace weir
