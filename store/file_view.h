#ifndef WEIR_STORE_FILE_VIEW_H_
#define WEIR_STORE_FILE_VIEW_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/descriptor.h"

namespace weir {

// A file that may be written to and grow meanwhile, mapped to be read.
// *thread-compatible*
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

  // Where these bytes are; nullptr if the file does not have them, even now.
  // Until the next call.
  const char* at(size_t offset, size_t bytes);

 private:
  FileView(std::string path, Descriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  // Maps what there is by now. OK if that is nothing.
  absl::Status map();

  const std::string path_;
  const Descriptor file_;
  void* base_ = nullptr;
  size_t size_ = 0;
};

}  // namespace weir

#endif  // WEIR_STORE_FILE_VIEW_H_
