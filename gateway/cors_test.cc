#include "weir/gateway/cors.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "weir/http/headers.h"
#include "weir/http/message.h"

namespace weir {
namespace {

constexpr char kOrigin[] = "https://www.example.com";
constexpr char kMethods[] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

CorsOrigins origins_of(const std::vector<std::string>& origins) {
  CorsOrigins result;
  for (const std::string& origin : origins) {
    EXPECT_EQ(result.add(origin), absl::OkStatus()) << origin;
  }
  return result;
}

std::string header(const HttpHeaders& headers, const std::string& name) {
  std::string values = "(none)";
  for (const auto& [own_name, value] : headers) {
    if (own_name != name) continue;
    values = values == "(none)" ? value : absl::StrCat(values, " | ", value);
  }
  return values;
}

HttpRequest preflight(const std::string& origin, HttpHeaders more = {}) {
  HttpRequest request;
  request.method = "OPTIONS";
  request.target = "/shop/prod/pets";
  request.headers = {{"origin", origin},
                     {"access-control-request-method", "PUT"}};
  request.headers.insert(request.headers.end(), more.begin(), more.end());
  return request;
}

HttpHeaders answered(const CorsOrigins& origins, const HttpRequest& request,
                     HttpHeaders own = {}) {
  HttpResponse response{200, std::move(own), ""};
  add_cors_headers(origins, request, "Retry-After", response);
  return response.headers;
}

TEST(CorsOrigins, AreComparedAsBrowsersWriteThem) {
  for (const auto& [configured, sent] :
       std::vector<std::pair<std::string, std::string>>{
           {kOrigin, kOrigin},
           {"HTTPS://WWW.Example.COM:443", kOrigin},
           {"http://a.example:80", "http://a.example"},
           {"http://a_b-1.example", "http://a_b-1.example"},
           {"http://a.example:080", "http://a.example"},
           {"http://a.example:443", "http://a.example:443"},
           {"http://localhost:3000", "http://localhost:3000"},
           {"http://localhost:65535", "http://localhost:65535"},
           {"http://[::1]", "http://[::1]"},
           {"http://[::1]:8080", "http://[::1]:8080"},
           {"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
           {"chrome-extension://abcdef", "chrome-extension://abcdef"},
           {"capacitor://localhost", "capacitor://localhost"}}) {
    EXPECT_EQ(origins_of({configured}).allowed(sent), sent) << configured;
  }
}

TEST(CorsOrigins, OthersAreNotAllowed) {
  const CorsOrigins origins = origins_of({kOrigin, "http://localhost:3000"});
  EXPECT_EQ(origins.allowed("http://localhost:3000"), "http://localhost:3000");
  for (const char* other :
       {"", "null", "*", "https://example.com", "http://www.example.com",
        "https://www.example.com:8443", "https://www.example.com.evil.example",
        "https://www.example.com/", "https://WWW.EXAMPLE.COM",
        "http://localhost"}) {
    EXPECT_EQ(origins.allowed(other), "") << other;
  }
}

TEST(CorsOrigins, AStarAllowsAll_ButNone) {
  const CorsOrigins origins = origins_of({kOrigin, "*"});
  for (const char* origin : {kOrigin, "null", "http://anywhere.example"}) {
    EXPECT_EQ(origins.allowed(origin), "*") << origin;
  }
  EXPECT_EQ(origins.allowed(""), "");
}

TEST(CorsOrigins, WhatIsNoOrigin_IsRefused) {
  for (const auto& [text, why] :
       std::vector<std::pair<std::string, std::string>>{
           {"", "scheme"},
           {"null", "local file"},
           {"www.example.com", "scheme"},
           {"//www.example.com", "scheme"},
           {"https:www.example.com", "scheme"},
           {"https://www.example.com/", "path"},
           {"https://www.example.com/shop", "path"},
           {"https://www.example.com?x", "path"},
           {"https://www.example.com#x", "path"},
           {"https://*.example.com", "alone"},
           {"https://*", "alone"},
           {"https://a.example:", "port"},
           {"https://a.example:x", "port"},
           {"https://a.example:-1", "port"},
           {"https://a.example:65536", "port"},
           {"https://a.example:99999999999999999999", "port"},
           {"https://user@a.example", "expected"},
           {"https://", "expected"},
           {"https://:80", "expected"},
           {"https://a b.example", "expected"},
           {"https://b\xC3\xBC"
            "cher.example",
            "expected"},
           {"https://a.example\r\nx: y", "expected"},
           {"https://[::1", "expected"},
           {"https://[]", "expected"},
           {"ht tp://a.example", "expected"},
           {"1http://a.example", "expected"},
           {"://a.example", "expected"},
           {"https://a.example, https://b.example", "path"}}) {
    CorsOrigins origins;
    const absl::Status status = origins.add(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(absl::StrContains(status.message(), why)) << status;
  }
}

TEST(CorsRules, AreFoundByTheApi_InEverySpelling) {
  CorsRules rules;
  EXPECT_EQ(rules.find("shop/prod"), nullptr);
  ASSERT_EQ(rules.allow("shop", kOrigin), absl::OkStatus());
  ASSERT_EQ(rules.allow("shop", "http://b.example"), absl::OkStatus());
  ASSERT_EQ(rules.allow("open", "*"), absl::OkStatus());
  ASSERT_NE(rules.find("shop/prod"), nullptr);
  EXPECT_EQ(rules.find("shop/prod"), rules.find("shop/test"));
  EXPECT_EQ(rules.find("shop/prod"), rules.find("sh%6Fp/prod"));
  EXPECT_EQ(rules.find("shop/prod")->allowed(kOrigin), kOrigin);
  EXPECT_EQ(rules.find("shop/prod")->allowed("http://b.example"),
            "http://b.example");
  EXPECT_EQ(rules.find("open/prod")->allowed(kOrigin), "*");
  for (const char* other :
       {"", "Shop/prod", "shop2/prod", "prod/shop", "%zz"}) {
    EXPECT_EQ(rules.find(other), nullptr) << other;
  }
  for (const char* no_api : {"", "*", "shop/prod", "shop:prod", "/shop"}) {
    EXPECT_EQ(rules.allow(no_api, kOrigin).code(),
              absl::StatusCode::kInvalidArgument)
        << no_api;
  }
  EXPECT_EQ(rules.allow("bad", "null").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rules.find("bad/prod"), nullptr);
}

TEST(Cors, OptionsPassesWithoutAKey) {
  EXPECT_TRUE(passes_without_key(preflight(kOrigin)));
  EXPECT_TRUE(passes_without_key(preflight(kOrigin, {{"x-api-key", "k"}})));
  EXPECT_TRUE(passes_without_key(HttpRequest{"OPTIONS", "/", {}, ""}));
  EXPECT_TRUE(
      passes_without_key(HttpRequest{"OPTIONS", "/", {{"origin", "x"}}, ""}));
  EXPECT_FALSE(
      passes_without_key(HttpRequest{"OPTIONS", "/", {{"x-api-key", ""}}, ""}));
  EXPECT_FALSE(passes_without_key(
      HttpRequest{"OPTIONS", "/", {{"origin", "x"}, {"x-api-key", "k"}}, ""}));
  HttpRequest get = preflight(kOrigin);
  get.method = "GET";
  EXPECT_FALSE(passes_without_key(get));
}

TEST(Cors, APreflightIsToldWhatMayBeSent) {
  const HttpHeaders headers =
      answered(origins_of({kOrigin}),
               preflight(kOrigin, {{"access-control-request-headers",
                                    "content-type,X-Api-Key, x-trace,"}}));
  EXPECT_EQ(header(headers, "access-control-allow-origin"), kOrigin);
  EXPECT_EQ(header(headers, "access-control-allow-methods"), kMethods);
  EXPECT_EQ(header(headers, "access-control-allow-headers"),
            "x-api-key, content-type, x-trace");
  EXPECT_EQ(header(headers, "access-control-max-age"), "7200");
  EXPECT_EQ(header(headers, "access-control-expose-headers"), "(none)");
  EXPECT_EQ(header(headers, "access-control-allow-credentials"), "(none)");
  EXPECT_EQ(header(headers, "vary"), "Origin");
  EXPECT_EQ(options_response().status, 204);
  EXPECT_EQ(header(options_response().headers, "allow"), kMethods);
}

TEST(Cors, RequestedHeadersAreCheckedAndBounded) {
  const auto allowed = [](const HttpHeaders& requested) {
    return header(
        answered(origins_of({kOrigin}), preflight(kOrigin, requested)),
        "access-control-allow-headers");
  };
  constexpr char kRequested[] = "access-control-request-headers";
  EXPECT_EQ(allowed({}), "x-api-key");
  for (const std::string bad : {"a\r\nset-cookie: x", "a b", "a,b(c)",
                                "\xC3\xA9", "a;q=1", "\"a\"", ","}) {
    EXPECT_EQ(allowed({{kRequested, bad}}), "x-api-key") << bad;
  }
  const std::string longest(1024, 'a');
  EXPECT_EQ(allowed({{kRequested, longest}}),
            absl::StrCat("x-api-key, ", longest));
  EXPECT_EQ(allowed({{kRequested, longest + "a"}}), "x-api-key");
  EXPECT_EQ(allowed({{kRequested, "a"}, {kRequested, "b"}}), "x-api-key");
}

TEST(Cors, OtherAnswersAreExposed) {
  for (const char* method : {"GET", "POST", "OPTIONS"}) {
    const HttpHeaders headers = answered(
        origins_of({kOrigin}), {method, "/", {{"origin", kOrigin}}, ""});
    EXPECT_EQ(header(headers, "access-control-allow-origin"), kOrigin);
    EXPECT_EQ(header(headers, "access-control-expose-headers"), "Retry-After");
    EXPECT_EQ(header(headers, "access-control-allow-headers"), "(none)");
    EXPECT_EQ(header(headers, "vary"), "Origin");
  }
}

TEST(Cors, OtherOriginsAreToldNothing) {
  const CorsOrigins origins = origins_of({kOrigin});
  for (const HttpHeaders& sent :
       {HttpHeaders{}, HttpHeaders{{"origin", ""}},
        HttpHeaders{{"origin", "https://evil.example"}},
        HttpHeaders{{"origin", kOrigin}, {"origin", kOrigin}},
        HttpHeaders{{"origin", absl::StrCat(kOrigin, " https://b.example")}}}) {
    for (const char* method : {"GET", "OPTIONS"}) {
      HttpRequest request{method, "/", sent, ""};
      request.headers.emplace_back("access-control-request-method", "GET");
      EXPECT_EQ(answered(origins, request), (HttpHeaders{{"vary", "Origin"}}));
    }
  }
}

TEST(Cors, HeadersOfTheAnswerDoNotCount_ButWhatTheyExpose) {
  const HttpHeaders theirs = {
      {"access-control-allow-origin", "https://theirs.example"},
      {"access-control-allow-credentials", "true"},
      {"x-own", "1"},
      {"access-control-expose-headers", "X-Own"},
      {"vary", "Accept-Encoding"}};
  HttpHeaders headers = answered(
      origins_of({kOrigin}), {"GET", "/", {{"origin", kOrigin}}, ""}, theirs);
  EXPECT_EQ(header(headers, "access-control-allow-origin"), kOrigin);
  EXPECT_EQ(header(headers, "access-control-allow-credentials"), "(none)");
  EXPECT_EQ(header(headers, "access-control-expose-headers"),
            "Retry-After | X-Own");
  EXPECT_EQ(header(headers, "vary"), "Accept-Encoding | Origin");
  EXPECT_EQ(header(headers, "x-own"), "1");

  headers = answered(origins_of({kOrigin}),
                     {"GET", "/", {{"origin", "https://theirs.example"}}, ""},
                     theirs);
  EXPECT_EQ(headers, (HttpHeaders{{"x-own", "1"},
                                  {"vary", "Accept-Encoding"},
                                  {"vary", "Origin"}}));

  for (const char* vary : {"*", "Origin", "accept, ORIGIN"}) {
    EXPECT_EQ(header(answered(origins_of({kOrigin}), {"GET", "/", {}, ""},
                              {{"vary", vary}}),
                     "vary"),
              vary);
  }
}

}  // namespace
}  // namespace weir
