"""Tests of `weir serve` with the clients that people have."""

def client_test(name, data = [], size = "medium", **kwargs):
    """Runs `name`.py, with `cli/weir` in the current folder.

    By Debian's Python, which has the clients, rather than by whatever Python
    comes first.
    """
    native.sh_test(
        name = name,
        size = size,
        srcs = [name + ".py"],
        data = data + [
            "weir_process.py",
            "//cli:weir",
        ],
        tags = ["clients"],
        **kwargs
    )
