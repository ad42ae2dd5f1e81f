#!/bin/bash
# curl 7.88.1-10+deb12u15 (Debian 12), 2026-11-30: `curl --retry` announces the
# seconds of Retry-After and sleeps their milliseconds modulo 2^32 (they become
# poll()'s int). Asked to wait 4,294,968 seconds, 50 days, it says that it will,
# and retries after 0.7 s; asked for 4,294,970, after 2.7 s.
#
# Output seen:
#   Warning: Problem : HTTP error. Will retry in 4294968 seconds. 1 retries left.
#   Retry-After: 4294968: retried after 0.70 s
#   Warning: Problem : HTTP error. Will retry in 4294970 seconds. 1 retries left.
#   Retry-After: 4294970: retried after 2.70 s
set -euo pipefail

version=7.88.1-10+deb12u15
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
(
  mkdir packages && cd packages
  apt-get download -qq "curl=$version" "libcurl4=$version" >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get download -qq "curl=$version" "libcurl4=$version" >/dev/null; }
  for package in *.deb; do dpkg-deb -x "$package" ..; done
)
export LD_LIBRARY_PATH
LD_LIBRARY_PATH=$(dirname "$(find "$folder/usr/lib" -name 'libcurl.so.4' | head -1)")
export HOME=$folder PATH=$folder/usr/bin:$PATH

cat >ask.py <<'PYTHON'
import http.server, subprocess, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        times.append(time.monotonic())
        self.send_response(429)
        self.send_header("Retry-After", seconds)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
command = ["curl", "-q", "--noproxy", "*", "--retry", "1", f"http://127.0.0.1:{server.server_port}/"]

for seconds, wait in ("4294968", 0.704), ("4294970", 2.704):
    times = []
    said = subprocess.run(command, capture_output=True, text=True, timeout=20).stderr
    line = next(line for line in said.replace("\r", "\n").splitlines() if "Will retry" in line)
    took = times[1] - times[0]
    print(f"{line}\nRetry-After: {seconds}: retried after {took:.2f} s", flush=True)
    if f"in {seconds} seconds" not in line or not wait - 0.1 < took < wait + 1.5:
        sys.exit("it is otherwise now")
PYTHON
python3 ask.py
