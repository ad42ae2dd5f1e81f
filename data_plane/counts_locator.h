#ifndef WEIR_DATA_PLANE_COUNTS_LOCATOR_H_
#define WEIR_DATA_PLANE_COUNTS_LOCATOR_H_

#include "weir/counts/counts_file.h"
#include "weir/counts/counts_record.h"
#include "weir/data_plane/client.h"
#include "weir/data_plane/subscription.h"
#include "weir/memory/arena.h"
#include "weir/memory/line_source.h"
#include "weir/quota/counts.h"

namespace weir::internal {

// Finds the counts of keys' subscriptions. Without a store they are in the
// subscriptions. With a store they are in the records of its file: a
// subscription's record has the number of the arena's pair of lines in which
// the subscription lies. So its address is known as early as the client's.
//
// A value of three words, which may be copied. *thread-compatible*
class CountsLocator {
 public:
  // `file`: nullptr without a store. Both must outlive the object.
  explicit CountsLocator(Arena& arena, CountsFile* file = nullptr)
      : arena_(&arena),
        records_(file == nullptr ? nullptr : file->records()),
        lines_(file == nullptr ? static_cast<LineSource*>(&arena)
                               : &file->lines()) {}

  // REQUIRES: the subscription is a key's, not one that all keys share.
  Counts& of(Subscription& subscription) const noexcept {
    return records_ == nullptr
               ? subscription.own_counts
               : records_[arena_->pair_of(&subscription)].counts;
  }

  // Where the logs of the counts get their lines.
  LineSource& lines() const noexcept { return *lines_; }

  // Prefetches the counts of the client's first subscription for writing, if
  // they are not in the client. Does not wait.
  [[gnu::always_inline]] void prefetch(const Client& client) const noexcept {
    if (records_ != nullptr) {
      __builtin_prefetch(&records_[arena_->pair_of(&client)], /*rw=*/1);
    }
  }

 private:
  const Arena* arena_;
  CountsRecord* records_;
  LineSource* lines_;
};

}  // namespace weir::internal

#endif  // WEIR_DATA_PLANE_COUNTS_LOCATOR_H_
