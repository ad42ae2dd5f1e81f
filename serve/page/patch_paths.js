// The paths that a patch of a plan can have.

import {$, element} from "./elements.js";
import {stageText} from "./text.js";

// What each path takes: for which operations, and as what value.
const kPaths = [
  ["/name", "replace", "text"],
  ["/description", "replace", "text"],
  ["/productCode", "add replace remove", "text"],
  ["/apiStages", "add remove", "apiId:stage"],
  ["/throttle", "remove"],
  ["/throttle/rateLimit", "add replace", "requests per second, like 0.5"],
  ["/throttle/burstLimit", "add replace", "whole number"],
  ["/quota", "remove"],
  ["/quota/limit", "add replace", "whole number"],
  ["/quota/offset", "add replace", "whole number"],
  ["/quota/period", "add replace", "DAY, WEEK or MONTH"],
];
const kStagePaths = [
  ["", "add replace remove", "{\"/pets/GET\":{\"rateLimit\":1,\"burstLimit\":2}}"],
  ["{method}", "remove"],
  ["{method}/rateLimit", "add replace", "requests per second, like 0.5"],
  ["{method}/burstLimit", "add replace", "whole number"],
];
let suggestions = [];

// One list of paths for each operation: those that it can have in this plan.
// A method begins with a slash of its own: "/throttle//pets/GET".
export function drawPathLists(stages) {
  suggestions = kPaths.concat(stages.slice(0, 50).flatMap((stage) =>
    [...Object.keys(stage.throttle ?? {}).slice(0, 50), "/path/GET"].flatMap((method, i) =>
      kStagePaths.filter(([tail]) => tail || !i).map(([tail, ...rest]) =>
        [`/apiStages/${stageText(stage)}/throttle${tail && "/"}${tail.replace("{method}", () => method)}`, ...rest]))));
  $("path-lists").replaceChildren(...["add", "replace", "remove"].map((op) =>
    element("datalist", {id: `paths-${op}`}, ...suggestions
        .filter(([, ops]) => ops.includes(op)).map(([path]) => element("option", {value: path})))));
}

export function valueHint(path, op) {
  const known = suggestions.find(([known]) => known === path);
  if (op === "remove" && path !== "/apiStages") return "no value";
  return known?.[2] ?? (/Limit$/.test(path) ? "number" : "value");
}
