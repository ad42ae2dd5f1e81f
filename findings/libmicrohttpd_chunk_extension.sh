#!/bin/bash
# libmicrohttpd 1.0.1 (Debian 13, package 1.0.1-4) misreads a chunk of a request
# body whose size has an extension (RFC 9112, 7.1.1: "2;x=y"). The line feed that
# ends the size line becomes the first byte of the data, so the answer is 400 at
# every strictness level. 0.9.75 (Debian 12) skips extensions as the RFC requires,
# and 1.0.10 (Debian testing) does again.
#
# Output, 2026-11-30:
#   libmicrohttpd 1.0.1
#   without extension: HTTP/1.1 200 OK, body "cde"
#   with extension: HTTP/1.1 400 Bad Request
#
# Needs: apt, gcc, python3. Downloads Debian 13's packages from the mirror that apt
# has; runs them by their own loader, in a temporary folder.
set -euo pipefail
work=$(mktemp -d)
server=
trap '[[ -z $server ]] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work"

mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' \
  'Label: Debian' 'Component: main' | sed -n 1p)
mkdir -p lists/partial archives/partial none include
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >sources
: >status
apt_private() {
  apt-get -qq -o Dir::Etc::SourceList="$work/sources" -o Dir::Etc::SourceParts="$work/none" \
    -o Dir::Etc::PreferencesParts="$work/none" \
    -o Dir::State::Lists="$work/lists" -o Dir::State::Status="$work/status" \
    -o Dir::Cache="$work" -o Acquire::Languages=none -o APT::Sandbox::User=root "$@"
}
apt_private update
apt_private --no-install-recommends --download-only -y install \
  libmicrohttpd-dev=1.0.1-4 libmicrohttpd12t64=1.0.1-4 >/dev/null
for package in archives/*.deb; do dpkg-deb -x "$package" root; done

cat >server.c <<'SOURCE'
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char body[100];
static enum MHD_Result handle(void* self, struct MHD_Connection* connection,
                              const char* url, const char* method, const char* version,
                              const char* data, size_t* size, void** context) {
  if (*context == NULL) {
    *context = body;
    body[0] = 0;
    return MHD_YES;
  }
  if (*size > 0) {
    strncat(body, data, *size);
    *size = 0;
    return MHD_YES;
  }
  struct MHD_Response* response =
      MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
  enum MHD_Result result = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return result;
}

int main(void) {
  struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct MHD_Daemon* daemon =
      MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                       handle, NULL, MHD_OPTION_SOCK_ADDR, &loopback, MHD_OPTION_END);
  if (daemon == NULL) return 1;
  printf("%s %d\n", MHD_get_version(),
         MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  fflush(stdout);
  return sleep(50);
}
SOURCE
library=$work/root/usr/lib/x86_64-linux-gnu
cp root/usr/include/microhttpd.h include
gcc -I include server.c -o server "$library/libmicrohttpd.so" \
  -Wl,--unresolved-symbols=ignore-in-shared-libs
"$library/ld-linux-x86-64.so.2" --library-path "$library" ./server >said 2>/dev/null &
server=$!
for _ in {1..50}; do
  [[ ! -s said ]] || break
  sleep 0.1
done
read -r version port <said
echo "libmicrohttpd $version"

python3 - "$port" <<'CLIENT' | tee got
import socket, sys

def ask(chunks):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0].decode(), body.decode()

status, body = ask(b"2\r\ncd\r\n1\r\ne\r\n")
print(f'without extension: {status}, body "{body}"')
status, _ = ask(b"2;x=y\r\ncd\r\n1\r\ne\r\n")
print(f"with extension: {status}")
CLIENT
diff got - <<'EXPECTED'
without extension: HTTP/1.1 200 OK, body "cde"
with extension: HTTP/1.1 400 Bad Request
EXPECTED
