// One plan: its facts, keys, usage and patches.

import {current} from "./current_plan.js";
import {$, element, fact} from "./elements.js";
import {keys} from "./keys.js";
import {attempt} from "./note.js";
import {clearPatch, patch} from "./patch.js";
import {drawPathLists} from "./patch_paths.js";
import {markPlan, redrawPlanLink} from "./plan_list.js";
import {ask} from "./requests.js";
import {grouped, plural, quotaText, stageText, throttleText} from "./text.js";
import {usage} from "./usage.js";

export function closePlan() {
  current.set(undefined);
  keys.stop();
  for (const part of ["plan-name", "plan-id", "plan-description", "plan-facts", "keys", "totals",
    "bars", "day-rows", "path-lists"]) {
    $(part).replaceChildren();
  }
  $("usage-key").replaceChildren(element("option", {value: ""}, "all keys"));
  $("key-search").value = "";
  clearPatch();
  $("plan").hidden = true;
  document.title = "Weir";
}

export function openPlan(id) {
  closePlan();
  if (id === undefined) return;
  current.set(id);
  markPlan();
  $("plan").hidden = false;
  $("plan-name").textContent = $("plan-id").textContent = id;
  refreshPlan();
}

export function refreshPlan() {
  const {signal} = current.life;
  attempt($("plan-note"), signal, async () => drawPlan(await ask(current.path(), signal)));
  keys.restart();
  usage.restart();
}

patch.onApplied = (plan) => {
  drawPlan(plan);
  usage.restart();
};

function drawPlan(plan) {
  $("plan-name").textContent = plan.name;
  $("plan-description").textContent = plan.description ?? "";
  document.title = `${plan.name} – Weir`;
  const stages = plan.apiStages ?? [];
  const tags = Object.entries(plan.tags ?? {});
  const facts = [
    ["Throttle of each key", plan.throttle ? throttleText(plan.throttle) : "none"],
    ["Quota of each key", plan.quota
        ? quotaText(plan.quota) + (plan.quota.offset ? `, offset ${grouped(plan.quota.offset)}` : "")
        : "none"],
    ["API stages", stages.length ? element("ul", {}, ...stages.map(drawStage)) : "none: it admits nothing yet"],
  ];
  if (plan.productCode) facts.push(["Product code", plan.productCode]);
  if (tags.length) {
    facts.push(["Tags", element("div", {}, ...tags.map(
        ([name, value]) => element("span", {className: "tag"}, `${name}: ${value}`)))]);
  }
  $("plan-facts").replaceChildren(...facts.map(fact));
  drawPathLists(stages);
  redrawPlanLink(plan);
}

// A stage, and below it the throttles of its methods, once they are asked for.
function drawStage(stage) {
  const name = element("code", {}, stageText(stage));
  const methods = Object.entries(stage.throttle ?? {});
  if (!methods.length) return element("li", {}, name);
  const details = element("details", {},
      element("summary", {}, name, ` ${plural(methods.length, "method")}`));
  details.addEventListener("toggle", () => details.append(element("table", {}, element("tbody", {},
      ...methods.map(([method, throttle]) => element("tr", {},
          element("td", {}, element("code", {}, method)), element("td", {}, throttleText(throttle))))))),
      {once: true});
  return element("li", {}, details);
}
