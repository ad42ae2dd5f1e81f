#!/usr/bin/python3 -B
"""Proxies that ask `weir serve`, with the configurations of docs/hosts.md."""

import collections
import contextlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from weir_process import PATIENCE, WeirProcess, new_folder

# Where tools/setup puts them, next to this file's real location.
PROXIES = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../proxies")
PAGE = "docs/hosts.md"

Answer = collections.namedtuple("Answer", "status headers body")
Seen = collections.namedtuple("Seen", "method target headers body")


def configuration(name, ports):
    """A block of the page, with the addresses that are used here."""
    with open(PAGE, encoding="utf-8") as file:
        block = re.search(
            rf"^<!-- test: {re.escape(name)} -->\n```\w+\n(.*?)^```$",
            file.read(),
            re.MULTILINE | re.DOTALL,
        )[1]
    for written, used in ports.items():
        block = re.sub(rf"\b{written}\b", str(used), block)
    return block


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Application(http.server.ThreadingHTTPServer):
    """What is behind the proxy; `seen` is what got there."""

    daemon_threads = True

    def __init__(self):
        self.seen = []
        super().__init__(("127.0.0.1", 0), ApplicationHandler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Proxies close connections when they like."""


class ApplicationHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(Seen(self.command, self.path, self.headers, body))
        self.send_response(201)
        self.send_header("Content-Length", "4")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"done")

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = answer

    def log_message(self, *args):
        pass


class Relay:
    """A port that leads to another one, and counts the connections."""

    def __init__(self, port):
        self.connections = 0
        self._target = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            with sink:
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)


class Service:
    """One `weir serve` for all, with a plan for shop:prod."""

    def __init__(self):
        self.log = os.path.join(new_folder(), "access.log")
        self.weir = WeirProcess(f"--access-log={self.log}")
        self.client = self.weir.client()
        self.plan = self.client.create_usage_plan(
            name="p",
            apiStages=[
                {
                    "apiId": "shop",
                    "stage": "prod",
                    "throttle": {
                        "/pets/{id}/GET": {"burstLimit": 2, "rateLimit": 0.001},
                        "/pets/POST": {"burstLimit": 1, "rateLimit": 0.001},
                    },
                }
            ],
            throttle={"burstLimit": 1000, "rateLimit": 0.001},
            quota={"limit": 30, "period": "DAY"},
        )["id"]

    def new_key(self):
        key = self.client.create_api_key(name="k", enabled=True)
        self.client.create_usage_plan_key(usagePlanId=self.plan, keyId=key["id"], keyType="API_KEY")
        return key

    def lines(self, key_id, last):
        """What the access log has of a key, once its last line is of this path."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with open(self.log, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
            lines = [line for line in lines if line["key_id"] == key_id]
            if (lines and lines[-1]["path"] == last) or time.monotonic() > deadline:
                return lines
            time.sleep(0.02)


def setUpModule():
    global service
    service = Service()


def tearDownModule():
    service.client.close()
    assert service.weir.stop() == 0, service.weir.output()


class HostTest:
    """What every proxy has to do; a class for each says how it starts."""

    def setUp(self):
        key = service.new_key()
        self.key_id, self.key = key["id"], key["value"]
        self.application = Application()
        self.addCleanup(self.application.close)
        self.relay = Relay(service.weir.port)
        self.addCleanup(self.relay.close)
        self.port = free_port()
        self.folder = new_folder()
        self.start()

    def page(self, name):
        return configuration(
            name, {8000: self.port, 8080: self.relay.port, 9000: self.application.port}
        )

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_proxy(self, program, *arguments):
        output = os.path.join(self.folder, "output")
        with open(output, "wb") as file:
            self.proxy = subprocess.Popen(
                [os.path.join(PROXIES, program), *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env={"HOME": self.folder, "PATH": os.environ["PATH"]},
            )
        self.addCleanup(self.stop_proxy)
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            if self.proxy.poll() is not None or time.monotonic() > deadline:
                with open(output, encoding="utf-8", errors="replace") as file:
                    self.fail(file.read())
            time.sleep(0.02)

    def stop_proxy(self):
        self.proxy.send_signal(signal.SIGTERM)
        self.proxy.wait(PATIENCE)

    def ask(self, target, key="own", method="GET", body=None, connection=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            headers["x-api-key"] = self.key if key == "own" else key
        own = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(own):
            used = connection or own
            used.request(method, target, body, headers)
            response = used.getresponse()
            return Answer(response.status, response.headers, response.read())

    def test_admitted_requests_pass(self):
        answer = self.ask("/pets/7?x=%2f", method="POST", body=b"body", x_own="1")
        self.assertEqual((answer.status, answer.body), (201, b"done"))
        if self.tells_what_is_left:
            self.assertIn('"quota";r=29;', answer.headers["RateLimit"])
            self.assertIn('"quota";q=30;', answer.headers["RateLimit-Policy"])
        seen = self.application.seen
        self.assertEqual(len(seen), 1)
        self.assertEqual(seen[0][:2] + seen[0][3:], ("POST", "/pets/7?x=%2f", b"body"))
        self.assertEqual(seen[0].headers["x-own"], "1")
        self.assertIsNone(seen[0].headers["x-api-key"])
        self.assertEqual(self.ask("/last", method="HEAD").status, 201)
        lines = service.lines(self.key_id, "/last")
        self.assertEqual(
            [(line["method"], line["path"], line["api_id"], line["cost"]) for line in lines],
            [("POST", "/pets/7", "shop", 1), ("HEAD", "/last", "shop", 1)],
        )

    def test_refusals_reach_the_client(self):
        for _ in range(2):
            self.assertEqual(self.ask("/pets/7").status, 201)
        refused = self.ask("/pets/8")
        self.assertEqual((refused.status, refused.body), (429, b'{"message":"Too Many Requests"}'))
        self.assertRegex(refused.headers["Retry-After"], r"^(999|1000)$")
        self.assertIn('"burst";r=0;', refused.headers["RateLimit"])
        self.assertEqual(refused.headers["Content-Type"], "application/json")
        self.assertEqual(refused.headers["x-amzn-ErrorType"], "TooManyRequestsException")
        for key in (None, "another", ""):
            refused = self.ask("/x", key)
            self.assertEqual((refused.status, refused.body), (403, b'{"message":"Forbidden"}'))
            self.assertEqual(refused.headers["x-amzn-ErrorType"], "ForbiddenException")
        # A method's limit is for the client's method, not for that of the question.
        self.assertEqual(self.ask("/pets", method="POST", body=b"x").status, 201)
        self.assertEqual(self.ask("/pets", method="POST", body=b"x").status, 429)
        self.assertEqual(self.ask("/pets").status, 201)
        while (refused := self.ask("/x")).status == 201:
            pass
        self.assertEqual((refused.status, refused.body), (429, b'{"message":"Limit Exceeded"}'))
        self.assertEqual(len(self.application.seen), 30)

    def test_clients_cannot_speak_for_the_proxy(self):
        for _ in range(2):
            self.assertEqual(self.ask("/pets/7").status, 201)
        for headers in (
            {"x_original_method": "PUT", "x_original_uri": "/x"},
            {"x_forwarded_method": "PUT", "x_forwarded_uri": "/x"},
            {"x_original_method": "PUT"},
            {"x_original_uri": "/x"},
            {"x_forwarded_method": "PUT"},
            {"x_forwarded_uri": "/x"},
            {"x_original_method": "PUT", "x_forwarded_uri": "/x"},
        ):
            with self.subTest(headers=headers):
                self.assertEqual(self.ask("/pets/7", **headers).status, 429)
                self.assertEqual(self.ask("/pets/7?deny=403", **headers).status, 429)
        for target in ("/x/../pets/7", "//pets/7", "/%2e/pets/7", "/pets;x/7", "/pets/7/."):
            self.assertIn(self.ask(target).status, (400, 403, 429), target)
        self.assertEqual(self.ask("/%70ets/7").status, 429)
        self.assertEqual(len(self.application.seen), 2)
        # Nor is the cost theirs to say.
        self.assertEqual(self.ask("/cost", x_weir_cost="20").status, 201)
        lines = service.lines(self.key_id, "/cost")
        costs = [line["cost"] for line in lines if line["outcome"] == "admitted"]
        self.assertEqual(costs, [1, 1, 1])

    def test_connections_are_kept(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            for _ in range(5):
                self.ask("/pets/7", connection=connection)
                self.ask("/x", key="another", connection=connection)
        self.assertEqual(self.relay.connections, 1)

    def test_without_weir_nothing_passes(self):
        self.relay.close()
        self.assertIn(self.ask("/x").status, (500, 502, 503))
        self.assertEqual(self.application.seen, [])


class Nginx(HostTest, unittest.TestCase):
    tells_what_is_left = True

    def start(self):
        temporary = "".join(
            f"{name}_temp_path {self.folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = self.write(
            "nginx.conf",
            f"daemon off; master_process off; pid {self.folder}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{self.page('nginx')}}}\n",
        )
        self.run_proxy("nginx", "-p", self.folder, "-c", config, "-e", "stderr")


class Haproxy(HostTest, unittest.TestCase):
    tells_what_is_left = True

    def start(self):
        self.write("weir.lua", self.page("weir.lua"))
        config = self.write("haproxy.cfg", self.page("haproxy"))
        self.run_proxy("haproxy", "-db", "-f", config)


class Caddy(HostTest, unittest.TestCase):
    tells_what_is_left = False

    def start(self):
        config = self.write(
            "Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n" + self.page("caddy")
        )
        self.run_proxy("caddy", "run", "--config", config, "--adapter", "caddyfile")


if __name__ == "__main__":
    unittest.main()
