#include "weir/counts/counts_block.h"

#include "weir/quota/quota_counter.h"

namespace weir::internal {
namespace {

void append(uint64_t n, std::string& block) {
  for (int i = 0; i < 64; i += 8) block.push_back(static_cast<char>(n >> i));
}

uint64_t take(std::string_view& block) {
  uint64_t n = 0;
  for (size_t i = 0; i < 8; ++i) {
    n |= uint64_t{static_cast<unsigned char>(block[i])} << (8 * i);
  }
  block.remove_prefix(8);
  return n;
}

}  // namespace

void append_counts(const SyncedCounts& counts, std::string& block) {
  append(static_cast<uint64_t>(counts.association), block);
  append(counts.today.bits(), block);
  append(counts.period.bits(), block);
}

absl::Status read_counts_block(
    std::string_view block,
    absl::FunctionRef<void(const SyncedCounts&)> visit) {
  if (block.size() % SyncedCounts::kBytes != 0) {
    return absl::DataLossError("a block of counts is damaged: its size");
  }
  while (!block.empty()) {
    SyncedCounts counts;
    counts.association = static_cast<int64_t>(take(block));
    counts.today = DayWord(take(block));
    counts.period = PeriodWord(take(block));
    if (counts.association <= 0 ||
        !QuotaWords{counts.today, counts.period, PeriodWord()}.are_possible()) {
      return absl::DataLossError("a block of counts is damaged: its words");
    }
    visit(counts);
  }
  return absl::OkStatus();
}

}  // namespace weir::internal
