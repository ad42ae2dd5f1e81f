#include "weir/serve/page_files.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/http/headers.h"

namespace weir {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(first_header(response.headers, name).value_or(""));
}

HttpRequest get(std::string_view path, std::string_view if_none_match = "") {
  HttpRequest request{"GET", std::string(path), {}, ""};
  if (!if_none_match.empty()) {
    request.headers.emplace_back("if-none-match", if_none_match);
  }
  return request;
}

// The page's files that `text` names between `before` and `"`.
std::set<std::string> named_in(absl::string_view text,
                               absl::string_view before) {
  std::set<std::string> names;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, before);
  for (size_t i = 1; i < parts.size(); ++i) {
    names.insert(absl::StrCat("/-/", parts[i].substr(0, parts[i].find('"'))));
  }
  return names;
}

TEST(PageFiles, AreWhatTheBrowserAsksFor) {
  ASSERT_NE(page_file("/"), nullptr);
  EXPECT_THAT(page_file("/")->body, StartsWith("<!doctype html>"));
  EXPECT_EQ(header(*page_file("/"), "content-type"),
            "text/html; charset=utf-8");
  EXPECT_THAT(page_file("/")->body, HasSubstr("href=\"/-/page.css\""));
  EXPECT_THAT(page_file("/")->body, HasSubstr("src=\"/-/main.js\""));
  ASSERT_NE(page_file("/-/page.css"), nullptr);
  EXPECT_EQ(header(*page_file("/-/page.css"), "content-type"),
            "text/css; charset=utf-8");
}

// The browser loads all modules at once, since the page names them; not level
// by level, as imports do.
TEST(PageFiles, NameTheModulesThatTheyImport) {
  std::set<std::string> found;
  std::vector<std::string> next = {"/-/main.js"};
  while (!next.empty()) {
    const std::string path = next.back();
    next.pop_back();
    if (!found.insert(path).second) continue;
    const HttpResponse* file = page_file(path);
    ASSERT_NE(file, nullptr) << path;
    EXPECT_EQ(header(*file, "content-type"), "text/javascript; charset=utf-8");
    for (const std::string& name : named_in(file->body, "from \"./")) {
      next.push_back(name);
    }
  }
  EXPECT_GT(found.size(), 10u);
  found.erase("/-/main.js");
  EXPECT_EQ(named_in(page_file("/")->body, "\"modulepreload\" href=\"/-/"),
            found);
}

TEST(PageFiles, AreNothingElse) {
  for (std::string_view path :
       {"", "//", "/index.html", "/-/", "/-/main.js/", "/main.js",
        "/-/%6dain.js", "/-/../-/main.js", "/-/index.html"}) {
    EXPECT_EQ(page_file(path), nullptr) << path;
  }
}

TEST(PageFiles, AllowNothingFromElsewhere) {
  for (std::string_view path : {"/", "/-/page.css", "/-/main.js"}) {
    const HttpResponse& file = *page_file(path);
    const std::string policy = header(file, "content-security-policy");
    EXPECT_THAT(policy, StartsWith("default-src 'none'; script-src 'self'; "));
    EXPECT_THAT(policy,
                HasSubstr("form-action 'none'; frame-ancestors 'none'"));
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_THAT(file.headers,
                Contains(Pair("x-content-type-options", "nosniff")));
    EXPECT_THAT(file.headers, Contains(Pair("referrer-policy", "no-referrer")));
    EXPECT_THAT(file.headers, Contains(Pair("cache-control", "no-cache")));
  }
}

TEST(PageResponse, SendsAFileOnce) {
  const HttpResponse& file = *page_file("/-/main.js");
  const std::string etag = header(file, "etag");
  EXPECT_NE(etag, header(*page_file("/-/page.css"), "etag"));

  EXPECT_EQ(page_response(get("/-/main.js"), file).body, file.body);
  EXPECT_EQ(page_response(get("/-/main.js", "\"old\""), file).status, 200);
  for (const std::string& have :
       {etag, "W/" + etag, "\"old\", " + etag, std::string("*")}) {
    const HttpResponse response = page_response(get("/-/main.js", have), file);
    EXPECT_EQ(response.status, 304) << have;
    EXPECT_EQ(header(response, "etag"), etag);
  }
}

TEST(PageResponse, IsReadOnly) {
  HttpRequest request = get("/");
  request.method = "HEAD";
  EXPECT_EQ(page_response(request, *page_file("/")).status, 200);
  request.method = "POST";
  const HttpResponse response = page_response(request, *page_file("/"));
  EXPECT_EQ(response.status, 405);
  EXPECT_THAT(response.headers, Contains(Pair("allow", "GET, HEAD")));
}

}  // namespace
}  // namespace weir
