#include "serve/page_files.h"

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "http/headers.h"

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

TEST(PageFiles, AreWhatTheBrowserAsksFor) {
  ASSERT_NE(page_file("/"), nullptr);
  EXPECT_THAT(page_file("/")->body, StartsWith("<!doctype html>"));
  EXPECT_THAT(page_file("/")->body, HasSubstr("href=\"/-/page.css\""));
  EXPECT_THAT(page_file("/")->body, HasSubstr("src=\"/-/page.js\""));
  ASSERT_NE(page_file("/-/page.css"), nullptr);
  EXPECT_EQ(header(*page_file("/-/page.css"), "content-type"),
            "text/css; charset=utf-8");
  ASSERT_NE(page_file("/-/page.js"), nullptr);
  EXPECT_EQ(header(*page_file("/-/page.js"), "content-type"),
            "text/javascript; charset=utf-8");
}

// So that the browser need not read one script to learn of the next.
TEST(PageFiles, ArePreloaded) {
  const std::string& page = page_file("/")->body;
  constexpr std::string_view kImport = "from \"./";
  std::set<std::string> names;
  std::vector<std::string> unread = {"page.js"};
  while (!unread.empty()) {
    const std::string path = "/-/" + unread.back();
    unread.pop_back();
    ASSERT_NE(page_file(path), nullptr) << path;
    EXPECT_THAT(page, HasSubstr("\"" + path + "\""));
    const std::string& script = page_file(path)->body;
    for (size_t at = script.find(kImport); at != script.npos;
         at = script.find(kImport, at + 1)) {
      const size_t begin = at + kImport.size();
      std::string name = script.substr(begin, script.find('"', begin) - begin);
      if (names.insert(name).second) unread.push_back(std::move(name));
    }
  }
  EXPECT_GT(names.size(), 10u);
}

TEST(PageFiles, AreNothingElse) {
  for (std::string_view path :
       {"", "//", "/index.html", "/-/", "/-/page.js/", "/page.js",
        "/-/%70age.js", "/-/../-/page.js"}) {
    EXPECT_EQ(page_file(path), nullptr) << path;
  }
}

TEST(PageFiles, AllowNothingFromElsewhere) {
  for (std::string_view path : {"/", "/-/page.css", "/-/page.js"}) {
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
  const HttpResponse& file = *page_file("/-/page.js");
  const std::string etag = header(file, "etag");
  EXPECT_NE(etag, header(*page_file("/-/page.css"), "etag"));

  EXPECT_EQ(page_response(get("/-/page.js"), file).body, file.body);
  EXPECT_EQ(page_response(get("/-/page.js", "\"old\""), file).status, 200);
  for (const std::string& have :
       {etag, "W/" + etag, "\"old\", " + etag, std::string("*")}) {
    const HttpResponse response = page_response(get("/-/page.js", have), file);
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
