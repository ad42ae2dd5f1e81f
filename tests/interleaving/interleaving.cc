#include "weir/tests/interleaving/interleaving.h"

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
#include "weir/tests/interleaving/weak_memory.h"

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

  // Runs `bodies` to their ends; returns who made each access, in order, as
  // text.
  std::string run(const std::vector<std::function<void()>>& bodies,
                  const Chooser& choose, const Bounds& bounds) {
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
    late_reads_.clear();
    preemptions_left_ = bounds.preemptions;
    late_reads_left_ = bounds.late_reads;
    memory_ = std::make_unique<WeakMemory>(
        bodies.size(), [this](size_t options) { return choose_age(options); },
        [](const std::string& race) { ADD_FAILURE() << race; });
    holder_ = next();
    if (holder_ != kController) workers_[holder_]->turn.notify_one();
    controllers_turn_.wait(lock, [this] { return holder_ == kController; });
    memory_.reset();
    return text_of_schedule();
  }

  static void scheduling_point() {
    if (current_.scheduler != nullptr) {
      current_.scheduler->await_access(current_.id);
    }
  }

  // The memory and the calling thread's number; nullptr outside of programs.
  static WeakMemory* memory() {
    return current_.scheduler == nullptr ? nullptr
                                         : current_.scheduler->memory_.get();
  }
  static size_t thread() { return current_.id; }

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

  // Which of a thread's options to read it takes: 0 is the newest value.
  size_t choose_age(size_t options) {
    if (late_reads_left_ == 0) return 0;
    const size_t age = (*choose_)(options);
    if (age > 0) {
      --late_reads_left_;
      late_reads_.emplace_back(schedule_.size() - 1, age);
    }
    return age;
  }

  std::string text_of_schedule() const {
    std::string text;
    auto late = late_reads_.begin();
    for (size_t i = 0; i < schedule_.size(); ++i) {
      text += " " + std::to_string(schedule_[i]);
      if (late != late_reads_.end() && late->first == i) {
        text += "-" + std::to_string(late++->second);
      }
    }
    return text;
  }

  static thread_local Current current_;

  std::mutex mutex_;  // Guards the members below.
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
  // Accesses that have read old values, and how old those were.
  std::vector<std::pair<size_t, size_t>> late_reads_;
  int late_reads_left_ = 0;
  std::unique_ptr<WeakMemory> memory_;
};

thread_local Scheduler::Current Scheduler::current_;

// Runs one schedule. Returns false, having reported why, if it failed.
bool run_once(Scheduler& scheduler, const std::function<void(Program&)>& build,
              const Chooser& choose, const Bounds& bounds) {
  ::testing::TestPartResultArray results;
  std::string schedule;
  {
    const ::testing::ScopedFakeTestPartResultReporter intercept(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ALL_THREADS,
        &results);
    Program program;
    build(program);
    schedule = scheduler.run(program.threads(), choose, bounds);
    for (const auto& check : program.checks()) check();
  }
  bool passed = true;
  for (int i = 0; i < results.size(); ++i) {
    const ::testing::TestPartResult& result = results.GetTestPartResult(i);
    if (!result.failed()) continue;
    passed = false;
    ADD_FAILURE_AT(result.file_name(), result.line_number())
        << result.message() << "\nunder the schedule:" << schedule;
  }
  return passed;
}

}  // namespace

namespace internal {

void scheduling_point() { Scheduler::scheduling_point(); }

void construct(const void* atomic, uint64_t value) {
  if (WeakMemory* memory = Scheduler::memory()) {
    memory->construct(Scheduler::thread(), atomic, value);
  }
}

uint64_t load(const void* atomic, uint64_t present, std::memory_order order) {
  WeakMemory* const memory = Scheduler::memory();
  return memory == nullptr
             ? present
             : memory->load(Scheduler::thread(), atomic, present, order);
}

void store(const void* atomic, uint64_t present, uint64_t value,
           std::memory_order order) {
  if (WeakMemory* memory = Scheduler::memory()) {
    memory->store(Scheduler::thread(), atomic, present, value, order);
  }
}

void update(const void* atomic, uint64_t present, uint64_t value,
            std::memory_order order) {
  if (WeakMemory* memory = Scheduler::memory()) {
    memory->update(Scheduler::thread(), atomic, present, value, order);
  }
}

uint64_t compare(const void* atomic, uint64_t present, uint64_t expected,
                 std::memory_order failure) {
  WeakMemory* const memory = Scheduler::memory();
  return memory == nullptr ? present
                           : memory->compare(Scheduler::thread(), atomic,
                                             present, expected, failure);
}

}  // namespace internal

void scheduled_fence(std::memory_order order) {
  if (WeakMemory* memory = Scheduler::memory()) {
    internal::scheduling_point();
    memory->fence(Scheduler::thread(), order);
  }
}

void fence_all_threads() {
  if (WeakMemory* memory = Scheduler::memory()) {
    internal::scheduling_point();
    memory->fence_all();
  }
}

void note_read(const void* memory) {
  if (WeakMemory* weak = Scheduler::memory()) {
    weak->read(Scheduler::thread(), memory);
  }
}

void note_write(const void* memory) {
  if (WeakMemory* weak = Scheduler::memory()) {
    weak->write(Scheduler::thread(), memory);
  }
}

Explored explore(const std::function<void(Program&)>& build,
                 int64_t max_schedules, int max_preemptions) {
  return explore(build, Bounds{max_preemptions, 0}, max_schedules);
}

Explored explore(const std::function<void(Program&)>& build,
                 const Bounds& bounds, int64_t max_schedules) {
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
    const bool passed = run_once(scheduler, build, choose, bounds);
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
                        uint64_t seed, int64_t runs, int max_late_reads) {
  Scheduler scheduler;
  std::mt19937_64 random(seed);
  for (int64_t schedules = 1; schedules <= runs; ++schedules) {
    const bool passed = run_once(
        scheduler, build, [&](size_t options) { return random() % options; },
        Bounds{kAnyPreemptions, max_late_reads});
    if (!passed) return {schedules, false};
  }
  return {runs, false};
}

}  // namespace weir::testing
