// Requests to the server, signed if it asks for that.

import {signature} from "./sigv4.js";

const kPatience = 10_000;  // Milliseconds until an answer has come.

// What the server answered instead of a result, or what kept it from answering
// (then without a status).
export class Refusal extends Error {
  constructor(type, message, status = 0) {
    super(message);
    Object.assign(this, {type, status});
  }
}

let signer;
let unauthorized;

export const signedIn = () => signer !== undefined;
export function signWith(newSigner) {
  signer = newSigner;
}
// Sets the handler for requests refused because they are unsigned or their
// signature is not accepted.
export function onUnauthorized(handler) {
  unauthorized = handler;
}

// The text of the answer. Throws a Refusal, or an AbortError once `signal` is.
export async function call(method, url, {body = "", signal} = {}) {
  const asked = signer;
  const [response, text] = await exchange(method, url, body, signal);
  signal?.throwIfAborted();
  if (response.ok) return text;
  const refusal = refusalOf(response, text);
  if (response.status === 401 && signer === asked) unauthorized(refusal);
  throw refusal;
}

export const ask = async (url, signal) => JSON.parse(await call("GET", url, {signal}));

async function exchange(method, url, body, signal) {
  const headers = {accept: "application/json"};
  if (body) headers["content-type"] = "application/json";
  if (signer) Object.assign(headers, await signature(signer, method, url, body));
  const patience = AbortSignal.timeout(kPatience);
  try {
    const response = await fetch(url, {
      method, headers, body: body || undefined, cache: "no-store",
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    return [response, await response.text()];
  } catch {
    signal?.throwIfAborted();
    throw new Refusal("No answer", `${location.host} does not answer.`);
  }
}

function refusalOf({headers, status}, text) {
  const type = headers.get("x-amzn-ErrorType")?.split(":")[0];
  let message = text;
  try { message = JSON.parse(text).message ?? text; } catch { /* Not JSON: as it is. */ }
  return new Refusal(type ?? `HTTP status ${status}`, message, status);
}
