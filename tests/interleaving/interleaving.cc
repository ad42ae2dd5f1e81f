#include "tests/interleaving/interleaving.h"

#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace weir::testing {
namespace {

constexpr size_t kMaxAccesses = 100'000;

// Picks one of `options` (at least 1) ways to go on.
using Chooser = std::function<size_t(size_t options)>;

// Threads that pass a baton: exactly one of them, or the controller, runs.
//
// Each body first runs up to its first access, in the order of the threads;
// nothing shared was touched yet, so that order is no choice. From then on
// `choose_` decides at every access who makes the next one.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  ~Scheduler() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      for (const auto& worker : workers_) worker->turn.notify_one();
    }
    for (const auto& worker : workers_) worker->thread.join();
  }

  // Runs `bodies` to their ends; returns who made each access, in order.
  std::vector<size_t> run(const std::vector<std::function<void()>>& bodies,
                          const Chooser& choose, int max_preemptions) {
    std::unique_lock<std::mutex> lock(mutex_);
    while (workers_.size() < bodies.size()) {
      workers_.push_back(std::make_unique<Worker>());
      workers_.back()->thread =
          std::thread([this, id = workers_.size() - 1] { work(id); });
    }
    bodies_ = &bodies;
    choose_ = &choose;
    started_ = 0;
    ready_.assign(bodies.size(), false);
    schedule_.clear();
    preemptions_left_ = max_preemptions;
    holder_ = next();
    if (holder_ != kController) workers_[holder_]->turn.notify_one();
    controllers_turn_.wait(lock, [this] { return holder_ == kController; });
    return schedule_;
  }

  static void scheduling_point() {
    if (current_.scheduler != nullptr) {
      current_.scheduler->await_access(current_.id);
    }
  }

 private:
  static constexpr size_t kController = SIZE_MAX;

  struct Worker {
    std::condition_variable turn;
    std::thread thread;
  };

  struct Current {
    Scheduler* scheduler = nullptr;
    size_t id = 0;
  };

  void work(size_t id) {
    current_ = {this, id};
    while (await_turn(id)) {
      (*bodies_)[id]();
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_[id] = false;
      hand_over();
    }
  }

  // Returns false if there will be no other turn.
  bool await_turn(size_t id) {
    std::unique_lock<std::mutex> lock(mutex_);
    workers_[id]->turn.wait(lock,
                            [this, id] { return holder_ == id || stopping_; });
    return holder_ == id;
  }

  void await_access(size_t id) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_[id] = true;
      hand_over();
      if (holder_ == id) return;
    }
    await_turn(id);
  }

  // REQUIRES: `mutex_` is held by the thread that holds the baton.
  void hand_over() {
    holder_ = next();
    (holder_ == kController ? controllers_turn_ : workers_[holder_]->turn)
        .notify_one();
  }

  size_t next() {
    if (started_ < bodies_->size()) return started_++;
    // The thread that made the last access comes first, if it goes on: to take
    // another one is to preempt it.
    const size_t last = schedule_.empty() ? kController : schedule_.back();
    const bool goes_on = last != kController && ready_[last];
    std::vector<size_t> ready;
    if (goes_on) ready.push_back(last);
    for (size_t id = 0; id < ready_.size(); ++id) {
      const bool may_run = ready_[id] && id != last;
      if (may_run && (!goes_on || preemptions_left_ > 0)) ready.push_back(id);
    }
    if (ready.empty()) return kController;
    if (schedule_.size() == kMaxAccesses) {
      std::fputs("interleaving: a program did not end\n", stderr);
      std::abort();
    }
    schedule_.push_back(ready[(*choose_)(ready.size())]);
    if (goes_on && schedule_.back() != last) --preemptions_left_;
    return schedule_.back();
  }

  static thread_local Current current_;

  std::mutex mutex_;  // Held by whoever reads or writes what follows.
  std::condition_variable controllers_turn_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool stopping_ = false;
  size_t holder_ = kController;

  // The present run.
  const std::vector<std::function<void()>>* bodies_ = nullptr;
  const Chooser* choose_ = nullptr;
  size_t started_ = 0;
  int preemptions_left_ = 0;
  std::vector<bool> ready_;  // By thread: about to make an access.
  std::vector<size_t> schedule_;
};

thread_local Scheduler::Current Scheduler::current_;

// Runs one schedule. Returns false, having reported why, if it failed.
bool run_once(Scheduler& scheduler, const std::function<void(Program&)>& build,
              const Chooser& choose, int max_preemptions = kAnyPreemptions) {
  ::testing::TestPartResultArray results;
  std::vector<size_t> schedule;
  {
    const ::testing::ScopedFakeTestPartResultReporter intercept(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS,
        &results);
    Program program;
    build(program);
    schedule = scheduler.run(program.threads(), choose, max_preemptions);
    for (const auto& check : program.checks()) check();
  }
  bool passed = true;
  for (int i = 0; i < results.size(); ++i) {
    const ::testing::TestPartResult& result = results.GetTestPartResult(i);
    if (!result.failed()) continue;
    passed = false;
    std::string order;
    for (const size_t id : schedule) order += " " + std::to_string(id);
    ADD_FAILURE_AT(result.file_name(), result.line_number())
        << result.message() << "\nunder the schedule:" << order;
  }
  return passed;
}

}  // namespace

namespace internal {

void scheduling_point() { Scheduler::scheduling_point(); }

}  // namespace internal

Explored explore(const std::function<void(Program&)>& build,
                 int64_t max_schedules, int max_preemptions) {
  struct Choice {
    size_t taken;
    size_t options;
  };
  Scheduler scheduler;
  std::vector<Choice> path;  // The choices of the present run.
  for (int64_t schedules = 1; schedules <= max_schedules; ++schedules) {
    size_t depth = 0;
    const auto choose = [&](size_t options) {
      if (depth == path.size()) path.push_back({0, options});
      return path[depth++].taken;
    };
    const bool passed = run_once(scheduler, build, choose, max_preemptions);
    if (!passed) return {schedules, false};
    while (!path.empty() && path.back().taken + 1 == path.back().options) {
      path.pop_back();
    }
    if (path.empty()) return {schedules, true};
    ++path.back().taken;
  }
  return {max_schedules, false};
}

Explored explore_random(const std::function<void(Program&)>& build,
                        uint64_t seed, int64_t runs) {
  Scheduler scheduler;
  std::mt19937_64 random(seed);
  for (int64_t schedules = 1; schedules <= runs; ++schedules) {
    const bool passed = run_once(
        scheduler, build, [&](size_t options) { return random() % options; });
    if (!passed) return {schedules, false};
  }
  return {runs, false};
}

}  // namespace weir::testing
