#!/usr/bin/python3
"""tools/mutate on small samples, compiled by g++ rather than by Bazel."""

import io
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(HERE))

from mutation import command_line  # noqa: E402
from mutation import mutant as mutants_  # noqa: E402
from mutation import operators, schemata, sources, syntax  # noqa: E402
from mutation import report as report_  # noqa: E402
from mutation.session import Options, Session, digest, in_folders  # noqa: E402
from mutation.test import Runner, Test, failed_case  # noqa: E402
from mutation.tree import Tree, error_places  # noqa: E402
from mutation.workspace import BuildError  # noqa: E402

TESTDATA = os.path.join(HERE, "testdata")


def mutants_of(path, name):
    root = syntax.parse(path, [])
    return mutants_.with_keys(operators.mutants(root, name), root.source)


class Compiled(Tree):
    """A workspace whose only test is compiled by g++, from all files of the folder."""

    def __init__(self, root, folder):
        super().__init__(root, os.path.join(folder, "tree"))
        self.folder = folder
        self.builds = 0
        for name in os.listdir(root):
            self.restore(name)

    def prepare(self, files):
        pass

    def tests_of(self, files, direct=False):
        return [Test("", "counter_test", timeout=20)]

    def program(self, test, config=()):
        return os.path.join(self.folder, test.name)

    def build(self, labels, config=()):
        self.builds += 1
        done = subprocess.run(
            ["g++", "-std=c++17", "-w", "-o", os.path.join(self.folder, "counter_test"),
             "counter.cc", "counter_test.cc"],
            cwd=self.tree, capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise BuildError(done.stderr)


class Staged(Compiled):
    """One that has a test more, which only depends on other libraries, and passes."""

    def __init__(self, root, folder):
        super().__init__(root, folder)
        self.built = []
        other = os.path.join(folder, "other_test")
        with open(other, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(other, 0o755)

    def tests_of(self, files, direct=False):
        tests = super().tests_of(files)
        return tests if direct else [*tests, Test("", "other_test", timeout=20)]

    def build(self, labels, config=()):
        self.built.append(labels)
        super().build(labels, config)


class Operators(unittest.TestCase):
    def test_make_exactly_these_mutants(self):
        found = mutants_of(os.path.join(TESTDATA, "operators/sample.h"), "sample.h")
        listed = "".join(
            f"{m.line}: {m.operator}{'' if m.selectable else ' (constant)'}: {m.change}\n"
            for m in found
        )
        with open(os.path.join(TESTDATA, "operators/sample.mutants"), encoding="utf-8") as f:
            self.assertEqual(listed, f.read())

    def test_change_only_one_place(self):
        path = os.path.join(TESTDATA, "small/counter.cc")
        found = mutants_of(path, "counter.cc")
        with open(path, "rb") as file:
            source = file.read()
        chosen = next(m for m in found if m.change == "i > 0  ->  i >= 0")
        self.assertEqual(
            mutants_.apply(source, chosen), source.replace(b"i > 0", b"i >= 0")
        )

    def test_need_a_file_that_can_be_parsed(self):
        with tempfile.NamedTemporaryFile("w", suffix=".h") as file:
            file.write("int f( {\n")
            file.flush()
            with self.assertRaisesRegex(ValueError, "cannot parse"):
                syntax.parse(file.name, [])


class Schemata(unittest.TestCase):
    # A test that never has them says nothing about these.
    def test_know_what_the_compiler_may_compute(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "constants.cc")
            with open(path, "w", encoding="utf-8") as file:
                file.write(
                    "template <int N> int times(int x) { return x * N; }\n"
                    "int f(int a) {\n"
                    "  const int one = 1;\n"
                    "  int two = 2;\n"
                    "  return times<3>(a) + one + two + 4;\n"
                    "}\n"
                )
            computable = {
                m.before: m.computable
                for m in mutants_of(path, "constants.cc")
                if m.operator == "constant"
            }
        self.assertEqual(computable, {"1": True, "2": False, "3": True, "4": False})

    def test_nest_and_keep_lines(self):
        source = b"int f(int a,\n int b) {\n  return a <\n   b + 1;\n}\n"
        start, middle, end = (source.find(t) for t in (b"a <", b"b + 1", b";"))
        inner = mutants_.Mutant(
            "f", 4, "x", (mutants_.Edit(middle, end, "b - 1"),), "", "")
        outer = mutants_.Mutant(
            "f", 3, "x", (mutants_.Edit(start, end, "a <= b + 1"),), "", "")
        text = schemata.render(source, [(1, inner), (2, outer)])
        self.assertTrue(text.startswith(schemata.preamble()))
        self.assertEqual(
            text[len(schemata.preamble()):],
            b"int f(int a,\n int b) {\n  return (::weir_mutant::on(2) ? (a <= b + 1) : "
            b"(a <\n   (::weir_mutant::on(1) ? (b - 1) : (b + 1))));\n}\n",
        )

    def test_see_edits_that_cross(self):
        def mutant(start, end):
            return mutants_.Mutant("f", 1, "x", (mutants_.Edit(start, end, ""),), "", "")

        self.assertTrue(schemata.overlaps(mutant(3, 8), [mutant(5, 9)]))
        self.assertTrue(schemata.overlaps(mutant(5, 9), [mutant(3, 8)]))
        self.assertFalse(schemata.overlaps(mutant(3, 8), [mutant(3, 5), mutant(8, 9)]))


class Samples(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(TESTDATA, "operators/sample.h")
        self.all = mutants_of(self.path, "sample.h")

    def keys(self, count, seed, mutants=None):
        return [m.key for m in mutants_.sample(mutants or self.all, count, seed)]

    def test_depend_on_the_seed_alone(self):
        self.assertEqual(self.keys(5, 1), self.keys(5, 1))
        self.assertNotEqual(self.keys(5, 1), self.keys(5, 2))
        self.assertEqual(len(set(self.keys(9999, 1))), len(self.all))

    def test_stay_when_other_lines_move(self):
        with tempfile.NamedTemporaryFile("wb", suffix=".h") as file:
            with open(self.path, "rb") as source:
                file.write(b"\n// Something new.\n" + source.read())
            file.flush()
            moved = mutants_of(file.name, "sample.h")
        self.assertEqual(self.keys(5, 1), self.keys(5, 1, moved))


class Sources(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = os.path.realpath(self.folder.name)
        self.addCleanup(self.folder.cleanup)
        self.git("init", "-q")
        for name in ("a/x.cc", "a/x_test.cc", "a/x_fuzz.cc", "a/model.h", "a/x.py",
                     "a/testdata/y.cc", "tests/z.cc"):
            self.write(name, "1\n2\n3\n4\n")
        self.write("a/BUILD.bazel",
                   'cc_library(\n    name = "m",\n    testonly = True,\n'
                   '    hdrs = ["model.h"],\n)\n\n'
                   'cc_library(\n    name = "x",\n    srcs = ["x.cc"],\n)\n')
        self.git("add", "-A")
        self.git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x")

    def git(self, *arguments):
        subprocess.run(["git", "-C", self.root, *arguments], check=True,
                       capture_output=True)

    def write(self, name, text):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def test_are_the_librarys_own(self):
        self.assertEqual(sources.files(self.root, [self.root]), ["a/x.cc"])
        with self.assertRaisesRegex(ValueError, "no such file"):
            sources.files(self.root, [os.path.join(self.root, "b")])
        with self.assertRaisesRegex(ValueError, "not in"):
            sources.files(self.root, ["/etc"])

    def test_say_which_lines_changed(self):
        self.write("a/x.cc", "1\ntwo\n3\n4\n5\n")
        self.write("a/new.h", "1\n")
        changed = sources.changed_lines(self.root, "HEAD")
        self.assertEqual(changed["a/x.cc"], {2, 5})
        self.assertIn(1, changed["a/new.h"])
        self.assertNotIn("a/model.h", changed)
        with self.assertRaises(ValueError):
            sources.changed_lines(self.root, "no-such-revision")


class Sessions(unittest.TestCase):
    """A killed, a survived, a not compiling and a timed-out mutant, each reported so."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        root = os.path.join(TESTDATA, "small")
        cls.workspace = Compiled(root, cls.folder.name)
        cls.mutants = [
            m
            for name in ("counter.cc", "counter.h")
            for m in mutants_of(os.path.join(root, name), name)
        ]
        cls.results = os.path.join(cls.folder.name, "results.jsonl")
        cls.output = io.StringIO()
        cls.report = report_.Report(cls.results, cls.output)
        cls.digests = {
            m.file: digest(cls.workspace.read(m.file)) for m in cls.mutants
        }
        session = Session(cls.workspace, Runner(), cls.report, Options(patience=1))
        session.run(cls.mutants, cls.digests)
        cls.verdicts = {
            r["before"] + " -> " + r["after"]: r for r in cls.report.results.values()
        }

    def verdict(self, change):
        return self.verdicts[change]["verdict"]

    def test_judge_each_mutant(self):
        self.assertEqual(len(self.report.results), len(self.mutants))

    def test_report_killed(self):
        self.assertEqual(self.verdict("sum += i; -> "), "killed")
        self.assertEqual(self.verdict("sum += i -> sum -= i"), "killed")
        compared = self.verdicts["a >= b -> !(a >= b)"]
        self.assertEqual(compared["verdict"], "killed")
        self.assertEqual(compared["test"], "//:counter_test")
        self.assertEqual(compared["case"], "Counter.Compares")

    def test_report_survived(self):
        self.assertEqual(self.verdict("i > 0 -> i >= 0"), "survived")
        self.assertEqual(self.verdicts["i > 0 -> i >= 0"]["note"], "")
        self.assertEqual(self.verdict("a >= b -> a > b"), "survived")
        self.assertEqual(self.verdict("-n -> n"), "survived")
        self.assertEqual(self.verdicts["-n -> n"]["note"], "(no test reaches it)")

    def test_report_timed_out(self):
        self.assertEqual(self.verdict("--i -> ++i"), "timed out")

    def test_report_what_does_not_compile(self):
        self.assertEqual(self.verdict("2 -> (2 - 1)"), "did not compile")
        self.assertEqual(self.verdict("2 -> (2 + 1)"), "survived")  # built alone

    def test_build_alone_what_the_compiler_computes(self):
        self.assertEqual(self.verdict("n + n -> n - n"), "killed")

    def test_leave_the_files_as_they_were(self):
        for name in os.listdir(self.workspace.root):
            with open(os.path.join(self.workspace.tree, name), "rb") as copy:
                self.assertEqual(copy.read(), self.workspace.read(name))

    def test_show_progress_and_a_score(self):
        self.report.summarize(self.mutants)
        text = self.output.getvalue()
        self.assertIn(f"/{len(self.mutants)}] killed    counter.cc:5: sum += i", text)
        self.assertIn("Survivors:\n", text)
        self.assertRegex(text, r"all +\d+ .* \d+\.\d %\n")

    def test_go_on_where_a_run_ended(self):
        with open(self.results, "a", encoding="utf-8") as file:
            file.write('{"key": "torn')
        later = report_.Report(self.results, io.StringIO())
        survivor = next(m for m in self.mutants if m.change == "i > 0  ->  i >= 0")
        killed = next(m for m in self.mutants if m.change == "sum += i  ->  sum -= i")
        state = self.digests["counter.cc"]
        self.assertTrue(later.finished(survivor, state, again=False))
        self.assertFalse(later.finished(survivor, state, again=True))
        self.assertTrue(later.finished(killed, state, again=True))
        self.assertFalse(later.finished(killed, "another", again=False))

    def test_leave_out_what_needs_a_build_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Compiled(os.path.join(TESTDATA, "small"), folder)
            output = io.StringIO()
            report = report_.Report(os.path.join(folder, "results"), output)
            mutants = [
                m for m in self.mutants if m.change in ("sum += i  ->  sum -= i",
                                                        "n + n  ->  n - n",
                                                        "2  ->  (2 + 1)")
            ]
            session = Session(workspace, Runner(), report, Options(alone=False))
            session.run(mutants, self.digests)
            self.assertEqual(
                [r["before"] for r in report.results.values()], ["sum += i"])
            report.summarize(mutants)
            self.assertIn("2 mutants were not run", output.getvalue())

    def test_build_first_what_depends_on_the_files_directly(self):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Staged(os.path.join(TESTDATA, "small"), folder)
            report = report_.Report(os.path.join(folder, "results"), io.StringIO())

            def run(change):
                mutant = next(m for m in self.mutants if m.change == change)
                workspace.built = []
                Session(workspace, Runner(), report, Options(wide=False)).run(
                    [mutant], self.digests)
                return workspace.built, report.results[mutant.key]["verdict"]

            self.assertEqual(run("sum += i  ->  sum -= i"),
                             ([["//:counter_test"]], "killed"))
            self.assertEqual(run("i > 0  ->  i >= 0"),
                             ([["//:counter_test"], ["//:other_test"]], "survived"))

    def test_refuse_tests_that_fail_by_themselves(self):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Compiled(os.path.join(TESTDATA, "small"), folder)
            workspace.write("counter_test.cc", b"int main() { return 1; }\n")
            report = report_.Report(os.path.join(folder, "results"), io.StringIO())
            with self.assertRaisesRegex(BuildError, "no test passes"):
                Session(workspace, Runner(), report, Options()).run(
                    self.mutants[:1], self.digests)


class Folders(unittest.TestCase):
    def test_say_whose_tests_are_run(self):
        tests = [Test(p, "t") for p in ("own", "a", "a/b", "ab", "b", "")]

        def chosen(*folders):
            return [t.package for t in in_folders(tests, {"own"}, folders)]

        self.assertEqual(chosen(), ["own"])
        self.assertEqual(chosen("a"), ["own", "a", "a/b"])
        self.assertEqual(chosen("a/b", "b"), ["own", "a/b", "b"])
        self.assertEqual(chosen(""), [t.package for t in tests])
        self.assertEqual(in_folders(tests, {"own"}, None), tests)

    def test_are_named_from_anywhere(self):
        root = os.path.dirname(os.path.realpath(HERE))
        self.assertIsNone(command_line.folders_of(None, root))
        self.assertEqual(command_line.folders_of([root, HERE, TESTDATA], root),
                         ("", "mutation", "mutation/testdata"))
        with self.assertRaisesRegex(ValueError, "no such folder"):
            command_line.folders_of([os.path.join(root, "nowhere")], root)


class Rules(unittest.TestCase):
    def test_are_read_as_bazel_describes_them(self):
        rule = xml.fromstring(
            """<rule class="cc_test" name="//a/b:c_test">
              <string name="size" value="small"/><string name="timeout" value="long"/>
              <list name="tags"><string value="threads"/></list>
              <list name="args"><string value="--n=3"/>
                <string value="$(location testdata/x)"/>
                <string value="$(rootpath :y)"/><string value="$(rootpath //d:z)"/></list>
            </rule>""")
        test = Test.of_rule(rule)
        self.assertEqual(test.label, "//a/b:c_test")
        self.assertEqual(test.timeout, 900)
        self.assertEqual(test.tags, {"threads"})
        self.assertEqual(
            test.arguments, ("--n=3", "a/b/testdata/x", "a/b/y", "d/z"))
        self.assertEqual(
            Test.of_rule(xml.fromstring('<rule class="x" name="//a:b"/>')).timeout, 300)


class Output(unittest.TestCase):
    def test_names_the_case_that_failed(self):
        self.assertEqual(failed_case("[ RUN      ] A.B\n[  FAILED  ] A.B (0 ms)\n"), "A.B")
        self.assertEqual(failed_case("[ RUN      ] A.B\n[ RUN      ] A.C\nboom"), "A.C")
        self.assertEqual(failed_case("something else"), "")

    def test_names_the_places_of_errors(self):
        self.assertEqual(
            error_places("a/b.h:12:7: error: no\nIn file x\n./c.cc:3: fatal error: y\n"),
            {("a/b.h", 12), ("c.cc", 3)},
        )
        self.assertEqual(
            error_places("bazel-out/k8-fastbuild/bin/a/_virtual_includes/b/weir/a/b.h:1: error: no\n"),
            {("a/b.h", 1)},
        )


if __name__ == "__main__":
    unittest.main()
