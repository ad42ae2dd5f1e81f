// Which keys are refused most.

import {ask} from "./api.js";
import {$, element, plainName, table} from "./dom.js";
import {showError} from "./notes.js";
import {Repeating} from "./repeating.js";
import {grouped, plural} from "./text.js";
import {encoded, target} from "./url.js";

const kPause = 2000;  // Milliseconds between looks.
const kKeys = 10;

const kLimits = {
  throttle: "throttle", method_throttle: "throttle of the method", quota: "quota",
  shared_throttle: "shared throttle", shared_method_throttle: "shared throttle of the method",
  stage: "stage not in the plan", disabled_key: "disabled",
};

const repeating = new Repeating({look: succeeds, pause: kPause});

export function runRefused(run) {
  if (!run) clear();
  repeating.run(run);
}

function clear() {
  for (const part of ["refused", "refused-time", "refused-note"]) $(part).replaceChildren();
}

async function succeeds(signal) {
  try {
    draw(await ask(target("/-/refused-keys", {limit: kKeys}), signal));
    return true;
  } catch (error) {
    // That the server is away, the bar at the top says.
    if (!signal.aborted && error.status) {
      clear();
      showError($("refused-note"), error);
    }
    return false;
  }
}

function draw(report) {
  const until = Date.parse(report.until);
  $("refused-time").textContent = `in the last ${durationText(until - Date.parse(report.since))}`;
  const focused = document.activeElement.closest?.("#refused a")?.dataset.key;
  $("refused").replaceChildren(...report.keys.length
    ? [table(["Key", "Refused", "Throttled", "Over quota", "Forbidden", "Last"],
        report.keys.map((key) => rowOf(key, until)))]
    : []);
  // The table was redrawn: restore the focus of a keyboard user.
  if (focused) [...$("refused").querySelectorAll("a")].find(({dataset}) => dataset.key === focused)?.focus();
  $("refused-note").replaceChildren(element("p", {}, remarkOf(report)));
}

function rowOf(key, until) {
  const last = [`${durationText(until - Date.parse(key.last_time))} ago, ${kLimits[key.limit] ?? key.limit}`];
  if (key.api_id !== null) last.push(element("code", {}, `${key.api_id}:${key.stage}`));
  return [keyCell(key), grouped(key.refused) + (key.uncertain ? "+" : ""), grouped(key.throttled),
    grouped(key.quota_exceeded), grouped(key.forbidden), element("div", {}, ...last)];
}

function keyCell({key_id, key_name, usage_plan_id, usage_plan_name}) {
  const cell = element("div", {}, plainName(key_name), element("code", {className: "id"}, key_id ?? "deleted"));
  if (usage_plan_id === null) return cell;
  const link = element("a", {href: `#${encoded(usage_plan_id)}`}, plainName(usage_plan_name));
  link.dataset.key = key_id;
  cell.append(element("div", {className: "plan-link"}, "Plan ", link));
  return cell;
}

function remarkOf({keys, unknown_key, uncounted}) {
  const remarks = [];
  if (!keys.length) remarks.push("No key was refused.");
  if (unknown_key) remarks.push(`${plural(unknown_key, "request")} without a known key.`);
  if (uncounted) remarks.push(`${plural(uncounted, "refusal")} came too fast to be counted by key.`);
  const most = Math.max(0, ...keys.map(({uncertain}) => uncertain));
  if (most) remarks.push(`+ and up to ${grouped(most)} more: too many keys are refused to count them all.`);
  return remarks.join(" ");
}

function durationText(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
