"""Binary expressions, built in or overloaded."""

import dataclasses
import re

from mutation.syntax import K


@dataclasses.dataclass
class Binary:
    node: object
    left: object
    operator: str
    right: object
    overloaded: bool

    def with_operator(self, operator):
        """The expression's text with another operator."""
        node = self.node
        gap = node.source[self.left.end : self.right.start].decode()
        gap = gap.replace(self.operator, operator, 1)
        return plain(self.left.text + gap + self.right.text)


def binary(node):
    """The node as a binary expression, or None."""
    if node.kind in (K.BINARY_OPERATOR, K.COMPOUND_ASSIGNMENT_OPERATOR):
        if len(node.children) != 2:
            return None
        left, right = node.children
        overloaded = False
    elif node.kind == K.CALL_EXPR and re.match(r"operator\W", node.cursor.spelling):
        operands = [
            c
            for c in node.children
            if not c.cursor.spelling.startswith("operator") or len(c.text) > 3
        ]
        if len(operands) != 2:
            return None
        left, right = operands
        overloaded = True
    else:
        return None
    operator = plain(node.source[left.end : right.start].decode()).strip()
    if not re.fullmatch(r"[-+*/%<>=!&|^]+", operator):
        return None
    return Binary(node, left, operator, right, overloaded)


def plain(text):
    """The text on one line, without its comments."""
    pieces = re.split(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])+'|//[^\n]*)""", text)
    pieces = ["" if piece.startswith("//") else piece for piece in pieces]
    return "".join(
        piece if piece[:1] == '"' else re.sub(r"\s*\n\s*", " ", piece) for piece in pieces
    )
