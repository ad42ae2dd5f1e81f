#include "weir/counts/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/file_error.h"
#include "weir/base/round_up.h"

namespace weir::internal {
namespace {

constexpr size_t kStep = size_t{2} << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<MappedFile>> MappedFile::create(std::string path,
                                                               size_t reserve) {
  reserve = round_up(std::max<size_t>(reserve, 1), kStep);
  // Unlinks an old file, rather than truncate what others may have mapped.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return file_error(path, "cannot remove what was there", errno);
  }
  Descriptor file(open(
      path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return file_error(path, "cannot create", errno);
  void* base = mmap(nullptr, reserve, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_NORESERVE, file.number(), 0);
  if (base == MAP_FAILED) {
    const int error_number = errno;
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": cannot reserve ", reserve,
                     " bytes of address space: ", std::strerror(error_number)));
  }
  return std::unique_ptr<MappedFile>(new MappedFile(
      std::move(path), std::move(file), static_cast<char*>(base), reserve));
}

MappedFile::~MappedFile() { munmap(base_, reserved_); }

absl::Status MappedFile::extend(size_t bytes) {
  if (bytes <= size_) return absl::OkStatus();
  if (bytes > reserved_) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path_, ": ", bytes, " bytes are more than the ", reserved_,
                     " of address space that are reserved for it"));
  }
  const size_t step = round_up(std::max(bytes, size_ + size_ / 8), kStep);
  size_t size = std::min(step, reserved_);
  int error_number = allocate(size);
  if (error_number != 0) {
    size = round_up(bytes, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
    error_number = allocate(size);
  }
  if (error_number != 0) {
    return file_error(path_, "cannot grow", error_number);
  }
  size_ = size;
  return absl::OkStatus();
}

int MappedFile::allocate(size_t size) {
  if (is_memory()) {
    return mprotect(base_ + size_, size - size_, PROT_READ | PROT_WRITE) == 0
               ? 0
               : errno;
  }
  int error_number;
  do {
    error_number = posix_fallocate(file_.number(), static_cast<off_t>(size_),
                                   static_cast<off_t>(size - size_));
  } while (error_number == EINTR);
  // Frees what was allocated: a part is of no use here.
  if (error_number != 0 &&
      ftruncate(file_.number(), static_cast<off_t>(size_)) != 0) {
    return errno;
  }
  return error_number;
}

absl::Status MappedFile::flush() {
  if (is_memory()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": is the parent process's"));
  }
  if (size_ > 0 && msync(base_, size_, MS_SYNC) != 0) {
    return file_error(path_, "cannot write", errno);
  }
  return absl::OkStatus();
}

Descriptor MappedFile::become_memory() {
  // Inaccessible at first, so that it does not count as committed memory.
  mmap(base_, reserved_, PROT_NONE,
       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  Descriptor file = std::move(file_);
  const size_t size = std::exchange(size_, 0);
  if (allocate(size) == 0) size_ = size;
  return file;
}

}  // namespace weir::internal
