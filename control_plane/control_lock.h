#ifndef WEIR_CONTROL_PLANE_CONTROL_LOCK_H_
#define WEIR_CONTROL_PLANE_CONTROL_LOCK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "weir/control_plane/calls_in_progress.h"
#include "weir/control_plane/control_plane.h"
#include "weir/control_plane/registry.h"
#include "weir/enforcer/requests.h"

namespace weir::internal {

// Locks `mutex_` for a call of the control plane that statistics are to show.
class ABSL_SCOPED_LOCKABLE ControlPlane::ControlLock {
 public:
  // `name` is a constant.
  ControlLock(const ControlPlane& plane, const char* name)
      ABSL_EXCLUSIVE_LOCK_FUNCTION(plane.mutex_)
      : plane_(plane), call_(plane.calls_, name) {
    acquire();
  }
  ~ControlLock() ABSL_UNLOCK_FUNCTION() { release(); }
  ControlLock(const ControlLock&) = delete;
  ControlLock& operator=(const ControlLock&) = delete;

  // Call before a commit of very many changes, which reports no progress.
  void expect_commit(size_t changes) {
    constexpr int64_t kNanosOfOne = 20'000;  // most of them far less
    call_.made_progress(static_cast<int64_t>(changes) * kNanosOfOne);
  }

  // Releases the mutex for a while.
  void release() ABSL_UNLOCK_FUNCTION() {
    plane_.publish_sizes();
    plane_.mutex_.unlock();
  }
  void acquire() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    plane_.mutex_.lock();
    taken_ = std::chrono::steady_clock::now();
  }

  // Call between two pieces of a long call: lets other calls in if the last
  // piece was long enough. Cheap.
  void pause() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    constexpr auto kPiece = std::chrono::milliseconds(1);
    if (std::chrono::steady_clock::now() - taken_ < kPiece) return;
    call_.made_progress();
    plane_.publish_sizes();
    plane_.mutex_.let_others_in();
    taken_ = std::chrono::steady_clock::now();
  }

  // For a change to a plan, a key or both (otherwise ""): waits, without the
  // mutex, while a long call is about to change the same.
  void await_turn(std::string_view plan_id,
                  std::string_view key_id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    await([&] {
      plane_.mutex_.assert_held();
      const PlanRecord* const plan = plane_.plans_.find(plan_id);
      const KeyRecord* const key = plane_.keys_.find(key_id);
      return (plan != nullptr && plan->state != PlanRecord::State::kPresent) ||
             (key != nullptr && plane_.is_imported(*key));
    });
  }
  void await_import() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    await([&] {
      plane_.mutex_.assert_held();
      return plane_.importing_ != nullptr;
    });
  }

 private:
  void await(absl::FunctionRef<bool()> is_busy) ABSL_NO_THREAD_SAFETY_ANALYSIS {
    while (is_busy()) {
      release();
      plane_.long_change_.lock();
      plane_.long_change_.unlock();
      acquire();
      // The call that it waited for has reported its own progress.
      call_.made_progress();
    }
  }

  const ControlPlane& plane_;
  CallsInProgress::Call call_;
  std::chrono::steady_clock::time_point taken_;
};

// Gets a page of what `list()` returns, which is a StatusOr of a pointer to a
// Registry or a CreationOrder, in pieces of `piece` visits. `visit(thing)`
// returns whether the thing counts.
template <class Lock, class List, class Visit>
absl::StatusOr<std::string> page_in_pieces(Lock& lock, const PageRequest& page,
                                           int piece, List list, Visit visit) {
  constexpr int kMaxVisited = 100'000;
  std::string position = page.position;
  int left = page_size(page.limit);
  int visited = 0;
  for (;;) {
    const auto things = list();
    if (!things.ok()) return things.status();
    auto next = (*things)->page(
        position, left,
        [&](const auto& thing) {
          ++visited;
          if (!visit(thing)) return false;
          --left;
          return true;
        },
        piece);
    if (!next.ok() || next->empty() || left == 0 || visited >= kMaxVisited) {
      return next;
    }
    position = *std::move(next);
    lock.pause();
  }
}

}  // namespace weir::internal

#endif  // WEIR_CONTROL_PLANE_CONTROL_LOCK_H_
