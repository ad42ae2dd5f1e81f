"""Abseil's packages, each with the BUILD file that stands for it."""

_PACKAGES = [
    "base",
    "container",
    "flags",
    "functional",
    "hash",
    "numeric",
    "random",
    "status",
    "strings",
    "time",
    "types",
]

ABSL_OVERLAY = {
    "absl/" + package + "/BUILD.bazel": "//third_party/system:absl_" + package + ".BUILD"
    for package in _PACKAGES
}
