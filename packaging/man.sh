#!/bin/bash
# Prints weir(1): the program's own help as a manual page.
#
# usage: man.sh PATH/TO/weir [DATE] >weir.1
set -euo pipefail
weir=$1
date=${2:-$(date +%F)}
version=$("$weir" --version | cut -d ' ' -f 2)

# Text as it is: no control lines, no escapes.
literal() { sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/" -e 's/-/\\-/g'; }

help_of() {
  "$weir" "$@" --help | literal |
    awk '
      /^Usage: / {
        sub(/^Usage: /, ""); print ".B " $0; print ".PP"; print ".nf"; next
      }
      /^Flags:$/ { print ".fi"; in_flags = 1; next }
      in_flags && /^  \\-/ { sub(/^ */, ""); print ".TP"; print ".B " $0; next }
      in_flags { sub(/^ */, "") }
      { print }
      END { if (!in_flags) print ".fi" }'
}

mapfile -t commands < <("$weir" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')

cat <<PAGE
.TH WEIR 1 "$date" "weir $version"
.SH NAME
weir \\- enforces API Gateway usage plans: quotas and throttles
.SH SYNOPSIS
.B weir
.I COMMAND
.RI [ flags ]
.SH DESCRIPTION
PAGE
"$weir" --help | literal |
  sed -e '1,/^Commands:/d' -e '/^$/,$d' -e '/^  [a-z]/s/^  \([a-z]*\) */.TP\n.B \1\n/'
for command in "${commands[@]}"; do
  printf '.SH %s\n' "${command^^}"
  help_of "$command"
done
cat <<'PAGE'
.SH EXIT STATUS
Each command says its own. 2 is an error of the command line, or of what cannot be read
or written.
.SH FILES
.TP
.I /var/lib/weir
the store, where weir.service runs
.TP
.I /etc/default/weir
WEIR_FLAGS of weir.service
.SH SEE ALSO
.BR systemctl (1)
PAGE
