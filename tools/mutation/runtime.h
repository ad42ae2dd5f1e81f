// Placed at the beginning of each file with mutants: which of them is selected,
// and which are reached. The environment says both; nothing is allocated,
// locked or asked of the system once the process has started.
#ifndef WEIR_MUTANT_RUNTIME_H_
#define WEIR_MUTANT_RUNTIME_H_

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace weir_mutant {

inline int chosen() {
  const char* id = ::getenv("WEIR_MUTANT");
  return id ? ::atoi(id) : 0;
}

// A file with a byte for each mutant, shared with the processes that a test
// starts.
inline unsigned char* map_reached() {
  const char* path = ::getenv("WEIR_MUTANTS_REACHED");
  int file = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return nullptr;
  off_t size = ::lseek(file, 0, SEEK_END);
  void* map = ::mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_POPULATE, file, 0);
  ::close(file);
  return map == MAP_FAILED ? nullptr : static_cast<unsigned char*>(map);
}

inline const int selected = chosen();
inline unsigned char* const reached = map_reached();

inline bool on_at_run_time(int id) {
  if (reached) __atomic_store_n(&reached[id], 1, __ATOMIC_RELAXED);
  return id == selected;
}

// What the compiler computes is not changed.
constexpr bool on(int id) {
  return !__builtin_is_constant_evaluated() && on_at_run_time(id);
}

// A mutex that no other code uses.
template <typename Mutex>
Mutex* another(Mutex*) {
  return new Mutex();
}
template <typename Mutex>
Mutex& another(Mutex&) {
  return *new Mutex();
}

}  // namespace weir_mutant

#endif  // WEIR_MUTANT_RUNTIME_H_
