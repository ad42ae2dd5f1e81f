// A fuzz target. An input is two JSON texts: the document on the first line,
// the patch on the others. The document is patched as plain JSON and, if it can
// be parsed as one, as a message with fields of many types.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "weir/json/json_reader.h"
#include "weir/json/json_value.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"
#include "weir/tests/fuzz/invariant.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;
using Patch = std::vector<v1::PatchOperation>;

// Small, so that inputs reach them.
constexpr PatchLimits kLimits = {
    /*max_operations=*/20, /*max_pointer_bytes=*/64, /*max_depth=*/10,
    /*max_document_bytes=*/1000, /*max_written_bytes=*/5000};

size_t depth(const Value& value) {
  size_t deepest = 0;
  for (const Value& element : value.list_value().values()) {
    deepest = std::max(deepest, 1 + depth(element));
  }
  for (const auto& [name, member] : value.struct_value().fields()) {
    deepest = std::max(deepest, 1 + depth(member));
  }
  return deepest;
}

// The value that `text` holds, if any.
std::optional<Value> read(std::string_view text) {
  const auto value = parse_json(text);
  require_readable(value.status());
  if (!value.ok()) return std::nullopt;
  const auto again = parse_json(value_to_json(*value));
  require(again.ok(), "what the writer writes is JSON");
  require(bytes(*again) == bytes(*value), "values survive writing and reading");
  return *value;
}

// Applies the patch, and checks the invariants of all types of documents.
absl::Status apply_and_check(const Patch& patch, Message* document) {
  const std::string before = bytes(*document);
  std::unique_ptr<Message> stepwise(document->New());
  stepwise->CopyFrom(*document);

  const absl::Status status = apply_json_patch(patch, document, kLimits);
  require_readable(status);
  if (!status.ok()) {
    require(bytes(*document) == before, "a failed patch changes nothing");
    return status;
  }
  require(document->ByteSizeLong() <=
              std::max(before.size(), kLimits.max_document_bytes),
          "documents stay below their limit in bytes");
  require(std::any_of(patch.begin(), patch.end(),
                      [](const auto& each) { return each.op() != "test"; }) ||
              bytes(*document) == before,
          "`test` changes nothing");
  for (const v1::PatchOperation& operation : patch) {
    require(apply_operation(operation, stepwise.get(), kLimits).ok(),
            "a patch is its operations");
  }
  require(bytes(*stepwise) == bytes(*document), "a patch is its operations");
  require(stepwise->ParseFromString(document->SerializeAsString()) &&
              bytes(*stepwise) == bytes(*document),
          "the document can be stored");
  return status;
}

// Applies each operation that can be applied, and undoes all of them.
void apply_and_roll_back(const Patch& patch, Message* document) {
  const std::string before = bytes(*document);
  JsonPatchTransaction transaction(document, kLimits);
  for (const v1::PatchOperation& operation : patch) {
    const std::string last = bytes(*document);
    require(transaction.apply(operation).ok() || bytes(*document) == last,
            "a failed operation changes nothing");
  }
  transaction.roll_back();
  require(bytes(*document) == before, "all operations can be taken back");
}

// Checks the invariants of plain JSON.
void check_plain(const Patch& patch, Value document) {
  apply_and_roll_back(patch, &document);
  const Value before = document;
  if (apply_and_check(patch, &document).ok()) {
    require(depth(document) <= kLimits.max_depth,
            "documents stay below their limit in depth");
  }
  for (v1::PatchOperation operation : patch) {
    const std::string_view path = operation.path();
    const bool appends = path.substr(path.rfind('/') + 1) == "-";
    document = before;
    if ((operation.op() != "add" && operation.op() != "replace") || appends ||
        !apply_and_check({operation}, &document).ok()) {
      continue;
    }
    const std::string once = bytes(document);
    operation.set_op("test");
    require(apply_and_check({operation}, &document).ok(),
            "what was added is there");
    operation.set_op("replace");
    require(
        apply_and_check({operation}, &document).ok() && bytes(document) == once,
        "to replace a value with itself changes nothing");
  }
}

void check_typed(const Patch& patch, const Value& json) {
  v1::PatchOperation whole;
  whole.set_op("replace");
  whole.set_path("");
  *whole.mutable_value() = json;
  patch_test::Everything document;
  if (!apply_and_check({whole}, &document).ok()) return;
  apply_and_roll_back(patch, &document);
  apply_and_check(patch, &document).IgnoreError();
}

}  // namespace
}  // namespace weir::patch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto [first, rest] = weir::first_line_and_rest(data, size);
  const auto document = weir::patch::read(first);
  const auto patch = weir::patch::read(rest);
  if (!document.has_value() || !patch.has_value() ||
      weir::patch::depth(*document) > weir::patch::kLimits.max_depth) {
    return 0;
  }
  const auto operations = weir::patch::operations_of(*patch);
  weir::patch::check_plain(operations, *document);
  weir::patch::check_typed(operations, *document);
  return 0;
}
