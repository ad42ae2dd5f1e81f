#ifndef WEIR_COUNTS_MAPPED_FILE_H_
#define WEIR_COUNTS_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/base/file_descriptor.h"

namespace weir::internal {

// A file of this process, mapped at a fixed address where it can grow. Of the
// `reserved()` bytes of address space, the first `size()` map the file, shared.
// Room on the disk is allocated for them, so that writing to them cannot fail.
//
// Errors are file_error()s. *thread-compatible*
class MappedFile {
 public:
  // Creates an empty file that only its owner can read, replacing any file of
  // this name. ResourceExhausted if there is less address space than `reserve`
  // bytes.
  static absl::StatusOr<std::unique_ptr<MappedFile>> create(std::string path,
                                                            size_t reserve);
  // Leaves the file in place.
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  char* base() const { return base_; }
  size_t size() const { return size_; }
  size_t reserved() const { return reserved_; }

  // Extends the file to at least `bytes`; new bytes are zero. A file grows by
  // at least an eighth, in steps of two megabytes, unless that does not fit on
  // the disk. If `bytes` do not fit either, nothing has changed.
  absl::Status extend(size_t bytes);
  // Blocks until what was written is on the disk.
  absl::Status flush();

  // Replaces the file with zeroed private memory and returns its descriptor,
  // which the caller then owns. For a child after fork(). If there is no
  // memory, the address space stays reserved but inaccessible, and `size()` is
  // 0.
  Descriptor become_memory();
  bool is_memory() const { return !file_.is_open(); }

 private:
  MappedFile(std::string path, Descriptor file, char* base, size_t reserved)
      : path_(std::move(path)),
        file_(std::move(file)),
        base_(base),
        reserved_(reserved) {}

  // Returns an errno value, or 0.
  int allocate(size_t size);

  const std::string path_;
  Descriptor file_;
  char* const base_;
  const size_t reserved_;
  size_t size_ = 0;
};

}  // namespace weir::internal

#endif  // WEIR_COUNTS_MAPPED_FILE_H_
