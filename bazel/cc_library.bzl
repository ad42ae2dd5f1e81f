"""cc_library whose headers are included under the repository's name."""

load("@rules_cc//cc:cc_library.bzl", _cc_library = "cc_library")

def cc_library(name, hdrs = [], **kwargs):
    """A cc_library: its header `base/mutex.h`, say, is `weir/base/mutex.h`.

    The same in this repository, in one that depends on it, and where the library
    is installed, so that no other library's header can be meant.
    """
    if hdrs and "includes" not in kwargs:
        kwargs["include_prefix"] = "weir"
        kwargs["strip_include_prefix"] = "/"
    _cc_library(name = name, hdrs = hdrs, **kwargs)
