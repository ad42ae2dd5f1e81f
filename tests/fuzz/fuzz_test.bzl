"""Fuzz targets that are ordinary tests, too."""

load("@rules_cc//cc:cc_test.bzl", "cc_test")

def fuzz_test(name, srcs, corpus, deps):
    """Declares a target whose sources define LLVMFuzzerTestOneInput().

    As a test, with any compiler, it replays `corpus`, a list of files. Built
    with --config=fuzz it is libFuzzer's program: see tools/fuzz.
    """
    cc_test(
        name = name,
        size = "small",
        srcs = srcs,
        args = ["$(location %s)" % path for path in corpus],
        data = corpus,
        linkopts = select({
            "//tests/fuzz:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        linkstatic = True,
        deps = deps + select({
            "//tests/fuzz:libfuzzer": [],
            "//conditions:default": ["//tests/fuzz:replay_main"],
        }),
    )
