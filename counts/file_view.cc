#include "weir/counts/file_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "weir/base/file_error.h"
#include "weir/base/status_macros.h"

namespace weir::internal {

absl::StatusOr<std::unique_ptr<FileView>> FileView::open(std::string path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) return file_error(path, "cannot open", errno);
  return of(std::move(path), std::move(file));
}

absl::StatusOr<std::unique_ptr<FileView>> FileView::of(std::string path,
                                                       Descriptor file) {
  std::unique_ptr<FileView> view(
      new FileView(std::move(path), std::move(file)));
  WEIR_RETURN_IF_ERROR(view->map());
  return view;
}

FileView::~FileView() {
  if (base_ != nullptr) munmap(base_, size_);
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
  if (fstat(file_.number(), &status) != 0)
    return file_error(path_, "cannot read", errno);
  const auto size = static_cast<size_t>(status.st_size);
  if (size <= size_) return absl::OkStatus();
  void* base = mmap(nullptr, size, PROT_READ, MAP_SHARED, file_.number(), 0);
  if (base == MAP_FAILED) return file_error(path_, "cannot map", errno);
  if (base_ != nullptr) munmap(base_, size_);
  base_ = base;
  size_ = size;
  return absl::OkStatus();
}

}  // namespace weir::internal
