#!/usr/bin/env node
// What a client of Node.js makes of a 429 and of the headers that say what is
// left.
//
// usage: retry_test.mjs retry URL KEY       prints how long axios-retry took
//        retry_test.mjs parse FORMAT URL KEY

import assert from "node:assert/strict";

import axios from "axios";
import axiosRetry from "axios-retry";
import { parseRateLimit } from "ratelimit-header-parser";

const [mode, ...rest] = process.argv.slice(2);

// Passes in the end, and prints the seconds that it took.
async function retry(url, key) {
  const client = axios.create({ headers: { "x-api-key": key } });
  axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay });
  const start = performance.now();
  const { status } = await client.get(url);
  assert.equal(status, 200);
  console.log((performance.now() - start) / 1000);
}

// A 429 whose Retry-After is 60, in the server's format.
async function parse(format, url, key) {
  const { status, headers } = await fetch(url, { headers: { "x-api-key": key } });
  assert.equal(status, 429);
  assert.equal(headers.get("retry-after"), "60");
  const { limit, remaining, reset } = parseRateLimit(headers);
  if (format.startsWith("ietf")) {
    assert.ok(Number.isNaN(limit), "it has learned the format: say so in docs/gateway.md");
    return;
  }
  assert.equal(limit, 1);
  assert.equal(remaining, 0);
  // It guesses which of the two it is.
  assert.equal(headers.get("x-ratelimit-reset") === "60", format === "x-delta");
  const seconds = (reset - Date.now()) / 1000;
  assert.ok(seconds > 50 && seconds < 62, `${seconds}`);
}

await { retry, parse }[mode](...rest);
