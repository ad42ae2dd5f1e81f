// The child process: it works until it is killed, or observes the store.

#ifndef WEIR_TESTS_TORTURE_CHILD_H_
#define WEIR_TESTS_TORTURE_CHILD_H_

#include <string>

namespace weir::torture {

// How a child ends that was not killed: in order, or with what it found wrong
// in `Round::failure`.
inline constexpr int kClosedInOrder = 0;
inline constexpr int kFoundWrong = 1;

struct ChildFiles {
  std::string pages;
  std::string store;        // a folder; "": no store
  std::string observation;  // where what is seen is written
};

// Opens the store; requests on some threads, and does the round's operations
// meanwhile, until it is told to stop. Returns how the process is to exit.
int work(const ChildFiles& files);

// Opens the store, and writes what it sees. May kill itself then, if the
// settings say so.
int check(const ChildFiles& files);

}  // namespace weir::torture

#endif  // WEIR_TESTS_TORTURE_CHILD_H_
