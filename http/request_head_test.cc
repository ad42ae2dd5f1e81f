#include "http/request_head.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "http/message.h"

namespace weir {
namespace {

using namespace std::string_literals;

// With CR LF for LF.
std::string received(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", "\r\n"}});
}

absl::StatusOr<RequestHead> read_received(const std::string& text) {
  HeadScanner scanner;
  const auto end = scanner.find_end(text);
  if (!end.ok()) return end.status();
  if (*end != text.size()) return absl::UnavailableError("unfinished");
  RequestHead head;
  // As the last request has left it.
  head.request = {"OLD", "/old", {{"host", "old"}, {"a", "b"}, {"c", "d"}}, ""};
  head.content_length = 7;
  head.is_chunked = head.expects_continue = true;
  const auto status = read_head(text, head);
  if (!status.ok()) return status;
  return head;
}

absl::StatusOr<RequestHead> read(const std::string& head) {
  return read_received(received(head));
}

TEST(HeadScanner, FindsTheEnd) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string text = head + "rest\r\n\r\n";
  for (size_t step = 1; step <= text.size(); ++step) {
    HeadScanner scanner;
    std::optional<size_t> end;
    size_t size = 0;
    while (!end.has_value()) {
      ASSERT_LT(size, head.size()) << step;
      size = std::min(size + step, text.size());
      const auto found = scanner.find_end(text.substr(0, size));
      ASSERT_TRUE(found.ok()) << found.status();
      end = *found;
    }
    EXPECT_EQ(*end, head.size()) << step;
    EXPECT_TRUE(scanner.has_first_line());
  }
}

TEST(HeadScanner, RefusesWhatCannotBecomeAHead) {
  for (const std::string& text :
       {" "s, "\0"s, "\x16\x03\x01"s, "\n"s, "\r"s, "GET / HTTP/1.1\n"s,
        "GET / HTTP/1.1\r\n\n"s, "GET / HTTP/1.1\r\nHost: h\n"s, "G\n\r\n"s}) {
    HeadScanner scanner;
    EXPECT_TRUE(absl::IsInvalidArgument(scanner.find_end(text).status()))
        << text;
  }
}

TEST(ReadHead, TakesHeadersAsTheyAre) {
  const auto head = read(
      "PATCH /a%2Fb?x=%00 HTTP/1.1\n"
      "Host:   h:80 \t\n"
      "X-Api-Key:One\n"
      "EMPTY: \n"
      "x-api-key:\ttwo \"\xC3\xA4\"\ttwo\n"
      "\n");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->request.method, "PATCH");
  EXPECT_EQ(head->request.target, "/a%2Fb?x=%00");
  EXPECT_EQ(head->request.headers,
            (HttpHeaders{{"host", "h:80"},
                         {"x-api-key", "One"},
                         {"empty", ""},
                         {"x-api-key", "two \"\xC3\xA4\"\ttwo"}}));
  EXPECT_EQ(head->content_length, 0);
  EXPECT_FALSE(head->is_chunked);
  EXPECT_FALSE(head->expects_continue);
  EXPECT_FALSE(head->is_http_1_0);
}

TEST(ReadHead, ReadsTheFraming) {
  const auto counted = read(
      "PUT / HTTP/1.1\nHost: h\nContent-Length:  0042 \n"
      "Expect: 100-Continue\n\n");
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->content_length, 42);
  EXPECT_TRUE(counted->expects_continue);
  const auto chunked =
      read("PUT / HTTP/1.1\nHost: h\ntransfer-encoding: Chunked\t\n\n");
  ASSERT_TRUE(chunked.ok()) << chunked.status();
  EXPECT_TRUE(chunked->is_chunked);
  const auto old = read("GET / HTTP/1.0\n\n");
  ASSERT_TRUE(old.ok()) << old.status() << "needs no Host";
  EXPECT_TRUE(old->is_http_1_0);
}

TEST(ReadHead, KnowsWhetherTheConnectionGoesOn) {
  const auto keeps_alive = [](const std::string& version,
                              const std::string& connection) {
    const auto head =
        read(absl::StrCat("GET / ", version, "\nHost: h\n", connection, "\n"));
    EXPECT_TRUE(head.ok()) << head.status();
    return head->keeps_alive;
  };
  EXPECT_TRUE(keeps_alive("HTTP/1.1", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.1", "Connection: upgrade, te\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "Connection: Close\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "Connection: te ,close,\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.0", "Connection: Keep-Alive\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", "Connection: close, keep-alive\n"));
}

// RFC 9112 section 3.2.2.
TEST(ReadHead, ResolvesTheAbsoluteForm) {
  const auto resolved = [](const std::string& target) {
    const auto head =
        read("GET " + target + " HTTP/1.1\nHost: other\nX: y\n\n");
    if (!head.ok()) return std::string("refused");
    EXPECT_EQ(head->request.headers.size(), 2u);
    return head->request.headers.at(0).second + " " + head->request.target;
  };
  EXPECT_EQ(resolved("http://h:80/a%2Fb?c=d"), "h:80 /a%2Fb?c=d");
  EXPECT_EQ(resolved("HTTPS://h"), "h /");
  EXPECT_EQ(resolved("http://[::1]?a=http://b/"), "[::1] /?a=http://b/");
  EXPECT_EQ(resolved("http:///path"), "refused");
  EXPECT_EQ(resolved("http://user@h/"), "refused");
  EXPECT_EQ(resolved("/http://h/"), "other /http://h/");
  EXPECT_EQ(resolved("*"), "other *");
  EXPECT_EQ(resolved("ftp://h/"), "other ftp://h/");
  const auto old = read("GET http://h/ HTTP/1.0\n\n");
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->request.headers, (HttpHeaders{{"host", "h"}}));
}

TEST(ReadHead, RefusesWhatCanBeReadInTwoWays) {
  const std::string start = "POST / HTTP/1.1\nHost: h\n";
  for (const std::string& rest : {
           "Content-Length: 3\nContent-Length: 3\n\n"s,
           "Content-Length: 3\nTransfer-Encoding: chunked\n\n"s,
           "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n"s,
           "Transfer-Encoding: chunked, chunked\n\n"s,
           "Transfer-Encoding: gzip, chunked\n\n"s,
           "Transfer-Encoding: identity\n\n"s,
           "Transfer-Encoding: \n\n"s,
           "Transfer-Encoding: \vchunked\n\n"s,
           "Transfer-Encoding : chunked\n\n"s,
           "Content-Length: +3\n\n"s,
           "Content-Length: -3\n\n"s,
           "Content-Length: 3,3\n\n"s,
           "Content-Length: 3 3\n\n"s,
           "Content-Length: 0x3\n\n"s,
           "Content-Length: \n\n"s,
           "Content-Length: 18446744073709551616\n\n"s,
           "Content-Length : 3\n\n"s,
           "Content-Length:\n 3\n\n"s,
           "X: a\n b\n\n"s,
           "X: a\n\tb\n\n"s,
           "X\n\n"s,
           "Host: h\n\n"s,
           ": nameless\n\n"s,
           "X(y): z\n\n"s,
           "X\xC3\xA4: z\n\n"s,
           "X\0Y: z\n\n"s,
           "X: a\0b\n\n"s,
           "X: a\x7F\n\n"s,
           "X: a\rContent-Length: 3\n\n"s,
           "X: a\r\n\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(start + rest).status())) << rest;
  }
  for (const std::string& head : {
           "GET / HTTP/1.1\n\n"s,
           "GET / HTTP/1.1\nHost: a b\n\n"s,
           "GET / HTTP/1.1\nHost: a/b\n\n"s,
           "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n"s,
           "G\tT / HTTP/1.1\nHost: h\n\n"s,
           "GET  HTTP/1.1\nHost: h\n\n"s,
           "GET  / HTTP/1.1\nHost: h\n\n"s,
           "GET / / HTTP/1.1\nHost: h\n\n"s,
           "GET /\0 HTTP/1.1\nHost: h\n\n"s,
           "GET /\t HTTP/1.1\nHost: h\n\n"s,
           "GET /\nHost: h\n\n"s,
           "GET / HTTP/1.1 \nHost: h\n\n"s,
           "GET / HTTP/1.2\nHost: h\n\n"s,
           "GET / HTTP/2.0\nHost: h\n\n"s,
           "GET / http/1.1\nHost: h\n\n"s,
           "GET / HTTP/1.1\n Host: h\n\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(head).status())) << head;
  }
}

}  // namespace
}  // namespace weir
