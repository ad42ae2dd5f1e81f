#!/bin/bash
# nginx 1.22.1-9+deb12u* (Debian 12), log_format ... escape=json.
#
# Guess: with escape=json every line of the log is JSON, regardless of what
# clients send. Seen on 2026-11-30: bytes of a request that are not UTF-8 are
# written unchanged, so the line is not JSON: RFC 8259 requires UTF-8 (section 8.1):
#
#   {"agent":"caf<E9>"}
#   python3: 'utf-8' codec can't decode byte 0xe9
#
# Any client can so make a strict reader lose its line; without escape=json a
# quote is enough, for nginx then writes it as \x22, which JSON does not have.
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
port=$((20000 + RANDOM % 20000))
cat >nginx.conf <<CONF
daemon off;
pid $work/pid;
error_log $work/error.log;
events {}
http {
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  log_format told escape=json '{"agent":"\$http_user_agent"}';
  log_format untold '{"agent":"\$http_user_agent"}';
  server {
    listen 127.0.0.1:$port;
    access_log $work/told.log told;
    access_log $work/untold.log untold;
    location / { return 204; }
  }
}
CONF
root/usr/sbin/nginx -p "$work" -c "$work/nginx.conf" 2>"$work/stderr" &
pid=$!
for _ in {1..50}; do
  curl -s -o /dev/null -A first "http://127.0.0.1:$port/" && break
  sleep 0.1
done
curl -s -o /dev/null -A $'caf\xe9' "http://127.0.0.1:$port/"
curl -s -o /dev/null -A 'say "hi"' "http://127.0.0.1:$port/"
sleep 0.3
python3 - <<'PYTHON'
import json

def is_json(line):
    try:
        json.loads(line.decode("utf-8"))
        return True
    except ValueError:
        return False

told = open("told.log", "rb").read().splitlines()[-2:]
untold = open("untold.log", "rb").read().splitlines()[-2:]
print(told, untold)
assert told[0] == b'{"agent":"caf\xe9"}' and not is_json(told[0]), told
assert told[1] == b'{"agent":"say \\"hi\\""}' and is_json(told[1]), told
assert untold[0] == b'{"agent":"caf\\xE9"}' and not is_json(untold[0]), untold
assert untold[1] == b'{"agent":"say \\x22hi\\x22"}' and not is_json(untold[1])
PYTHON
echo "as seen: escape=json keeps bytes that are no UTF-8"
