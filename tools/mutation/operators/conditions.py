"""Conditions: negated, or with a part left out."""

from mutation.mutant import CONDITION, Edit, Mutant
from mutation.operators.binary import binary, plain
from mutation.syntax import K

def is_condition(node):
    """Whether this expression is what an if, a loop or a `?:` decides by."""
    parent = node.parent
    if parent is None or node.kind.is_declaration() or node.kind == K.DECL_STMT:
        return False
    if parent.kind == K.CONDITIONAL_OPERATOR:
        return node.source[node.end :].lstrip().startswith(b"?")
    deciding = (K.IF_STMT, K.WHILE_STMT, K.DO_STMT, K.FOR_STMT)
    if parent.kind not in deciding:
        return False
    if not node.kind.is_expression() and node.kind != K.MACRO_INSTANTIATION:
        return False
    before = parent.source[parent.start : node.start].rstrip()
    after = parent.source[node.end :].lstrip()
    if parent.kind == K.FOR_STMT:
        return before.endswith(b";") and after.startswith(b";")
    return before.endswith((b"(", b";")) and after.startswith(b")")


def mutants(node, file):
    edits = []
    if is_condition(node):
        edits.append(("negation", f"!({plain(node.text)})", CONDITION))
    elif node.kind == K.UNARY_OPERATOR and node.text.startswith("!"):
        edits.append(("negation", f"({plain(node.text[1:])})", CONDITION))
    expression = binary(node)
    if expression and expression.operator in ("&&", "||"):
        other = "||" if expression.operator == "&&" else "&&"
        edits += [
            ("condition", expression.with_operator(other), CONDITION),
            ("condition", plain(expression.left.text), CONDITION),
            ("condition", plain(expression.right.text), CONDITION),
        ]
    for name, text, kind in edits:
        yield Mutant(
            file,
            node.line,
            name,
            (Edit(node.start, node.end, text, kind),),
            node.text,
            text,
        )
