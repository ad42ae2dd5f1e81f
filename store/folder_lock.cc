#include "store/folder_lock.h"

#include <fcntl.h>
#include <pthread.h>
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
#include "enforcer/mutex.h"
#include "store/file_error.h"

namespace weir {
namespace {

// The descriptors by which this process has locked folders. Such a lock is
// shared with children, and is to end with the process that took it: so they
// close their copies. What finds no place here they keep until they end.
class LockedFolders {
 public:
  static LockedFolders& instance() {
    static LockedFolders& folders = *new LockedFolders;
    return folders;
  }
  void add(int descriptor) { exchange(kNone, descriptor); }
  void remove(int descriptor) { exchange(descriptor, kNone); }

 private:
  static constexpr int kNone = -1;

  LockedFolders() {
    for (auto& descriptor : descriptors_) descriptor = kNone;
    pthread_atfork(nullptr, nullptr, [] { instance().close_all(); });
  }
  void exchange(int from, int to) {
    for (auto& descriptor : descriptors_) {
      int expected = from;
      if (descriptor.compare_exchange_strong(expected, to)) return;
    }
  }
  void close_all() {
    for (auto& descriptor : descriptors_) {
      const int number = descriptor.exchange(kNone);
      if (number != kNone) close(number);
    }
  }

  std::array<std::atomic<int>, 64> descriptors_;
};

// Locks the folder itself: the file may be removed, and another one be made and
// locked, while this process goes on. (Not the folder alone, since that does
// not tell who has it, and a child that inherits the descriptor has the lock.)
// Where a folder cannot be locked, as on NFS, the file has to do.
absl::Status lock_folder(const std::string& folder,
                         const Descriptor& descriptor) {
  if (flock(descriptor.number(), LOCK_EX | LOCK_NB) == 0 ||
      errno != EWOULDBLOCK) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      folder, ": is open in another process, whose file `lock` was removed"));
}

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
    int locks = 0;  // of the process that are there
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
  Descriptor descriptor;
  if (to_write) {
    descriptor =
        Descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  // Who may not list the folder can do without its lock.
  if (!descriptor.is_open()) {
    descriptor =
        Descriptor(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
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
    if (use.locks > 0) return in_use(folder, getpid());
    auto locked = lock_file_in(folder, descriptor);
    if (!locked.ok()) return locked.status();
    lock = *std::move(locked);
    if (auto status = lock_folder(folder, descriptor); !status.ok()) {
      return status;
    }
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
  MutexLock hold(folders.mutex);
  if (--folders.uses.at(inode_).locks == 0) folders.uses.erase(inode_);
  // While nobody else can look whether it is free.
  if (lock_.is_open()) LockedFolders::instance().remove(folder_.number());
  folder_ = Descriptor();
  lock_ = Descriptor();
}

}  // namespace weir
