"""Many mutants in one file, each selected at run time by its number.

`a < b` becomes `(::weir_mutant::on(7) ? (a <= b) : (a < b))`, so one build serves all.
A mutant's own text is the plain source, since only one is selected at a time; so nested
mutants do not multiply. Lines keep their numbers."""

import os

from mutation.mutant import CONDITION, STATEMENT

_RUNTIME = os.path.join(os.path.dirname(__file__), "runtime.h")


def render(source, numbered):
    """The file with all of these: pairs of a number and a mutant."""
    edits = [
        (edit.start, edit.end, number, edit)
        for number, mutant in numbered
        for edit in mutant.edits
    ]
    edits.sort(key=lambda e: (e[0], -e[1], e[2]))
    return preamble() + _render(source, 0, len(source), edits)


def preamble():
    with open(_RUNTIME, "rb") as file:
        return file.read() + b"#line 1\n"


def _render(source, start, end, edits):
    """The text of [start, end) with the edits within, which are nested or apart."""
    pieces = []
    place = start
    while edits:
        first, *edits = edits
        inner = [e for e in edits if e[1] <= first[1] and e[0] < first[1]]
        edits = [e for e in edits if e[0] >= first[1]]
        pieces.append(source[place : first[0]])
        pieces.append(_select(first, _render(source, first[0], first[1], inner)))
        place = first[1]
    pieces.append(source[place:end])
    return b"".join(pieces)


def _select(placed, original):
    _, _, number, edit = placed
    on = f"::weir_mutant::on({number})".encode()
    text = edit.text.encode()
    if edit.kind == STATEMENT:
        return b"{ if (!" + on + b") { " + original + b" } }"
    if edit.kind == CONDITION:
        text, original = (b"static_cast<bool>(" + t + b")" for t in (text, original))
    return b"(" + on + b" ? (" + text + b") : (" + original + b"))"


def overlaps(mutant, others):
    """Whether an edit of the mutant crosses one of the others: neither apart nor nested."""
    return any(
        a.start < b.start < a.end < b.end or b.start < a.start < b.end < a.end
        for a in mutant.edits
        for other in others
        for b in other.edits
    )
