// The list of plans.

import {$, element, plainName} from "./dom.js";
import {Pages} from "./pages.js";
import {plural, quotaText, throttleText} from "./text.js";
import {encoded, target} from "./url.js";

let current;  // The id of the plan shown next to the list.

export const plans = new Pages("plans", {
  url: (position) => target("/usageplans", {limit: 50, position}),
  row: (plan) => element("li", {}, fillLink(element("a"), plan)),
  empty: () => {
    const command = `aws apigateway create-usage-plan --endpoint-url ${location.origin} --name basic`;
    return [element("p", {}, "There is no usage plan yet. One way to create one:"),
      element("code", {}, command)];
  },
});

const links = () => [...plans.list.querySelectorAll("a")];
const mark = (link) => { link.ariaCurrent = link.dataset.id === current ? "true" : null; };

export const firstPlan = () => links()[0]?.dataset.id;

export function markPlan(id) {
  current = id;
  links().forEach(mark);
}

// The list says what the plan has become.
export function updatePlan(plan) {
  const link = links().find((link) => link.dataset.id === plan.id);
  if (link) fillLink(link, plan);
}

function fillLink(link, plan) {
  const stages = plan.apiStages?.length ?? 0;
  const limits = [stages ? plural(stages, "stage") : "no stage",
    plan.throttle ? throttleText(plan.throttle) : "no throttle",
    plan.quota ? quotaText(plan.quota) : "no quota"];
  link.href = `#${encoded(plan.id)}`;
  link.dataset.id = plan.id;
  link.replaceChildren(plainName(plan.name), element("code", {}, plan.id),
      element("span", {className: "limits"}, ...limits.map((text) => element("span", {}, text, " "))));
  mark(link);
  return link;
}

// The address changes by itself only if it was another.
plans.list.onclick = ({target}) => {
  if (target.closest("a")?.dataset.id === current) $("plan-name").focus();
};
