#!/usr/bin/python3 -B
"""`weir serve` in front of a server that others wrote: Python's own."""

import functools
import http.client
import http.server
import os
import re
import threading
import unittest

from weir_process import PATIENCE, ServerTest, WeirProcess, new_folder

FILE = b"what the upstream has\n" * 1000


class FileHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class Upstream(ServerTest):
    @classmethod
    def setUpClass(cls):
        folder = new_folder()
        with open(os.path.join(folder, "file.txt"), "wb") as file:
            file.write(FILE)
        cls.upstream = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(FileHandler, directory=folder)
        )
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.server = WeirProcess(f"--upstream=http://127.0.0.1:{cls.upstream.server_port}")
        client = cls.server.client()
        key = client.create_api_key(name="k", enabled=True)
        plan = client.create_usage_plan(name="p", apiStages=[{"apiId": "a", "stage": "s"}])["id"]
        client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
        client.close()
        cls.key = {"x-api-key": key["value"]}

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.upstream.shutdown()
        cls.upstream.server_close()

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, method, path="/a/s/file.txt", headers=None):
        connection.request(method, path, headers=self.key | (headers or {}))
        response = connection.getresponse()
        return response, response.read()

    def test_head_has_the_length_of_get(self):
        connection = self.connect()
        response, body = self.ask(connection, "GET")
        self.assertEqual((response.status, body), (200, FILE))
        connection.auto_open = 0  # All of it is one connection.
        for _ in range(2):
            response, body = self.ask(connection, "HEAD")
            self.assertEqual((response.status, body), (200, b""))
            self.assertEqual(response.headers["Content-Length"], str(len(FILE)))
        self.assertEqual(self.ask(connection, "GET")[1], FILE)

    def test_what_is_not_modified_has_no_length_of_its_own(self):
        connection = self.connect()
        modified = self.ask(connection, "GET")[0].headers["Last-Modified"]
        for _ in range(2):
            response, body = self.ask(connection, "GET", headers={"If-Modified-Since": modified})
            self.assertEqual((response.status, body), (304, b""))
            # Python's server says none.
            self.assertIsNone(response.headers["Content-Length"])
            self.assertIsNone(response.headers["Transfer-Encoding"])
        self.assertEqual(self.ask(connection, "GET")[1], FILE)

    def test_its_answers_are_counted(self):
        def counted():
            text = self.server.request("GET", "/metrics", credentials=None)[2].decode()
            samples = re.findall(r"^weir_gateway_upstream_(\w+)_total{(.*)} (\d+)$", text, re.M)
            return {(what, label): int(count) for what, label, count in samples}

        before = counted()
        connection = self.connect()
        for path, status in (("file.txt", 200), ("none.txt", 404), ("none.txt", 404)):
            self.assertEqual(self.ask(connection, "GET", "/a/s/" + path)[0].status, status)
        self.assertEqual(self.ask(connection, "POST")[0].status, 501)
        grown = {key: count - before[key] for key, count in counted().items()}
        self.assertEqual(
            {key: count for key, count in grown.items() if count},
            {
                ("answers", 'status="2xx"'): 1,
                ("answers", 'status="4xx"'): 2,
                ("answers", 'status="5xx"'): 1,
            },
        )


if __name__ == "__main__":
    unittest.main()
