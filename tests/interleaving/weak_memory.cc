#include "weir/tests/interleaving/weak_memory.h"

#include <algorithm>
#include <utility>

namespace weir::testing {
namespace {

bool acquires(std::memory_order order) {
  return order != std::memory_order_relaxed &&
         order != std::memory_order_release;
}

bool releases(std::memory_order order) {
  return order == std::memory_order_release ||
         order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

}  // namespace

WeakMemory::WeakMemory(size_t threads, Choose choose, Report report)
    : choose_(std::move(choose)),
      report_(std::move(report)),
      threads_(threads) {}

uint32_t WeakMemory::at(const Times& times, size_t location) {
  return location < times.size() ? times[location] : 0;
}

void WeakMemory::raise(Times& times, size_t location, uint32_t time) {
  if (location >= times.size()) times.resize(location + 1);
  times[location] = std::max(times[location], time);
}

void WeakMemory::join(Times& times, const Times& others) {
  for (size_t i = 0; i < others.size(); ++i) raise(times, i, others[i]);
}

void WeakMemory::join(View& view, const View& other) {
  join(view.seen, other.seen);
  join(view.known, other.known);
}

WeakMemory::Atomic WeakMemory::begin(uint64_t value, bool is_made_here) {
  return {locations_++, is_made_here, {{value, {}}}};
}

WeakMemory::Atomic& WeakMemory::find(size_t thread, const void* atomic,
                                     uint64_t present) {
  const auto [it, is_new] = atomics_.try_emplace(atomic);
  Atomic& found = it->second;
  if (is_new || found.messages.back().value != present) {
    found = begin(present, /*is_made_here=*/false);
  }
  if (found.is_made_here &&
      at(threads_[thread].view.known, found.location) == 0) {
    report_("an atomic is used, but was not made before");
  }
  return found;
}

void WeakMemory::construct(size_t thread, const void* atomic, uint64_t value) {
  Atomic& made = atomics_[atomic] = begin(value, /*is_made_here=*/true);
  raise(threads_[thread].view.seen, made.location, 1);
  raise(threads_[thread].view.known, made.location, 1);
}

size_t WeakMemory::oldest(const Thread& thread, const Atomic& atomic,
                          std::memory_order order) const {
  uint32_t time = std::max<uint32_t>(at(thread.view.seen, atomic.location), 1);
  if (order == std::memory_order_seq_cst) {
    time = std::max(time, at(sequential_, atomic.location));
  }
  return time - 1;
}

void WeakMemory::take(Thread& thread, const Atomic& atomic, size_t message,
                      std::memory_order order) {
  raise(thread.view.seen, atomic.location, static_cast<uint32_t>(message + 1));
  const View& view = atomic.messages[message].view;
  join(acquires(order) ? thread.view : thread.to_acquire, view);
}

void WeakMemory::append(Thread& thread, Atomic& atomic, uint64_t value,
                        std::memory_order order, const View& passed_on) {
  const auto time = static_cast<uint32_t>(atomic.messages.size() + 1);
  raise(thread.view.seen, atomic.location, time);
  raise(thread.view.known, atomic.location, time);
  if (order == std::memory_order_seq_cst) {
    raise(sequential_, atomic.location, time);
  }
  Message message{value, releases(order) ? thread.view : thread.released};
  join(message.view, passed_on);
  atomic.messages.push_back(std::move(message));
}

uint64_t WeakMemory::load(size_t thread, const void* atomic, uint64_t present,
                          std::memory_order order) {
  Atomic& found = find(thread, atomic, present);
  const size_t newest = found.messages.size() - 1;
  const size_t options = newest - oldest(threads_[thread], found, order) + 1;
  const size_t message = newest - (options == 1 ? 0 : choose_(options));
  take(threads_[thread], found, message, order);
  return found.messages[message].value;
}

void WeakMemory::store(size_t thread, const void* atomic, uint64_t present,
                       uint64_t value, std::memory_order order) {
  append(threads_[thread], find(thread, atomic, present), value, order, {});
}

void WeakMemory::update(size_t thread, const void* atomic, uint64_t present,
                        uint64_t value, std::memory_order order) {
  Atomic& found = find(thread, atomic, present);
  take(threads_[thread], found, found.messages.size() - 1, order);
  // Not a reference: the messages may move.
  const View replaced = found.messages.back().view;
  append(threads_[thread], found, value, order, replaced);
}

uint64_t WeakMemory::compare(size_t thread, const void* atomic,
                             uint64_t present, uint64_t expected,
                             std::memory_order failure) {
  Atomic& found = find(thread, atomic, present);
  // It may fail for an old value, but succeeds only with the newest.
  std::vector<size_t> options = {found.messages.size() - 1};
  for (size_t i = options[0]; i > oldest(threads_[thread], found, failure);) {
    if (found.messages[--i].value != expected) options.push_back(i);
  }
  const size_t message =
      options[options.size() == 1 ? 0 : choose_(options.size())];
  const uint64_t value = found.messages[message].value;
  if (value != expected) take(threads_[thread], found, message, failure);
  return value;
}

void WeakMemory::fence(size_t thread, std::memory_order order) {
  Thread& self = threads_[thread];
  if (acquires(order)) join(self.view, self.to_acquire);
  if (order == std::memory_order_seq_cst) {
    join(self.view.seen, sequential_);
    join(sequential_, self.view.seen);
  }
  if (releases(order)) self.released = self.view;
}

void WeakMemory::fence_all() {
  // What one has seen, all have.
  for (int round = 0; round < 2; ++round) {
    for (size_t thread = 0; thread < threads_.size(); ++thread) {
      fence(thread, std::memory_order_seq_cst);
    }
  }
}

WeakMemory::Plain& WeakMemory::find(const void* memory) {
  const auto [it, is_new] = plain_.try_emplace(memory);
  Plain& found = it->second;
  if (is_new) {
    found.writes = locations_++;
    for (size_t i = 0; i < threads_.size(); ++i) {
      found.reads.push_back(locations_++);
    }
    found.read_counts.resize(threads_.size());
  }
  return found;
}

void WeakMemory::read(size_t thread, const void* memory) {
  Plain& found = find(memory);
  Times& known = threads_[thread].view.known;
  if (at(known, found.writes) < found.write_count) {
    report_("a plain read races with a write");
  }
  raise(known, found.reads[thread], ++found.read_counts[thread]);
}

void WeakMemory::write(size_t thread, const void* memory) {
  Plain& found = find(memory);
  Times& known = threads_[thread].view.known;
  bool is_race = at(known, found.writes) < found.write_count;
  for (size_t i = 0; i < threads_.size(); ++i) {
    is_race |= at(known, found.reads[i]) < found.read_counts[i];
  }
  if (is_race) report_("a plain write races with another access");
  raise(known, found.writes, ++found.write_count);
}

}  // namespace weir::testing
