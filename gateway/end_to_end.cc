#include "gateway/end_to_end.h"

#include <functional>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "http/grammar.h"

namespace weir {
namespace {

constexpr const char* kHopByHop[] = {
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
};

}  // namespace

HttpHeaders end_to_end_headers(const HttpHeaders& headers) {
  std::set<std::string, std::less<>> dropped(std::begin(kHopByHop),
                                             std::end(kHopByHop));
  for (const auto& [name, value] : headers) {
    if (name != "connection") continue;
    for (const absl::string_view option : absl::StrSplit(value, ',')) {
      dropped.insert(absl::AsciiStrToLower(absl::StripAsciiWhitespace(option)));
    }
  }
  HttpHeaders result;
  for (const auto& [name, value] : headers) {
    if (dropped.count(name) == 0 && is_token(name) && is_header_value(value)) {
      result.emplace_back(name, value);
    }
  }
  return result;
}

std::string joined_values(const HttpHeaders& headers, std::string_view name) {
  std::string result;
  for (const auto& [own_name, value] : headers) {
    if (own_name != name) continue;
    absl::StrAppend(&result, result.empty() ? "" : ", ", value);
  }
  return result;
}

}  // namespace weir
