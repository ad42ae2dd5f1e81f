#ifndef WEIR_SERVE_MAILBOX_H_
#define WEIR_SERVE_MAILBOX_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir {

// A bounded multi-producer queue: threads leave items, and a taker gets all of
// them at once, in the order in which they were left. An item that finds no
// room is dropped and counted.
//
// Invariants:
//  1. `newest_` heads a list of the items that were left and not taken, from
//     the newest to the oldest. An item is linked before it is published, and
//     not changed afterwards until it is taken.
//  2. Items are only taken all together, by an exchange of the head. So if a
//     compare-exchange finds the same head again, the same items are behind it:
//     there is no ABA.
//  3. The total weight of the items in the list is at most `room_`, and at most
//     `capacity`. Room is taken before an item is published, and returned after
//     it was taken.
//
// *thread-safe*. Neither call locks or waits; `put()` allocates.
template <class T, template <class> class Atomic = std::atomic>
class BasicMailbox {
 public:
  enum class Put {
    kFirst,    // into an empty mailbox: the taker may be asleep
    kBehind,   // other items
    kDropped,  // there is no room
  };

  explicit BasicMailbox(int64_t capacity) : capacity_(capacity) {}
  // REQUIRES: no call is in progress.
  ~BasicMailbox() {
    take([](T&&) {});
  }
  BasicMailbox(const BasicMailbox&) = delete;
  BasicMailbox& operator=(const BasicMailbox&) = delete;

  Put put(T item, int64_t weight = 1) {
    // Relaxed: sums that publish nothing.
    if (room_.fetch_add(weight, std::memory_order_relaxed) + weight >
        capacity_) {
      room_.fetch_sub(weight, std::memory_order_relaxed);
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return Put::kDropped;
    }
    Node* const node = new Node{std::move(item), weight, nullptr};
    Node* head = newest_.load(std::memory_order_relaxed);
    do {
      node->older = head;
      // Linearization point. Release: pairs with the acquire in `take()`.
    } while (!newest_.compare_exchange_weak(
        head, node, std::memory_order_release, std::memory_order_relaxed));
    return head == nullptr ? Put::kFirst : Put::kBehind;
  }

  // Calls `visit` with each item, the oldest first.
  template <class Visit>
  void take(Visit visit) {
    // Linearization point. Acquire: pairs with the release in `put()`.
    Node* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* const older = std::exchange(newest->older, oldest);
      oldest = std::exchange(newest, older);
    }
    while (oldest != nullptr) {
      Node* const node = std::exchange(oldest, oldest->older);
      room_.fetch_sub(node->weight, std::memory_order_relaxed);
      visit(std::move(node->item));
      delete node;
    }
  }

  // How many items were ever dropped.
  int64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Node {
    T item;
    int64_t weight;
    Node* older;
  };

  const int64_t capacity_;
  Atomic<Node*> newest_{nullptr};
  Atomic<int64_t> room_{0};  // total weight that is taken
  Atomic<int64_t> dropped_{0};
};

template <class T>
using Mailbox = BasicMailbox<T>;

}  // namespace weir

#endif  // WEIR_SERVE_MAILBOX_H_
