"""A mutant: one small change of one file."""

import dataclasses
import hashlib
import re

# How an edit selects between the text that is there and its own at run time.
EXPRESSION = "expression"  # the text is an expression
CONDITION = "condition"  # the text is converted to bool
STATEMENT = "statement"  # the text is a statement with its semicolon


@dataclasses.dataclass(frozen=True)
class Edit:
    """Replaces the bytes [start, end) of a file by text."""

    start: int
    end: int
    text: str
    kind: str = EXPRESSION


@dataclasses.dataclass
class Mutant:
    file: str  # relative to the root of the repository
    line: int
    operator: str
    edits: tuple
    before: str  # what the change shows of the old text, on one line
    after: str  # and of the new
    # Whether the change can be selected at run time. False for what the compiler must
    # know: constants that are constexpr, sizes of arrays, labels of cases.
    selectable: bool = True
    # Whether the compiler may compute it: then that no test reaches it says nothing.
    computable: bool = False
    key: str = ""

    @property
    def change(self):
        return f"{self.before}  ->  {self.after or '(nothing)'}"


def one_line(text, width=70):
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= width else text[: width - 3] + "..."


def with_keys(mutants, source):
    """Names each mutant by its line's text rather than its number, so that it keeps its
    name, and its place in a sample, while other lines change."""
    lines = source.split(b"\n")
    seen = {}
    for mutant in mutants:
        identity = "|".join(
            [
                mutant.file,
                mutant.operator,
                lines[mutant.line - 1].decode(errors="replace").strip(),
                mutant.change,
            ]
        )
        count = seen[identity] = seen.get(identity, 0) + 1
        mutant.key = hashlib.sha256(f"{identity}|{count}".encode()).hexdigest()[:16]
    return mutants


def sample(mutants, count, seed):
    """`count` of the mutants, the same ones for the same seed, in the files' order."""

    def place(mutant):
        return hashlib.sha256(f"{seed}|{mutant.key}".encode()).digest()

    chosen = {id(m) for m in sorted(mutants, key=place)[:count]}
    return [m for m in mutants if id(m) in chosen]


def apply(source, mutant):
    """The bytes of the file with this mutant alone."""
    for edit in sorted(mutant.edits, key=lambda e: e.start, reverse=True):
        source = source[: edit.start] + edit.text.encode() + source[edit.end :]
    return source
