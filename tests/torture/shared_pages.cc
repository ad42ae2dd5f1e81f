#include "weir/tests/torture/shared_pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/status/status.h"

namespace weir::torture {

void Round::fail(const std::string& what) {
  if (failing.exchange(true)) return;
  std::memcpy(failure, what.data(), std::min(what.size(), sizeof failure - 1));
  failed = true;
}

absl::StatusOr<SharedPages*> map_shared_pages(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, path);
  void* pages = MAP_FAILED;
  if (ftruncate(file, sizeof(SharedPages)) == 0) {
    pages = mmap(nullptr, sizeof(SharedPages), PROT_READ | PROT_WRITE,
                 MAP_SHARED, file, 0);
  }
  const int error = errno;
  close(file);
  if (pages == MAP_FAILED) return absl::ErrnoToStatus(error, path);
  return static_cast<SharedPages*>(pages);
}

}  // namespace weir::torture
