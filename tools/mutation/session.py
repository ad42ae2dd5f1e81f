"""A run: which tests notice which mutants."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import os

from mutation import mutant as mutants_
from mutation import report as verdicts
from mutation import schemata
from mutation.operators import memory_orders
from mutation.schema_builder import SchemaBuilder
from mutation.workspace import BuildError

THREADS = "threads"
# Not warnings: mutants have many.
_TSAN = ("--config=tsan", "--copt=-w", "--per_file_copt=.*@-w")


@dataclasses.dataclass
class Options:
    jobs: int = 1
    wide: bool = True  # also tests of other packages
    folders: tuple = None  # of these only the tests in or below these folders
    alone: bool = True  # also mutants that need a build of their own
    longest: float = 30.0  # seconds of the longest test that is run for each mutant
    wide_separately: int = 6  # tests of other packages for mutants that are built alone
    exempt_tags: frozenset = frozenset({"clients", "manual", "no-mutants"})
    patience: float = 10.0  # seconds that a test may take longer than three times its own


@dataclasses.dataclass(frozen=True)
class Run:
    """How programs are built and run: by default as Bazel does it."""

    config: tuple = ()
    tag: str = None  # only tests that have it
    environment: dict = dataclasses.field(default_factory=dict)


class Session:
    def __init__(self, workspace, runner, report, options):
        self._workspace = workspace
        self._runner = runner
        self._report = report
        self._options = options
        self._noticed = collections.Counter()  # label of a test: mutants noticed
        self._passed = set()  # tests that pass without any mutant

    def run(self, mutants, digests):
        """Judges the mutants. `digests` has the state of each file."""
        self._digests = digests
        self._report.expect(len(mutants))
        orders = [m for m in mutants if m.operator == memory_orders.NAME]
        others = [m for m in mutants if m.operator != memory_orders.NAME]
        if others:
            self._run_together(others)
        if orders:
            self._passed.clear()  # built otherwise
            self._run_together(orders, _TSAN, THREADS, {"TSAN_OPTIONS": "halt_on_error=1"})

    # -- Mutants that one build serves --

    def _run_together(self, mutants, config=(), tag=None, environment=None):
        """First each package with its own tests, of these first those that depend on
        the files directly: most mutants need no more to be built. Then what is left
        with all others."""
        run = Run(config, tag, environment or {})
        separate, left, reached = [], [], set()
        packages = collections.defaultdict(list)
        for mutant in mutants:
            packages[os.path.dirname(mutant.file)].append(mutant)
        for package, own in sorted(packages.items(), key=lambda item: len(item[1])):
            self._report.say(f"{package}: {len(own)} mutants")
            direct = self._own_tests(package, own, run, direct=True)
            own = self._judge_stage(own, direct, separate, reached, run)
            if own:
                others = set(self._own_tests(package, own, run)) - set(direct)
                own = self._judge_stage(
                    own, sorted(others, key=lambda t: t.name), separate, reached, run)
            left += own
        if left and self._options.wide:
            packages = {os.path.dirname(m.file) for m in left}
            # A package's own tests have been run for its mutants.
            wide = [t for t in self._wide_tests(left, run) if packages != {t.package}]
            left = self._judge_stage(left, wide, separate, reached, run)
        for mutant in left:
            if mutant.key in reached:
                self._judge(mutant, verdicts.SURVIVED)
            elif mutant.computable:
                separate.append(mutant)
            else:
                self._judge(mutant, verdicts.SURVIVED, note="(no test reaches it)")
        if self._options.alone:
            for mutant in separate:
                self._run_separately(mutant, run)

    def _own_tests(self, package, mutants, run, direct=False):
        tests = self._tests(mutants, run, direct)
        return [t for t in tests if t.package == package]

    def _tests(self, mutants, run, direct=False):
        """The tests that depend on the mutants' files."""
        tests = self._workspace.tests_of(sorted({m.file for m in mutants}), direct)
        return [
            t
            for t in tests
            if not t.tags & self._options.exempt_tags and (not run.tag or run.tag in t.tags)
        ]

    def _wide_tests(self, mutants, run):
        """Of these the mutants' own packages' and those that the options ask for."""
        own = {os.path.dirname(m.file) for m in mutants}
        return in_folders(self._tests(mutants, run), own, self._options.folders)

    def _judge_stage(self, mutants, tests, separate, reached, run):
        """Builds these mutants together and runs the tests that reach each, until one
        notices it. Returns those that none noticed, and adds to `separate` those that
        must be built alone, to `reached` the keys of those that some test reaches."""
        if not tests:
            return mutants
        builder = SchemaBuilder(self._workspace, mutants, self._report.say)
        if not builder.mutants:
            separate += builder.separate
            return []
        try:
            self._report.say(f"building {len(tests)} tests for {len(mutants)} mutants")
            builder.build(tests, run.config)
            left = self._judge_built(builder, tests, reached, run)
        finally:
            for file in {m.file for m in mutants}:
                self._workspace.restore(file)
        for mutant in builder.broken:
            self._judge(mutant, verdicts.NOT_COMPILED)
        separate += builder.separate
        return left

    def _judge_built(self, builder, tests, reached, run):
        earlier = set(self._passed)
        baselines = self._baselines(tests, builder, run)
        survivors = set()

        def judge(mutant):
            number = builder.numbers[mutant.key]
            package = os.path.dirname(mutant.file)
            reaching = [t for t, b in baselines.items() if number in b.reached]
            if reaching:
                reached.add(mutant.key)
            reaching = [t for t in reaching if t.package != package or t not in earlier]
            reaching.sort(key=lambda t: (t.package != package, baselines[t].seconds))
            selected = {"WEIR_MUTANT": str(number)}
            for test in reaching:
                if self._notices(mutant, test, baselines[test].seconds, run, selected):
                    return
            survivors.add(mutant.key)

        self._in_parallel(judge, builder.mutants)
        return [m for m in builder.mutants if m.key in survivors]

    def _notices(self, mutant, test, usual, run, selected):
        limit = 3 * usual + self._options.patience
        program = self._workspace.program(test, run.config)
        outcome = self._runner.run(test, program, limit, {**run.environment, **selected})
        # Unless it is the machine that has become slow.
        while selected and outcome.timed_out and limit < test.timeout and (
            self._runner.run(test, program, limit / 2, run.environment).timed_out
        ):
            limit *= 2
            outcome = self._runner.run(
                test, program, limit, {**run.environment, **selected})
        if outcome.passed:
            return False
        self._noticed[test.label] += 1
        verdict = verdicts.TIMED_OUT if outcome.timed_out else verdicts.KILLED
        self._judge(mutant, verdict, test.label, outcome.case, outcome.seconds)
        return True

    # -- The tests without any mutant --

    @dataclasses.dataclass
    class Baseline:
        seconds: float
        reached: frozenset

    def _baselines(self, tests, builder, run):
        """How long each test takes, and which mutants it reaches. Those that fail are
        left out."""
        size = max(builder.numbers.values(), default=0) + 1
        own = {os.path.dirname(m.file) for m in builder.mutants}
        baselines = {}

        def measure(test):
            path = os.path.join(self._workspace.folder, f"reached-{test.name}-{os.getpid()}")
            with open(path, "wb") as file:
                file.write(bytes(size))
            program = self._workspace.program(test, run.config)
            selected = {**run.environment, "WEIR_MUTANTS_REACHED": path}
            for _ in range(2):  # other work on the machine may disturb it once
                outcome = self._runner.run(test, program, test.timeout, selected)
                if outcome.passed:
                    break
            with open(path, "rb") as file:
                reached = frozenset(i for i, byte in enumerate(file.read()) if byte)
            os.unlink(path)
            if not outcome.passed:
                self._report.warn(f"left out: {test.label} fails without any mutant "
                                  f"{outcome.case}")
            elif outcome.seconds > self._options.longest and test.package not in own:
                self._report.warn(f"left out: {test.label} takes {outcome.seconds:.0f} s")
            else:
                baselines[test] = Session.Baseline(outcome.seconds, reached)
                self._passed.add(test)

        self._in_parallel(measure, tests)
        if not baselines:
            raise BuildError("no test passes without any mutant")
        total = sum(b.seconds for b in baselines.values())
        self._report.say(f"{len(baselines)} tests, {total:.0f} s without a mutant")
        return baselines

    def _in_parallel(self, function, items):
        with concurrent.futures.ThreadPoolExecutor(self._options.jobs) as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                self._runner.stop()
                pool.shutdown(cancel_futures=True)
                raise

    # -- Mutants that need a build each --

    def _run_separately(self, mutant, run):
        """Builds one mutant alone and runs the tests of its package, then some others;
        first those that noticed most so far."""
        content = mutants_.apply(self._workspace.read(mutant.file), mutant)
        if b"weir_mutant" in content:
            content = schemata.preamble() + content
        try:
            verdict = verdicts.NOT_COMPILED
            if not self._workspace.syntax_errors(mutant.file, content):
                verdict = self._judge_alone(mutant, run)
        finally:
            self._workspace.restore(mutant.file)
        if verdict:
            self._judge(mutant, verdict, note="(built alone)")

    def _judge_alone(self, mutant, run):
        """The verdict, or None if a test noticed the mutant and that was reported."""
        built = False
        for stage in self._stages(mutant, self._wide_tests([mutant], run)):
            try:
                self._workspace.build([t.label for t in stage], run.config)
                built = True
            except BuildError:
                if built:
                    continue  # the others were built: this one has another reason
                return verdicts.NOT_COMPILED
            usual = self._options.longest / 3
            if any(self._notices(mutant, t, usual, run, {}) for t in stage):
                return None
        return verdicts.SURVIVED

    def _stages(self, mutant, tests):
        """Which tests to build together for a mutant that is built alone: few at first,
        since most mutants are noticed soon."""
        package = os.path.dirname(mutant.file)
        tests = sorted(tests, key=lambda t: -self._noticed[t.label])
        own = [t for t in tests if t.package == package]
        others = [t for t in tests if t.package != package]
        limit = self._options.wide_separately if self._options.wide else 0
        return filter(None, [own[:2], own[2:], *([t] for t in others[:limit])])

    def _judge(self, mutant, verdict, test="", case="", seconds=0.0, note=""):
        self._report.judge(
            mutant, self._digests[mutant.file], verdict, test, case, seconds, note
        )


def in_folders(tests, own, folders):
    """The tests of the packages `own`, and those in or below the folders (None: all)."""
    return [
        t
        for t in tests
        if folders is None
        or t.package in own
        or any(not f or (t.package + "/").startswith(f + "/") for f in folders)
    ]


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]
