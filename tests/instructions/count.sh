#!/bin/bash
# Counts the instructions of one `admit()` in each scenario, under callgrind, and
# compares them with those in golden.txt: fails if one has grown by more than 2 %,
# and says so if one has shrunk by more than 10 %. (What a request costs depends a
# little on where the secret hash puts its key, so three instructions are free.)
#
# usage: bazel test //tests/instructions:instructions_test
#        bazel run //tests/instructions:instructions_test -- --update
set -euo pipefail
shopt -s inherit_errexit

readonly program=$1 golden=$2
readonly keys=1000 few=1 many=41  # rounds of so many keys

if ! command -v valgrind >/dev/null; then
  echo "no valgrind: tools/setup installs it" >&2
  exit 1
fi

# The instructions of a whole run, set-up included.
count() {  # count SCENARIO ROUNDS
  # Which of glibc's routines compare and copy is the processor's matter, not ours.
  GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2_Usable,-AVX2,-ERMS,-FSRM \
    valgrind --tool=callgrind --callgrind-out-file=/dev/null \
    "$program" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

# Set-up is alike in both runs, so the difference is the calls'.
per_call() {  # per_call SCENARIO
  local a b
  a=$(count "$1" "$few")
  b=$(count "$1" "$many")
  echo $(((b - a) / ((many - few) * keys)))
}

if [[ ${3:-} == --update ]]; then
  golden_source=$BUILD_WORKSPACE_DIRECTORY/$golden
  grep '^#' "$golden" >"$golden_source.new"
  for scenario in $("$program"); do
    printf '%-12s %d\n' "$scenario" "$(per_call "$scenario")"
  done | tee -a "$golden_source.new"
  mv "$golden_source.new" "$golden_source"
  exit
fi

failed=0
for scenario in $("$program"); do
  expected=$(sed -n "s/^$scenario  *//p" "$golden")
  counted=$(per_call "$scenario")
  echo "$scenario: $counted instructions, golden ${expected:-missing}"
  if [[ -z $expected ]] || ((counted * 100 > expected * 102 + 300)); then
    echo "  FAILED: more than 2 % beyond golden.txt"
    failed=1
  elif ((counted * 100 < expected * 90)); then
    echo "  fewer by 10 %: write it down, with --update (see this script)"
  fi
done
exit "$failed"
