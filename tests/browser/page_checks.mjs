// What must hold of every state of the page. These run in the page.

// Colours of visible texts that are closer to what is behind them than WCAG 2
// AA allows.
export function faintTexts() {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((value) => value / 255)
        .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return channels(color)[3] === 0 && element.parentElement ? ground(element.parentElement) : color;
  };
  const found = new Set();
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own && !element.matches("input, textarea") || !element.checkVisibility()) continue;
    for (const pseudo of [null, "::placeholder"]) {
      const [front, back] = [getComputedStyle(element, pseudo).color, ground(element)];
      if (contrast(front, back) < 4.5) {
        found.add(`${element.tagName} ${element.id} ${element.className} ${pseudo ?? ""}: ${front} on ${back}`);
      }
    }
  }
  return [...found];
}

// Pairs of colours of what is not text but tells something: 3 to 1.
export function faintMarks() {
  const style = getComputedStyle(document.documentElement);
  const luminance = (name) => {
    const [r, g, b] = style.getPropertyValue(name).match(/[0-9a-f]{2}/g).map((pair) => parseInt(pair, 16) / 255)
        .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return ["edge panel", "water panel", "water well", "stop panel", "water-soft panel"].filter((pair) => {
    const [light, dark] = pair.split(" ").map((name) => luminance(`--${name}`)).sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05) < 3;
  });
}

// What can be pressed or filled in but has no name; tables without headers.
export function nameless() {
  const name = (element) => element.ariaLabel || [...element.labels ?? []].map((label) => label.innerText).join("") ||
    (element.matches("a, button, summary") ? element.innerText : "");
  const controls = [...document.querySelectorAll("a, button, input, select, textarea, summary")]
      .filter((element) => element.checkVisibility() && !name(element).trim());
  const tables = [...document.querySelectorAll("table")].filter((table) => table.rows.length &&
    !(table.tHead?.querySelector("th[scope=col]") && [...table.tBodies[0].rows].every(({cells}) => cells[0].scope === "row")));
  const charts = [...document.querySelectorAll("svg[role=img]")].filter((chart) => !chart.ariaLabel);
  return [...controls, ...tables, ...charts].map((element) => element.outerHTML);
}

// Whether what has the focus shows that. The calendar of a date is the
// browser's own part of the element, and shows it itself.
export function showsFocus() {
  const element = document.activeElement;
  if (!element.matches(":focus")) return element.matches("[type=date]");
  const seen = element.matches("[type=radio]") ? element.nextElementSibling : element;
  const {outlineStyle, outlineWidth} = getComputedStyle(seen);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}
