// The list of plans.

import {current} from "./current_plan.js";
import {$, element, plainName} from "./elements.js";
import {Pages} from "./pages.js";
import {encoded} from "./signature.js";
import {target} from "./requests.js";
import {plural, quotaText, stageText, throttleText} from "./text.js";

export const plans = new Pages("plans", {
  url: (position) => target("/usageplans", {limit: 50, position}),
  row: (plan) => element("li", {}, fillPlanLink(element("a"), plan)),
  empty: () => {
    const command = `aws apigateway create-usage-plan --endpoint-url ${location.origin} --name basic`;
    return [element("p", {}, "There is no usage plan yet. One way to make one:"),
      element("code", {}, command)];
  },
});

function fillPlanLink(link, plan) {
  const stages = plan.apiStages?.length ?? 0;
  const limits = [stages ? plural(stages, "stage") : "no stage",
    plan.throttle ? throttleText(plan.throttle) : "no throttle",
    plan.quota ? quotaText(plan.quota) : "no quota"];
  link.href = `#${encoded(plan.id)}`;
  link.dataset.id = plan.id;
  link.replaceChildren(plainName(plan.name), element("code", {}, plan.id),
      ...limits.map((text) => element("span", {className: "limit"}, text)));
  return link;
}

export const planLinks = () => [...plans.list.querySelectorAll("a")];
export const markPlan = () => planLinks().forEach(
    (link) => { link.ariaCurrent = link.dataset.id === current.id ? "true" : null; });

export function redrawPlanLink(plan) {
  const link = planLinks().find((link) => link.dataset.id === plan.id);
  if (link) fillPlanLink(link, plan);
}
