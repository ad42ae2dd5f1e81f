"""The command line of tools/mutate."""

import argparse
import hashlib
import os
import re
import signal
import sys

from mutation import mutant as mutants_
from mutation import sources, syntax
from mutation import report as report_
from mutation.listing import Listing
from mutation.session import Options, Session, digest
from mutation.test import Runner
from mutation.workspace import BuildError, Workspace

_DESCRIPTION = """\
Changes the code in one place, runs the tests that reach this place, and reports
whether one of them notices; many times. A surviving mutant means that a test is
missing, or that the change has no effect.

No file of the repository is changed: mutants live in a copy with its own Bazel
outputs. As many as possible are compiled into one build and selected by a number at run
time; the tests of the file's package run first, above all those that depend on the
file directly, then all others that depend on it.
Memory orders are weakened under ThreadSanitizer, with the tests tagged `threads`.

examples:
  tools/mutate --since=main                what this branch changes: before each commit
  tools/mutate quota/quota_counter.h       one file, all of its mutants
  tools/mutate --sample=50 --seed=7 store  fifty of a folder, the same fifty each time
"""

_EPILOG = """\
Ctrl-C ends a run; the same command resumes it. The results are next to the copy, as
lines of JSON; --again reruns survivors after tests were added.
A mutant whose key (in brackets after each survivor) is in docs/proof.md is
equivalent, and not run.

exit status: 0 if all were noticed, 1 if some survived, 2 for an error, 130 after Ctrl-C
"""


def main(arguments):
    options = _parse(arguments)
    for number in signal.SIGINT, signal.SIGTERM:  # also in the background
        signal.signal(number, signal.default_int_handler)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130
    except (syntax.Unavailable, ValueError, BuildError, OSError) as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 2


def _parse(arguments):
    parser = argparse.ArgumentParser(
        prog="tools/mutate",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("operands", metavar="FILE|FOLDER", nargs="*")
    parser.add_argument("--since", metavar="REV",
                        help="only lines that differ from this revision")
    parser.add_argument("--sample", type=_positive, metavar="N",
                        help="only N mutants, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="(1)")
    parser.add_argument("--jobs", type=_positive, default=os.cpu_count(), metavar="N",
                        help="builds and tests at once (the machine's processors)")
    parser.add_argument("--operator", action="append", metavar="NAME",
                        help="only mutants of this kind, as --list shows it")
    parser.add_argument("--narrow", action="store_true",
                        help="only the tests of the files' own packages")
    parser.add_argument("--tests-in", action="append", metavar="FOLDER",
                        help="of other packages, only the tests in or below this folder")
    parser.add_argument("--together", action="store_true",
                        help="leave out mutants that need a build each")
    parser.add_argument("--longest", type=float, default=30, metavar="SECONDS",
                        help="leave out tests of other packages that take longer (30)")
    parser.add_argument("--again", action="store_true",
                        help="judge earlier survivors again")
    parser.add_argument("--list", action="store_true",
                        help="show the mutants, run nothing")
    parser.add_argument("--work", metavar="FOLDER",
                        help="where the copy and the results lie (below /var/tmp)")
    options = parser.parse_args(arguments)
    if not options.operands and not options.since:
        parser.error("say which files, or --since=REV")
    return options


def _positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: not a positive number")
    return number


def _run(options):
    root = sources.root_of(os.getcwd())
    workspace = Workspace(root, _work_folder(options, root), options.jobs)
    files = sources.files(root, options.operands or [root])
    changed = sources.changed_lines(root, options.since) if options.since else None
    if changed is not None:
        files = [f for f in files if f in changed]
    workspace.copy()
    print(f"looking at {len(files)} files", flush=True)
    found = Listing(workspace).mutants(files)
    if changed is not None:
        found = [m for m in found if m.line in changed[m.file]]
    if options.operator:
        found = [m for m in found if m.operator in options.operator]
    chosen = found
    if options.sample:
        chosen = mutants_.sample(found, options.sample, options.seed)
    if options.list:
        for mutant in chosen:
            print(f"{mutant.file}:{mutant.line}: {mutant.operator}: "
                  f"{mutants_.one_line(mutant.before)}  ->  "
                  f"{mutants_.one_line(mutant.after) or '(nothing)'}")
    print(f"{len(chosen)} of {len(found)} mutants, seed {options.seed}", flush=True)
    return 0 if options.list else _judge(options, workspace, chosen)


def _judge(options, workspace, mutants):
    report = report_.Report(os.path.join(workspace.folder, "results.jsonl"))
    digests = {m.file: None for m in mutants}
    digests = {file: digest(workspace.read(file)) for file in digests}
    equivalent = _equivalent(workspace.root)
    todo = [m for m in mutants if not report.finished(m, digests[m.file], options.again)]
    report.expect(len(todo))
    for mutant in [m for m in todo if m.key in equivalent]:
        report.judge(mutant, digests[mutant.file], report_.EQUIVALENT)
    todo = [m for m in todo if m.key not in equivalent]
    runner = Runner()
    session = Session(
        workspace,
        runner,
        report,
        Options(
            jobs=options.jobs,
            wide=not options.narrow,
            folders=folders_of(options.tests_in, workspace.root),
            alone=not options.together,
            longest=options.longest,
        ),
    )
    try:
        if todo:
            session.run(todo, digests)
    except KeyboardInterrupt:
        runner.stop()
        report.summarize(mutants)
        return 130
    return 1 if report.summarize(mutants) else 0


def folders_of(operands, root):
    """The folders that operands name, relative to the root ("": itself). None: all."""
    if operands is None:
        return None
    for operand in operands:
        if not os.path.isdir(operand):
            raise ValueError(f"{operand}: no such folder")
    paths = [os.path.relpath(os.path.realpath(o), root) for o in operands]
    return tuple("" if p == "." else p for p in paths)


def _equivalent(root):
    """The keys of the mutants that docs/proof.md explains."""
    path = os.path.join(root, "docs/proof.md")
    if not os.path.exists(path):
        return set()
    with open(path, encoding="utf-8") as file:
        return set(re.findall(r"\b[0-9a-f]{16}\b", file.read()))


def _work_folder(options, root):
    if options.work:
        return os.path.abspath(options.work)
    name = hashlib.sha256(root.encode()).hexdigest()[:8]
    return f"/var/tmp/weir-mutate-{os.getuid()}-{name}"
