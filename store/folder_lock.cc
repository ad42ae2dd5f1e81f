#include "weir/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/at_fork.h"
#include "weir/base/file_error.h"
#include "weir/base/mutex.h"
#include "weir/base/status_macros.h"

namespace weir {
namespace {

// The descriptors with which this process has locked folders. Children inherit
// such a lock, but it must end with the process that took it, so they close
// their copies. They keep those that do not fit here until they exit.
class LockedFolders {
 public:
  static LockedFolders& instance() {
    static LockedFolders& folders = *new LockedFolders;
    return folders;
  }
  void add(int descriptor) { exchange(kNone, descriptor); }
  void remove(int descriptor) { exchange(descriptor, kNone); }
  void close_all() {
    for (auto& descriptor : descriptors_) {
      const int number = descriptor.exchange(kNone);
      if (number != kNone) close(number);
    }
  }

 private:
  static constexpr int kNone = -1;

  LockedFolders() {
    for (auto& descriptor : descriptors_) descriptor = kNone;
  }
  void exchange(int from, int to) {
    for (auto& descriptor : descriptors_) {
      int expected = from;
      if (descriptor.compare_exchange_strong(expected, to)) return;
    }
  }

  std::array<std::atomic<int>, 64> descriptors_;
};

// (Only a caller that holds a Mutex creates the instance, so fork() finds it
// whole or absent.)
const internal::AtFork at_fork([] { LockedFolders::instance().close_all(); });

// Locks the folder itself: the file may be removed, and a new one created and
// locked, while this process still runs. (A lock on the folder alone is not
// enough: it does not tell which process holds it, and a child that inherits
// the descriptor holds it too.) Where a folder cannot be locked, as on NFS, the
// lock on the file must suffice.
absl::Status lock_folder(const std::string& folder,
                         const internal::Descriptor& descriptor) {
  if (flock(descriptor.number(), LOCK_EX | LOCK_NB) == 0 ||
      errno != EWOULDBLOCK) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      folder, ": is open in another process, whose file `lock` was removed"));
}

// `process` is 0 if it is unknown, as in a container not visible from here.
absl::Status in_use(const std::string& folder, pid_t process) {
  return absl::FailedPreconditionError(absl::StrCat(
      folder, ": is open in ",
      process == 0 ? "another process" : absl::StrCat("process ", process),
      process == getpid() ? ", this one" : ""));
}

absl::StatusOr<internal::Descriptor> lock_file_in(
    const std::string& folder, const internal::Descriptor& descriptor) {
  internal::Descriptor file(
      openat(descriptor.number(), "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) {
    return internal::file_error(folder + "/lock", "cannot be opened", errno);
  }
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(file.number(), F_SETLK, &lock) == 0) return file;
  if (errno != EACCES && errno != EAGAIN) {
    return internal::file_error(folder + "/lock", "cannot be locked", errno);
  }
  // Its holder may have exited by now.
  const bool held = fcntl(file.number(), F_GETLK, &lock) == 0 &&
                    lock.l_type != F_UNLCK && lock.l_pid > 0;
  return in_use(folder, held ? lock.l_pid : 0);
}

}  // namespace

// The folders that this process has open, and those that its parent had open
// when it forked this one.
struct FolderLock::OpenFolders {
  struct Use {
    pid_t process;
    int locks = 0;  // The number of FolderLocks of the process.
  };

  static OpenFolders& instance() {
    static OpenFolders& folders = *new OpenFolders;
    return folders;
  }

  // Created at load time: a child that was forked while another thread created
  // it would wait for that thread forever.
  static OpenFolders& loaded;

  internal::Mutex mutex;
  std::map<Inode, Use> uses ABSL_GUARDED_BY(mutex);
};

FolderLock::OpenFolders& FolderLock::OpenFolders::loaded = instance();

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::take(
    const std::string& folder, bool to_write) {
  internal::Descriptor descriptor;
  if (to_write) {
    descriptor = internal::Descriptor(
        open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  // A process that may not list the folder does without the folder's own lock.
  if (!descriptor.is_open()) {
    descriptor = internal::Descriptor(
        open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  struct stat status;
  if (!descriptor.is_open() || fstat(descriptor.number(), &status) != 0) {
    return internal::file_error(folder, "cannot be opened", errno);
  }
  const Inode inode(status.st_dev, status.st_ino);

  OpenFolders& folders = OpenFolders::instance();
  internal::MutexLock hold(folders.mutex);
  const auto found = folders.uses.find(inode);
  OpenFolders::Use use{getpid()};
  if (found != folders.uses.end()) use = found->second;
  if (use.process != getpid()) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, ": was open in process ", use.process,
        " when it forked this one, which therefore cannot open it"));
  }
  internal::Descriptor lock;
  if (to_write) {
    if (use.locks > 0) return in_use(folder, getpid());
    auto locked = lock_file_in(folder, descriptor);
    if (!locked.ok()) return locked.status();
    lock = *std::move(locked);
    WEIR_RETURN_IF_ERROR(lock_folder(folder, descriptor));
    LockedFolders::instance().add(descriptor.number());
  }
  ++use.locks;
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
  internal::MutexLock hold(folders.mutex);
  if (--folders.uses.at(inode_).locks == 0) folders.uses.erase(inode_);
  // Under the mutex, so that no other thread tries to take the lock meanwhile.
  if (lock_.is_open()) LockedFolders::instance().remove(folder_.number());
  folder_ = internal::Descriptor();
  lock_ = internal::Descriptor();
}

}  // namespace weir
