#include "weir/cli/atomic_file.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "weir/base/sync_path.h"
#include "weir/base/text.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

absl::Status failed(const std::string& path, std::string_view what, int error) {
  return absl::UnavailableError(
      absl::StrCat(path, ": ", internal::to_absl(what), ": ",
                   std::generic_category().message(error)));
}

std::string staging_pattern(const std::string& path) {
  return absl::StrCat(path, ".weir-XXXXXX");
}

absl::Status sync(const std::string& path) {
  const int error = internal::sync_path(path);
  return error == 0 ? absl::OkStatus()
                    : failed(path, "cannot be synced", error);
}

// Renames `staging`, which is synced to disk, to `path`, and syncs the rename.
absl::Status rename_and_sync(const std::string& staging,
                             const std::string& path) {
  if (std::rename(staging.c_str(), path.c_str()) != 0) {
    return failed(path, "cannot be put in its place", errno);
  }
  return sync((fs::absolute(path) / "..").lexically_normal());
}

// Removes trailing slashes, with which a sibling's name would be inside the
// folder.
std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

StagedFile::StagedFile(const std::string& path, const std::string& staging)
    : path_(path), staging_(staging), stream_(staging, std::ios::binary) {}

absl::StatusOr<std::unique_ptr<StagedFile>> StagedFile::create(
    const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is something else than a file"));
  }
  std::string staging = staging_pattern(path);
  const int file = mkstemp(staging.data());  // for its owner only
  if (file < 0) return failed(path, "cannot be created", errno);
  close(file);
  return std::unique_ptr<StagedFile>(new StagedFile(path, staging));
}

StagedFile::~StagedFile() {
  if (!staging_.empty()) unlink(staging_.c_str());
}

absl::Status StagedFile::commit() {
  errno = 0;
  stream_.close();
  if (!stream_) return failed(path_, "cannot be written", errno);
  absl::Status status = sync(staging_);
  if (status.ok()) status = rename_and_sync(staging_, path_);
  if (status.ok()) staging_.clear();
  return status;
}

absl::StatusOr<std::unique_ptr<StagedFolder>> StagedFolder::create(
    const std::string& folder) {
  const std::string path = without_slashes(folder);
  std::error_code error;
  if (fs::exists(path, error) &&
      (!fs::is_directory(path, error) || !fs::is_empty(path, error))) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is there already, and not an empty folder"));
  }
  std::string staging = staging_pattern(path);
  if (mkdtemp(staging.data()) == nullptr) {  // for its owner only
    return failed(path, "cannot be created", errno);
  }
  return std::unique_ptr<StagedFolder>(new StagedFolder(path, staging));
}

StagedFolder::~StagedFolder() {
  std::error_code error;
  if (!staging_.empty()) fs::remove_all(staging_, error);
}

absl::Status StagedFolder::commit() {
  const absl::Status status = rename_and_sync(staging_, path_);
  if (status.ok()) staging_.clear();
  return status;
}

}  // namespace weir::cli
