// Files and folders that appear at their place when they are complete.

#ifndef WEIR_CLI_STAGED_H_
#define WEIR_CLI_STAGED_H_

#include <fstream>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir::cli {

// A file that only its owner may read, in place of what was at its path. Until
// it is committed it lies beside it, and unless it is, it goes without a trace.
// *thread-compatible*
class StagedFile {
 public:
  // FailedPrecondition if `path` is something else than a file.
  static absl::StatusOr<std::unique_ptr<StagedFile>> create(
      const std::string& path);
  ~StagedFile();
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  std::ostream& stream() { return stream_; }
  // Puts the file at its path when all of it is on the disk.
  absl::Status commit();

 private:
  StagedFile(const std::string& path, const std::string& staging);

  const std::string path_;
  std::string staging_;  // "": there is none any more
  std::ofstream stream_;
};

// The same for a folder, which replaces nothing but an empty one.
// *thread-compatible*
class StagedFolder {
 public:
  // FailedPrecondition if `path` is something else than an empty folder.
  static absl::StatusOr<std::unique_ptr<StagedFolder>> create(
      const std::string& path);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  // Where the folder is until it is committed.
  const std::string& staging() const { return staging_; }
  // Puts the folder at its path. What is in it is on the disk already.
  absl::Status commit();

 private:
  StagedFolder(const std::string& path, const std::string& staging)
      : path_(path), staging_(staging) {}

  const std::string path_;
  std::string staging_;  // "": there is none any more
};

}  // namespace weir::cli

#endif  // WEIR_CLI_STAGED_H_
