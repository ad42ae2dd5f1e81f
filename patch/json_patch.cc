#include "weir/patch/json_patch.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "weir/base/text.h"
#include "weir/patch/check_json.h"
#include "weir/patch/draft.h"
#include "weir/patch/node.h"
#include "weir/patch/place.h"
#include "weir/patch/transfer.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;

// Long enough for any path that a human reads.
constexpr size_t kQuotedPathBytes = 256;

}  // namespace

// The operations of RFC 6902 on a draft.
//
// *thread-compatible*
class JsonPatchTransaction::Operations {
 public:
  Operations(Message* document, const PatchLimits& limits)
      : draft_(document), limits_(limits) {}

  absl::Status apply(const v1::PatchOperation& operation);
  void roll_back() { draft_.roll_back_to(0); }
  void commit() {
    draft_.commit();
    written_bytes_ = 0;
  }

 private:
  struct Operands {
    JsonPointer path;
    JsonPointer from;
    Value value;
  };
  enum class Uses { kPath, kFrom, kValue };
  struct Kind {
    std::string_view name;
    Uses uses;
    absl::Status (Operations::*apply)(Operands& operands);
  };
  static const Kind kKinds[];

  absl::Status apply(const Kind& kind, const v1::PatchOperation& operation);

  absl::Status add(Operands& operands);
  absl::Status remove(Operands& operands);
  absl::Status replace(Operands& operands);
  absl::Status move(Operands& operands);
  absl::Status copy(Operands& operands);
  absl::Status test(Operands& operands);

  absl::StatusOr<JsonPointer> parse(std::string_view pointer) const {
    return JsonPointer::parse(pointer, limits_.max_pointer_bytes,
                              limits_.max_depth);
  }
  // How many levels a value at `path` may have.
  size_t levels_below(const JsonPointer& path) const;
  absl::StatusOr<Scratch> copy_of(const Place& source,
                                  const JsonPointer& path) const;
  // Moves `value` to a place that add() or replace() of the draft returned.
  absl::Status write(const absl::StatusOr<Place>& target, const Place& value,
                     const JsonPointer& path);
  // Counts a value written `depth` levels below the root.
  absl::Status charge(size_t bytes, size_t depth);

  Draft draft_;
  const PatchLimits limits_;
  size_t written_bytes_ = 0;
  // An upper bound of the document's size; measured at the first write, and
  // again when the bound exceeds the limit.
  std::optional<size_t> document_bytes_;
};

const JsonPatchTransaction::Operations::Kind
    JsonPatchTransaction::Operations::kKinds[] = {
        {"add", Uses::kValue, &Operations::add},
        {"remove", Uses::kPath, &Operations::remove},
        {"replace", Uses::kValue, &Operations::replace},
        {"move", Uses::kFrom, &Operations::move},
        {"copy", Uses::kFrom, &Operations::copy},
        {"test", Uses::kValue, &Operations::test},
};

absl::Status JsonPatchTransaction::Operations::apply(
    const v1::PatchOperation& operation) {
  for (const Kind& kind : kKinds) {
    if (kind.name != operation.op()) continue;
    const size_t changes = draft_.size();
    const size_t written_bytes = written_bytes_;
    const absl::Status status = apply(kind, operation);
    if (status.ok()) return status;
    draft_.roll_back_to(changes);
    written_bytes_ = written_bytes;
    return internal::with_prefix(
        status,
        absl::StrCat(operation.op(), " ",
                     internal::excerpt(operation.path(), kQuotedPathBytes),
                     ": "));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("op ", internal::excerpt(operation.op()),
                   ": expected add, remove, replace, move, copy or test"));
}

absl::Status JsonPatchTransaction::Operations::apply(
    const Kind& kind, const v1::PatchOperation& operation) {
  if (!operation.has_path()) {
    return absl::InvalidArgumentError("the operation has no path");
  }
  Operands operands;
  auto path = parse(operation.path());
  if (!path.ok()) return path.status();
  operands.path = *std::move(path);
  if (kind.uses == Uses::kFrom) {
    if (!operation.has_from()) {
      return absl::InvalidArgumentError("the operation has no from");
    }
    auto from = parse(operation.from());
    if (!from.ok()) return internal::with_prefix(from.status(), "from: ");
    operands.from = *std::move(from);
  }
  if (kind.uses == Uses::kValue) {
    if (!operation.has_value()) {
      return absl::InvalidArgumentError("the operation has no value");
    }
    absl::Status status =
        check_json(operation.value(), levels_below(operands.path));
    if (!status.ok()) return status;
    operands.value = operation.value();
  }
  return (this->*kind.apply)(operands);
}

absl::Status JsonPatchTransaction::Operations::add(Operands& operands) {
  return write(draft_.add(operands.path.segments()), {&operands.value},
               operands.path);
}

absl::Status JsonPatchTransaction::Operations::remove(Operands& operands) {
  if (operands.path.segments().empty()) {
    return absl::InvalidArgumentError("the whole document cannot be removed");
  }
  return draft_.remove(operands.path.segments());
}

absl::Status JsonPatchTransaction::Operations::replace(Operands& operands) {
  return write(draft_.replace(operands.path.segments()), {&operands.value},
               operands.path);
}

absl::Status JsonPatchTransaction::Operations::move(Operands& operands) {
  const auto& path = operands.path.segments();
  const auto& from = operands.from.segments();
  auto source = find(draft_.root(), from);
  if (!source.ok()) return internal::with_prefix(source.status(), "from: ");
  if (path == from) return absl::OkStatus();
  if (from.size() < path.size()) {
    // Compares places rather than pointers, because a field has two names.
    auto ancestor =
        find(draft_.root(), absl::MakeConstSpan(path).first(from.size()));
    if (ancestor.ok() && *ancestor == *source) {
      return absl::InvalidArgumentError(
          "a value cannot be moved into one of its own children");
    }
  }
  auto value = copy_of(*source, operands.path);
  if (!value.ok()) return value.status();
  absl::Status status = draft_.remove(from);
  if (!status.ok()) return internal::with_prefix(status, "from: ");
  return write(draft_.add(path), value->place(), operands.path);
}

absl::Status JsonPatchTransaction::Operations::copy(Operands& operands) {
  auto source = find(draft_.root(), operands.from.segments());
  if (!source.ok()) return internal::with_prefix(source.status(), "from: ");
  // Copies first, because adding may shift the source, or happen inside it.
  auto value = copy_of(*source, operands.path);
  if (!value.ok()) return value.status();
  return write(draft_.add(operands.path.segments()), value->place(),
               operands.path);
}

absl::Status JsonPatchTransaction::Operations::test(Operands& operands) {
  auto found = find(draft_.root(), operands.path.segments());
  if (!found.ok()) return found.status();
  const Place operand{&operands.value};
  const Node actual = look(*found);
  const Node wanted = look(operand);
  bool passes = false;
  if (wanted.kind == Node::Kind::kNull) {
    passes = actual.kind == Node::Kind::kNull;
  } else {
    // Converts the operand to the type of the target, to compare them: "10"
    // equals 10 in a numeric field. If it cannot be converted, it is not equal.
    const Scratch value(*found);
    passes =
        assign(value.place(), operand).ok() && equal(*found, value.place());
  }
  if (passes) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "expected ", describe(wanted), ", found ",
      describe(wanted) == describe(actual) ? "another" : describe(actual)));
}

size_t JsonPatchTransaction::Operations::levels_below(
    const JsonPointer& path) const {
  return limits_.max_depth - path.segments().size();
}

absl::StatusOr<Scratch> JsonPatchTransaction::Operations::copy_of(
    const Place& source, const JsonPointer& path) const {
  if (is_deeper_than(source, levels_below(path))) return too_deep();
  Scratch copy(source);
  absl::Status status = assign(copy.place(), source);
  if (!status.ok()) return status;
  return copy;
}

absl::Status JsonPatchTransaction::Operations::write(
    const absl::StatusOr<Place>& target, const Place& value,
    const JsonPointer& path) {
  if (!target.ok()) return target.status();
  const absl::Status status = move_value(*target, value);
  if (!status.ok()) return status;
  const auto& segments = path.segments();
  return charge(serialized_size(*target) +
                    (segments.empty() ? 0 : segments.back().size()),
                segments.size());
}

absl::Status JsonPatchTransaction::Operations::charge(size_t bytes,
                                                      size_t depth) {
  written_bytes_ += bytes;
  if (written_bytes_ > limits_.max_written_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the operations would write ", written_bytes_, " bytes, at most ",
        limits_.max_written_bytes, " are allowed"));
  }
  if (limits_.max_document_bytes == PatchLimits::kUnlimited) {
    return absl::OkStatus();
  }
  // The messages around the value, up to three for each level, may need longer
  // length prefixes: five bytes rather than one.
  constexpr size_t kPrefixGrowth = 3 * 4;
  if (document_bytes_.has_value()) {
    *document_bytes_ += bytes + kPrefixGrowth * depth;
  }
  if (!document_bytes_.has_value() ||
      *document_bytes_ > limits_.max_document_bytes) {
    document_bytes_ = draft_.root().message->ByteSizeLong();
  }
  if (*document_bytes_ <= limits_.max_document_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the document would grow to ", *document_bytes_, " bytes, at most ",
      limits_.max_document_bytes, " are allowed"));
}

JsonPatchTransaction::JsonPatchTransaction(Message* document,
                                           const PatchLimits& limits)
    : operations_(std::make_unique<Operations>(document, limits)) {}

JsonPatchTransaction::~JsonPatchTransaction() { roll_back(); }

absl::Status JsonPatchTransaction::apply(const v1::PatchOperation& operation) {
  return operations_->apply(operation);
}

void JsonPatchTransaction::commit() { operations_->commit(); }

void JsonPatchTransaction::roll_back() { operations_->roll_back(); }

namespace {

template <typename List>
absl::Status apply_all(const List& operations, Message* document,
                       const PatchLimits& limits) {
  const size_t size = operations.size();
  if (size > limits.max_operations) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a patch of ", size, " operations, at most ",
                     limits.max_operations, " are allowed"));
  }
  JsonPatchTransaction transaction(document, limits);
  size_t index = 0;
  for (const v1::PatchOperation& operation : operations) {
    const absl::Status status = transaction.apply(operation);
    if (!status.ok()) {
      return internal::with_prefix(status,
                                   absl::StrCat("operations[", index, "] "));
    }
    ++index;
  }
  transaction.commit();
  return absl::OkStatus();
}

}  // namespace

absl::Status apply_json_patch(absl::Span<const v1::PatchOperation> operations,
                              Message* document, const PatchLimits& limits) {
  return apply_all(operations, document, limits);
}

absl::Status apply_json_patch(
    const google::protobuf::RepeatedPtrField<v1::PatchOperation>& operations,
    Message* document, const PatchLimits& limits) {
  return apply_all(operations, document, limits);
}

}  // namespace weir::patch
