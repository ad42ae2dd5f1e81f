"""Memory orders, weakened. Only ThreadSanitizer can see it: x86 orders most of it anyway,
and the interleaving tests run the strictest order alone."""

import re

from mutation.mutant import Edit, Mutant
from mutation.syntax import K

NAME = "memory order"

_WEAKER = {
    "acquire": ("relaxed",),
    "release": ("relaxed",),
    "acq_rel": ("acquire", "release"),
    "seq_cst": ("relaxed",),
}


def mutants(node, file):
    if node.kind != K.DECL_REF_EXPR:
        return
    order = re.fullmatch(r"(?:std::)?memory_order_(\w+)", node.text)
    if not order:
        return
    for weaker in _WEAKER.get(order[1], ()):
        text = f"std::memory_order_{weaker}"
        yield Mutant(
            file, node.line, NAME, (Edit(node.start, node.end, text),), node.text, text
        )
