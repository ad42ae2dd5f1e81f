// One plan: what it says, and around it its keys, its usage and the patch.

import {ask} from "./api.js";
import {$, element, fact, table} from "./dom.js";
import {hideKeys, showKeys} from "./keys.js";
import {attempt} from "./notes.js";
import {hidePatch, showPatch} from "./patch.js";
import {suggestPaths} from "./patch_rows.js";
import {markPlan, updatePlan} from "./plans.js";
import {grouped, plural, quotaText, stageText, throttleText} from "./text.js";
import {encoded} from "./url.js";
import {hideUsage, refreshUsage, showUsage} from "./usage.js";

const kUnfolded = 6;  // Longer lists are opened on demand.

let life = new AbortController();  // Ends when another plan is shown.
let shown;  // {id, path, signal}, as the parts get it.

export const shownPlan = () => shown?.id;

export function closePlan() {
  life.abort();
  life = new AbortController();
  shown = undefined;
  hideKeys();
  hideUsage();
  hidePatch();
  for (const part of ["plan-name", "plan-id", "plan-description", "plan-facts", "plan-note"]) {
    $(part).replaceChildren();
  }
  $("plan").hidden = true;
  $("plan").classList.add("unknown");
  document.title = "Weir";
}

export function openPlan(id) {
  closePlan();
  markPlan(id);
  if (id === undefined) return;
  shown = {id, path: `/usageplans/${encoded(id)}`, signal: life.signal};
  $("plan-name").textContent = $("plan-id").textContent = id;
  $("plan").hidden = false;
  showPatch(shown, (plan) => {
    drawPlan(plan);
    refreshUsage();
  });
  refreshPlan();
}

// Shows the parts once the plan is known to exist.
export function refreshPlan() {
  const view = shown;
  return attempt($("plan-note"), view.signal, async () => {
    try {
      drawPlan(await ask(view.path, view.signal));
      $("plan").classList.remove("unknown");
      showKeys(view);
      showUsage(view);
    } catch (error) {
      if (error.status === 404) $("plan").classList.add("unknown");
      throw error;
    }
  });
}

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
    ["API stages", stages.length ? folded(stages, "stage", drawStages) : "none: it admits nothing yet"],
  ];
  if (plan.productCode) facts.push(["Product code", plan.productCode]);
  if (tags.length) facts.push(["Tags", folded(tags, "tag", drawTags)]);
  $("plan-facts").replaceChildren(...facts.map(fact));
  suggestPaths(stages);
  updatePlan(plan);
}

function folded(items, noun, draw) {
  return items.length > kUnfolded
    ? details([plural(items.length, noun)], () => draw(items)) : draw(items);
}

// What is below the summary is made when it is first opened.
function details(summary, draw) {
  const box = element("details", {}, element("summary", {}, ...summary));
  box.addEventListener("toggle", () => box.append(draw()), {once: true});
  return box;
}

const drawTags = (tags) => element("div", {}, ...tags.map(
    ([name, value]) => element("span", {className: "tag"}, `${name}: ${value}`)));

const drawStages = (stages) => element("ul", {}, ...stages.map((stage) => element("li", {}, drawStage(stage))));

// A stage, and below it the throttles of its methods.
function drawStage(stage) {
  const name = element("code", {}, stageText(stage));
  const methods = Object.entries(stage.throttle ?? {});
  if (!methods.length) return name;
  return details([name, ` ${plural(methods.length, "method")}`], () => table(["Method", "Throttle of each key"],
      methods.map(([method, throttle]) => [element("code", {}, method), throttleText(throttle)])));
}
