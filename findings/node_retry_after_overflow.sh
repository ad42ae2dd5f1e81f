#!/bin/bash
# got 14.6.6 and axios-retry 4.5.0 (axios 1.13.2), 2026-11-30, Node.js 20.20.2:
# a Retry-After of a month makes them retry at once. They multiply it by 1,000
# for setTimeout(), whose 31 bits end at 2,147,483 seconds: a longer delay is 1
# ms. So each client that is asked to wait longest sends all of its retries
# within milliseconds. axios-retry's exponentialDelay adds up to 20 % to
# Retry-After, and may do so from 1,789,570 seconds on.
#
# Output seen (milliseconds vary):
#   got Retry-After: 2678392: 3 requests in 22 ms
#   axios-retry Retry-After: 2678392: 4 requests in 94 ms
#   exponential Retry-After: 2147483: 4 requests in 23 ms
#   exponential Retry-After: 1789570: 4 requests in 39 ms
#   got Retry-After: 2147483: 1 requests and waits
#   axios-retry Retry-After: 2147483: 1 requests and waits
#   exponential Retry-After: 1789569: 1 requests and waits
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --loglevel=error got@14.6.6 axios@1.13.2 axios-retry@4.5.0 >/dev/null

cat >measure.mjs <<'JS'
import {once} from "node:events";
import {createServer} from "node:http";
import axios from "axios";
import axiosRetry from "axios-retry";
import got from "got";

let retryAfter, times;
const server = createServer((request, response) => {
  times.push(performance.now());
  response.writeHead(429, {"Retry-After": retryAfter}).end();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const url = `http://127.0.0.1:${server.address().port}/`;

const byAxios = (options) => () => {
  const client = axios.create();
  axiosRetry(client, {retries: 3, ...options});
  return client.get(url);
};
const clients = {
  got: () => got(url),
  "axios-retry": byAxios({}),
  // As its random addition can be at most.
  exponential: byAxios({retryDelay: (...told) => {
    const random = Math.random;
    Math.random = () => 1 - 2 ** -53;
    try { return axiosRetry.exponentialDelay(...told); } finally { Math.random = random; }
  }}),
};

async function expectRequests(name, seconds, wanted) {
  retryAfter = seconds;
  times = [];
  let over;
  const ended = clients[name]().then(() => {}, () => { over = true; });
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1500))]);
  const took = over ? `in ${Math.round(times.at(-1) - times[0])} ms` : "and waits";
  console.log(name, `Retry-After: ${seconds}:`, times.length, "requests", took);
  if (times.length !== wanted || Boolean(over) !== (wanted > 1)) process.exit(1);
}

await expectRequests("got", "2678392", 3);
await expectRequests("axios-retry", "2678392", 4);
await expectRequests("exponential", "2147483", 4);
await expectRequests("exponential", "1789570", 4);
await expectRequests("got", "2147483", 1);
await expectRequests("axios-retry", "2147483", 1);
await expectRequests("exponential", "1789569", 1);
process.exit(0);
JS
node --no-warnings measure.mjs
