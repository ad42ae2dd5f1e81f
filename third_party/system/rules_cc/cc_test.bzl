"""cc_test, under the path that current rules_cc gives it."""

load(":defs.bzl", _cc_test = "cc_test")

cc_test = _cc_test
