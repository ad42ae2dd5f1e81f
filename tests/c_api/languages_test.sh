#!/bin/bash
# Programs in other languages over libweir.so: each example prints what the README
# promises, and C's own test passes with the shared library.
#
# usage: languages_test.sh c|luajit|go|python
set -euo pipefail

work=$TEST_TMPDIR
mkdir -p "$work/lib"
cp -L c_api/libweir.so "$work/lib/libweir.so.1"
ln -sf libweir.so.1 "$work/lib/libweir.so"
export LD_LIBRARY_PATH=$work/lib

compile() {
  cc -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude "$1" -L"$work/lib" -lweir -o "$2"
}

expect_example() {
  local output
  output=$("$@")
  echo "$output"
  [[ $(head -n 2 <<<"$output") == $'200 OK\n200 OK' ]]
  # Ten seconds from the first request on, less the time that has passed since.
  [[ $(tail -n 1 <<<"$output") =~ ^429,\ retry\ after\ (9\.[0-9]{3}|10\.000)\ s$ ]]
}

case $1 in
  c)
    # The header is C++ as well.
    echo '#include "weir/weir.h"' |
      c++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ -
    compile tests/c_api/c_api_test.c "$work/c_api_test"
    "$work/c_api_test"
    compile examples/c_api/quickstart.c "$work/quickstart"
    expect_example "$work/quickstart"
    # It exports what the header declares, and nothing else.
    readelf -W --dyn-syms c_api/libweir.so | awk '$5 == "GLOBAL" && $7 != "UND" { print $8 }' |
      sed 's/@.*//' | grep -v '^WEIR_1$' | sort >"$work/exported"
    grep -oE '^[a-z].*\bweir_[a-z_]+\(' include/weir/weir.h | grep -oE 'weir_[a-z_]+\($' |
      tr -d '(' | sort >"$work/declared"
    diff "$work/declared" "$work/exported"
    readelf -d c_api/libweir.so | grep -q 'soname: \[libweir.so.1\]'
    ;;
  luajit) expect_example luajit examples/c_api/weir.lua ;;
  python) expect_example python3 -B examples/c_api/weir.py ;;
  go)
    export HOME=$work GO111MODULE=off GOCACHE=$work/cache
    export CGO_CFLAGS=-I$PWD/include CGO_LDFLAGS=-L$work/lib
    go build -o "$work/weir_go" examples/c_api/weir.go
    expect_example "$work/weir_go"
    ;;
esac
