#!/bin/bash
# Checks that the service's unit, the manual page and the completion are valid.
set -euo pipefail
weir=$PWD/cli/weir
work=$TEST_TMPDIR

# The manual page: no warning, and every command and flag.
packaging/man.sh "$weir" 2026-01-01 >"$work/weir.1"
mandoc -Tlint -Wwarning "$work/weir.1"
mandoc -Tutf8 "$work/weir.1" | col -bx >"$work/page"
mapfile -t commands < <("$weir" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[[ ${#commands[@]} -ge 10 ]]
for command in "${commands[@]}"; do
  grep -qx "${command^^}" "$work/page"
  "$weir" "$command" --help | grep -oE '^  --?[a-z-]+' | tr -d ' ' >"$work/flags"
  while read -r flag; do
    awk -v from="${command^^}" '$0 == from { on = 1; next } /^[A-Z]/ { on = 0 } on' "$work/page" |
      grep -qE "^ +$flag([= ]|\$)" || { echo "weir $command $flag is not in the page"; exit 1; }
  done <"$work/flags"
done

# Completion, as bash calls it.
# shellcheck source=/dev/null
source packaging/weir.bash
compopt() { :; }
complete_words() {
  COMP_WORDS=("$weir" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _weir
  echo "${COMPREPLY[*]}"
}
[[ $(complete_words re) == replay ]]
[[ $(complete_words "") == *"replay validate patch diff serve"* ]]
[[ $(complete_words serve --sto) == --store= ]]
[[ $(complete_words serve --restore) == --restore-counts ]]
[[ $(complete_words usage --ou) == --output= ]]
touch "$work/plan.json"
[[ $(complete_words validate "$work/pla") == "$work/plan.json" ]]
[[ $(complete_words replay --plan = "$work/pla") == "$work/plan.json" ]]
[[ -z $(complete_words nonsense --x) ]]

# The unit: systemd understands it, and finds little to object to.
mkdir -p "$work/root/usr/bin" "$work/root/bin" "$work/root/etc/systemd/system"
cp -L "$weir" "$work/root/usr/bin/weir"
sed "s|/usr/bin/weir|$work/root/usr/bin/weir|; s|^Documentation=.*||" packaging/weir.service \
  >"$work/weir.service"
systemd-analyze verify --man=no "$work/weir.service" 2>&1 | grep -F weir.service && exit 1
systemd-analyze security --offline=yes --threshold=20 --no-pager "$work/weir.service" >/dev/null
systemd-sysusers --root="$work/root" --inline "$(cat packaging/weir.sysusers)"
grep -q '^weir:' "$work/root/etc/passwd"
# The flags that it gives are the program's.
grep -oE '^ExecStart=.*' packaging/weir.service | grep -oE -- '--[a-z-]+' | while read -r flag; do
  "$weir" serve --help | grep -q -- "^  $flag"
done
