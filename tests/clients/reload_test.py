#!/usr/bin/python3 -B
"""SIGHUP: a `weir serve` that goes on with other credentials, or another certificate."""

import os
import signal
import ssl
import threading
import time
import unittest

import botocore.exceptions

from weir_process import (
    ADMIN,
    PATIENCE,
    SECRETS,
    Credentials,
    WeirProcess,
    new_folder,
    write_certificate,
    write_credentials,
)

NEXT = Credentials("AKIANEXTNEXTNEXT0001", "next+secret/0123456789abcdefghijklmnopqr")


def profile(who, name="admin"):
    return (
        f"[{name}]\n"
        f"aws_access_key_id = {who.access_key}\n"
        f"aws_secret_access_key = {who.secret_key}\n"
    )


class Reload(unittest.TestCase):
    def start(self, *flags, credentials=True):
        server = WeirProcess(*flags, credentials=credentials)
        self.addCleanup(server.kill)
        self.file = os.path.join(server.folder, "credentials")
        return server

    def write(self, text, mode=0o600):
        """As a careful operator does: whole, or not at all."""
        with open(self.file + ".new", "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        os.rename(file.name, self.file)

    def reload(self, server, files=1):
        """What it says to it, a line for each file."""
        said = len(server.output()[1])
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while server.output()[1][said:].count("\n") < files:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        return server.output()[1][said:]

    def end(self, server):
        self.assertEqual(server.stop(), 0)
        text = "".join(server.output())
        for secret in (*SECRETS, NEXT.secret_key):
            self.assertNotIn(secret, text)

    def assert_refused(self, client):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            client.get_usage_plans()
        self.assertEqual(caught.exception.response["Error"]["Code"], "UnauthorizedException")

    def test_a_credential_is_rotated(self):
        server = self.start()
        old, new = server.client(), server.client(NEXT)
        plan = old.create_usage_plan(name="p")["id"]
        self.assert_refused(new)
        # Both, while clients change over; then one.
        self.write(profile(ADMIN) + profile(NEXT, "next"))
        self.assertIn("the credentials are reloaded", self.reload(server))
        for client in (old, new):
            self.assertEqual(client.get_usage_plan(usagePlanId=plan)["name"], "p")
        self.write(profile(NEXT))
        self.assertIn("the credentials are reloaded", self.reload(server))
        self.assert_refused(old)
        self.assertEqual(new.get_usage_plan(usagePlanId=plan)["name"], "p")
        # What a key may do is the file's, too.
        self.write(profile(NEXT) + "weir_access = read-only\n")
        self.reload(server)
        new.get_usage_plans()
        with self.assertRaises(botocore.exceptions.ClientError):
            new.delete_usage_plan(usagePlanId=plan)
        self.end(server)

    def test_a_bad_file_changes_nothing(self):
        server = self.start()
        client = server.client()
        for text, mode, complaint in (
            ("", 0o600, "holds no credential"),
            ("# none any more\n", 0o600, "holds no credential"),
            (profile(NEXT) + "weir_access = some\n", 0o600, ":1: weir_access must be"),
            (profile(NEXT) + NEXT.secret_key, 0o600, ":4: "),
            (profile(NEXT), 0o644, "chmod 600"),
            (None, None, "No such file"),
        ):
            with self.subTest(complaint=complaint):
                if text is None:
                    os.remove(self.file)
                else:
                    self.write(text, mode)
                said = self.reload(server)
                self.assertTrue(said.startswith("weir: SIGHUP: the credentials are not reloaded: "), said)
                self.assertIn(self.file, said)
                self.assertIn(complaint, said)
                client.get_usage_plans()
                self.assert_refused(server.client(NEXT))
        # It is not sulking.
        self.write(profile(NEXT))
        self.reload(server)
        server.client(NEXT).get_usage_plans()
        self.end(server)

    def test_clients_notice_nothing(self):
        server = self.start()
        done = threading.Event()
        failures, calls = [], []

        def call():
            client = server.client()
            while not done.is_set():
                try:
                    client.get_usage_plans()
                    calls.append(1)
                except botocore.exceptions.ClientError as error:
                    failures.append(error)

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(calls) < 10:
            time.sleep(0.01)
        for _ in range(50):
            write_credentials(self.file + ".new")
            os.rename(self.file + ".new", self.file)
            self.reload(server)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.end(server)

    def test_without_a_file_there_is_nothing_to_reload(self):
        server = self.start(credentials=False)
        self.write(profile(NEXT))
        self.assertIn("no file to reload", self.reload(server))
        # As open as before.
        self.assertEqual(server.request("GET", "/usageplans", credentials=None)[0], 200)
        self.end(server)

    def test_of_the_environment_there_is_nothing_to_reload(self):
        os.environ.update(
            WEIR_ACCESS_KEY_ID=ADMIN.access_key, WEIR_SECRET_ACCESS_KEY=ADMIN.secret_key
        )
        try:
            server = self.start(credentials=False)
        finally:
            del os.environ["WEIR_ACCESS_KEY_ID"], os.environ["WEIR_SECRET_ACCESS_KEY"]
        self.assertIn("no file to reload", self.reload(server))
        server.client().get_usage_plans()
        self.assertEqual(server.request("GET", "/usageplans", credentials=None)[0], 401)
        self.end(server)

    def test_the_certificate_is_renewed(self):
        folder = new_folder()
        certificate, key = (os.path.join(folder, name) for name in ("certificate", "key"))
        renewed = write_certificate(*(path + ".new" for path in (certificate, key)))
        first = write_certificate(certificate, key)
        server = self.start(
            f"--tls-certificate={certificate}",
            f"--tls-key={key}",
            "--gateway-listen=127.0.0.1:0",
        )
        ports = server.port, server.gateway_port()

        def shown():
            return [ssl.get_server_certificate(("127.0.0.1", port)) for port in ports]

        self.assertEqual(shown(), [first, first])
        kept = server.client(verify=certificate)
        self.addCleanup(kept.close)
        kept.get_usage_plans()
        # In two steps, and seen between them.
        os.rename(certificate + ".new", certificate)
        said = self.reload(server, files=2)
        self.assertIn("weir: SIGHUP: the credentials are reloaded\n", said)
        self.assertIn("weir: SIGHUP: the TLS certificate is not reloaded: ", said)
        self.assertIn("do not match", said)
        self.assertEqual(shown(), [first, first])
        os.rename(key + ".new", key)
        self.assertIn("the TLS certificate is reloaded\n", self.reload(server, files=2))
        self.assertEqual(shown(), [renewed, renewed])
        self.assertNotEqual(renewed, first)
        # Who is connected stays so; who comes sees the new one.
        kept.get_usage_plans()
        client = server.client(verify=certificate)
        self.addCleanup(client.close)
        client.get_usage_plans()
        # One of the two is enough to be told of the other.
        os.remove(self.file)
        os.remove(key)
        said = self.reload(server, files=2)
        self.assertIn(f"the credentials are not reloaded: {self.file}: ", said)
        self.assertIn(f"the TLS certificate is not reloaded: {key}: No such file", said)
        self.assertEqual(shown(), [renewed, renewed])
        client.get_usage_plans()
        client.close()
        kept.close()
        self.end(server)


if __name__ == "__main__":
    unittest.main()
