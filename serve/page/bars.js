import {element, shape} from "./elements.js";
import {grouped} from "./text.js";

// A bar for each number, under a line that says what they are and how high.
export function bars(title, kind, numbers, titles) {
  const peak = Math.max(...numbers);
  const chart = shape("svg", {viewBox: `0 0 ${numbers.length} 100`, preserveAspectRatio: "none",
    class: kind, role: "img", "aria-label": `${title}, by day; the numbers are in the table below`});
  numbers.forEach((number, i) => {
    const height = number && Math.max(1.5, 100 * number / peak);
    chart.append(shape("rect", {class: kind, x: i + 0.1, width: 0.8, y: 100 - height, height}),
        shape("rect", {class: "day", x: i, width: 1, y: 0, height: 100}, shape("title", {}, titles[i])));
  });
  return [element("h4", {}, element("span", {}, title), element("span", {}, `highest ${grouped(peak)}`)), chart];
}
