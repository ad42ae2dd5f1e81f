#ifndef WEIR_TESTS_LINEARIZABILITY_RECORDER_H_
#define WEIR_TESTS_LINEARIZABILITY_RECORDER_H_

#include <atomic>
#include <cstdint>
#include <vector>

#include "weir/tests/linearizability/linearizability.h"

namespace weir::testing {

// Records the calls of several threads. *thread-safe* if each thread uses its
// own number.
template <class Event>
class Recorder {
 public:
  explicit Recorder(int threads) : lanes_(threads) {}

  // Calls `call`, which returns the event, and notes when.
  template <class Call>
  void record(int thread, Call call) {
    Operation<Event> operation;
    operation.thread = thread;
    operation.invoked = moment_.fetch_add(1);
    operation.event = call();
    operation.returned = moment_.fetch_add(1);
    lanes_[thread].operations.push_back(operation);
  }

  // Everything recorded. REQUIRES: no thread is recording.
  std::vector<Operation<Event>> history() const {
    std::vector<Operation<Event>> history;
    for (const Lane& lane : lanes_) {
      history.insert(history.end(), lane.operations.begin(),
                     lane.operations.end());
    }
    return history;
  }

 private:
  // A line apart, so that recording does not order the threads more than the
  // count of moments does anyhow.
  struct alignas(64) Lane {
    std::vector<Operation<Event>> operations;
  };

  std::atomic<int64_t> moment_{0};
  std::vector<Lane> lanes_;
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_LINEARIZABILITY_RECORDER_H_
