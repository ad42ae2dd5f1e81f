#ifndef WEIR_STORE_FOLDER_LOCK_H_
#define WEIR_STORE_FOLDER_LOCK_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "weir/base/file_descriptor.h"

namespace weir {

// The right to use a store's folder: for writing, one process at a time; for
// reading, any number. Destroying it ends the right. *thread-compatible*
//
// The write lock is a POSIX lock on the folder's file `lock`, which tells which
// process holds it, and, since that file can be removed, a flock(2) on the
// folder. Both end with the process, however it exits, and a child does not
// inherit them. But POSIX locks do not conflict within a process, and closing
// any descriptor of the file drops them. So a list of the folders that this
// process has open is checked first. The list protects SQLite too, which uses
// POSIX locks and keeps its own lists of them. A child inherits those lists,
// with the parent's locks in them, and so must not open what the parent had
// open.
class FolderLock {
 public:
  // FailedPrecondition, naming the process, if the folder is in use; NotFound
  // if there is no such folder. Does not block. Creates the file `lock`.
  static absl::StatusOr<std::unique_ptr<FolderLock>> to_write(
      const std::string& folder);
  // Fails only if the folder cannot be opened, or in a child of a process that
  // had it open. A process that writes to a folder may also read it, but one
  // that reads a folder may not begin to write to it. Creates and locks
  // nothing.
  static absl::StatusOr<std::unique_ptr<FolderLock>> to_read(
      const std::string& folder);

  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  // REQUIRES: called in the process that created this.
  ~FolderLock();

 private:
  using Inode = std::pair<dev_t, ino_t>;
  struct OpenFolders;

  FolderLock(Inode inode, internal::Descriptor folder,
             internal::Descriptor lock)
      : inode_(inode), folder_(std::move(folder)), lock_(std::move(lock)) {}

  static absl::StatusOr<std::unique_ptr<FolderLock>> take(
      const std::string& folder, bool to_write);

  const Inode inode_;
  // While the folder is open, its inode cannot be reused for another.
  internal::Descriptor folder_;  // Locked too, if this is the right to write.
  internal::Descriptor lock_;    // Open if this is the right to write.
};

}  // namespace weir

#endif  // WEIR_STORE_FOLDER_LOCK_H_
