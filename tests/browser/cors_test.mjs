#!/usr/bin/env node
// What a page of another origin can read of an API in Chromium.
//
// usage: cors_test.mjs WEIR

import assert from "node:assert/strict";
import {once} from "node:events";
import {createServer} from "node:http";

import {startBrowser} from "./browser.mjs";
import {create, createKey, serve, stopServers} from "./weir_server.mjs";

// Pages of two origins: "localhost" and "127.0.0.1" with this port.
const pages = createServer((request, response) => {
  response.setHeader("content-type", "text/html").end("<!doctype html><title>shop</title>");
}).listen(0, "127.0.0.1");
await once(pages, "listening");
const {port} = pages.address();
const origin = `http://localhost:${port}`;

const {url} = await serve(`--cors=shop=${origin}`, "--max-retry-after=60");
const plan = await create(`${url}/usageplans`, {
  name: "p",
  apiStages: ["shop", "other"].map((apiId) => ({apiId, stage: "prod"})),
  quota: {limit: 1, period: "MONTH"},
});
const key = await createKey(url, plan, "k");

// What `fetch` in a page of `site` has: "TypeError", or the answer.
async function ask(page, api, options = {}) {
  return page.evaluate(async ([target, options]) => {
    try {
      const answer = await fetch(target, options);
      return {
        status: answer.status,
        body: await answer.json(),
        retryAfter: answer.headers.get("retry-after"),
        rateLimit: answer.headers.get("ratelimit"),
        type: answer.headers.get("x-amzn-errortype"),
        id: answer.headers.get("x-amzn-requestid"),
      };
    } catch (error) {
      return error.name;
    }
  }, [`${url}/${api}/prod/pets`, options]);
}

const withKey = {headers: {"x-api-key": key.value}};
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  await page.goto(`${origin}/`);

  const admitted = await ask(page, "shop", withKey);
  assert.equal(admitted.status, 200);
  assert.match(admitted.rateLimit, /^"quota";r=0;t=60$/);

  // Only the one request was counted: no preflight, and nothing refused.
  const refused = await ask(page, "shop", {
    method: "PUT",
    headers: {...withKey.headers, "content-type": "application/json", "x-trace": "1"},
    body: "{}",
  });
  assert.equal(refused.status, 429);
  assert.deepEqual(refused.body, {message: "Limit Exceeded"});
  assert.equal(refused.retryAfter, "60");
  assert.equal(refused.rateLimit, '"quota";r=0;t=60');
  assert.equal(refused.type, "LimitExceededException");
  assert.match(refused.id, /^[0-9a-f-]{36}$/);

  const forbidden = await ask(page, "shop", {headers: {"x-api-key": "nobody's"}});
  assert.equal(forbidden.status, 403);
  assert.equal((await ask(page, "shop")).status, 403, "without a key, and a preflight");

  assert.equal(await ask(page, "other", withKey), "TypeError", "another API");
  await page.goto(`http://127.0.0.1:${port}/`);
  assert.equal(await ask(page, "shop", withKey), "TypeError", "another origin");
  assert.equal(await ask(page, "shop"), "TypeError", "another origin");
} finally {
  await browser.close();
  stopServers();
  pages.close();
}
