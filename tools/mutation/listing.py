"""The mutants of a file, kept for the next run: most of the time goes into parsing."""

import dataclasses
import hashlib
import json
import os

from mutation import mutant as mutants_
from mutation import operators, syntax


class Listing:
    def __init__(self, workspace):
        self._workspace = workspace
        self._folder = os.path.join(workspace.folder, "mutants")
        self._prepared = False
        os.makedirs(self._folder, exist_ok=True)
        self._version = _version()

    def mutants(self, files):
        """All mutants of the files, in their order."""
        return [m for file in files for m in self._of_file(file, files)]

    def _of_file(self, file, files):
        source = self._workspace.read(file)
        name = hashlib.sha256(self._version + file.encode() + b"\0" + source).hexdigest()
        path = os.path.join(self._folder, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as kept:
                return [_of_json(line) for line in kept]
        if not self._prepared:
            self._workspace.prepare(files)
            self._prepared = True
        self._workspace.restore(file)
        root = syntax.parse(
            os.path.join(self._workspace.tree, file), self._workspace.include_folders()
        )
        found = mutants_.with_keys(operators.mutants(root, file), source)
        with open(path + ".new", "w", encoding="utf-8") as kept:
            for mutant in found:
                kept.write(json.dumps(dataclasses.asdict(mutant)) + "\n")
        os.rename(path + ".new", path)
        return found


def _of_json(line):
    values = json.loads(line)
    values["edits"] = tuple(mutants_.Edit(**edit) for edit in values["edits"])
    return mutants_.Mutant(**values)


def _version():
    """What the listing depends on besides the file: this code."""
    state = hashlib.sha256()
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in here, os.path.join(here, "operators"):
        for name in ("syntax.py", "mutant.py") if folder == here else sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name.endswith(".py"):
                with open(path, "rb") as code:
                    state.update(code.read())
    return state.digest()
