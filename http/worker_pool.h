#ifndef WEIR_HTTP_WORKER_POOL_H_
#define WEIR_HTTP_WORKER_POOL_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

// A pool of threads that run tasks in FIFO order. (The destructor of
// asio::thread_pool would wait forever if not all threads could be created.)
// *thread-safe*
class WorkerPool {
 public:
  // Throws std::system_error if the threads cannot be created.
  explicit WorkerPool(int threads);
  // Runs the remaining tasks first.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // `task` must not throw. The caller bounds the number of waiting tasks.
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
