#ifndef WEIR_TESTS_LINEARIZABILITY_LINEARIZABILITY_H_
#define WEIR_TESTS_LINEARIZABILITY_LINEARIZABILITY_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/numeric/int128.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"

// Checks recorded histories of concurrent calls against a sequential model: is
// there an order of the calls, each at some moment between its invocation and
// its response, in which the model gives the results that were observed?
//
//   struct Register {
//     using State = int;
//     struct Event { bool write; int value; };
//     // Whether the event, result and all, can come next; makes it so.
//     bool step(const Event& event, State& state) const;
//     // In words, for reports.
//     std::string describe(const Event& event) const;
//   };
//   EXPECT_TRUE(is_linearizable(Register{}, 0, history));
//
// A state is compared with == and hashed by Abseil.
namespace weir::testing {

// A call as seen from outside. Numbers of invocations and responses are places
// in one order of them all.
template <class Event>
struct Operation {
  static constexpr int kNothing = -1;

  int thread = 0;
  int64_t invoked = 0;
  int64_t returned = 0;
  Event event = {};
  // The index of an operation that comes before this one, though it need not
  // have ended: what acts at several moments, each by itself, is one operation
  // for each of them.
  int after = kNothing;

  bool overlaps(const Operation& other) const {
    return invoked < other.returned && other.invoked < returned;
  }
};

// The search of Wing and Gong: tries each operation that no other one must
// precede, and continues from there. Lowe's memoization avoids trying the rest
// again where the same operations led to the same state. *thread-compatible*
template <class Model>
class Linearizer {
 public:
  using State = typename Model::State;
  using History = std::vector<Operation<typename Model::Event>>;

  static constexpr size_t kMaxOperations = 128;

  // REQUIRES: at most kMaxOperations. Keeps references.
  Linearizer(const Model& model, const History& history)
      : model_(model), history_(history) {}

  bool succeeds_from(const State& initial) {
    visited_.clear();
    longest_.clear();
    order_.clear();
    return search(0, initial);
  }

  // Steps tried so far.
  int64_t steps() const { return steps_; }

  // One line for each operation, in the order of invocations, with its place in
  // the longest order that the model allows.
  std::string report() const {
    std::vector<int> place(history_.size(), 0);
    for (size_t i = 0; i < longest_.size(); ++i) {
      place[longest_[i]] = static_cast<int>(i) + 1;
    }
    std::vector<size_t> lines(history_.size());
    for (size_t i = 0; i < lines.size(); ++i) lines[i] = i;
    std::stable_sort(lines.begin(), lines.end(), [&](size_t a, size_t b) {
      return history_[a].invoked < history_[b].invoked;
    });
    std::string text = absl::StrFormat(
        "no order of these %d operations is right; one of %d is, and none is "
        "longer:\n place  thread  invoked  returned\n",
        history_.size(), longest_.size());
    for (const size_t i : lines) {
      const auto& operation = history_[i];
      absl::StrAppendFormat(
          &text, " %5s  %6d  %7d  %8d  %s\n",
          place[i] == 0 ? "-" : absl::StrFormat("%d", place[i]),
          operation.thread, operation.invoked, operation.returned,
          model_.describe(operation.event));
    }
    return text;
  }

 private:
  using Set = absl::uint128;  // of operations, by index

  static Set only(size_t i) { return Set(1) << static_cast<int>(i); }

  bool search(Set done, const State& state) {
    if (order_.size() > longest_.size()) longest_ = order_;
    if (order_.size() == history_.size()) return true;
    if (!visited_.insert({done, state}).second) return false;
    // Whoever was invoked after another's response comes after it.
    int64_t first_response = std::numeric_limits<int64_t>::max();
    for (size_t i = 0; i < history_.size(); ++i) {
      if ((done & only(i)) == 0) {
        first_response = std::min(first_response, history_[i].returned);
      }
    }
    for (size_t i = 0; i < history_.size(); ++i) {
      const auto& operation = history_[i];
      if ((done & only(i)) != 0 || operation.invoked > first_response) continue;
      if (operation.after >= 0 && (done & only(operation.after)) == 0) continue;
      State next = state;
      ++steps_;
      if (!model_.step(operation.event, next)) continue;
      order_.push_back(i);
      if (search(done | only(i), next)) return true;
      order_.pop_back();
    }
    return false;
  }

  const Model& model_;
  const History& history_;
  absl::flat_hash_set<std::pair<Set, State>> visited_;
  std::vector<size_t> order_;
  std::vector<size_t> longest_;
  int64_t steps_ = 0;
};

template <class Model>
::testing::AssertionResult is_linearizable(
    const Model& model, const typename Model::State& initial,
    const typename Linearizer<Model>::History& history) {
  if (history.size() > Linearizer<Model>::kMaxOperations) {
    return ::testing::AssertionFailure() << "too long a history";
  }
  Linearizer<Model> linearizer(model, history);
  if (linearizer.succeeds_from(initial)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << linearizer.report();
}

}  // namespace weir::testing

#endif  // WEIR_TESTS_LINEARIZABILITY_LINEARIZABILITY_H_
