#!/bin/bash
# ratelimit-header-parser 0.1.0 (npm), 2026-11-30: it parses the fields RateLimit
# and RateLimit-Policy, in the form of the IETF's drafts since -08, as NaN and an
# Invalid Date, without an error. A RateLimit field also hides X-RateLimit-* fields
# in the same response, which it can read. So a client that checks
# `remaining <= 0` before a request never stops, and this client does not
# understand a server that sends both forms for old and new clients.
#
# Output seen:
#   "default";r=0;t=30: limit NaN, remaining NaN, reset Invalid Date
#   with X-RateLimit-*: limit NaN, remaining NaN, reset Invalid Date
#   X-RateLimit-* alone: limit 100, remaining 0, reset in 30 s
#   limit=100, remaining=0, reset=30: limit 100, remaining 0, reset in 30 s
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error ratelimit-header-parser@0.1.0 >/dev/null

cat >parse.mjs <<'JS'
import assert from "node:assert/strict";
import {parseRateLimit} from "ratelimit-header-parser";

const draft8 = {"ratelimit-policy": '"default";q=100;w=60', ratelimit: '"default";r=0;t=30'};
const old = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"};
const draft7 = {ratelimit: "limit=100, remaining=0, reset=30"};

function check(name, headers, understood) {
  const {limit, remaining, reset} = parseRateLimit(headers);
  const seconds = (reset - Date.now()) / 1000;
  console.log(`${name}: limit ${limit}, remaining ${remaining}, reset`,
    understood ? `in ${Math.round(seconds)} s` : String(reset));
  assert.equal(limit, understood ? 100 : NaN);
  assert.equal(remaining, understood ? 0 : NaN);
  assert.equal(understood, Math.abs(seconds - 30) < 2);
}
check(draft8.ratelimit, draft8, false);
check("with X-RateLimit-*", {...draft8, ...old}, false);
check("X-RateLimit-* alone", old, true);
check(draft7.ratelimit, draft7, true);
JS
node parse.mjs
