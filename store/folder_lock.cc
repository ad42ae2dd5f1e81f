#include "store/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "enforcer/mutex.h"
#include "store/file_error.h"

namespace weir {
namespace {

// `process` is 0 for one of a container that cannot be seen from here.
absl::Status in_use(const std::string& folder, pid_t process) {
  return absl::FailedPreconditionError(absl::StrCat(
      folder, ": is open in ",
      process == 0 ? "another process" : absl::StrCat("process ", process),
      process == getpid() ? ", this one" : ""));
}

absl::StatusOr<Descriptor> lock_file_in(const std::string& folder,
                                        const Descriptor& descriptor) {
  Descriptor file(
      openat(descriptor.number(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return file_error(folder + "/lock", "cannot be opened", errno);
  }
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(file.number(), F_SETLK, &lock) == 0) return file;
  if (errno != EACCES && errno != EAGAIN) {
    return file_error(folder + "/lock", "cannot be locked", errno);
  }
  // Its holder may have ended meanwhile.
  const bool held = fcntl(file.number(), F_GETLK, &lock) == 0 &&
                    lock.l_type != F_UNLCK && lock.l_pid > 0;
  return in_use(folder, held ? lock.l_pid : 0);
}

}  // namespace

// What this process has open, and what the one that forked it had.
struct FolderLock::OpenFolders {
  struct Use {
    pid_t process;
    int writers = 0;
    int readers = 0;
  };

  static OpenFolders& instance() {
    static OpenFolders& folders = *new OpenFolders;
    return folders;
  }

  // Made when this code is loaded: a child that was forked while another thread
  // made it would wait for that thread.
  static OpenFolders& loaded;

  Mutex mutex;
  std::map<Inode, Use> uses ABSL_GUARDED_BY(mutex);
};

FolderLock::OpenFolders& FolderLock::OpenFolders::loaded = instance();

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::take(
    const std::string& folder, bool to_write) {
  Descriptor descriptor(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat status;
  if (!descriptor.is_open() || fstat(descriptor.number(), &status) != 0) {
    return file_error(folder, "cannot be opened", errno);
  }
  const Inode inode(status.st_dev, status.st_ino);

  OpenFolders& folders = OpenFolders::instance();
  MutexLock hold(folders.mutex);
  const auto found = folders.uses.find(inode);
  OpenFolders::Use use{getpid()};
  if (found != folders.uses.end()) use = found->second;
  if (use.process != getpid()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, ": was open in process ", use.process,
        " when it forked this one, which therefore cannot open it"));
  }
  Descriptor lock;
  if (to_write) {
    if (use.writers + use.readers > 0) return in_use(folder, getpid());
    auto locked = lock_file_in(folder, descriptor);
    if (!locked.ok()) return locked.status();
    lock = *std::move(locked);
  }
  ++(to_write ? use.writers : use.readers);
  folders.uses[inode] = use;
  return std::unique_ptr<FolderLock>(
      new FolderLock(inode, std::move(descriptor), std::move(lock)));
}

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::to_write(
    const std::string& folder) {
  return take(folder, true);
}

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::to_read(
    const std::string& folder) {
  return take(folder, false);
}

FolderLock::~FolderLock() {
  OpenFolders& folders = OpenFolders::instance();
  MutexLock hold(folders.mutex);
  OpenFolders::Use& use = folders.uses.at(inode_);
  --(lock_.is_open() ? use.writers : use.readers);
  if (use.writers + use.readers == 0) folders.uses.erase(inode_);
  // While nobody else can look whether it is free.
  lock_ = Descriptor();
}

}  // namespace weir
