"""A copy of the repository in which mutants are built, with Bazel outputs of its own."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml

from mutation import sources
from mutation.test import Test


class BuildError(Exception):
    pass


class Workspace:
    def __init__(self, root, folder, jobs):
        self.root = root
        self.folder = folder
        self.tree = os.path.join(folder, "tree")
        self._jobs = jobs
        self._bins = {}  # configuration: where Bazel leaves what it builds
        self._read = {}  # file: its bytes when the run began
        os.makedirs(self.tree, exist_ok=True)

    def copy(self):
        """Brings the copy up to date. Files that are as they were are not touched."""
        listed = sources._git(self.root, "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard").split("\0")
        files = {f for f in listed if f and os.path.isfile(os.path.join(self.root, f))}
        if os.path.exists(os.path.join(self.root, "user.bazelrc")):
            files.add("user.bazelrc")
        for file in files:
            self.restore(file)
        for folder, _, names in os.walk(self.tree):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.tree)
                if path not in files and not path.startswith("tests/"):
                    os.unlink(os.path.join(self.tree, path))
        # What tools/setup fetched is not git's, and tests want it.
        for name in ("tests/node/node_modules", "tests/proxies", "tests/clients/promtool"):
            path, link = os.path.join(self.root, name), os.path.join(self.tree, name)
            if os.path.exists(path) and not os.path.lexists(link):
                os.symlink(path, link)

    def read(self, file):
        """The file as it was when the run began, whatever is done to it meanwhile."""
        if file not in self._read:
            with open(os.path.join(self.root, file), "rb") as text:
                self._read[file] = text.read()
        return self._read[file]

    def write(self, file, content):
        path = os.path.join(self.tree, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.exists(path) and not os.path.islink(path):
            with open(path, "rb") as old:
                if old.read() == content:
                    return
            os.unlink(path)
        with open(path, "wb") as new:
            new.write(content)

    def restore(self, file):
        source, path = os.path.join(self.root, file), os.path.join(self.tree, file)
        if os.path.islink(source):
            if not os.path.lexists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(os.readlink(source), path)
            return
        self.write(file, self.read(file))
        shutil.copymode(source, path)

    # -- Compiling one file --

    def include_folders(self, config=()):
        """Where headers lie that are generated: what libclang needs to know, too."""
        return [f"-I{self.tree}", f"-I{self._bin(config)}"]

    def prepare(self, files):
        """Generates the headers that the files include."""
        labels = " ".join(f"//{os.path.dirname(f)}:{os.path.basename(f)}" for f in files)
        query = f'kind("cc_proto_library", deps(rdeps(//..., set({labels}), 1)))'
        protos = self._query(query, "label").split()
        if protos:
            self.build(protos)

    def syntax_errors(self, file, content):
        """The lines of the file that a compiler refuses, {} if none; None as a line if
        the error is elsewhere."""
        path = os.path.join(self.tree, file)
        self.write(file, content)
        done = subprocess.run(
            ["g++", "-std=c++17", "-fsyntax-only", "-w", "-fmax-errors=0",
             *self.include_folders(), "-x", "c++", path],
            cwd=self.tree, capture_output=True, text=True, check=False,
        )
        if done.returncode == 0:
            return set()
        errors = error_places(done.stderr)
        return {line for name, line in errors if name.endswith(file)} or {None}

    # -- Bazel --

    def tests_of(self, files):
        """The tests that depend on any of the files."""
        labels = " ".join(f"//{os.path.dirname(f)}:{os.path.basename(f)}" for f in files)
        rules = xml.fromstring(
            self._query(f'kind(".*_test rule", rdeps(//..., set({labels})))', "xml")
        )
        return [Test.of_rule(rule) for rule in rules.iter("rule")]

    def build(self, labels, config=()):
        """Builds targets. Raises BuildError with the compiler's output."""
        done = self._bazel(
            "build", "--keep_going", f"--jobs={self._jobs}", "--build_manual_tests",
            "--noshow_progress", "--color=no", "--experimental_ui_max_stdouterr_bytes=-1",
            *config, "--", *labels, check=False,
        )
        if done.returncode:
            raise BuildError(done.stderr + done.stdout)

    def program(self, test, config=()):
        """The path of a test that was built."""
        return os.path.join(self._bin(config), test.package, test.name)

    def _bin(self, config):
        key = tuple(config)
        if key not in self._bins:
            info = self._bazel("info", *config, "bazel-bin").stdout
            self._bins[key] = info.strip()
        return self._bins[key]

    def _query(self, query, output):
        return self._bazel("query", f"--output={output}", "--keep_going",
                           "--noshow_progress", query).stdout

    def _bazel(self, *arguments, check=True):
        done = subprocess.run(
            ["bazel", f"--output_base={self.folder}/output", "--max_idle_secs=900",
             *arguments],
            cwd=self.tree, capture_output=True, text=True, check=False,
        )
        if check and done.returncode not in (0, 3):
            raise BuildError(done.stderr)
        return done


def error_places(output):
    """(file, line) of each error that a compiler printed."""
    places = re.findall(r"^([^\s:]+):(\d+):(?:\d+:)? (?:fatal )?error:", output, re.M)
    return {(os.path.normpath(file), int(line)) for file, line in places}
