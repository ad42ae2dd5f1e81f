#ifndef WEIR_STORE_FOLDER_LOCK_H_
#define WEIR_STORE_FOLDER_LOCK_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "store/descriptor.h"

namespace weir {

// The right to use a store's folder: to write, of one process at a time; to
// read, of any number. Destroying it ends the right. *thread-compatible*
//
// The lock is a POSIX one on the folder's file `lock`, which says who has it,
// and, since that file can be removed, one of flock(2) on the folder. Both end
// with the process however that ends, and a child does not inherit them. But
// POSIX locks do not conflict within a process, and closing any descriptor of
// the file drops them; so a list of the folders that the process has open is
// asked first. The list serves SQLite too, which keeps its locks in the same
// way and in lists of its own: a child inherits those, with locks in them that
// are its parent's, and so must not open what the parent had open.
class FolderLock {
 public:
  // FailedPrecondition if the folder is in use, with the process that uses it;
  // NotFound if there is none. Does not wait. Creates the file.
  static absl::StatusOr<std::unique_ptr<FolderLock>> to_write(
      const std::string& folder);
  // Fails only for want of the folder, or in a child of a process that had it
  // open. A process that writes to a folder may read it as well, but not begin
  // to write to one that it reads. Creates and locks nothing.
  static absl::StatusOr<std::unique_ptr<FolderLock>> to_read(
      const std::string& folder);

  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  // REQUIRES: in the process that made it.
  ~FolderLock();

 private:
  using Inode = std::pair<dev_t, ino_t>;
  struct OpenFolders;

  FolderLock(Inode inode, Descriptor folder, Descriptor lock)
      : inode_(inode), folder_(std::move(folder)), lock_(std::move(lock)) {}

  static absl::StatusOr<std::unique_ptr<FolderLock>> take(
      const std::string& folder, bool to_write);

  const Inode inode_;
  // While the folder is open, no other can be given its inode.
  Descriptor folder_;  // Locked as well, if this is the right to write.
  Descriptor lock_;    // Open if this is the right to write.
};

}  // namespace weir

#endif  // WEIR_STORE_FOLDER_LOCK_H_
