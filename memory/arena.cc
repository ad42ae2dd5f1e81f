#include "weir/memory/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/base/round_up.h"

namespace weir::internal {
namespace {

constexpr size_t kHugePage = size_t{1} << 21;
// From this size on, the pages of a freed block go back to the system, and are
// zero when they are used again.
constexpr size_t kLarge = size_t{1} << 18;

void zero(char* block, size_t size, bool gave_pages_back) {
  if (!gave_pages_back) {
    std::memset(block, 0, size);
    return;
  }
  // `free()` has given the whole pages back, so they are zero.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<uintptr_t>(block);
  const size_t head = round_up(begin, page) - begin;
  const size_t tail = (begin + size) % page;
  std::memset(block, 0, head);
  std::memset(block + size - tail, 0, tail);
}

void give_pages_back(void* block, size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t begin = round_up(reinterpret_cast<uintptr_t>(block), page);
  const size_t end = (reinterpret_cast<uintptr_t>(block) + size) / page * page;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Arena>> Arena::create(size_t bytes,
                                                     Pages pages) {
  // An address space limit or strict overcommit may not allow the whole range.
  for (size_t size = round_up(std::min(bytes, kMax), kPairBytes); size >= kMin;
       size = round_up(size / 2, kPairBytes)) {
    // The address of a huge page is a multiple of its size.
    const size_t slack = size >= kHugePage ? kHugePage : 0;
    void* mapped = mmap(nullptr, size + slack, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) continue;
    auto* base = static_cast<char*>(mapped);
    if (slack != 0) {
      const auto address = reinterpret_cast<uintptr_t>(mapped);
      const size_t head = round_up(address, kHugePage) - address;
      base += head;
      const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
      const size_t end = round_up(size, page);
      if (head != 0) munmap(mapped, head);
      // At least a page of the slack follows the range, as `head` is whole
      // pages.
      munmap(base + end, size + slack - head - end);
    }
    // Failure is not an error: small pages work as well.
    madvise(base, size,
            pages == Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return std::unique_ptr<Arena>(new Arena(base, size, size, true));
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "cannot reserve ", kMin,
      " bytes or more of address space for the arena (asked for ", bytes, ")"));
}

std::unique_ptr<Arena> Arena::over(void* memory, size_t bytes, size_t limit) {
  return std::unique_ptr<Arena>(
      new Arena(static_cast<char*>(memory), bytes, limit, false));
}

Arena::~Arena() {
  if (is_owner_) munmap(base_, size_);
}

// The caller's memory may be of any kind.
bool Arena::gives_pages_back(size_t size) const {
  return is_owner_ && size >= kLarge;
}

// Four classes between consecutive powers of two.
size_t Arena::size_class(size_t bytes) {
  size_t step = kPairBytes;
  while (bytes > step * 8) step *= 2;
  return round_up(std::max<size_t>(bytes, 1), step);
}

void Arena::start_over(size_t limit) {
  end_.store(kPairBytes, std::memory_order_relaxed);
  extend(limit);
  populated_ = 0;
  supply_.lay_out(nullptr);
  returned_.store(nullptr, std::memory_order_relaxed);
  free_.clear();
  free_lines_.clear();
  free_bytes_ = 0;
  supply_bytes_ = 0;
  retired_.clear();
  retired_bytes_ = 0;
}

char* Arena::bump(size_t bytes, size_t alignment, size_t* gap) noexcept {
  // Relaxed throughout: the addition alone reserves the range for the caller;
  // the code that links the memory publishes its contents.
  size_t end = end_.load(std::memory_order_relaxed);
  size_t begin;
  do {
    begin = round_up(end, alignment);
    // Acquire: pairs with the release in `extend()`.
    const size_t limit = limit_.load(std::memory_order_acquire);
    if (begin > limit || bytes > limit - begin) return nullptr;
  } while (!end_.compare_exchange_weak(end, begin + bytes,
                                       std::memory_order_relaxed));
  *gap = begin - end;
  return base_ + begin;
}

void* Arena::take_line() noexcept {
  if (void* line = supply_.take()) return line;
  size_t gap;
  return bump(kLineBytes, kLineBytes, &gap);
}

void Arena::return_line(void* line) noexcept {
  auto* returned = new (line) ReturnedLine{nullptr};
  returned->next = returned_.load(std::memory_order_relaxed);
  // Lines are pushed one by one and popped all at once, so there is no ABA
  // problem.
  // Release: pairs with the acquire in `collect()`.
  while (!returned_.compare_exchange_weak(returned->next, returned,
                                          std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
}

void Arena::lost_day() noexcept {
  lost_days_.fetch_add(1, std::memory_order_relaxed);
}

void* Arena::allocate(size_t bytes, Use use) {
  const size_t size = size_class(bytes);
  if (const auto it = free_.find({use, size});
      it != free_.end() && !it->second.empty()) {
    void* block = it->second.back();
    it->second.pop_back();
    free_bytes_ -= size;
    if (use == Use::kAny) {
      zero(static_cast<char*>(block), size, gives_pages_back(size));
    }
    return block;
  }
  size_t gap = 0;
  char* block = bump(size, kPairBytes, &gap);
  if (gap != 0) add_free_line(block - gap);
  return block;
}

void Arena::free(void* block, size_t bytes, Use use) {
  const size_t size = size_class(bytes);
  if (use == Use::kAny && gives_pages_back(size)) give_pages_back(block, size);
  free_[{use, size}].push_back(block);
  free_bytes_ += size;
}

void Arena::retire(void* block, size_t bytes, Dispose dispose, Use use) {
  retired_.add({block, bytes, dispose, use});
  if (bytes != 0) retired_bytes_ += size_class(bytes);
}

void Arena::collect() {
  retired_.reclaim([this](const Retired& oldest) {
    if (oldest.dispose.call != nullptr) {
      oldest.dispose.call(oldest.dispose.owner, oldest.block);
    }
    if (oldest.bytes == 0) return;
    retired_bytes_ -= size_class(oldest.bytes);
    free(oldest.block, oldest.bytes, oldest.use);
  });
  // Acquire: pairs with the release in `return_line()`.
  ReturnedLine* line = returned_.exchange(nullptr, std::memory_order_acquire);
  while (line != nullptr) add_free_line(std::exchange(line, line->next));
  if (!free_lines_.empty()) supply_lines();
  populate();
}

// Populates pages ahead, so that a request that takes a line seldom waits for
// the system to find and clear a page.
void Arena::populate() {
  const size_t end = end_.load(std::memory_order_relaxed);
  if (populated_ > end + kHugePage / 2) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t from = std::max(populated_, end / page * page);
  populated_ = std::min(round_up(end + kHugePage, kHugePage),
                        limit_.load(std::memory_order_relaxed));
#ifdef MADV_POPULATE_WRITE
  // Failure is not an error: pages are then provided when they are written.
  if (from < populated_) {
    madvise(base_ + from, populated_ - from, MADV_POPULATE_WRITE);
  }
#endif
}

void Arena::add_free_line(void* line) {
  free_lines_.push_back(line);
  free_bytes_ += kLineBytes;
}

// Lays out lines for the data plane when it has taken the last ones.
void Arena::supply_lines() {
  if (supply_.left() > 0) return;
  using Batch = LineSupply::Batch;
  const size_t count = std::min(free_lines_.size(), Batch::kMax);
  void* memory = allocate(Batch::bytes(count));
  if (memory == nullptr) return;
  auto* batch = new (memory) Batch{{0}, count};
  std::copy(free_lines_.end() - static_cast<ptrdiff_t>(count),
            free_lines_.end(), batch->lines());
  free_lines_.resize(free_lines_.size() - count);
  free_bytes_ -= count * kLineBytes;
  supply_bytes_ = size_class(Batch::bytes(count));
  if (Batch* before = supply_.lay_out(batch)) {
    retire(before, Batch::bytes(before->count));
  }
}

size_t Arena::used() const {
  return end_.load(std::memory_order_relaxed) - kPairBytes - free_bytes_ -
         supply_bytes_ - supply_.left() * kLineBytes;
}

}  // namespace weir::internal
