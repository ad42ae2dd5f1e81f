#ifndef WEIR_HTTP_WORKER_POOL_H_
#define WEIR_HTTP_WORKER_POOL_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

// Threads that call functions, in the order in which they came. (The destructor
// of asio::thread_pool would wait for ever if not all threads could be made.)
// *thread-safe*
class WorkerPool {
 public:
  // Throws std::system_error if there can be no threads.
  explicit WorkerPool(int threads);
  // Calls what there is first.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // `task` must not throw. How many wait is the caller's to bound.
  template <typename Task>
  void add(Task task) {
    boost::asio::post(tasks_, std::move(task));
  }

 private:
  void join();

  boost::asio::io_context tasks_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      more_;
  std::vector<std::thread> threads_;
};

}  // namespace weir

#endif  // WEIR_HTTP_WORKER_POOL_H_
