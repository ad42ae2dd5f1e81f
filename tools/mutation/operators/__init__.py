"""The operators: each makes mutants of one kind from a node of the tree."""

from mutation import syntax
from mutation.operators import (
    arguments,
    arithmetic,
    cleanup,
    comparisons,
    conditions,
    constants,
    memory_orders,
    statements,
)

ALL = (
    comparisons,
    arithmetic,
    constants,
    conditions,
    statements,
    arguments,
    memory_orders,
    cleanup,
)


def mutants(root, file):
    """All mutants of a file, in its order."""
    found = {}
    for node in root.walk():
        for mutant in (m for operator in ALL for m in operator.mutants(node, file)):
            mutant.selectable = not syntax.is_constant(node)
            mutant.computable = syntax.may_be_computed(node)
            if any(_preprocessed(root.source, edit) for edit in mutant.edits):
                continue
            # The first operator that makes a change has it.
            found.setdefault((mutant.edits[0].start, mutant.edits), mutant)
    return sorted(found.values(), key=lambda m: (m.edits[0].start, m.edits[0].end))


def _preprocessed(source, edit):
    text = source[edit.start : edit.end]
    return any(line.lstrip().startswith(b"#") for line in text.split(b"\n")[1:])
