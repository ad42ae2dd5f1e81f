// Elements, found and made. Whoever chose names and texts, they become text
// nodes and never markup; the Content-Security-Policy holds the page to that.

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

// A name that somebody chose: its direction of writing stays its own.
export const plainName = (text) => element("bdi", {className: "name"}, text ?? "");

// An entry of a <dl>.
export const fact = ([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text));

// A table of which the first cell of each row says what the row is about.
export const table = (titles, rows) => element("table", {},
    element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", {scope: "col"}, title)))),
    element("tbody", {}, ...rows.map(tableRow)));

export const tableRow = ([about, ...cells]) => element("tr", {},
    element("th", {scope: "row"}, about), ...cells.map((cell) => element("td", {}, cell)));

// Tells those who hear the page what others see.
export function say(text) {
  $("said").textContent = text;
}
