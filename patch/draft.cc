#include "weir/patch/draft.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/patch/node.h"

namespace weir::patch {
namespace {

std::vector<std::string> copy(absl::Span<const std::string> segments) {
  return {segments.begin(), segments.end()};
}

}  // namespace

absl::StatusOr<Place> Draft::add(absl::Span<const std::string> segments) {
  if (segments.empty()) return replace(segments);
  const auto opening = open(root(), segments);
  if (!opening.ok()) return opening.status();
  const Place& place = opening->place;
  if (!opening->is_new) {
    take_out(place, segments);
    return place;
  }
  Change change{Change::Undo::kErase, copy(segments), std::nullopt};
  // By the time of undo, "-" would name another element.
  if (place.index >= 0) change.segments.back() = absl::StrCat(place.index);
  changes_.push_back(std::move(change));
  return place;
}

absl::StatusOr<Place> Draft::replace(absl::Span<const std::string> segments) {
  auto place = find(root(), segments);
  if (place.ok()) take_out(*place, segments);
  return place;
}

absl::Status Draft::remove(absl::Span<const std::string> segments) {
  const auto place = find(root(), segments);
  if (!place.ok()) return place.status();
  take_out(*place, segments);
  const auto parent = find(root(), segments.first(segments.size() - 1));
  // Taking out the value of a field has removed it already.
  if (look(*parent).kind == Node::Kind::kMessage) return absl::OkStatus();
  changes_.back().undo = Change::Undo::kInsert;
  return erase(root(), segments);
}

void Draft::take_out(const Place& place,
                     absl::Span<const std::string> segments) {
  Scratch value(place);
  exchange(place, value.place());
  changes_.push_back(
      {Change::Undo::kExchange, copy(segments), std::move(value)});
}

void Draft::roll_back_to(size_t size) {
  for (; changes_.size() > size; changes_.pop_back()) {
    const Change& change = changes_.back();
    switch (change.undo) {
      case Change::Undo::kErase:
        // A scalar that was never assigned was never appended either.
        erase(root(), change.segments).IgnoreError();
        break;
      case Change::Undo::kInsert:
        exchange(open(root(), change.segments)->place, change.value->place());
        break;
      case Change::Undo::kExchange:
        exchange(*find_to_assign(root(), change.segments),
                 change.value->place());
        break;
    }
  }
}

}  // namespace weir::patch
