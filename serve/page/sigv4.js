// AWS Signature Version 4, by the browser's own cryptography.

import {encoded} from "./url.js";

// Browsers have it only for pages from localhost or over HTTPS.
export const canSign = () => globalThis.crypto?.subtle !== undefined;

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => Array.from(
    new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", bytes(text)));
const macKey = (secret) => crypto.subtle.importKey(
    "raw", secret, {name: "HMAC", hash: "SHA-256"}, false, ["sign"]);
const mac = (key, text) => crypto.subtle.sign("HMAC", key, bytes(text));

// Who signs. The secret cannot be read back from the key, only used.
export const makeSigner = async ({id, secret, token, region}) =>
  ({id, token, region, key: await macKey(bytes("AWS4" + secret))});

// The headers that the signature adds to a request. The parameters in `url`
// are encoded and in order.
export async function signature(signer, method, url, body) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = {"x-amz-date": time};
  if (signer.token) headers["x-amz-security-token"] = signer.token;
  const signed = {host: location.host, ...headers};
  const names = Object.keys(signed).join(";");
  const [path, query = ""] = url.split("?");
  const request = [
    method, path.split("/").map(encoded).join("/"), query,
    ...Object.entries(signed).map(([name, value]) => `${name}:${value}`), "",
    names, await sha256(body),
  ].join("\n");

  const parts = [time.slice(0, 8), signer.region, "apigateway", "aws4_request"];
  const scope = parts.join("/");
  let key = signer.key;
  for (const part of parts) key = await macKey(await mac(key, part));
  const proof = hex(await mac(
      key, ["AWS4-HMAC-SHA256", time, scope, await sha256(request)].join("\n")));
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${signer.id}/${scope}, ` +
      `SignedHeaders=${names}, Signature=${proof}`;
  return headers;
}
