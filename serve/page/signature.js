// AWS's Signature Version 4.

// All but RFC 3986's unreserved characters as %XY.
export const encoded = (text) => encodeURIComponent(text).replace(
    /[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => Array.from(
    new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (text) => hex(await crypto.subtle.digest("SHA-256", bytes(text)));
const macKey = (secret) => crypto.subtle.importKey(
    "raw", secret, {name: "HMAC", hash: "SHA-256"}, false, ["sign"]);
const mac = (key, text) => crypto.subtle.sign("HMAC", key, bytes(text));

// Browsers sign only on pages from localhost or over https.
export const canSign = () => Boolean(globalThis.crypto?.subtle);

// Who signs: the secret itself cannot be read back from this, only used.
export const newSigner = async ({id, secret, token, region}) =>
  ({id, token, region, key: await macKey(bytes("AWS4" + secret))});

// The headers that AWS's Signature Version 4 adds to a request.
export async function signature(signer, method, url, body) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const [path, query = ""] = url.split("?");
  const headers = {host: location.host, "x-amz-date": time};
  if (signer.token) headers["x-amz-security-token"] = signer.token;
  const names = Object.keys(headers).join(";");
  const request = [
    method, path.split("/").map(encoded).join("/"), query,
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`), "",
    names, await sha256(body),
  ].join("\n");
  const parts = [time.slice(0, 8), signer.region, "apigateway", "aws4_request"];
  const scope = parts.join("/");
  let key = signer.key;
  for (const part of parts) key = await macKey(await mac(key, part));
  const proof = hex(await mac(
      key, ["AWS4-HMAC-SHA256", time, scope, await sha256(request)].join("\n")));
  delete headers.host;  // The browser's to send.
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${signer.id}/${scope}, ` +
      `SignedHeaders=${names}, Signature=${proof}`;
  return headers;
}
