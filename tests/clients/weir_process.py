"""A `weir serve` process of a test's own, and what calls it."""

import atexit
import collections
import contextlib
import functools
import http.client
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

# No configuration of the machine's, and no question to its metadata service.
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_EC2_METADATA_DISABLED="true",
    NO_PROXY="127.0.0.1",
)

BINARY = os.path.abspath(os.environ.get("WEIR", "cli/weir"))
REGION = "us-east-1"
# With the sanitizers, a process starts and stops more slowly.
PATIENCE = 60

Credentials = collections.namedtuple("Credentials", "access_key secret_key token", defaults=[None])

# Their secrets must turn up nowhere.
ADMIN = Credentials("AKIAADMINADMIN000001", "admin+secret/0123456789abcdefghijklmnopq")
READER = Credentials("AKIAREADERREADER0001", "reader+secret/0123456789abcdefghijklmnop")
SECRETS = [ADMIN.secret_key, READER.secret_key]


def new_folder():
    """A folder that goes away with the test."""
    folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def write_credentials(path, mode=0o600):
    with open(path, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), mode)
        for name, who, access in (("admin", ADMIN, "full"), ("reader", READER, "read-only")):
            file.write(
                f"[{name}]\n"
                f"aws_access_key_id = {who.access_key}\n"
                f"aws_secret_access_key = {who.secret_key}\n"
                f"weir_access = {access}\n"
            )
    return path


def write_certificate(path, key_path):
    """127.0.0.1's own; its text."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=weir", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", key_path, "-out", path],
        check=True,
        capture_output=True,
    )
    with open(path, encoding="ascii") as file:
        return file.read()


class WeirProcess:
    """`weir serve` on a port that the system chose.

    Its output goes to files, so that it never waits for a reader.
    """

    def __init__(self, *flags, store=None, credentials=True):
        self.folder = new_folder()
        self.store = store or os.path.join(self.folder, "store")
        self._flags = list(flags)
        if credentials:
            path = write_credentials(os.path.join(self.folder, "credentials"))
            self._flags.append(f"--credentials={path}")
        self.start()

    def start(self):
        self.outputs = [os.path.join(self.folder, name) for name in ("out", "err")]
        with open(self.outputs[0], "ab") as out, open(self.outputs[1], "ab") as err:
            said = out.tell()
            self.process = subprocess.Popen(
                [BINARY, "serve", f"--store={self.store}", "--listen=127.0.0.1:0"]
                + self._flags,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        atexit.register(self.kill)
        self.url = self._wait_for_url("listening on", said)
        self.port = urllib.parse.urlsplit(self.url).port

    def _wait_for_url(self, what, said=0):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            line = re.search(
                rf"^weir: {what} (https?://127\.0\.0\.1:\d+)\n",
                self.output()[0][said:],
                re.MULTILINE,
            )
            if line:
                return line[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.005)
        raise AssertionError(f"it does not listen: {self.output()}")

    def gateway_port(self):
        """With --gateway-listen."""
        return urllib.parse.urlsplit(self._wait_for_url("the gateway is")).port

    def output(self):
        """What it has written to stdout and stderr."""
        texts = []
        for path in self.outputs:
            with open(path, encoding="utf-8") as file:
                texts.append(file.read())
        return texts

    def wait_for_said(self, text):
        """Until it has written this to stderr."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output()[1]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} is not in {self.output()[1]!r}")
            time.sleep(0.005)

    def stop(self):
        """Ends it as an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        """Ends it as the system does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)

    def let_files_grow(self, may):
        """If they may not, the disk is as good as full."""
        size = resource.RLIM_INFINITY if may else 0
        hard = resource.RLIM_INFINITY
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))

    @contextlib.contextmanager
    def overload(self):
        """All its room for management's bodies is taken, by some that do not end.

        Yields a function that takes them back.
        """
        room, piece = 64 << 20, 10_000_000
        # Bodies are read only for those who have credentials.
        headers = signed("POST", f"{self.url}/usageplans", b"", {}, ADMIN)
        head = f"POST /usageplans HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items() if name != "Host"
        )
        head += f"Content-Length: {piece}\r\n\r\n"
        with contextlib.ExitStack() as stack:

            def send(size):
                sender = stack.enter_context(
                    socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
                )
                sender.sendall(head.encode() + b" " * size)
                return sender, size

            senders = [send(min(room - sent, piece - 1)) for sent in range(0, room, piece - 1)]
            deadline = time.monotonic() + PATIENCE
            while self.request("POST", "/usageplans", {})[0] != 503:
                assert time.monotonic() < deadline, "there is still room"
                time.sleep(0.01)
                # One that came with a request may have been refused instead.
                for i, (sender, size) in enumerate(senders):
                    if select.select([sender], [], [], 0)[0]:
                        senders[i] = send(size)
            yield stack.close

    def client(self, credentials=ADMIN, attempts=1, verify=None):
        """boto3's client for it; by default one that does not try again."""
        # Here, because the AWS CLI has a botocore of its own.
        import boto3  # pylint: disable=import-outside-toplevel
        import botocore.config  # pylint: disable=import-outside-toplevel

        return boto3.client(
            "apigateway",
            endpoint_url=self.url,
            region_name=REGION,
            verify=verify,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            config=botocore.config.Config(
                retries={"mode": "standard", "total_max_attempts": attempts},
                connect_timeout=PATIENCE,
                read_timeout=PATIENCE,
            ),
        )

    def request(
        self, method, target, body=None, headers=None, credentials=ADMIN, port=None
    ):
        """(status, headers, body) of a signed request; `target` goes as it is."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        defaults = {"Accept": "application/json"}
        if body is not None:
            defaults["Content-Type"] = "application/json"
        headers = defaults | (headers or {})
        if credentials is not None:
            headers = signed(method, self.url + target, body, headers, credentials)
        connection = http.client.HTTPConnection(
            "127.0.0.1", port or self.port, timeout=PATIENCE
        )
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


def signed(method, url, body, headers, credentials):
    """The headers, with a signature that covers them."""
    import botocore.auth  # pylint: disable=import-outside-toplevel
    import botocore.awsrequest  # pylint: disable=import-outside-toplevel

    request = botocore.awsrequest.AWSRequest(method, url, data=body or b"", headers=headers)
    botocore.auth.SigV4Auth(credentials, "apigateway", REGION).add_auth(request)
    return dict(request.headers.items())


def arn(kind, identifier):
    return f"arn:aws:apigateway:{REGION}::/{kind}/{identifier}"


class ServerTest(unittest.TestCase):
    """Tests that share a server, which must end well and keep its secrets."""

    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = WeirProcess(*cls.flags)

    @functools.cached_property
    def client(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        out, err = cls.server.output()
        assert code == 0, f"exit code {code}: {err}"
        for secret in SECRETS:
            assert secret not in out + err
