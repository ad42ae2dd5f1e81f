// The interface of the engine: limits, error texts, hostile input.

#include "weir/patch/json_patch.h"

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/repeated_field.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/wrappers.pb.h"
#include "gtest/gtest.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;
using patch_test::Everything;

v1::PatchOperation operation(const std::string& json) {
  return operations("[" + json + "]").front();
}

// `depth` nested arrays.
Value nested(int depth) {
  Value value;
  Value* innermost = &value;
  for (int i = 0; i < depth; ++i) {
    innermost = innermost->mutable_list_value()->add_values();
  }
  innermost->set_bool_value(true);
  return value;
}

std::string path_of_zeros(int depth) {
  std::string path;
  for (int i = 0; i < depth; ++i) path += "/0";
  return path;
}

TEST(ApplyJsonPatch, TakesRepeatedFields) {
  google::protobuf::RepeatedPtrField<v1::PatchOperation> patch;
  *patch.Add() = operation(R"({"op":"add","path":"/a","value":1})");
  *patch.Add() = operation(R"({"op":"remove","path":"/b"})");
  Struct document;
  EXPECT_EQ(apply_json_patch(patch, &document).message(),
            R"(operations[1] remove "/b": segment 0 "b": )"
            "the object has no such member");
  patch.RemoveLast();
  EXPECT_TRUE(apply_json_patch(patch, &document).ok());
  EXPECT_EQ(bytes(document), bytes(from_json<Struct>(R"({"a":1})")));
}

TEST(ApplyJsonPatch, WorksOnAnArena) {
  google::protobuf::Arena arena;
  auto* document = google::protobuf::Arena::CreateMessage<Everything>(&arena);
  EXPECT_TRUE(
      apply_json_patch(
          operations(
              R"([{"op":"add","path":"/child","value":{"aBool":true}}])"),
          document)
          .ok());
  EXPECT_TRUE(document->child().a_bool());
}

TEST(ApplyJsonPatchOperation, IsOneOperationWithoutItsIndex) {
  Struct document;
  EXPECT_TRUE(apply_operation(
                  operation(R"({"op":"add","path":"/a","value":1})"), &document)
                  .ok());
  EXPECT_EQ(apply_operation(operation(R"({"op":"test","path":"/a","value":2})"),
                            &document),
            absl::FailedPreconditionError(
                R"(test "/a": expected number 2, found number 1)"));
  EXPECT_EQ(bytes(document), bytes(from_json<Struct>(R"({"a":1})")));
}

TEST(ApplyJsonPatch, RootsOfOtherTypes) {
  auto list = from_json<google::protobuf::ListValue>("[1]");
  EXPECT_TRUE(
      apply_operation(operation(R"({"op":"add","path":"/0","value":0})"), &list)
          .ok());
  EXPECT_EQ(list.values_size(), 2);
  EXPECT_EQ(apply_operation(
                operation(R"({"op":"replace","path":"","value":{}})"), &list)
                .message(),
            R"(replace "": expected an array, got an object)");
  google::protobuf::Int64Value number;
  EXPECT_TRUE(
      apply_operation(operation(R"({"op":"replace","path":"","value":"7"})"),
                      &number)
          .ok());
  EXPECT_EQ(number.value(), 7);
}

TEST(Limits, BoundTheNumberOfOperations) {
  PatchLimits limits;
  limits.max_operations = 2;
  Struct document;
  std::vector<v1::PatchOperation> patch(
      2, operation(R"({"op":"add","path":"/a","value":1})"));
  EXPECT_TRUE(apply_json_patch(patch, &document, limits).ok());
  patch.push_back(patch.front());
  EXPECT_EQ(apply_json_patch(patch, &document, limits),
            absl::ResourceExhaustedError(
                "a patch of 3 operations, at most 2 are allowed"));
}

TEST(Limits, BoundThePointers) {
  PatchLimits limits;
  limits.max_pointer_bytes = 5;
  Struct document = from_json<Struct>(R"({"a":1})");
  EXPECT_EQ(
      apply_operation(operation(R"({"op":"add","path":"/abcde","value":1})"),
                      &document, limits)
          .code(),
      absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(
      apply_operation(operation(R"({"op":"copy","path":"/b","from":"/abcde"})"),
                      &document, limits)
          .code(),
      absl::StatusCode::kResourceExhausted);
}

TEST(Limits, BoundTheDepthOfAnOperand) {
  v1::PatchOperation add = operation(R"({"op":"add","path":""})");
  Value document;
  *add.mutable_value() = nested(64);
  EXPECT_TRUE(apply_operation(add, &document).ok());
  *add.mutable_value() = nested(65);
  EXPECT_EQ(
      apply_operation(add, &document),
      absl::ResourceExhaustedError(R"(add "": the value would nest too deep)"));
  *add.mutable_value() = nested(1000);
  EXPECT_EQ(apply_operation(add, &document).code(),
            absl::StatusCode::kResourceExhausted);
  // The depth of the target counts too.
  document = nested(60);
  add.set_path(path_of_zeros(60));
  *add.mutable_value() = nested(4);
  EXPECT_TRUE(apply_operation(add, &document).ok());
  *add.mutable_value() = nested(5);
  EXPECT_EQ(apply_operation(add, &document).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Limits, BoundTheDepthThatCopiesReach) {
  Value document = nested(40);
  v1::PatchOperation copy = operation(R"({"op":"copy","from":""})");
  copy.set_path(path_of_zeros(24));
  EXPECT_TRUE(apply_operation(copy, &document).ok());
  copy.set_path(path_of_zeros(1));
  EXPECT_EQ(apply_operation(copy, &document).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Limits, BoundTheDepthOfObjectsToo) {
  Struct document;
  Struct* innermost = &document;
  for (int i = 0; i < 40; ++i) {
    innermost = (*innermost->mutable_fields())["a"].mutable_struct_value();
  }
  v1::PatchOperation copy = operation(R"({"op":"copy","from":""})");
  std::string path;
  for (int i = 0; i < 23; ++i) path += "/a";
  copy.set_path(path + "/b");
  EXPECT_TRUE(apply_operation(copy, &document).ok());
  EXPECT_EQ(apply_operation(copy, &document).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Limits, BoundTheDepthThatMovesReach) {
  Value document;
  *document.mutable_list_value()->add_values() = nested(62);
  *document.mutable_list_value()->add_values() = nested(2);
  v1::PatchOperation move = operation(R"({"op":"move","from":"/0"})");
  move.set_path("/1/0");
  EXPECT_EQ(apply_operation(move, &document).code(),
            absl::StatusCode::kNotFound);  // "/1" is gone.
  document.mutable_list_value()->mutable_values()->SwapElements(0, 1);
  move.set_from("/1");
  move.set_path("/0/0");
  EXPECT_TRUE(apply_operation(move, &document).ok());
}

TEST(Limits, StopACopyBomb) {
  // Each operation doubles the document: together they would grow it 2^1000
  // times.
  Value document = from_json(R"({"x":"0123456789"})");
  const std::string before = bytes(document);
  std::vector<v1::PatchOperation> patch(
      1000, operation(R"({"op":"copy","from":""})"));
  for (size_t i = 0; i < patch.size(); ++i) {
    patch[i].set_path(absl::StrCat("/c", i));
  }
  PatchLimits limits;
  limits.max_document_bytes = 1 << 16;
  EXPECT_EQ(apply_json_patch(patch, &document, limits).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(bytes(document), before);
}

TEST(Limits, StopAnArrayOfCopies) {
  Everything document;
  document.add_strings(std::string(1000, 'x'));
  PatchLimits limits;
  limits.max_document_bytes = 10000;
  const v1::PatchOperation copy =
      operation(R"({"op":"copy","from":"/strings/0","path":"/strings/-"})");
  absl::Status status;
  while (status.ok()) {
    status = apply_operation(copy, &document, limits);
    ASSERT_LE(document.ByteSizeLong(), 10000u);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(document.strings_size(), 9);
}

TEST(Limits, CountTheDocumentNotTheTraffic) {
  // Writes 1,000 bytes 100 times to a document that never holds two copies.
  Everything document;
  PatchLimits limits;
  limits.max_document_bytes = 2500;
  v1::PatchOperation add = operation(R"({"op":"add","path":"/aString"})");
  add.mutable_value()->set_string_value(std::string(1000, 'x'));
  EXPECT_TRUE(apply_json_patch(std::vector<v1::PatchOperation>(100, add),
                               &document, limits)
                  .ok());
  add.mutable_value()->set_string_value(std::string(2500, 'x'));
  EXPECT_EQ(apply_operation(add, &document, limits).message(),
            R"(add "/aString": the document would grow to 2503 bytes, )"
            "at most 2500 are allowed");
}

// Replaced values are kept until the end, so what is written needs its own
// limit.
TEST(Limits, BoundWhatAPatchWrites) {
  Everything document;
  document.set_a_string(std::string(1000, 'x'));
  const std::string before = bytes(document);
  PatchLimits limits;
  limits.max_written_bytes = 10'500;
  const std::vector<v1::PatchOperation> patch(
      11,
      operation(R"({"op":"copy","from":"/aString","path":"/maybeString"})"));
  EXPECT_EQ(apply_json_patch(patch, &document, limits).message(),
            R"(operations[10] copy "/maybeString": the operations would write )"
            "11209 bytes, at most 10500 are allowed");
  EXPECT_EQ(bytes(document), before);
  const auto ten = absl::MakeConstSpan(patch).first(10);
  EXPECT_TRUE(apply_json_patch(ten, &document, limits).ok());
  // Exactly the limit may be written.
  limits.max_written_bytes = 10'190;
  EXPECT_TRUE(apply_json_patch(ten, &document, limits).ok());
  limits.max_written_bytes = 10'189;
  EXPECT_EQ(apply_json_patch(ten, &document, limits).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Limits, AreThoseOfWhatIsKept) {
  Everything document;
  PatchLimits limits;
  limits.max_written_bytes = 2500;
  JsonPatchTransaction transaction(&document, limits);
  v1::PatchOperation add = operation(R"({"op":"add","path":"/aString"})");
  add.mutable_value()->set_string_value(std::string(1000, 'x'));
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(transaction.apply(add).ok());
    EXPECT_TRUE(transaction.apply(add).ok());
    EXPECT_EQ(transaction.apply(add).code(),
              absl::StatusCode::kResourceExhausted);
    // The failed operation wrote nothing.
    v1::PatchOperation small = add;
    small.mutable_value()->set_string_value(std::string(300, 'y'));
    EXPECT_TRUE(transaction.apply(small).ok());
    transaction.commit();
    EXPECT_EQ(document.a_string(), std::string(300, 'y'));
  }
}

TEST(Limits, CanBeLifted) {
  Everything document;
  document.set_a_string(std::string(1000, 'x'));
  PatchLimits limits;
  limits.max_document_bytes = PatchLimits::kUnlimited;
  limits.max_written_bytes = PatchLimits::kUnlimited;
  const v1::PatchOperation copy =
      operation(R"({"op":"copy","from":"/aString","path":"/strings/-"})");
  EXPECT_TRUE(apply_json_patch(std::vector<v1::PatchOperation>(1000, copy),
                               &document, limits)
                  .ok());
  EXPECT_EQ(document.strings_size(), 1000);
}

// Not only the value grows: each message around it may need a longer length
// prefix.
TEST(Limits, CountTheLengthsAroundAValue) {
  constexpr int kArrays = 11;
  Value document =
      from_json(std::string(kArrays, '[') + '"' + std::string(76, 'x') + '"' +
                std::string(kArrays, ']'));
  std::vector<v1::PatchOperation> patch = {
      operation(R"({"op":"copy","from":"","path":""})"),
      operation(R"({"op":"add"})")};
  for (int i = 0; i < kArrays; ++i) patch[1].mutable_path()->append("/0");
  patch[1].mutable_value()->set_string_value(std::string(60, 'y'));
  Value patched = document;
  ASSERT_TRUE(apply_json_patch(patch, &patched).ok());
  PatchLimits limits;
  limits.max_document_bytes = patched.ByteSizeLong() - 1;
  EXPECT_EQ(apply_json_patch(patch, &document, limits).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Limits, LetALargeDocumentShrink) {
  Everything document;
  document.set_a_string(std::string(1000, 'x'));
  PatchLimits limits;
  limits.max_document_bytes = 10;
  EXPECT_TRUE(apply_operation(operation(R"({"op":"remove","path":"/aString"})"),
                              &document, limits)
                  .ok());
}

struct ErrorCase {
  const char* patch;
  absl::Status error;
};

class Errors : public testing::TestWithParam<ErrorCase> {};

// The complete text of errors: index and kind of the operation, pointer, first
// segment that failed, what was expected and what was found.
TEST_P(Errors, NameThePlaceInOneLine) {
  Value document = from_json(R"({
    "name": "Ann", "age": 7, "none": null, "yes": true, "tags": ["x", "y"],
    "one": [1], "address": {"city": {"zip": [5]}}})");
  EXPECT_EQ(apply_json_patch(operations(GetParam().patch), &document),
            GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    NoSuchLocation, Errors,
    testing::Values(
        ErrorCase{R"([{"op":"test","path":"/age","value":7},
                      {"op":"remove","path":"/nick"}])",
                  absl::NotFoundError(R"(operations[1] remove "/nick": )"
                                      R"(segment 0 "nick": )"
                                      "the object has no such member")},
        ErrorCase{
            R"([{"op":"replace","path":"/address/town/zip","value":1}])",
            absl::NotFoundError(R"(operations[0] replace "/address/town/zip": )"
                                R"(segment 1 "town": )"
                                "the object has no such member")},
        ErrorCase{R"([{"op":"add","path":"/address/city/a~1b/c","value":1}])",
                  absl::NotFoundError(
                      R"(operations[0] add "/address/city/a~1b/c": )"
                      R"(segment 2 "a/b": the object has no such member)")},
        ErrorCase{R"([{"op":"add","path":"/tags/3","value":1}])",
                  absl::NotFoundError(R"(operations[0] add "/tags/3": )"
                                      R"(segment 1 "3": )"
                                      "the array has 2 elements")},
        ErrorCase{R"([{"op":"replace","path":"/one/1","value":1}])",
                  absl::NotFoundError(R"(operations[0] replace "/one/1": )"
                                      R"(segment 1 "1": )"
                                      "the array has 1 element")},
        ErrorCase{R"([{"op":"test","path":"/tags/-","value":1}])",
                  absl::NotFoundError(R"(operations[0] test "/tags/-": )"
                                      R"(segment 1 "-": )"
                                      "the array has 2 elements")},
        ErrorCase{
            R"([{"op":"add","path":"/one/18446744073709551616","value":1}])",
            absl::NotFoundError(
                R"(operations[0] add "/one/18446744073709551616": )"
                R"(segment 1 "18446744073709551616": the array has 1 element)")},
        ErrorCase{R"([{"op":"add","path":"/age/years","value":1}])",
                  absl::NotFoundError(R"(operations[0] add "/age/years": )"
                                      R"(segment 1 "years": )"
                                      "number 7 has no members")},
        ErrorCase{R"([{"op":"remove","path":"/name/0"}])",
                  absl::NotFoundError(R"(operations[0] remove "/name/0": )"
                                      R"(segment 1 "0": )"
                                      R"(string "Ann" has no members)")},
        ErrorCase{R"([{"op":"add","path":"/none/a","value":1}])",
                  absl::NotFoundError(R"(operations[0] add "/none/a": )"
                                      R"(segment 1 "a": )"
                                      "null has no members")},
        ErrorCase{R"([{"op":"add","path":"/yes/a","value":1}])",
                  absl::NotFoundError(R"(operations[0] add "/yes/a": )"
                                      R"(segment 1 "a": true has no members)")},
        ErrorCase{R"([{"op":"copy","from":"/tags/2","path":"/a"}])",
                  absl::NotFoundError(R"(operations[0] copy "/a": from: )"
                                      R"(segment 1 "2": )"
                                      "the array has 2 elements")},
        ErrorCase{R"([{"op":"move","from":"/x/y","path":"/a"}])",
                  absl::NotFoundError(R"(operations[0] move "/a": from: )"
                                      R"(segment 0 "x": )"
                                      "the object has no such member")},
        ErrorCase{R"([{"op":"move","from":"/age","path":"/x/y"}])",
                  absl::NotFoundError(R"(operations[0] move "/x/y": )"
                                      R"(segment 0 "x": )"
                                      "the object has no such member")}));

INSTANTIATE_TEST_SUITE_P(
    Malformed, Errors,
    testing::Values(
        ErrorCase{R"([{"op":"test","path":"/age","value":7},
                      {"op":"Add","path":"/a","value":1}])",
                  absl::InvalidArgumentError(
                      R"(operations[1] op "Add": expected add, remove, )"
                      "replace, move, copy or test")},
        ErrorCase{R"([{"path":"/a"}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] op "": expected add, remove, )"
                      "replace, move, copy or test")},
        ErrorCase{R"([{"op":"add","path":"/a"}])",
                  absl::InvalidArgumentError(R"(operations[0] add "/a": )"
                                             "the operation has no value")},
        ErrorCase{R"([{"op":"remove"}])",
                  absl::InvalidArgumentError(R"(operations[0] remove "": )"
                                             "the operation has no path")},
        ErrorCase{R"([{"op":"copy","path":"/a"}])",
                  absl::InvalidArgumentError(R"(operations[0] copy "/a": )"
                                             "the operation has no from")},
        ErrorCase{R"([{"op":"move","path":"/a"}])",
                  absl::InvalidArgumentError(R"(operations[0] move "/a": )"
                                             "the operation has no from")},
        ErrorCase{R"([{"op":"remove","path":"age"}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] remove "age": )"
                      "a pointer starts with '/' or is empty")},
        ErrorCase{R"([{"op":"remove","path":"/a/b~2c"}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] remove "/a/b~2c": )"
                      R"('~' must be followed by '0' or '1' in "b~2c")")},
        ErrorCase{R"([{"op":"move","from":"/~","path":"/a"}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] move "/a": from: )"
                      R"('~' must be followed by '0' or '1' in "~")")},
        ErrorCase{R"([{"op":"add","path":"/tags/01","value":1}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] add "/tags/01": segment 1 "01": )"
                      "expected an array index (digits without a leading "
                      "zero, or '-')")},
        ErrorCase{R"([{"op":"test","path":"/tags/size/0","value":1}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] test "/tags/size/0": )"
                      R"(segment 1 "size": expected an array index (digits )"
                      "without a leading zero, or '-')")},
        ErrorCase{
            R"([{"op":"remove","path":""}])",
            absl::InvalidArgumentError(R"(operations[0] remove "": )"
                                       "the whole document cannot be removed")},
        ErrorCase{R"([{"op":"move","from":"/address","path":"/address/city"}])",
                  absl::InvalidArgumentError(
                      R"(operations[0] move "/address/city": a value cannot )"
                      "be moved into one of its own children")}));

INSTANTIATE_TEST_SUITE_P(
    Differs, Errors,
    testing::Values(
        ErrorCase{R"([{"op":"test","path":"/name","value":"Bob"}])",
                  absl::FailedPreconditionError(
                      R"(operations[0] test "/name": )"
                      R"(expected string "Bob", found string "Ann")")},
        ErrorCase{R"([{"op":"test","path":"/age","value":"7"}])",
                  absl::FailedPreconditionError(
                      R"(operations[0] test "/age": )"
                      R"(expected string "7", found number 7)")},
        ErrorCase{
            R"([{"op":"test","path":"/none","value":false}])",
            absl::FailedPreconditionError(R"(operations[0] test "/none": )"
                                          "expected false, found null")},
        ErrorCase{
            R"([{"op":"test","path":"/tags","value":null}])",
            absl::FailedPreconditionError(R"(operations[0] test "/tags": )"
                                          "expected null, found an array")},
        ErrorCase{R"([{"op":"test","path":"/address","value":{"city":1}}])",
                  absl::FailedPreconditionError(
                      R"(operations[0] test "/address": )"
                      "expected an object, found another")}));

TEST(HostileInput, ValuesThatAreNoJson) {
  Value document = from_json("{}");
  v1::PatchOperation add = operation(R"({"op":"add","path":"/a"})");
  const auto error = [&] {
    const absl::Status status = apply_operation(add, &document);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  add.mutable_value()->set_number_value(
      std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(error(), R"(add "/a": a number in the value is not finite)");
  add.mutable_value()->mutable_list_value()->add_values()->set_number_value(
      -std::numeric_limits<double>::infinity());
  EXPECT_EQ(error(), R"(add "/a": a number in the value is not finite)");
  add.mutable_value()->set_string_value("\xFF");
  EXPECT_EQ(error(), R"(add "/a": a string in the value is not UTF-8)");
  auto& fields = *add.mutable_value()->mutable_struct_value()->mutable_fields();
  fields["\xC0"].set_bool_value(true);
  EXPECT_EQ(error(), R"(add "/a": a name in the value is not UTF-8)");
  add.mutable_value()->Clear();
  EXPECT_EQ(error(), R"(add "/a": a part of the value has no kind)");
  add.mutable_value()->mutable_list_value()->add_values();
  EXPECT_EQ(error(), R"(add "/a": a part of the value has no kind)");
  add.set_path("/\xFF");
  EXPECT_EQ(error(), R"(add "/\xff": a pointer is UTF-8)");
}

TEST(HostileInput, ErrorsAreShortPrintableLines) {
  std::vector<v1::PatchOperation> hostile;
  v1::PatchOperation add = operation(R"({"op":"add","path":"/anInt64"})");
  add.mutable_value()->set_string_value(std::string(1 << 20, '\n'));
  hostile.push_back(add);
  add.set_path("/" + std::string(4000, '\x7F'));
  hostile.push_back(add);
  add.set_op(std::string(1 << 20, '\x01'));
  hostile.push_back(add);
  v1::PatchOperation test = hostile[0];
  test.set_op("test");
  hostile.push_back(test);
  Everything document;
  for (const v1::PatchOperation& operation : hostile) {
    const absl::Status status = apply_operation(operation, &document);
    EXPECT_FALSE(status.ok());
    EXPECT_LT(status.message().size(), 2000u);
    for (const unsigned char c : status.message()) {
      EXPECT_TRUE(c >= ' ' && c < 0x7F) << status;
    }
  }
}

TEST(HostileInput, ManyKeysInOneValue) {
  // Entries are not searched for among the others, which would be quadratic.
  v1::PatchOperation add = operation(R"({"op":"add","path":"/childMap"})");
  auto& fields = *add.mutable_value()->mutable_struct_value()->mutable_fields();
  for (int i = 0; i < 3000; ++i) {
    fields[absl::StrCat(i)].mutable_struct_value();
  }
  Everything document;
  EXPECT_TRUE(apply_operation(add, &document).ok());
  EXPECT_EQ(document.child_map_size(), 3000);
}

}  // namespace
}  // namespace weir::patch
