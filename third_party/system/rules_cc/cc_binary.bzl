"""cc_binary, under the path that current rules_cc gives it."""

load(":defs.bzl", _cc_binary = "cc_binary")

cc_binary = _cc_binary
