"""What became of each mutant: on the screen, and as lines of JSON."""

import collections
import json
import os
import sys
import threading

from mutation.mutant import one_line

KILLED = "killed"
TIMED_OUT = "timed out"
SURVIVED = "survived"
NOT_COMPILED = "did not compile"
EQUIVALENT = "equivalent"

NOTICED = (KILLED, TIMED_OUT)


class Report:
    """Thread-safe. The file of results is also what a later run goes on from."""

    def __init__(self, path, stream=sys.stdout):
        self.path = path
        self.results = {}  # key of a mutant: its line of JSON as a dict
        self._stream = stream
        self._lock = threading.Lock()
        self._expected = 0
        self._done = 0
        self._warnings = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                for line in file:
                    self._remember(line)

    def _remember(self, line):
        try:
            result = json.loads(line)
            self.results[result["key"]] = result
        except (ValueError, KeyError, TypeError):
            pass  # the last line of a run that was killed

    def finished(self, mutant, digest, again):
        """Whether an earlier run has judged this mutant of this very file."""
        result = self.results.get(mutant.key)
        if not result or result.get("source") != digest:
            return False
        return not (again and result["verdict"] == SURVIVED)

    def expect(self, count):
        self._expected = count

    def say(self, text):
        with self._lock:
            print(text, file=self._stream, flush=True)

    def warn(self, text):
        """Says it now and once more at the end."""
        self._warnings.append(text)
        self.say(text)

    def judge(self, mutant, digest, verdict, test="", case="", seconds=0.0, note=""):
        result = {
            "key": mutant.key,
            "verdict": verdict,
            "file": mutant.file,
            "line": mutant.line,
            "operator": mutant.operator,
            "before": mutant.before,
            "after": mutant.after,
            "test": test,
            "case": case,
            "seconds": round(seconds, 2),
            "note": note,
            "source": digest,
        }
        with self._lock:
            self.results[mutant.key] = result
            self._done += 1
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps(result, ensure_ascii=False) + "\n")
            width = len(str(self._expected))
            print(
                f"[{self._done:{width}}/{self._expected}] {describe(result)}",
                file=self._stream,
                flush=True,
            )

    def summarize(self, mutants):
        """Prints the survivors, a table by folder and the score. Returns the survivors."""
        results = [self.results[m.key] for m in mutants if m.key in self.results]
        lines = []
        survivors = [r for r in results if r["verdict"] == SURVIVED]
        if survivors:
            lines += ["", "Survivors:"]
            lines += [f"  {place(r)}: {change(r)}  [{r['key']}] {r['note']}".rstrip()
                      for r in survivors]
        lines += ["", *table(results)]
        lines += self._warnings
        missing = len(mutants) - len(results)
        if missing:
            lines.append(f"{missing} mutants were not run; the same command goes on.")
        lines.append(f"Results: {self.path}")
        self.say("\n".join(lines))
        return survivors


def place(result):
    return f"{result['file']}:{result['line']}"


def change(result):
    return f"{one_line(result['before'])}  ->  {one_line(result['after']) or '(nothing)'}"


def describe(result):
    text = f"{result['verdict']:9} {place(result)}: {change(result)}"
    if result["test"]:
        case = f" {result['case']}" if result["case"] else ""
        text += f"  ({result['test']}{case}, {result['seconds']:.1f}s)"
    return f"{text} {result['note']}".rstrip()


def table(results):
    """Lines of a table: a row for each folder, and the sum."""
    folders = collections.defaultdict(collections.Counter)
    for result in results:
        for folder in os.path.dirname(result["file"]), "all":
            folders[folder][result["verdict"]] += 1
    columns = (KILLED, TIMED_OUT, SURVIVED, EQUIVALENT, NOT_COMPILED)
    width = max([len(folder) for folder in folders] + [6])
    lines = [f"{'':{width}}  mutants  " + "  ".join(columns) + "  score"]
    for folder in [*sorted(f for f in folders if f != "all"), "all"]:
        counts = folders[folder]
        cells = "  ".join(f"{counts[c]:{len(c)}}" for c in columns)
        lines.append(
            f"{folder:{width}}  {sum(counts.values()):7}  {cells}  {score(counts):>5}"
        )
    return lines


def score(counts):
    """Noticed mutants of those that compile and change something."""
    noticed = sum(counts[verdict] for verdict in NOTICED)
    judged = noticed + counts[SURVIVED]
    return f"{100 * noticed / judged:.1f} %" if judged else "-"
