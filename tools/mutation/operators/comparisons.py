"""Comparisons: their bounds, and their contraries."""

from mutation.mutant import Edit, Mutant
from mutation.operators.binary import binary
from mutation.operators.conditions import is_condition

_BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_CONTRARIES = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def mutants(node, file):
    expression = binary(node)
    if not expression or expression.operator not in _CONTRARIES:
        return
    others = [("bound", _BOUNDS.get(expression.operator))]
    if not is_condition(node):  # which is negated as such
        others.append(("comparison", _CONTRARIES[expression.operator]))
    for name, other in others:
        if other:
            text = expression.with_operator(other)
            yield Mutant(
                file, node.line, name, (Edit(node.start, node.end, text),), node.text, text
            )
