#!/bin/bash
# caddy 2.6.2-5 (Debian 12), forward_auth.
#
# Guess: the target of the question is what `uri` says, and nothing of the
# client's, which is in X-Forwarded-Uri.
# Seen on 2026-11-30: if `uri` has no query, the client's query is added to it. So
# a client can pass parameters to the authorization service, and a parser that is
# strict about its own parameters refuses clients that have any. With a query in
# `uri`, that alone is sent.
#
#   uri /check       GET /pets?admin=1   ->   GET /check?admin=1
#   uri /check?a=b   GET /pets?admin=1   ->   GET /check?a=b
#
# Exits non-zero if Caddy behaves otherwise.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq caddy=2.6.2-5 >/dev/null 2>&1
dpkg-deb -x caddy_2.6.2-5_*.deb root
port=$((20000 + RANDOM % 10000))
cat >Caddyfile <<CONF
{
	admin off
	auto_https off
}
http://127.0.0.1:$port {
	forward_auth /plain/* 127.0.0.1:$((port + 1)) {
		uri /check
	}
	forward_auth /own/* 127.0.0.1:$((port + 1)) {
		uri /check?a=b
	}
	respond 200
}
CONF
HOME=$work root/usr/bin/caddy run --config Caddyfile --adapter caddyfile 2>log &
pid=$!
python3 - "$port" <<'PYTHON'
import http.client
import http.server
import sys
import threading
import time

PORT = int(sys.argv[1])
asked = []

class Authority(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

server = http.server.HTTPServer(("127.0.0.1", PORT + 1), Authority)
threading.Thread(target=server.serve_forever, daemon=True).start()
for target in ("/plain/pets?admin=1", "/own/pets?admin=1"):
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", target)
            assert connection.getresponse().status == 200
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
print(*asked, sep="\n")
assert asked == ["/check?admin=1", "/check?a=b"], asked
PYTHON
