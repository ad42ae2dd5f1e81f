// `weir serve`, its operators and its callers.

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {Agent, request as httpRequest} from "node:http";
import {createInterface} from "node:readline";

const kPatience = 20_000;
const program = process.argv[2];
const servers = new Set();
const agent = new Agent({keepAlive: true, maxSockets: 4});

export async function serve(...flags) {
  if (!flags.some((flag) => flag.startsWith("--listen="))) flags.push("--listen=127.0.0.1:0");
  const child = spawn(program, ["serve", ...flags], {stdio: ["ignore", "pipe", "inherit"]});
  servers.add(child);
  for await (const line of createInterface(child.stdout)) {
    const url = /^weir: listening on (\S+)$/.exec(line)?.[1];
    if (url) return {child, url};
  }
  throw new Error("weir serve ended before it listened");
}

export async function end({child}) {
  servers.delete(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

export const call = (url, {method = "GET", headers = {}, body} = {}) => new Promise((resolve, reject) => {
  const sent = httpRequest(url, {method, headers, agent, timeout: kPatience}, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part) => { text += part; });
    answer.on("end", () => resolve({status: answer.statusCode, headers: answer.headers, text}));
  });
  sent.on("error", reject).end(body);
});

export async function create(url, document) {
  const {status, text} = await call(url, {
    method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(document)});
  assert.equal(status, 201, text);
  return JSON.parse(text);
}

export async function createKey(url, plan, name, more = {}) {
  const key = await create(`${url}/apikeys`, {name, enabled: true, ...more});
  await create(`${url}/usageplans/${plan.id}/keys`, {keyId: key.id, keyType: "API_KEY"});
  return key;
}

// Sends this many requests with the key, one after the other; how many of each
// status were answered.
export async function use(url, key, times) {
  const statuses = {};
  for (let i = 0; i < times; i++) {
    const {status} = await call(`${url}/api/prod/pets`, {headers: {"x-api-key": key.value}});
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

export function stopServers() {
  for (const child of servers) child.kill("SIGKILL");
  agent.destroy();
}
