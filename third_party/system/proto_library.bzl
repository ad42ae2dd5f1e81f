"""proto_library under the path that current protobuf gives it."""

proto_library = native.proto_library
