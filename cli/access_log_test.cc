#include "cli/access_log.h"

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cli/log_time.h"
#include "gtest/gtest.h"

namespace weir::cli {
namespace {

constexpr char kCombined[] =
    "83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "
    "\"GET /a/b.png?q=1 HTTP/1.1\" 200 203023 \"http://example.org/\" "
    "\"Mozilla/5.0 (\\\"X\\\"; like [this])\"";

LogEntry well_formed(const std::string& line,
                     KeyField field = KeyField::kDefault) {
  // The views of the result are into the line, which has to live on.
  static std::string kept;
  kept = line;
  const LogLine parsed = parse_log_line(kept, field);
  EXPECT_EQ(parsed.kind, LogLine::Kind::kRequest)
      << line << ": " << parsed.reason;
  return parsed.entry;
}

std::string reason(const std::string& line,
                   KeyField field = KeyField::kDefault) {
  const LogLine parsed = parse_log_line(line, field);
  EXPECT_EQ(parsed.kind, LogLine::Kind::kMalformed) << line;
  return std::string(parsed.reason);
}

TEST(AccessLog, ReadsCombinedLines) {
  const LogEntry entry = well_formed(kCombined);
  EXPECT_EQ(entry.unix_ns, parse_rfc3339("2015-05-17T10:05:03Z"));
  EXPECT_EQ(entry.key, "83.149.9.216");
  EXPECT_FALSE(entry.key_is_secret);
  EXPECT_EQ(entry.stage, "");
  EXPECT_EQ(entry.path, "/a/b.png?q=1");
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.cost, 1u);
}

TEST(AccessLog, TakesTheKeyFromTheFieldAskedFor) {
  EXPECT_EQ(well_formed(kCombined, KeyField::kHost).key, "83.149.9.216");
  EXPECT_EQ(well_formed(kCombined, KeyField::kUser).key, "frank");
  EXPECT_EQ(well_formed(kCombined, KeyField::kReferer).key,
            "http://example.org/");
  EXPECT_EQ(well_formed(kCombined, KeyField::kAgent).key,
            "Mozilla/5.0 (\\\"X\\\"; like [this])");
  EXPECT_EQ(reason(kCombined, KeyField::kKey),
            "an Apache or nginx line has no field \"key\"");
}

TEST(AccessLog, ReadsCommonLines) {
  const std::string line =
      "2001:db8::1 - - [17/May/2015:10:05:03 -0700] \"POST / HTTP/1.0\" 304 -";
  const LogEntry entry = well_formed(line);
  EXPECT_EQ(entry.unix_ns, parse_rfc3339("2015-05-17T17:05:03Z"));
  EXPECT_EQ(entry.key, "2001:db8::1");
  EXPECT_EQ(entry.method, "POST");
  EXPECT_EQ(well_formed(line, KeyField::kUser).key, "-");
  EXPECT_EQ(reason(line, KeyField::kAgent),
            "expected a referer and an agent in quotes");
  EXPECT_EQ(well_formed(line + " 0.25 extra").key, "2001:db8::1");
}

std::string with_request(const std::string& request) {
  return "h - - [17/May/2015:10:05:03 +0000] \"" + request + "\" 200 1";
}

TEST(AccessLog, ReadsRequestLines) {
  EXPECT_EQ(well_formed(with_request("GET /a")).path, "/a");
  EXPECT_EQ(well_formed(with_request("GET /a b c HTTP/1.1")).path, "/a b c");
  EXPECT_EQ(well_formed(with_request("GET /a\\\"b HTTP/1.1")).path, "/a\\\"b");
  EXPECT_EQ(well_formed(with_request("GET http://h:80/a/b HTTP/1.1")).path,
            "/a/b");
  EXPECT_EQ(well_formed(with_request("GET http://h HTTP/1.1")).path, "/");
  EXPECT_EQ(well_formed(with_request("GET /r?u=http://x HTTP/1.1")).path,
            "/r?u=http://x");
  EXPECT_EQ(well_formed(with_request("OPTIONS * HTTP/1.1")).path, "*");
  EXPECT_EQ(well_formed(with_request("CONNECT h:443 HTTP/1.1")).path, "h:443");

  EXPECT_EQ(reason(with_request("-")), "the request line is \"-\"");
  for (const char* request : {"", "GET", "GET ", "GET HTTP/1.1", "/a", "GET a",
                              "\\x16\\x03\\x01", "t3 12.2.1"}) {
    EXPECT_EQ(reason(with_request(request)),
              "the request line has no method and path")
        << request;
  }
}

TEST(AccessLog, SaysWhatIsWrongWithACommonLine) {
  const std::string time = "h - - [17/May/2015:10:05:03 +0000]";
  EXPECT_EQ(reason("h - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1"),
            "expected host, ident, user and a time in brackets");
  EXPECT_EQ(reason("h - - [17/May/2015:10:05:03 +0000"),
            "expected host, ident, user and a time in brackets");
  EXPECT_EQ(reason("h - - [yesterday] \"GET / HTTP/1.1\" 200 1"),
            "expected a time such as [17/May/2015:10:05:03 +0000], 1970 to "
            "2089");
  for (const char* rest : {"", " GET / 200 1", " \"GET / HTTP/1.1",
                           " \"GET /\\\" 200 1", " \"GET /\"200 1", " \""}) {
    EXPECT_EQ(reason(time + rest), "expected a request line in quotes") << rest;
  }
  for (const char* rest : {"", " 200", " 20 1", " abc 1", " 200 1k"}) {
    EXPECT_EQ(reason(time + " \"GET / HTTP/1.1\"" + rest),
              "expected a status and a size after the request line")
        << rest;
  }
  for (const char* rest : {"", " \"", " \"r\"", " \"r\" \"a", " \"r\" a"}) {
    const std::string line = time + " \"GET / HTTP/1.1\" 200 1" + rest;
    EXPECT_EQ(reason(line, KeyField::kReferer),
              "expected a referer and an agent in quotes")
        << rest;
    EXPECT_EQ(well_formed(line).key, "h");
  }
}

TEST(AccessLog, ReadsOwnLines) {
  const LogEntry entry =
      well_formed("2015-05-17T10:05:03Z k1 a1b2:prod /pets/17/GET");
  EXPECT_EQ(entry.unix_ns, parse_rfc3339("2015-05-17T10:05:03Z"));
  EXPECT_EQ(entry.key, "k1");
  EXPECT_TRUE(entry.key_is_secret);
  EXPECT_EQ(entry.stage, "a1b2:prod");
  EXPECT_EQ(entry.path, "/pets/17");
  EXPECT_EQ(entry.method, "GET");
  EXPECT_EQ(entry.cost, 1u);

  EXPECT_EQ(well_formed("1.5 k a:s //GET").path, "/");
  EXPECT_EQ(well_formed("1.5 k a:s /GET").path, "/");
  EXPECT_EQ(well_formed("1.5 k a:s /a/GET 0").cost, 0u);
  EXPECT_EQ(well_formed("1.5 k a:s /a/GET 4294967295").cost, 4294967295u);
  EXPECT_EQ(well_formed(" 1.5\tk  a:s \t/a/GET\t7 ").cost, 7u);
  EXPECT_EQ(well_formed("1.5 [k a:s /a/GET").key, "[k");
  EXPECT_EQ(well_formed("2015-05-17T10:05:03Z [k a:s /a/GET").key, "[k");
  EXPECT_EQ(well_formed("1.5 k a:s /a/GET", KeyField::kKey).key, "k");
}

TEST(AccessLog, SaysWhatIsWrongWithAnOwnLine) {
  EXPECT_EQ(reason("garbage"),
            "expected an Apache or nginx line, or a time (RFC 3339 or Unix "
            "seconds, 1970 to 2089) first");
  EXPECT_EQ(reason("1.5"), "expected a key after the time");
  for (const char* stage : {"", " a", " :s", " a:"}) {
    EXPECT_EQ(reason(std::string("1.5 k") + stage),
              "expected apiId:stage after the key");
  }
  for (const char* method : {"", " GET", " /a/", " /a/G3T", " a/GET"}) {
    EXPECT_EQ(reason(std::string("1.5 k a:s") + method),
              "expected /path/METHOD after the stage")
        << method;
  }
  for (const char* cost :
       {"-1", "+1", "1.5", "4294967296", "x", "99999999999999999999999"}) {
    EXPECT_EQ(reason(std::string("1.5 k a:s /a/GET ") + cost),
              "expected a cost from 0 to 4294967295")
        << cost;
  }
  EXPECT_EQ(reason("1.5 k a:s /a/GET 1 2"), "there is text after the cost");
  EXPECT_EQ(reason("1.5 k a:s /a/GET", KeyField::kHost),
            "the line has no other key than its field \"key\"");
}

TEST(AccessLog, EmptyLinesAndCommentsAreNothing) {
  for (const char* line : {"", "  \t", "# a comment", "  # [too"}) {
    EXPECT_EQ(parse_log_line(line, KeyField::kDefault).kind,
              LogLine::Kind::kNothing);
  }
}

TEST(AccessLog, KeyFieldsHaveNames) {
  EXPECT_EQ(key_field_from_name("agent"), KeyField::kAgent);
  EXPECT_EQ(key_field_from_name("Agent"), std::nullopt);
}

// Mutilated lines are read or refused; ASan sees to it that no byte outside is
// touched, since the line ends where its buffer ends.
TEST(AccessLog, AnyBytesAreReadOrRefused) {
  const char* const given = std::getenv("WEIR_TEST_SEED");
  const unsigned seed = given == nullptr ? 1 : std::atoi(given);
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string own = "2015-05-17T10:05:03.5+01:00 key a:s /p/{x}/GET 12";
  const std::string alphabet("\0\xFF\"\\[] :/-+.#09aZ\r\t", 19);
  for (int i = 0; i < 20000; ++i) {
    std::string line = i % 2 == 0 ? kCombined : own;
    for (unsigned n = random() % 4; n > 0; --n) {
      const std::size_t at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          line.erase(at, random() % 20);
          if (line.empty()) line = "x";
          break;
        default:
          line.insert(at, 1, static_cast<char>(random()));
      }
    }
    const std::vector<char> exact(line.begin(), line.end());
    const LogLine parsed = parse_log_line({exact.data(), exact.size()},
                                          static_cast<KeyField>(random() % 6));
    if (parsed.kind == LogLine::Kind::kRequest) {
      EXPECT_GE(parsed.entry.unix_ns, 0);
      EXPECT_FALSE(parsed.entry.method.empty());
      EXPECT_FALSE(parsed.entry.path.empty());
    } else if (parsed.kind == LogLine::Kind::kMalformed) {
      EXPECT_FALSE(parsed.reason.empty());
    }
  }
}

}  // namespace
}  // namespace weir::cli
