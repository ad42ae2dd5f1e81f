"""Neighbouring arguments of one type, exchanged."""

import re

from mutation.mutant import Edit, Mutant
from mutation.operators.binary import plain
from mutation.syntax import K

# The order does not matter, or is that of a text.
_EXEMPT = re.compile(
    r"min|max|swap|__builtin_\w+_overflow|StrCat|StrAppend|StrFormat|Substitute|operator.*"
)


def mutants(node, file):
    if node.kind != K.CALL_EXPR or _EXEMPT.fullmatch(node.cursor.spelling):
        return
    arguments = _arguments(node)
    for left, right in zip(arguments, arguments[1:]):
        if left.text == right.text or not _one_type(left, right):
            continue
        yield Mutant(
            file,
            left.line,
            "arguments",
            (
                Edit(left.start, left.end, plain(right.text)),
                Edit(right.start, right.end, plain(left.text)),
            ),
            f"{left.text}, {right.text}",
            f"{right.text}, {left.text}",
        )


def _arguments(node):
    starts = {
        (c.extent.start.offset, c.extent.end.offset)
        for c in node.cursor.get_arguments()
        if c is not None
    }
    seen, found = set(), []
    for child in node.children:
        place = (child.start, child.end)
        if place in starts and place not in seen and child.start < child.end:
            seen.add(place)
            found.append(child)
    return found


def _one_type(left, right):
    name = left.type_name()
    return name == right.type_name() and name not in ("", "<dependent type>")
