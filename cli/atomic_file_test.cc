#include "weir/cli/atomic_file.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

class StagedTest : public testing::Test {
 protected:
  StagedTest() {
    fs::remove_all(folder_);
    fs::create_directory(folder_);
  }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }
  std::string read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(at(name)).rdbuf();
    return text.str();
  }
  int entries() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      count += entry.exists() ? 1 : 0;
    }
    return count;
  }

  const std::string folder_ = testing::TempDir() + "/staged_test";
};

TEST_F(StagedTest, AFileAppearsWhenItIsCommitted) {
  std::ofstream(at("a")) << "before";
  auto file = StagedFile::create(at("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  (*file)->stream() << "after" << std::flush;
  EXPECT_EQ(read("a"), "before");
  ASSERT_TRUE((*file)->commit().ok());
  EXPECT_EQ(read("a"), "after");
  file->reset();
  EXPECT_EQ(read("a"), "after");
  EXPECT_EQ(entries(), 1);
  struct stat status;
  ASSERT_EQ(stat(at("a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(StagedTest, LeavesNoDescriptorOpen) {
  const auto open_descriptors = [] {
    const fs::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = open_descriptors();
  {
    auto file = StagedFile::create(at("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(open_descriptors(), before + 1);  // of the stream
    ASSERT_TRUE((*file)->commit().ok());
    auto folder = StagedFolder::create(at("b"));
    ASSERT_TRUE(folder.ok()) << folder.status();
    ASSERT_TRUE((*folder)->commit().ok());
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(StagedTest, AFileThatIsNotCommittedLeavesNoTrace) {
  {
    auto file = StagedFile::create(at("a"));
    ASSERT_TRUE(file.ok()) << file.status();
    (*file)->stream() << "text";
  }
  EXPECT_EQ(entries(), 0);
}

TEST_F(StagedTest, AFileThatCannotBeWrittenIsNone) {
  auto file = StagedFile::create(at("a"));
  ASSERT_TRUE(file.ok()) << file.status();
  (*file)->stream().setstate(std::ios::badbit);
  EXPECT_TRUE(absl::IsUnavailable((*file)->commit()));
  file->reset();
  EXPECT_EQ(entries(), 0);
}

TEST_F(StagedTest, AFileReplacesOnlyFiles) {
  EXPECT_TRUE(
      absl::IsFailedPrecondition(StagedFile::create("/dev/null").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(StagedFile::create(folder_).status()));
  EXPECT_TRUE(absl::IsUnavailable(StagedFile::create(at("no/such")).status()));
}

TEST_F(StagedTest, AFolderAppearsWhenItIsCommitted) {
  for (const bool is_there : {false, true}) {
    const std::string path = at(is_there ? "there" : "new/");
    if (is_there) fs::create_directory(path);
    auto folder = StagedFolder::create(path);
    ASSERT_TRUE(folder.ok()) << folder.status();
    std::ofstream((*folder)->staging() + "/a") << "text";
    EXPECT_FALSE(fs::exists(path + "/a"));
    ASSERT_TRUE((*folder)->commit().ok());
    folder->reset();
    EXPECT_TRUE(fs::exists(path + "/a"));
  }
  EXPECT_EQ(entries(), 2);
}

TEST_F(StagedTest, AFolderThatIsNotCommittedLeavesNoTrace) {
  {
    auto folder = StagedFolder::create(at("new"));
    ASSERT_TRUE(folder.ok()) << folder.status();
    std::ofstream((*folder)->staging() + "/a") << "text";
  }
  EXPECT_EQ(entries(), 0);
}

TEST_F(StagedTest, AFolderReplacesOnlyAnEmptyOne) {
  std::ofstream(at("a")) << "text";
  EXPECT_TRUE(
      absl::IsFailedPrecondition(StagedFolder::create(folder_).status()));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(StagedFolder::create(at("a")).status()));
  const auto root = StagedFolder::create("/").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(root)) << root;
  EXPECT_EQ(root.message().substr(0, 3), "/: ");
  // One that is filled meanwhile stays.
  auto folder = StagedFolder::create(at("new"));
  ASSERT_TRUE(folder.ok()) << folder.status();
  fs::create_directory(at("new"));
  std::ofstream(at("new/b")) << "text";
  EXPECT_TRUE(absl::IsUnavailable((*folder)->commit()));
  folder->reset();
  EXPECT_EQ(entries(), 2);
  EXPECT_EQ(read("new/b"), "text");
}

}  // namespace
}  // namespace weir::cli
