#include "weir/serve/page_files.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "weir/base/text.h"
#include "weir/http/headers.h"

namespace weir {
namespace {

struct EmbeddedFile {
  std::string_view name;
  std::string_view digest;
  std::string_view text;
};

constexpr EmbeddedFile kEmbedded[] = {
#include "serve/page_text.inc"
};

// The page runs only its own script, sends requests only to this server, and
// can neither turn text into markup nor be framed.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

struct PageFile {
  std::string path;
  HttpResponse response;
};

constexpr absl::string_view kFolder = "/-/";

std::string path_of(absl::string_view name) {
  return name == "index.html" ? "/" : absl::StrCat(kFolder, name);
}

absl::string_view type_of(absl::string_view name) {
  if (absl::EndsWith(name, ".js")) return "text/javascript";
  if (absl::EndsWith(name, ".css")) return "text/css";
  return "text/html";
}

PageFile make_file(const EmbeddedFile& embedded) {
  const absl::string_view name = internal::to_absl(embedded.name);
  PageFile file{path_of(name), {}};
  file.response.headers = {
      {"content-type", absl::StrCat(type_of(name), "; charset=utf-8")},
      {"etag", absl::StrCat("\"", internal::to_absl(embedded.digest), "\"")},
      {"cache-control", "no-cache"},
      {"content-security-policy", kContentSecurityPolicy},
      {"x-content-type-options", "nosniff"},
      {"referrer-policy", "no-referrer"},
      {"cross-origin-opener-policy", "same-origin"},
      {"cross-origin-resource-policy", "same-origin"},
  };
  file.response.body = std::string(embedded.text);
  return file;
}

std::vector<PageFile> make_files() {
  std::vector<PageFile> files;
  for (const EmbeddedFile& embedded : kEmbedded) {
    files.push_back(make_file(embedded));
  }
  return files;
}

// Whether the client's If-None-Match lists `etag` (RFC 9110 section 13.1.2:
// weak comparison).
bool has_already(const HttpRequest& request, absl::string_view etag) {
  for (absl::string_view tag : absl::StrSplit(
           internal::to_absl(
               first_header(request.headers, "if-none-match").value_or("")),
           ',')) {
    tag = absl::StripAsciiWhitespace(tag);
    if (tag == "*" || absl::StripPrefix(tag, "W/") == etag) return true;
  }
  return false;
}

}  // namespace

const HttpResponse* page_file(std::string_view path) {
  static const auto* files = new std::vector<PageFile>(make_files());
  // Fast path: requests for APIs are also checked here.
  if (path != "/" && !absl::StartsWith(internal::to_absl(path), kFolder))
    return nullptr;
  for (const PageFile& file : *files) {
    if (file.path == path) return &file.response;
  }
  return nullptr;
}

HttpResponse page_response(const HttpRequest& request,
                           const HttpResponse& file) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {405, {{"allow", "GET, HEAD"}}, ""};
  }
  HttpResponse response = file;
  if (has_already(request,
                  internal::to_absl(*first_header(file.headers, "etag")))) {
    response.status = 304;  // sent without the body
  }
  return response;
}

}  // namespace weir
