"""proto_library whose files are imported under the repository's name."""

load("@com_google_protobuf//bazel:proto_library.bzl", _proto_library = "proto_library")

def proto_library(name, **kwargs):
    """A proto_library: its `proto/usage.proto`, say, is `weir/proto/usage.proto`.

    That is also its name in the process, where no two files may have the same.
    """
    _proto_library(
        name = name,
        import_prefix = "weir",
        strip_import_prefix = "/",
        **kwargs
    )
