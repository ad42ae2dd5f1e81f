"""Locks that lock something else: as if they were not there."""

import re

from mutation.mutant import Edit, Mutant
from mutation.syntax import K

_LOCKS = re.compile(r"(\w+::)*(\w*Lock|lock_guard|unique_lock|scoped_lock)(<.*>)?")


def mutants(node, file):
    if node.kind != K.VAR_DECL or not _LOCKS.fullmatch(node.cursor.type.spelling):
        return
    calls = [c for c in node.children if c.kind == K.CALL_EXPR and c.children]
    if not calls or len(calls[0].children) != 1:
        return
    mutex = calls[0].children[0]
    yield Mutant(
        file,
        node.line,
        "cleanup",
        (Edit(mutex.start, mutex.end, f"::weir_mutant::another({mutex.text})"),),
        node.text + ";",
        "",
    )
