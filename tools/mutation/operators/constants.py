"""Constants: one more, one less, the other truth value; a named one less where it is
used."""

import re

from mutation import syntax
from mutation.mutant import Edit, Mutant
from mutation.syntax import K

_INTEGER = re.compile(r"(0[xX][\da-fA-F']+|\d[\d']*)([uUlLzZ]*)")
_NUMBER = re.compile(r"[\d.']+([eE][-+]?\d+)?[fFlL]?")


def mutants(node, file):
    for text in _others(node):
        yield Mutant(
            file,
            node.line,
            "constant",
            (Edit(node.start, node.end, text),),
            node.text,
            text,
        )


def _others(node):
    text = node.text
    if next((a for a in node.ancestors() if a.kind != K.UNEXPOSED_EXPR), node).kind == (
        K.FIELD_DECL
    ):
        return  # a default, which most constructors replace
    if node.kind == K.INTEGER_LITERAL and _INTEGER.fullmatch(text):
        yield f"({text} + 1)"
        if not re.fullmatch(r"0+[uUlL]*", text):
            yield f"({text} - 1)"
    elif node.kind == K.FLOATING_LITERAL and _NUMBER.fullmatch(text):
        yield f"({text} * 1.001)"
    elif node.kind == K.CHARACTER_LITERAL and text.startswith("'"):
        yield f"static_cast<char>({text} + 1)"
    elif node.kind == K.CXX_BOOL_LITERAL_EXPR and text in ("true", "false"):
        yield "false" if text == "true" else "true"
    elif _is_named(node):
        yield f"({text} - 1)"


def _is_named(node):
    if node.kind != K.DECL_REF_EXPR or not re.search(r"\bk[A-Z]\w*$", node.text):
        return False
    if node.parent.kind == K.UNARY_OPERATOR and node.parent.text.startswith("&"):
        return False
    declared = node.cursor.referenced
    if declared is None or declared.kind != K.VAR_DECL or not syntax.function_of(node):
        return False
    return bool(
        re.fullmatch(r"(un)?signed \w+|(unsigned )?(int|long|short|char|long long)",
                     node.type_name())
    )
