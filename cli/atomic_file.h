// Files and folders that appear at their path only when they are complete.

#ifndef WEIR_CLI_ATOMIC_FILE_H_
#define WEIR_CLI_ATOMIC_FILE_H_

#include <fstream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir::cli {

// A file that only its owner may read, and that replaces the file at its path.
// Until it is committed, it is a temporary file in the same folder; if it is
// never committed, it is removed. *thread-compatible*
class StagedFile {
 public:
  // FailedPrecondition if `path` exists and is not a file.
  static absl::StatusOr<std::unique_ptr<StagedFile>> create(
      const std::string& path);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  std::ostream& stream() { return stream_; }
  // Syncs the file to disk, then renames it to its path.
  absl::Status commit();

 private:
  StagedFile(const std::string& path, const std::string& staging);

  const std::string path_;
  std::string staging_;  // "": there is none any more
  std::ofstream stream_;
};

// The same for a folder. It replaces only an empty one.
// *thread-compatible*
class StagedFolder {
 public:
  // FailedPrecondition if `path` exists and is not an empty folder.
  static absl::StatusOr<std::unique_ptr<StagedFolder>> create(
      const std::string& path);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  // The folder's path until it is committed.
  const std::string& staging() const { return staging_; }
  // Renames the folder to its path. Its content must already be synced to disk.
  absl::Status commit();

 private:
  StagedFolder(const std::string& path, const std::string& staging)
      : path_(path), staging_(staging) {}

  const std::string path_;
  std::string staging_;  // "": there is none any more
};

}  // namespace weir::cli

#endif  // WEIR_CLI_ATOMIC_FILE_H_
