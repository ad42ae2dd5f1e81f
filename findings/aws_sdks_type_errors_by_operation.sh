#!/bin/bash
# AWS SDK for Go v2 1.17.1, botocore 1.29.27 (Debian 12), SDK for JavaScript 3.899.0
# (npm), 2026-11-30: a 503 ServiceUnavailableException to CreateUsagePlan, a class of
# API Gateway's model that this operation does not list. botocore and the JavaScript SDK
# raise that class; JavaScript reads its Retry-After too. The Go SDK has the type, but
# gives a GenericAPIError: errors.As() with *types.ServiceUnavailableException is false,
# and Retry-After is lost with it. TooManyRequestsException, which the operation lists,
# is of its class in all three. So who writes "if throttled or unavailable" for Go has to
# compare ErrorCode(), and read the header from the response.
#
# Output seen:
#   go TooManyRequestsException: its type, retry after 3
#   go ServiceUnavailableException: *smithy.GenericAPIError
#   python TooManyRequestsException: its type
#   python ServiceUnavailableException: its type
#   javascript TooManyRequestsException: its type, retry after 3
#   javascript ServiceUnavailableException: its type, retry after 3
#
# Needs go, node, npm and python3.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
packages=(
  golang-github-aws-aws-sdk-go-v2-dev=1.17.1-3 golang-github-aws-smithy-go-dev=1.13.3-2
  golang-github-jmespath-go-jmespath-dev=0.4.0-2
  python3-botocore=1.29.27+repack-1 python3-jmespath=1.0.1-1 python3-urllib3 python3-dateutil python3-six
)
apt-get download -qq "${packages[@]}" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get download -qq "${packages[@]}" >/dev/null; }
for package in *.deb; do dpkg-deb -x "$package" .; done
npm install --silent --no-audit --no-fund @aws-sdk/client-api-gateway@3.899.0 >/dev/null

# Refuses all with the class that the path begins with.
cat >server.py <<'PYTHON'
import http.server

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        code = self.path.split("/")[1]
        body = b'{"message":"busy"}'
        self.send_response(429 if code == "TooManyRequestsException" else 503)
        self.send_header("x-amzn-errortype", code)
        self.send_header("retry-after", "3")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
exec 3< <(exec python3 server.py)
server=$!
trap 'kill "$server"; rm -rf "$folder"' EXIT
read -r port <&3
url=http://127.0.0.1:$port

cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
)

func main() {
	for _, code := range []string{"TooManyRequestsException", "ServiceUnavailableException"} {
		client := apigateway.New(apigateway.Options{
			Region:           "us-east-1",
			EndpointResolver: apigateway.EndpointResolverFromURL(os.Args[1] + "/" + code),
			Credentials:      aws.AnonymousCredentials{},
			Retryer:          aws.NopRetryer{},
		})
		_, err := client.CreateUsagePlan(context.Background(),
			&apigateway.CreateUsagePlanInput{Name: aws.String("p")})
		var throttled *types.TooManyRequestsException
		var unavailable *types.ServiceUnavailableException
		var other smithy.APIError
		switch {
		case errors.As(err, &throttled):
			fmt.Printf("go %s: its type, retry after %s\n", code, *throttled.RetryAfterSeconds)
		case errors.As(err, &unavailable):
			fmt.Printf("go %s: its type, retry after %s\n", code, *unavailable.RetryAfterSeconds)
		case errors.As(err, &other) && other.ErrorCode() == code:
			fmt.Printf("go %s: %T\n", code, other)
		default:
			fmt.Printf("go %s: %v\n", code, err)
		}
	}
}
GO
cat >main.py <<'PYTHON'
import sys
import botocore.config, botocore.session

for code in ("TooManyRequestsException", "ServiceUnavailableException"):
    client = botocore.session.get_session().create_client(
        "apigateway", "us-east-1", endpoint_url=f"{sys.argv[1]}/{code}",
        aws_access_key_id="a", aws_secret_access_key="b",
        config=botocore.config.Config(retries={"total_max_attempts": 1}))
    try:
        client.create_usage_plan(name="p")
    except getattr(client.exceptions, code):
        print(f"python {code}: its type")
    except Exception as error:
        print(f"python {code}: {type(error).__name__}")
PYTHON
cat >main.mjs <<'JAVASCRIPT'
import * as api from "@aws-sdk/client-api-gateway";

for (const code of ["TooManyRequestsException", "ServiceUnavailableException"]) {
  const client = new api.APIGatewayClient({
    region: "us-east-1", endpoint: `${process.argv[2]}/${code}`, maxAttempts: 1,
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });
  await client.send(new api.CreateUsagePlanCommand({ name: "p" })).catch((error) =>
    console.log(`javascript ${code}: ` + (error instanceof api[code]
      ? `its type, retry after ${error.retryAfterSeconds}` : error.constructor.name)));
}
JAVASCRIPT
{
  GO111MODULE=off GOFLAGS='' GOPATH=$folder/usr/share/gocode GOCACHE=$folder/cache \
    go build -o client main.go
  ./client "$url"
  PYTHONPATH=$folder/usr/lib/python3/dist-packages python3 -B main.py "$url"
  node main.mjs "$url"
} | tee seen
diff seen - <<'END'
go TooManyRequestsException: its type, retry after 3
go ServiceUnavailableException: *smithy.GenericAPIError
python TooManyRequestsException: its type
python ServiceUnavailableException: its type
javascript TooManyRequestsException: its type, retry after 3
javascript ServiceUnavailableException: its type, retry after 3
END
