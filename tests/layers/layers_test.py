#!/usr/bin/python3
"""Compares the layers in docs/design.md with the dependencies of the targets.

usage: layers_test.py DEPENDENCIES DESIGN.MD

DEPENDENCIES is what `bazel query --output=graph` says of all that is shipped.
"""

import re
import sys
import unittest

# The headers of enforcer/ that the planes below it use as well.
VALUES = "enforcer/ values"
VALUE_TARGETS = re.compile(
    r"//enforcer:(call|client_handle|decision|decision_names|options|plan_observer|requests|route|statistics|version)$"
)
ROW = re.compile(r"^\| `([^`]+)` \| .* \| ([^|]*) \|$", re.MULTILINE)
# Any layer may use the documents; the data plane does not, see below.
DOCUMENTS = "proto/"


def layer_of(label):
    """The folder of a target; None for one that is not ours, or the root's."""
    if VALUE_TARGETS.match(label):
        return VALUES
    match = re.match(r"//([a-z_]+)[/:]", label)
    return match and match.group(1) + "/"


def arrows_of(graph):
    """By layer, the layers that its targets depend on."""
    arrows = {}
    for line in graph.splitlines():
        labels = re.findall(r'"([^"]+)"', line)
        layers = [layer_of(label) for label in labels]
        if layers and layers[0]:
            arrows.setdefault(layers[0], set())
        if "->" in line and all(layers) and layers[0] != layers[1] and layers[1] != DOCUMENTS:
            arrows[layers[0]].add(layers[1])
    for layer in ("third_party/", "tools/", "bazel/"):  # how it is built
        arrows.pop(layer, None)
    return arrows


def rows_of(design):
    """The rows of the table, from top to bottom: a layer, and what it stands on."""
    section = design[design.index("\n## Layout\n") :]
    section = section[: section.index("\n## ", 1)]
    return [
        (layer, set(re.findall(r"`([^`]+)`", below))) for layer, below in ROW.findall(section)
    ]


class Layers(unittest.TestCase):
    def test_every_layer_has_one_row_that_tells_what_it_stands_on(self):
        self.assertEqual(sorted(layer for layer, _ in ROWS), sorted(ARROWS))
        for layer, below in ROWS:
            with self.subTest(layer=layer):
                self.assertEqual(below, ARROWS[layer])

    def test_no_arrow_points_up(self):
        seen = set()
        for layer, below in ROWS:
            self.assertLessEqual(below, seen, f"{layer} stands on what is not above it in the table")
            seen.add(layer)

    def test_the_data_plane_knows_neither_documents_nor_stores(self):
        below = {}
        for line in GRAPH.splitlines():
            labels = re.findall(r'"([^"]+)"', line)
            if "->" in line:
                below.setdefault(labels[0], set()).add(labels[1])
        reached = set()
        ahead = {"//data_plane:data_plane"}
        while ahead:
            label = ahead.pop()
            reached.add(label)
            ahead |= below.get(label, set()) - reached
        self.assertIn("//throttle:token_bucket", reached)
        unknown = re.compile(
            r"//(proto|json|patch|store|control_plane|http|management|gateway|serve|cli)\b|@com_google_protobuf|@sqlite"
        )
        self.assertEqual([label for label in reached if unknown.match(label)], [])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        GRAPH = file.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        ROWS = rows_of(file.read())
    ARROWS = arrows_of(GRAPH)
    unittest.main(argv=sys.argv[:1])
