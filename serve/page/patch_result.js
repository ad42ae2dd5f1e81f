// What a patch has changed.

import {$, element} from "./elements.js";
import {grouped, plural, stageText} from "./text.js";

// All that a plan says, by path.
function leaves(value, path = "", found = new Map()) {
  if (path === "/apiStages") {
    for (const stage of value) {
      found.set(`${path}/${stageText(stage)}`, "covered");
      leaves(stage.throttle ?? {}, `${path}/${stageText(stage)}/throttle`, found);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      leaves(member, `${path}/${name}`, found);
    }
  } else {
    found.set(path, typeof value === "number" ? grouped(value) : String(value));
  }
  return found;
}

export function drawChanges(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])]
      .filter((path) => old.get(path) !== now.get(path)).sort();
  const cell = (text) => element("td", {}, text === undefined ? "–" : element("bdi", {}, text));
  $("patch-result").replaceChildren(
      element("p", {}, paths.length ? `Applied: ${plural(paths.length, "change")}.` : "Applied. The plan was so already."),
      ...paths.length ? [element("table", {className: "changes"},
          element("thead", {}, element("tr", {},
              ...["Path", "Before", "After"].map((text) => element("th", {scope: "col"}, text)))),
          element("tbody", {}, ...paths.map((path) => element("tr", {},
              element("td", {}, element("code", {}, path)), cell(old.get(path)), cell(now.get(path))))))] : []);
}
