// Requests to the server, signed if it asks for that.

import {encoded, signature} from "./signature.js";

// Whom requests are from: nobody, while there is no signer. Somebody is to hear
// when the server does not take that.
export const session = {signer: undefined, onUnauthorized: () => {}};

// What the server answered instead of a result, or what kept it from answering.
export class Refusal extends Error {
  constructor(type, message, status = 0) {
    super(message);
    Object.assign(this, {type, status});
  }
}

// A path with parameters, in the order that signatures want them.
export const target = (path, parameters) => path + Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== "").sort()
    .map(([name, value], i) => `${i ? "&" : "?"}${name}=${encoded(value)}`).join("");

// The text of the answer. Throws a Refusal, or an AbortError once `signal` is.
export async function call(method, url, {body = "", signal} = {}) {
  const {signer} = session;
  const headers = {accept: "application/json"};
  if (body) headers["content-type"] = "application/json";
  if (signer) Object.assign(headers, await signature(signer, method, url, body));
  const patience = AbortSignal.timeout(10_000);
  let response, text;
  try {
    response = await fetch(url, {
      method, headers, body: body || undefined, cache: "no-store",
      signal: signal ? AbortSignal.any([signal, patience]) : patience,
    });
    text = await response.text();
  } catch (error) {
    signal?.throwIfAborted();
    throw new Refusal("No answer", `${location.host} does not answer.`);
  }
  signal?.throwIfAborted();
  if (response.ok) return text;
  let message = text;
  try { message = JSON.parse(text).message ?? text; } catch { /* Not JSON: as it is. */ }
  const type = response.headers.get("x-amzn-ErrorType")?.split(":")[0];
  const refusal = new Refusal(type ?? `HTTP status ${response.status}`, message, response.status);
  if (response.status === 401 && session.signer === signer) session.onUnauthorized(refusal);
  throw refusal;
}

export const ask = async (url, signal) => JSON.parse(await call("GET", url, {signal}));
