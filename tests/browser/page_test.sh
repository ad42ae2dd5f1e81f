#!/bin/bash
# usage: page_test.sh SCRIPT WEIR
# Runs the script where its modules are: in the source tree, where Bazel's links
# lead.
set -euo pipefail

script=$(readlink -f "$1")
weir=$(readlink -f "$2")
for command in node chromium; do
  if ! command -v "$command" >/dev/null; then
    echo "page_test: needs $command: run tools/setup test" >&2
    exit 1
  fi
done
if [[ ! -d $(dirname "$script")/../node/node_modules/playwright-core ]]; then
  echo "page_test: tests/node has no modules: run tools/setup test" >&2
  exit 1
fi
export HOME=$TEST_TMPDIR
exec node "$script" "$weir"
