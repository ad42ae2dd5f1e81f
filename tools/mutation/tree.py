"""A copy of source files, in which mutants are put and compiled."""

import os
import re
import shutil
import subprocess


# Where Bazel gives headers to the compiler under the repository's name.
_LINKED = re.compile(r"^.*/_virtual_includes/[^/]+/weir/")


class Tree:
    def __init__(self, root, tree):
        self.root = root
        self.tree = tree
        self._read = {}  # file: its bytes when the run began
        os.makedirs(tree, exist_ok=True)
        # Headers are included under the repository's name.
        self._includes = tree + "-include"
        os.makedirs(self._includes, exist_ok=True)
        link = os.path.join(self._includes, "weir")
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(tree), link)

    def read(self, file):
        """The repository's file as it was when the run began."""
        if file not in self._read:
            with open(os.path.join(self.root, file), "rb") as text:
                self._read[file] = text.read()
        return self._read[file]

    def write(self, file, content):
        """Replaces a file of the copy, unless it has this content already."""
        path = os.path.join(self.tree, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            with open(path, "rb") as old:
                if old.read() == content:
                    return
            os.unlink(path)
        with open(path, "wb") as new:
            new.write(content)

    def restore(self, file):
        """Makes a file of the copy what it is in the repository."""
        self.write(file, self.read(file))
        shutil.copymode(os.path.join(self.root, file), os.path.join(self.tree, file))

    def include_folders(self):
        """The compiler's arguments that say where headers are."""
        return [f"-I{self.tree}", f"-I{self._includes}"]

    def syntax_errors(self, file, content):
        """Writes the file and compiles it alone. The errors, or nothing."""
        self.write(file, content)
        done = subprocess.run(
            ["g++", "-std=c++17", "-fsyntax-only", "-w",
             *self.include_folders(), "-x", "c++", os.path.join(self.tree, file)],
            cwd=self.tree, capture_output=True, text=True, check=False,
        )
        return done.stderr if done.returncode else ""


def error_places(output):
    """(file, line) of each error that a compiler printed."""
    places = re.findall(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error:", output, re.M)
    return {(_LINKED.sub("", os.path.normpath(file)), int(line)) for file, line in places}
