"""A C++ file as a tree, by libclang: what the operators look at."""

import ctypes.util
import glob
import os
import re

try:
    from clang import cindex
except ImportError:  # e.g. another Python than Debian's
    cindex = None

K = cindex.CursorKind if cindex else None


# Takes half the time. In terms of clang-c/Index.h: PrecompiledPreamble,
# SkipFunctionBodies, CreatePreambleOnFirstParse, LimitSkipFunctionBodiesToPreamble.
_WITHOUT_BODIES_OF_HEADERS = 0x4 | 0x40 | 0x100 | 0x800


class Unavailable(Exception):
    pass


class Node:
    """A cursor whose text lies in the file itself."""

    __slots__ = ("cursor", "kind", "start", "end", "parent", "children", "source")

    def __init__(self, cursor, start, end, parent, source):
        self.cursor = cursor
        self.kind = cursor.kind
        self.start = start
        self.end = end
        self.parent = parent
        self.children = []
        self.source = source

    @property
    def text(self):
        return self.source[self.start : self.end].decode(errors="replace")

    @property
    def line(self):
        return self.source.count(b"\n", 0, self.start) + 1

    def ancestors(self):
        node = self.parent
        while node:
            yield node
            node = node.parent

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def type_name(self):
        kind = self.cursor.type.get_canonical().spelling
        return kind.replace("const ", "")


def parse(path, arguments):
    """The tree of a file, with its own source as bytes. Raises Unavailable without
    libclang, ValueError if the file cannot be parsed."""
    if cindex is None:
        raise Unavailable("libclang's Python bindings are missing: tools/setup mutate")
    with open(path, "rb") as file:
        source = file.read()
    for options in _WITHOUT_BODIES_OF_HEADERS, 0:
        unit = _index().parse(
            path,
            args=["-x", "c++", "-std=c++17", *arguments],
            options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD | options,
        )
        errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if not errors:
            break
    else:
        raise ValueError(f"cannot parse: {errors[0].location}: {errors[0].spelling}")
    macros = sorted(
        (c.extent.start.offset, c.extent.end.offset)
        for c in unit.cursor.get_children()
        if c.kind == K.MACRO_INSTANTIATION and _in_file(c.extent.start, path)
    )
    root = Node(unit.cursor, 0, len(source), None, source)
    _fill(root, path, macros)
    return root


def _index():
    if not cindex.Config.loaded and not ctypes.util.find_library("clang"):
        found = sorted(glob.glob("/usr/lib/llvm-*/lib/libclang.so.1"))
        if found:
            cindex.Config.set_library_file(found[-1])
    try:
        return cindex.Index.create()
    except cindex.LibclangError as error:
        raise Unavailable(f"libclang is missing: tools/setup mutate ({error})") from error


def _in_file(location, path):
    return location.file is not None and location.file.name == path


def _fill(parent, path, macros):
    for cursor in parent.cursor.get_children():
        if not _in_file(cursor.extent.start, path):
            continue
        start, end = cursor.extent.start.offset, cursor.extent.end.offset
        if not parent.start <= start <= end <= parent.end:
            continue
        if cursor.kind == K.STATIC_ASSERT:
            continue
        node = Node(cursor, start, end, parent, parent.source)
        parent.children.append(node)
        if any(s <= start and end <= e for s, e in macros):
            node.kind = K.MACRO_INSTANTIATION  # what it consists of is elsewhere
        else:
            _fill(node, path, macros)
    parent.children.sort(key=lambda n: (n.start, -n.end))


FUNCTIONS = (
    {
        K.FUNCTION_DECL,
        K.CXX_METHOD,
        K.CONSTRUCTOR,
        K.DESTRUCTOR,
        K.FUNCTION_TEMPLATE,
        K.CONVERSION_FUNCTION,
        K.LAMBDA_EXPR,
    }
    if cindex
    else set()
)


def function_of(node):
    """The innermost function that a node lies in, or None."""
    return next((a for a in node.ancestors() if a.kind in FUNCTIONS), None)


def is_constant(node):
    """Whether the compiler must know the value: it cannot be selected at run time."""
    child = node
    for ancestor in node.ancestors():
        if ancestor.kind == K.CASE_STMT and ancestor.children[0] is child:
            return True
        if ancestor.kind == K.IF_STMT and child.kind.is_expression():
            head = ancestor.source[ancestor.start : child.start]
            if re.fullmatch(rb"if\s+constexpr\s*\(", head.rstrip()):
                return True
        if ancestor.kind in (K.ENUM_CONSTANT_DECL, K.TYPE_ALIAS_DECL, K.TYPEDEF_DECL):
            return True
        if ancestor.kind in (K.VAR_DECL, K.FIELD_DECL):
            head = ancestor.source[ancestor.start : ancestor.cursor.location.offset]
            if b"constexpr" in head.split():
                return True
            if node.start < ancestor.cursor.location.offset:
                return True  # in its type
            between = ancestor.source[ancestor.cursor.location.offset : node.start]
            if ancestor is node.parent and between.rstrip().endswith(b"["):
                return True  # the size of an array
        if ancestor.kind in FUNCTIONS:
            return False
        child = ancestor
    return False


def may_be_computed(node):
    """Whether the compiler may use the value: outside of functions' bodies, in functions
    that are constexpr, in template arguments, and where a constant begins."""
    if _is_template_argument(node) or _begins_constant(node):
        return True
    functions = [a for a in node.ancestors() if a.kind in FUNCTIONS]
    if not functions:
        return True
    outermost = functions[-1]
    head = outermost.source[outermost.start : node.start]
    return b"{" not in head or b"constexpr" in head.split(b"{")[0].split()


def _is_template_argument(node):
    before, after = node.source[: node.start], node.source[node.end :]
    return before.rstrip().endswith(b"<") and after.lstrip().startswith(b">")


def _begins_constant(node):
    """Whether a node is in the initial value of a variable that is const."""
    for ancestor in node.ancestors():
        if ancestor.kind in FUNCTIONS:
            return False
        if ancestor.kind == K.VAR_DECL:
            head = ancestor.source[ancestor.start : ancestor.cursor.location.offset]
            return b"const" in head.split()
    return False
