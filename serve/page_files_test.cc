#include "weir/serve/page_files.h"

#include <regex>
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
#include "weir/plan/plan_error.h"
#include "weir/plan/plan_patch.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/proto/usage_plan.pb.h"

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

// Which paths UpdateUsagePlan accepts for each operation, as its own errors
// list them: "add /quota/limit", ...
std::set<std::string> paths_of_update_usage_plan() {
  std::set<std::string> paths;
  for (const char* op : {"add", "replace", "remove"}) {
    v1::PatchOperation operation;
    operation.set_op(op);
    operation.set_path("/none");
    const std::string text =
        aws_message(patch_usage_plan(v1::UsagePlan(), {operation}).status());
    const size_t begin = text.find('[') + 1;
    const std::string list = text.substr(begin, text.rfind(']') - begin);
    for (absl::string_view path : absl::StrSplit(list, ", ")) {
      paths.insert(absl::StrCat(op, " ", path));
    }
  }
  return paths;
}

// The same of the rows of patch_paths.js from `begin` to `end`.
std::set<std::string> paths_of_page(const std::string& begin,
                                    const std::string& end,
                                    const std::string& prefix) {
  const std::string script = page_file("/-/patch_paths.js")->body;
  const size_t first = script.find(begin);
  EXPECT_NE(first, script.npos) << begin;
  const std::string rows =
      script.substr(first, script.find(end, first) - first);
  std::set<std::string> paths;
  const std::regex row(R"re(\["([^" ]*)", "([a-z ]+)")re");
  for (std::sregex_iterator it(rows.begin(), rows.end(), row), none; it != none;
       ++it) {
    for (absl::string_view op : absl::StrSplit((*it)[2].str(), ' ')) {
      paths.insert(absl::StrCat(op, " ", prefix, (*it)[1].str()));
    }
  }
  return paths;
}

TEST(PageFiles, OfferThePatchesThatUpdateUsagePlanAccepts) {
  const std::string throttle = "/apiStages/<apidId:stageName>/throttle";
  std::set<std::string> offered = paths_of_page("const kPaths", "];", "");
  offered.merge(paths_of_page("const kStagePath", "];", throttle));
  offered.merge(paths_of_page("const kMethodPaths", "\n];",
                              throttle + "/<resourcePath>/<httpMethod>"));
  EXPECT_EQ(offered, paths_of_update_usage_plan());
}

}  // namespace
}  // namespace weir
