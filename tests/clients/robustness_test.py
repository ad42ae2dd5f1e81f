#!/usr/bin/python3 -B
"""`weir serve` against what no good client does, on raw sockets."""

import contextlib
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
import unittest

from weir_process import (
    ADMIN,
    BINARY,
    PATIENCE,
    SECRETS,
    ServerTest,
    WeirProcess,
    new_folder,
    write_credentials,
)


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)


def read_all(connection):
    """All that comes until the other side closes, or resets."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            data += chunk
    return data


def exchange(server, data):
    """The answer to these bytes, which are all that is sent."""
    with connect(server) as connection:
        with contextlib.suppress(OSError):  # which it may close at any time
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


def status_of(answer):
    """0: none at all."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def is_well(server):
    with connect(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return status_of(read_all(connection)) == 200


class Bodies(ServerTest):
    def tearDown(self):
        self.assertTrue(is_well(self.server))

    def assert_bad(self, method, target, body, **arguments):
        status, headers, answer = self.server.request(method, target, body, **arguments)
        self.assertEqual(status, 400, answer)
        self.assertEqual(headers["x-amzn-ErrorType"], "BadRequestException")
        self.assertEqual(headers["Content-Type"], "application/json")
        self.assertTrue(json.loads(answer)["message"])

    def test_no_documents(self):
        plan = self.client.create_usage_plan(name="p")["id"]
        targets = [
            ("POST", "/usageplans"),
            ("PATCH", f"/usageplans/{plan}"),
            ("POST", f"/usageplans/{plan}/keys"),
            ("POST", "/apikeys"),
            ("PUT", "/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fusageplans%2F" + plan),
        ]
        bodies = {
            "no JSON": b"name=p",
            "unfinished": b'{"name":"p"',
            "more behind it": b'{"name":"p"}{}',
            "a list": b"[]",
            "a text": b'"p"',
            "bad UTF-8": b'{"name":"\xff\xfe"}',
            "half a surrogate": b'{"name":"\\ud800"}',
            "a zero": b'{"name":"p"}\x00',
            "nested deeply": b'{"name":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "a member twice": b'{"name":"p","name":"q"}',
            "an unknown member": b'{"name":"p","surprise":1}',
        }
        for method, target in targets:
            for what, body in bodies.items():
                if method == "PATCH" and what == "a list":
                    continue  # which is how RFC 6902 has a patch
                with self.subTest(method=method, target=target, body=what):
                    self.assert_bad(method, target, body)

    def test_wrong_types(self):
        plan = self.client.create_usage_plan(name="p")["id"]
        for body in (
            "",
            "{}",
            '{"name":null}',
            '{"name":5}',
            '{"name":["p"]}',
            '{"name":""}',
            '{"name":"p","throttle":5}',
            '{"name":"p","throttle":{"rateLimit":"fast"}}',
            '{"name":"p","throttle":{"rateLimit":1e400}}',
            '{"name":"p","throttle":{"rateLimit":NaN}}',
            '{"name":"p","throttle":{"rateLimit":-1}}',
            '{"name":"p","throttle":{"burstLimit":1.5}}',
            '{"name":"p","throttle":{"burstLimit":99999999999999999999}}',
            '{"name":"p","quota":{"limit":9223372036854775808,"period":"DAY"}}',
            '{"name":"p","quota":{"limit":1e300,"period":"DAY"}}',
            '{"name":"p","quota":{"limit":5,"period":1}}',
            '{"name":"p","apiStages":{}}',
            '{"name":"p","apiStages":["a:s"]}',
            '{"name":"p","apiStages":[{"apiId":"a","stage":"s","throttle":[]}]}',
            '{"name":"p","tags":[]}',
            '{"name":"p","tags":{"a":5}}',
        ):
            with self.subTest(body=body):
                self.assert_bad("POST", "/usageplans", body)
        for body in (
            '{"patchOperations":{}}',
            '{"patchOperations":[5]}',
            '{"patchOperations":[{}]}',
            '{"patchOperations":[{"op":"replace"}]}',
            '{"patchOperations":[{"op":5,"path":"/name","value":"x"}]}',
            '{"patchOperations":[{"op":"replace","path":"name","value":"x"}]}',
            '{"patchOperations":[{"op":"replace","path":"/quota/limit","value":"1e999999"}]}',
            '{"patchOperations":[{"op":"replace","path":"/' + "x" * 100_000 + '","value":"x"}]}',
        ):
            with self.subTest(body=body[:80]):
                self.assert_bad("PATCH", f"/usageplans/{plan}", body)
        unchanged = self.server.request("GET", f"/usageplans/{plan}")[2]
        self.assertEqual(
            json.loads(unchanged), {"id": plan, "name": "p", "apiStages": [], "tags": {}}
        )

    def test_wrong_parameters(self):
        for target in (
            "/usageplans?limit=many",
            "/usageplans?limit=99999999999999999999",
            "/usageplans?position=%00",
            "/usageplans?position=%zz",
            "/apikeys?includeValues=maybe&limit=x",
            "/tags/%ff",
        ):
            with self.subTest(target=target):
                # The signature of a target that cannot be read may fail first.
                status = self.server.request("GET", target)[0]
                self.assertIn(status, (400, 401))

    def test_other_methods_and_places(self):
        plan = self.client.create_usage_plan(name="p")["id"]
        for method, target in (
            ("PUT", "/usageplans"),
            ("DELETE", "/apikeys"),
            ("POST", f"/usageplans/{plan}"),
            ("BREW", "/usageplans"),
            ("GET", f"/usageplans/{plan}/nothing"),
            ("GET", "/tags"),
        ):
            with self.subTest(method=method, target=target):
                status = self.server.request(method, target)[0]
                self.assertIn(status, (403, 404, 405, 501))

    def test_another_content_type(self):
        # API Gateway does not ask for one either.
        status = self.server.request(
            "POST", "/usageplans", '{"name":"p"}', {"Content-Type": "text/plain"}
        )[0]
        self.assertIn(status, (201, 400, 415))


class Bytes(ServerTest):
    def tearDown(self):
        self.assertTrue(is_well(self.server))

    def test_no_http(self):
        for data in (
            b"",
            b"\x00" * 1000,
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,  # TLS
            b"HELLO\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1",
            b"GET  HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /\x80\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\n: empty\r\n\r\n",
            b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 99999999999999999999999\r\n\r\n",
            b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nshort",
        ):
            with self.subTest(data=data[:60]):
                status = status_of(exchange(self.server, data))
                self.assertTrue(status == 0 or 400 <= status < 600, status)
                self.assertNotEqual(status, 500)

    def test_too_large(self):
        for what, data, limits in (
            (
                "target",
                b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                (0, 400, 414, 431),
            ),
            (
                "header",
                b"GET / HTTP/1.1\r\nHost: localhost\r\nx: " + b"a" * 1_000_000 + b"\r\n\r\n",
                (0, 400, 413, 431),
            ),
            (
                "headers",
                b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"x: y\r\n" * 100_000 + b"\r\n",
                (0, 400, 413, 431),
            ),
            (
                "announced body",
                b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Length: 100000000000\r\n\r\n",
                (401,),  # Without reading the body.
            ),
        ):
            with self.subTest(what=what):
                self.assertIn(status_of(exchange(self.server, data)), limits)

    def test_a_body_too_large(self):
        before = memory_of(self.server)
        for head in (
            b"Content-Length: 300000000\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n11E1A300\r\n",
        ):
            with connect(self.server) as connection:
                connection.sendall(b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n" + head)
                with contextlib.suppress(OSError):
                    for _ in range(300):
                        connection.sendall(b" " * 1_000_000)
                    connection.shutdown(socket.SHUT_WR)
                self.assertIn(status_of(read_all(connection)), (0, 400, 401, 413))
        self.assertLess(memory_of(self.server) - before, 100_000_000)

    def test_two_lengths(self):
        """Two readers of such a request would disagree where the next begins."""
        inner = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for head in (
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n",
        ):
            with self.subTest(head=head):
                answer = exchange(
                    self.server,
                    b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n"
                    b"0\r\n\r\n" + inner,
                )
                self.assertFalse(b"HTTP/1.1 200" in answer, answer)

    def test_a_request_in_single_bytes(self):
        with connect(self.server) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                connection.sendall(bytes([byte]))
            self.assertEqual(status_of(read_all(connection)), 200)

    def test_requests_in_one_piece(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(exchange(self.server, one * 20).count(b"HTTP/1.1 200"), 20)


class Crowds(ServerTest):
    def test_many_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with contextlib.ExitStack() as stack:
            idle = []
            for _ in range(2000):
                with contextlib.suppress(OSError):
                    idle.append(stack.enter_context(connect(self.server)))
            self.assertGreater(len(idle), 100)
        # They have left. Some requests may have been refused until then; none is now.
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError):
                if is_well(self.server):
                    break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_clients_that_leave(self):
        for _ in range(200):
            with connect(self.server) as connection:
                connection.sendall(b"GET /usageplans HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(is_well(self.server))


class SlowClients(ServerTest):
    flags = ("--request-timeout=2", "--idle-timeout=2")

    def test_hold_nobody_up_and_have_their_time(self):
        with contextlib.ExitStack() as stack:
            slow = [stack.enter_context(connect(self.server)) for _ in range(200)]
            for number, connection in enumerate(slow):
                head = b"POST /usageplans HTTP/1.1\r\nHost: localhost\r\n"
                body = b"Content-Length: 1000\r\n\r\n"
                # Slow headers, slow bodies, nothing at all.
                connection.sendall((head + b"X: ", head + body, b"")[number % 3])
            deadline = time.monotonic() + PATIENCE
            ended = set()
            while len(ended) < len(slow):
                self.assertLess(time.monotonic(), deadline)
                self.client.get_usage_plans()
                for number, connection in enumerate(slow):
                    if number in ended:
                        continue
                    if has_ended(connection):
                        ended.add(number)
                    elif number % 3 < 2:
                        with contextlib.suppress(OSError):
                            connection.sendall(b"x")
                time.sleep(0.1)


def has_ended(connection):
    """Whether the other side has closed it, whatever it said before."""
    connection.setblocking(False)
    try:
        return not connection.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(PATIENCE)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
        return True
    except OSError:
        return False


class Ends(unittest.TestCase):
    def test_what_was_begun_is_finished(self):
        server = WeirProcess()
        self.addCleanup(server.kill)
        answered, cut_short = [], []

        def write(number):
            for i in range(10_000):
                name = f"{number}-{i}"
                try:
                    status = server.request("POST", "/usageplans", {"name": name})[0]
                except (http.client.IncompleteRead, http.client.BadStatusLine) as error:
                    # Closed before the request was read is no answer cut short.
                    if not isinstance(error, http.client.RemoteDisconnected):
                        cut_short.append(error)
                    return
                except OSError:
                    return
                if status == 503:
                    return
                assert status == 201, status
                answered.append(name)

        threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        while len(answered) < 20:
            time.sleep(0.01)
        self.assertEqual(server.stop(), 0)
        for thread in threads:
            thread.join()
        self.assertEqual(cut_short, [])
        server.start()
        pages = server.client().get_paginator("get_usage_plans").paginate()
        there = [plan["name"] for plan in pages.build_full_result()["items"]]
        # What was done was answered, and what was not answered was not done.
        self.assertEqual(sorted(there), sorted(answered))
        self.assertEqual(server.stop(), 0)

    def test_idle_connections_keep_nobody_waiting(self):
        server = WeirProcess("--request-timeout=2")
        self.addCleanup(server.kill)
        with connect(server), connect(server) as half:
            half.sendall(b"POST /usageplans HTTP/1.1\r\nHost: loc")
            begin = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begin, 30)

    def test_both_listeners_stop_at_once(self):
        server = WeirProcess("--gateway-listen=127.0.0.1:0")
        self.addCleanup(server.kill)
        head = b"GET /a/s HTTP/1.1\r\nHost: h\r\n"
        ports = (server.port, server.gateway_port())
        with contextlib.ExitStack() as stack:
            halves = []
            for port in ports:
                half = stack.enter_context(
                    socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
                )
                # The first is answered once half of the second is there.
                half.sendall(head + b"\r\n" + head)
                self.assertIn(status_of(half.recv(1000)), (403, 404))
                halves.append(half)
            server.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + PATIENCE
            while any(map(accepts, ports)):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            # Neither was waited for before the other refused.
            self.assertEqual([half for half in halves if has_ended(half)], [])
            for half, status in zip(halves, (404, 403)):
                half.sendall(b"\r\n")
                self.assertEqual(status_of(read_all(half)), status)
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_interrupted_from_the_keyboard(self):
        server = WeirProcess()
        self.addCleanup(server.kill)
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.process.wait(PATIENCE), 0)


class Starts(unittest.TestCase):
    def refused(self, *flags):
        """The complaint of a server that does not start."""
        result = subprocess.run(
            [BINARY, "serve", *flags],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertNotIn("listening", result.stdout)
        self.assertTrue(result.stderr.startswith("weir"), result.stderr)
        for secret in SECRETS:
            self.assertNotIn(secret, result.stdout + result.stderr)
        return result.stderr

    def test_flags(self):
        for flags in (
            ["--surprise"],
            ["--listen=nonsense"],
            ["--listen=127.0.0.1:99999"],
            ["--listen=127.0.0.1:-1"],
            ["--listen="],
            ["--offset=tomorrow"],
            ["--listen=127.0.0.1:0", "operand"],
            ["--listen=127.0.0.1:0", "--upstream=http://127.0.0.1:1"],
        ):
            with self.subTest(flags=flags):
                self.refused(*flags)

    def test_a_store_in_use(self):
        server = WeirProcess()
        self.addCleanup(server.kill)
        complaint = self.refused("--listen=127.0.0.1:0", f"--store={server.store}")
        self.assertIn(str(server.process.pid), complaint)
        self.assertTrue(is_well(server))
        self.assertEqual(server.stop(), 0)

    def test_a_port_in_use(self):
        server = WeirProcess()
        self.addCleanup(server.kill)
        complaint = self.refused(f"--listen=127.0.0.1:{server.port}")
        self.assertIn(str(server.port), complaint)
        self.assertIn("in use", complaint)

    def test_credentials_that_others_may_read(self):
        path = os.path.join(new_folder(), "credentials")
        for mode in (0o644, 0o640, 0o604):
            write_credentials(path, mode)
            complaint = self.refused("--listen=127.0.0.1:0", f"--credentials={path}")
            self.assertIn(path, complaint)

    def test_credentials_that_are_none(self):
        path = os.path.join(new_folder(), "credentials")
        self.refused("--listen=127.0.0.1:0", f"--credentials={path}")
        for text in (
            "",
            ADMIN.secret_key,
            f"[p]\naws_secret_access_key = {ADMIN.secret_key}",
            f"[p]\naws_access_key_id = {ADMIN.access_key}\n"
            f"aws_secret_access_key = {ADMIN.secret_key}\nweir_access = some",
        ):
            with open(path, "w", encoding="ascii") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text + "\n")
            self.refused("--listen=127.0.0.1:0", f"--credentials={path}")

    def test_open_to_the_world(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            complaint = self.refused(f"--listen={address}")
            self.assertIn("credentials", complaint)


class WithoutCredentials(unittest.TestCase):
    """Who is on the machine may call, and no page of another site's."""

    def test_who_may_call(self):
        server = WeirProcess(credentials=False)
        self.addCleanup(server.kill)
        own = f"127.0.0.1:{server.port}"
        for allowed, headers in (
            (True, {}),
            (True, {"Host": f"localhost:{server.port}"}),
            (True, {"Origin": f"http://{own}"}),
            (False, {"Host": "weir.example"}),
            (False, {"Host": f"weir.example:{server.port}"}),
            (False, {"Host": "127.0.0.1.example"}),
            (False, {"Origin": "http://weir.example"}),
            (False, {"Origin": "null"}),
            (False, {"Origin": "http://127.0.0.1:1"}),
            (False, {"Host": f"localhost:{server.port}", "Origin": f"http://{own}"}),
        ):
            with self.subTest(headers=headers):
                for method, body in (("GET", None), ("POST", {"name": "p"})):
                    status = server.request(
                        method, "/usageplans", body, headers, credentials=None
                    )[0]
                    if allowed:
                        self.assertEqual(status, 200 if method == "GET" else 201)
                    else:
                        self.assertIn(status, (401, 403))
        self.assertEqual(server.stop(), 0)


class TwoListeners(ServerTest):
    """The world calls one, and operators the other."""

    flags = ("--gateway-listen=127.0.0.1:0",)

    def test_each_has_its_own(self):
        value = "two-listeners-0123456789"
        key = self.client.create_api_key(name="k", value=value, enabled=True)["id"]
        plan = self.client.create_usage_plan(
            name="p", apiStages=[{"apiId": "a", "stage": "s"}]
        )["id"]
        self.client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        gateway = self.server.gateway_port()
        for port, target, status in (
            (gateway, "/a/s/x", 200),
            (self.server.port, "/a/s/x", 404),
            (gateway, "/usageplans", 403),
            (gateway, f"/usageplans/{plan}", 403),
            (gateway, f"/apikeys/{key}?includeValue=true", 403),
            (gateway, "/metrics", 403),
            (gateway, "/", 403),
            (self.server.port, "/usageplans", 200),
        ):
            with self.subTest(port=port, target=target):
                headers = {"x-api-key": value, "Host": f"127.0.0.1:{self.server.port}"}
                answer = self.server.request("GET", target, headers=headers, port=port)
                self.assertEqual(answer[0], status)


    def test_connections_are_those_of_both(self):
        with contextlib.ExitStack() as stack:
            for port in [self.server.gateway_port()] * 3:
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            deadline = time.monotonic() + PATIENCE
            # With the one that asks; those of other tests are about to close.
            while b"\nweir_http_connections 4\n" not in self.server.request("GET", "/metrics")[2]:
                self.assertLess(time.monotonic(), deadline)


class Secrets(unittest.TestCase):
    def test_are_told_to_nobody(self):
        server = WeirProcess()
        self.addCleanup(server.kill)
        client = server.client()
        value = "very-secret-0123456789abcdef"
        key = client.create_api_key(name="k", value=value, enabled=True)["id"]
        plan = client.create_usage_plan(
            name="p", apiStages=[{"apiId": "a", "stage": "s"}]
        )["id"]
        client.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
        said = []
        for target, headers in (
            ("/a/s/x", {"x-api-key": value}),
            ("/a/s/x", {"x-api-key": value + "x"}),
            ("/nothing/s/x", {"x-api-key": value}),
            ("/metrics", {}),
            ("/healthz", {}),
            ("/", {}),
        ):
            said.append(server.request("GET", target, headers=headers, credentials=None)[2])
        said.append(server.request("POST", "/apikeys", {"name": "l", "value": value})[2])
        csv = f"name,key\nm,{value}\nm,{value}\nm,short{value[:9]}\n"
        for fail in ("true", "false"):
            target = f"/apikeys?mode=import&format=csv&failonwarnings={fail}"
            said.append(server.request("POST", target, csv)[2])
        said.append(server.request("GET", "/apikeys")[2])
        said.append(server.request("GET", "/metrics")[2])
        self.assertEqual(server.stop(), 0)
        said += [text.encode() for text in server.output()]
        for secret in (*SECRETS, value, value[:9] + value[9:14]):
            self.assertNotIn(secret.encode(), b"\n".join(said))


def memory_of(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    unittest.main()
