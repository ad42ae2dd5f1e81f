#!/usr/bin/python3 -B
"""Runs tests/node/js_sdk_test.mjs against `weir serve`."""

import os
import subprocess
import unittest

from weir_process import ADMIN, PATIENCE, ServerTest

# Its real location: the SDK is next to it.
SCRIPT = os.path.join(
    os.path.dirname(os.path.realpath(__file__)), "../node/js_sdk_test.mjs"
)


class JavaScriptSdk(ServerTest):
    def test_all(self):
        self.run_script()

    def test_when_there_is_too_much_to_do(self):
        with self.server.overload():
            self.run_script("overloaded")

    def run_script(self, *mode):
        result = subprocess.run(
            ["node", SCRIPT, self.server.url, ADMIN.access_key, ADMIN.secret_key, *mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertRegex(result.stdout, r"(?m)^# pass [1-9]")


if __name__ == "__main__":
    unittest.main()
