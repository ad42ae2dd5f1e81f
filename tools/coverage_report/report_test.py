#!/usr/bin/python3
"""The report of tools/coverage, from samples as llvm-cov exports them."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import report  # noqa: E402

SOURCE = """\
int f(int a, int b) {
  if (a > 1 &&
      b > 2) {
    return 1;
  }
  while (true) {
    if (b == 3) return 2;
  }
}

int never() {
  return 3;
}
"""
# As of f(0, 3), f(2, 3): each line, column, count, counted, starts a region, is a gap.
SEGMENTS = [
    [1, 21, 2, True, True, False],
    [2, 7, 2, True, True, False],
    [3, 7, 1, True, True, False],
    [3, 12, 2, True, False, False],
    [3, 14, 1, True, True, False],
    [5, 4, 1, True, True, False],
    [6, 10, 1, True, True, False],
    [7, 9, 1, True, True, False],
    [9, 2, 0, False, False, False],
    [11, 13, 0, True, True, False],
    [13, 2, 0, False, False, False],
]
# Each line and column, where it ends, how often true, false.
BRANCHES = [
    [2, 7, 2, 12, 1, 1, 0, 0, 4],
    [3, 7, 3, 12, 1, 0, 0, 0, 4],
    [6, 10, 6, 14, 0, 0, 0, 0, 4],
    [7, 9, 7, 15, 1, 0, 0, 0, 4],
]


def file_of(branches=None, path="quota/sample.h"):
    exported = {
        "filename": path,
        "segments": SEGMENTS,
        "branches": BRANCHES if branches is None else branches,
    }
    return report.File(exported, SOURCE)


class Report(unittest.TestCase):
    def test_counts_lines(self):
        file = file_of()
        self.assertEqual(
            [line for line, count in file.lines.items() if count == 0], [11, 12, 13]
        )
        self.assertNotIn(10, file.lines)
        self.assertEqual(file.lines[2], 2)

    def test_counts_branches_without_constants(self):
        file = file_of()
        self.assertEqual(file.branches, 6)
        self.assertEqual(
            file.unreached,
            [
                report.Branch("quota/sample.h", 3, "b > 2", "false"),
                report.Branch("quota/sample.h", 7, "b == 3", "false"),
            ],
        )

    def test_adds_instantiations(self):
        others = [[3, 7, 3, 12, 0, 4, 0, 0, 4], [3, 7, 3, 12, 1, 0, 0, 0, 4]]
        for all_of in (BRANCHES + others, others + BRANCHES):
            self.assertEqual([b.condition for b in file_of(all_of).unreached], ["b == 3"])

    def test_tells_what_was_not_even_asked(self):
        file = file_of([[12, 10, 12, 11, 0, 0, 0, 0, 4]])
        self.assertEqual([b.outcome for b in file.unreached], ["not evaluated"])
        self.assertEqual(file.branches_unreached(), 2)

    def test_joins_a_condition_of_two_lines(self):
        file = file_of([[2, 7, 3, 12, 1, 0, 0, 0, 4]])
        self.assertEqual(file.unreached[0].condition, "a > 1 && b > 2")

    def test_has_a_row_for_each_folder_and_the_data_plane(self):
        text, left = report.report([file_of(), file_of(path="cli/sample.cc")], set())
        self.assertEqual(left, 2)
        self.assertIn("| `cli` | 12 | 75.0 % | 6 | 66.7 % |", text)
        self.assertIn("| `quota` | 12 | 75.0 % | 6 | 66.7 % |", text)
        self.assertIn("| all | 24 | 75.0 % | 12 | 66.7 % |", text)
        self.assertIn("| the data plane | 12 | 75.0 % | 6 | 66.7 % |", text)
        self.assertIn("  quota/sample.h:3: `b > 2` false\n", text)
        self.assertNotIn("cli/sample.cc:3", text)
        self.assertIn("  cli/sample.cc: 11-13", text)

    def test_leaves_out_what_is_explained(self):
        explanations = report.explained(
            "| file | condition | outcome | why |\n"
            "|---|---|---|---|\n"
            "| `quota/sample.h` | `b > 2` | false | it is more than 2 |\n"
            "| `quota/sample.h` | `b == 3` | true | wrongly |\n"
            "| `quota/sample.h` | `b == 3` | false |  |\n"
            "| `quota/gone.h` | `a \\|\\| b` | true | not built now |\n"
        )
        self.assertIn(("quota/gone.h", "a || b", "true"), explanations)
        self.assertEqual(len(explanations), 3)
        text, left = report.report([file_of()], explanations)
        self.assertEqual(left, 1)
        self.assertNotIn("`b > 2` false", text)
        self.assertIn("sample.h:7: `b == 3` false", text)
        self.assertIn("these tests take it:\n  quota/sample.h: `b == 3` true\n", text)
        self.assertNotIn("gone.h", text)

    def test_says_when_nothing_is_left(self):
        text, left = report.report([file_of(path="cli/sample.cc")], set())
        self.assertEqual(left, 0)
        self.assertIn("does not explain:\n  none\n", text)

    def test_exits_with_1_if_a_branch_is_left(self):
        for path, status in (("quota/sample.h", 1), ("cli/sample.h", 0)):
            with tempfile.TemporaryDirectory() as folder:
                os.makedirs(os.path.join(folder, os.path.dirname(path)))
                os.makedirs(os.path.join(folder, "docs"))
                for name, text in (
                    (path, SOURCE),
                    ("docs/proof.md", "| `quota/sample.h` | `b > 2` | false | why |\n"),
                    ("export.json", json.dumps({"data": [{"files": [{
                        "filename": "./" + path, "segments": SEGMENTS, "branches": BRANCHES,
                    }]}]})),
                ):
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                        file.write(text)
                done = subprocess.run(
                    [sys.executable, os.path.abspath(report.__file__), "export.json"],
                    cwd=folder, capture_output=True, text=True, check=False,
                )
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(f"{path}: 11-13", done.stdout)

    def test_joins_lines_that_only_blank_ones_separate(self):
        self.assertEqual(report.ranges([2, 1, 4, 9], {1, 2, 4, 6, 9}), "1-4, 9")

    def test_adds_up_what_two_links_to_one_header_count(self):
        def exported(path, count):
            return {
                "filename": path,
                "segments": [[1, 1, count, True, True, False], [2, 1, 0, False, False, False]],
                "branches": [[1, 1, 1, 5, count, 0, 0, 0, 4]],
            }

        links = [
            f"./bazel-out/k8-fastbuild/bin/{folder}/_virtual_includes/{target}/weir/quota/sample.h"
            for folder, target in (("quota", "sample"), (".", "weir"))
        ]
        files = report.merged([exported(links[0], 1), exported(links[1], 2)])
        self.assertEqual([file["filename"] for file in files], ["quota/sample.h"])
        self.assertEqual(files[0]["segments"][0][2], 3)
        self.assertEqual([branch[4] for branch in files[0]["branches"]], [1, 2])
        with self.assertRaisesRegex(ValueError, "quota/sample.h"):
            other = exported(links[1], 2)
            other["segments"].pop()
            report.merged([exported(links[0], 1), other])

    def test_knows_the_data_plane(self):
        for path in ("throttle/rate.cc", "data_plane/client.h", "data_plane/clients.cc"):
            self.assertTrue(report.DATA_PLANE.match(path), path)
        for path in ("enforcer/client_handle.h", "control_plane/usage.cc", "cli/quota/x.cc"):
            self.assertFalse(report.DATA_PLANE.match(path), path)


if __name__ == "__main__":
    unittest.main()
