#include "weir/http/request_parser.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "weir/http/grammar.h"
#include "weir/http/line_scanner.h"
#include "weir/http/message.h"
#include "weir/http/request_head.h"

namespace weir {
namespace {

using namespace std::string_literals;
using State = RequestParser::State;

constexpr size_t kOverhead = 100;

// With CR LF for LF.
std::string received(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", "\r\n"}});
}

absl::StatusOr<RequestHead> read_received(const std::string& text) {
  LineScanner scanner;
  const auto end = scanner.find_empty_line(text);
  if (!end.ok()) return end.status();
  if (*end != text.size()) return absl::UnavailableError("unfinished");
  RequestHead head;
  // As the last request has left it.
  head.request = {"OLD", "/old", {{"host", "old"}, {"a", "b"}, {"c", "d"}}, ""};
  head.content_length = 7;
  head.is_chunked = head.expects_continue = true;
  RequestParser parser(kOverhead);
  const auto status = parser.read_head(text, head);
  if (!status.ok()) return status;
  EXPECT_EQ(parser.state(), head.is_chunked || head.content_length > 0
                                ? State::kMore
                                : State::kDone);
  EXPECT_EQ(parser.remaining(), head.content_length);
  return head;
}

absl::StatusOr<RequestHead> read(const std::string& head) {
  return read_received(received(head));
}

// -- Bytes --

TEST(FindControl, FindsTheFirst) {
  for (size_t size = 1; size <= 20; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        for (const char other : {'a', '\t', ' ', '\x80', '\xFF', '\x7E'}) {
          std::string text(size, other);
          text[at] = static_cast<char>(byte);
          const bool is_control = (byte < 0x20 && byte != '\t') || byte == 0x7F;
          ASSERT_EQ(find_control(text), is_control ? at : size)
              << byte << " at " << at;
          ASSERT_EQ(find_control(text, at + 1), size);
          // Others behind it make no difference.
          text += "\r\x7F\n";
          ASSERT_EQ(find_control(text), is_control ? at : size);
        }
      }
    }
  }
}

// Which bytes names of headers, hosts and addresses may have: RFC 9110 section
// 5.6.2, RFC 3986 section 3.2.2.
TEST(Grammar, AllowsTheBytesOfItsStandards) {
  const std::string letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::string token = letters + "!#$%&'*+-.^_`|~";
  const std::string name = letters + "-._~%!$&'()*+,;=";
  const std::string address = letters + "-._~!$&'()*+,;=:";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    const auto is_in = [&](const std::string& set) {
      return set.find(one) != set.npos;
    };
    EXPECT_EQ(is_token("a" + one), is_in(token)) << byte;
    if (byte != ':' && byte != ']') {
      EXPECT_EQ(is_authority("a" + one), is_in(name)) << byte;
      EXPECT_EQ(is_authority("a" + one + ":1"), is_in(name)) << byte;
    }
    if (byte != ']') {
      EXPECT_EQ(is_authority("[" + one + "]"), is_in(address)) << byte;
      EXPECT_EQ(is_authority("[" + one + "]:1"), is_in(address)) << byte;
    }
    EXPECT_EQ(is_authority("a:" + one), byte >= '0' && byte <= '9') << byte;
    EXPECT_EQ(is_authority("a:12" + one), byte >= '0' && byte <= '9') << byte;
    EXPECT_EQ(is_authority("[a]" + one), byte == ':') << byte;
  }
  EXPECT_FALSE(is_token(""));
  for (const char* good :
       {"", "a", "a:", "a:80", "[::1]", "[::1]:", "[::1]:80"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
  for (const char* bad : {":", ":80", "[]", "[", "]", "[::1", "[]:80",
                          "[::1]80", "[::1]a", "a:b", "a:1:2", "a b", "u@h"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
  for (const auto& [text, length] :
       {std::pair<const char*, std::optional<uint64_t>>{"0", 0},
        {"007", 7},
        {"18446744073709551615", 18446744073709551615u},
        {"18446744073709551616", std::nullopt},
        {"", std::nullopt},
        {"+1", std::nullopt},
        {" 1", std::nullopt},
        {"1 ", std::nullopt},
        {"0x1", std::nullopt}}) {
    EXPECT_EQ(parse_content_length(text), length) << text;
  }
}

// -- Lines --

TEST(LineScanner, FindsTheEmptyLine) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string text = head + "rest\r\n\r\n";
  for (size_t step = 1; step <= text.size(); ++step) {
    LineScanner scanner;
    std::optional<size_t> end;
    size_t size = 0;
    while (!end.has_value()) {
      ASSERT_LT(size, head.size()) << step;
      size = std::min(size + step, text.size());
      const auto found = scanner.find_empty_line(text.substr(0, size));
      ASSERT_TRUE(found.ok()) << found.status();
      end = *found;
    }
    EXPECT_EQ(*end, head.size()) << step;
  }
}

// As soon as the bytes are there: nobody waits for a head that cannot be one.
TEST(LineScanner, RefusesWhatCannotBecomeLines) {
  for (const std::string& text :
       {" "s, "\t"s, "\0"s, "\x16\x03\x01"s, "\n"s, "\rG"s, "\r\r"s,
        "GET / HTTP/1.1\n"s, "GET / HTTP/1.1\r\n\n"s,
        "GET / HTTP/1.1\r\nHost: h\n"s, "G\n\r\n"s, "G\r\n "s, "G\r\n\tH"s,
        "G: a\rb"s, "G: a\x7F"s, "G: a\x1F"s, "G: a\x0B"s}) {
    for (size_t step = 1; step <= text.size(); ++step) {
      LineScanner scanner;
      bool is_refused = false;
      for (size_t size = step; !is_refused; size += step) {
        const auto piece = std::string_view(text).substr(0, size);
        is_refused =
            absl::IsInvalidArgument(scanner.find_empty_line(piece).status());
        ASSERT_TRUE(is_refused || size < text.size()) << text;
      }
    }
  }
  LineScanner scanner;
  EXPECT_TRUE(scanner.find_empty_line("X: \t\x80\xFF ~\r").ok());
}

// -- Heads --

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

// Trailing blanks are no part of a value, of headers that say the framing too.
TEST(ReadHead, TrimsBlanksAroundValues) {
  for (const std::string& blanks : {" "s, "\t"s, " \t \t"s}) {
    const auto head = read("PUT / HTTP/1.1\nHost:" + blanks + "h" + blanks +
                           "\nX-Api-Key:" + blanks + "k  k" + blanks +
                           "\nContent-Length:" + blanks + "3" + blanks +
                           "\nEmpty:" + blanks + "\n\n");
    ASSERT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->request.headers, (HttpHeaders{{"host", "h"},
                                                  {"x-api-key", "k  k"},
                                                  {"content-length", "3"},
                                                  {"empty", ""}}));
    EXPECT_EQ(head->content_length, 3);
  }
}

TEST(ReadHead, LeavesTargetsToTheHandler) {
  for (const std::string& target :
       {"/%00"s, "/%zz"s, "/%"s, "/a%2Fb/../c"s, "//h/x"s, "*"s, "/?a=%"s,
        "h:80"s, "/\xC3\xA4"s, "/a#b"s, "/[]{}|^`\\\""s}) {
    const auto head = read("GET " + target + " HTTP/1.1\nHost: h\n\n");
    ASSERT_TRUE(head.ok()) << target << head.status();
    EXPECT_EQ(head->request.target, target);
  }
}

TEST(ReadHead, ReadsTheFraming) {
  const auto counted = read(
      "PUT / HTTP/1.1\nHost: h\nContent-Length:  0042 \n"
      "Expect: 100-Continue\n\n");
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->content_length, 42);
  EXPECT_TRUE(counted->expects_continue);
  const auto most =
      read("PUT / HTTP/1.1\nHost: h\nContent-Length: 18446744073709551615\n\n");
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->content_length, ~uint64_t{0});
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
                              const std::string& headers) {
    const auto head =
        read(absl::StrCat("GET / ", version, "\nHost: h\n", headers, "\n"));
    EXPECT_TRUE(head.ok()) << head.status();
    return head->keeps_alive;
  };
  EXPECT_TRUE(keeps_alive("HTTP/1.1", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.1", "Connection: upgrade, te\n"));
  EXPECT_TRUE(keeps_alive("HTTP/1.1", "Connection:\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "Connection: Close\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "Connection: te ,close,\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.1", "Connection: te\nConnection: close\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", ""));
  EXPECT_TRUE(keeps_alive("HTTP/1.0", "Connection: Keep-Alive\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", "Connection: close, keep-alive\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", "Connection: keep-alive, close\n"));
  // Not a header of HTTP, though Beast goes by it.
  EXPECT_TRUE(keeps_alive("HTTP/1.1", "Proxy-Connection: close\n"));
  EXPECT_FALSE(keeps_alive("HTTP/1.0", "Proxy-Connection: keep-alive\n"));
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
  EXPECT_EQ(resolved("http://:80/path"), "refused");
  EXPECT_EQ(resolved("http://user@h/"), "refused");
  EXPECT_EQ(resolved("/http://h/"), "other /http://h/");
  EXPECT_EQ(resolved("*"), "other *");
  EXPECT_EQ(resolved("ftp://h/"), "other ftp://h/");
  const auto old = read("GET http://h/ HTTP/1.0\n\n");
  ASSERT_TRUE(old.ok()) << old.status();
  EXPECT_EQ(old->request.headers, (HttpHeaders{{"host", "h"}}));
}

TEST(ReadHead, TakesHostsThatCanBe) {
  const auto is_taken = [](const std::string& host) {
    return read("GET / HTTP/1.1\nHost: " + host + "\n\n").ok();
  };
  for (const std::string& host :
       {"h"s, ""s, "a.example:8080"s, "h:"s, "127.0.0.1:1"s, "[::1]"s,
        "[::1]:443"s, "a_b~c!$&'()*+,;=%41"s, "[v1.x]"s}) {
    EXPECT_TRUE(is_taken(host)) << host;
  }
  for (const std::string& host :
       {"a b"s, "a/b"s, "a@b"s, "a?b"s, "a#b"s, "\"h\""s, "a:b"s, "a:1:2"s,
        "::1"s, "[::1"s, "::1]"s, "[::1]x"s, "[]"s, "a[1]"s, ":80"s, "h:+1"s,
        "h\xC3\xA4"s, "a\\b"s, "[a b]"s}) {
    EXPECT_FALSE(is_taken(host)) << host;
  }
}

TEST(ReadHead, RefusesWhatCanBeReadInTwoWays) {
  const std::string start = "POST / HTTP/1.1\nHost: h\n";
  for (const std::string& rest : {
           "Content-Length: 3\nContent-Length: 3\n\n"s,
           "Content-Length: 3\nTransfer-Encoding: chunked\n\n"s,
           "Content-Length: 0\nTransfer-Encoding: chunked\n\n"s,
           "Transfer-Encoding: chunked\nContent-Length: 3\n\n"s,
           "Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n"s,
           "Transfer-Encoding: identity\nTransfer-Encoding: chunked\n\n"s,
           "Transfer-Encoding: chunked, chunked\n\n"s,
           "Transfer-Encoding: gzip, chunked\n\n"s,
           "Transfer-Encoding: chunked;q=1\n\n"s,
           "Transfer-Encoding: ,chunked\n\n"s,
           "Transfer-Encoding: \"chunked\"\n\n"s,
           "Transfer-Encoding: xchunked\n\n"s,
           "Transfer-Encoding: identity\n\n"s,
           "Transfer-Encoding: \n\n"s,
           "Transfer-Encoding: \vchunked\n\n"s,
           "Transfer-Encoding : chunked\n\n"s,
           "Transfer-Encoding\t: chunked\n\n"s,
           "Content-Length: +3\n\n"s,
           "Content-Length: -3\n\n"s,
           "Content-Length: 3,3\n\n"s,
           "Content-Length: 3, 3\n\n"s,
           "Content-Length: ,3\n\n"s,
           "Content-Length: 3 3\n\n"s,
           "Content-Length: 0x3\n\n"s,
           "Content-Length: 3.\n\n"s,
           "Content-Length: \n\n"s,
           "Content-Length: 18446744073709551616\n\n"s,
           "Content-Length: 18446744073709551619\n\n"s,
           "Content-Length : 3\n\n"s,
           "Content-Length:\n 3\n\n"s,
           "X: a\n b\n\n"s,
           "X: a\n\tb\n\n"s,
           "X: a\n \n\n"s,
           "X\n\n"s,
           "Host: h\n\n"s,
           "hOST: h\n\n"s,
           ": nameless\n\n"s,
           "X(y): z\n\n"s,
           "X Y: z\n\n"s,
           "X : z\n\n"s,
           "X\xC3\xA4: z\n\n"s,
           "X\0Y: z\n\n"s,
           "X: a\0b\n\n"s,
           "X: a\x7F\n\n"s,
           "X: a\x1B[0m\n\n"s,
           "X: a\rContent-Length: 3\n\n"s,
           "X: a\r\n\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(start + rest).status())) << rest;
  }
  for (const std::string& head : {
           "GET / HTTP/1.1\n\n"s,
           "GET / HTTP/1.1\nX: y\n\n"s,
           "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n"s,
           "G\tT / HTTP/1.1\nHost: h\n\n"s,
           "G(T / HTTP/1.1\nHost: h\n\n"s,
           "GET  HTTP/1.1\nHost: h\n\n"s,
           "GET  / HTTP/1.1\nHost: h\n\n"s,
           "GET / / HTTP/1.1\nHost: h\n\n"s,
           "GET /\0 HTTP/1.1\nHost: h\n\n"s,
           "GET /\t HTTP/1.1\nHost: h\n\n"s,
           "GET /\nHost: h\n\n"s,
           "GET\nHost: h\n\n"s,
           "GET / HTTP/1.1 \nHost: h\n\n"s,
           "GET / HTTP/1.2\nHost: h\n\n"s,
           "GET / HTTP/0.9\nHost: h\n\n"s,
           "GET / HTTP/2.0\nHost: h\n\n"s,
           "GET / HTTP/1.10\nHost: h\n\n"s,
           "GET / HTTP/11\nHost: h\n\n"s,
           "GET / http/1.1\nHost: h\n\n"s,
           "GET / HTTP/1.1\n Host: h\n\n"s,
           "\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(head).status())) << head;
  }
}

TEST(ReadHead, SaysWhatIsWrong) {
  const auto error = [](const std::string& head) {
    return std::string(read(head).status().message());
  };
  EXPECT_EQ(error("GET / HTTP/1.1\n\n"), "malformed request: not one Host");
  EXPECT_EQ(error("GET / HTTP/1.1\nHost: a b\n\n"), "malformed request: Host");
  EXPECT_EQ(error("GET / HTTP/1.1\nX Y: z\n\n"),
            "malformed request: bad field");
  EXPECT_EQ(error("GET / HTTP/3.1\nX Y: z\n\n"),
            "malformed request: bad version");
  const auto line_error = [](const std::string& text) {
    return std::string(read_received(text).status().message());
  };
  EXPECT_EQ(line_error("GET / HTTP/1.1\nHost: h\n\n"),
            "malformed request: a line that ends in LF alone");
  EXPECT_EQ(line_error("GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
            "malformed request: a line that begins with a blank");
  EXPECT_EQ(line_error("GET /\rHTTP/1.1\r\n"),
            "malformed request: CR without LF");
  EXPECT_EQ(line_error("\x16\x03\x01"),
            "malformed request: a control character");
}

// -- Bodies --

struct Outcome {
  State state;
  std::string body;
  std::string rest;

  bool operator==(const Outcome& other) const {
    return state == other.state && body == other.body && rest == other.rest;
  }
};

// What comes of `text` behind a head if it comes in pieces of `step` bytes.
Outcome outcome_of(const std::string& framing, std::string_view text,
                   size_t step) {
  RequestParser parser(kOverhead);
  RequestHead head;
  const auto status = parser.read_head(
      absl::StrCat("PUT / HTTP/1.1\r\nHost: h\r\n", framing, "\r\n"), head);
  EXPECT_TRUE(status.ok()) << status;
  Outcome outcome = {parser.state(), "", ""};
  std::string kept;
  while (outcome.state == State::kMore && !text.empty()) {
    kept.append(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
    std::string_view rest = kept;
    bool has_taken = true;
    while (!rest.empty() && outcome.state == State::kMore && has_taken) {
      const size_t before = rest.size();
      std::string_view data;
      outcome.state = parser.read_body(rest, data);
      outcome.body.append(data);
      has_taken = rest.size() < before;
    }
    kept = std::string(rest);
  }
  if (outcome.state == State::kDone) outcome.rest = kept.append(text);
  return outcome;
}

Outcome outcome_of(const std::string& framing, std::string_view text) {
  const Outcome whole = outcome_of(framing, text, text.size());
  for (size_t step = 1; step < 8; ++step) {
    EXPECT_TRUE(outcome_of(framing, text, step) == whole) << step << text;
  }
  return whole;
}

Outcome chunked(std::string_view text) {
  return outcome_of("Transfer-Encoding: chunked\r\n", text);
}

TEST(ReadBody, ReadsALength) {
  EXPECT_EQ(outcome_of("", "GET /").state, State::kDone);
  EXPECT_EQ(outcome_of("Content-Length: 0\r\n", "GET /").rest, "GET /");
  const std::string five = "Content-Length: 5\r\n";
  const Outcome outcome = outcome_of(five, "12345GET /");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, "12345");
  EXPECT_EQ(outcome.rest, "GET /");
  EXPECT_EQ(outcome_of(five, "1234").state, State::kMore);
  EXPECT_EQ(outcome_of("Content-Length: 18446744073709551615\r\n", "1").state,
            State::kMore);
}

TEST(ReadBody, ReadsChunks) {
  const Outcome outcome = chunked(
      "2\r\nab\r\n0A ;x\r\n\r\n34567890\r\n1;y=\"z;\"\r\nc\r\n"
      "000\r\nTrailer: t\r\nAnother:\r\n\r\nGET /");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, "ab\r\n34567890c");
  EXPECT_EQ(outcome.rest, "GET /");
  EXPECT_EQ(chunked("0\r\n\r\n").state, State::kDone);
  EXPECT_EQ(chunked("2\r\n\n\0\r\n0\r\n\r\n"s).body, "\n\0"s);
  EXPECT_EQ(chunked("FFFFFFFFFFFFFFFF\r\na").state, State::kMore);
  EXPECT_EQ(chunked("1;\tx = y ; z;w=\"a\\\"b\"\r\na\r\n0;x\r\n\r\n").body, "a")
      << "extensions are left out";
  EXPECT_EQ(chunked("000000000000000001\r\na\r\n0\r\n\r\n").body, "a");
}

TEST(ReadBody, KnowsHowMuchRemains) {
  for (const bool is_chunked : {false, true}) {
    RequestParser parser(kOverhead);
    RequestHead head;
    ASSERT_TRUE(
        parser
            .read_head(absl::StrCat("PUT / HTTP/1.1\r\nHost: h\r\n",
                                    is_chunked ? "Transfer-Encoding: chunked"
                                               : "Content-Length: 7",
                                    "\r\n\r\n"),
                       head)
            .ok());
    std::string_view data;
    std::string_view header = "7\r\nab";
    if (is_chunked) {
      EXPECT_EQ(parser.read_body(header, data), State::kMore);
    }
    EXPECT_EQ(parser.remaining(), 7);
    std::string_view some = "abcd";
    EXPECT_EQ(parser.read_body(some, data), State::kMore);
    EXPECT_EQ(data, "abcd");
    EXPECT_EQ(parser.remaining(), 3);
    some = "efg";
    EXPECT_EQ(parser.read_body(some, data),
              is_chunked ? State::kMore : State::kDone);
    EXPECT_EQ(parser.remaining(), 0);
  }
}

TEST(ReadBody, LeavesTrailersOut) {
  RequestParser parser(kOverhead);
  RequestHead head;
  ASSERT_TRUE(parser
                  .read_head("PUT / HTTP/1.1\r\nHost: h\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n",
                             head)
                  .ok());
  const HttpHeaders before = head.request.headers;
  std::string_view input = "0\r\nHost: i\r\nX: y\r\nConnection: close\r\n\r\n";
  std::string_view data;
  EXPECT_EQ(parser.read_body(input, data), State::kDone);
  EXPECT_EQ(input, "");
  EXPECT_EQ(head.request.headers, before);
  EXPECT_TRUE(head.keeps_alive);
}

TEST(ReadBody, TakesAnyNumberOfChunks) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "1\r\nx\r\n";
  const Outcome outcome = chunked(text + "0\r\n\r\n");
  EXPECT_EQ(outcome.state, State::kDone);
  EXPECT_EQ(outcome.body, std::string(1000, 'x'));
}

TEST(ReadBody, RefusesWhatAreNoChunks) {
  for (const std::string& text : {"\r\n"s,
                                  "g\r\n"s,
                                  "0x1\r\n"s,
                                  "-1\r\n"s,
                                  "+1\r\n"s,
                                  " 1\r\n"s,
                                  "1 \r\n"s,
                                  "1 x\r\n"s,
                                  "1\n"s,
                                  "1\r\nabcd"s,
                                  "1\r\na\n\r\n"s,
                                  "1\r\na\rb\r\n"s,
                                  "1;x\n"s,
                                  "1;x\ry\r\n"s,
                                  "1;x\x01\r\n"s,
                                  "1;x=\"\x01\"\r\n"s,
                                  "1;x=\"\n\"\r\n"s,
                                  "1;x=\"\0\"\r\n"s,
                                  "1;x=\r\n"s,
                                  "1;=y\r\n"s,
                                  "1;\r\n"s,
                                  "0\n"s,
                                  "0\r\n\n"s,
                                  "0\r\nT: t\n\r\n"s,
                                  "0\r\nno colon\r\n\r\n"s,
                                  "0\r\nT : t\r\n\r\n"s,
                                  "0\r\n T: t\r\n"s,
                                  "0\r\nT: t\r\n u\r\n"s,
                                  "0\r\nT: \x7F\r\n"s,
                                  "0\r\n: t\r\n\r\n"s,
                                  "0\r\nContent-Length: 3\r\n\r\n"s,
                                  "0\r\nTransfer-Encoding: chunked\r\n\r\n"s,
                                  "11111111111111111\r\n"s,
                                  "10000000000000000\r\n"s,
                                  "1\r\na0\r\n\r\n"s}) {
    EXPECT_EQ(chunked(text + "\r\n\r\n\r\n").state, State::kMalformed) << text;
  }
}

TEST(ReadBody, BoundsWhatIsLeftOut) {
  const std::string most = "1;" + std::string(kOverhead, 'x') + "\r\n";
  EXPECT_EQ(chunked(most).state, State::kMore);
  EXPECT_EQ(chunked("1;" + std::string(kOverhead + 20, 'x')).state,
            State::kMalformed);
  EXPECT_EQ(chunked("1;" + std::string(kOverhead + 20, 'x') + "\r\n").state,
            State::kMalformed);
  std::string many;
  for (int i = 0; i < 20; ++i) many += "1;                        x\r\nx\r\n";
  EXPECT_EQ(chunked(many).state, State::kMalformed);
  EXPECT_EQ(chunked("0\r\nT: " + std::string(kOverhead + 20, 't')).state,
            State::kMalformed);
  EXPECT_EQ(
      chunked("0\r\nT: " + std::string(kOverhead + 20, 't') + "\r\n\r\n").state,
      State::kMalformed);
  EXPECT_EQ(chunked(std::string(kOverhead + 21, '0')).state, State::kMalformed);
}

}  // namespace
}  // namespace weir
