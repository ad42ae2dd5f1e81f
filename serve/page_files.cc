#include "serve/page_files.h"

#include <functional>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "http/headers.h"
#include "json/text.h"

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

// The page runs its own scripts and nothing else, asks this server and no
// other, and cannot turn text into markup or be framed.
constexpr char kContentSecurityPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

HttpResponse response_of(const EmbeddedFile& file, std::string_view type) {
  HttpResponse response;
  response.headers = {
      {"content-type", absl::StrCat(to_absl(type), "; charset=utf-8")},
      {"etag", absl::StrCat("\"", to_absl(file.digest), "\"")},
      {"cache-control", "no-cache"},
      {"content-security-policy", kContentSecurityPolicy},
      {"x-content-type-options", "nosniff"},
      {"referrer-policy", "no-referrer"},
      {"cross-origin-opener-policy", "same-origin"},
      {"cross-origin-resource-policy", "same-origin"},
  };
  response.body = std::string(file.text);
  return response;
}

// By path.
std::map<std::string, HttpResponse, std::less<>> all_files() {
  std::map<std::string, HttpResponse, std::less<>> files;
  for (const EmbeddedFile& file : kEmbedded) {
    const auto name = to_absl(file.name);
    const std::string path = absl::StrCat("/-/", name);
    if (name == "index.html") {
      files["/"] = response_of(file, "text/html");
    } else if (absl::EndsWith(name, ".css")) {
      files[path] = response_of(file, "text/css");
    } else {
      files[path] = response_of(file, "text/javascript");
    }
  }
  return files;
}

// Whether the client's list of what it has names `etag` (RFC 9110 section
// 13.1.2: weak comparison).
bool has_already(const HttpRequest& request, absl::string_view etag) {
  for (absl::string_view tag : absl::StrSplit(
           to_absl(first_header(request.headers, "if-none-match").value_or("")),
           ',')) {
    tag = absl::StripAsciiWhitespace(tag);
    if (tag == "*" || absl::StripPrefix(tag, "W/") == etag) return true;
  }
  return false;
}

}  // namespace

const HttpResponse* page_file(std::string_view path) {
  static const auto& files = *new auto(all_files());
  const auto file = files.find(path);
  return file == files.end() ? nullptr : &file->second;
}

HttpResponse page_response(const HttpRequest& request,
                           const HttpResponse& file) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {405, {{"allow", "GET, HEAD"}}, ""};
  }
  HttpResponse response = file;
  if (has_already(request, to_absl(*first_header(file.headers, "etag")))) {
    response.status = 304;  // which is sent without the body
  }
  return response;
}

}  // namespace weir
