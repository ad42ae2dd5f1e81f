#include "weir/management/api_key_csv.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHeader[] = "Key,name,description,Enabled,UsagePlanIds\n";

// `line value|name|description|on|plan+plan`, or `line: what is wrong`.
std::string to_text(const ApiKeyRow& row) {
  if (!row.status.ok()) {
    return absl::StrCat(row.line, ": ", row.status.message());
  }
  return absl::StrCat(row.line, " ", row.key.value(), "|", row.key.name(), "|",
                      row.key.description(), "|",
                      row.key.enabled() ? "on" : "off", "|",
                      absl::StrJoin(row.plan_ids, "+"));
}

// The file's error alone, if it has one.
std::vector<std::string> read(std::string_view text) {
  const auto rows = parse_api_key_csv(text);
  if (!rows.ok()) return {std::string(rows.status().message())};
  std::vector<std::string> texts;
  for (const ApiKeyRow& row : *rows) texts.push_back(to_text(row));
  return texts;
}

TEST(ApiKeyCsv, ReadsTheExamplesOfTheDeveloperGuide) {
  EXPECT_THAT(
      read("Key,name\n"
           "apikey1234abcdefghij0123456789,MyFirstApiKey\n"),
      ElementsAre("2 apikey1234abcdefghij0123456789|MyFirstApiKey||on|"));
  EXPECT_THAT(
      read("Name,key,description,Enabled,usageplanIds\n"
           "MyFirstApiKey,apikey1234abcdefghij0123456789,An imported key,TRUE,"
           "c7y23b\n"),
      ElementsAre("2 apikey1234abcdefghij0123456789|MyFirstApiKey|An imported "
                  "key|on|c7y23b"));
  for (const char* ids : {"\"c7y23b,glvrsr\"", "'c7y23b,glvrsr'"}) {
    EXPECT_THAT(
        read(absl::StrCat("Enabled,Name,key,UsageplanIds\n"
                          "true,MyFirstApiKey,apikey1234abcdefghij0123456789,",
                          ids, "\n")),
        ElementsAre("2 apikey1234abcdefghij0123456789|MyFirstApiKey||on|c7y23b+"
                    "glvrsr"));
  }
}

TEST(ApiKeyCsv, NeedsTheColumnsKeyAndName) {
  EXPECT_THAT(read(""), ElementsAre("Missing required column 'Key'"));
  EXPECT_THAT(read("\n , \n"), ElementsAre("Missing required column 'Key'"));
  EXPECT_THAT(read("/tmp/keys.csv"),
              ElementsAre("Missing required column 'Key'"));
  EXPECT_THAT(read("name\nx\n"), ElementsAre("Missing required column 'Key'"));
  EXPECT_THAT(read("key,description\nx,y\n"),
              ElementsAre("Missing required column 'Name'"));
  EXPECT_THAT(read("KEY,NAME,Key\nx,y,z\n"),
              ElementsAre("Two columns are called 'Key'"));
  EXPECT_THAT(read("key,\"name\nx,y\n"),
              ElementsAre("line 1: a quote that does not end"));
  EXPECT_THAT(read("key;name\nx;y\n"),
              ElementsAre("Missing required column 'Key'"));
}

TEST(ApiKeyCsv, IgnoresOtherColumns) {
  EXPECT_THAT(read("owner,Key,,name,,owner\n\xff,v,\",\",n,z,'\n"),
              ElementsAre("2 v|n||on|"));
}

TEST(ApiKeyCsv, KeysAreEnabledUnlessTheRowSaysFalse) {
  EXPECT_THAT(read("key,name,enabled\n"
                   "a,,true\nb,, FALSE \nc,,\nd,,\" \"\ne,,tRuE\nf,,False\n"),
              ElementsAre("2 a|||on|", "3 b|||off|", "4 c|||on|", "5 d|||on|",
                          "6 e|||on|", "7 f|||off|"));
  for (const char* other : {"yes", "1", "0", "ture", "'true'", "true false",
                            "enabled", "null", "no"}) {
    EXPECT_THAT(read(absl::StrCat("key,name,enabled\na,,", other, "\nb,,\n")),
                ElementsAre("2: Enabled: expected true or false", "3 b|||on|"))
        << other;
  }
}

TEST(ApiKeyCsv, PlanIdsMayBeInQuotes) {
  const auto plans_of = [](const std::string& field) {
    const auto rows = parse_api_key_csv(
        absl::StrCat("key,usageplanids,name\nv,", field, ",O'Brien\n"));
    EXPECT_TRUE(rows.ok() && rows->size() == 1u) << field;
    if (!rows->front().status.ok()) {
      return std::string(rows->front().status.message());
    }
    EXPECT_EQ(rows->front().key.name(), "O'Brien");
    return absl::StrJoin(rows->front().plan_ids, "+");
  };
  EXPECT_EQ(plans_of(""), "");
  EXPECT_EQ(plans_of("p1"), "p1");
  EXPECT_EQ(plans_of("'p1'"), "p1");
  EXPECT_EQ(plans_of("'p1,p2'"), "p1+p2");
  EXPECT_EQ(plans_of(" ' p1 , p2 ' "), "p1+p2");
  EXPECT_EQ(plans_of("\"p1,p2\""), "p1+p2");
  EXPECT_EQ(plans_of(" \" p1,, p2, \" "), "p1+p2");
  EXPECT_EQ(plans_of("\"'p1,p2'\""), "p1+p2");
  EXPECT_EQ(plans_of("\"'p1', 'p2'\""), "p1+p2");
  EXPECT_EQ(plans_of("''"), "");
  EXPECT_EQ(plans_of("\"\""), "");
  EXPECT_EQ(plans_of("'p1"), "'p1") << "no plan has this id";
  EXPECT_EQ(plans_of("'p1,p2"), "expected 3 fields, found 4");
  EXPECT_EQ(plans_of("'p1'p2"), "'p1'p2");
}

// In other columns a single quote is a character.
TEST(ApiKeyCsv, NamesKeepTheirSingleQuotes) {
  EXPECT_THAT(read("key,name,usageplanids\n"
                   "a,O'Brien,'p1,p2'\n"
                   "b,'quoted',p1\n"
                   "c,'Neill,\n"
                   "d,\"O'Brien, Pat\",p1\n"
                   "e,'x,y',p1\n"),
              ElementsAre("2 a|O'Brien||on|p1+p2", "3 b|'quoted'||on|p1",
                          "4 c|'Neill||on|", "5 d|O'Brien, Pat||on|p1",
                          "6: expected 3 fields, found 4"));
}

TEST(ApiKeyCsv, BlanksAroundFieldsDoNotCount) {
  EXPECT_THAT(read(" key ,\tname , \"enabled\" , usageplanids\n"
                   "a , b c\t, \"false\" , \"p1,p2\" \n"
                   "d,\" \"\"e\"\" \",true,'p1,p2' \n"),
              ElementsAre("2 a|b c||off|p1+p2", "3 d|\"e\"||on|p1+p2"));
}

TEST(ApiKeyCsv, LinesMayEndInAnyWay) {
  const std::string lines[] = {"\xEF\xBB\xBFkey,name", "a,\"b\n\rc\"", "",
                               "d,e", " "};
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const std::string text = absl::StrJoin(lines, end);
    EXPECT_THAT(read(text), ElementsAre("2 a|b\n\rc||on|", "6 d|e||on|"));
  }
}

TEST(ApiKeyCsv, JudgesEachRowByItself) {
  EXPECT_THAT(
      read(absl::StrCat(kHeader,
                        "a,five\" disk,,,\n"
                        "b,\"x\"y,,,\n"
                        ",,,,\n"
                        ",\n"
                        "c,c,c\n"
                        "d,d,,,,\n"
                        "e,e,,,,,x\n"
                        ",name,,,\n"
                        "\xff,f,,,\n",
                        std::string("g,\0,,,\n", 7),
                        "h,h,\xfc,,\n"
                        "i,i,i,,i\n")),
      ElementsAre("2: a quote inside a field that is not in quotes",
                  "3: text behind a quoted field",
                  "4: Key: expected a value, found none",
                  "5: Key: expected a value, found none",
                  "6: expected 5 fields, found 3", "7 d|d||on|",
                  "8: expected 5 fields, found 7",
                  "9: Key: expected a value, found none",
                  "10: Key: expected UTF-8", "11: Name: expected no NUL byte",
                  "12: Description: expected UTF-8", "13 i|i|i|on|i"));
}

// Whether another quote follows or not.
TEST(ApiKeyCsv, AQuoteTooManyEndsWithItsLine) {
  const std::string good = "b,\"b, \"\"b\"\"\",,,\nc,c,,,\n";
  const std::vector<std::string> kGood = {"3 b|b, \"b\"||on|", "4 c|c||on|"};
  for (const char* bad :
       {"a,\"a,,,\n", "a,a,,,\"\n", "\"a,a,,,\n", "a,a,,,'\"\n", "\"\n",
        "a,\"\"\"a,,,\n", "a,\"a\",\",,\n", "a,\"a\",,,,\"\r"}) {
    auto rows = read(absl::StrCat(kHeader, bad, good));
    ASSERT_EQ(rows.size(), 3u) << bad;
    EXPECT_THAT(rows[0], ::testing::StartsWith("2: ")) << bad;
    rows.erase(rows.begin());
    EXPECT_EQ(rows, kGood) << bad;
    rows = read(absl::StrCat(kHeader, "b,b,,,\n", bad));
    EXPECT_EQ(rows.size(), 2u) << bad;
    EXPECT_EQ(rows[0], "2 b|b||on|");
  }
}

TEST(ApiKeyCsv, NeverRepeatsWhatIsInTheFile) {
  const std::string secret = "a-secret-that-is-nobodys-business";
  for (const std::string& text :
       {secret, secret + ",\"\n", secret + "\nkey,name\n",
        absl::StrCat("key,name,enabled\n", secret, ",,", secret, "\n"),
        absl::StrCat("key,name\n", secret, "\"\n"),
        absl::StrCat("key,name\n", secret, ",", secret, ",", secret, "\n")}) {
    const auto texts = read(text);
    EXPECT_EQ(absl::StrJoin(texts, "\n").find(secret), std::string::npos)
        << text;
    EXPECT_EQ(texts.size(), 1u);
  }
}

TEST(ApiKeyCsv, HasBounds) {
  const std::string three = absl::StrCat(kHeader, ",\n\n,\n\"\n");
  EXPECT_EQ(parse_api_key_csv(three, 3)->size(), 3u);
  EXPECT_EQ(parse_api_key_csv(three, 2).status().message(),
            "expected at most 2 rows");
  EXPECT_THAT(read(kHeader + std::string(1'000'000, ',')),
              ElementsAre("2: expected at most 1000 fields"));
  EXPECT_THAT(read("key,name" + std::string(1'000'000, ',')),
              ElementsAre("line 1: expected at most 1000 fields"));
  EXPECT_THAT(read(absl::StrCat(kHeader, std::string(1'000'000, 'x'), ",",
                                std::string(1'000'000, 'y'), ",,,\n"))[0],
              HasSubstr("yyy||on|"));
}

}  // namespace
}  // namespace weir
