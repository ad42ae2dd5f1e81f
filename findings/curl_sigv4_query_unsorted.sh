#!/bin/bash
# curl 7.88.1-10+deb12u15 (Debian 12): `--aws-sigv4` signs the query string as it
# stands in the URL. AWS Signature Version 4 sorts the parameters by name for the
# signature, regardless of their order in the URL, and writes a parameter without
# a value as "name=". So a request whose parameters happen to be sorted is signed
# correctly. With the parameters swapped, which makes no difference to any other
# AWS client, every verifier refuses it: AWS answers 403.
#
# Seen on 2026-11-30:
#   GET /?a=1&b=2    signature as specified
#   GET /?b=2&a=1    another signature
#   GET /?a          another signature
#   GET /?a=x%2Fy    signature as specified
#
# The signature is computed here from what the server received, by the steps of
# the specification, with Python's hmac.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
download() {
  apt-get download -qq curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 >/dev/null 2>&1
}
download || { apt-get update -qq && download; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
export CURL=$folder/root/usr/bin/curl
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libcurl.so.4' | head -1)")
export LD_LIBRARY_PATH
"$CURL" --version | head -1

LD_LIBRARY_PATH= timeout 40 python3 - <<'END'
import hashlib
import hmac
import http.server
import os
import re
import subprocess
import threading

SECRET, REGION, SERVICE = "secret", "us-east-1", "execute-api"
LIBRARIES = os.path.dirname(
    next(
        os.path.join(path, "libcurl.so.4")
        for path, _, names in os.walk("root")
        if "libcurl.so.4" in names
    )
)
requests = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        requests.append((self.path, dict((k.lower(), v) for k, v in self.headers.items())))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def signature(target, headers, signed):
    """As the specification has it."""
    path, _, query = target.partition("?")
    pairs = sorted(part.partition("=")[::2] for part in query.split("&"))
    canonical = "\n".join(
        ["GET", path, "&".join(f"{name}={value}" for name, value in pairs)]
        + [f"{name}:{headers[name].strip()}" for name in signed]
        + ["", ";".join(signed), hashlib.sha256(b"").hexdigest()]
    )
    stamp = headers["x-amz-date"]
    scope = f"{stamp[:8]}/{REGION}/{SERVICE}/aws4_request"
    text = "\n".join(
        ["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()]
    )
    key = ("AWS4" + SECRET).encode()
    for part in (stamp[:8], REGION, SERVICE, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
found = {}
for query in ("a=1&b=2", "b=2&a=1", "a", "a=x%2Fy"):
    subprocess.run(
        [
            os.environ["CURL"], "-s", "--noproxy", "*", "--max-time", "10",
            "--aws-sigv4", f"aws:amz:{REGION}:{SERVICE}", "--user", f"id:{SECRET}",
            f"http://127.0.0.1:{server.server_port}/?{query}",
        ],
        check=True,
        env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES},
    )
    target, headers = requests.pop()
    sent = re.search(r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)", headers["authorization"])
    expected = signature(target, headers, sent[1].split(";"))
    found[query] = sent[2] == expected
    print(f"GET {target:<12} {'as specified' if found[query] else 'another signature'}")
assert found["a=1&b=2"], "not even the plain one"
assert not found["b=2&a=1"], "curl sorts the query now"
assert not found["a"], "curl completes parameters without a value now"
END
echo "as described"
