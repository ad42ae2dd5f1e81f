#include "weir/management/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace weir {
namespace {

constexpr char kFile[] =
    "# keys\n"
    "[default]\n"
    "aws_access_key_id = AKID1\n"
    "aws_secret_access_key=se/cr+et=1\r\n"
    "region = eu-west-1\n"
    "s3 =\n"
    "    max_concurrent_requests = 20\n"
    "    aws_access_key_id = NOT-THIS\n"
    "\n"
    "  ; what dashboards use\n"
    "[ viewer ]\n"
    "  AWS_Access_Key_Id   =   AKID2\n"
    "  aws_secret_access_key = secret2\n"
    "  aws_session_token = to//ken==\n"
    "  weir_access = read-only\n"
    "[role]\n"
    "role_arn = arn:aws:iam::123456789012:role/x\n";

// What reading `text` as a file says is wrong.
std::string error(std::string_view text) {
  const auto credentials = Credentials::from_text(text, "f");
  if (credentials.ok()) return "OK";
  EXPECT_TRUE(absl::IsInvalidArgument(credentials.status()));
  return std::string(credentials.status().message());
}

std::string write_file(mode_t mode, std::string_view text) {
  const std::string path = ::testing::TempDir() + "credentials";
  unlink(path.c_str());
  std::ofstream(path) << text;
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

TEST(Credentials, ReadsWhatAwsClientsRead) {
  const auto credentials = Credentials::from_text(kFile, "f");
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  const Credential* const first = credentials->find("AKID1");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->secret_access_key, "se/cr+et=1");
  EXPECT_EQ(first->session_token, "");
  EXPECT_FALSE(first->read_only);
  const Credential* const second = credentials->find("AKID2");
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->secret_access_key, "secret2");
  EXPECT_EQ(second->session_token, "to//ken==");
  EXPECT_TRUE(second->read_only);
  EXPECT_FALSE(second->no_values);
  const auto third = Credentials::from_text(
      "; a remark\n[a]\naws_access_key_id=ID\naws_secret_access_key=S\n"
      " # another\nweir_access = no-values\n  ;\n",
      "f");
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_TRUE(third->find("ID")->read_only);
  EXPECT_TRUE(third->find("ID")->no_values);
  EXPECT_EQ(credentials->find("NOT-THIS"), nullptr);
  EXPECT_EQ(credentials->find(""), nullptr);
  EXPECT_FALSE(credentials->empty());
  EXPECT_TRUE(Credentials().empty());
}

TEST(Credentials, SaysWhichLineIsWrong) {
  const std::string good =
      "[a]\naws_access_key_id=ID\naws_secret_access_key=S\n";
  EXPECT_EQ(error(good), "OK");
  EXPECT_EQ(error(good + "weir_access = full"), "OK");
  EXPECT_EQ(error(""), "f: holds no credential");
  EXPECT_EQ(error("[a]\nregion = x\n"), "f: holds no credential");
  EXPECT_EQ(error("\na = b\n"), "f:2: expected [profile] before");
  EXPECT_EQ(error("[a\n"), "f:1: expected [profile]");
  EXPECT_EQ(error("[ ]\n"), "f:1: expected [profile]");
  EXPECT_EQ(error("["), "f:1: expected [profile]");
  EXPECT_EQ(error("[a] # my own\n"), "f:1: expected [profile]");
  EXPECT_EQ(error(good + "[a]\n"), "f:4: this profile occurs twice");
  EXPECT_EQ(error(good + "TOPSECRET\n"), "f:4: expected name = value");
  EXPECT_EQ(error(good + "aws_access_key_id=TOPSECRET"),
            "f:4: aws_access_key_id occurs twice");
  EXPECT_EQ(error(good + "  TOPSECRET\n"),
            "f:4: continues the member above, which is one line");
  for (const char* value :
       {"", "TOPSECRET # mine", "TOP\tSECRET", "\xC3\xA4"}) {
    EXPECT_EQ(
        error(absl::StrCat(good, "aws_session_token = ", value)),
        "f:4: aws_session_token: expected printable ASCII without blanks");
  }
  EXPECT_EQ(error(good + "weir_access = TOPSECRET"),
            "f:1: weir_access must be full, read-only or no-values");
  const char* const both =
      "f:1: a profile needs both aws_access_key_id and aws_secret_access_key";
  EXPECT_EQ(error("[a]\naws_access_key_id=TOPSECRET\n[b]\n"), both);
  EXPECT_EQ(error("[a]\naws_secret_access_key=TOPSECRET\n"), both);
  EXPECT_EQ(error("[a]\naws_session_token=TOPSECRET\n"), both);
  EXPECT_EQ(error("[a]\nweir_access=full\n"), both);
  EXPECT_EQ(error(good + "[b]\naws_access_key_id=ID\n"
                         "aws_secret_access_key=TOPSECRET\n"),
            "f:4: this access key's id occurs twice");
  EXPECT_EQ(
      error("[a]\naws_access_key_id=I/D\naws_secret_access_key=TOPSECRET\n"),
      "f:1: an access key's id must be 1 to 128 letters, digits, '-', '.' or "
      "'_'");
}

TEST(Credentials, AreReadFromAFileOfTheirOwners) {
  for (const mode_t mode : {0600, 0400}) {
    const auto credentials = Credentials::from_file(write_file(mode, kFile));
    ASSERT_TRUE(credentials.ok()) << credentials.status();
    EXPECT_NE(credentials->find("AKID2"), nullptr);
  }
  for (const mode_t mode : {0640, 0620, 0610, 0604, 0602, 0601, 0644}) {
    const std::string path = write_file(mode, kFile);
    const auto credentials = Credentials::from_file(path);
    EXPECT_TRUE(absl::IsFailedPrecondition(credentials.status()));
    EXPECT_EQ(credentials.status().message(),
              path + ": open to others than its owner; chmod 600 it");
  }
}

TEST(Credentials, AreNotReadFromWhatIsNoSmallFile) {
  // Of a single byte.
  EXPECT_TRUE(absl::StrContains(
      Credentials::from_file(write_file(0600, "x")).status().message(),
      ":1: "));
  const std::string missing = ::testing::TempDir() + "missing";
  EXPECT_TRUE(absl::IsNotFound(Credentials::from_file(missing).status()));
  EXPECT_TRUE(absl::StartsWith(
      Credentials::from_file(missing).status().message(), missing));

  const std::string folder = ::testing::TempDir();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(Credentials::from_file(folder).status()));

  const std::string pipe = ::testing::TempDir() + "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(Credentials::from_file(pipe).status().message(),
            pipe + ": not a regular file");

  std::string text = kFile;
  text.resize(Credentials::kMaxFileBytes, '\n');
  EXPECT_TRUE(Credentials::from_file(write_file(0600, text)).ok());
  text.push_back('\n');
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Credentials::from_file(write_file(0600, text)).status()));
}

TEST(Credentials, HaveProfiles) {
  const auto find = [](const char* text, const char* name) -> std::string {
    const auto credentials = Credentials::from_text(text, "file");
    EXPECT_TRUE(credentials.ok()) << credentials.status();
    const Credential* found = credentials->find_profile(name);
    return found == nullptr ? "none" : found->access_key_id;
  };
  constexpr char kOne[] =
      "[ my one ]\naws_access_key_id=A\naws_secret_access_key=S\n"
      "[other]\nregion=x\n";
  constexpr char kThree[] =
      "[a]\naws_access_key_id=A\naws_secret_access_key=S\n"
      "[default]\naws_access_key_id=B\naws_secret_access_key=S\n"
      "[c]\naws_access_key_id=C\naws_secret_access_key=S\n";
  EXPECT_EQ(find(kOne, ""), "A");
  EXPECT_EQ(find(kOne, "my one"), "A");
  EXPECT_EQ(find(kOne, "other"), "none");
  EXPECT_EQ(find(kOne, "default"), "none");
  EXPECT_EQ(find(kThree, ""), "B");
  EXPECT_EQ(find(kThree, "c"), "C");
  EXPECT_EQ(find(kThree, "d"), "none");
  EXPECT_EQ(Credentials().find_profile(""), nullptr);
}

TEST(Credentials, ReadTheEnvironmentOfAwsClients) {
  EXPECT_TRUE(Credentials::from_environment("AWS")->empty());
  setenv("AWS_ACCESS_KEY_ID", "ID", 1);
  EXPECT_EQ(Credentials::from_environment("AWS").status().message(),
            "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be "
            "set together");
  setenv("AWS_SECRET_ACCESS_KEY", "S", 1);
  EXPECT_EQ(
      Credentials::from_environment("AWS")->find_profile("")->access_key_id,
      "ID");
  unsetenv("AWS_ACCESS_KEY_ID");
  unsetenv("AWS_SECRET_ACCESS_KEY");
}

TEST(Credentials, ReadTheEnvironment) {
  const auto set = [](const char* name, const char* value) {
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  };
  const auto read = [&](const char* id, const char* secret, const char* token) {
    set("WEIR_ACCESS_KEY_ID", id);
    set("WEIR_SECRET_ACCESS_KEY", secret);
    set("WEIR_SESSION_TOKEN", token);
    return Credentials::from_environment();
  };
  EXPECT_TRUE(read(nullptr, nullptr, nullptr)->empty());
  const auto plain = read("ID", "S", nullptr);
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->find("ID")->secret_access_key, "S");
  EXPECT_FALSE(plain->find("ID")->read_only);
  EXPECT_EQ(read("ID", "S", "T")->find("ID")->session_token, "T");
  EXPECT_EQ(read("ID", "S", "")->find("ID")->session_token, "");
  for (const auto& status :
       {read("ID", nullptr, nullptr).status(),
        read(nullptr, "S", nullptr).status(),
        read(nullptr, nullptr, "T").status(), read("", "", nullptr).status(),
        read("ID", "", nullptr).status(), read("", "S", nullptr).status(),
        read("", "", "").status(), read("", nullptr, nullptr).status(),
        read(nullptr, "", nullptr).status(),
        read(nullptr, nullptr, "").status(),
        read("ID", "a b", nullptr).status(), read("ID", "S", "a b").status()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_TRUE(absl::StartsWith(status.message(), "environment: "));
  }
  EXPECT_EQ(read("", "S", nullptr).status().message(),
            "environment: WEIR_ACCESS_KEY_ID is empty");
  EXPECT_EQ(read("ID", "", nullptr).status().message(),
            "environment: WEIR_SECRET_ACCESS_KEY is empty");
  EXPECT_TRUE(read(nullptr, nullptr, nullptr).ok()) << "as it was";
}

}  // namespace
}  // namespace weir
