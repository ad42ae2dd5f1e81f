#include "enforcer/arena.h"

#include <sys/mman.h>

#include <cstring>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "enforcer/epoch.h"

namespace weir {
namespace {

constexpr size_t kLeast = size_t{1} << 20;

size_t whole_lines(size_t bytes) {
  return (bytes + Arena::kLineBytes - 1) / Arena::kLineBytes *
         Arena::kLineBytes;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Arena>> Arena::create(size_t bytes) {
  // An address space limit or strict overcommit may forbid the whole of it.
  for (size_t size = whole_lines(bytes); size >= kLeast;
       size = whole_lines(size / 2)) {
    void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base != MAP_FAILED) {
      return std::unique_ptr<Arena>(new Arena(static_cast<char*>(base), size));
    }
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "cannot reserve ", kLeast,
      " bytes or more of address space for the arena (asked for ", bytes, ")"));
}

Arena::~Arena() { munmap(base_, size_); }

void* Arena::bump(size_t bytes) noexcept {
  // Relaxed throughout: the addition alone makes the range the caller's own;
  // whoever links the memory publishes its contents.
  size_t end = end_.load(std::memory_order_relaxed);
  do {
    if (bytes > size_ - end) return nullptr;
  } while (
      !end_.compare_exchange_weak(end, end + bytes, std::memory_order_relaxed));
  return base_ + end;
}

void* Arena::take_line() noexcept { return bump(kLineBytes); }

void Arena::return_line(void* line) noexcept {
  auto* returned = new (line) ReturnedLine{nullptr};
  returned->next = returned_.load(std::memory_order_relaxed);
  // Only pushed one by one and popped all at once, so there is no ABA.
  // Release: pairs with the acquire in `collect()`.
  while (!returned_.compare_exchange_weak(returned->next, returned,
                                          std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
}

void Arena::lost_day(Day) noexcept {
  lost_days_.fetch_add(1, std::memory_order_relaxed);
}

void* Arena::allocate(size_t bytes) {
  const size_t size = whole_lines(bytes);
  const auto it = free_.find(size);
  if (it == free_.end() || it->second.empty()) return bump(size);
  void* block = it->second.back();
  it->second.pop_back();
  free_bytes_ -= size;
  std::memset(block, 0, size);
  return block;
}

void Arena::free(void* block, size_t bytes) {
  const size_t size = whole_lines(bytes);
  free_[size].push_back(block);
  free_bytes_ += size;
}

void Arena::retire(void* block, size_t bytes, Dispose dispose) {
  retired_.push_back({EpochDomain::instance().stamp(), block, bytes, dispose});
}

void Arena::collect() {
  if (!retired_.empty()) {
    const uint64_t reclaimable = EpochDomain::instance().reclaimable();
    while (!retired_.empty() && retired_.front().stamp <= reclaimable) {
      const Retired& oldest = retired_.front();
      if (oldest.dispose != nullptr) oldest.dispose(*this, oldest.block);
      free(oldest.block, oldest.bytes);
      retired_.pop_front();
    }
  }
  // Acquire: pairs with the release in `return_line()`.
  ReturnedLine* line = returned_.exchange(nullptr, std::memory_order_acquire);
  while (line != nullptr) {
    free(std::exchange(line, line->next), kLineBytes);
  }
}

size_t Arena::used() const {
  return end_.load(std::memory_order_relaxed) - free_bytes_;
}

}  // namespace weir
