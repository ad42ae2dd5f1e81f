#!/bin/bash
# The README shows quickstart.cc as it is, and it does what the README says.
set -euo pipefail

diff <(awk '/^```cpp$/ { on = 1; next } /^```$/ { on = 0 } on' README.md) \
  examples/quickstart/quickstart.cc

output=$(examples/quickstart/quickstart)
echo "$output"
[[ $(head -n 2 <<<"$output") == $'200 OK\n200 OK' ]]
# Ten seconds from the first request on, less the time that has passed since.
[[ $(tail -n 1 <<<"$output") =~ ^"429, retry after 9."[0-9]+s$ ]]
