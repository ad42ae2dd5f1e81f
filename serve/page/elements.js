// Elements of the page. Whoever chose names and texts, they become text nodes
// and never markup; the Content-Security-Policy holds the page to that.

export const $ = (id) => document.getElementById(id);

// An element with properties, and children that are elements or text.
export function element(name, properties = {}, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

export function shape(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// A term and what it means, for a <dl>.
export const fact = ([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text));
export const plainName = (text) => element("bdi", {className: "name"}, text ?? "");
