#!/bin/bash
# awscli 2.9.19-1 (Debian 12).
#
# `aws apigateway get-usage` fetches all pages of an answer, as it does for
# lists, and then prints only the first page, without a warning and with exit
# code 0: its paginator can merge lists, but not maps, and the usage of keys is a
# map. `position` is missing too, so the output does not show that more exists.
# `--limit` turns paging off: the answer is then printed as received, with its
# `position`.
#
# Seen on 2026-11-30: two requests, and of the keys k1 and k2 only k1 printed.
set -euo pipefail

work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
mkdir debs root
(
  cd debs
  apt-get download -qq awscli=2.9.19-1 python3-ruamel.yaml=0.17.21-1 \
    python3-ruamel.yaml.clib python3-pyasn1 python3-awscrt python3-colorama \
    python3-cryptography python3-cffi-backend python3-dateutil python3-distro \
    python3-docutils python3-jmespath python3-prompt-toolkit python3-roman \
    python3-urllib3 python3-six python3-wcwidth 2>/dev/null
)
for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done

# GetUsage, in two pages.
cat > server.py <<'END'
import http.server, json, urllib.parse

class Usage(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        second = "position" in query
        answer = {"usagePlanId": "p", "startDate": "2026-11-30", "endDate": "2026-11-30"}
        answer["values"] = {"k2": [[2, 8]]} if second else {"k1": [[1, 9]]}
        if not second:
            answer["position"] = "next"
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        with open("requests", "a") as file:
            file.write(self.path + "\n")

server = http.server.HTTPServer(("127.0.0.1", 0), Usage)
with open("port", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
END
/usr/bin/python3 -B server.py &
server=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done

export PYTHONPATH=$work/root/usr/lib/python3/dist-packages
export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_PAGER= NO_PROXY=127.0.0.1
get_usage() {
  /usr/bin/python3 -B -c \
    'import sys, awscli, awscli.clidriver as cli; assert awscli.__version__ == "2.9.19"; sys.exit(cli.main())' \
    apigateway get-usage --usage-plan-id p --start-date 2026-11-30 --end-date 2026-11-30 \
    --endpoint-url "http://127.0.0.1:$(cat port)" --output json "$@"
}
get_usage > all.json
cat all.json
[[ $(wc -l < requests) -eq 2 ]]
grep -q '"k1"' all.json
if grep -q '"k2"\|position' all.json; then
  echo "no longer: the second page, or that there is one, is told" >&2
  exit 1
fi
get_usage --limit 500 > page.json
grep -q '"position": "next"' page.json
echo "as before: two requests, one page"
