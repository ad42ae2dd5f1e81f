#ifndef WEIR_HTTP_WORKER_POOL_H_
#define WEIR_HTTP_WORKER_POOL_H_

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "enforcer/mutex.h"

namespace weir {

// Threads that call functions, in the order in which they came. *thread-safe*
class WorkerPool {
 public:
  using Task = std::function<void()>;

  // Throws std::system_error if there can be no threads.
  explicit WorkerPool(int threads);
  // Calls what there is first.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // `task` must not throw. How many wait is the caller's to bound.
  void add(Task task);

 private:
  void work();
  void join();

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace weir

#endif  // WEIR_HTTP_WORKER_POOL_H_
