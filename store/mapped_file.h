#ifndef WEIR_STORE_MAPPED_FILE_H_
#define WEIR_STORE_MAPPED_FILE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/descriptor.h"

namespace weir {

// A file of this process that grows at an address that stays: `reserved()`
// bytes of address space, of which the first `size()` are the file's, shared,
// with room on the disk for each of them, so that writing there cannot fail.
//
// Errors are file_error()s. *thread-compatible*
class MappedFile {
 public:
  // Creates an empty one, that only its owner can read, in place of another of
  // this name. ResourceExhausted if there is less address space than `reserve`
  // bytes.
  static absl::StatusOr<std::unique_ptr<MappedFile>> create(std::string path,
                                                            size_t reserve);
  // The file stays.
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  char* base() const { return base_; }
  size_t size() const { return size_; }
  size_t reserved() const { return reserved_; }

  // Has `bytes` at least, new ones zeroed: as they grow, files grow by an
  // eighth and by two megabytes at least, but for a disk that has no more. If
  // not even `bytes` can be had, nothing has changed.
  absl::Status extend(size_t bytes);
  // Waits until what was written is on the disk.
  absl::Status flush();

  // Puts zeroed memory of this process alone in the place of the file, which
  // the caller has from then on. For a child after
  // fork(). Without memory, addresses stay reserved that cannot be used, and
  // `size()` is 0.
  Descriptor become_memory();
  bool is_memory() const { return !file_.is_open(); }

 private:
  MappedFile(std::string path, Descriptor file, char* base, size_t reserved)
      : path_(std::move(path)),
        file_(std::move(file)),
        base_(base),
        reserved_(reserved) {}

  // Returns an error number, or 0.
  int allocate(size_t size);

  const std::string path_;
  Descriptor file_;
  char* const base_;
  const size_t reserved_;
  size_t size_ = 0;
};

}  // namespace weir

#endif  // WEIR_STORE_MAPPED_FILE_H_
