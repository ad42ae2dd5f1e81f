#include "weir/http/worker_pool.h"

namespace weir {

WorkerPool::WorkerPool(int threads)
    : tasks_(threads), more_(tasks_.get_executor()) {
  threads_.reserve(threads);
  try {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([this] { tasks_.run(); });
    }
  } catch (...) {
    join();
    throw;
  }
}

WorkerPool::~WorkerPool() { join(); }

void WorkerPool::join() {
  more_.reset();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace weir
