#!/usr/bin/python3 -B
"""`weir top` and /-/refused-keys: who is refused, and why."""

import json
import os
import re
import signal
import subprocess
import unittest

from weir_process import (
    ADMIN,
    BINARY,
    PATIENCE,
    READER,
    Credentials,
    ServerTest,
    WeirProcess,
    new_folder,
    write_certificate,
)

SESSION = Credentials("ASIASESSION000000001", "session/secret+0123456789", "token/with+signs==")


def top(*arguments, credentials=None, env=None):
    """The finished process."""
    variables = os.environ | {"LC_ALL": "C.UTF-8"} | (env or {})
    if credentials is not None:
        variables |= {
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        }
        if credentials.token is not None:
            variables["AWS_SESSION_TOKEN"] = credentials.token
    return subprocess.run(
        [BINARY, "top", *arguments],
        env=variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def write_session(server):
    """A credentials file that has one with a token; with default, too."""
    path = os.path.join(server.folder, "credentials")
    with open(path, "a", encoding="ascii") as file:
        for name, who in (("session", SESSION), ("default", ADMIN._replace(access_key="DEFAULT"))):
            file.write(
                f"[{name}]\naws_access_key_id = {who.access_key}\n"
                f"aws_secret_access_key = {who.secret_key}\n"
            )
            if who.token:
                file.write(f"aws_session_token = {who.token}\n")
    return path


class Top(ServerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.file = write_session(cls.server)
        cls.server.process.send_signal(signal.SIGHUP)
        client = cls.server.client()
        cls.plan = client.create_usage_plan(
            name="gold\x1b[2J",
            apiStages=[{"apiId": "shop", "stage": "prod"}],
            throttle={"burstLimit": 1, "rateLimit": 0.001},
        )["id"]
        cls.keys = []
        for name in ("mobile", "batch"):
            key = client.create_api_key(name=name, enabled=True)
            client.create_usage_plan_key(usagePlanId=cls.plan, keyId=key["id"], keyType="API_KEY")
            cls.keys.append(key)
        client.close()
        for target, key, times in (
            ("/shop/prod/x", cls.keys[0]["value"], 4),
            ("/shop/prod/x", cls.keys[1]["value"], 2),
            ("/shop/dev/x", cls.keys[1]["value"], 1),
            ("/shop/prod/x", "unknown", 5),
        ):
            for _ in range(times):
                cls.server.request("GET", target, headers={"x-api-key": key}, credentials=None)

    def endpoint(self):
        return f"--endpoint={self.server.url}"

    def test_a_table(self):
        result = top(self.endpoint(), credentials=READER)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        self.assertRegex(
            lines[0],
            r"^Refused in the last \d+ (m \d+ )?s: 4 throttled, 0 over quota, 1 forbidden; "
            r"\d+ without a known key$",
        )
        self.assertRegex(
            lines[3],
            rf"^      3          3      0          0 +\d+ s  mobile \({self.keys[0]['id']}\)  "
            rf"gold\\x1B\[2J \({self.plan}\)  throttle, shop:prod$",
        )
        self.assertRegex(lines[4], r"^      2          1      0          1 .*  stage not in plan")
        self.assertEqual(len(lines), 5)
        for key in self.keys:
            self.assertNotIn(key["value"], result.stdout)

    def test_json(self):
        result = top(self.endpoint(), "--output=json", "--top=1", credentials=ADMIN)
        self.assertEqual((result.returncode, result.stderr, result.stdout.count("\n")), (0, "", 1))
        answer = json.loads(result.stdout)
        (key,) = answer["keys"]
        self.assertEqual(
            {name: key[name] for name in key if name != "last_time"},
            {
                "key_id": self.keys[0]["id"], "key_name": "mobile",
                "usage_plan_id": self.plan, "usage_plan_name": "gold\x1b[2J",
                "refused": 3, "throttled": 3, "quota_exceeded": 0, "forbidden": 0,
                "uncertain": 0, "limit": "throttle", "api_id": "shop", "stage": "prod",
            },
        )  # fmt: skip
        # Beside these, what other tests ask for.
        self.assertGreaterEqual(answer["unknown_key"], 5)

    def test_whoever_may_read(self):
        for credentials in (ADMIN, READER, SESSION):
            result = top(self.endpoint(), credentials=credentials)
            self.assertEqual((result.returncode, result.stderr), (0, ""), credentials)
        for credentials in (
            None,
            ADMIN._replace(secret_key="wrong"),
            SESSION._replace(token=None),
            SESSION._replace(token="other"),
        ):
            result = top(self.endpoint(), credentials=credentials)
            self.assertEqual((result.returncode, result.stdout), (1, ""), credentials)
            self.assertRegex(result.stderr, rf"^weir: {re.escape(self.server.url)}: \S")

    def test_credentials_of_a_file(self):
        for flags in ((), ("--profile=admin",), ("--profile=session",), ("--profile=reader",)):
            result = top(self.endpoint(), f"--credentials={self.file}", *flags)
            self.assertEqual((result.returncode, result.stderr), (0, ""), flags)
        for flags, said in (
            ((f"--credentials={self.file}", "--profile=nobody"), "has no credential of profile"),
            (("--credentials=/no/such",), "/no/such: "),
            (("--profile=admin",), "weir: top: --profile needs --credentials"),
            (("--credentials=",), "weir: top: --credentials needs a value"),
            (("--top=0",), "weir: top: --top: expected a number from 1 to 100"),
            (("--top=1e1",), "weir: top: --top: expected a number from 1 to 100"),
            (("--region=us east",), "weir: --region: expected a name"),
            (("--tls-ca=",), "weir: top: --tls-ca needs a value"),
        ):
            result = top(self.endpoint(), *flags)
            self.assertEqual((result.returncode, result.stdout), (2, ""), flags)
            self.assertIn(said, result.stderr)

    def test_half_a_credential_of_the_environment(self):
        for env in (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            {"AWS_ACCESS_KEY_ID": "X"},
            {"AWS_ACCESS_KEY_ID": "X", "AWS_SECRET_ACCESS_KEY": ""},
        ):
            result = top(self.endpoint(), env=env)
            self.assertEqual((result.returncode, result.stdout), (2, ""), env)
            self.assertTrue(result.stderr.startswith("weir: environment: AWS_"), result.stderr)

    def test_endpoints_that_are_none(self):
        for endpoint, said in (
            ("ftp://127.0.0.1", "weir: --endpoint: expected a URL that begins with http"),
            ("http://", "weir: --endpoint: expected a URL such as"),
            ("http://user:hidden@127.0.0.1", "weir: --endpoint: expected a URL without user"),
            (self.server.url + "/?x=1", "weir: --endpoint: expected a URL without user"),
            ("http://127.0.0.1:1", "weir: http://127.0.0.1:1: "),
        ):
            result = top(f"--endpoint={endpoint}")
            self.assertEqual((result.returncode, result.stdout), (2, ""), endpoint)
            self.assertTrue(result.stderr.startswith(said), result.stderr)
            self.assertNotIn("hidden", result.stderr)
        # A proxy of the environment is not asked. A slash at the end is no other
        # endpoint, a path is.
        result = top(
            f"--endpoint={self.server.url}/", credentials=ADMIN,
            env={"http_proxy": "http://127.0.0.1:1", "no_proxy": "", "NO_PROXY": ""},
        )  # fmt: skip
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        result = top(f"--endpoint={self.server.url}/elsewhere", credentials=ADMIN)
        self.assertEqual((result.returncode, result.stdout), (1, ""))

    def test_watch(self):
        process = subprocess.Popen(
            [BINARY, "top", self.endpoint(), "--watch", "--output=json",
             f"--credentials={self.file}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        times = [json.loads(process.stdout.readline())["until"] for _ in range(3)]
        self.assertEqual(times, sorted(set(times)))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, out, err), (-signal.SIGINT, "", ""))


class TopOverTls(unittest.TestCase):
    def test_a_certificate_that_is_trusted(self):
        folder = new_folder()
        certificate, key = (os.path.join(folder, name) for name in ("certificate", "key"))
        write_certificate(certificate, key)
        server = WeirProcess(
            f"--tls-certificate={certificate}", f"--tls-key={key}", "--gateway-listen=127.0.0.1:0"
        )
        self.addCleanup(server.kill)
        result = top(f"--endpoint={server.url}", f"--tls-ca={certificate}", credentials=ADMIN)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        result = top(f"--endpoint={server.url}", credentials=ADMIN)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("certificate", result.stderr)
        self.assertEqual(server.stop(), 0)


class TopWithoutCredentials(unittest.TestCase):
    def test_nothing_is_signed(self):
        server = WeirProcess(credentials=False)
        self.addCleanup(server.kill)
        result = top(f"--endpoint={server.url}")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"^Refused in the last \d s: 0 throttled, .*\n$")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
