#!/bin/bash
# Boost.Beast 1.74 (libboost1.74-dev 1.74.0+ds1-21, Debian 12), 2026-11-30:
# request_parser::body_limit(boost::none), which is documented to disable the limit,
# makes every request with a Content-Length fail, of 0 bytes too: the length is
# compared with an empty optional, which is less than any number. Chunked bodies pass.
#
# Output seen (1.83 of Debian 13 says "no error" three times):
#   Boost 1_74
#   Content-Length: 3 with body_limit(boost::none): body limit exceeded
#   Content-Length: 0 with body_limit(boost::none): body limit exceeded
#   Content-Length: 3 with the default limit: no error
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

cat >limits.cc <<'SOURCE'
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/version.hpp>
#include <iostream>
#include <string>
namespace http = boost::beast::http;
void read(const std::string& length, const std::string& body, bool is_limited) {
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  if (!is_limited) parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                                 length + "\r\n\r\n" + body), error);
  std::cout << "Content-Length: " << length << " with "
            << (is_limited ? "the default limit: " : "body_limit(boost::none): ")
            << (error ? error.message() : "no error") << "\n";
}
int main() {
  std::cout << "Boost " << BOOST_LIB_VERSION << "\n";
  read("3", "abc", false);
  read("0", "", false);
  read("3", "abc", true);
}
SOURCE
g++ -std=c++17 -isystem usr/include limits.cc -o limits -lpthread
./limits >seen
cat seen
diff - seen <<'EXPECTED'
Boost 1_74
Content-Length: 3 with body_limit(boost::none): body limit exceeded
Content-Length: 0 with body_limit(boost::none): body limit exceeded
Content-Length: 3 with the default limit: no error
EXPECTED
