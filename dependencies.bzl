"""What Weir stands on, for its own workspace and for those that depend on it."""

load("//third_party/system:repo.bzl", "system_repository")
load("//third_party/system:absl.bzl", "ABSL_LIBRARIES")

def _system(name, **kwargs):
    if not native.existing_rule(name):
        system_repository(name = name, **kwargs)

def _local(name, path):
    if not native.existing_rule(name):
        native.local_repository(name = name, path = path)

def weir_dependencies():
    """Declares the repositories that Weir depends on, of the distribution's packages.

    To be called from WORKSPACE. A repository of the same name that is declared
    before it is kept: code that has its own @com_google_absl, say, goes on using
    that, and so does Weir. A library is looked up when a target needs it.
    """
    _system(
        name = "com_google_absl",
        libraries = ABSL_LIBRARIES,
    )
    _system(
        name = "com_google_protobuf",
        host_files = {
            "protoc": "/usr/bin/protoc",
            "google": "/usr/include/google",
        },
        libraries = {"//:protobuf": "protobuf"},
        overlay = {
            "BUILD.bazel": "//third_party/system:protobuf.BUILD",
            "bazel/BUILD.bazel": "//third_party/system:empty.BUILD",
            "bazel/cc_proto_library.bzl": "//third_party/system:cc_proto_library.bzl",
            "bazel/proto_library.bzl": "//third_party/system:proto_library.bzl",
        },
    )

    # Only //:sqlite_store and //c_api need a database.
    _system(
        name = "sqlite3",
        libraries = {"//:sqlite3": "sqlite3"},
    )

    # Only //:http_server: its event loop, its parser of requests, its TLS.
    _system(
        name = "boost",
        overlay = {"BUILD.bazel": "//third_party/system:boost.BUILD"},
    )

    # Only //:http_server: TLS, and //:management: signatures.
    _system(
        name = "openssl",
        libraries = {
            "//:crypto": "libcrypto",
            "//:ssl": "openssl",  # and libcrypto, on which it stands
        },
    )

    # Only //cli: weir top is a client.
    _system(
        name = "curl",
        libraries = {"//:curl": "libcurl"},
    )

    # Only //cli: logs of JSON lines.
    _system(
        name = "simdjson",
        libraries = {"//:simdjson": "simdjson"},
    )

    # Only //cli: logs that are compressed.
    _system(
        name = "zlib",
        libraries = {"//:zlib": "zlib"},
    )

    # Only //documents: YAML.
    _system(
        name = "libyaml",
        libraries = {"//:yaml": "yaml-0.1"},
    )

    # Tests and benchmarks.
    _system(
        name = "com_google_googletest",
        libraries = {
            "//:gtest": "gmock",  # and gtest, on which it stands
            "//:gtest_main": "gmock_main",
        },
    )
    _system(
        name = "com_github_google_benchmark",
        libraries = {"//:benchmark": "benchmark"},
    )

    # Tests and benchmarks: another implementation of JSON Patch.
    _system(
        name = "com_github_nlohmann_json",
        overlay = {"BUILD.bazel": "//third_party/system:nlohmann_json.BUILD"},
    )

    # Bazel 4 asks for these before it compiles anything.
    _system(
        name = "rules_cc",
        overlay = {
            "cc/" + file: "//third_party/system/rules_cc:" + file
            for file in [
                "BUILD.bazel",
                "cc_binary.bzl",
                "cc_library.bzl",
                "cc_test.bzl",
                "defs.bzl",
            ]
        },
    )
    _system(
        name = "remote_coverage_tools",
        overlay = {"BUILD.bazel": "//third_party/system/coverage:BUILD.bazel"},
    )
    _local(
        name = "rules_java",
        path = "/usr/share/bazel/rules/java",
    )

    # Bazel 7 asks for this one, too.
    _local(
        name = "bazel_skylib",
        path = "/usr/share/bazel/tools/skylib",
    )
