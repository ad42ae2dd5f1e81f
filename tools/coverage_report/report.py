#!/usr/bin/python3
"""Summarizes what llvm-cov exports: a table by folder, then what no test reaches.

usage: tools/coverage_report/report.py COVERAGE.JSON

Run in the repository's root, of which it reads the sources and the explanations in
docs/proof.md. Exits with 1 if a branch of the data plane is neither reached nor
explained.
"""

import bisect
import collections
import json
import os
import re
import sys

# What a request executes. The branches of these are to be reached, each one.
DATA_PLANE = re.compile(
    r"(throttle|quota|memory|data_plane)/|base/(clock|cycle_clock|thread_number)\.(h|cc)$"
)
EXPLANATIONS = "docs/proof.md"
# Bazel gives headers to the compiler under links that begin with the repository's name.
LINKED = re.compile(r"^.*/_virtual_includes/[^/]+/weir/")
# | `file` | `condition` | true | why |
EXPLANATION = re.compile(
    r"^\| `([^`]+)` \| `(.+?)` \| (true|false|not evaluated) \| .*\S.* \|$", re.MULTILINE
)

# A condition's branch that no test takes. `outcome`: true, false, or "not evaluated" in
# place of both.
Branch = collections.namedtuple("Branch", "path line condition outcome")


class File:
    """What is counted in one source file, over all programs and instantiations."""

    def __init__(self, exported, text):
        self.path = exported["filename"]
        self._source = text.split("\n")
        # Each: line, column, count, has a count, starts a region, is a gap.
        self._segments = exported["segments"]
        self._starts = [(segment[0], segment[1]) for segment in self._segments]
        self.lines = self._count_lines()  # by number: how often executed
        self.branches = 0
        self.unreached = []
        self._count_branches(exported["branches"])

    def _count_lines(self):
        """As llvm-cov shows them: a line counts as its most frequent part."""
        by_line = collections.defaultdict(list)
        for segment in self._segments:
            by_line[segment[0]].append(segment)
        counts = {}
        around = None  # the segment that the line begins in
        for number in range(1, len(self._source) + 1):
            here = by_line[number]
            entries = [s for s in here if s[3] and s[4] and not s[5]]
            skipped = bool(here) and not here[0][3] and here[0][4]
            inside = around is not None and around[3]
            if not skipped and (inside or entries):
                counts[number] = max(
                    [s[2] for s in entries] + ([around[2]] if inside else [])
                )
            if here:
                around = here[-1]
        return counts

    def _count_branches(self, exported):
        counts = collections.defaultdict(lambda: [0, 0])
        for branch in exported:  # once for each instantiation
            total = counts[tuple(branch[:4])]
            total[0] += branch[4]
            total[1] += branch[5]
        for place, (when_true, when_false) in sorted(counts.items()):
            evaluated = self._executed(place[0], place[1])
            if evaluated and not when_true and not when_false:
                continue  # a constant, e.g. while (true)
            self.branches += 2
            outcomes = []
            if not evaluated and not when_true and not when_false:
                outcomes = ["not evaluated"]
            elif not when_true:
                outcomes = ["true"]
            elif not when_false:
                outcomes = ["false"]
            self.unreached += [
                Branch(self.path, place[0], self._text(place), outcome) for outcome in outcomes
            ]

    def _executed(self, line, column):
        at = bisect.bisect_right(self._starts, (line, column)) - 1
        return at >= 0 and self._segments[at][2] > 0

    def _text(self, place):
        """The source from a line and column to another."""
        line, column, last_line, last_column = place
        lines = self._source[line - 1 : last_line]
        lines[-1] = lines[-1][: last_column - 1]
        lines[0] = lines[0][column - 1 :]
        return " ".join(" ".join(lines).split())

    def branches_unreached(self):
        return sum(2 if b.outcome == "not evaluated" else 1 for b in self.unreached)


def percent(part, whole):
    return "-" if whole == 0 else f"{100 * part / whole:.1f} %"


def ranges(numbers, between):
    """[1, 2, 3, 7] as "1-3, 7"; lines of `between` do not interrupt a range."""
    result = []
    for number in sorted(numbers):
        if result and not any(n in between for n in range(result[-1][1] + 1, number)):
            result[-1][1] = number
        else:
            result.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in result)


def row(name, files):
    lines = sum(len(file.lines) for file in files)
    reached = sum(sum(count > 0 for count in file.lines.values()) for file in files)
    branches = sum(file.branches for file in files)
    taken = branches - sum(file.branches_unreached() for file in files)
    return (
        f"| {name} | {lines} | {percent(reached, lines)} "
        f"| {branches} | {percent(taken, branches)} |"
    )


def table(files):
    folders = collections.defaultdict(list)
    for file in files:
        folders[os.path.dirname(file.path)].append(file)
    rows = [row(f"`{name}`", folders[name]) for name in sorted(folders)]
    rows.append(row("all", files))
    rows.append(row("the data plane", [f for f in files if DATA_PLANE.match(f.path)]))
    return ["| folder | lines | reached | branches | reached |", "|---|---|---|---|---|"] + rows


def explained(document):
    """The set of (path, condition, outcome) that the document has a row for."""
    return {
        (path, condition.replace("\\|", "|"), outcome)
        for path, condition, outcome in EXPLANATION.findall(document)
    }


def report(files, explanations):
    """The text, and how many branches of the data plane are left."""
    text = table(files)
    left = []
    for file in files:
        if DATA_PLANE.match(file.path):
            left += [b for b in file.unreached if (b.path, b.condition, b.outcome) not in explanations]
    text += ["", f"Branches of the data plane that no test takes, and {EXPLANATIONS} does not explain:"]
    text += [f"  {b.path}:{b.line}: `{b.condition}` {b.outcome}" for b in left] or ["  none"]

    # Not wrong, but no longer needed. Of a file that was not built, nothing is known.
    needed = {(b.path, b.condition, b.outcome) for file in files for b in file.unreached}
    known = {file.path for file in files}
    obsolete = sorted(e for e in explanations - needed if e[0] in known)
    if obsolete:
        text += ["", f"Explained in {EXPLANATIONS}, but these tests take it:"]
        text += [f"  {path}: `{condition}` {outcome}" for path, condition, outcome in obsolete]

    text += ["", "Lines that no test reaches:"]
    for file in files:
        unreached = [number for number, count in file.lines.items() if count == 0]
        if unreached:
            text.append(f"  {file.path}: {ranges(unreached, file.lines)}")
    return "\n".join(text), len(left)


def merged(exported_files):
    """One entry for each source file, however many links to it were compiled."""
    by_path = {}
    for exported in exported_files:
        path = LINKED.sub("", os.path.normpath(exported["filename"]))
        exported["filename"] = path
        other = by_path.setdefault(path, exported)
        if other is exported:
            continue
        places = lambda file: [segment[:2] + segment[3:] for segment in file["segments"]]
        if places(other) != places(exported):
            raise ValueError(f"{path}: differs between two targets")
        for segment, more in zip(other["segments"], exported["segments"]):
            segment[2] += more[2]
        other["branches"] = other["branches"] + exported["branches"]
    return list(by_path.values())


def main(arguments):
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as exported:
        exported_files = json.load(exported)["data"][0]["files"]
    files = []
    for exported in merged(exported_files):
        with open(exported["filename"], encoding="utf-8") as source:
            files.append(File(exported, source.read()))
    files.sort(key=lambda file: file.path)
    with open(EXPLANATIONS, encoding="utf-8") as document:
        text, left = report(files, explained(document.read()))
    print(text)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
