#!/usr/bin/python3 -B
"""Compiles go_sdk_test.go and runs it against `weir serve`."""

import os
import pwd
import subprocess
import unittest

from weir_process import ADMIN, PATIENCE, ServerTest, new_folder

SOURCE = os.path.join(os.path.dirname(__file__), "go_sdk_test.go")
# Where Go keeps what it has compiled: the SDK takes a while, but only once.
CACHE = os.path.join(pwd.getpwuid(os.getuid()).pw_dir, ".cache/go-build")


class GoSdk(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program = os.path.join(new_folder(), "go_sdk_test")
        # Without modules, Debian's packages are what there is.
        environment = os.environ | {
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "GOCACHE": CACHE,
            "GOFLAGS": "",
        }
        command = ["go", "test", "-c", "-vet=off", "-o", cls.program, SOURCE]
        subprocess.run(command, env=environment, check=True, timeout=12 * PATIENCE)

    def start(self, *flags):
        return subprocess.Popen(
            [self.program, f"-url={self.server.url}", f"-id={ADMIN.access_key}"]
            + [f"-secret={ADMIN.secret_key}", f"-test.timeout={PATIENCE}s", "-test.v"]
            + list(flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def test_all(self):
        with self.start() as program:
            said = program.stdout.read()
        self.assertEqual(program.returncode, 0, said)
        self.assertIn("--- PASS", said)

    def test_when_there_is_too_much_to_do(self):
        with self.server.overload() as end, self.start("-overloaded") as program:
            said = ""
            for line in program.stdout:
                said += line
                if line == "too much\n":
                    end()
        self.assertEqual(program.returncode, 0, said)
        self.assertIn("--- PASS: TestOverload", said)


if __name__ == "__main__":
    unittest.main()
