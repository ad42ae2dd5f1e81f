// Random patches of random documents. WEIR_TEST_SEED gives another seed.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "weir/patch/json_patch.h"
#include "weir/patch/testdata/every_field.pb.h"
#include "weir/patch/testing/test_json.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {
namespace {

using ::google::protobuf::Message;
using ::google::protobuf::Value;
using patch_test::Everything;
using Patch = std::vector<v1::PatchOperation>;

unsigned seed() {
  const char* text = std::getenv("WEIR_TEST_SEED");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 20240229;
}

// Names, keys, indices and values from small sets, so that operations often
// affect the same values.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}
  virtual ~Generator() = default;

  int below(int n) {
    return std::uniform_int_distribution<>(0, n - 1)(random_);
  }

  template <size_t n>
  std::string one_of(const char* const (&choices)[n]) {
    return choices[below(n)];
  }

  Value value(int depth) {
    Value value;
    switch (below(depth > 0 ? 12 : 5)) {
      case 0:
        value.set_null_value(google::protobuf::NULL_VALUE);
        break;
      case 1:
        value.set_bool_value(below(2) == 0);
        break;
      case 2:
        value.set_number_value(below(5) - 2);
        break;
      case 3:
        value.set_number_value((below(5) - 2) * 1e18 + 0.5);
        break;
      case 4:
        value.set_string_value(one_of({"", "a", "1", "true", "RED", "2.5s"}));
        break;
      case 5:
      case 6:
      case 7:
        value.mutable_list_value();
        for (int i = below(4); i > 0; --i) {
          *value.mutable_list_value()->add_values() = this->value(depth - 1);
        }
        break;
      default:
        value.mutable_struct_value();
        for (int i = below(4); i > 0; --i) {
          (*value.mutable_struct_value()->mutable_fields())[name()] =
              this->value(depth - 1);
        }
    }
    return value;
  }

  std::string pointer() {
    std::string pointer;
    const int depth = below(20) == 0 ? 0 : 1 + below(3);
    for (int i = 0; i < depth; ++i) absl::StrAppend(&pointer, "/", name());
    return below(50) == 0 ? pointer + "~" : pointer;
  }

  v1::PatchOperation operation() {
    v1::PatchOperation operation;
    operation.set_op(one_of({"add", "add", "add", "add", "remove", "replace",
                             "replace", "move", "copy", "copy", "test"}));
    operation.set_path(pointer());
    operation.set_from(pointer());
    if (below(20) != 0) *operation.mutable_value() = value(3);
    return operation;
  }

  Patch patch() {
    Patch patch;
    // Long patches rarely succeed.
    for (int i = below(2) * below(6); i >= 0; --i) {
      patch.push_back(operation());
    }
    return patch;
  }

 protected:
  virtual std::string name() { return one_of({"a", "b", "", "0", "1", "-"}); }

 private:
  std::mt19937 random_;
};

class TypedGenerator : public Generator {
 public:
  using Generator::Generator;

 protected:
  std::string name() override {
    return one_of({"0",        "1",          "-",           "true",
                   "a",        "anInt64",    "aString",     "colour",
                   "aBool",    "maybeInt64", "child",       "chosenChild",
                   "int64s",   "strings",    "children",    "stringMap",
                   "childMap", "boolMap",    "valueMap",    "duration",
                   "any",      "boxedInt64", "boxedInt32s", "value",
                   "struct",   "list",       "values",      "chosenString"});
  }
};

std::string describe(const Patch& patch) {
  std::string text;
  for (const auto& operation : patch) {
    absl::StrAppend(&text, operation.ShortDebugString(), "\n");
  }
  return text;
}

// Applies the patch, and checks the invariants of all patches and documents.
bool apply_and_check(const Patch& patch, Message* document) {
  const std::string before = bytes(*document);
  std::unique_ptr<Message> stepwise(document->New());
  stepwise->CopyFrom(*document);

  const absl::Status status = apply_json_patch(patch, document);
  if (!status.ok()) {
    EXPECT_EQ(bytes(*document), before) << status;
    return false;
  }
  // A patch is equivalent to its operations, one after the other.
  for (const auto& operation : patch) {
    const absl::Status step = apply_operation(operation, stepwise.get());
    EXPECT_TRUE(step.ok()) << step;
  }
  EXPECT_EQ(bytes(*document), bytes(*stepwise));
  // The result is a message that can be stored and printed.
  std::unique_ptr<Message> read(document->New());
  EXPECT_TRUE(read->ParseFromString(document->SerializeAsString()));
  EXPECT_EQ(bytes(*read), bytes(*document));
  std::string json;
  EXPECT_TRUE(
      google::protobuf::util::MessageToJsonString(*document, &json).ok());
  return true;
}

TEST(RandomPatches, OfFreeJsonAreAllOrNothing) {
  Generator generator(seed());
  Value document;
  int applied = 0;
  constexpr int kPatches = 1500;
  for (int i = 0; i < kPatches; ++i) {
    if (i % 20 == 0) document = generator.value(4);
    const Patch patch = generator.patch();
    const Value before = document;
    applied += apply_and_check(patch, &document);
    ASSERT_FALSE(HasFailure()) << "seed " << seed() << ", patch " << i << ":\n"
                               << before.DebugString() << describe(patch);
  }
  EXPECT_GT(applied, kPatches / 20);
  EXPECT_LT(applied, kPatches * 19 / 20);
}

TEST(RandomPatches, OfTypedMessagesAreAllOrNothing) {
  TypedGenerator generator(seed());
  Everything document;
  int applied = 0;
  constexpr int kPatches = 2000;
  for (int i = 0; i < kPatches; ++i) {
    if (i % 200 == 0) document.Clear();
    const Patch patch = generator.patch();
    const Everything before = document;
    applied += apply_and_check(patch, &document);
    ASSERT_FALSE(HasFailure()) << "seed " << seed() << ", patch " << i << ":\n"
                               << before.DebugString() << describe(patch);
  }
  EXPECT_GT(applied, kPatches / 50);
  EXPECT_LT(applied, kPatches * 19 / 20);
}

// Applies the operations that succeed, keeps every third, and undoes the rest:
// the document must be as if only those had been applied.
void roll_back_and_check(const Patch& patch, int round, Message* document) {
  std::unique_ptr<Message> kept(document->New());
  kept->CopyFrom(*document);
  {
    JsonPatchTransaction transaction(document);
    for (size_t i = 0; i < patch.size(); ++i) {
      if ((i + round) % 3 == 0) {
        transaction.roll_back();
        EXPECT_EQ(bytes(*document), bytes(*kept));
        if (transaction.apply(patch[i]).ok()) {
          transaction.commit();
          kept->CopyFrom(*document);
        }
      } else {
        transaction.apply(patch[i]).IgnoreError();
      }
    }
  }
  EXPECT_EQ(bytes(*document), bytes(*kept));
}

template <typename Generator>
void roll_back_random_patches(Generator& generator, Message* document,
                              int patches) {
  for (int i = 0; i < patches; ++i) {
    Patch patch;
    for (int n = 0; n < 4; ++n) {
      for (auto& operation : generator.patch()) {
        patch.push_back(std::move(operation));
      }
    }
    const std::string before = document->DebugString();
    roll_back_and_check(patch, i, document);
    ASSERT_FALSE(testing::Test::HasFailure())
        << "seed " << seed() << ", patch " << i << ":\n"
        << before << describe(patch);
  }
}

TEST(RandomTransactions, OfFreeJsonAreTakenBack) {
  Generator generator(seed());
  for (int i = 0; i < 100; ++i) {
    Value document = generator.value(4);
    roll_back_random_patches(generator, &document, 10);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(RandomTransactions, OfTypedMessagesAreTakenBack) {
  TypedGenerator generator(seed());
  for (int i = 0; i < 10; ++i) {
    Everything document;
    roll_back_random_patches(generator, &document, 100);
    ASSERT_FALSE(HasFailure());
  }
}

// An exchange of values with an arena is a copy.
TEST(RandomTransactions, OnAnArenaAreTakenBack) {
  google::protobuf::Arena arena;
  Generator generator(seed());
  TypedGenerator typed_generator(seed());
  auto* document = google::protobuf::Arena::CreateMessage<Value>(&arena);
  roll_back_random_patches(generator, document, 300);
  auto* typed = google::protobuf::Arena::CreateMessage<Everything>(&arena);
  roll_back_random_patches(typed_generator, typed, 300);
}

// Without generated code, everything goes through reflection.
TEST(RandomTransactions, OfDynamicMessagesAreTakenBack) {
  google::protobuf::DynamicMessageFactory factory;
  Generator generator(seed());
  TypedGenerator typed_generator(seed());
  const std::unique_ptr<Message> document(
      factory.GetPrototype(Value::descriptor())->New());
  roll_back_random_patches(generator, document.get(), 300);
  const std::unique_ptr<Message> typed(
      factory.GetPrototype(Everything::descriptor())->New());
  roll_back_random_patches(typed_generator, typed.get(), 300);
}

TEST(RandomPatches, WhatWasAddedIsThere) {
  Generator generator(seed());
  int added = 0;
  for (int i = 0; i < 1500; ++i) {
    Value document = generator.value(4);
    v1::PatchOperation operation = generator.operation();
    operation.set_op(generator.one_of({"add", "replace"}));
    const Value before = document;
    if (!apply_operation(operation, &document).ok()) continue;
    const size_t last = operation.path().rfind('/');
    if (last != std::string::npos && operation.path().substr(last) == "/-") {
      continue;
    }
    ++added;
    operation.set_op("test");
    EXPECT_TRUE(apply_operation(operation, &document).ok());
    operation.mutable_value()->set_string_value("something else");
    EXPECT_EQ(apply_operation(operation, &document).code(),
              absl::StatusCode::kFailedPrecondition);
    ASSERT_FALSE(HasFailure())
        << "seed " << seed() << ":\n"
        << before.DebugString() << operation.DebugString();
  }
  EXPECT_GT(added, 150);
}

TEST(RandomPatches, AddThenRemoveIsNothing) {
  Generator generator(seed());
  int added = 0;
  for (int i = 0; i < 1500; ++i) {
    Value document = generator.value(4);
    const Value before = document;
    v1::PatchOperation operation = generator.operation();
    // Adding over an existing value would lose it.
    operation.set_op("remove");
    Value removed = document;
    const bool was_there = apply_operation(operation, &removed).ok();
    operation.set_op("add");
    if (was_there || operation.path().empty() ||
        !apply_operation(operation, &document).ok()) {
      continue;
    }
    const size_t last = operation.path().rfind('/');
    if (operation.path().substr(last) == "/-") continue;
    ++added;
    operation.set_op("remove");
    EXPECT_TRUE(apply_operation(operation, &document).ok());
    ASSERT_EQ(bytes(document), bytes(before))
        << "seed " << seed() << ":\n"
        << before.DebugString() << operation.DebugString();
  }
  EXPECT_GT(added, 50);
}

}  // namespace
}  // namespace weir::patch
