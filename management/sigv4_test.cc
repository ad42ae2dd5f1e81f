#include "weir/management/sigv4.h"

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "weir/http/message.h"
#include "weir/http/target.h"
#include "weir/management/testing/sigv4_samples.h"

namespace weir {
namespace {

// What the sample secret makes of a request at 2015-08-30T12:36Z.
std::string signature_of(const std::string& text, std::string_view signed_names,
                         std::string_view service) {
  const HttpRequest request = request_from_text(text);
  const auto target = parse_target(request.target);
  EXPECT_TRUE(target.ok()) << target.status();
  if (!target.ok()) return "";
  const SigningScope scope{"20150830", "us-east-1", service};
  const std::vector<std::string> names = absl::StrSplit(
      absl::string_view(signed_names.data(), signed_names.size()), ';');
  return signature(signing_key(kSampleSecret, scope),
                   string_to_sign("20150830T123600Z", scope,
                                  canonical_request(request, *target, names,
                                                    sha256_hex(request.body))));
}

TEST(Sigv4, MakesTheSignatureOfTheGuidesExample) {
  EXPECT_EQ(
      signature_of(
          "GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\n"
          "Host: iam.amazonaws.com\n"
          "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
          "X-Amz-Date: 20150830T123600Z\n",
          "content-type;host;x-amz-date", "iam"),
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

// The signatures of AWS's published test suite for version 4.
TEST(Sigv4, MakesTheSignaturesOfTheTestSuite) {
  const auto get = [](const std::string& target,
                      const std::string& headers = "") {
    return signature_of(
        "GET " + target + " HTTP/1.1\n" + "Host:example.amazonaws.com\n" +
            headers + "X-Amz-Date:20150830T123600Z\n",
        headers.empty() ? "host;x-amz-date" : "host;my-header1;x-amz-date",
        "service");
  };
  constexpr char kVanilla[] =
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
  EXPECT_EQ(get("/"), kVanilla);
  // get-relative, get-slash, get-slash-dot-slash
  for (const char* path : {"//", "/./", "/example/..", "/example1/../.."}) {
    EXPECT_EQ(get(path), kVanilla) << path;
  }
  EXPECT_EQ(get("/./example"),
            "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5");
  EXPECT_EQ(get("//example//"),
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84");
  EXPECT_EQ(get("/example space/"),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
  EXPECT_EQ(get("/\xE1\x88\xB4"),
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
  EXPECT_EQ(get("/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                "uvwxyz"),
            "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
  EXPECT_EQ(get("/?Param1=value1"),
            "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb");
  for (const char* query :
       {"/?Param1=value1&Param2=value2", "/?Param2=value2&Param1=value1"}) {
    EXPECT_EQ(
        get(query),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")
        << query;
  }
  EXPECT_EQ(get("/?\xE1\x88\xB4=bar"),
            "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
  EXPECT_EQ(get("/",
                "My-Header1:value2\nMy-Header1:value2\n"
                "My-Header1:value1\n"),
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
  EXPECT_EQ(get("/",
                "My-Header1:value4\nMy-Header1:value1\n"
                "My-Header1:value3\nMy-Header1:value2\n"),
            "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01");
}

TEST(Sigv4, MakesTheSignaturesOfTheTestSuiteForBodies) {
  const auto post = [](const std::string& rest, std::string_view names) {
    return signature_of(
        "POST / HTTP/1.1\nHost:example.amazonaws.com\n"
        "X-Amz-Date:20150830T123600Z\n" +
            rest,
        names, "service");
  };
  EXPECT_EQ(post("", "host;x-amz-date"),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  EXPECT_EQ(post("Content-Type:application/x-www-form-urlencoded\n\n"
                 "Param1=value1",
                 "content-type;host;x-amz-date"),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  EXPECT_EQ(post("My-Header1:VALUE1\n", "host;my-header1;x-amz-date"),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

// From S3's guide, where a path is encoded once: so is one sent unencoded.
TEST(Sigv4, MakesTheSignatureOfTheObjectStoresExample) {
  const HttpRequest request = request_from_text(
      "PUT /test$file.text HTTP/1.1\n"
      "Host: examplebucket.s3.amazonaws.com\n"
      "Date: Fri, 24 May 2013 00:00:00 GMT\n"
      "x-amz-date: 20130524T000000Z\n"
      "x-amz-storage-class: REDUCED_REDUNDANCY\n"
      "x-amz-content-sha256: "
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n\n"
      "Welcome to Amazon S3.");
  const SigningScope scope{"20130524", "us-east-1", "s3"};
  const std::string text =
      string_to_sign("20130524T000000Z", scope,
                     canonical_request(request, *parse_target(request.target),
                                       {"date", "host", "x-amz-content-sha256",
                                        "x-amz-date", "x-amz-storage-class"},
                                       sha256_hex(request.body)));
  EXPECT_EQ(
      signature(signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope),
                text),
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(CanonicalPath, EncodesWhatWasEncodedAndDropsDots) {
  EXPECT_EQ(canonical_path("/tags/arn%3Aaws%2Fx"), "/tags/arn%253Aaws%252Fx");
  EXPECT_EQ(canonical_path("/a/b/"), "/a/b/");
  EXPECT_EQ(canonical_path("/a/./b/../c/."), "/a/c");
  EXPECT_EQ(canonical_path("/../../a"), "/a");
  EXPECT_EQ(canonical_path("/a/../"), "/");
  EXPECT_EQ(canonical_path("/%2e%2E/a"), "/%252e%252E/a") << "no dots these";
  EXPECT_EQ(canonical_path("/"), "/");
}

TEST(CanonicalQuery, SortsByWhatIsEncoded) {
  const auto query = [](std::string_view text) {
    const std::string target = "/?" + std::string(text);
    return canonical_query(*parse_target(target));
  };
  EXPECT_EQ(query(""), "");
  EXPECT_EQ(query("flag"), "flag=");
  EXPECT_EQ(query("b=2&a=2&a=1&a-b=1&A="), "A=&a=1&a=2&a-b=1&b=2");
  EXPECT_EQ(query("x=a/b+c=%3d&y=%c3%a4~*"), "x=a%2Fb%2Bc%3D%3D&y=%C3%A4~%2A");
  EXPECT_EQ(query("k=%7B&k=z"), "k=%7B&k=z") << "'%' is less than 'z'";
}

TEST(CanonicalQuery, SortsByWhatIsMeantAsGoDoes) {
  const auto target = parse_target("/?k=%7B&k=z&k=%C3%A4&%7E=&k=a%3A1&k=a-1");
  EXPECT_EQ(canonical_query(*target, ParameterOrder::kDecoded),
            "k=a-1&k=a%3A1&k=z&k=%7B&k=%C3%A4&~=");
}

TEST(CanonicalHeaders, TrimsCollapsesAndJoins) {
  const HttpHeaders headers = {{"b", "  1 \t  2  "},
                               {"a", "\"x   y\""},
                               {"b", "3"},
                               {"c", "not asked for"}};
  EXPECT_EQ(canonical_headers(headers, {"a", "b", "d"}),
            "a:\"x y\"\nb:1 2,3\nd:\n");
}

}  // namespace
}  // namespace weir
