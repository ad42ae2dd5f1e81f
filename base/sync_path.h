#ifndef WEIR_BASE_SYNC_PATH_H_
#define WEIR_BASE_SYNC_PATH_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "weir/base/file_descriptor.h"

namespace weir::internal {

// Waits until the file's content, or the folder's entries, are on the disk.
// Returns 0, or errno.
inline int sync_path(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.is_open() && fsync(file.number()) == 0 ? 0 : errno;
}

}  // namespace weir::internal

#endif  // WEIR_BASE_SYNC_PATH_H_
