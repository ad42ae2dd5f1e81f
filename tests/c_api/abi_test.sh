#!/bin/bash
# Programs that were compiled with the header of another day go on: abidiff finds no
# change between libweir.so and what weir.abi remembers of it. Functions and members
# that are new are no change. To accept one that is, which needs a new
# WEIR_ABI_VERSION, soname and version script:
#
#   bazel build //c_api:libweir.so && abidw --headers-dir include/weir \
#     --drop-private-types "$(bazel info bazel-bin)/c_api/libweir.so" \
#     --no-show-locs --no-comp-dir-path --no-corpus-path >tests/c_api/weir.abi
set -euo pipefail

status=0
abidiff --no-added-syms --headers-dir2 include/weir \
  tests/c_api/weir.abi c_api/libweir.so || status=$?
# Bits of the status: 1 error, 2 usage, 4 change, 8 incompatible change.
[[ $status -eq 0 ]]
