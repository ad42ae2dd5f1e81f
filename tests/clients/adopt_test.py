#!/usr/bin/python3 -B
"""`weir adopt` of what the AWS CLI prints of one server, served by another."""

import contextlib
import datetime
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import unittest

from awscli_test import run_forked
from weir_process import BINARY, PATIENCE, WeirProcess, new_folder

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
FIRST = TODAY - datetime.timedelta(days=31)


def commands_of_the_docs():
    """The shell commands in docs/adopt.md that make a dump."""
    with open("docs/adopt.md", encoding="utf-8") as file:
        return re.search(r"```sh\n(.*?)```", file.read(), re.DOTALL)[1]


@contextlib.contextmanager
def aws_cli_at(url):
    """A folder with an `aws` that calls this server.

    It is the real one, but for the second that each call would take to load it:
    the script sends its arguments here.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection, connection.makefile("rwb") as file:
                    count = int(file.readline())
                    arguments = [file.readline().decode().rstrip("\n") for _ in range(count)]
                    result = run_forked(arguments + ["--endpoint-url", url])
                    file.write(f"{result.code}\n{result.out}{result.err}".encode())

        thread = threading.Thread(target=serve)
        thread.start()
        folder = new_folder()
        with open(os.path.join(folder, "aws"), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o700)
            file.write(
                f"""#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/{listener.getsockname()[1]}
printf '%s\\n' "$#" "$@" >&3
read -r code <&3
cat <&3
exit "$code"
"""
            )
        yield folder
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)


def adopt(*arguments):
    return subprocess.run(
        [BINARY, "adopt", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def call(server, method, target, body=None):
    """The answer of the management interface."""
    status, _, answer = server.request(method, target, body)
    assert status < 300, (method, target, status, answer)
    return json.loads(answer)


def everything(server):
    """What the server says of its plans, keys, associations and usage."""
    plans = [plan["id"] for plan in call(server, "GET", "/usageplans?limit=500")["item"]]
    dates = f"startDate={FIRST}&endDate={TODAY}"
    return {
        "plans": [call(server, "GET", f"/usageplans/{plan}") for plan in plans],
        "keys": call(server, "GET", "/apikeys?limit=500&includeValues=true")["item"],
        "plan keys": [
            call(server, "GET", f"/usageplans/{plan}/keys?limit=500")["item"] for plan in plans
        ],
        "usage": [
            call(server, "GET", f"/usageplans/{plan}/usage?{dates}&limit=500") for plan in plans
        ],
    }


def status_of(server, value, stage):
    """What the gateway answers a client with this key."""
    return server.request(
        "GET", f"/shop/{stage}/x", headers={"x-api-key": value}, credentials=None
    )[0]


class Adopt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = WeirProcess("--offset=start-day")
        cls.values = [f"adopted-{i}-0123456789abcdef" for i in range(3)]
        gold = call(
            server,
            "POST",
            "/usageplans",
            {
                "name": "gold",
                "description": "für alle",
                "apiStages": [
                    {
                        "apiId": "shop",
                        "stage": "prod",
                        "throttle": {"/pets/GET": {"rateLimit": 0.5, "burstLimit": 3}},
                    }
                ],
                "throttle": {"rateLimit": 100, "burstLimit": 200},
                "quota": {"limit": 1000, "period": "MONTH", "offset": 3},
                "tags": {"team": "pets"},
            },
        )["id"]
        free = call(
            server,
            "POST",
            "/usageplans",
            {
                "name": "free",
                "apiStages": [{"apiId": "shop", "stage": "test"}],
                "quota": {"limit": 5, "period": "DAY"},
            },
        )["id"]
        keys = [
            call(
                server,
                "POST",
                "/apikeys",
                {"name": f"key {i}", "value": value, "enabled": i < 2, "tags": {"n": str(i)}},
            )["id"]
            for i, value in enumerate(cls.values)
        ]
        for plan, key in ((gold, 0), (gold, 1), (gold, 2), (free, 0)):
            body = {"keyId": keys[key], "keyType": "API_KEY"}
            call(server, "POST", f"/usageplans/{plan}/keys", body)
        for key, stage, times in ((0, "prod", 3), (0, "test", 5), (1, "prod", 2)):
            for _ in range(times):
                assert status_of(server, cls.values[key], stage) == 200
        call(
            server,
            "PATCH",
            f"/usageplans/{gold}/keys/{keys[1]}/usage",
            {"patchOperations": [{"op": "replace", "path": "/remaining", "value": "1"}]},
        )
        cls.expected = everything(server)

        cls.dump = os.path.join(new_folder(), "dump")
        with aws_cli_at(server.url) as folder:
            made = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", commands_of_the_docs()],
                cwd=os.path.dirname(cls.dump),
                env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        assert made.returncode == 0, made
        cls.gold, cls.free, cls.keys = gold, free, keys
        assert server.stop() == 0

    def copy_of_the_dump(self):
        folder = os.path.join(new_folder(), "dump")
        shutil.copytree(self.dump, folder)
        return folder

    def test_another_server_goes_on(self):
        store = os.path.join(new_folder(), "store")
        result = adopt(f"--store={store}", self.dump)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("adopted 2 plans, 3 keys and 4 associations, 3 of them used", result.stdout)
        self.assertIn(f"weir serve --store={store} --offset=start-day", result.stdout)
        self.assertIn(f"kept as an extension: {self.keys[1]} of {self.gold}\n", result.stdout)
        for value in self.values:
            self.assertNotIn(value, result.stdout)

        server = WeirProcess("--offset=start-day", store=store)
        self.assertEqual(everything(server), self.expected)

        def status(key, stage):
            return status_of(server, self.values[key], stage)

        self.assertEqual(status(0, "prod"), 200)
        self.assertEqual(status(0, "test"), 429)  # all five are used
        self.assertEqual([status(1, "prod"), status(1, "prod")], [200, 429])
        self.assertEqual(status(2, "prod"), 403)  # disabled
        self.assertEqual(server.stop(), 0)

        again = adopt(f"--store={store}", self.dump)
        self.assertEqual(again.returncode, 1)
        self.assertIn("is there already", again.stderr)

    def test_a_dry_run_writes_nothing(self):
        before = sorted(os.listdir(self.dump))
        result = adopt("--dry-run", "--output=json", self.dump)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        report = json.loads(result.stdout)
        self.assertEqual(report["adopted"], False)
        self.assertEqual((report["plans"], report["keys"], report["associations"]), (2, 3, 4))
        self.assertEqual(report["lastDate"], TODAY.isoformat())
        self.assertIn(
            {"what": "keys that are disabled", "of": [self.keys[2]]}, report["notes"]
        )
        self.assertEqual(sorted(os.listdir(self.dump)), before)

    def test_what_is_not_whole_leaves_no_store(self):
        for name, message in (
            (f"usage-{self.free}.json", f"the usage of plan {self.free} is missing"),
            ("get-api-keys.json", "that get-api-keys does not have"),
            ("get-usage-plans.json", "contains no usage plans"),
        ):
            folder = self.copy_of_the_dump()
            os.remove(os.path.join(folder, name))
            parent = new_folder()
            result = adopt(f"--store={parent}/store", folder)
            self.assertEqual((result.returncode, result.stdout), (1, ""), name)
            self.assertIn(message, result.stderr)
            self.assertEqual(os.listdir(parent), [])
            for value in self.values:
                self.assertNotIn(value, result.stderr)

    def test_files_that_cannot_be_read(self):
        result = adopt("--dry-run", "/nowhere")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nowhere: No such file", result.stderr)
        self.assertEqual(adopt(self.dump).returncode, 2)  # no --store
        folder = self.copy_of_the_dump()
        os.mkdir(os.path.join(folder, "more.json"))
        result = adopt("--dry-run", folder)
        self.assertEqual(result.returncode, 2)
        self.assertIn("more.json: Is a directory", result.stderr)


if __name__ == "__main__":
    unittest.main()
