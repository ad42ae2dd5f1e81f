#include "weir/patch/json_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/base/utf8.h"
#include "weir/patch/check_json.h"
#include "weir/patch/json_pointer.h"
#include "weir/patch/node.h"
#include "weir/patch/place.h"
#include "weir/patch/scalar.h"
#include "weir/patch/transfer.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::OneofDescriptor;
using ::google::protobuf::Value;

// How many elements may be added and removed between two equal ones before
// Alignment settles for less than the longest common subsequence. It bounds the
// time for n elements to kWindow * n steps.
constexpr int kWindow = 256;

constexpr size_t kQuotedPathBytes = 256;

template <typename Number>
void append_raw(Number number, std::string* key) {
  key->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_raw(const std::string& text, std::string* key) {
  append_raw(text.size(), key);
  key->append(text);
}

void append_raw(const Message& message, std::string* key) {
  std::string text;
  {
    google::protobuf::io::StringOutputStream stream(&text);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  append_raw(text, key);
}

// Appends bytes that differ for values that are not equal.
void append_key(const Place& place, std::string* key) {
  const Node node = look(place);
  key->push_back(static_cast<char>(node.kind));
  switch (node.kind) {
    case Node::Kind::kNull:
      return;
    case Node::Kind::kScalar: {
      const Scalar scalar = read_scalar(node.place);
      key->push_back(static_cast<char>(scalar.index()));
      std::visit([key](const auto& s) { append_raw(s, key); }, scalar);
      return;
    }
    case Node::Kind::kArray: {
      const int size = size_of(node);
      append_raw(size, key);
      for (int i = 0; i < size; ++i) append_key(element_of(node, i), key);
      return;
    }
    case Node::Kind::kMap:
    case Node::Kind::kMessage: {
      const auto members = members_of(node);
      append_raw(members.size(), key);
      for (const auto& [name, member] : members) {
        append_raw(name, key);
        append_key(member, key);
      }
      return;
    }
    case Node::Kind::kOpaque:
      append_raw(*node.place.message, key);
      return;
  }
}

// Assigns numbers to the elements of arrays, the same to equal ones.
//
// *thread-compatible*
class Numbering {
 public:
  std::vector<int> number(const Node& array) {
    std::vector<int> numbers(size_of(array));
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::string key;
      append_key(element_of(array, static_cast<int>(i)), &key);
      numbers[i] = static_cast<int>(
          numbers_.emplace(std::move(key), numbers_.size()).first->second);
    }
    return numbers;
  }

 private:
  absl::flat_hash_map<std::string, size_t> numbers_;
};

// The indices of equal elements in two arrays.
struct Match {
  int before;
  int after;
};

// Pairs the equal elements of two arrays, by Myers' greedy algorithm (1986, "An
// O(ND) Difference Algorithm and Its Variations"): for each number of edits d
// and each diagonal k = before - after, it finds the furthest point that can be
// reached. After kWindow edits it keeps the path that got furthest, and starts
// over from there.
//
// *thread-compatible*
class Alignment {
 public:
  Alignment(std::vector<int> before, std::vector<int> after)
      : before_(std::move(before)), after_(std::move(after)) {}

  // Returns the matches in order; the last one is the ends of both arrays.
  std::vector<Match> matches() && {
    const Match sizes = {static_cast<int>(before_.size()),
                         static_cast<int>(after_.size())};
    end_ = sizes;
    while (start_.before < end_.before && start_.after < end_.after &&
           same(start_)) {
      matches_.push_back(start_);
      ++start_.before;
      ++start_.after;
    }
    while (end_.before > start_.before && end_.after > start_.after &&
           same({end_.before - 1, end_.after - 1})) {
      --end_.before;
      --end_.after;
    }
    while (start_.before < end_.before && start_.after < end_.after) advance();
    for (; end_.before < sizes.before; ++end_.before, ++end_.after) {
      matches_.push_back(end_);
    }
    matches_.push_back(sizes);
    return std::move(matches_);
  }

 private:
  static constexpr int kNowhere = -1;

  bool same(const Match& m) const {
    return before_[m.before] == after_[m.after];
  }

  // Diagonals are numbered from that of start_.
  int diagonal_of(const Match& m) const {
    return (m.before - m.after) - (start_.before - start_.after);
  }
  Match on_diagonal(int k, int before) const {
    return {before, before - (start_.before - start_.after) - k};
  }

  // The furthest index in `before_` that d edits reach on diagonal k, before
  // skipping equal elements.
  int enter(int d, int k) const {
    if (d == 0) return start_.before;
    const std::vector<int>& reached = reached_[d - 1];
    int furthest = kNowhere;
    if (k > -d + 1) {  // Removes an element of `before_`.
      const int from = reached[k - 1 + d - 1];
      if (from != kNowhere && from < end_.before) furthest = from + 1;
    }
    if (k < d - 1) {  // Adds an element of `after_`.
      const int from = reached[k + 1 + d - 1];
      if (from != kNowhere && on_diagonal(k + 1, from).after < end_.after) {
        furthest = std::max(furthest, from);
      }
    }
    return furthest;
  }

  // Moves start_ to the furthest match within kWindow edits, or to the end.
  void advance() {
    reached_.clear();
    Match best = start_;
    int best_d = 0;
    for (int d = 0; d <= kWindow; ++d) {
      reached_.emplace_back(2 * d + 1, kNowhere);
      for (int k = -d; k <= d; k += 2) {
        const int entered = enter(d, k);
        if (entered == kNowhere) continue;
        Match at = on_diagonal(k, entered);
        while (at.before < end_.before && at.after < end_.after && same(at)) {
          ++at.before;
          ++at.after;
        }
        reached_[d][k + d] = at.before;
        // Of equally good paths, prefers the one nearest the middle.
        const int gain = (at.before + at.after) - (best.before + best.after);
        if (gain > 0 ||
            (gain == 0 && std::abs(k) < std::abs(diagonal_of(best)))) {
          best = at;
          best_d = d;
        }
      }
      if (best.before == end_.before && best.after == end_.after) break;
    }
    note(best, best_d);
    start_ = best;
  }

  // Appends the matches on the path to `to`, which d edits reached.
  void note(const Match& to, int d) {
    const size_t first = matches_.size();
    int k = diagonal_of(to);
    int before = to.before;
    for (;; --d) {
      const int entered = enter(d, k);
      while (before > entered) matches_.push_back(on_diagonal(k, --before));
      if (d == 0) break;
      const bool added = k < d - 1 && reached_[d - 1][k + d] == entered;
      k += added ? 1 : -1;
      before = reached_[d - 1][k + d - 1];
    }
    std::reverse(matches_.begin() + first, matches_.end());
  }

  const std::vector<int> before_;
  const std::vector<int> after_;
  Match start_ = {0, 0};
  Match end_ = {0, 0};  // Equal elements at the end come after it.
  std::vector<Match> matches_;
  // The furthest index in `before_`, by d and k + d.
  std::vector<std::vector<int>> reached_;
};

// The value at `place` in the form that operations carry.
absl::StatusOr<Value> json_at(const Place& place) {
  Value json;
  const Scratch back(place);
  absl::Status status = assign({&json}, place);
  if (status.ok()) status = assign(back.place(), {&json});
  if (!status.ok()) return status;
  constexpr size_t kAnyDepth = std::numeric_limits<size_t>::max();
  if (check_json(json, kAnyDepth).ok() && equal(back.place(), place)) {
    return json;
  }
  return absl::InvalidArgumentError("JSON cannot hold the value");
}

// Collects the operations that turn one message into another.
//
// *thread-compatible*
class Differ {
 public:
  // Appends the operations that turn `before`, which is at path_, into `after`.
  absl::Status change(const Place& before, const Place& after) {
    const size_t first = patch_.size();
    const absl::Status within = change_within(before, after);
    if (within.ok() && patch_.size() <= first + 1) return within;
    const size_t end = patch_.size();
    const absl::Status whole = append("replace", &after);
    if (!whole.ok()) return within;
    if (within.ok() && bytes(first, end) <= bytes(end, end + 1)) {
      patch_.pop_back();
    } else {
      patch_.erase(patch_.begin() + first, patch_.begin() + end);
    }
    return absl::OkStatus();
  }

  std::vector<v1::PatchOperation> patch() && { return std::move(patch_); }

 private:
  absl::Status change_within(const Place& before, const Place& after) {
    const Node from = look(before);
    const Node to = look(after);
    if (from.kind == to.kind && from.is_object()) {
      return change_members(from, to);
    }
    if (from.kind == to.kind && from.kind == Node::Kind::kArray) {
      return change_elements(from, to);
    }
    return equal(before, after) ? absl::OkStatus() : append("replace", &after);
  }

  absl::Status change_members(const Node& before, const Node& after) {
    const auto from = members_of(before);
    const auto to = members_of(after);
    auto old = from.begin();
    auto wanted = to.begin();
    while (old != from.end() || wanted != to.end()) {
      absl::Status status;
      if (wanted == to.end() ||
          (old != from.end() && old->first < wanted->first)) {
        if (!is_removed_by_another(old->second, after)) {
          status = at(old->first, [&] { return append("remove"); });
        }
        ++old;
      } else if (old == from.end() || wanted->first < old->first) {
        status =
            at(wanted->first, [&] { return append("add", &wanted->second); });
        ++wanted;
      } else {
        status = at(wanted->first,
                    [&] { return change(old->second, wanted->second); });
        ++old;
        ++wanted;
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Whether `after` sets another member of the oneof of `member`: adding that
  // member removes this one.
  static bool is_removed_by_another(const Place& member, const Node& after) {
    if (after.kind != Node::Kind::kMessage) return false;
    const OneofDescriptor* oneof = member.field->real_containing_oneof();
    return oneof != nullptr &&
           after.place.reflection().HasOneof(*after.place.message, oneof);
  }

  absl::Status change_elements(const Node& before, const Node& after) {
    int old = 0;
    // Also the index in the array after the operations so far.
    int wanted = 0;
    Numbering numbering;
    std::vector<int> from = numbering.number(before);
    std::vector<int> to = numbering.number(after);
    for (const Match& match :
         Alignment(std::move(from), std::move(to)).matches()) {
      while (old < match.before || wanted < match.after) {
        const absl::Status status = at(absl::StrCat(wanted), [&] {
          if (wanted == match.after) return append("remove");
          const Place element = element_of(after, wanted);
          if (old == match.before) return append("add", &element);
          return change(element_of(before, old), element);
        });
        if (!status.ok()) return status;
        if (old < match.before) ++old;
        if (wanted < match.after) ++wanted;
      }
      ++old;
      ++wanted;
    }
    return absl::OkStatus();
  }

  template <typename Step>
  absl::Status at(std::string segment, Step step) {
    path_.push_back(std::move(segment));
    const absl::Status status = step();
    path_.pop_back();
    return status;
  }

  absl::Status append(std::string_view op, const Place* value = nullptr) {
    v1::PatchOperation operation;
    operation.set_op(std::string(op));
    operation.set_path(JsonPointer(path_).to_string());
    absl::Status status;
    if (!internal::is_utf8(operation.path())) {
      status = absl::InvalidArgumentError("the path is not UTF-8");
    } else if (value != nullptr) {
      auto json = json_at(*value);
      status = json.status();
      if (json.ok()) *operation.mutable_value() = *std::move(json);
    }
    if (status.ok()) {
      patch_.push_back(std::move(operation));
      return status;
    }
    return internal::with_prefix(
        status,
        absl::StrCat(internal::excerpt(operation.path(), kQuotedPathBytes),
                     ": "));
  }

  // The size of the operations from `first` up to `end`.
  size_t bytes(size_t first, size_t end) const {
    size_t sum = 0;
    for (size_t i = first; i < end; ++i) sum += patch_[i].ByteSizeLong();
    return sum;
  }

  std::vector<std::string> path_;
  std::vector<v1::PatchOperation> patch_;
};

// Copies the message, because reflection writes even on reads if there are
// maps.
std::unique_ptr<Message> copy_of(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

}  // namespace

absl::StatusOr<std::vector<v1::PatchOperation>> json_diff(
    const Message& before, const Message& after) {
  if (before.GetDescriptor() != after.GetDescriptor()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected two messages of one type, got ",
                     before.GetTypeName(), " and ", after.GetTypeName()));
  }
  const std::unique_ptr<Message> from = copy_of(before);
  const std::unique_ptr<Message> to = copy_of(after);
  Differ differ;
  const absl::Status status = differ.change({from.get()}, {to.get()});
  if (!status.ok()) return status;
  return std::move(differ).patch();
}

}  // namespace weir::patch
