"""Arithmetic: another operation in place of the one that is there."""

import re

from mutation.mutant import Edit, Mutant
from mutation.operators.binary import binary, plain
from mutation.syntax import K

_OTHERS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "*",
    "<<": ">>",
    ">>": "<<",
    "&": "|",
    "|": "&",
    "^": "&",
}
# Types of classes that are numbers. Others' operators mean something else.
_NUMBERS = re.compile(r"absl::\w*(Duration|Time|int128)")


def mutants(node, file):
    text = _other(node)
    if text:
        yield Mutant(
            file,
            node.line,
            "arithmetic",
            (Edit(node.start, node.end, text),),
            node.text,
            text,
        )


def _other(node):
    if node.kind == K.UNARY_OPERATOR:
        return _other_unary(node)
    expression = binary(node)
    if not expression:
        return None
    assigned = expression.operator.endswith("=")
    other = _OTHERS.get(expression.operator[:-1] if assigned else expression.operator)
    if not other:
        return None
    types = [expression.left.type_name(), expression.right.type_name()]
    if expression.overloaded and not _NUMBERS.search(types[0]):
        return None
    if not expression.overloaded and all(t.endswith("*") for t in types):
        return None  # the difference of pointers
    return expression.with_operator(other + ("=" if assigned else ""))


def _other_unary(node):
    text = plain(node.text)
    for operator, other in ("++", "--"), ("--", "++"):
        if text.startswith(operator):
            return other + text[2:]
        if text.endswith(operator):
            return text[:-2] + other
    if text[0] in "-~" and node.children and node.children[0].kind != K.INTEGER_LITERAL:
        return text[1:]
    return None
