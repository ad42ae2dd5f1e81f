#ifndef WEIR_TESTS_LINEARIZABILITY_TEAM_H_
#define WEIR_TESTS_LINEARIZABILITY_TEAM_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace weir::testing {

// A group of threads that start together, round after round: calls overlap more
// often in many short rounds than in one long round. *thread-compatible*
class Team {
 public:
  using Random = std::mt19937_64;

  // Each member draws from a sequence of its own, made from `seed`.
  Team(int members, uint64_t seed);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Has each member do `body(member)` and returns when all have. The caller is
  // member 0.
  void run(const std::function<void(int)>& body);

  // The present member's; a caller that belongs to no team has one as well.
  static Random& random();

  // Does nothing, or spins, or yields, as a scheduler would between any two
  // instructions. Under --config=restless every function of the library does
  // this first, so that calls overlap at every step.
  static void pause();

 private:
  void begin_round();
  void serve(int member);
  void work_together(int member);

  std::vector<std::thread> threads_;
  std::vector<Random> randoms_;

  std::mutex mutex_;
  std::condition_variable next_round_;
  int64_t round_ = 0;  // guarded by `mutex_`
  // Of the present round; nullptr ends the team.
  const std::function<void(int)>* body_ = nullptr;
  std::atomic<int> waiting_{0};
  std::atomic<int> at_work_{0};
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_LINEARIZABILITY_TEAM_H_
