"""Builds as many mutants as possible into one set of programs."""

import collections

from mutation import mutant as mutants_
from mutation import schemata
from mutation.tree import error_places
from mutation.workspace import BuildError


class SchemaBuilder:
    """Numbers mutants and puts those that compile together into the workspace's files.

    Afterwards `numbers` has the number of each, by key; `separate` those that must be
    built alone; `broken` those that no compiler accepts."""

    def __init__(self, workspace, mutants, say):
        self._workspace = workspace
        self._say = say
        self._chosen = collections.defaultdict(list)  # file: [(number, mutant)]
        self.numbers = {}
        self.separate = []
        self.broken = []
        for number, mutant in enumerate(mutants, 1):
            present = [m for _, m in self._chosen[mutant.file]]
            if mutant.selectable and not schemata.overlaps(mutant, present):
                self._chosen[mutant.file].append((number, mutant))
                self.numbers[mutant.key] = number
            else:
                self.separate.append(mutant)

    @property
    def mutants(self):
        return [m for pairs in self._chosen.values() for _, m in pairs]

    def build(self, tests, config=()):
        """Builds the tests, without the mutants that break them. Raises BuildError if
        it is something else that breaks."""
        labels = [test.label for test in tests]
        while True:
            for file in self._chosen:
                self._workspace.write(file, self._content(file))
            try:
                self._workspace.build(labels, config)
                return
            except BuildError as error:
                broken = collections.defaultdict(set)
                for file, line in error_places(str(error)):
                    if self._on_lines(file, {line}):
                        broken[file].add(line)
                if not broken:
                    raise
                for file, lines in broken.items():
                    self._say(f"compiling mutants of {file} one by one")
                    self._remove_broken(file, lines)

    def _content(self, file):
        return schemata.render(self._workspace.read(file), self._chosen[file])

    def _on_lines(self, file, lines):
        source = self._workspace.read(file) if file in self._chosen else b""
        return [
            pair
            for pair in self._chosen.get(file, ())
            if lines & _lines(source, pair[1])
        ]

    def _remove_broken(self, file, lines):
        """Finds which of the mutants on these lines a compiler refuses."""
        suspects = self._on_lines(file, lines)
        source = self._workspace.read(file)
        found = False
        for pair in suspects:
            alone = schemata.render(source, [pair])
            if not self._workspace.syntax_errors(file, alone):
                continue
            found = True
            whole = mutants_.apply(source, pair[1])
            refused = self._workspace.syntax_errors(file, schemata.preamble() + whole)
            self._move(file, pair, self.broken if refused else self.separate)
        if not found:  # only together, or only where a template is instantiated
            for pair in suspects:
                self._move(file, pair, self.separate)

    def _move(self, file, pair, destination):
        if pair in self._chosen[file]:
            self._chosen[file].remove(pair)
            del self.numbers[pair[1].key]
            destination.append(pair[1])


def _lines(source, mutant):
    """The lines that a mutant's edits touch."""
    return {
        line
        for edit in mutant.edits
        for line in range(
            source.count(b"\n", 0, edit.start) + 1, source.count(b"\n", 0, edit.end) + 2
        )
    }
