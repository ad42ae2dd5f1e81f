#include "weir/management/authentication.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "weir/base/clock.h"
#include "weir/http/message.h"
#include "weir/management/credentials.h"
#include "weir/management/testing/sign_request.h"
#include "weir/management/testing/sigv4_samples.h"
#include "weir/tests/time_constants.h"

namespace weir {
namespace {

constexpr int64_t kNow = 1440938160;  // 2015-08-30T12:36:00Z
constexpr char kWrongSignature[] =
    "The request signature we calculated does not match the signature you "
    "provided. Check your AWS Secret Access Key and signing method. Consult "
    "the service documentation for details.";

const Credential kFull = {kSampleId, kSampleSecret, "", false};
const Credential kViewer = {"VIEWER", "another/secret", "", true};
const Credential kSession = {"SESSION", kSampleSecret, kSampleToken, false};

Credentials credentials() {
  Credentials result;
  for (const Credential& credential : {kFull, kViewer, kSession}) {
    EXPECT_TRUE(result.add(credential).ok());
  }
  return result;
}

// Whom `request` is believed to be from at `unix_seconds`, or why not.
std::string answer(const HttpRequest& request, int64_t unix_seconds = kNow,
                   const std::string& region = "") {
  ManualClock clock(unix_seconds * kSecond);
  const Authentication authentication(credentials(), &clock, region);
  const auto caller = authentication.authenticate(request);
  if (caller.ok()) return caller->access_key_id;
  EXPECT_TRUE(absl::IsUnauthenticated(caller.status())) << caller.status();
  EXPECT_FALSE(absl::StrContains(caller.status().message(), kSampleSecret));
  return std::string(caller.status().message());
}

HttpRequest plain_request() {
  HttpRequest request;
  request.method = "PATCH";
  request.target = "/usageplans/w0mvrr?a=1&b=2";
  request.headers = {{"host", "127.0.0.1:8080"},
                     {"content-type", "application/json"},
                     {"user-agent", "test"}};
  request.body = "{}";
  return request;
}

HttpRequest signed_plain(const Credential& credential = kFull) {
  return *signed_request(plain_request(), credential, "eu-west-1", kNow);
}

// `request` with `to` for `from` in all headers called `name`.
HttpRequest with(HttpRequest request, const std::string& name,
                 const std::string& from, const std::string& to) {
  for (auto& [own_name, value] : request.headers) {
    if (own_name == name) value = absl::StrReplaceAll(value, {{from, to}});
  }
  return request;
}

HttpRequest with_authorization(const std::string& from, const std::string& to) {
  return with(signed_plain(), "authorization", from, to);
}

HttpRequest without(HttpRequest request, const std::string& name) {
  HttpHeaders kept;
  for (auto& header : request.headers) {
    if (header.first != name) kept.push_back(std::move(header));
  }
  request.headers = std::move(kept);
  return request;
}

HttpRequest with_header(HttpRequest request, const std::string& name,
                        const std::string& value) {
  request.headers.emplace_back(name, value);
  return request;
}

// What clients sent to a recorder on the loopback, signed for the sample
// credential: boto3 1.26.27 (botocore 1.29.27 with awscrt), boto3 1.43.11
// (botocore alone), awscli 2.9.19, AWS's JavaScript SDK 3.899.0 on Node.js 20,
// its SDK for Go 1.17.1, and curl 7.88.1. Their User-Agent headers are
// shortened: nobody signs these.
std::map<std::string, HttpRequest> recorded_requests() {
  std::map<std::string, HttpRequest> result;
  for (const auto& entry : std::filesystem::directory_iterator(
           "management/testdata/signed_requests")) {
    std::ifstream file(entry.path(), std::ios::binary);
    result[entry.path().filename()] = request_from_text(
        std::string(std::istreambuf_iterator<char>(file), {}));
  }
  return result;
}

int64_t time_of(const HttpRequest& request) {
  absl::Time time;
  EXPECT_TRUE(absl::ParseTime("%E4Y%m%dT%H%M%SZ",
                              std::string(header_of(request, "x-amz-date")),
                              &time, nullptr));
  return absl::ToUnixSeconds(time);
}

// Whether one who knows the sample credential, with the session token if the
// request has one, believes the request.
bool is_believed(const HttpRequest& request, int64_t unix_seconds) {
  Credential credential = kFull;
  if (!header_of(request, "x-amz-security-token").empty()) {
    credential.session_token = kSampleToken;
  }
  Credentials own;
  EXPECT_TRUE(own.add(credential).ok());
  ManualClock clock(unix_seconds * kSecond);
  return Authentication(own, &clock).authenticate(request).ok();
}

TEST(Authentication, BelievesWhatRealClientsSign) {
  const auto requests = recorded_requests();
  EXPECT_EQ(requests.size(), 46u);
  for (const auto& [name, request] : requests) {
    EXPECT_TRUE(is_believed(request, time_of(request))) << name;
  }
}

TEST(Authentication, BelievesNothingThatIsOtherThanSigned) {
  for (const auto& [name, request] : recorded_requests()) {
    SCOPED_TRACE(name);
    const auto expect_refused =
        [&, &original = request](
            const char* what, const std::function<void(HttpRequest&)>& tamper) {
          HttpRequest tampered = original;
          tamper(tampered);
          EXPECT_FALSE(is_believed(tampered, time_of(original))) << what;
        };
    expect_refused("method", [](HttpRequest& r) {
      r.method = r.method == "GET" ? "HEAD" : "GET";
    });
    expect_refused("lower-case method",
                   [](HttpRequest& r) { r.method[0] |= 0x20; });
    expect_refused("path", [](HttpRequest& r) { r.target[1] ^= 1; });
    expect_refused("a folder's path", [](HttpRequest& r) {
      r.target.insert(std::min(r.target.find('?'), r.target.size()), "/");
    });
    const size_t slash = request.target.find("%2F");
    if (slash < request.target.find('?')) {
      expect_refused("a decoded slash",
                     [&](HttpRequest& r) { r.target.replace(slash, 3, "/"); });
    }
    const bool has_query = absl::StrContains(request.target, '?');
    expect_refused("added parameter", [&](HttpRequest& r) {
      r.target += has_query ? "&limit=6" : "?limit=6";
    });
    if (has_query) {
      expect_refused("value", [](HttpRequest& r) { r.target += "0"; });
      expect_refused("missing parameter", [](HttpRequest& r) {
        r.target.resize(r.target.find_last_of("?&"));
      });
    }
    expect_refused("longer body", [](HttpRequest& r) { r.body += " "; });
    if (!request.body.empty()) {
      expect_refused("body", [](HttpRequest& r) { r.body.back() ^= 1; });
      expect_refused("no body", [](HttpRequest& r) { r.body.clear(); });
    }

    const std::string authorization(header_of(request, "authorization"));
    const size_t names_begin = authorization.find("SignedHeaders=") + 14;
    const std::string names = authorization.substr(
        names_begin, authorization.find(',', names_begin) - names_begin);
    for (const auto signed_name : absl::StrSplit(names, ';')) {
      const std::string header_name(signed_name);
      SCOPED_TRACE(header_name);
      expect_refused("header value", [&](HttpRequest& r) {
        for (auto& [own_name, value] : r.headers) {
          if (own_name == header_name) value += "0";
        }
      });
      expect_refused("second value", [&](HttpRequest& r) {
        r = with_header(r, header_name, "0");
      });
      expect_refused("missing header",
                     [&](HttpRequest& r) { r = without(r, header_name); });
      expect_refused("header no longer said to be signed", [&](HttpRequest& r) {
        const std::string fewer = absl::StrReplaceAll(
            ";" + names + ";", {{absl::StrCat(";", header_name, ";"), ";"}});
        r = with(r, "authorization", names,
                 fewer.size() > 2 ? fewer.substr(1, fewer.size() - 2) : "");
      });
    }
    expect_refused("header said to be signed", [&](HttpRequest& r) {
      r = with(with_header(r, "zebra", "1"), "authorization", names,
               names + ";zebra");
    });
    expect_refused("unsigned x-amz-* header", [](HttpRequest& r) {
      r = with_header(r, "x-amz-target", "x");
    });
    for (const char* part : {"AKIDEXAMPLE", "eu-west-1", "apigateway",
                             "aws4_request", "Signature=", "AWS4-HMAC"}) {
      expect_refused(part, [&](HttpRequest& r) {
        r = with(r, "authorization", part, absl::StrCat("X", part));
      });
    }
    expect_refused("date of the scope", [](HttpRequest& r) {
      r = with(r, "authorization", "/2026", "/2025");
    });
    for (size_t back : {1, 2, 63, 64}) {
      expect_refused("bit of the signature", [&](HttpRequest& r) {
        for (auto& [header_name, value] : r.headers) {
          if (header_name == "authorization") value[value.size() - back] ^= 1;
        }
      });
    }
    expect_refused("half a signature", [](HttpRequest& r) {
      for (auto& [header_name, value] : r.headers) {
        if (header_name == "authorization") value.resize(value.size() - 32);
      }
    });
    EXPECT_FALSE(is_believed(request, time_of(request) + 301));
    EXPECT_FALSE(is_believed(request, time_of(request) - 301));
  }
}

// A signature is over what a request means: these are the same requests.
TEST(Authentication, SeesThroughSpelling) {
  HttpRequest request = signed_plain();
  for (const char* target :
       {"/usageplans/w0mvrr?b=2&a=1", "/usageplans/w0mvrr?%61=1&&b=2",
        "/usageplans//w0mvrr?a=1&b=2", "/x/.././usageplans/w0mvrr?a=1&b=2"}) {
    request.target = target;
    EXPECT_EQ(answer(request), kSampleId) << target;
  }
  EXPECT_EQ(answer(with(signed_plain(), "host", "127", " \t127")), kSampleId);
  EXPECT_EQ(answer(with_authorization(", ", ",")), kSampleId);
  EXPECT_EQ(answer(with_authorization(", ", " ,  ")), kSampleId);
  EXPECT_EQ(answer(with_header(signed_plain(), "x-amzn-trace-id", "Root=1")),
            kSampleId)
      << "what proxies add";
}

// The signature is right for what a signer makes of both, and yet: what
// forwards the request may join them otherwise, and who reads it may go by
// either.
TEST(Authentication, ASignedHeaderOccursOnce) {
  for (const bool same : {true, false}) {
    HttpRequest request = plain_request();
    request.headers.emplace_back("x-amz-meta", "one");
    request.headers.emplace_back("x-amz-meta", same ? "one" : "two");
    EXPECT_EQ(answer(*signed_request(request, kFull, "eu-west-1", kNow)),
              "\"x-amz-meta\" is a 'SignedHeader' and must occur once.");
  }
  EXPECT_EQ(answer(with_header(signed_plain(), "host", "127.0.0.1:8080")),
            "\"host\" is a 'SignedHeader' and must occur once.");
  // One that is not signed is nobody's concern here.
  HttpRequest request = with_header(signed_plain(), "x-forwarded-for", "1");
  EXPECT_EQ(answer(with_header(request, "x-forwarded-for", "2")), kSampleId);
}

// One that is gone is not as good as one that is empty.
TEST(Authentication, ASignedHeaderIsThere) {
  HttpRequest request = plain_request();
  request.headers.emplace_back("x-amz-meta", "");
  request = *signed_request(request, kFull, "eu-west-1", kNow);
  EXPECT_EQ(answer(request), kSampleId);
  EXPECT_EQ(answer(without(request, "x-amz-meta")), kWrongSignature);
}

TEST(Authentication, SaysWhoAndWhetherTheyMayOnlyLook) {
  ManualClock clock(kNow * kSecond);
  const Authentication authentication(credentials(), &clock);
  const auto full = authentication.authenticate(signed_plain(kFull));
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->access_key_id, kSampleId);
  EXPECT_FALSE(full->read_only);
  const auto viewer = authentication.authenticate(signed_plain(kViewer));
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_EQ(viewer->access_key_id, "VIEWER");
  EXPECT_TRUE(viewer->read_only);
}

TEST(Authentication, BelievesTheCredentialsThatItHasNow) {
  ManualClock clock(kNow * kSecond);
  Authentication authentication(credentials(), &clock);
  Credential rotated = kFull;
  rotated.secret_access_key = "rotated/secret";
  EXPECT_FALSE(authentication.authenticate(signed_plain(rotated)).ok());

  Credentials others;
  ASSERT_TRUE(others.add(rotated).ok());
  authentication.replace_credentials(others);
  EXPECT_TRUE(authentication.authenticate(signed_plain(rotated)).ok());
  for (const Credential& gone : {kFull, kViewer}) {
    EXPECT_EQ(
        authentication.authenticate(signed_plain(gone)).status().message(),
        kWrongSignature);
  }
  authentication.replace_credentials({});
  EXPECT_FALSE(authentication.authenticate(signed_plain(rotated)).ok());
}

// Whoever is among the old and the new is believed at all times.
TEST(Authentication, ReplacesCredentialsUnderChecks) {
  ManualClock clock(kNow * kSecond);
  Authentication authentication(credentials(), &clock);
  std::atomic<bool> done{false};
  std::atomic<int> refused{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      const HttpRequest request = signed_plain();
      while (!done) {
        const auto caller = authentication.authenticate(request);
        refused += !caller.ok() || caller->access_key_id != kSampleId;
      }
    });
  }
  for (int i = 0; i < 2000; ++i) {
    Credentials others = credentials();
    ASSERT_TRUE(others.add({absl::StrCat("ID", i), "x", "", false}).ok());
    authentication.replace_credentials(std::move(others));
  }
  done = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(refused, 0);
}

TEST(Authentication, TakesTimesWithinFiveMinutes) {
  const HttpRequest request = signed_plain();
  for (const int64_t seconds : {-300, -299, 0, 299, 300}) {
    EXPECT_EQ(answer(request, kNow + seconds), kSampleId) << seconds;
  }
  EXPECT_EQ(answer(request, kNow + 600),
            "Signature expired: 20150830T123600Z is now earlier than "
            "20150830T124100Z (20150830T124600Z - 5 min.)");
  EXPECT_EQ(answer(request, kNow - 600),
            "Signature not yet current: 20150830T123600Z is still later than "
            "20150830T123100Z (20150830T122600Z + 5 min.)");
  EXPECT_TRUE(absl::StartsWith(answer(request, kNow + 301), "Signature exp"));
  EXPECT_TRUE(absl::StartsWith(answer(request, kNow - 301), "Signature not"));
}

TEST(Authentication, ReadsOneSpellingOfTimes) {
  const std::string wrong =
      "Date must be in ISO-8601 'basic format', YYYYMMDD'T'HHMMSS'Z'.";
  for (const char* date :
       {"", "20150830T123600", "2015-08-30T12:36:00Z", "20150830T123600Z0",
        "20150830T126000Z", "20150830T123560Z", "20150231T123600Z",
        "20150830t123600z", "+2015830T123600Z", "20150830T1236 0Z",
        "infinite-future", "infinite-past", "Sun, 30 Aug 2015 12:36:00 GMT"}) {
    EXPECT_EQ(
        answer(with(signed_plain(), "x-amz-date", "20150830T123600Z", date)),
        wrong)
        << date;
  }
  const HttpRequest undated = with(without(signed_plain(), "x-amz-date"),
                                   "authorization", ";x-amz-date", "");
  EXPECT_EQ(answer(undated),
            "Authorization header requires existence of either a 'X-Amz-Date' "
            "or a 'Date' header.");
  EXPECT_EQ(answer(with_header(undated, "date", "yesterday")), wrong);
  for (const char* date :
       {"Sun, 30 Aug 2015 12:36:00 GMT", "20150830T123600Z"}) {
    EXPECT_EQ(answer(with_header(undated, "date", date)), kWrongSignature)
        << "read, at least";
  }
}

// Not by any client here, but allowed; the signature is Python's hmac module's.
TEST(Authentication, TakesTheDateHeaderInPlaceOfItsOwn) {
  const HttpRequest request = request_from_text(
      "GET /usageplans HTTP/1.1\n"
      "Host: localhost\n"
      "Date: Sun, 30 Aug 2015 12:36:00 GMT\n"
      "Authorization: AWS4-HMAC-SHA256 "
      "Credential=AKIDEXAMPLE/20150830/us-east-1/apigateway/aws4_request, "
      "SignedHeaders=date;host, Signature="
      "3180efd3cba2a29ecfec5542a52023ac9f6005e493a5b2ea506490f43b7d4c30\n");
  EXPECT_EQ(answer(request), kSampleId);
  EXPECT_EQ(answer(with(request, "date", "12:36:00", "12:36:01")),
            kWrongSignature);
  EXPECT_EQ(answer(request, kNow + 600), answer(signed_plain(), kNow + 600));
}

TEST(Authentication, WantsTheRightScope) {
  EXPECT_EQ(answer(signed_plain(), kNow, "eu-west-1"), kSampleId);
  EXPECT_EQ(answer(signed_plain(), kNow, "us-east-1"),
            "Credential should be scoped to a valid region, not 'eu-west-1'.");
  EXPECT_EQ(answer(with_authorization("apigateway", "iam")),
            "Credential should be scoped to correct service: 'apigateway'.");
  EXPECT_EQ(answer(with_authorization("aws4_request", "aws5_request")),
            "Credential should be scoped with a valid terminator: "
            "'aws4_request', not 'aws5_request'.");
  EXPECT_EQ(answer(with_authorization("20150830", "20150831")),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 "
            "version of date from HTTP: '20150831' != '20150830', from "
            "'20150830T123600Z'.");
  const std::string malformed =
      "Credential must have exactly 5 slash-delimited elements, e.g. "
      "keyid/date/region/service/term";
  for (const char* region :
       {"", "/", "eu/west", "eu west", "\x01", "eu\xC3\xA4", "'"}) {
    EXPECT_EQ(answer(with_authorization("eu-west-1", region)), malformed)
        << region;
  }
  EXPECT_EQ(answer(with_authorization("eu-west-1", std::string(129, 'a'))),
            malformed);
  EXPECT_EQ(answer(with_authorization("eu-west-1", std::string(128, 'a'))),
            kWrongSignature);
}

TEST(Authentication, ReadsAuthorizationStrictly) {
  EXPECT_EQ(answer(plain_request()), "Missing Authentication Token");
  EXPECT_EQ(answer(with_header(signed_plain(), "authorization", "x")),
            "Authorization header must occur once.");
  const std::string value(header_of(signed_plain(), "authorization"));
  EXPECT_EQ(answer(with_header(signed_plain(), "authorization", value)),
            "Authorization header must occur once.");
  for (const char* algorithm :
       {"Bearer", "AWS4-HMAC-SHA2567", "aws4-hmac-sha256", "",
        "AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA512"}) {
    EXPECT_EQ(answer(with_authorization("AWS4-HMAC-SHA256", algorithm)),
              "Authorization header requires algorithm 'AWS4-HMAC-SHA256'.")
        << algorithm;
  }
  const std::string members =
      "Authorization header must be 'Credential', 'SignedHeaders' and "
      "'Signature', once each.";
  for (const char* extra : {", Signature=x", ", x=y", ",", ", ,", ";x"}) {
    EXPECT_EQ(answer(with_authorization("aws4_request",
                                        absl::StrCat("aws4_request", extra))),
              absl::StartsWith(extra, ";")
                  ? "Credential must have exactly 5 slash-delimited elements, "
                    "e.g. keyid/date/region/service/term"
                  : members)
        << extra;
  }
  EXPECT_EQ(answer(with_authorization("Signature=", "signature=")), members);
  EXPECT_EQ(answer(with_header(plain_request(), "authorization",
                               "AWS4-HMAC-SHA256 Credential=x")),
            "Authorization header requires 'SignedHeaders' parameter.");
  EXPECT_EQ(answer(with_header(plain_request(), "authorization",
                               "AWS4-HMAC-SHA256 Signature=x")),
            "Authorization header requires 'Credential' parameter.");
  EXPECT_EQ(
      answer(with_header(plain_request(), "authorization",
                         "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=x")),
      "Authorization header requires 'Signature' parameter.");
  EXPECT_EQ(answer(with_authorization("Signature=",
                                      "Signature=" + std::string(4096, '0'))),
            "Authorization header exceeds 4096 bytes.");
  // Whatever a signature is, it equals 64 digits or does not.
  for (const char* prefix : {"Signature=0", "Signature=%", "Signature= "}) {
    EXPECT_EQ(answer(with_authorization("Signature=", prefix)),
              kWrongSignature);
  }
}

TEST(Authentication, WantsHeadersSigned) {
  const std::string malformed =
      "'SignedHeaders' must be at most 64 names in lower case and alphabetical "
      "order, divided by ';'.";
  for (const char* names :
       {"host;content-type;x-amz-date", "Content-Type;host;x-amz-date",
        "content-type;host;host;x-amz-date", "content-type;host;x-amz-date;",
        ";content-type;host;x-amz-date", "", "content-type host;x-amz-date",
        "a:b;host;x-amz-date"}) {
    EXPECT_EQ(answer(with_authorization("content-type;host;x-amz-date", names)),
              malformed)
        << names;
  }
  std::string many;
  for (int i = 100; i < 162; ++i) absl::StrAppend(&many, "h", i, ";");
  EXPECT_EQ(answer(with_authorization("host;", many + "host;")), malformed);

  EXPECT_EQ(answer(with_authorization(";host;", ";")),
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS "
            "Authorization.");
  EXPECT_EQ(answer(with_header(signed_plain(), "x-amz-security-token", "t")),
            "\"x-amz-security-token\" must be a 'SignedHeader' in the AWS "
            "Authorization.");
  EXPECT_EQ(answer(with_authorization(";x-amz-date", "")),
            "\"x-amz-date\" must be a 'SignedHeader' in the AWS "
            "Authorization.");
  EXPECT_EQ(answer(with_authorization("x-amz-date", "x-amz-date;zebra")),
            kWrongSignature)
      << "signed, but not there";
}

TEST(Authentication, HashesTheBodyItself) {
  const std::string mismatch =
      "The provided 'x-amz-content-sha256' header does not match what was "
      "computed.";
  const auto signed_with_hash = [](const std::string& hash) {
    return *signed_request(
        with_header(plain_request(), "x-amz-content-sha256", hash), kFull,
        "eu-west-1", kNow);
  };
  // Of "{}".
  const std::string hash =
      "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  EXPECT_EQ(answer(signed_with_hash(hash)), kSampleId);
  for (const char* said :
       {"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}) {
    EXPECT_EQ(answer(signed_with_hash(said)), mismatch) << said;
  }
  EXPECT_EQ(
      answer(with_header(signed_with_hash(hash), "x-amz-content-sha256", hash)),
      "\"x-amz-content-sha256\" is a 'SignedHeader' and must occur once.");
}

TEST(Authentication, WantsTheSessionTokenThatGoesWithTheKey) {
  const std::string invalid =
      "The security token included in the request is invalid.";
  EXPECT_EQ(answer(signed_plain(kSession)), "SESSION");
  Credential other = kSession;
  for (const char* token : {"", "x", "AQoDYXdzEPT"}) {
    other.session_token = token;
    EXPECT_EQ(answer(signed_plain(other)), invalid) << token;
  }
  other.session_token = kSampleToken;
  other.session_token.back() ^= 1;
  EXPECT_EQ(answer(signed_plain(other)), invalid);
  other = kFull;
  other.session_token = kSampleToken;
  EXPECT_EQ(answer(signed_plain(other)), invalid) << "a key without a session";
  other = kSession;
  other.secret_access_key = "x";
  other.session_token = "x";
  EXPECT_EQ(answer(signed_plain(other)), kWrongSignature)
      << "learns nothing of the token";
}

TEST(Authentication, DoesNotTellWhichKeysThereAre) {
  Credential other = kFull;
  other.secret_access_key = "wrong";
  EXPECT_EQ(answer(signed_plain(other)), kWrongSignature);
  other.access_key_id = "UNKNOWN";
  EXPECT_EQ(answer(signed_plain(other)), kWrongSignature);
  // Nor does what stands for the missing secret open anything.
  other.secret_access_key = std::string(40, '0');
  EXPECT_EQ(answer(signed_plain(other)), kWrongSignature);
  ManualClock clock(kNow * kSecond);
  EXPECT_FALSE(Authentication(Credentials(), &clock)
                   .authenticate(signed_plain(other))
                   .ok());
}

TEST(Authentication, RefusesSignaturesInTheQuery) {
  for (const char* query :
       {"?X-Amz-Algorithm=AWS4-HMAC-SHA256", "?a=b&X-Amz-Signature=00",
        "?x-amz-expires=1", "?%58-Amz-Signature"}) {
    HttpRequest request = plain_request();
    request.target = absl::StrCat("/usageplans", query);
    const std::string message =
        "Signatures in the query are not accepted; sign with an Authorization "
        "header.";
    EXPECT_EQ(answer(request), message) << query;
    EXPECT_EQ(answer(*signed_request(request, kFull, "r", kNow)), message);
  }
}

TEST(Authentication, RefusesWhatIsNoTarget) {
  for (const char* target : {"", "*", "usageplans", "http://a/", "/%zz", "/%ff",
                             "/a\nb", "/?a=%0D"}) {
    HttpRequest request = signed_plain();
    request.target = target;
    EXPECT_NE(answer(request), kSampleId) << target;
  }
}

uint64_t seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text == nullptr ? 20150830 : std::strtoull(text, nullptr, 10);
}

// A random request, signed, is believed; changed in one place, it is not.
TEST(Authentication, HoldsForRandomRequests) {
  SCOPED_TRACE(absl::StrCat("WEIR_TEST_SEED=", seed()));
  std::mt19937_64 random(seed());
  const auto below = [&](uint64_t bound) { return random() % bound; };
  const auto text = [&](const std::vector<const char*>& of) {
    std::string result;
    for (uint64_t left = below(8); left > 0; --left) {
      result += of[below(of.size())];
    }
    return result;
  };
  const std::vector<const char*> path_parts = {
      "a", "B", "/", ".", "..", "%2F", "%25", "~", "!", "+", ":", "%C3%A4"};
  const std::vector<const char*> query_parts = {
      "a", "b", "&", "=", "%26", "%3D", "+", "%20", "-", "~", "%C3%A4", "/"};
  const std::vector<const char*> value_parts = {"a", " ",  "\t", ",",
                                                ";", "\"", "=",  "\xC3\xA4"};
  for (int round = 0; round < 2000; ++round) {
    HttpRequest request;
    request.method = below(2) == 0 ? "GET" : "POST";
    request.target =
        absl::StrCat("/", text(path_parts), "?", text(query_parts));
    request.headers = {{"host", "h" + text(value_parts)}};
    for (uint64_t left = below(4); left > 0; --left) {
      request.headers.emplace_back(
          absl::StrCat(below(2) == 0 ? "accept-" : "x-amz-meta-", left),
          text(value_parts));
    }
    request.body = text(value_parts);
    const Credential& credential = below(2) == 0 ? kFull : kSession;
    const HttpRequest original =
        *signed_request(request, credential, "eu-west-1", kNow);
    SCOPED_TRACE(original.target);
    ASSERT_EQ(answer(original), credential.access_key_id);

    HttpRequest changed = original;
    std::string& value = changed.headers[below(changed.headers.size())].second;
    switch (below(6)) {
      case 0:
        changed.method += "S";
        break;
      case 1:
        changed.target.insert(changed.target.find('?'), "x");
        break;
      case 2:
        changed.target += "&z=1";
        break;
      case 3:
        value.insert(below(value.size() + 1), "x");
        break;
      case 4:
        changed.headers.emplace_back("x-amz-other", "");
        break;
      default:
        changed.body.insert(below(changed.body.size() + 1), "x");
    }
    ASSERT_FALSE(
        absl::EqualsIgnoreCase(answer(changed), credential.access_key_id))
        << changed.target;
  }
}

}  // namespace
}  // namespace weir
