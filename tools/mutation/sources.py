"""Which files and lines are mutated."""

import os
import re
import subprocess

_SUFFIXES = (".cc", ".h")
# Not the library's: what tests and benchmarks consist of.
_EXEMPT = re.compile(r"(_test|_fuzz|_benchmark|_samples)\.(cc|h)$|(^|/)test_[^/]*$")
_EXEMPT_FOLDERS = {"tests", "testdata", "benchmarks", "examples", "tools", "third_party"}


def files(root, operands):
    """The files that the operands name, or lie below them, which may be mutated."""
    known = known_files(root)
    found = []
    for operand in operands:
        path = os.path.relpath(os.path.realpath(os.path.join(os.getcwd(), operand)), root)
        if path.startswith(".."):
            raise ValueError(f"{operand}: not in {root}")
        below = "" if path == "." else path + "/"
        matching = [f for f in known if f == path or f.startswith(below)]
        if not matching:
            raise ValueError(f"{operand}: no such file")
        found += [f for f in matching if is_mutable(root, f)]
    return sorted(set(found))


def known_files(root):
    """The files that git has, or does not ignore."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = sorted(set(filter(None, listed.split("\0"))))
    return [n for n in names if os.path.isfile(os.path.join(root, n))]


def is_mutable(root, file):
    if not file.endswith(_SUFFIXES) or _EXEMPT.search(file):
        return False
    if _EXEMPT_FOLDERS & set(file.split("/")[:-1]):
        return False
    return os.path.exists(os.path.join(root, file)) and not _is_testonly(root, file)


def _is_testonly(root, file):
    """Whether the rules that have the file are all for tests."""
    folder, name = os.path.split(file)
    build = os.path.join(root, folder, "BUILD.bazel")
    if not os.path.exists(build):
        return False
    with open(build, encoding="utf-8") as text:
        rules = re.split(r"\n\)\n?", text.read())
    owners = [r for r in rules if f'"{name}"' in r]
    return bool(owners) and all(
        re.search(r"testonly = True|^cc_(test|benchmark)\(", r, re.MULTILINE)
        for r in owners
    )


def changed_lines(root, revision):
    """The lines that the work tree changes since a revision: {file: set of numbers}."""
    diff = _git(root, "diff", "--unified=0", "--no-color", "--no-ext-diff",
                "--no-prefix", revision, "--")
    changed, file = {}, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line[4:].rstrip("\t")
        elif line.startswith("@@"):
            start, _, count = re.search(r"\+(\d+)(,(\d+))?", line).groups()
            lines = range(int(start), int(start) + int(count or 1))
            changed.setdefault(file, set()).update(lines)
    for file in _git(root, "ls-files", "-z", "--others", "--exclude-standard").split("\0"):
        if file.endswith(_SUFFIXES):
            with open(os.path.join(root, file), "rb") as text:
                changed[file] = set(range(1, text.read().count(b"\n") + 2))
    return changed


def root_of(folder):
    return os.path.realpath(_git(folder, "rev-parse", "--show-toplevel").strip())


def _git(folder, *arguments):
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", "-C", folder, *arguments],
        capture_output=True, text=True, check=False,
    )
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return done.stdout
