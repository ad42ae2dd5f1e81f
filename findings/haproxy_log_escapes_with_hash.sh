#!/bin/bash
# haproxy 2.6.12-1+deb12u* (Debian 12), option httplog.
#
# Guess: a quote that a client sends is logged as \" or \x22, as Apache and nginx
# do, or as %22.
# Seen on 2026-11-30: it is logged as #22, a '#' and two hexadecimal digits, and a
# backslash as it is, so that a reader which undoes backslashes reads another
# path than was sent:
#
#   GET /a"b   ->   "GET /a#22b HTTP/1.1"
#   GET /a\b   ->   "GET /a\b HTTP/1.1"
#
# Exits non-zero if HAProxy behaves otherwise.
set -euo pipefail

work=$(mktemp -d)
pid=
trap '[[ -z $pid ]] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq haproxy=2.6.12-1+deb12u\* >/dev/null 2>&1 ||
  apt-get download -qq haproxy >/dev/null
dpkg-deb -x haproxy_2.6.12-1*.deb root
port=$((20000 + RANDOM % 20000))
cat >haproxy.cfg <<CONF
global
  log stdout format raw local0
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
  log global
  option httplog
frontend fe
  bind 127.0.0.1:$port
  http-request return status 200
CONF
root/usr/sbin/haproxy -db -f haproxy.cfg >log 2>stderr &
pid=$!
python3 - "$port" <<'PYTHON'
import socket
import sys
import time

def send(path):
    for _ in range(50):
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
                s.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n"
                          b"Connection: close\r\n\r\n")
                return s.recv(65536)
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise SystemExit("HAProxy does not listen")

for path in (b'/a"b', b"/a\\b"):
    assert send(path).startswith(b"HTTP/1.1 200"), path
time.sleep(0.5)
PYTHON
cat log
grep -qF '"GET /a#22b HTTP/1.1"' log
grep -qF '"GET /a\b HTTP/1.1"' log
echo "as seen: a quote is #22"
