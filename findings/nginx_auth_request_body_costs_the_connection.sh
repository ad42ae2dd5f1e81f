#!/bin/bash
# nginx 1.22.1-9+deb12u* (Debian 12), auth_request with keepalive.
#
# Guess: with `keepalive` and HTTP/1.1, the connection to the authorization
# service is kept after each answer, as that to any upstream is.
# Seen on 2026-11-30: it is kept only if the answer has no body. After an answer
# with a body of two bytes and its Content-Length, nginx closes the connection
# unread, without a word in its log: each request of a client costs a connection.
#
#   5 requests, empty answers      1 connection
#   5 requests, answers of 2 bytes 4 more: the first has the one that was kept
#
# Exits non-zero if nginx behaves otherwise.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq nginx=1.22.1-9+deb12u\* >/dev/null 2>&1 ||
  apt-get download -qq nginx >/dev/null
dpkg-deb -x nginx_1.22.1-9*.deb root
port=$((20000 + RANDOM % 10000))
cat >nginx.conf <<CONF
daemon off;
master_process off;
pid $work/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  upstream authority {
    server 127.0.0.1:$((port + 1));
    keepalive 4;
  }
  server {
    listen 127.0.0.1:$port;
    root $work/root/usr/share/nginx/html;
    location / {
      auth_request /check;
      empty_gif;
    }
    location = /check {
      internal;
      proxy_pass http://authority\$request_uri;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
  }
}
CONF
root/usr/sbin/nginx -p "$work" -c "$work/nginx.conf" -e stderr 2>log &
pid=$!
python3 - "$port" <<'PYTHON'
import http.client
import http.server
import sys
import threading
import time

PORT = int(sys.argv[1])
connections = 0

class Authority(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        global connections
        connections += 1
        super().setup()

    def do_GET(self):
        body = b"ok" if self.path == "/body" else b""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT + 1), Authority)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()

def connections_for(target):
    begin = connections
    for _ in range(5):
        client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        client.request("GET", target)
        assert client.getresponse().status == 200
        client.close()
    return connections - begin

for _ in range(100):
    try:
        http.client.HTTPConnection("127.0.0.1", PORT, timeout=5).connect()
        break
    except ConnectionRefusedError:
        time.sleep(0.1)
seen = [connections_for("/empty"), connections_for("/body")]
print(*seen)
assert seen[0] == 1 and seen[1] == 4, seen
PYTHON
