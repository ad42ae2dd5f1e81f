#include "http/request_head.h"

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using namespace std::string_literals;

// Reads `head`, LF for CR LF, as a parser does that finds ": " and lines.
absl::StatusOr<RequestHead> read(std::string_view head) {
  static std::string text;
  text.clear();
  for (const char c : head) text.append(c == '\n' ? "\r\n" : std::string(1, c));
  std::string_view rest = text;
  const auto take = [&rest](std::string_view until) {
    const std::string_view part = rest.substr(0, rest.find(until));
    rest.remove_prefix(part.size() + until.size());
    return part;
  };
  ReceivedHead received;
  received.method = take(" ");
  received.target = take(" ");
  received.target_start = received.target.data();
  received.version = take("\r\n");
  while (rest != "\r\n") {
    const std::string_view name = take(": ");
    received.headers.emplace_back(name, take("\r\n"));
  }
  received.bytes = text.size();
  return read_head(received);
}

TEST(ReadHead, TakesHeadersAsTheyAre) {
  const auto head = read(
      "PATCH /a%2Fb?x=%00 HTTP/1.1\n"
      "Host:   h:80 \t\n"
      "X-Api-Key: One\n"
      "EMPTY: \n"
      "x-api-key: two \"\xC3\xA4\"\ttwo\n"
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
  EXPECT_FALSE(head->expects_continue);
}

TEST(ReadHead, ReadsTheFraming) {
  const auto counted = read(
      "PUT / HTTP/1.1\nHost: h\nContent-Length:  0042 \n"
      "Expect: 100-Continue\n\n");
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(counted->content_length, 42);
  EXPECT_TRUE(counted->expects_continue);
  EXPECT_TRUE(
      read("PUT / HTTP/1.1\nHost: h\ntransfer-encoding: Chunked\n\n").ok());
  EXPECT_TRUE(read("GET / HTTP/1.0\n\n").ok()) << "needs no Host";
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
           "Host: h\n\n"s,
           ": nameless\n\n"s,
           "X(y): z\n\n"s,
           "X\xC3\xA4: z\n\n"s,
           "X\0Y: z\n\n"s,
           "X: a\0b\n\n"s,
           "X: a\x7F\n\n"s,
           "X: a\rContent-Length: 3\n\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(start + rest).status())) << rest;
  }
  for (const std::string& head : {
           "GET / HTTP/1.1\n\n"s,
           "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n"s,
           "G\tT / HTTP/1.1\nHost: h\n\n"s,
           " / HTTP/1.1\nHost: h\n\n"s,
           "GET  HTTP/1.1\nHost: h\n\n"s,
           "GET /\0 HTTP/1.1\nHost: h\n\n"s,
           "GET /\t HTTP/1.1\nHost: h\n\n"s,
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(read(head).status())) << head;
  }
}

// Each as a lenient parser could leave it.
TEST(ReadHead, RefusesWhatIsNotAllThatWasReceived) {
  const std::string_view text =
      "GET /path HTTP/1.1\r\nHost: h\r\nName: value\r\n\r\n";
  const auto part = [text](std::string_view wanted) {
    return text.substr(text.find(wanted), wanted.size());
  };
  const ReceivedHead whole = {
      part("GET"),
      part("/path"),
      part("/path").data(),
      part("HTTP/1.1"),
      {{part("Host"), part("h\r").substr(0, 1)}, {part("Name"), part("value")}},
      text.size()};
  ASSERT_TRUE(read_head(whole).ok()) << read_head(whole).status();

  const auto is_refused = [](const ReceivedHead& received) {
    return absl::IsInvalidArgument(read_head(received).status());
  };
  ReceivedHead cut_target = whole;
  cut_target.target = part("/pat");
  EXPECT_TRUE(is_refused(cut_target));
  ReceivedHead cut_version = whole;
  cut_version.version = part("HTTP/1.");
  EXPECT_TRUE(is_refused(cut_version));
  ReceivedHead cut_value = whole;
  cut_value.headers[1].second = part("valu");
  EXPECT_TRUE(is_refused(cut_value));
  ReceivedHead skipped = whole;
  skipped.headers.erase(skipped.headers.begin());
  EXPECT_TRUE(is_refused(skipped));
  const std::string joined = "Namefolded";
  ReceivedHead folded = whole;
  folded.headers[1].first = joined;
  EXPECT_TRUE(is_refused(folded));
  ReceivedHead longer = whole;
  ++longer.bytes;
  EXPECT_TRUE(is_refused(longer));
}

// As a parser leaves it that cuts white space off; `gap` comes after "h".
absl::Status read_with_gap(const std::string& gap) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h" + gap + "A: b\0\n\r\n"s;
  const auto part = [&text](std::string_view wanted) {
    return std::string_view(text).substr(text.find(wanted), wanted.size());
  };
  return read_head({part("GET"),
                    part("/"),
                    part("/").data(),
                    part("HTTP/1.1"),
                    {{part("Host"), part("h\0"s).substr(0, 1)},
                     {part("A"), part("b\0"s).substr(0, 1)}},
                    text.size()})
      .status();
}

TEST(ReadHead, TakesValuesThatHaveBeenTrimmed) {
  for (const std::string& gap : {"\0\n"s, "\0\0"s, "\0\r\n"s, "\0 \t \r\n"s}) {
    EXPECT_TRUE(read_with_gap(gap).ok()) << read_with_gap(gap);
  }
  for (const std::string& gap :
       {"\0 \n"s, "\0 \0\0"s, "\0\0\0"s, "\0 x\r\n"s, "\0 \r\r\n"s, "\0 \r \n"s,
        "\0 \r\n\r\n"s, "\0 \0\r\n"s, "\0 \r\0"s, "\0 \0\n"s}) {
    EXPECT_TRUE(absl::IsInvalidArgument(read_with_gap(gap)));
  }
}

}  // namespace
}  // namespace weir
