#!/bin/bash
# Boost.Beast 1.74 (libboost1.74-dev 1.74.0+ds1-21, Debian 12), and 1.83 of Debian 13
# alike, 2026-11-30: the parser takes Proxy-Connection, a header that HTTP does not
# have, for Connection. "Proxy-Connection: close" makes keep_alive() false in
# HTTP/1.1, "keep-alive" makes it true in HTTP/1.0, and a value that is no list of
# tokens is an error for the whole request. A "Connection: close" among the trailers
# of a chunked body counts, too.
#
# Output seen:
#   Boost 1_74
#   HTTP/1.1, no such header: no error, keep_alive 1
#   HTTP/1.1, Proxy-Connection: close: no error, keep_alive 0
#   HTTP/1.0, Proxy-Connection: keep-alive: no error, keep_alive 1
#   HTTP/1.1, Proxy-Connection: timeout=5: bad value
#   HTTP/1.1, trailer Connection: close: no error, keep_alive 0
#
# Needs: apt, g++.
set -euo pipefail

version=1.74.0+ds1-21
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq "libboost1.74-dev=$version" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get download -qq "libboost1.74-dev=$version" >/dev/null; }
dpkg-deb -x ./*.deb .

cat >headers.cc <<'SOURCE'
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/version.hpp>
#include <iostream>
#include <string>
namespace http = boost::beast::http;
void read(const char* what, const std::string& version, const std::string& rest) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  boost::system::error_code error;
  parser.put(boost::asio::buffer("PUT / " + version + "\r\nHost: h\r\n" + rest), error);
  std::cout << version << ", " << what << ": ";
  if (error) {
    std::cout << error.message() << "\n";
  } else {
    std::cout << "no error, keep_alive " << parser.keep_alive() << "\n";
  }
}
int main() {
  std::cout << "Boost " << BOOST_LIB_VERSION << "\n";
  read("no such header", "HTTP/1.1", "\r\n");
  read("Proxy-Connection: close", "HTTP/1.1", "Proxy-Connection: close\r\n\r\n");
  read("Proxy-Connection: keep-alive", "HTTP/1.0", "Proxy-Connection: keep-alive\r\n\r\n");
  read("Proxy-Connection: timeout=5", "HTTP/1.1", "Proxy-Connection: timeout=5\r\n\r\n");
  read("trailer Connection: close", "HTTP/1.1",
       "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nConnection: close\r\n\r\n");
}
SOURCE
g++ -std=c++17 -isystem usr/include headers.cc -o headers -lpthread
./headers >seen
cat seen
diff - seen <<'EXPECTED'
Boost 1_74
HTTP/1.1, no such header: no error, keep_alive 1
HTTP/1.1, Proxy-Connection: close: no error, keep_alive 0
HTTP/1.0, Proxy-Connection: keep-alive: no error, keep_alive 1
HTTP/1.1, Proxy-Connection: timeout=5: bad value
HTTP/1.1, trailer Connection: close: no error, keep_alive 0
EXPECTED
