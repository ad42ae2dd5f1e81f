#!/bin/bash
# Counts the instructions of one `admit()` in each scenario, under callgrind, and
# compares them with those in golden/: fails if one has grown by more than 2 %, and
# says so if one has shrunk by more than 10 %. (What a request costs depends a
# little on where the secret hash puts its key, so three instructions are free.)
# Counts are those of a distribution's compiler and libraries; on one that has no
# file in golden/ they are shown, and compared with nothing.
#
# usage: bazel test //tests/instructions:instructions_test
#        bazel run //tests/instructions:instructions_test -- --update
set -euo pipefail
shopt -s inherit_errexit

readonly program=$1
system=$(. /etc/os-release && echo "$ID${VERSION_ID:-}-$(uname -m)")
readonly golden=tests/instructions/golden/$system.txt
readonly keys=1000 few=1 many=41  # "few" and "many" rounds of "keys" requests

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

if [[ ${2:-} == --update ]]; then
  {
    echo "# Instructions of one admit(), set-up and loop around it as in admit_calls.cc."
    echo "# $(gcc --version | head -n 1). Written by instructions_test --update."
    for scenario in $("$program"); do
      printf '%-12s %d\n' "$scenario" "$(per_call "$scenario")"
    done
  } | tee "$BUILD_WORKSPACE_DIRECTORY/$golden"
  exit
fi

if [[ ! -e $golden ]]; then
  echo "nothing to compare with: no $golden"
  for scenario in $("$program"); do
    echo "$scenario: $(per_call "$scenario") instructions"
  done
  exit
fi

failed=0
for scenario in $("$program"); do
  expected=$(sed -n "s/^$scenario  *//p" "$golden")
  counted=$(per_call "$scenario")
  echo "$scenario: $counted instructions, golden ${expected:-missing}"
  if [[ -z $expected ]] || ((counted * 100 > expected * 102 + 300)); then
    echo "  FAILED: more than 2 % beyond $golden"
    failed=1
  elif ((counted * 100 < expected * 90)); then
    echo "  fewer by 10 %: write it down, with --update (see this script)"
  fi
done
exit "$failed"
