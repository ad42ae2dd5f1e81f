#include "store/file_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "store/system_error.h"

namespace weir {

absl::StatusOr<std::unique_ptr<FileView>> FileView::open(std::string path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0) return of(std::move(path), fd);
  if (errno == ENOENT) {
    return absl::NotFoundError(absl::StrCat(path, ": there is no such file"));
  }
  return system_error(path, "cannot open", errno);
}

absl::StatusOr<std::unique_ptr<FileView>> FileView::of(std::string path,
                                                       int fd) {
  std::unique_ptr<FileView> view(new FileView(std::move(path), fd));
  if (auto status = view->map(); !status.ok()) return status;
  return view;
}

FileView::~FileView() {
  if (base_ != nullptr) munmap(base_, size_);
  close(fd_);
}

const char* FileView::at(size_t offset, size_t bytes) {
  const auto is_there = [&] {
    return offset <= size_ && bytes <= size_ - offset;
  };
  if (!is_there() && (!map().ok() || !is_there())) return nullptr;
  return static_cast<const char*>(base_) + offset;
}

absl::Status FileView::map() {
  struct stat status;
  if (fstat(fd_, &status) != 0)
    return system_error(path_, "cannot read", errno);
  const auto size = static_cast<size_t>(status.st_size);
  if (size <= size_) return absl::OkStatus();
  void* base = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd_, 0);
  if (base == MAP_FAILED) return system_error(path_, "cannot map", errno);
  if (base_ != nullptr) munmap(base_, size_);
  base_ = base;
  size_ = size;
  return absl::OkStatus();
}

}  // namespace weir
