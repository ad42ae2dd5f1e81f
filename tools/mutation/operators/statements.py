"""Statements and returns that are left out."""

import re

from mutation.mutant import STATEMENT, Edit, Mutant
from mutation.operators.binary import binary
from mutation.syntax import K, function_of

# What ends something: its loss is told apart from other statements'.
_CLEANUP = re.compile(
    r"\b(close|fclose|unlock|munmap|unlink|unmap|free|reset|release|give_back|"
    r"shutdown|destroy|dispose|clear|erase|remove\w*|join|delete|rollback)\b"
)
# Returns an error, if its argument gives one.
_RETURN_IF_ERROR = "WEIR_RETURN_IF_ERROR"
# Said to the compiler's analysis of locks alone.
_NO_EFFECT = re.compile(r"\b(assert_held|AssertHeld)\(")


def mutants(node, file):
    if not is_statement(node):
        return
    end = node.source.find(b";", node.end)
    if end < 0 or node.source[node.end : end].strip():
        return
    if node.kind == K.MACRO_INSTANTIATION and node.text.startswith(_RETURN_IF_ERROR + "("):
        ignored = "static_cast<void>" + node.text[len(_RETURN_IF_ERROR) :] + ";"
        edit = Edit(node.start, end + 1, ignored, STATEMENT)
        yield Mutant(file, node.line, "return", (edit,), node.text + ";", ignored)
        return
    name = _name(node)
    if name:
        edit = Edit(node.start, end + 1, ";", STATEMENT)
        yield Mutant(file, node.line, name, (edit,), node.text + ";", "")


def is_statement(node):
    """Whether the node stands as a statement of its own."""
    parent = node.parent
    if parent is None:
        return False
    if parent.kind == K.COMPOUND_STMT:
        return True
    if parent.kind in (K.CASE_STMT, K.DEFAULT_STMT):
        return parent.children[-1] is node
    if parent.kind in (
        K.FOR_STMT,
        K.CXX_FOR_RANGE_STMT,
        K.WHILE_STMT,
        K.IF_STMT,
    ):
        before = parent.source[parent.start : node.start].rstrip()
        if parent.kind == K.IF_STMT and before.endswith(b"else"):
            return True
        return before.endswith(b")") and node.source[node.end : node.end + 1] == b";"
    return False


def _name(node):
    if node.kind in (K.RETURN_STMT, K.BREAK_STMT, K.CONTINUE_STMT):
        if node.kind == K.RETURN_STMT and not _may_be_left_out(node):
            return None
        return "return"
    changes = not _NO_EFFECT.search(node.text) and (
        node.kind
        in (K.CALL_EXPR, K.CXX_DELETE_EXPR, K.COMPOUND_ASSIGNMENT_OPERATOR)
        or (node.kind == K.UNEXPOSED_EXPR and node.text.endswith(")"))
        or (node.kind == K.UNARY_OPERATOR and re.match(r"(\+\+|--)|.*(\+\+|--)$", node.text))
        or ((expression := binary(node)) and expression.operator == "=")
    )
    if not changes:
        return None
    function = function_of(node)
    in_destructor = function is not None and function.kind == K.DESTRUCTOR
    return "cleanup" if in_destructor or _CLEANUP.search(node.text) else "statement"


def _may_be_left_out(node):
    """A return with a value needs something behind it that returns instead."""
    if not node.children:
        return node.parent.kind != K.COMPOUND_STMT or _is_followed(node)
    return _is_followed(node)


def _is_followed(node):
    function = function_of(node)
    child = node
    for ancestor in node.ancestors():
        if ancestor is function:
            return False
        if ancestor.kind == K.COMPOUND_STMT and ancestor.children[-1] is not child:
            return True
        child = ancestor
    return False
