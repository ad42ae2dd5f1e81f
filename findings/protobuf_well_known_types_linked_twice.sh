#!/bin/bash
# Protocol Buffers 3.21.12 (Debian 12, protobuf-compiler, libprotobuf-dev,
# libprotobuf32), 2026-11-30: a program that compiles google/protobuf/struct.proto
# itself and links it next to libprotobuf.so, which has it too, works: the program's
# symbols take the place of the library's. The same objects in a shared library whose
# version script keeps them local do not load: both copies register the file with the
# library's one pool, which raises a FatalException before main(). A build that
# generates code for the well-known types (Bazel's cc_proto_library does, unless the
# toolchain excludes them) passes all its tests until someone makes a plugin of it.
#
# Output seen:
#   executable, own copy of struct.proto: 1
#   shared library, all symbols exported: 1
#   shared library, only its own function exported: raised FatalException
#   shared library without the copy: 1
set -euo pipefail

version=3.21.12-3+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
packages=("protobuf-compiler=$version" "libprotobuf-dev=$version" "libprotobuf32=$version"
  "libprotoc32=$version")
apt-get download -qq "${packages[@]}" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get download -qq "${packages[@]}" >/dev/null; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done
lib=$(dirname "$(find root -name libprotobuf.so)")
export LD_LIBRARY_PATH=$PWD/$lib:$PWD
mkdir generated
root/usr/bin/protoc -Iroot/usr/include --cpp_out=generated google/protobuf/struct.proto

cat >plugin.cc <<'CC'
#include "google/protobuf/struct.pb.h"

extern "C" int members() {
  google::protobuf::Struct object;
  (*object.mutable_fields())["a"].set_bool_value(true);
  return object.fields_size();
}
CC
cat >main.cc <<'CC'
#include <cstdio>

extern "C" int members();
int main() { std::printf("%d\n", members()); }
CC
compile() { g++ -std=c++17 -O1 -fPIC -Igenerated -Iroot/usr/include "$@" -L"$lib" -lprotobuf -lpthread; }
copy=generated/google/protobuf/struct.pb.cc
echo '{ global: members; local: *; };' >map
compile -c plugin.cc -o plugin.o 2>/dev/null
compile -c "$copy" -o copy.o 2>/dev/null

{
  compile main.cc plugin.o copy.o -o both
  echo "executable, own copy of struct.proto: $(./both)"
  compile -shared plugin.o copy.o -o libplugin.so
  compile main.cc -L. -lplugin -o uses
  echo "shared library, all symbols exported: $(./uses)"
  compile -shared plugin.o copy.o -Wl,--version-script=map -o libplugin.so
  if output=$(./uses 2>&1); then
    echo "shared library, only its own function exported: $output"
  else
    echo "shared library, only its own function exported: raised" \
      "$(grep -o 'FatalException' <<<"$output" | head -1)"
  fi
  compile -shared plugin.o -Wl,--version-script=map -o libplugin.so
  echo "shared library without the copy: $(./uses)"
} 2>/dev/null | tee output

diff output - <<'SEEN'
executable, own copy of struct.proto: 1
shared library, all symbols exported: 1
shared library, only its own function exported: raised FatalException
shared library without the copy: 1
SEEN
