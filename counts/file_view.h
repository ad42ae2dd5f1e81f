#ifndef WEIR_COUNTS_FILE_VIEW_H_
#define WEIR_COUNTS_FILE_VIEW_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/file_descriptor.h"

namespace weir::internal {

// A file mapped for reading, which others may write to and extend at the same
// time. *thread-compatible*
class FileView {
 public:
  // Errors are file_error()s: NotFound if there is no such file.
  static absl::StatusOr<std::unique_ptr<FileView>> open(std::string path);
  static absl::StatusOr<std::unique_ptr<FileView>> of(std::string path,
                                                      Descriptor file);
  ~FileView();
  FileView(const FileView&) = delete;
  FileView& operator=(const FileView&) = delete;

  const std::string& path() const { return path_; }
  size_t size() const { return size_; }

  // Returns the address of these bytes, valid until the next call; nullptr if
  // the file does not have them by now.
  const char* at(size_t offset, size_t bytes);

 private:
  FileView(std::string path, Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  // Maps the file at its present size. OK if it is empty.
  absl::Status map();

  const std::string path_;
  const Descriptor file_;
  void* base_ = nullptr;
  size_t size_ = 0;
};

}  // namespace weir::internal

#endif  // WEIR_COUNTS_FILE_VIEW_H_
