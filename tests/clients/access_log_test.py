#!/usr/bin/python3 -B
"""--access-log: what `weir serve` writes of the requests to its APIs."""

import datetime
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from weir_process import BINARY, PATIENCE, SECRETS, WeirProcess, new_folder

MEMBERS = [
    "time", "key_id", "api_id", "stage", "method", "path", "method_key", "outcome",
    "limit", "cost", "retry_after", "status", "latency",
]  # fmt: skip


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert not text or text.endswith("\n"), "the last line is not whole"
    return [json.loads(line) for line in text.splitlines()]


class AccessLog(unittest.TestCase):
    def start(self, *flags, path=None):
        self.path = path or os.path.join(new_folder(), "access.log")
        server = WeirProcess(f"--access-log={self.path}", *flags)
        self.addCleanup(server.kill)
        client = server.client()
        self.plan = client.create_usage_plan(
            name="p",
            apiStages=[
                {
                    "apiId": "shop",
                    "stage": "prod",
                    "throttle": {"/pets/{id}/GET": {"burstLimit": 1, "rateLimit": 0.001}},
                }
            ],
            throttle={"burstLimit": 1000, "rateLimit": 1000},
            quota={"limit": 4, "period": "DAY"},
        )["id"]
        self.key = self.new_key(client)
        self.client = client
        self.addCleanup(client.close)
        return server

    def new_key(self, client, **kwargs):
        key = client.create_api_key(**({"name": "k", "enabled": True} | kwargs))
        client.create_usage_plan_key(usagePlanId=self.plan, keyId=key["id"], keyType="API_KEY")
        return key

    def ask(self, server, target, key=None, method="GET", **kwargs):
        key = key or self.key["value"]
        return server.request(
            method, target, headers={"x-api-key": key}, credentials=None, **kwargs
        )[0]

    def wait_for_lines(self, count, path=None):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                lines = lines_of(path or self.path)
            except (AssertionError, FileNotFoundError):
                lines = []
            if len(lines) >= count:
                self.assertEqual(len(lines), count)
                return lines
            self.assertLess(time.monotonic(), deadline, lines)
            time.sleep(0.005)

    def metric(self, server, name):
        text = server.request("GET", "/metrics", credentials=None)[2].decode()
        return int(re.search(rf"^{name} (\d+)$", text, re.MULTILINE)[1])

    def end(self, server):
        self.assertEqual(server.stop(), 0)

    def test_every_outcome(self):
        server = self.start()
        disabled = self.new_key(self.client, enabled=False)
        other = self.new_key(self.client)
        began = datetime.datetime.now(datetime.timezone.utc)
        asked = [
            # target, key, (key id, api, stage, path, method key, outcome, limit, status)
            ("/shop/prod/pets/17?secret=1", None,
             (self.key["id"], "shop", "prod", "/pets/17", "/pets/{id}/GET", "admitted", None, 200)),
            ("/shop/prod/pets/18", None,
             (self.key["id"], "shop", "prod", "/pets/18", "/pets/{id}/GET", "throttled", "method_throttle", 429)),
            ("/shop/prod", None, (self.key["id"], "shop", "prod", "/", None, "admitted", None, 200)),
            ("/sho%70/prod/a%2Fb%22", None,
             (self.key["id"], "shop", "prod", "/a%2Fb%22", None, "admitted", None, 200)),
            ("/shop/prod/", None, (self.key["id"], "shop", "prod", "/", None, "admitted", None, 200)),
            ("/shop/prod/x", None,
             (self.key["id"], "shop", "prod", "/x", None, "quota_exceeded", "quota", 429)),
            ("/shop/prod/x", "unknown-0123456789abcdef",
             (None, "shop", "prod", "/x", None, "forbidden", None, 403)),
            ("/shop/prod/pets/1", disabled["value"],
             (disabled["id"], "shop", "prod", "/pets/1", "/pets/{id}/GET", "forbidden", None, 403)),
            ("/shop/test/x?y=/z", other["value"],
             (other["id"], "shop", "test", "/x", None, "forbidden", None, 403)),
            ("/shop/prod/../x?y=1", other["value"],
             (other["id"], None, None, "/shop/prod/../x", None, "forbidden", None, 403)),
            ("/nowhere", None, (self.key["id"], None, None, "/nowhere", None, "forbidden", None, 403)),
        ]  # fmt: skip
        for target, key, expected in asked:
            self.assertEqual(self.ask(server, target, key), expected[-1], target)
        self.ask(server, "/shop/prod/y", other["value"], "POST", body=b"x")
        # Nothing else is in it.
        server.request("GET", "/usageplans")
        server.request("GET", "/healthz")
        lines = self.wait_for_lines(len(asked) + 1)
        for line, (target, _, expected) in zip(lines, asked):
            self.assertEqual(list(line), MEMBERS)
            self.assertEqual(
                tuple(line[name] for name in (
                    "key_id", "api_id", "stage", "path", "method_key", "outcome", "limit", "status")),
                expected,
                target,
            )  # fmt: skip
            self.assertEqual((line["method"], line["cost"]), ("GET", 1))
            self.assertTrue(0 < line["latency"] < PATIENCE)
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            time_of = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
            self.assertTrue(
                began - datetime.timedelta(seconds=1)
                <= time_of
                <= datetime.datetime.now(datetime.timezone.utc)
            )
        self.assertEqual(lines[-1]["method"], "POST")
        # Exact, in seconds: the header's is rounded up.
        self.assertTrue(900 < lines[1]["retry_after"] < 1000, lines[1])
        self.assertTrue(0 < lines[5]["retry_after"] <= 86400, lines[5])
        for i in (0, 2, 6, 7, 8):
            self.assertIsNone(lines[i]["retry_after"])
        self.assertEqual([line["time"] for line in lines], sorted(line["time"] for line in lines))

        self.end(server)
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        for secret in (*SECRETS, self.key["value"], disabled["value"], "unknown-0123", "secret=1"):
            self.assertNotIn(secret, text)
        self.assertEqual(os.stat(self.path).st_mode & 0o7137, 0)

    def test_a_key_that_is_deleted_at_once_keeps_its_name(self):
        server = self.start("--gateway-listen=127.0.0.1:0")
        ids = []
        for _ in range(20):
            key = self.new_key(self.client)
            ids.append(key["id"])
            self.ask(server, "/shop/prod/x", key["value"], port=server.gateway_port())
            self.client.delete_api_key(apiKey=key["id"])
        self.assertEqual([line["key_id"] for line in self.wait_for_lines(20)], ids)
        self.end(server)

    def test_rotation_loses_nothing(self):
        server = self.start()
        done = threading.Event()
        asked = []

        def call(number):
            count = 0
            while not done.is_set():
                self.ask(server, f"/shop/prod/{number}/{count}")
                count += 1
            asked.append((number, count))

        threads = [threading.Thread(target=call, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        # As logrotate does.
        for i in range(10):
            os.rename(self.path, f"{self.path}.{i}")
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + PATIENCE
            while not os.path.exists(self.path):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.002)
            time.sleep(0.03)
        done.set()
        for thread in threads:
            thread.join()
        self.end(server)
        paths = [f"{self.path}.{i}" for i in range(10)] + [self.path]
        files = [lines_of(path) for path in paths]
        self.assertTrue(all(files[1:10]), [len(lines) for lines in files])
        lines = [line["path"] for file in files for line in file]
        for number, count in asked:
            self.assertEqual(
                [path for path in lines if path.startswith(f"/{number}/")],
                [f"/{number}/{i}" for i in range(count)],
            )
        self.assertEqual(server.output()[1].count("weir: SIGHUP: the access log is reopened\n"), 10)

    def test_a_file_that_cannot_be_reopened_changes_nothing(self):
        server = self.start()
        self.ask(server, "/shop/prod/a")
        self.wait_for_lines(1)
        moved = self.path + ".1"
        os.rename(self.path, moved)
        os.mkdir(self.path)
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_said(
            f"SIGHUP: the access log is not reopened: {self.path}: Is a directory\n"
        )
        self.ask(server, "/shop/prod/b")
        self.assertEqual([line["path"] for line in self.wait_for_lines(2, moved)], ["/a", "/b"])
        self.end(server)

    def test_what_is_there_is_kept_and_a_torn_line_ended(self):
        path = os.path.join(new_folder(), "access.log")
        with open(path, "w", encoding="ascii") as file:
            file.write('{"time":"2026')
        server = self.start(path=path)
        self.ask(server, "/shop/prod/a")
        self.end(server)  # at once: it is flushed
        with open(path, encoding="ascii") as file:
            torn, line = file.read().splitlines()
        self.assertEqual(torn, '{"time":"2026')
        self.assertEqual(json.loads(line)["path"], "/a")

    def test_a_full_disk(self):
        path = os.path.join(new_folder(), "access.log")
        with open(path, "w", encoding="ascii") as file:
            # Larger than what the server says, whose files have the same limit.
            file.write(json.dumps({"path": "/before", "room": "x" * 100_000}) + "\n")
        server = self.start(path=path)
        size = os.stat(self.path).st_size
        # Room for a part of the next line.
        self.limit_files(server, size + 10)
        for i in range(20):
            self.assertIn(self.ask(server, f"/shop/prod/full/{i}"), (200, 429))
        server.wait_for_said(f"weir: access log: {self.path}: cannot be written: File too large")
        self.assertEqual(os.stat(self.path).st_size, size + 10)
        self.assertGreater(self.metric(server, "weir_access_log_write_errors_total"), 0)
        server.let_files_grow(True)
        # By itself, without another request.
        lines = self.wait_for_lines(21)
        server.wait_for_said("is written again; 0 lines were dropped\n")
        self.assertEqual(
            [line["path"] for line in lines], ["/before"] + [f"/full/{i}" for i in range(20)]
        )
        self.assertEqual(self.metric(server, "weir_access_log_lines_total"), 20)
        self.assertEqual(self.metric(server, "weir_access_log_dropped_total"), 0)
        self.assertEqual(server.output()[1].count("cannot be written"), 1)

        # Rotation to a file for which there is room ends it, too: but what had
        # been begun stays in the old one.
        size = os.stat(self.path).st_size
        self.limit_files(server, size + 10)
        for i in range(3):
            self.ask(server, f"/shop/prod/again/{i}")
        errors = self.metric(server, "weir_access_log_write_errors_total")
        deadline = time.monotonic() + PATIENCE
        while os.stat(self.path).st_size == size or errors == self.metric(
            server, "weir_access_log_write_errors_total"
        ):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        os.rename(self.path, self.path + ".1")
        server.process.send_signal(signal.SIGHUP)
        self.assertEqual(
            [line["path"] for line in self.wait_for_lines(2)], ["/again/1", "/again/2"]
        )
        self.assertEqual(self.metric(server, "weir_access_log_dropped_total"), 1)
        server.let_files_grow(True)
        self.end(server)

    def limit_files(self, server, size):
        """No file may grow beyond this; those that are larger stay."""
        resource.prlimit(
            server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)
        )

    def test_a_reader_that_sleeps_holds_up_nothing(self):
        folder = new_folder()
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        server = self.start(path=pipe)
        long_path = "/shop/prod/" + "x" * 8000
        began = time.monotonic()
        # Twice what a pipe takes.
        for _ in range(16):
            self.ask(server, long_path)
        self.assertLess(time.monotonic() - began, PATIENCE / 2)
        server.wait_for_said("its reader does not keep up")
        text = b""
        deadline = time.monotonic() + PATIENCE
        while text.count(b"\n") < 16:
            self.assertLess(time.monotonic(), deadline)
            try:
                text += os.read(reader, 1 << 16)
            except BlockingIOError:
                time.sleep(0.01)
        paths = [json.loads(line)["path"] for line in text.splitlines()]
        self.assertEqual(paths, [long_path[len("/shop/prod") :]] * 16)
        # Nor at the end.
        for _ in range(16):
            self.ask(server, long_path)
        self.end(server)
        self.assertIn("lines could not be written", server.output()[1])

    def test_standard_output_has_nothing_else(self):
        process = subprocess.Popen(
            [BINARY, "serve", "--listen=127.0.0.1:0", "--access-log=-"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = int(re.search(r"listening on http://127\.0\.0\.1:(\d+)", process.stderr.readline())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/a/b/c?d")
        self.assertEqual(connection.getresponse().status, 403)
        connection.close()
        line = json.loads(process.stdout.readline())
        self.assertEqual((line["path"], line["key_id"], line["api_id"]), ("/c", None, "a"))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out), (0, ""), err)

    def test_what_cannot_be_opened_is_said_at_the_start(self):
        folder = new_folder()
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        for path, complaint in (
            (folder, "Is a directory"),
            (os.path.join(folder, "no/such"), "No such file or directory"),
            (pipe, "No such device or address"),  # no reader
        ):
            result = subprocess.run(
                [BINARY, "serve", "--listen=127.0.0.1:0", f"--access-log={path}"],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            self.assertEqual(
                (result.returncode, result.stdout, result.stderr),
                (2, "", f"weir: --access-log: {path}: {complaint}\n"),
            )

    def test_hostile_requests(self):
        server = self.start()
        for target in (
            b'/shop/prod/"\\{}', b"/shop/prod/\xff\xc3", b"/" + b"y" * 9000, b"/a/b/%00%0a",
            b"http://x/shop/prod/a", b"*",
        ):  # fmt: skip
            with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as connection:
                connection.sendall(
                    b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                )
                while connection.recv(1 << 16):
                    pass
        # Some are refused before they come to the gateway: whatever is in the
        # log is whole, and short.
        self.end(server)
        lines = lines_of(self.path)
        self.assertGreater(len(lines), 2)
        for line in lines:
            self.assertEqual((line["status"], line["key_id"]), (403, None))
            self.assertLessEqual(len(line["path"]), 1024)


if __name__ == "__main__":
    unittest.main()
