#include "weir/cli/replay/log/log_format.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "weir/cli/replay/log/log_detector.h"
#include "weir/cli/replay/log/log_entry.h"
#include "weir/cli/replay/log/log_reader.h"
#include "weir/cli/replay/log/log_time.h"

namespace weir::cli {
namespace {

// A line, read as the last of some by a reader of its own.
class Read {
 public:
  Read(std::string_view format, const std::vector<std::string>& lines,
       const FieldChoice& choice = {}) {
    auto reader = find_log_format(format)->make_reader(choice);
    if (!reader.ok()) {
      error_ = std::string(reader.status().message());
      return;
    }
    reader_ = *std::move(reader);
    for (const std::string& line : lines) {
      kept_ = line;
      line_ = reader_->read(kept_);
    }
  }
  Read(std::string_view format, const std::string& line,
       const std::string& key = "", const std::string& stage = "")
      : Read(format, std::vector<std::string>{line}, FieldChoice{key, stage}) {}

  // Good as long as this.
  const LogEntry& entry() const {
    EXPECT_EQ(error_, "");
    EXPECT_EQ(line_.kind, LogLine::Kind::kRequest) << line_.reason << "\n"
                                                   << kept_;
    return line_.entry;
  }
  // Time, key, method and target, and what else is not as usual.
  std::string summary() const {
    if (!error_.empty()) return error_;
    if (line_.kind == LogLine::Kind::kNothing) return "nothing";
    if (line_.kind == LogLine::Kind::kMalformed) {
      return absl::StrCat("malformed: ", std::string(line_.reason));
    }
    const LogEntry& e = entry();
    std::string text = absl::StrCat(
        to_rfc3339(e.unix_ns), " ", e.has_key ? std::string(e.key) : "(none)",
        " ", std::string(e.method), " ", std::string(e.target));
    if (!e.stage.empty()) absl::StrAppend(&text, " @", std::string(e.stage));
    if (e.no_stage) text += " no-stage";
    if (e.is_resource) text += " resource";
    if (e.key_is_secret) text += " secret";
    if (e.cost != 1) absl::StrAppend(&text, " cost ", e.cost);
    return text;
  }
  std::vector<std::string> field_names() const {
    return reader_->field_names();
  }
  std::string missing() const { return std::string(reader_->missing_field()); }

 private:
  std::string error_;
  std::unique_ptr<LogReader> reader_;
  std::string kept_;
  LogLine line_;
};

std::string read(std::string_view format, const std::string& line,
                 const std::string& key = "", const std::string& stage = "") {
  return Read(format, line, key, stage).summary();
}

std::string detected(const std::vector<std::string>& lines) {
  LogDetector detector;
  for (const std::string& line : lines) detector.add(line);
  return detector.format() == nullptr ? "none"
                                      : std::string(detector.format()->name);
}

// -- One line of each format, as its documentation or the program has it --

struct Sample {
  const char* format;
  const char* line;
  const char* summary;
};

constexpr char kAlb[] =
    "h2 2026-04-09T12:34:57.000000Z app/lb/50dc6c495c0c9188 192.0.2.7:2817 "
    "10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "
    "\"GET https://api.example.com:443/pets/1?a=%20b HTTP/2.0\" \"curl/7.88\" "
    "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elb:tg/x "
    "\"Root=1-58337262-36d228ad5d99923122bbe354\" \"api.example.com\" "
    "\"arn:aws:acm:x\" 1 2026-04-09T12:34:56.250000Z \"forward\" \"-\" \"-\" "
    "\"10.0.0.1:80\" \"200\" \"-\" \"-\"";

constexpr char kCloudFrontLine[] =
    "2026-04-09\t12:34:56\tFRA56-P1\t2390\t192.0.2.7\tGET\t"
    "d111111abcdef8.cloudfront.net\t/pets/a%2520b\t200\t-\t"
    "Mozilla/5.0%2520(X11)\tq=1\t-\tHit\tid==\tapi.example.com\thttps\t23\t"
    "0.001\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t"
    "0.001\tHit\ttext/html\t78\t-\t-";

constexpr char kHaproxy[] =
    "127.0.0.1:45850 [30/Nov/2026:15:28:58.476] fe be/s1 0/0/0/1/1 200 202 - - "
    "---- 1/1/0/0/0 0/0 {key-one-two-three-four} \"GET /pets/?a=#22 HTTP/1.1\"";

constexpr char kCaddy[] =
    R"({"level":"info","ts":1796052572.4812467,"logger":"http.log.access.log0",)"
    R"("msg":"handled request","request":{"remote_ip":"127.0.0.1",)"
    R"("remote_port":"51730","proto":"HTTP/1.1","method":"GET",)"
    R"("host":"example.test","uri":"/pets/?q=1","headers":{"User-Agent":)"
    R"(["say \"hi\""],"Authorization":[],"X-Api-Key":["key-one-two-three"]}},)"
    R"("user_id":"a b c","duration":0.022051806,"size":5,"status":200,)"
    R"("resp_headers":{"Server":["Caddy"]}})";

constexpr char kTraefikJson[] =
    R"({"ClientAddr":"192.0.2.7:42310","ClientHost":"192.0.2.7",)"
    R"("ClientPort":"42310","ClientUsername":"-","DownstreamStatus":200,)"
    R"("Duration":1234567,"RequestMethod":"GET","RequestPath":"/pets/1?x",)"
    R"("RequestProtocol":"HTTP/1.1","RouterName":"r@docker",)"
    R"("StartLocal":"2026-04-09T14:34:56.000000001+02:00",)"
    R"("StartUTC":"2026-04-09T12:34:56.000000001Z","level":"info","msg":"",)"
    R"("request_X-Api-Key":"key-one-two-three","time":"2026-04-09T12:34:57Z"})";

constexpr char kApiGatewayJson[] =
    R"({ "requestId":"c6af9ac6-7b61","ip": "192.0.2.7", "caller":"-", )"
    R"("user":"-", "requestTime":"09/Apr/2026:12:34:56 +0000", )"
    R"("httpMethod":"GET","resourcePath":"/pets/{id}", "status":"200",)"
    R"("protocol":"HTTP/1.1", "responseLength":"512" })";

constexpr char kAccessLog[] =
    R"({"time":"2026-11-30T15:13:41.123456Z","key_id":"a1b2c3d4e5",)"
    R"("api_id":"shop","stage":"prod","method":"GET","path":"/pets/17",)"
    R"("method_key":"/pets/{id}/GET","outcome":"throttled",)"
    R"("limit":"method_throttle","cost":3,"retry_after":1.25,"status":429,)"
    R"("latency":0.000123,"more":{"x":[1]}})";

const Sample kSamples[] = {
    {"common",
     "2001:db8::1 - - [17/May/2015:10:05:03 -0700] \"POST / HTTP/1.0\" 304 -",
     "2015-05-17T17:05:03Z 2001:db8::1 POST /"},
    {"combined",
     "83.149.9.216 - frank [17/May/2015:10:05:03 +0000] \"GET /a/b.png?q=1 "
     "HTTP/1.1\" 200 203023 \"http://example.org/\" \"Mozilla/5.0 (\\\"X\\\"; "
     "like [this])\"",
     "2015-05-17T10:05:03Z 83.149.9.216 GET /a/b.png?q=1"},
    {"combined",  // nginx, $time_iso8601
     "127.0.0.1 - a b c [2026-11-30T15:28:55+00:00] \"GET /pets/ HTTP/1.1\" "
     "200 "
     "5 \"-\" \"say \\x22hi\\x22 \\x5C [x] \\xC3\\xA9\"",
     "2026-11-30T15:28:55Z 127.0.0.1 GET /pets/"},
    {"combined",  // nginx, $msec
     "127.0.0.1 - - [1796052535.361] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl/7\"",
     "2026-11-30T15:28:55.361Z 127.0.0.1 GET /"},
    {"combined",  // Apache, %{%d/%b/%Y:%T}t.%{msec_frac}t
     "127.0.0.1 - \"\" [30/Nov/2026:15:28:55.395 +0000] \"GET / HTTP/1.1\" 404 "
     "416 \"-\" \"curl/7\"",
     "2026-11-30T15:28:55.395Z 127.0.0.1 GET /"},
    {"combined",  // HAProxy, option httplog clf
     "127.0.0.1 - - [30/Nov/2026:15:28:58 +0000] \"GET / HTTP/1.1\" 200 202 "
     "\"\" \"\" 35074 510 \"fc\" \"be\" \"s1\" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 "
     "\"\" \"\" ",
     "2026-11-30T15:28:58Z 127.0.0.1 GET /"},
    {"common", "h - - [7/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1",
     "2015-05-07T10:05:03Z h GET /"},
    {"vhost_combined",
     "example.test:80 127.0.0.1 - a b [30/Nov/2026:15:28:55 +0000] \"GET "
     "/pets/ "
     "HTTP/1.1\" 404 416 \"-\" \"curl/7\"",
     "2026-11-30T15:28:55Z 127.0.0.1 GET /pets/"},
    {"apigateway-clf",
     "192.0.2.7 - - [09/Apr/2026:12:34:56 +0000]\"GET /pets/{id} HTTP/1.1\" "
     "200 "
     "512 c6af9ac6-7b61 ext=",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/{id} resource"},
    {"apigateway-clf",
     "192.0.2.7 - - [09/Apr/2026:12:34:56 +0000] \"GET GET /pets HTTP/1.1\" "
     "200 "
     "512 c6af9ac6-7b61",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets resource"},
    {"apigateway-clf",
     "192.0.2.7 - - [09/Apr/2026:12:34:56 +0000] \"GET $default HTTP/1.1\" 200 "
     "512 c6af9ac6-7b61",
     "2026-04-09T12:34:56Z 192.0.2.7 GET  resource"},
    {"apigateway-json", kApiGatewayJson,
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/{id} resource"},
    {"apigateway-xml",
     "<request id=\"c6af\"> <ip>192.0.2.7</ip> <caller>-</caller> "
     "<user>a&amp;b</user> <requestTime>09/Apr/2026:12:34:56 "
     "+0000</requestTime> <httpMethod>GET</httpMethod> "
     "<resourcePath>/pets/{id}</resourcePath> <status>200</status> "
     "<protocol>HTTP/1.1</protocol> <responseLength>5</responseLength> "
     "</request>",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/{id} resource"},
    {"apigateway-csv",
     "192.0.2.7,-,-,09/Apr/2026:12:34:56 "
     "+0000,GET,/pets/{id},HTTP/1.1,200,512,c6af9ac6-7b61",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/{id} resource"},
    {"apigateway-csv",
     "192.0.2.7,09/Apr/2026:12:34:56 +0000,GET,ANY "
     "/pets,HTTP/1.1,200,512,c6af9ac6",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets resource"},
    {"alb", kAlb, "2026-04-09T12:34:56.25Z 192.0.2.7 GET /pets/1?a=%20b"},
    {"cloudfront", kCloudFrontLine,
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/a%20b?q=1"},
    {"envoy",
     "[2026-04-09T12:34:56.310Z] \"POST /api/v1/locations?x HTTP/2\" 204 - 154 "
     "0 226 100 \"192.0.2.7\" \"say \"hi\" \" \" there\" \"cc21d9b0\" "
     "\"locations\" \"tcp://10.0.2.1:80\"",
     "2026-04-09T12:34:56.31Z 192.0.2.7 POST /api/v1/locations?x"},
    {"caddy", kCaddy, "2026-11-30T15:29:32.4812467Z 127.0.0.1 GET /pets/?q=1"},
    {"traefik-json", kTraefikJson,
     "2026-04-09T12:34:56.000000001Z 192.0.2.7 GET /pets/1?x"},
    {"traefik",
     "192.0.2.7 - - [09/Apr/2026:12:34:56 +0000] \"GET /pets HTTP/1.1\" - - "
     "\"-\" \"curl/7\" 17 \"r@docker\" \"http://10.0.0.2:80\" 3ms",
     "2026-04-09T12:34:56Z 192.0.2.7 GET /pets"},
    {"haproxy", kHaproxy, "2026-11-30T15:28:58.476Z 127.0.0.1 GET /pets/?a=\""},
    {"haproxy",
     "Feb  6 12:14:14 lb haproxy[14389]: 2001:db8::1:33317 "
     "[06/Feb/2026:12:14:14.655] in static/srv1 10/0/30/69/109 200 2750 - - "
     "---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\"",
     "2026-02-06T12:14:14.655Z 2001:db8::1 GET /index.html"},
    {"weir", "2015-05-17T10:05:03Z k1 a1b2:prod /pets/17/GET 5",
     "2015-05-17T10:05:03Z k1 GET /pets/17 @a1b2:prod secret cost 5"},
    {"weir-access", kAccessLog,
     "2026-11-30T15:13:41.123456Z a1b2c3d4e5 GET /pets/17 @shop:prod cost 3"},
    {"json",  // nginx, escape=json
     R"({"time":"2026-11-30T15:28:55+00:00","msec":1796052535.361,)"
     R"("remote_addr":"127.0.0.1","remote_user":"a b","request":)"
     R"("GET /pets/ HTTP/1.1","request_method":"GET","request_uri":"/pets/",)"
     R"("status":200})",
     "2026-11-30T15:28:55.361Z 127.0.0.1 GET /pets/"},
};

// The first of a format.
const Sample& sample(std::string_view format) {
  return *std::find_if(std::begin(kSamples), std::end(kSamples),
                       [&](const Sample& s) { return s.format == format; });
}

TEST(LogFormats, EachReadsAndRecognisesItsLines) {
  std::set<std::string> formats;
  for (const Sample& sample : kSamples) {
    EXPECT_EQ(read(sample.format, sample.line), sample.summary);
    EXPECT_EQ(detected({sample.line}), sample.format) << sample.line;
    formats.insert(sample.format);
  }
  for (const LogFormat& format : log_formats()) {
    if (format.name == "w3c") continue;  // has a header: below
    EXPECT_EQ(formats.count(std::string(format.name)), 1u) << format.name;
  }
}

// The format is that of most lines, whatever is around them.
TEST(LogFormats, LinesOfOtherFormatsDoNotDecide) {
  std::vector<std::string> lines = {"garbage", "", "# comment", "{\"time\":1}"};
  for (const Sample& sample : kSamples) lines.push_back(sample.line);
  EXPECT_EQ(detected({"garbage", "", "# a", "h - -"}), "none");
  for (const Sample& sample : kSamples) {
    std::vector<std::string> mixed = lines;
    mixed.insert(mixed.end(), 8, sample.line);
    EXPECT_EQ(detected(mixed), sample.format);
  }
  // A host that ends like a port is none.
  EXPECT_EQ(detected({"2001:db8::1 - a b [17/May/2015:10:05:03 +0000] \"GET / "
                      "HTTP/1.1\" 200 1 \"r\" \"a\""}),
            "combined");
  // A line that was cut short does not make it the common format.
  const std::string combined =
      "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"r\" \"a\"";
  EXPECT_EQ(detected({combined.substr(0, 60), combined, combined}), "combined");
  EXPECT_EQ(detected({combined.substr(0, combined.size() - 4)}), "common");
}

TEST(LogFormats, FormatsThatResembleEachOtherAreToldApart) {
  const std::string time = "[17/May/2015:10:05:03 +0000]";
  const std::string request = " \"GET / HTTP/1.1\" 200 1";
  const std::string combined = time + request + " \"r\" \"a\"";
  EXPECT_EQ(detected({"v:80 h - - " + combined}), "vhost_combined");
  EXPECT_EQ(detected({"v:80 h - a b " + combined}), "vhost_combined");
  EXPECT_EQ(detected({"v:80 h - - " + time + request}), "common");
  EXPECT_EQ(detected({"v:80 h - - " + time + request + " \"r\""}), "common");
  for (const char* who : {"v h - - ", "v: h - - ", "v:8x h - - ", "v:80 - - ",
                          "2001:db8::1 - - - ", "h - - "}) {
    EXPECT_EQ(detected({who + combined}), "combined") << who;
  }
  const std::string traefik = "h - - " + combined + " 17 \"r\" \"s\" ";
  for (const char* duration : {"3ms", "0ms", "12345ms"}) {
    EXPECT_EQ(detected({traefik + duration}), "traefik") << duration;
  }
  for (const char* other : {"", "3s", "3", "ms", "-ms", "3.5ms", "3msx"}) {
    EXPECT_EQ(detected({traefik + other}), "combined") << other;
  }
  // Of API Gateway's, there is no blank before the request, or a route key.
  EXPECT_EQ(detected({"i c u " + time + "\"GET /x HTTP/1.1\" 200 5 id"}),
            "apigateway-clf");
  EXPECT_EQ(detected({"i c u " + time + " \"GET $default HTTP/1.1\" 200 5 id"}),
            "apigateway-clf");
  EXPECT_EQ(detected({"i c u " + time + " \"GET /x HTTP/1.1\" 200 5 id"}),
            "common");
}

TEST(LogFormats, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const LogFormat& format : log_formats()) {
    EXPECT_TRUE(names.insert(format.name).second);
    EXPECT_EQ(find_log_format(format.name), &format);
    EXPECT_FALSE(format.title.empty());
    EXPECT_NE(log_format_names().find(std::string(format.name)),
              std::string::npos);
  }
  EXPECT_EQ(find_log_format("Combined"), nullptr);
  EXPECT_EQ(find_log_format(""), nullptr);
}

// -- Fields --

TEST(LogFormats, TheKeyIsTheFieldAskedFor) {
  const std::string combined = sample("combined").line;
  for (const auto& [field, key] :
       {std::pair<const char*, const char*>{"host", "83.149.9.216"},
        {"ident", "-"},
        {"user", "frank"},
        {"referer", "http://example.org/"},
        {"agent", "Mozilla/5.0 (\\\"X\\\"; like [this])"},
        {"status", "200"},
        {"size", "203023"},
        {"path", "/a/b.png?q=1"},
        {"time", "17/May/2015:10:05:03 +0000"},
        {"protocol", "HTTP/1.1"}}) {
    EXPECT_EQ(Read("combined", combined, field).entry().key, key) << field;
  }
  EXPECT_EQ(read("combined", combined, "key"),
            "there is no field \"key\"; there are: host, ident, user, time, "
            "method, path, protocol, status, size, referer, agent");
  EXPECT_EQ(Read("vhost_combined", sample("vhost_combined").line, "vhost")
                .entry()
                .key,
            "example.test:80");
  const std::string traefik = sample("traefik").line;
  EXPECT_EQ(Read("traefik", traefik, "router").entry().key, "r@docker");
  EXPECT_EQ(Read("traefik", traefik, "duration").entry().key, "3ms");
  EXPECT_EQ(
      Read("apigateway-clf", sample("apigateway-clf").line, "extendedRequestId")
          .entry()
          .key,
      "ext=");
  EXPECT_EQ(Read("alb", kAlb, "domain_name").entry().key, "api.example.com");
  EXPECT_EQ(Read("alb", kAlb, "agent").entry().key, "curl/7.88");
  // A Classic Load Balancer's.
  EXPECT_EQ(Read("alb",
                 "2015-05-13T23:39:43.945958Z lb 192.0.2.7:2817 10.0.0.1:80 "
                 "0.000 0.001 0.000 200 200 0 29 "
                 "\"GET http://www.example.com:80/x HTTP/1.1\" \"curl/7.38\" "
                 "- -",
                 "agent")
                .summary(),
            "2015-05-13T23:39:43.945958Z curl/7.38 GET /x");
  const std::string envoy = sample("envoy").line;
  EXPECT_EQ(Read("envoy", envoy, "agent").entry().key,
            "say \"hi\" \" \" there");
  EXPECT_EQ(Read("envoy", envoy, "authority").entry().key, "locations");
  EXPECT_EQ(Read("envoy", envoy, "upstream_host").entry().key,
            "tcp://10.0.2.1:80");
  EXPECT_EQ(Read("cloudfront", kCloudFrontLine, "cs(User-Agent)").entry().key,
            "Mozilla/5.0%20(X11)");
  EXPECT_EQ(
      Read("apigateway-xml", sample("apigateway-xml").line, "user").entry().key,
      "a&b");
  EXPECT_EQ(Read("apigateway-xml", sample("apigateway-xml").line, "requestId")
                .entry()
                .key,
            "c6af");
  EXPECT_EQ(Read("apigateway-csv", sample("apigateway-csv").line, "requestId")
                .entry()
                .key,
            "c6af9ac6-7b61");
}

TEST(LogFormats, JsonFieldsHaveNamesPathsAndPointers) {
  for (const char* field :
       {"request.headers.X-Api-Key[0]", "/request/headers/X-Api-Key/0"}) {
    const Read read("caddy", kCaddy, field);
    EXPECT_EQ(read.entry().key, "key-one-two-three");
    EXPECT_TRUE(read.entry().key_is_secret);
  }
  EXPECT_EQ(Read("caddy", kCaddy, "user_id").entry().key, "a b c");
  EXPECT_EQ(Read("caddy", kCaddy, "status").entry().key, "200");
  EXPECT_EQ(read("caddy", kCaddy, "request"),
            "malformed: the key's field is an object or an array");
  // Caddy hides what credentials it knows: nobody is identified by them.
  EXPECT_FALSE(Read("caddy", kCaddy, "request.headers.Authorization[0]")
                   .entry()
                   .has_key);
  EXPECT_EQ(
      read("json", R"({"ts":1,"method":"GET","path":"/","a.b":"c","ip":"i"})",
           "a.b"),
      "1970-01-01T00:00:01Z c GET /");
  const Read missing("caddy", kCaddy, "apiKeyId");
  EXPECT_FALSE(missing.entry().has_key);
  EXPECT_EQ(missing.missing(), "apiKeyId");
  const std::vector<std::string> names = missing.field_names();
  EXPECT_NE(
      std::find(names.begin(), names.end(), "request.headers.X-Api-Key[0]"),
      names.end());
  EXPECT_EQ(Read("caddy", kCaddy, "user_id").missing(), "");
}

TEST(LogFormats, ApiKeysThatWereNotThereAreNone) {
  const auto line = [](const std::string& members) {
    return "{\"requestTimeEpoch\":1775738096250,\"httpMethod\":\"GET\","
           "\"routeKey\":\"GET /pets\",\"ip\":\"192.0.2.7\"" +
           members + "}";
  };
  const std::string start = "2026-04-09T12:34:56.25Z ";
  EXPECT_EQ(read("apigateway-json", line("")),
            start + "192.0.2.7 GET /pets resource");
  EXPECT_EQ(read("apigateway-json", line(R"(,"apiKeyId":"abc")")),
            start + "abc GET /pets resource");
  EXPECT_EQ(read("apigateway-json", line(R"(,"identity":{"apiKeyId":"abc"})")),
            start + "abc GET /pets resource");
  EXPECT_EQ(read("apigateway-json", line(R"(,"apiKey":"v1","stage":"s")")),
            start + "v1 GET /pets resource secret");
  for (const char* none : {"\"-\"", "\"\"", "null"}) {
    EXPECT_EQ(
        read("apigateway-json", line(absl::StrCat(",\"apiKeyId\":", none))),
        start + "(none) GET /pets resource");
  }
  EXPECT_EQ(read("apigateway-json", line(R"(,"apiId":"a","stage":"s")")),
            start + "192.0.2.7 GET /pets @a:s resource");
  // Of other fields, "-" is a key like any other, and stands for null.
  EXPECT_EQ(read("apigateway-json", line(R"(,"user":null)"), "user"),
            start + "- GET /pets resource");
  EXPECT_EQ(read("apigateway-json", line(""), "user"),
            start + "- GET /pets resource");
  EXPECT_EQ(read("apigateway-json", line(R"(,"user":"-")"), "user"),
            start + "- GET /pets resource");
  EXPECT_EQ(read("weir", "1 - a:s /x/GET"),
            "1970-01-01T00:00:01Z (none) GET /x @a:s secret");
}

TEST(LogFormats, ApiGatewayPathsAreBelowTheirStage) {
  const auto path = [](const std::string& path, const std::string& stage) {
    return read(
        "apigateway-json",
        "{\"requestTime\":\"09/Apr/2026:12:34:56 +0000\",\"httpMethod\":"
        "\"GET\",\"ip\":\"i\",\"path\":\"" +
            path + "\",\"stage\":\"" + stage + "\"}");
  };
  const std::string start = "2026-04-09T12:34:56Z i GET ";
  EXPECT_EQ(path("/prod/pets/1", "prod"), start + "/pets/1");
  EXPECT_EQ(path("/prod", "prod"), start + "/");
  EXPECT_EQ(path("/product", "prod"), start + "/product");
  EXPECT_EQ(path("/pets", "$default"), start + "/pets");
}

TEST(LogFormats, StagesAreTakenFromAFieldToo) {
  EXPECT_EQ(Read("vhost_combined", sample("vhost_combined").line, "", "vhost")
                .entry()
                .stage,
            "example.test:80");
  EXPECT_EQ(Read("caddy", kCaddy, "", "request.host").entry().stage,
            "example.test");
  EXPECT_TRUE(Read("caddy", kCaddy, "", "nothing").entry().no_stage);
  for (const char* none : {"\"-\"", "\"\"", "null", "{}", "[1]"}) {
    EXPECT_EQ(read("json",
                   absl::StrCat(R"({"ts":1,"method":"GET","path":"/","ip":"i",)"
                                R"("vhost":)",
                                none, "}"),
                   "", "vhost"),
              "1970-01-01T00:00:01Z i GET / no-stage")
        << none;
  }
  EXPECT_EQ(Read("caddy", kCaddy, "", "nothing").missing(), "nothing");
  EXPECT_EQ(
      read("combined", sample("combined").line, "", "vhost").substr(0, 25),
      "there is no field \"vhost\"");
  EXPECT_EQ(read("common",
                 "h - - [7/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1",
                 "", "user"),
            "2015-05-07T10:05:03Z h GET / @-");
}

TEST(LogFormats, CredentialsAreSecrets) {
  const std::string line =
      R"({"ts":1,"method":"GET","path":"/","x_api_key":"v","ip":"i",)"
      R"("Authorization":"v","http_cookie":"v","apiKeyId":"v","key_id":"v",)"
      R"("X-Auth-Token":"v","client_secret":"v","user":"v"})";
  for (const char* field : {"x_api_key", "Authorization", "http_cookie",
                            "X-Auth-Token", "client_secret", "/x_api_key"}) {
    EXPECT_TRUE(Read("json", line, field).entry().key_is_secret) << field;
  }
  for (const char* field : {"ip", "apiKeyId", "key_id", "user"}) {
    EXPECT_FALSE(Read("json", line, field).entry().key_is_secret) << field;
  }
  // By the letters of their names, wherever these are; and "-" is no key.
  const auto entry = [](const std::string& name) {
    const Read one(
        "json",
        R"({"ts":1,"method":"GET","path":"/","ip":"i",")" + name + R"(":"-"})",
        "/" + name);
    const LogEntry entry = one.entry();
    return std::pair(entry.key_is_secret, entry.has_key);
  };
  for (const char* name :
       {"key", "KEY", "captured", "api_key_2", "my-api-key-value", "PASSWORD",
        "db.password", "credentials", "Ocp-Apim-Subscription-Key", "id_token",
        "set-cookie", "Proxy-Authorization", "secrets"}) {
    EXPECT_EQ(entry(name), std::pair(true, false)) << name;
  }
  for (const char* name : {"keyid", "api-key-id", "KeyID", "x_key_id"}) {
    EXPECT_EQ(entry(name), std::pair(false, false)) << name;
  }
  for (const char* name : {"id", "token_id", "secretId", "monkey", "keys",
                           "keyed", "kid", "tok", "captured_at"}) {
    EXPECT_EQ(entry(name), std::pair(false, true)) << name;
  }
  EXPECT_TRUE(Read("haproxy", kHaproxy, "captured").entry().key_is_secret);
  EXPECT_EQ(Read("haproxy", kHaproxy, "captured").entry().key,
            "key-one-two-three-four");
}

TEST(LogFormats, AccessLogOfServe) {
  const auto with = [](std::string from, const std::string& to) {
    std::string line = kAccessLog;
    return line.replace(line.find(from), from.size(), to);
  };
  EXPECT_EQ(
      read("weir-access", with("\"a1b2c3d4e5\"", "null")),
      "2026-11-30T15:13:41.123456Z (none) GET /pets/17 @shop:prod cost 3");
  EXPECT_EQ(read("weir-access",
                 with("\"shop\",\"stage\":\"prod\"", "null,\"stage\":null")),
            "2026-11-30T15:13:41.123456Z a1b2c3d4e5 GET /pets/17 no-stage cost "
            "3");
  EXPECT_EQ(read("weir-access", with("\"outcome\"", "\"result\"")),
            "malformed: expected the fields key_id, api_id, stage, outcome");
  EXPECT_EQ(read("weir-access", with("\"cost\":3", "\"cost\":-3")),
            "malformed: expected a cost from 0 to 4294967295");
}

TEST(LogFormats, OtherMessagesOfCaddyAreNothing) {
  EXPECT_EQ(
      read("caddy", R"({"level":"info","ts":1.5,"logger":"admin","msg":"up"})"),
      "nothing");
  EXPECT_EQ(read("caddy",
                 R"({"level":"error","ts":1.5,"logger":"http.log.error","msg":)"
                 R"("x","request":{"method":"GET","uri":"/"}})"),
            "nothing");
}

// -- Headers --

TEST(LogFormats, TablesHaveHeaders) {
  const std::vector<std::string> iis = {
      "#Software: Microsoft Internet Information Services 10.0",
      "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs-username "
      "c-ip cs(User-Agent) sc-status",
      "2026-04-09 12:34:56 10.0.0.1 GET /pets a=1 - 192.0.2.7 curl/7+x 200"};
  EXPECT_EQ(detected(iis), "w3c");
  EXPECT_EQ(Read("w3c", iis, {}).summary(),
            "2026-04-09T12:34:56Z 192.0.2.7 GET /pets?a=1");
  EXPECT_EQ(Read("w3c", iis, {"cs-username", ""}).entry().key, "-");
  EXPECT_EQ(read("w3c", iis[2]),
            "malformed: expected a line \"#Fields: ...\" before it");
  // The header decides the columns, and may change.
  EXPECT_EQ(Read("w3c",
                 {iis[1], "#Fields: c-ip date time cs-method cs-uri-stem",
                  "192.0.2.8 2026-04-09 12:34:56 PUT /x"},
                 {})
                .summary(),
            "2026-04-09T12:34:56Z 192.0.2.8 PUT /x");
  EXPECT_EQ(Read("w3c", {iis[1], "2026-04-09 12:34:56"}, {}).summary(),
            "malformed: expected as many fields as \"#Fields:\" names");

  const std::vector<std::string> cloudfront = {
      "#Version: 1.0",
      "#Fields: date time x-edge-location c-ip cs-method cs-uri-stem "
      "cs-uri-query",
      "2026-04-09\t12:34:56\tFRA56-P1\t192.0.2.7\tGET\t/pets%253Bv=1\t-"};
  EXPECT_EQ(detected(cloudfront), "cloudfront");
  EXPECT_EQ(Read("cloudfront", cloudfront, {}).summary(),
            "2026-04-09T12:34:56Z 192.0.2.7 GET /pets%3Bv=1");

  const std::vector<std::string> csv = {
      "requestId,ip,requestTime,httpMethod,routeKey,apiKeyId",
      "r,192.0.2.7,09/Apr/2026:12:34:56 +0000,GET,\"GET /p,\"\"q\"\"\",k1"};
  EXPECT_EQ(detected(csv), "apigateway-csv");
  EXPECT_EQ(Read("apigateway-csv", csv, {}).summary(),
            "2026-04-09T12:34:56Z k1 GET /p,\"q\" resource");
  EXPECT_EQ(read("apigateway-csv", "a,\"b"),
            "malformed: a field in quotes does not end with one");
}

// -- Hostile clients --

// A user's name is what the client likes. The line is that of the request all
// the same, and the client is who it is.
TEST(LogFormats, UserNamesNeitherForgeNorHide) {
  const std::string forged =
      "[01/Jan/2026:00:00:00 +0000] \"GET /forged HTTP/1.1\" 200 1";
  const std::vector<std::string> names = {
      "",
      " ",
      "a b c",
      "-",
      "\"\"",
      "x]",
      "[x",
      "] \"",
      "]\"GET / HTTP/1.1\" 200 1",
      "[01/Jan/2026",
      "[01/Jan/2026:00:00:00 +0000]",
      "x " + forged,
      forged,
      forged + " \"-\" \"agent\"",
      "x [01/Jan/2026:00:00:00 +0000] \\\"GET /forged HTTP/1.1\\\" 200 1",
      "x [01/Jan/2026:00:00:00 +0000] \\x22GET /forged HTTP/1.1\\x22 200 1",
      "\\",
      "\\\"",
      "x - - " + forged,
      std::string(3000, '['),
      std::string(3000, ']'),
      "\xFF\x01\xC3"};
  for (const std::string& name : names) {
    const std::string combined = "192.0.2.7 - " + name +
                                 " [09/Apr/2026:12:34:56 +0000] \"GET /pets "
                                 "HTTP/1.1\" 200 512 \"-\" \"curl/7\"";
    const std::string request = "2026-04-09T12:34:56Z 192.0.2.7 GET /pets";
    EXPECT_EQ(read("combined", combined), request) << name;
    EXPECT_EQ(read("common", combined), request) << name;
    EXPECT_EQ(read("vhost_combined", "v:80 " + combined), request) << name;
    EXPECT_EQ(read("traefik", combined + " 1 \"r\" \"s\" 3ms"), request)
        << name;
    EXPECT_EQ(detected({combined}), "combined") << name;
    if (name.find_first_not_of(' ') == 0) {
      EXPECT_EQ(Read("combined", combined, "user").entry().key, name);
    }
  }
}

// What comes after the request is a client's choice, too; these programs escape
// its quotes.
TEST(LogFormats, AgentsDoNotForge) {
  const std::vector<std::string> agents = {
      "[01/Jan/2026:00:00:00 +0000] \\\"GET /forged HTTP/1.1\\\" 200 1",
      "[01/Jan/2026:00:00:00 +0000] \\x22GET /forged HTTP/1.1\\x22 200 1",
      "x [01/Jan/2026:00:00:00 +0000]",
      "]",
      "GET /forged HTTP/1.1\\\" 200 1 \\\"",
      " 200 5 x",
  };
  for (const std::string& referer : agents) {
    for (const std::string& agent : agents) {
      const std::string line =
          "192.0.2.7 - - [09/Apr/2026:12:34:56 +0000] \"GET /pets HTTP/1.1\" "
          "200 512 \"" +
          referer + "\" \"" + agent + "\"";
      EXPECT_EQ(read("combined", line),
                "2026-04-09T12:34:56Z 192.0.2.7 GET /pets")
          << line;
      EXPECT_EQ(Read("combined", line, "agent").entry().key, agent);
    }
  }
  // Of an Envoy line, a client has the forwarded addresses, the agent and more.
  EXPECT_EQ(
      read(
          "envoy",
          "[2026-04-09T12:34:56.310Z] \"GET /pets HTTP/1.1\" 200 - 0 5 2 1 "
          "\"192.0.2.7\" \"x\" \"[2026-01-01T00:00:00.000Z] \"GET /f HTTP/1.1\""
          " 200 - 0 1 1 1 \"192.0.2.9\" \"y\" \"id\" \"a\" \"u\""),
      "2026-04-09T12:34:56.31Z 192.0.2.7 GET /pets");
  // A creation time that cannot be is not believed.
  std::string alb = kAlb;
  alb.replace(alb.find("12:34:56.25"), 2, "13");
  EXPECT_EQ(read("alb", alb),
            "2026-04-09T12:34:57Z 192.0.2.7 GET /pets/1?a=%20b");
  alb.replace(alb.find("2026-04-09T13"), 4, "2016");
  EXPECT_EQ(read("alb", alb),
            "2026-04-09T12:34:57Z 192.0.2.7 GET /pets/1?a=%20b");
}

TEST(LogFormats, LongLinesTakeTimeInProportion) {
  const std::string pieces[] = {"]\"",
                                "] \"",
                                "[01/Jan/2026:00:00:00 +0000] \"",
                                "[01/Jan/2026:00:00:00 +0000] \"G / \" 1 1 ",
                                "[",
                                "\\\"",
                                "\" \""};
  int malformed = 0;
  int accepted = 0;
  for (const std::string& piece : pieces) {
    std::string line;
    while (line.size() < 65000) line += piece;
    for (const LogFormat& format : log_formats()) {
      // Some take it, some do not: neither takes long.
      const std::string summary = Read(format.name, "h - " + line).summary();
      if (summary.rfind("malformed: ", 0) == 0) {
        ++malformed;
        EXPECT_LT(summary.size(), 500u) << format.name;
      } else if (summary.find(" G /") != summary.npos) {
        ++accepted;
      }
    }
  }
  EXPECT_GT(malformed, 0);
  EXPECT_GT(accepted, 0);
}

// -- JSON --

TEST(LogFormats, JsonThatIsNotQuiteJson) {
  const auto line = [](const std::string& agent) {
    return "{\"ts\":1,\"request\":\"GET / "
           "HTTP/1.1\",\"ip\":\"i\",\"agent\":\"" +
           agent + "\"}";
  };
  const auto agent = [&](const std::string& text) {
    const std::string kept = line(text);
    return std::string(Read("json", kept, "agent").entry().key);
  };
  EXPECT_EQ(agent("say \\x22hi\\x22"), "say \"hi\"");
  EXPECT_EQ(agent("\\\\x22"), "\\x22");
  EXPECT_EQ(agent("\\\\\\x22"), "\\\"");
  EXPECT_EQ(agent("\xE9t\xE9"), "\xC3\xA9t\xC3\xA9");
  EXPECT_EQ(agent("\\u00e9 \xC3\xA9"), "\xC3\xA9 \xC3\xA9");
  for (const char* wrong : {"\\x2", "\\x 2", "\\x+2", "\\x-2", "\\x2 ", "\\xg2",
                            "\\x2g", "\\X22", "\\"}) {
    EXPECT_EQ(read("json", line(wrong)), "malformed: not JSON") << wrong;
  }
  EXPECT_EQ(read("json", line("\\")), "malformed: not JSON");
  EXPECT_EQ(read("json", line("x") + "x"), "malformed: not JSON");
  EXPECT_EQ(read("json", line("x") + line("x")), "malformed: not JSON");
  EXPECT_EQ(read("json", "[1]"), "malformed: expected a JSON object");
  EXPECT_EQ(read("json", "{\"a\":" + std::string(5000, '[') +
                             std::string(5000, ']') + "}"),
            "malformed: not JSON");
}

TEST(LogFormats, MembersThatMatterAreThereOnce) {
  EXPECT_EQ(read("json", R"({"ts":1,"ts":2,"request":"GET / HTTP/1.1"})"),
            "malformed: a member that matters is there twice");
  EXPECT_EQ(read("json", R"({"ts":1,"t\u0073":2,"request":"GET / HTTP/1.1"})"),
            "malformed: a member that matters is there twice");
  std::string caddy = kCaddy;
  caddy.replace(caddy.find("\"method\""), 8, "\"method\":\"PUT\",\"method\"");
  EXPECT_EQ(read("caddy", caddy),
            "malformed: a member that matters is there twice");
  EXPECT_EQ(read("json", R"({"ts":1,"x":1,"x":2,"request":"GET / HTTP/1.1",)"
                         R"("ip":"i"})"),
            "1970-01-01T00:00:01Z i GET /");
}

TEST(LogFormats, JsonNumbers) {
  const auto time = [](const std::string& number) {
    return read("json",
                "{\"ts\":" + number + R"(,"method":"GET","path":"/","ip":17})");
  };
  EXPECT_EQ(time("1796052572"), "2026-11-30T15:29:32Z 17 GET /");
  EXPECT_EQ(time("1796052572.25"), "2026-11-30T15:29:32.25Z 17 GET /");
  EXPECT_EQ(time("1796052572499.1655"),
            "2026-11-30T15:29:32.4991655Z 17 GET /");
  EXPECT_EQ(time("1796052572499165"), "2026-11-30T15:29:32.499165Z 17 GET /");
  EXPECT_EQ(time("1796052572499165123"),
            "2026-11-30T15:29:32.499165123Z 17 GET /");
  EXPECT_EQ(time("\"1796052572\""), "2026-11-30T15:29:32Z 17 GET /");
  EXPECT_EQ(time("1.796052572e9"), "2026-11-30T15:29:32Z 17 GET /");
  for (const char* number :
       {"-1", "1e300", "18446744073709551615", "true", "{}", "null", "\"\""}) {
    EXPECT_EQ(time(number).substr(0, 27), "malformed: expected a time,")
        << number;
  }
}

TEST(LogFormats, XmlIsOneElementOfTexts) {
  const auto with_user = [](const std::string& element) {
    return read("apigateway-xml",
                "<r><ip>i</ip><requestTime>09/Apr/2026:12:34:56 "
                "+0000</requestTime><httpMethod>GET</httpMethod>"
                "<resourcePath>/</resourcePath>" +
                    element + "</r>",
                "user");
  };
  const std::string start = "2026-04-09T12:34:56Z ";
  EXPECT_EQ(with_user("<user>&#65;&#x263a;&lt;&gt;&quot;&apos;</user>"),
            start + "A\xE2\x98\xBA<>\"' GET / resource");
  // Of each length in UTF-8, the first and the last.
  EXPECT_EQ(with_user("<user>&#x7f;&#x80;&#x7ff;&#x800;&#xffff;&#x10000;"
                      "&#x10ffff;</user>"),
            start +
                "\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80"
                "\x80\xF4\x8F\xBF\xBF GET / resource");
  EXPECT_EQ(with_user("<user/>"), start + " GET / resource");
  EXPECT_EQ(with_user("<user></user>"), start + " GET / resource");
  for (const char* wrong :
       {"<user>&nbsp;</user>", "<user>&#xD800;</user>", "<user>&#0;</user>",
        "<user>&amp</user>", "<user>a", "<user>a</usr>", "<user><a/></user>",
        "text", "<user>a</user><user>b</user>", "<!-- x -->"}) {
    EXPECT_EQ(with_user(wrong),
              "malformed: expected one XML element with elements of text in it")
        << wrong;
  }
}

// -- What is wrong with a line --

TEST(LogFormats, SaysWhatIsWrongWithALineOfHaproxy) {
  const auto reason = [](const char* part, const char* instead) {
    std::string line = kHaproxy;
    return read(
        "haproxy",
        line.replace(line.find(part), std::string_view(part).size(), instead));
  };
  const std::string start = "malformed: expected ";
  EXPECT_EQ(reason("2026:15:28:58.476", "2026"),
            start + "a time such as [17/May/2015:10:05:03.250]");
  EXPECT_EQ(reason("] ", ""), start + "host:port and a time in brackets");
  EXPECT_EQ(reason(":45850", "").rfind(start + "host:port, a time, a ", 0), 0u);
  EXPECT_EQ(reason(" 202 ", " x ").rfind(start + "host:port, a time, a ", 0),
            0u);
}

TEST(LogFormats, SaysWhatIsWrongWithACommonLine) {
  const auto reason = [](const std::string& line) {
    return read("combined", line);
  };
  const std::string time = "h - - [17/May/2015:10:05:03 +0000]";
  const std::string start = "malformed: expected ";
  EXPECT_EQ(reason("h - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1"),
            start + "host, ident, user and a time in brackets");
  EXPECT_EQ(reason("h - - [17/May/2015:10:05:03 +0000"),
            start + "host, ident, user and a time in brackets");
  EXPECT_EQ(
      reason("h - - [yesterday] \"GET / HTTP/1.1\" 200 1"),
      start + "a time such as [17/May/2015:10:05:03 +0000], 1970 to 2089");
  for (const char* rest : {"", " GET / 200 1", " \"GET / HTTP/1.1",
                           " \"GET /\\\" 200 1", " \"GET /\"200 1", " \""}) {
    EXPECT_EQ(reason(time + rest), start + "a request line in quotes") << rest;
  }
  for (const char* rest : {"", " 200", " 20 1", " abc 1", " 200 1k"}) {
    EXPECT_EQ(reason(time + " \"GET / HTTP/1.1\"" + rest),
              start + "a status and a size after the request line")
        << rest;
  }
  for (const char* rest : {"", " \"", " \"r\"", " \"r\" \"a", " \"r\" a"}) {
    const std::string line = time + " \"GET / HTTP/1.1\" 200 1" + rest;
    EXPECT_EQ(read("combined", line, "agent"),
              "malformed: the line ends before its field \"agent\"")
        << rest;
    EXPECT_EQ(Read("combined", line).entry().key, "h");
  }
}

TEST(LogFormats, RequestLines) {
  const auto target = [](const std::string& request) {
    return read("common",
                "h - - [17/May/2015:10:05:03 +0000] \"" + request + "\" 200 1")
        .substr(23);
  };
  EXPECT_EQ(target("GET /a"), "GET /a");
  EXPECT_EQ(target("GET /a b c HTTP/1.1"), "GET /a b c");
  EXPECT_EQ(target("GET /a\\\"b HTTP/1.1"), "GET /a\"b");
  EXPECT_EQ(target("GET /a\\x22\\xc3\\xa9b HTTP/1.1"),
            "GET /a\"\xC3\xA9"
            "b");
  EXPECT_EQ(target("GET http://h:80/a HTTP/1.1"), "GET http://h:80/a");
  EXPECT_EQ(target("GET /r?u=http://x HTTP/1.1"), "GET /r?u=http://x");
  EXPECT_EQ(target("OPTIONS * HTTP/1.1"), "OPTIONS *");
  EXPECT_EQ(target("M-SEARCH * HTTP/1.1"), "M-SEARCH *");
  EXPECT_EQ(target("VERSION_CONTROL /a HTTP/1.1"), "VERSION_CONTROL /a");
  EXPECT_EQ(target("get /a HTTP/1.1"), "get /a");
  // What is no escape loses its backslash alone.
  EXPECT_EQ(target("GET /\\x4g\\xg4\\xAf\\n\\\\ HTTP/1.1"),
            "GET /x4gxg4\xAFn\\");
  EXPECT_EQ(target("GET /a\\x2"), "GET /ax2");
  EXPECT_EQ(target("GET /a\\x"), "GET /ax");
  EXPECT_EQ(target("CONNECT h:443 HTTP/1.1"), "CONNECT h:443");
  for (const char* request : {"", "GET", "GET ", "GET HTTP/1.1", "/a", "GET a",
                              "\\x16\\x03\\x01", "t3 12.2.1"}) {
    EXPECT_EQ(
        read("common", absl::StrCat("h - - [17/May/2015:10:05:03 +0000] \"",
                                    request, "\" 200 1")),
        "malformed: the request line has no method and path")
        << request;
  }
  EXPECT_EQ(read("common", "h - - [17/May/2015:10:05:03 +0000] \"-\" 408 -"),
            "malformed: the request line is \"-\"");
}

TEST(LogFormats, OwnLines) {
  EXPECT_EQ(Read("weir", "1.5 k a:s //GET").entry().target, "/");
  EXPECT_EQ(Read("weir", "1.5 k a:s /GET").entry().target, "/");
  EXPECT_EQ(Read("weir", "1.5 k a:s /a/GET 0").entry().cost, 0u);
  EXPECT_EQ(Read("weir", "1.5 k a:s /a/GET 4294967295").entry().cost,
            4294967295u);
  EXPECT_EQ(Read("weir", " 1.5\tk  a:s \t/a/GET\t7 ").entry().cost, 7u);
  EXPECT_EQ(Read("weir", "1.5 [k a:s /a/GET").entry().key, "[k");
  EXPECT_EQ(Read("weir", "1.5 k a:s /a\\b/GET").entry().target, "/a\\b");
  const auto reason = [](const std::string& line) {
    return read("weir", line).substr(11);
  };
  EXPECT_EQ(reason("garbage"),
            "expected a time (RFC 3339 or Unix seconds, 1970 to 2089) first");
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
}

// Every field of a line, each asked for as the key: "name=value|name=value".
std::string fields_of(std::string_view format, const std::string& line) {
  std::string text;
  for (const std::string& name : Read(format, line).field_names()) {
    const Read one(format, line, name);
    const std::string summary = one.summary();
    absl::StrAppend(&text, text.empty() ? "" : "|", name, "=",
                    summary.rfind("malformed", 0) == 0
                        ? "?"
                        : std::string(one.entry().key));
  }
  return text;
}

// As a key, and as a stage, a field has the same text.
TEST(LogFormats, EachFieldIsTheOneOfItsName) {
  const auto line = [](std::string_view format, int n = 0) {
    const Sample* found = &sample(format);
    for (; n > 0; --n) ++found;
    return std::string(found->line);
  };
  EXPECT_EQ(fields_of("common", line("common")),
            "host=2001:db8::1|ident=-|user=-|time=17/May/2015:10:05:03 -0700|"
            "method=POST|path=/|protocol=HTTP/1.0|status=304|size=-");
  EXPECT_EQ(fields_of("vhost_combined", line("vhost_combined")),
            "host=127.0.0.1|ident=-|user=a b|time=30/Nov/2026:15:28:55 +0000|"
            "method=GET|path=/pets/|protocol=HTTP/1.1|status=404|size=416|"
            "referer=-|agent=curl/7|vhost=example.test:80");
  EXPECT_EQ(fields_of("traefik", line("traefik")),
            "host=192.0.2.7|ident=-|user=-|time=09/Apr/2026:12:34:56 +0000|"
            "method=GET|path=/pets|protocol=HTTP/1.1|status=-|size=-|"
            "referer=-|agent=curl/7|count=17|router=r@docker|"
            "service=http://10.0.0.2:80|duration=3ms");
  EXPECT_EQ(fields_of("apigateway-clf", line("apigateway-clf")),
            "ip=192.0.2.7|caller=-|user=-|requestTime=09/Apr/2026:12:34:56 "
            "+0000|httpMethod=GET|resourcePath=/pets/{id}|protocol=HTTP/1.1|"
            "status=200|responseLength=512|requestId=c6af9ac6-7b61|"
            "extendedRequestId=ext=");
  EXPECT_EQ(fields_of("envoy", line("envoy")),
            "time=2026-04-09T12:34:56.310Z|method=POST|path=/api/v1/locations?"
            "x|protocol=HTTP/2|status=204|flags=-|received=154|sent=0|"
            "duration=226|upstream_time=100|forwarded_for=192.0.2.7|agent=say "
            "\"hi\" \" \" there|request_id=cc21d9b0|authority=locations|"
            "upstream_host=tcp://10.0.2.1:80");
  EXPECT_EQ(
      fields_of("alb", line("alb")),
      "type=h2|time=2026-04-09T12:34:57.000000Z|elb=app/lb/50dc6c495c0c9188|"
      "client=192.0.2.7|target=10.0.0.1:80|request_processing_time=0.000|"
      "target_processing_time=0.001|response_processing_time=0.000|status=200|"
      "target_status=200|received=34|sent=366|method=GET|"
      "path=https://api.example.com:443/pets/1?a=%20b|protocol=HTTP/2.0|"
      "agent=curl/7.88|ssl_cipher=ECDHE-RSA-AES128-GCM-SHA256|"
      "ssl_protocol=TLSv1.2|target_group_arn=arn:aws:elb:tg/x|"
      "trace_id=Root=1-58337262-36d228ad5d99923122bbe354|"
      "domain_name=api.example.com|chosen_cert_arn=arn:aws:acm:x|"
      "matched_rule_priority=1|"
      "request_creation_time=2026-04-09T12:34:56.250000Z|actions=forward|"
      "redirect_url=-|error_reason=-");
  EXPECT_EQ(fields_of("haproxy", line("haproxy")),
            "host=127.0.0.1|time=30/Nov/2026:15:28:58.476|frontend=fe|"
            "backend=be/s1|timers=0/0/0/1/1|status=200|size=202|"
            "captured=key-one-two-three-four|method=GET|path=/pets/?a=#22|"
            "protocol=HTTP/1.1");
  EXPECT_EQ(fields_of("haproxy", line("haproxy", 1)),
            "host=2001:db8::1|time=06/Feb/2026:12:14:14.655|frontend=in|"
            "backend=static/srv1|timers=10/0/30/69/109|status=200|size=2750|"
            "captured=1wt.eu} {|method=GET|path=/index.html|"
            "protocol=HTTP/1.1");
  EXPECT_EQ(fields_of("weir", line("weir")),
            "time=2015-05-17T10:05:03Z|key=k1|stage=a1b2:prod|path=/pets/17|"
            "method=GET|cost=5");
  EXPECT_EQ(fields_of("weir", "1.5 k a:s /GET"),
            "time=1.5|key=k|stage=a:s|path=/|method=GET|cost=1");
  for (const Sample& s : kSamples) {
    for (const std::string& name : Read(s.format, s.line).field_names()) {
      const Read as_key(s.format, s.line, name),
          as_stage(s.format, s.line, "", name);
      if (as_key.summary().rfind("malformed", 0) == 0) continue;
      const std::string key(as_key.entry().key);
      EXPECT_EQ(
          as_stage.entry().no_stage ? key : std::string(as_stage.entry().stage),
          key)
          << s.format << " " << name;
    }
  }
}

// A line of which the end is missing is of the same request, or malformed; and
// a field that is missing is not another: clients write some of them.
TEST(LogFormats, LinesThatAreCutKeepTheirFields) {
  const std::pair<const char*, std::string> lines[] = {
      {"common", sample("common").line},
      {"combined", sample("combined").line},
      {"vhost_combined", sample("vhost_combined").line},
      {"traefik", sample("traefik").line},
      {"envoy",
       "[2026-04-09T12:34:56.310Z] \"POST /api HTTP/2\" 204 - 154 0 226 100 "
       "\"192.0.2.7\" \"an agent\" \"cc21d9b0\" \"locations\" "
       "\"tcp://10.0.2.1:80\""},
      {"alb", kAlb},
  };
  for (const auto& [format, whole] : lines) {
    const Read uncut(format, whole);
    const LogEntry& all = uncut.entry();
    for (const std::string& name : uncut.field_names()) {
      const std::string value(Read(format, whole, name).entry().key);
      for (size_t size = 1; size < whole.size(); ++size) {
        const std::string cut = whole.substr(0, size);
        const Read some(format, cut, name);
        if (some.summary().rfind("malformed: ", 0) == 0) continue;
        EXPECT_EQ(some.entry().method, all.method) << cut;
        EXPECT_EQ(some.entry().target.size(), all.target.size()) << cut;
        const std::string key(some.entry().key);
        if (key == value) continue;
        // The last field of all may be cut itself, if it has no quotes.
        EXPECT_EQ(value.substr(0, key.size()), key) << name << " of " << cut;
        EXPECT_EQ(cut.substr(size - key.size()), key) << name << " of " << cut;
      }
    }
  }
}

TEST(LogFormats, SaysWhatIsWrongWithALineOfEnvoy) {
  const std::string whole = sample("envoy").line;
  const auto with = [&](const std::string& part, const std::string& instead) {
    std::string line = whole;
    return read("envoy", line.replace(line.find(part), part.size(), instead));
  };
  const std::string form =
      "malformed: expected [time] \"METHOD path version\" status flags and "
      "five numbers";
  const std::string time =
      "malformed: expected a time such as [2015-05-17T10:05:03.250Z]";
  const std::string request =
      "malformed: the request line has no method, path and version";
  EXPECT_EQ(with("[2026", "2026"), form);
  EXPECT_EQ(with("] \"POST", "]\"POST"), time);
  EXPECT_EQ(with("2026-04-09T", "2026-04-09x"), time);
  EXPECT_EQ(with("POST", ""), request);
  EXPECT_EQ(with("POST", "P0ST"), request);
  EXPECT_EQ(with(" /api/v1/locations?x ", "  "), request);
  EXPECT_EQ(with(" HTTP/2\" ", " HTTP/2\"x"), form);
  EXPECT_EQ(with(" 204 ", " - "), form);
  EXPECT_EQ(with(" 154 0 ", " 0 "), form);
  EXPECT_EQ(with(" 154 0 ", " - 0 "), form);
  EXPECT_EQ(with(" 154 0 ", " 154 - "), form);
  const std::string start =
      "2026-04-09T12:34:56.31Z 192.0.2.7 POST /api/v1/locations?x";
  // No upstream has a time; Istio's format has more in between.
  EXPECT_EQ(with(" 226 100 ", " 226 - "), start);
  EXPECT_EQ(with(" 226 100 ", " - - "), start);
  EXPECT_EQ(with(" 226 100 ", " 226ms 100 "), form);
  EXPECT_EQ(with(" 226 100 ", " 226 "), form);
  EXPECT_EQ(with(" 204 - ", " 204 - via_upstream - \"-\" "), start);
  EXPECT_EQ(with(" 204 - ", " 503 UF reset{x} - \"a b\" "), start);
  std::string istio = whole;
  istio.replace(istio.find(" 204 - "), 7, " 204 - via_upstream - \"-\" ");
  EXPECT_EQ(fields_of("envoy", istio), fields_of("envoy", whole));
  // What was sent is the least.
  const std::string line = "[2026-04-09T12:34:56Z] \"GET / HTTP/2\" 204 - ";
  EXPECT_EQ(read("envoy", line + "154 0", "status"),
            "2026-04-09T12:34:56Z 204 GET /");
  EXPECT_EQ(read("envoy", line + "154 0 2", "status"),
            "2026-04-09T12:34:56Z 204 GET /");
  EXPECT_EQ(read("envoy", line + "154 ", "status"), form);
  // Without the five fields in quotes, only the first is known.
  for (const char* quoted :
       {R"("i" "agent "id" "a" "u")", R"("i" ""id" "a" "u")",
        R"("i" "id" "a" "u")", R"("i" "agent" "id" "a" u")",
        R"("i" "agent" "id" "a" "u)", R"("i" ")"}) {
    const std::string whole_line = line + "154 0 2 1 " + quoted;
    EXPECT_EQ(read("envoy", whole_line), "2026-04-09T12:34:56Z i GET /");
    for (const char* field :
         {"agent", "request_id", "authority", "upstream_host"}) {
      EXPECT_EQ(read("envoy", whole_line, field),
                absl::StrCat("malformed: the line ends before its field \"",
                             field, "\""))
          << whole_line;
    }
  }
  EXPECT_EQ(read("envoy", line + R"(154 0 2 1 "i" "" "id" "a" "u")", "agent"),
            "2026-04-09T12:34:56Z  GET /");
}

TEST(LogFormats, SaysWhatIsWrongWithALineOfAlb) {
  const auto with = [&](const std::string& part, const std::string& instead) {
    std::string line = kAlb;
    return read("alb", line.replace(line.find(part), part.size(), instead));
  };
  const std::string form =
      "malformed: expected a type, a time such as "
      "2015-05-17T10:05:03.250000Z, a load balancer, and client:port";
  const std::string no_request =
      "malformed: expected a request line in quotes as the 13th field";
  EXPECT_EQ(with("2026-04-09T12:34:57.000000Z", "yesterday"), form);
  EXPECT_EQ(with("34 366 ", "34 "), no_request);
  EXPECT_EQ(with("34 366 ", "34 366 1 "), no_request);
  EXPECT_EQ(with(" HTTP/2.0\" ", " HTTP/2.0 "), no_request);
  EXPECT_EQ(with("192.0.2.7:2817 ", ":2817 "), no_request);
  EXPECT_EQ(with("\"GET https", "\"G3T https"),
            "malformed: the request line has no method and path");
  EXPECT_EQ(with("\"GET https://api.example.com:443/pets/1?a=%20b HTTP/2.0\"",
                 "\"- http://x:80- -\""),
            "2026-04-09T12:34:56.25Z 192.0.2.7 - /");
  EXPECT_EQ(with("192.0.2.7:2817", "[2001:db8::7]:2817"),
            "2026-04-09T12:34:56.25Z [2001:db8::7] GET /pets/1?a=%20b");
  EXPECT_EQ(with("192.0.2.7:2817", "192.0.2.7"),
            "2026-04-09T12:34:56.25Z 192.0.2.7 GET /pets/1?a=%20b");
  EXPECT_EQ(with("192.0.2.7:2817", "192.0.2.7:x"),
            "2026-04-09T12:34:56.25Z 192.0.2.7:x GET /pets/1?a=%20b");
  // Created when it was answered; a day before; and less.
  for (const auto& [created, believed] :
       {std::pair<const char*, const char*>{"2026-04-09T12:34:57.000000Z",
                                            "2026-04-09T12:34:57Z"},
        {"2026-04-08T12:34:57.000000Z", "2026-04-09T12:34:57Z"},
        {"2026-04-08T12:34:57.000001Z", "2026-04-08T12:34:57.000001Z"},
        {"2026-04-09T12:34:57.000001Z", "2026-04-09T12:34:57Z"},
        {"-", "2026-04-09T12:34:57Z"}}) {
    EXPECT_EQ(with("2026-04-09T12:34:56.250000Z", created),
              absl::StrCat(believed, " 192.0.2.7 GET /pets/1?a=%20b"))
        << created;
  }
}

TEST(LogFormats, LinesOfHaproxyMayBeCutOff) {
  const auto with = [&](const std::string& part, const std::string& instead) {
    std::string line = kHaproxy;
    return read("haproxy", line.replace(line.find(part), part.size(), instead));
  };
  const std::string start = "2026-11-30T15:28:58.476Z 127.0.0.1 GET ";
  EXPECT_EQ(with("#22 HTTP/1.1\"", "b"), start + "/pets/?a=b");
  EXPECT_EQ(with(" HTTP/1.1\"", "\""), start + "/pets/?a=\"");
  EXPECT_EQ(with("\"GET /pets/?a=#22 HTTP/1.1\"", ""),
            "malformed: expected a request line in quotes at the end");
  EXPECT_EQ(with("\"GET /pets/?a=#22 HTTP/1.1\"", "\"<BADREQ>\""),
            "malformed: the request line has no method and path");
  EXPECT_EQ(with(" {key-one-two-three-four}", ""), start + "/pets/?a=\"");
  const std::string whole = kHaproxy;
  const auto captured = [&](const std::string& instead) {
    std::string line = whole;
    const std::string part = "{key-one-two-three-four}";
    line.replace(line.find(part), part.size(), instead);
    return read("haproxy", line, "captured");
  };
  EXPECT_EQ(captured("{a|b}"),
            "2026-11-30T15:28:58.476Z a|b GET /pets/?a=\" secret");
  EXPECT_EQ(captured("{}"),
            "2026-11-30T15:28:58.476Z (none) GET /pets/?a=\" secret");
  for (const char* none : {"", "{a", "a}"}) {
    EXPECT_EQ(captured(none),
              "malformed: the line ends before its field \"captured\"")
        << none;
  }
}

// What a log is compared with, of which no line is of any format.
TEST(LogFormats, TheClosestFormatIsThatOfItsFirstBytes) {
  const auto closest = [](std::string_view line) {
    return std::string(closest_log_format(line).name);
  };
  EXPECT_EQ(closest("{"), "json");
  EXPECT_EQ(closest(" \t{\"a\": [1]}"), "json");
  EXPECT_EQ(closest("<request>"), "apigateway-xml");
  EXPECT_EQ(closest("  <"), "apigateway-xml");
  EXPECT_EQ(closest("h - - [yesterday] x"), "common");
  EXPECT_EQ(closest("h [x"), "common");
  for (const char* other : {"", "garbage", "[x] y", "a[b", "x {", "x <"}) {
    EXPECT_EQ(closest(other), "weir") << other;
  }
}

// Steps into members and elements, of which none is taken for another.
TEST(LogFormats, JsonPathsReachWhatTheyName) {
  const std::string line =
      R"({"ts":1,"method":"GET","path":"/","ip":"i","a":{"b":["x",["y","z"]],)"
      R"("0":"member","c/d":"slash","e~f":"tilde"},"l":[{"m":"n"},7,-7,1.5,true,)"
      R"(false,null,18446744073709551615,[],{}],"q.r":{"s":"dotted"}})";
  const auto key = [&](const std::string& field) {
    const Read one("json", line, field);
    const std::string summary = one.summary();
    if (summary.rfind("malformed: ", 0) == 0) return summary.substr(11);
    return std::string(one.entry().key) +
           (one.missing().empty() ? "" : " missing");
  };
  EXPECT_EQ(key("a.b[0]"), "x");
  EXPECT_EQ(key("a.b[1][0]"), "y");
  EXPECT_EQ(key("a.b[1][1]"), "z");
  EXPECT_EQ(key("/a/b/0"), "x");
  EXPECT_EQ(key("/a/b/1/1"), "z");
  EXPECT_EQ(key("/a/0"), "member");
  EXPECT_EQ(key("a.0"), "member");
  EXPECT_EQ(key("/a/c~1d"), "slash");
  EXPECT_EQ(key("/a/e~0f"), "tilde");
  EXPECT_EQ(key("l[0].m"), "n");
  EXPECT_EQ(key("/l/0/m"), "n");
  EXPECT_EQ(key("l[1]"), "7");
  EXPECT_EQ(key("l[2]"), "-7");
  EXPECT_EQ(key("l[3]"), "1.5");
  EXPECT_EQ(key("l[4]"), "true");
  EXPECT_EQ(key("l[5]"), "false");
  EXPECT_EQ(key("l[6]"), "-");
  EXPECT_EQ(key("l[7]"), "18446744073709551615");
  for (const char* parts : {"a", "l", "a.b", "a.b[1]", "l[8]", "l[9]", "/a"}) {
    EXPECT_EQ(key(parts), "the key's field is an object or an array") << parts;
  }
  for (const char* missing :
       {"a.b[2]", "a.b[x]", "a.b[]", "a.b.c", "a[0]", "l[10]", "l.m", "/l/m",
        "/l/-1", "ip.x", "ip[0]", "q.r.t", "/q.r/t", "/", "a.", ".a", "[0]",
        "A", "a.c~1d"}) {
    EXPECT_EQ(key(missing), "- missing") << missing;
  }
  EXPECT_EQ(key("/q.r/s"), "dotted");
  const std::vector<std::string> names = Read("json", line).field_names();
  EXPECT_EQ(absl::StrJoin(names, " "),
            "ts method path ip a.b[0] a.b[1][0] a.b[1][1] a.0 a.c/d a.e~f "
            "l[0].m l[1] l[2] l[3] l[4] l[5] l[6] l[7] q.r.s");
  std::string wide = R"({"ts":1,"method":"GET","path":"/","ip":"i","w":[0)";
  for (int i = 0; i < 200; ++i) wide += ",0";
  EXPECT_EQ(Read("json", wide + "]}").field_names().size(), 100u);
  EXPECT_EQ(read("json",
                 R"({"ts":1,"method":"GET","path":"/","ip":"i",)"
                 R"("a":{"b":1,"b":2}})",
                 "a.b"),
            "malformed: a member that matters is there twice");
}

TEST(LogFormats, SaysWhatAJsonLineLacks) {
  const auto reason = [](const char* format, const std::string& members) {
    const std::string summary = read(format, "{" + members + "}");
    return summary.rfind("malformed: ", 0) == 0 ? summary.substr(11) : summary;
  };
  EXPECT_EQ(reason("json", R"("method":"GET","path":"/","ip":"i")"),
            "expected a time, 1970 to 2089, as msec or time_iso8601 or "
            "timestamp or @timestamp or time or ts or start_time or "
            "time_local");
  EXPECT_EQ(reason("json", R"("ts":1,"ip":"i")"),
            "expected a method and a path, as request or request_line, or as "
            "request_method or method or http_method and request_uri or uri or "
            "path or request_path or url");
  EXPECT_EQ(reason("json", R"("ts":1,"ip":"i","path":"/")"),
            reason("json", R"("ts":1,"ip":"i")"));
  EXPECT_EQ(reason("json", R"("ts":1,"ip":"i","method":"G T","path":"/")"),
            reason("json", R"("ts":1,"ip":"i")"));
  EXPECT_EQ(reason("json", R"("ts":1,"ip":"i","request":"GET")"),
            "the request line has no method and path");
  EXPECT_EQ(reason("json", R"("ts":1,"method":"GET","path":"/")"),
            "the record has no field that identifies the caller: see --key");
  EXPECT_EQ(reason("json", R"("ts":1,"method":"GET","path":"/","ip":"-")"),
            "1970-01-01T00:00:01Z - GET /");
  EXPECT_EQ(reason("apigateway-json", R"("requestTimeEpoch":1,"ip":"i")"),
            "expected a method and a path, as httpMethod and resourcePath");
  EXPECT_EQ(reason("apigateway-json", R"("ip":"i")"),
            "expected a time, 1970 to 2089, as requestTimeEpoch or "
            "requestTime");
  EXPECT_EQ(reason("caddy", R"("request":{})"),
            "expected the fields request, logger");
  EXPECT_EQ(reason("caddy", R"("logger":"http.log.access")"),
            "expected the fields request, logger");
  EXPECT_EQ(reason("traefik-json", R"("ClientHost":"h")"),
            "expected the fields RequestPath");
  for (const char* cost : {"-1", "1.5", "4294967296", "\"x\"", "\"1 \""}) {
    EXPECT_EQ(reason("weir-access",
                     absl::StrCat(R"("time":"2026-11-30T15:13:41Z","key_id":)"
                                  R"("k","api_id":"a","stage":"s","method":)"
                                  R"("GET","path":"/","outcome":"","cost":)",
                                  cost)),
              "expected a cost from 0 to 4294967295")
        << cost;
  }
}

TEST(LogFormats, TablesHaveAsManyColumnsAsTheyName) {
  const std::string names = "#Fields: date time c-ip cs-method cs-uri-stem";
  const std::string line = "2026-04-09 12:34:56 192.0.2.7 GET /pets";
  const std::string request = "2026-04-09T12:34:56Z 192.0.2.7 GET /pets";
  const std::string count =
      "malformed: expected as many fields as \"#Fields:\" names";
  EXPECT_EQ(Read("w3c", {names, line}, {}).summary(), request);
  EXPECT_EQ(Read("w3c", {names, line + " x"}, {}).summary(), count);
  EXPECT_EQ(Read("w3c", {names, line.substr(0, line.rfind(' '))}, {}).summary(),
            count);
  EXPECT_EQ(
      Read("w3c", {"#Fields:\tdate  time\tc-ip cs-method cs-uri-stem ", line},
           {})
          .summary(),
      request);
  // Another comment keeps the columns.
  EXPECT_EQ(Read("w3c", {names, "#Date: x", "# Fields: a", line}, {}).summary(),
            request);
  EXPECT_EQ(absl::StrJoin(Read("w3c", {names}, {}).field_names(), " "),
            "date time c-ip cs-method cs-uri-stem");
  // CloudFront's without a header have from 12 columns up to all.
  std::vector<std::string> fields =
      absl::StrSplit(absl::string_view(kCloudFrontLine), '\t');
  ASSERT_EQ(fields.size(), 33u);
  const auto first = [&](size_t n) {
    return read("cloudfront",
                absl::StrJoin(fields.begin(),
                              fields.begin() + static_cast<long>(n), "\t"));
  };
  for (size_t n = 1; n <= fields.size(); ++n) {
    EXPECT_EQ(first(n), n < 12 ? "malformed: expected a line \"#Fields: ...\" "
                                 "before it"
                               : "2026-04-09T12:34:56Z 192.0.2.7 GET "
                                 "/pets/a%20b?q=1")
        << n;
  }
  EXPECT_EQ(read("cloudfront", absl::StrCat(kCloudFrontLine, "\tmore")),
            "malformed: expected a line \"#Fields: ...\" before it");
  EXPECT_EQ(fields_of("cloudfront", kCloudFrontLine).substr(0, 100),
            "date=2026-04-09|time=12:34:56|x-edge-location=FRA56-P1|sc-bytes="
            "2390|c-ip=192.0.2.7|cs-method=GET|cs");
}

TEST(LogFormats, CsvHasQuotesAndNames) {
  const std::string rest =
      "192.0.2.7,c,u,09/Apr/2026:12:34:56 "
      "+0000,GET,/pets/{id},HTTP/1.1,200,512,id";
  EXPECT_EQ(fields_of("apigateway-csv", rest + ",ext"),
            "ip=192.0.2.7|caller=c|user=u|requestTime=09/Apr/"
            "2026:12:34:56 +0000|httpMethod=GET|resourcePath=/pets/{id}|"
            "protocol=HTTP/1.1|status=200|responseLength=512|requestId=id|"
            "extendedRequestId=ext");
  EXPECT_EQ(fields_of("apigateway-csv",
                      "192.0.2.7,09/Apr/2026:12:34:56 +0000,GET,ANY /p,HTTP/"
                      "1.1,200,512,id,ext"),
            "ip=192.0.2.7|requestTime=09/Apr/2026:12:34:56 +0000|httpMethod="
            "GET|routeKey=ANY /p|protocol=HTTP/1.1|status=200|responseLength="
            "512|requestId=id|extendedRequestId=ext");
  EXPECT_EQ(read("apigateway-csv", "1,2,3,4"),
            "malformed: expected ip,caller,user,requestTime,... or "
            "ip,requestTime,..., or the names of the columns");
  const auto key = [](const std::string& value) {
    return Read("apigateway-csv",
                std::vector<std::string>{
                    "ip,requestTime,httpMethod,resourcePath,user",
                    "i,09/Apr/2026:12:34:56 +0000,GET,/," + value},
                FieldChoice{"user", ""})
        .summary();
  };
  const auto request = [](const std::string& user) {
    return "2026-04-09T12:34:56Z " + user + " GET / resource";
  };
  EXPECT_EQ(key("a b"), request("a b"));
  EXPECT_EQ(key("\"a,b\""), request("a,b"));
  EXPECT_EQ(key("\"a\"\"b\""), request("a\"b"));
  EXPECT_EQ(key("\"\"\"\""), request("\""));
  EXPECT_EQ(key("\"a\"b,c"), request("ab"));
  EXPECT_EQ(key("a\"b\""), request("a\"b\""));
  EXPECT_EQ(key("a,b,c"), request("a"));
  for (const char* open : {"\"", "\"a", "\"a\"\"", "\"a,b", "\"\"\""}) {
    EXPECT_EQ(key(open), "malformed: a field in quotes does not end with one")
        << open;
  }
  // The columns of the two kinds of API may take turns without a header.
  EXPECT_EQ(
      Read("apigateway-csv",
           {rest, "192.0.2.8,09/Apr/2026:12:34:56 +0000,PUT,$default", rest},
           {})
          .summary(),
      "2026-04-09T12:34:56Z 192.0.2.7 GET /pets/{id} resource");
}

TEST(LogFormats, XmlHasAttributesAndNames) {
  const std::string body =
      "<ip>i</ip><requestTime>09/Apr/2026:12:34:56 +0000</requestTime>"
      "<httpMethod>GET</httpMethod><resourcePath>/</resourcePath>";
  const auto with = [&](const std::string& start, const std::string& end,
                        const std::string& key = "") {
    return read("apigateway-xml", start + body + end, key);
  };
  const std::string request = "2026-04-09T12:34:56Z i GET / resource";
  const std::string malformed =
      "malformed: expected one XML element with elements of text in it";
  for (const char* start : {"<r>", "<r >", "<r id=\"x\">", "<r id='x'>",
                            "<r  id=\"x\" b='\"' >", "<r id=\"x\"b=\"y\">"}) {
    EXPECT_EQ(with(start, "</r>"), request) << start;
  }
  EXPECT_EQ(with("<r id='it&apos;s'>", "</r>", "requestId"),
            "2026-04-09T12:34:56Z it's GET / resource");
  EXPECT_EQ(with("<r id='&x;'>", "</r>", "requestId"), malformed);
  EXPECT_EQ(with("<r id='x' id='y'>", "</r>", "requestId"), malformed);
  for (const char* start :
       {"<>", "< r>", "<r", "<r id>", "<r id=>", "<r id=x>", "<r id=\"x>",
        "<r id\"x\">", "<r ='x'>", "<r id='x\">", "<r/>"}) {
    EXPECT_EQ(with(start, "</r>"), malformed) << start;
  }
  EXPECT_EQ(with("", "</r>"), malformed);
  EXPECT_EQ(read("apigateway-xml", "r" + body),
            "malformed: expected an XML "
            "element");
  for (const char* end :
       {"", "</s>", "</r", "</r >", "</r>x", "</r></r>", "<user></r>",
        "user>a</user></r>", "a-b/></r>", "<user x='1'>a</user></r>",
        "<>a</></r>", "<user>a</user"}) {
    EXPECT_EQ(with("<r>", end), malformed) << end;
  }
  for (const char* end : {"</r> ", " \t</r>", "<user/></r>", "<user /></r>",
                          "<user >a</user></r>", "<x>&gt;</x></r>",
                          "<a-b_c.d:e9>x</a-b_c.d:e9></r>"}) {
    EXPECT_EQ(with("<r>", end), request) << end;
  }
  EXPECT_EQ(
      fields_of("apigateway-xml", "<r id='x'>" + body + "<user>u</user></r>"),
      "requestId=x|ip=i|requestTime=09/Apr/2026:12:34:56 +0000|"
      "httpMethod=GET|resourcePath=/|user=u");
}

TEST(LogFormats, EmptyLinesAndCommentsAreNothing) {
  for (const LogFormat& format : log_formats()) {
    for (const char* line : {"", "  \t", "# a comment", "  # [too"}) {
      EXPECT_EQ(read(format.name, line), "nothing") << format.name;
    }
  }
}

// Mutilated lines are read or refused; ASan sees to it that no byte outside is
// touched, since the line ends where its buffer ends.
TEST(LogFormats, AnyBytesAreReadOrRefused) {
  const char* const given = std::getenv("WEIR_TEST_SEED");
  const unsigned seed = given == nullptr ? 1 : std::atoi(given);
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string alphabet("\0\xFF\"\\[] :/-+.#09aZ\r\t{}<>,&;", 26);
  for (const Sample& sample : kSamples) {
    auto reader = *find_log_format(sample.format)->make_reader({});
    for (int i = 0; i < 2000; ++i) {
      std::string line = sample.line;
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
      const LogLine parsed = reader->read({exact.data(), exact.size()});
      if (parsed.kind == LogLine::Kind::kRequest) {
        EXPECT_GE(parsed.entry.unix_ns, 0);
        EXPECT_FALSE(parsed.entry.method.empty());
      } else if (parsed.kind == LogLine::Kind::kMalformed) {
        EXPECT_FALSE(parsed.reason.empty());
      }
    }
  }
}

}  // namespace
}  // namespace weir::cli
