#!/usr/bin/python3 -B
"""What holds a `weir serve` up from outside: disks, pipes, signals, limits, files that go."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time
import unittest
from unittest import mock

from weir_process import BINARY, PATIENCE, WeirProcess, new_folder, write_certificate

KEYS = 20_000


# A disk that does not answer: a thread that writes to the file blocks while another is
# there.
FROZEN_DISK = """
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int file, const void* bytes, size_t size) {
  char link[64], path[4096] = "";
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  if (readlink(link, path, sizeof(path) - 1) > 0 && strcmp(path, getenv("FROZEN_FILE")) == 0) {
    while (access(getenv("FROZEN_WHILE"), F_OK) == 0) usleep(1000);
  }
  return syscall(SYS_write, file, bytes, size);
}
"""


class Files(unittest.TestCase):
    def test_an_access_log_that_does_not_answer(self):
        folder = os.path.realpath(new_folder())
        log, frozen, library = (os.path.join(folder, name) for name in ("log", "frozen", "disk.so"))
        subprocess.run(
            ["g++", "-x", "c", "-", "-shared", "-fPIC", "-o", library],
            input=FROZEN_DISK, text=True, check=True,
        )
        environment = {"LD_PRELOAD": library, "FROZEN_FILE": log, "FROZEN_WHILE": frozen}
        with mock.patch.dict(os.environ, environment):
            server = WeirProcess(f"--access-log={log}")
        self.addCleanup(server.kill)
        plan = server.client().create_usage_plan(name="p")["id"]
        server.request("GET", "/a/s", credentials=None)
        deadline = time.monotonic() + PATIENCE
        while os.path.getsize(log) == 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        with open(frozen, "wb"):
            pass
        server.request("GET", "/a/s", credentials=None)
        time.sleep(0.1)
        # What is to be opened anew is waited for, but not by other signals.
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        self.assertEqual(server.request("GET", "/healthz", credentials=None)[0], 200)
        begin = time.monotonic()
        self.assertEqual(server.stop(), 0)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertIn("a file does not respond", server.output()[1])
        with mock.patch.dict(os.environ, environment | {"FROZEN_WHILE": "/nowhere"}):
            server.start()
        self.assertEqual(server.client().get_usage_plan(usagePlanId=plan)["name"], "p")
        self.assertEqual(server.stop(), 0)

    def test_a_certificate_that_has_become_a_pipe(self):
        folder = new_folder()
        certificate, key = (os.path.join(folder, name) for name in ("certificate", "key"))
        write_certificate(certificate, key)
        for path in (certificate, key):
            server = WeirProcess(f"--tls-certificate={certificate}", f"--tls-key={key}")
            self.addCleanup(server.kill)
            os.rename(path, path + ".old")
            os.mkfifo(path)
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + PATIENCE
            while f"{path}: is not a regular file\n" not in server.output()[1]:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            self.assertEqual(server.stop(), 0)
            os.rename(path + ".old", path)


class Disks(unittest.TestCase):
    def setUp(self):
        self.server = WeirProcess()
        self.addCleanup(self.server.kill)

    def ask(self, target):
        """The answer, and how long it took."""
        began = time.monotonic()
        status, _, answer = self.server.request("GET", target, credentials=None)
        return status, answer, time.monotonic() - began

    def test_health_and_numbers_do_not_wait_for_the_database(self):
        client = self.server.client()
        plan = client.create_usage_plan(name="p")["id"]
        database = sqlite3.connect(
            os.path.join(self.server.store, "weir.sqlite"), isolation_level=None
        )
        self.addCleanup(database.close)
        database.execute("BEGIN EXCLUSIVE")
        status = []
        patch = threading.Thread(
            target=lambda: status.append(
                self.server.request(
                    "PATCH",
                    f"/usageplans/{plan}",
                    b'{"patchOperations":[{"op":"replace","path":"/name","value":"q"}]}',
                )[0]
            )
        )
        patch.start()
        stalled = 0.0
        while patch.is_alive():
            self.assertEqual(self.ask("/healthz")[0], 200)
            answer, body, took = self.ask("/metrics")
            self.assertEqual(answer, 200)
            self.assertLess(took, 1)
            line = [l for l in body.decode().splitlines() if l.startswith("weir_stalled_call")][0]
            stalled = max(stalled, float(line.split()[1]))
        patch.join()
        database.execute("ROLLBACK")
        self.assertEqual(status, [503])
        self.assertGreater(stalled, 0.5)
        self.assertEqual(client.get_usage_plan(usagePlanId=plan)["name"], "p")
        self.assertEqual(self.server.stop(), 0)

    def test_an_import_lets_others_in(self):
        client = self.server.client()
        plan = client.create_usage_plan(name="p")["id"]
        rows = ["Key,Name,UsagePlanIds"]
        rows += [f"a-secret-value-of-a-key-{i:08},n{i},{plan}" for i in range(KEYS)]
        result = []
        imported = threading.Thread(
            target=lambda: result.append(
                self.server.request(
                    "POST", "/apikeys?mode=import&format=csv", "\n".join(rows).encode()
                )[::2]
            )
        )
        imported.start()
        patches = 0
        seen = set()
        while imported.is_alive():
            client.update_usage_plan(
                usagePlanId=plan,
                patchOperations=[
                    {"op": "replace", "path": "/description", "value": str(patches)}
                ],
            )
            patches += 1
            self.assertEqual(self.ask("/healthz")[0], 200)
            seen.add(len(client.get_usage_plan_keys(usagePlanId=plan, limit=5)["items"]))
        imported.join()
        self.assertEqual(result[0][0], 201)
        self.assertEqual(len(json.loads(result[0][1])["ids"]), KEYS)
        self.assertGreater(patches, 2)
        self.assertIn(0, seen)
        self.assertEqual(client.get_usage_plan(usagePlanId=plan)["description"], str(patches - 1))
        # And a plan with many keys goes, while another changes.
        other = client.create_usage_plan(name="other")["id"]
        deleted = threading.Thread(
            target=lambda: result.append(
                self.server.request("DELETE", f"/usageplans/{plan}")[0]
            )
        )
        deleted.start()
        patches = 0
        while deleted.is_alive():
            client.update_usage_plan(
                usagePlanId=other,
                patchOperations=[{"op": "replace", "path": "/name", "value": str(patches)}],
            )
            patches += 1
        deleted.join()
        self.assertEqual(result[1], 202)
        self.assertGreater(patches, 2)
        self.assertEqual(self.server.stop(), 0)

    def test_a_removed_lock_lets_nobody_in(self):
        os.remove(os.path.join(self.server.store, "lock"))
        second = subprocess.run(
            [BINARY, "serve", "--listen=127.0.0.1:0", f"--store={self.server.store}"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(second.returncode, 2)
        self.assertIn("is open in another process", second.stderr)
        self.assertEqual(self.server.stop(), 0)

    def test_a_limit_of_file_sizes_is_a_full_disk(self):
        server = self.server
        client = server.client()
        client.create_usage_plan(name="p")
        limit = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, limit[1]))
        status, _, answer = server.request("POST", "/usageplans", b'{"name":"q"}')
        self.assertEqual(status, 503, answer)
        self.assertEqual(self.ask("/healthz")[0], 200)
        self.assertEqual(len(client.get_usage_plans()["items"]), 1)
        server.wait_for_said("weir: warning: counts cannot be written to the store: ")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
        client.create_usage_plan(name="q")
        server.wait_for_said("weir: counts are in the store again\n")
        self.assertEqual(server.stop(), 0)


class Streams(unittest.TestCase):
    """Started otherwise than WeirProcess does."""

    def start(self, *flags, **arguments):
        folder = new_folder()
        port_file = os.path.join(folder, "out")
        with open(port_file, "wb") as out:
            arguments.setdefault("stdout", out)
            process = subprocess.Popen(
                [BINARY, "serve", f"--store={folder}/store", "--listen=127.0.0.1:0", *flags],
                **arguments,
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + PATIENCE
        while arguments["stdout"] is out and "listening on" not in self.text(port_file):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        return process, port_file

    @staticmethod
    def text(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    def start_behind_a_full_pipe(self):
        """The process, and the end of its stderr's pipe that is read, full of "x"."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        process, _ = self.start(stderr=writer)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 512)
        except BlockingIOError:
            pass
        os.close(writer)
        return process, reader

    def test_nobody_reads_what_it_says(self):
        process, _ = self.start_behind_a_full_pipe()
        for _ in range(3_000):
            process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_lines_that_were_left_out_are_counted(self):
        process, reader = self.start_behind_a_full_pipe()
        os.set_blocking(reader, False)
        # One at a time, for several that wait are one.
        for _ in range(20):
            process.send_signal(signal.SIGHUP)
            time.sleep(0.02)
        said = b""
        deadline = time.monotonic() + PATIENCE
        while b"lines were left out" not in said:
            self.assertLess(time.monotonic(), deadline)
            process.send_signal(signal.SIGHUP)
            try:
                said += os.read(reader, 1 << 20).strip(b"x")
            except BlockingIOError:
                time.sleep(0.02)
        self.assertIn(b"SIGHUP: no file to reload\n", said)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_standard_descriptors_are_nobody_elses(self):
        for closed in (0, 1, 2):
            with self.subTest(closed=closed):
                def close(closed=closed):
                    os.close(closed)

                # Descriptors 0 to 2 of a running one are no socket and no store.
                process = subprocess.Popen(
                    [BINARY, "serve", "--listen=127.0.0.1:0"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    preexec_fn=close,
                )
                self.addCleanup(process.wait)
                self.addCleanup(process.kill)
                folder = f"/proc/{process.pid}/fd"
                deadline = time.monotonic() + PATIENCE
                while not any(
                    link.startswith("socket:")
                    for link in map(self.link, sorted(self.entries(folder)))
                ):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.01)
                for number in range(3):
                    self.assertEqual(os.readlink(f"{folder}/{number}"), os.devnull)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(PATIENCE), 0)

    @staticmethod
    def entries(folder):
        try:
            return [f"{folder}/{name}" for name in os.listdir(folder)]
        except OSError:
            return []

    @staticmethod
    def link(path):
        try:
            return os.readlink(path)
        except OSError:
            return ""

    def limited(self, files, *flags, **arguments):
        return self.start(
            *flags,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
            **arguments,
        )

    def test_few_descriptors_are_few_connections(self):
        folder = new_folder()
        with open(os.path.join(folder, "err"), "wb") as err:
            process, _ = self.limited(300, "--gateway-listen=127.0.0.1:0", stderr=err)
        said = self.text(err.name)
        self.assertIn("warning: --listen: at most 38 connections at a time", said)
        self.assertIn("warning: --gateway-listen: at most 38 connections", said)
        self.assertIn("300 files", said)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_too_few_descriptors(self):
        result = subprocess.run(
            [BINARY, "serve", "--listen=127.0.0.1:0"],
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(result.returncode, 2)
        self.assertIn("may open only 100 files, and needs 176 at least", result.stderr)


if __name__ == "__main__":
    unittest.main()
