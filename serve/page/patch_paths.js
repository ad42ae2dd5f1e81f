// What can be patched: paths, for which operations, and with what value.

import {stageText} from "./text.js";

const kRate = "requests per second, like 0.5";
const kCount = "whole number";
const kPaths = [
  ["/name", "replace", "text"],
  ["/description", "replace", "text"],
  ["/productCode", "add replace remove", "text"],
  ["/apiStages", "add remove", "apiId:stage"],
  ["/throttle", "remove"],
  ["/throttle/rateLimit", "add replace", kRate],
  ["/throttle/burstLimit", "add replace", kCount],
  ["/quota", "remove"],
  ["/quota/limit", "add replace", kCount],
  ["/quota/offset", "add replace", kCount],
  ["/quota/period", "add replace", "DAY, WEEK or MONTH"],
];
// Below "/apiStages/apiId:stage/throttle".
const kStagePath = ["", "add replace remove", "{\"/pets/GET\":{\"rateLimit\":1,\"burstLimit\":2}}"];
const kMethodPaths = [
  ["", "remove"],
  ["/rateLimit", "add replace", kRate],
  ["/burstLimit", "add replace", kCount],
];
const kSuggested = 20;  // Stages of a plan and methods of a stage: more do not help.

// [path, operations, value] for a plan with these stages.
export const pathsFor = (stages) => kPaths.concat(stages.slice(0, kSuggested).flatMap(pathsOfStage));

// A method begins with a slash of its own: "/throttle//pets/GET".
function pathsOfStage(stage) {
  const below = (prefix, [tail, ...rest]) => [prefix + tail, ...rest];
  const prefix = `/apiStages/${stageText(stage)}/throttle`;
  const methods = [...Object.keys(stage.throttle ?? {}).slice(0, kSuggested), "/path/GET"];
  return [below(prefix, kStagePath), ...methods.flatMap(
      (method) => kMethodPaths.map((path) => below(`${prefix}/${method}`, path)))];
}

export function valueHint(paths, path, op) {
  if (op === "remove" && path !== "/apiStages") return "no value";
  const [, , hint] = paths.find(([known]) => known === path) ?? [];
  return hint ?? (path.endsWith("Limit") ? "number" : "value");
}
