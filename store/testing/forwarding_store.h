#ifndef WEIR_STORE_TESTING_FORWARDING_STORE_H_
#define WEIR_STORE_TESTING_FORWARDING_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "weir/proto/store.pb.h"
#include "weir/quota/calendar.h"
#include "weir/store/store.h"

namespace weir {

// A store that passes every call on to another, for tests that change some of
// them.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(std::shared_ptr<Store> store)
      : store_(std::move(store)) {}

  absl::Status commit(absl::Span<const v1::StoreChange> changes) override {
    return store_->commit(changes);
  }
  absl::Status load(
      absl::FunctionRef<absl::Status(const v1::StoreChange&)> visit) override {
    return store_->load(visit);
  }
  absl::Status write_usage(absl::Span<const DailyCount> days,
                           absl::Span<const CountsBlock> blocks) override {
    return store_->write_usage(days, blocks);
  }
  absl::Status read_counts(
      uint64_t generation,
      absl::FunctionRef<absl::Status(std::string_view)> visit) override {
    return store_->read_counts(generation, visit);
  }
  absl::Status read_days(
      int64_t association, Day first, Day last,
      absl::FunctionRef<void(const DailyCount&)> visit) override {
    return store_->read_days(association, first, last, visit);
  }
  absl::StatusOr<int64_t> prune_days(Day day, int64_t most) override {
    return store_->prune_days(day, most);
  }
  std::string folder() const override { return store_->folder(); }
  bool is_read_only() const override { return store_->is_read_only(); }

 private:
  const std::shared_ptr<Store> store_;
};

}  // namespace weir

#endif  // WEIR_STORE_TESTING_FORWARDING_STORE_H_
