"""cc_proto_library under the path that current protobuf gives it."""

cc_proto_library = native.cc_proto_library
