#include "weir/tests/linearizability/team.h"

namespace weir::testing {
namespace {

thread_local Team::Random* current = nullptr;

template <class Condition>
void wait_until(Condition condition) {
  // There may be fewer processors than members.
  for (int spins = 0; !condition(); ++spins) {
    if (spins > 200) std::this_thread::yield();
  }
}

}  // namespace

Team::Team(int members, uint64_t seed) {
  for (int member = 0; member < members; ++member) {
    randoms_.emplace_back(seed * 1000 + member);
  }
  for (int member = 1; member < members; ++member) {
    threads_.emplace_back([this, member] { serve(member); });
  }
}

Team::~Team() {
  body_ = nullptr;
  begin_round();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run(const std::function<void(int)>& body) {
  body_ = &body;
  at_work_ = static_cast<int>(randoms_.size());
  waiting_ = static_cast<int>(randoms_.size());
  begin_round();
  Random* const before = current;
  current = &randoms_[0];
  work_together(0);
  current = before;
  wait_until([this] { return at_work_ == 0; });
}

void Team::begin_round() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++round_;
  next_round_.notify_all();
}

void Team::serve(int member) {
  current = &randoms_[member];
  for (int64_t round = 1;; ++round) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      next_round_.wait(lock, [&] { return round_ >= round; });
    }
    if (body_ == nullptr) return;
    work_together(member);
  }
}

void Team::work_together(int member) {
  // Awake they are one after the other; they start when the last one is.
  --waiting_;
  wait_until([this] { return waiting_ == 0; });
  (*body_)(member);
  --at_work_;
}

Team::Random& Team::random() {
  static thread_local Random outside;
  return current == nullptr ? outside : *current;
}

void Team::pause() {
  // Setup and the final look cannot race.
  if (current == nullptr) return;
  const uint64_t dice = random()();
  if (dice % 32 == 0) {
    std::this_thread::yield();
  } else if (dice % 4 == 0) {
    for (uint64_t i = dice >> 8 & 127; i > 0; --i) {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
  }
}

}  // namespace weir::testing

// What gcc's -finstrument-functions calls.
extern "C" {
void __cyg_profile_func_enter(void*, void*) { weir::testing::Team::pause(); }
void __cyg_profile_func_exit(void*, void*) {}
}
