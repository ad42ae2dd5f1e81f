#include "gateway/upstream.h"

#include <stdlib.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway/scripted_server.h"
#include "gateway/stage_target.h"
#include "gtest/gtest.h"
#include "http/headers.h"
#include "http/message.h"
#include "http/server.h"

namespace weir {
namespace {

using std::string_literals::operator""s;

constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr char kFailed[] = R"({"message":"Internal server error"})";

std::unique_ptr<Upstream> upstream(const std::string& url,
                                   const UpstreamOptions& options = {}) {
  return *Upstream::create(url, options);
}

HttpResponse forward(Upstream& upstream, const HttpRequest& request) {
  const auto target = parse_stage_target(request.target);
  EXPECT_TRUE(target.has_value()) << request.target;
  return upstream.forward(request, *target);
}

HttpResponse get(Upstream& upstream, const std::string& target = "/a1/prod/x") {
  return forward(upstream, {"GET", target, {}, ""});
}

std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(first_header(response.headers, name).value_or("(none)"));
}

// What the upstream received for this request.
std::string received(const HttpRequest& request, const std::string& base = "") {
  ScriptedServer server(kOk);
  const auto client = upstream(server.url() + base);
  EXPECT_EQ(forward(*client, request).status, 200);
  const auto requests = server.requests();
  EXPECT_EQ(requests.size(), 1u);
  return requests.empty() ? "" : requests[0];
}

// The answer to a GET for which the upstream says this.
HttpResponse answered(const std::string& text, const char* method = "GET",
                      const UpstreamOptions& options = {}) {
  ScriptedServer server(text);
  const auto client = upstream(server.url(), options);
  return forward(*client, {method, "/a1/prod/x", {}, ""});
}

void expect_failed(const HttpResponse& response) {
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(response.body, kFailed);
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_EQ(header(response, "x-amzn-errortype"),
            "InternalServerErrorException");
}

// -- What is sent --

TEST(Upstream, SendsMethodPathQueryAndBody) {
  EXPECT_EQ(received({"GET", "/a1/prod/pets/7?x=%20&y", {}, ""})
                .find("GET /pets/7?x=%20&y HTTP/1.1\r\nHost: 127.0.0.1:"),
            0u);
  EXPECT_EQ(received({"DELETE", "/a1/prod", {}, ""}).find("DELETE / HTTP/1.1"),
            0u);
  const std::string body = "{\"a\":1}\0\r\n\r\nGET / HTTP/1.1\r\n\r\n"s;
  const std::string post = received(
      {"POST", "/a1/prod/x", {{"content-type", "application/json"}}, body});
  EXPECT_EQ(post.find("POST /x HTTP/1.1\r\n"), 0u);
  EXPECT_TRUE(absl::StrContains(post, "\r\nContent-Length: 30\r\n")) << post;
  EXPECT_TRUE(absl::StrContains(post, "content-type: application/json"));
  EXPECT_EQ(post.substr(post.size() - 34), "\r\n\r\n" + body);
}

TEST(Upstream, AppendsToTheUrlsPath) {
  const HttpRequest request = {"GET", "/a1/prod/pets/?q", {}, ""};
  EXPECT_EQ(received(request, "/base/v1").find("GET /base/v1/pets/?q "), 0u);
  EXPECT_EQ(received(request, "/base/").find("GET /base/pets/?q "), 0u);
  EXPECT_EQ(received({"GET", "/a1/prod", {}, ""}, "/base").find("GET /base/ "),
            0u);
}

// Nothing is decoded, normalised or encoded once more.
TEST(Upstream, SendsTheTargetAsItCame) {
  for (const char* path : {"/p%65ts", "/a%2Fb", "/caf%C3%A9", "/%252e",
                           "/a:b@c!$&'()*+,=~", "/.hidden/x..y/", "/%20"}) {
    EXPECT_EQ(received({"GET", absl::StrCat("/a1/prod", path), {}, ""})
                  .find(absl::StrCat("GET ", path, " HTTP/1.1\r\n")),
              0u)
        << path;
  }
  EXPECT_EQ(received({"GET", "/a1/prod/x?{a}[1]=\"<\\>|^`%zz;?/../", {}, ""})
                .find("GET /x?{a}[1]=\"<\\>|^`%zz;?/../ HTTP/1.1\r\n"),
            0u);
}

TEST(Upstream, SendsEndToEndHeaders) {
  const std::string text = received({"GET",
                                     "/a1/prod/x",
                                     {{"accept", "text/html"},
                                      {"authorization", "Bearer t"},
                                      {"cookie", "a=1"},
                                      {"x-empty", ""},
                                      {"x-twice", "1"},
                                      {"x-twice", "2"},
                                      {"accept-encoding", "gzip"}},
                                     ""});
  for (const char* line :
       {"accept: text/html", "authorization: Bearer t", "cookie: a=1",
        "x-empty:", "x-twice: 1", "x-twice: 2", "accept-encoding: gzip"}) {
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("\r\n", line, "\r\n")))
        << line << text;
  }
}

TEST(Upstream, KeepsTheKeyAndTheConnectionsHeaders) {
  const std::string text =
      absl::AsciiStrToLower(received({"POST",
                                      "/a1/prod/x",
                                      {{"host", "gateway.example"},
                                       {"x-api-key", "secret-0123456789"},
                                       {"connection", "close, x-private"},
                                       {"x-private", "p"},
                                       {"keep-alive", "timeout=5"},
                                       {"te", "trailers"},
                                       {"transfer-encoding", "chunked"},
                                       {"content-length", "999"},
                                       {"upgrade", "websocket"},
                                       {"proxy-authorization", "Basic x"},
                                       {"forwarded", "for=1.2.3.4"},
                                       {"expect", "100-continue"}},
                                      "abc"}));
  for (const char* absent :
       {"secret", "x-api-key", "x-private", "connection:", "keep-alive",
        "\r\nte:", "transfer-encoding", "999", "upgrade", "proxy-",
        "\r\nforwarded", "expect", "\r\nhost: gateway",
        "accept:", "content-type", "user-agent"}) {
    EXPECT_FALSE(absl::StrContains(text, absent)) << absent << text;
  }
  EXPECT_TRUE(absl::StrContains(text, "\r\ncontent-length: 3\r\n")) << text;
  EXPECT_TRUE(absl::EndsWith(text, "\r\n\r\nabc")) << text;
}

TEST(Upstream, SaysWhoAsked) {
  HttpRequest request = {"GET",
                         "/a1/prod/x",
                         {{"host", "gateway.example"},
                          {"x-forwarded-for", "1.2.3.4"},
                          {"x-forwarded-for", "5.6.7.8"},
                          {"x-forwarded-proto", "gopher"},
                          {"x-forwarded-host", "other.example"},
                          {"via", "1.0 front"}},
                         ""};
  request.peer_address = "10.0.0.9";
  request.over_tls = true;
  const std::string text = received(request);
  for (const char* line :
       {"x-forwarded-for: 1.2.3.4, 5.6.7.8, 10.0.0.9",
        "x-forwarded-proto: https", "x-forwarded-host: gateway.example",
        "via: 1.0 front, 1.1 weir"}) {
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("\r\n", line, "\r\n")))
        << line << text;
  }
  EXPECT_FALSE(absl::StrContains(text, "gopher")) << text;
  EXPECT_FALSE(absl::StrContains(text, "other.example")) << text;
  // Without an address of our own at the end, the client's claim would be it.
  request.peer_address.clear();
  EXPECT_FALSE(absl::StrContains(received(request), "1.2.3.4"));
}

TEST(Upstream, SendsNoHeaderThatIsTwo) {
  const std::string text = received({"GET",
                                     "/a1/prod/x",
                                     {{"x-a", "1\r\nx-smuggled: 1"},
                                      {"x-b\r\nx-smuggled", "1"},
                                      {"via", "1\r\n\r\nx-smuggled"},
                                      {"host", "h\r\nx-smuggled: 1"}},
                                     ""},
                                    {"10.0.0.9", false});
  EXPECT_FALSE(absl::StrContains(text, "smuggled")) << text;
}

// -- What comes back --

TEST(Upstream, BringsBackStatusHeadersAndBody) {
  const HttpResponse response = answered(
      "HTTP/1.1 418 Short\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\n"
      "Set-Cookie: b=2\r\nX-Empty:\r\nDate: Mon\r\nKeep-Alive: timeout=5\r\n"
      "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nServer: s\r\n"
      "Content-Length: 4\r\n\r\nbo\r\n");
  EXPECT_EQ(response.status, 418);
  EXPECT_EQ(response.body, "bo\r\n");
  EXPECT_EQ(response.headers, (HttpHeaders{{"content-type", "text/plain"},
                                           {"set-cookie", "a=1"},
                                           {"set-cookie", "b=2"},
                                           {"x-empty", ""},
                                           {"server", "s"},
                                           {"via", "1.1 weir"}}));
}

TEST(Upstream, BringsBackBodiesHoweverTheyAreFramed) {
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                     "Trailer: X-T\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
                     "X-T: 1\r\n\r\n")
                .body,
            "abcde");
  EXPECT_EQ(answered("HTTP/1.0 200 OK\r\n\r\nuntil the end").body,
            "until the end");
  const HttpResponse compressed = answered(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n"
      "\x1f\x8b\x08");
  EXPECT_EQ(compressed.body, "\x1f\x8b\x08");
  EXPECT_EQ(header(compressed, "content-encoding"), "gzip");
}

TEST(Upstream, TrailersAndInterimAnswers_AreNoHeaders) {
  EXPECT_EQ(answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "1\r\na\r\n0\r\nX-T: 1\r\n\r\n")
                .headers,
            (HttpHeaders{{"via", "1.1 weir"}}));
  const HttpResponse response = answered(
      "HTTP/1.1 103 Early: Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK: own\r\nX-Own: 1\r\nContent-Length: "
      "0\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers,
            (HttpHeaders{{"x-own", "1"}, {"via", "1.1 weir"}}));
}

TEST(Upstream, AnswersWithoutBodies) {
  const HttpResponse head = answered(
      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nETag: \"e\"\r\n\r\n", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(header(head, "etag"), "\"e\"");
  EXPECT_EQ(header(head, "content-length"), "500");
  EXPECT_EQ(answered("HTTP/1.1 204 No Content\r\n\r\n").status, 204);
  const HttpResponse not_modified =
      answered("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(not_modified.status, 304);
  EXPECT_EQ(not_modified.body, "");
  EXPECT_EQ(header(not_modified, "content-length"), "5");
}

TEST(Upstream, SaysNoLengthThatIsNone) {
  for (const char* line : {"Transfer-Encoding: chunked", "Content-Length: 5x",
                           "Content-Length: 5\r\nContent-Length: 5"}) {
    const HttpResponse head =
        answered(absl::StrCat("HTTP/1.1 200 OK\r\n", line, "\r\n\r\n"), "HEAD");
    EXPECT_EQ(header(head, "content-length"), "(none)") << line;
  }
}

TEST(Upstream, FollowsNoRedirect) {
  const HttpResponse response = answered(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(header(response, "location"), "http://127.0.0.1:1/");
}

// -- What goes wrong --

TEST(Upstream, NoAnswer_Is502) {
  std::string url;
  {
    ScriptedServer server(kOk);
    url = server.url();
  }
  const auto client = upstream(url);
  expect_failed(get(*client));
  expect_failed(answered("SSH-2.0-nonsense\r\n"));
  expect_failed(answered("HTTP/1.1 200 OK\r\nX-Half"));
  expect_failed(answered("HTTP/1.1 200 OK\r\nno header\r\n\r\n"));
  expect_failed(
      answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
               "\r\n5\r\nab"));
}

TEST(Upstream, TooLarge_Is502) {
  UpstreamOptions options;
  options.max_body_bytes = 1000;
  options.max_header_bytes = 500;
  const auto with_length = [](const char* head, size_t size) {
    return absl::StrCat("HTTP/1.1 200 OK\r\n", head, std::string(size, 'x'));
  };
  EXPECT_EQ(answered(with_length("\r\n", 1000), "GET", options).body.size(),
            1000u);
  expect_failed(answered(with_length("\r\n", 1001), "GET", options));
  expect_failed(answered(
      with_length("Content-Length: 2000000000\r\n\r\n", 5000), "GET", options));
  expect_failed(answered(absl::StrCat(with_length("X: ", 500), "\r\n\r\n"),
                         "GET", options));
}

TEST(Upstream, TooLate_Is504) {
  UpstreamOptions options;
  options.timeout = absl::Milliseconds(200);
  const absl::Time start = absl::Now();
  for (const char* text :
       {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow"}) {
    const HttpResponse response = answered(text, "GET", options);
    EXPECT_EQ(response.status, 504);
    EXPECT_EQ(response.body, R"({"message":"Endpoint request timed out"})");
    EXPECT_EQ(header(response, "x-amzn-errortype"),
              "InternalServerErrorException");
  }
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST(Upstream, AfterAFailure_GoesOn) {
  UpstreamOptions options;
  options.timeout = absl::Milliseconds(200);
  ScriptedServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow");
  const auto client = upstream(server.url(), options);
  EXPECT_EQ(get(*client).status, 504);
  EXPECT_EQ(get(*client).status, 504);
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(Upstream, CountsWhatBecameOfRequests) {
  using Answers = std::array<int64_t, 4>;
  using Failures = std::array<int64_t, 2>;
  UpstreamOptions options;
  options.timeout = absl::Milliseconds(200);
  const auto counted = [&](const std::string& text, const Answers& answers,
                           const Failures& failures) {
    ScriptedServer server(text);
    const auto client = upstream(server.url(), options);
    get(*client);
    EXPECT_EQ(client->counters().answers(), answers) << text;
    EXPECT_EQ(client->counters().failures(), failures) << text;
  };
  counted(kOk, {1, 0, 0, 0}, {0, 0});
  counted("HTTP/1.1 304 \r\n\r\n", {0, 1, 0, 0}, {0, 0});
  counted("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", {0, 0, 1, 0}, {0, 0});
  // Its own, and not that of weir.
  counted("HTTP/1.1 504 \r\nContent-Length: 0\r\n\r\n", {0, 0, 0, 1}, {0, 0});
  counted("", {}, {1, 0});
  counted("SSH-2.0-nonsense\r\n", {}, {0, 1});
}

// -- Connections --

TEST(Upstream, UsesConnectionsAgain_WithNothingLeftOnThem) {
  ScriptedServer server(kOk);
  const auto client = upstream(server.url());
  forward(*client, {"POST", "/a1/prod/x", {{"x-mine", "1"}}, "body"});
  forward(*client, {"HEAD", "/a1/prod/x", {}, ""});
  EXPECT_EQ(get(*client, "/a1/prod/y").body, "ok");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].find("GET /y HTTP/1.1\r\n"), 0u) << requests[2];
  EXPECT_FALSE(absl::StrContains(requests[2], "x-mine"));
  EXPECT_FALSE(absl::StrContains(requests[2], "ontent-"));
}

TEST(Upstream, SharesNoConnectionThatAClientAuthenticates) {
  ScriptedServer server(kOk);
  const auto client = upstream(server.url());
  forward(*client, {"GET", "/a1/prod/x", {}, ""});
  forward(*client, {"GET", "/a1/prod/x", {}, ""});
  EXPECT_EQ(server.connections(), 1);
  forward(*client,
          {"GET", "/a1/prod/x", {{"authorization", "Negotiate abc"}}, ""});
  forward(*client, {"GET", "/a1/prod/x", {}, ""});
  EXPECT_EQ(server.connections(), 2);
}

TEST(Upstream, TakesNoProxyFromTheEnvironment) {
  setenv("http_proxy", "http://127.0.0.1:1", 1);
  setenv("all_proxy", "http://127.0.0.1:1", 1);
  EXPECT_EQ(answered(kOk).status, 200);
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST(Upstream, UrlMustBeAServers) {
  for (const char* url :
       {"", "ftp://h/", "file:///etc/passwd", "gopher://h/", "http://",
        "http://u:p@h/", "http://u@h/", "http://h/?q", "http://h/#f",
        "http://h:99999/", "http://a b/", "http://h\r\n/"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Upstream::create(url).status())) << url;
  }
  const auto status = Upstream::create("http://user:hunter2@h/").status();
  EXPECT_EQ(status.message().find("hunter2"), status.message().npos);
  EXPECT_TRUE(Upstream::create("https://h:8443/base").ok());
}

// A whole server, and many clients.
TEST(Upstream, WorksWithARealServer_OnManyThreads) {
  const auto server = *HttpServer::start({}, [](const HttpRequest& request) {
    HttpResponse response;
    response.headers = {{"x-method", request.method}};
    response.body = request.target + " " + request.body;
    return response;
  });
  {
    UpstreamOptions options;
    options.max_idle_connections = 2;
    const auto client = upstream(
        absl::StrCat("http://127.0.0.1:", server->port(), "/up"), options);
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int j = 0; j < 50; ++j) {
          const std::string path = absl::StrCat("/", i, "/", j);
          const std::string body(j % 2 == 0 ? 0 : 3000 * j, 'b');
          const HttpResponse response =
              forward(*client, {j % 2 == 0 ? "GET" : "PUT",
                                absl::StrCat("/a1/prod", path),
                                {},
                                body});
          wrong += response.status != 200 ||
                   response.body != absl::StrCat("/up", path, " ", body) ||
                   header(response, "x-method") != (j % 2 == 0 ? "GET" : "PUT");
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(forward(*client, {"HEAD", "/a1/prod/x", {}, ""}).status, 200);
  }
}

}  // namespace
}  // namespace weir
