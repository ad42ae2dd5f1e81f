#include "weir/tests/in_child.h"

#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

// Of tools/coverage, if that has built this: writes down what was counted,
// which _exit() does not.
extern "C" [[gnu::weak]] int __llvm_profile_write_file();

namespace weir {

int in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    body();
    if (__llvm_profile_write_file != nullptr) __llvm_profile_write_file();
    _exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace weir
