// URLs, written the way that signatures want them.

// All but RFC 3986's unreserved characters as %XY.
export const encoded = (text) => encodeURIComponent(text).replace(
    /[!'()*]/g, (sign) => "%" + sign.charCodeAt(0).toString(16).toUpperCase());

// A path with those parameters that have a value, in order.
export const target = (path, parameters) => path + Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== "").sort()
    .map(([name, value], i) => `${i ? "&" : "?"}${name}=${encoded(value)}`).join("");
