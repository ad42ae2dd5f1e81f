// Outcomes over time, in a bounded number of buckets.

#ifndef WEIR_CLI_REPLAY_TIMELINE_H_
#define WEIR_CLI_REPLAY_TIMELINE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weir/cli/replay/tally.h"
#include "weir/enforcer/decision.h"

namespace weir::cli {

// Counts outcomes by time, in constant memory: uses the shortest buckets of
// which at most kMaxBuckets span the first to the last request. Their lengths
// are common units of time, from a second to weeks; they begin where such a
// unit begins in UTC, weeks on Sunday. *thread-compatible*
class Timeline {
 public:
  static constexpr std::size_t kMaxBuckets = 48;

  // REQUIRES: `unix_ns` is in 1970 to 2089, and not less than in earlier calls.
  void add(std::int64_t unix_ns, Outcome outcome);

  // Consecutive buckets, from the first request's to the last one's.
  const std::vector<Tally>& buckets() const { return buckets_; }
  std::int64_t bucket_seconds() const;
  // The start of the bucket `index`, in Unix seconds.
  std::int64_t bucket_start(std::size_t index) const;
  // The length of a bucket for people: "second", "5 minutes", "week".
  std::string unit() const;

 private:
  void coarsen();

  std::vector<Tally> buckets_;
  std::int64_t first_ = 0;  // bucket_start(0), in buckets from the origin
  std::size_t length_ = 0;  // index of the buckets' length
};

}  // namespace weir::cli

#endif  // WEIR_CLI_REPLAY_TIMELINE_H_
