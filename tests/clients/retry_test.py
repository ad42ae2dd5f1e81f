#!/usr/bin/python3 -B
"""What clients do with a 429 that asks them to wait, and with what is left."""

import concurrent.futures
import json
import os
import subprocess
import time
import unittest

import urllib3

from weir_process import PATIENCE, WeirProcess

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../node/retry_test.mjs")
KEY = "a-key-of-twenty-and-more-characters"
# A client that is told to wait a second comes back after one.
SOONEST, LATEST = 0.9, PATIENCE


class Gateway(WeirProcess):
    """With a key whose quota for the month, a request, is used up."""

    def __init__(self, *flags):
        super().__init__(*flags)
        plan = self.create(
            "/usageplans",
            {
                "name": "small",
                "apiStages": [{"apiId": "shop", "stage": "prod"}],
                "quota": {"limit": 1, "period": "MONTH"},
            },
        )
        key = self.create("/apikeys", {"name": "k", "value": KEY, "enabled": True})
        self.create(f"/usageplans/{plan}/keys", {"keyId": key, "keyType": "API_KEY"})
        self.usage = f"/usageplans/{plan}/keys/{key}/usage"
        self.api = f"{self.url}/shop/prod/pets"
        assert self.ask()[0] == 200

    def create(self, target, document):
        status, _, body = self.request("POST", target, document)
        assert status == 201, body
        return json.loads(body)["id"]

    def ask(self):
        headers = {"x-api-key": KEY}
        return self.request("GET", "/shop/prod/pets", headers=headers, credentials=None)

    def refused(self):
        """How many requests have been."""
        body = self.request("GET", "/metrics", credentials=None)[2].decode()
        for line in body.splitlines():
            if line.startswith('weir_requests_total{outcome="quota_exceeded"} '):
                return int(line.split()[1])
        raise AssertionError(body)

    def set_remaining(self, requests):
        operation = {"op": "replace", "path": "/remaining", "value": str(requests)}
        status, _, body = self.request("PATCH", self.usage, {"patchOperations": [operation]})
        assert status == 200, body


def node(*arguments):
    result = subprocess.run(
        ["node", SCRIPT, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def by_urllib3(url):
    """The seconds it took to pass; here, as in the others."""
    start = time.monotonic()
    with urllib3.PoolManager() as pool:
        # Nothing is configured: it waits for as long as Retry-After says.
        response = pool.request("GET", url, headers={"x-api-key": KEY})
    assert response.status == 200
    return time.monotonic() - start


def by_curl(url):
    start = time.monotonic()
    result = subprocess.run(
        ["curl", "-sS", "--retry", "3", "--fail", "-H", f"x-api-key: {KEY}", url],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return time.monotonic() - start


def by_axios_retry(url):
    return float(node("retry", url, KEY))


class Retries(unittest.TestCase):
    def test_clients_wait_as_told_and_pass_once_they_may(self):
        server = Gateway("--max-retry-after=1")
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for client in (by_urllib3, by_curl, by_axios_retry):
                with self.subTest(client.__name__):
                    server.set_remaining(0)
                    refused = server.refused()
                    seconds = pool.submit(client, server.api)
                    deadline = time.monotonic() + PATIENCE
                    while server.refused() == refused and time.monotonic() < deadline:
                        time.sleep(0.02)
                    server.set_remaining(10)
                    self.assertGreater(seconds.result(), SOONEST)
                    self.assertLess(seconds.result(), LATEST)
        self.assertEqual(server.stop(), 0)

    def test_nobody_is_asked_to_wait_for_a_month(self):
        server = Gateway()
        status, headers, _ = server.ask()
        self.assertEqual(status, 429)
        self.assertLessEqual(int(headers["Retry-After"]), 86400)
        self.assertEqual(headers["RateLimit"], f'"quota";r=0;t={headers["Retry-After"]}')
        self.assertEqual(server.stop(), 0)

    def test_a_parser_reads_the_formats_that_it_knows(self):
        for form in ("x-delta", "x-epoch", "ietf-11"):
            with self.subTest(form):
                server = Gateway(f"--rate-limit-headers={form}", "--max-retry-after=60")
                node("parse", form, server.api, KEY)
                self.assertEqual(server.stop(), 0)

    def test_headers_may_be_off(self):
        server = Gateway("--rate-limit-headers=off")
        status, headers, _ = server.ask()
        self.assertEqual(status, 429)
        for name in headers:
            self.assertNotIn("ratelimit", name.lower())
        self.assertNotIn("Retry-After", headers)
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
