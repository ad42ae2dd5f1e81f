"""A test, and how to run it by itself."""

import dataclasses
import os
import re
import signal
import subprocess
import tempfile
import time

# Seconds that Bazel grants.
_TIMEOUTS = {"short": 60, "moderate": 300, "long": 900, "eternal": 3600}
_SIZES = {"small": "short", "medium": "moderate", "large": "long", "enormous": "eternal"}

# What a mutant may do: it is killed before others are, and leaves no core. It runs in
# a process namespace of its own, so that it ends, and signals, no other process.
# (ThreadSanitizer maps more memory than any machine has.)
_LIMITS = (
    '[ -n "$TSAN_OPTIONS" ] || ulimit -d 8000000; '
    "ulimit -c 0; echo 1000 >/proc/self/oom_score_adj; "
    '"$@"; exit $?'
)


@dataclasses.dataclass(frozen=True)
class Test:
    package: str
    name: str
    arguments: tuple = ()
    tags: frozenset = frozenset()
    timeout: int = 300

    @property
    def label(self):
        return f"//{self.package}:{self.name}"

    @staticmethod
    def of_rule(rule):
        """A test of Bazel's description of a rule in XML."""

        def value(name, default=None):
            found = rule.find(f"string[@name='{name}']")
            return default if found is None else found.get("value")

        def values(name):
            return tuple(s.get("value") for s in rule.findall(f"list[@name='{name}']/*"))

        package, name = rule.get("name")[2:].split(":")
        timeout = value("timeout") or _SIZES[value("size", "medium")]
        arguments = tuple(
            re.sub(r"\$\((?:rootpath|location) ([^)]*)\)", lambda m: _path(package, m[1]), a)
            for a in values("args")
        )
        return Test(package, name, arguments, frozenset(values("tags")), _TIMEOUTS[timeout])


def _path(package, label):
    """Where the file of a label lies in the folder that a test runs in."""
    if label.startswith("//"):
        return label[2:].replace(":", "/")
    return f"{package}/{label.lstrip(':')}"


@dataclasses.dataclass
class Outcome:
    passed: bool
    timed_out: bool
    seconds: float
    case: str = ""  # the first case that failed, as far as it is known


def isolation():
    """The beginning of a command that runs the rest in namespaces of its own, where the
    system allows it."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    for user in [], ["--user", "--map-root-user"]:
        whole = [*command[:1], *user, *command[1:]]
        if subprocess.run([*whole, "true"], capture_output=True, check=False).returncode == 0:
            return whole
    return []


class Runner:
    """Runs programs, each for a bounded time. Thread-safe; stop() ends all."""

    def __init__(self):
        self._isolation = isolation()
        self._running = set()
        self._stopped = False

    def stop(self):
        self._stopped = True
        for process in list(self._running):
            _end(process)

    def run(self, test, program, seconds, environment):
        with tempfile.TemporaryDirectory(prefix="weir-mutant-") as temporary:
            return self._run(test, program, seconds, environment, temporary)

    def _run(self, test, program, seconds, environment, temporary):
        runfiles = program + ".runfiles"
        folder = os.path.join(runfiles, "weir")
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": temporary,
            "TEST_TMPDIR": temporary,
            "TMPDIR": temporary,
            "TEST_SRCDIR": runfiles,
            "RUNFILES_DIR": runfiles,
            "TEST_WORKSPACE": "weir",
            "TEST_TARGET": test.label,
            "GTEST_FAIL_FAST": "1",
            "GTEST_BRIEF": "0",
            **environment,
        }
        command = [*self._isolation, "sh", "-c", _LIMITS, "sh", program, *test.arguments]
        began = time.monotonic()
        with tempfile.TemporaryFile(dir=temporary) as output:
            process = subprocess.Popen(
                command,
                cwd=folder if os.path.isdir(folder) else temporary,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._running.add(process)
            if self._stopped:
                _end(process)
            try:
                status, timed_out = process.wait(seconds), False
            except subprocess.TimeoutExpired:
                status, timed_out = None, True
            finally:
                _end(process)
                self._running.discard(process)
            took = time.monotonic() - began
            output.seek(0)
            text = output.read(10_000_000).decode(errors="replace")
        return Outcome(status == 0, timed_out, took, "" if status == 0 else failed_case(text))


def failed_case(output):
    """The case of GoogleTest's that failed, or was under way when the process died."""
    failed = re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", output, re.MULTILINE)
    if failed:
        return failed[0]
    begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.MULTILINE)
    return begun[-1] if begun else ""


def _end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
