// What a patch has changed, path by path.

import {element, plainName, table} from "./dom.js";
import {grouped, plural, stageText} from "./text.js";

export function drawChanges(before, after) {
  const [old, now] = [leaves(before), leaves(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])]
      .filter((path) => old.get(path) !== now.get(path)).sort();
  if (!paths.length) return [element("p", {}, "Applied. The plan did not change.")];
  const cell = (text) => text === undefined ? "–" : plainName(text);
  return [element("p", {}, `Applied: ${plural(paths.length, "change")}.`),
    table(["Path", "Before", "After"], paths.map(
        (path) => [element("code", {}, path), cell(old.get(path)), cell(now.get(path))]))];
}

// All that a plan says, by path.
function leaves(value, path = "", found = new Map()) {
  if (path === "/apiStages") {
    for (const stage of value) {
      found.set(`${path}/${stageText(stage)}`, "covered");
      leaves(stage.throttle ?? {}, `${path}/${stageText(stage)}/throttle`, found);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) leaves(member, `${path}/${name}`, found);
  } else {
    found.set(path, typeof value === "number" ? grouped(value) : String(value));
  }
  return found;
}
