"""A copy of the repository in which mutants are built, with Bazel outputs of its own."""

import glob
import os
import signal
import subprocess
import xml.etree.ElementTree as xml

from mutation import sources
from mutation.test import Test
from mutation.tree import Tree

# What tools/setup fetched is not git's, and tests want it.
_FETCHED = ("tests/node/node_modules", "tests/proxies", "tests/clients/promtool")


class BuildError(Exception):
    """Says what the compiler, or Bazel, said."""


class Workspace(Tree):
    def __init__(self, root, folder, jobs):
        super().__init__(root, os.path.join(folder, "tree"))
        self.folder = folder
        self._jobs = jobs
        self._bins = {}  # configuration: where Bazel leaves what it builds

    def copy(self):
        """Brings the copy up to date. Files that are as they were are not touched."""
        files = set(sources.known_files(self.root))
        if os.path.exists(os.path.join(self.root, "user.bazelrc")):
            files.add("user.bazelrc")
        for file in files:
            self.restore(file)
        for folder, folders, names in os.walk(self.tree):
            folders[:] = [f for f in folders if not os.path.islink(os.path.join(folder, f))]
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.tree)
                if path not in files:
                    os.unlink(os.path.join(self.tree, path))
        for name in _FETCHED:
            path, link = os.path.join(self.root, name), os.path.join(self.tree, name)
            if os.path.exists(path) and not os.path.lexists(link):
                os.symlink(path, link)

    def include_folders(self):
        generated = self._bin(())
        protos = glob.glob(f"{generated}/**/_virtual_imports/*", recursive=True)
        return [*super().include_folders(), *(f"-I{folder}" for folder in [generated, *protos])]

    def prepare(self, files):
        """Generates the headers that the files include."""
        kinds = "cc_proto_library|genrule rule"
        query = f'kind("{kinds}", deps(rdeps(//..., {_set(files)}, 1)))'
        generators = self._query(query, "label").split()
        if generators:
            self.build(generators)

    def tests_of(self, files, direct=False):
        """The tests that depend on any of the files; directly: that have one of the
        files themselves, or a library that has it."""
        depth = ", 2" if direct else ""
        query = f'kind(".*_test rule", rdeps(//..., {_set(files)}{depth}))'
        rules = xml.fromstring(self._query(query, "xml"))
        return [Test.of_rule(rule) for rule in rules.iter("rule")]

    def build(self, labels, config=()):
        """Builds targets. Raises BuildError."""
        done = self._bazel(
            "build", "--keep_going", f"--jobs={self._jobs}", "--noshow_progress",
            "--color=no", "--experimental_ui_max_stdouterr_bytes=-1",
            *config, "--", *labels,
        )
        if done.returncode:
            raise BuildError(done.stderr)

    def program(self, test, config=()):
        """The path of a test that was built."""
        return os.path.join(self._bin(config), test.package, test.name)

    def _bin(self, config):
        if config not in self._bins:
            info = self._bazel("info", *config, "bazel-bin")
            if info.returncode:
                raise BuildError(info.stderr)
            self._bins[config] = info.stdout.strip()
        return self._bins[config]

    def _query(self, query, output):
        done = self._bazel("query", f"--output={output}", "--keep_going",
                           "--noshow_progress", query)
        if done.returncode not in (0, 3):  # 3: in part
            raise BuildError(done.stderr)
        return done.stdout

    def _bazel(self, *arguments):
        command = ["bazel", f"--output_base={self.folder}/output", "--max_idle_secs=900",
                   *arguments]
        process = subprocess.Popen(
            command, cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        )
        try:
            output, errors = process.communicate()
        except BaseException:
            process.send_signal(signal.SIGINT)  # else the server goes on building
            process.communicate()
            raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _set(files):
    labels = (f"//{os.path.dirname(f)}:{os.path.basename(f)}" for f in files)
    return f"set({' '.join(labels)})"
