// Documents and patches written as JSON, for the tests.

#ifndef WEIR_PATCH_TESTING_TEST_JSON_H_
#define WEIR_PATCH_TESTING_TEST_JSON_H_

#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "google/protobuf/struct.pb.h"
#include "weir/patch/json_patch.h"
#include "weir/proto/patch_operation.pb.h"

namespace weir::patch {

// Reads proto3 JSON into `message`; a mistake in `json` fails the test.
void read_json(const std::string& json, google::protobuf::Message* message);

template <typename T = google::protobuf::Value>
T from_json(const std::string& json) {
  T message;
  read_json(json, &message);
  return message;
}

// The operations in an array, and in JSON text.
std::vector<v1::PatchOperation> operations_of(
    const google::protobuf::Value& patch);
std::vector<v1::PatchOperation> operations(const std::string& json);

// A value in a document, and the pointer to it.
struct Location {
  std::string pointer;
  google::protobuf::Value value;
};

// Every value of `document`, itself first, members in the order of their names.
std::vector<Location> locations_of(const google::protobuf::Value& document);

// Serializes with the entries of maps in order: equal messages give equal
// bytes.
std::string bytes(const google::protobuf::Message& message);

// One operation, kept if it succeeds.
absl::Status apply_operation(const v1::PatchOperation& operation,
                             google::protobuf::Message* document,
                             const PatchLimits& limits = {});

}  // namespace weir::patch

#endif  // WEIR_PATCH_TESTING_TEST_JSON_H_
